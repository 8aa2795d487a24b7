"""A Next.js-like application: semantic elements rendered on the server, the same content once more as
JSON for hydration, JSON-LD whose values carry HTML entities."""

from __future__ import annotations

import json

from sampleweb.templates.page import Knows, Page
from sampleweb.templates.parts import (
    ONE,
    body,
    byline,
    description,
    esc,
    head_links,
    image_url,
    json_script,
    links,
    news_article,
    open_graph,
    pager,
    share,
    stamp,
)

KNOWS = Knows(paywall=True)

_STYLE = """
body{font:18px/1.6 system-ui,sans-serif;margin:0;color:#14181f}header.top{display:flex;gap:18px;padding:14px 28px;
border-bottom:1px solid #ddd;align-items:center}header.top a{color:#0b5345;text-decoration:none}article{max-width:720px;
margin:32px auto;padding:0 16px}h1{font-size:40px;line-height:1.15}figcaption{font-size:13px;color:#667}.meta{font-size:14px;
color:#556}.grid{max-width:1000px;margin:24px auto;display:grid;grid-template-columns:1fr 1fr;gap:18px;padding:0 16px}
.card{border:1px solid #e3e6ea;border-radius:10px;padding:14px}aside.box{background:#eef7f2;border-radius:10px;padding:12px 18px;
font-size:15px}.sr-only{position:absolute;left:-9999px}footer{background:#0b1f1a;color:#cde;padding:24px;font-size:13px}
.lock{border:1px solid #caa;padding:16px;border-radius:10px}table td{border-bottom:1px solid #ddd;padding:4px 14px}
.upd{border-left:3px solid #0b5345;padding-left:14px}
"""

_BLOCKS = {
    "p": '<p class="Text_p__x8f2">{html}</p>',
    "h2": '<h2 class="Text_h2__k19a">{html}</h2>',
    "list": '<ul class="Text_ul__e77">{html}</ul>',
    "update": '<header class="upd"><time>{label}</time><h3>{html}</h3></header>',
    "figure": '<figure class="Figure_f__02"><img src="{image}" alt="" loading="lazy"><figcaption>{html}</figcaption></figure>',
    "pull": '<aside class="PullQuote_q__71" aria-hidden="true"><p>{html}</p></aside>',
    "related": '<aside class="box Related_r__a1"><h4>{title}</h4><ul>{links}</ul></aside>',
    "newsletter": '<aside class="box Newsletter_n__b2"><h4>{title}</h4><p>{html}</p><button>{button}</button></aside>',
    "embed": '<div class="Embed_e__c3"><p>{html}</p><a href="https://chirrup.invalid/s/8841">{title}</a></div>',
    "readmore": '<p class="ReadMore_m__d4"><b>{title}</b> <a href="{href}">{html}</a></p>',
    "ad": '<div class="Ad_slot__e5" aria-label="{title}"><small>{title}</small> <a href="/ads/book">{html}</a></div>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    structured = ""
    if page.kind == "article":
        data = news_article(page)
        data["headline"] = esc(data["headline"])  # entities inside JSON, as this CMS writes them
        data["description"] = esc(description(page))
        if not data["isAccessibleForFree"]:
            data["hasPart"] = {
                "@type": "WebPageElement",
                "isAccessibleForFree": False,
                "cssSelector": ".lock",
            }
        structured = json_script(data)
    return f"""<!DOCTYPE html><html lang="{page.outlet.locale.replace("_", "-")}"><head><meta charSet="utf-8"/>
<meta name="viewport" content="width=device-width"/><title>{esc(page.title)} | {esc(page.outlet.name)}</title>
<meta name="description" content="{esc(description(page))}"/>
{head_links(page)}
{open_graph(page, dates=True)}
{structured}
<style data-href="/_next/static/css/3f1.css">{_STYLE}</style></head>
<body><div id="__next">
<header class="top"><a href="/"><b>{esc(page.outlet.name)}</b></a>{links(page.nav, ONE)}
<button aria-label="{label["search"]}">⌕</button></header>
<div class="CookieBar_c__f6" role="dialog"><p>{label["cookie"]}</p><button>{label["accept"]}</button>
<button>{label["decline"]}</button></div>
<main>
{main}
</main>
<footer><nav><a href="/about">{label["imprint"]}</a> <a href="/privacy">{label["privacy"]}</a> <a href="/contact">{label["contact"]}</a></nav>
<p>© {esc(page.outlet.name)}. {label["footer"]}</p><p class="sr-only">{label["loading"]}</p></footer>
</div>
<script id="__NEXT_DATA__" type="application/json">{_state(page)}</script>
<script src="/_next/static/chunks/main.js" defer></script>
</body></html>
"""


def _state(page: Page) -> str:
    props: dict[str, object] = {"title": page.title, "kind": page.kind}
    if page.kind == "article":
        story, revision, published = page.need()
        props |= {
            "id": story.number,
            "publishedAt": page.outlet.local(published).isoformat(),
            "body": [{"type": "text", "value": text} for text in revision.paragraphs()],
        }
    state = {"props": {"pageProps": props}, "page": "/[section]/[slug]", "buildId": "b7f31"}
    return json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")


def _article(page: Page) -> str:
    story, revision, published = page.need()
    label = page.words
    names = byline(page)
    by = f"<span>{label['by']} {names}</span> " if names else ""
    stand = f'<p class="Standfirst_s__g7">{esc(revision.standfirst)}</p>' if revision.standfirst else ""
    banner = f'<aside class="box">{esc(label[revision.banner])}</aside>' if revision.banner else ""
    local = page.outlet.local
    changed = (
        (
            f' <span>{label["updated"]} <time datetime="{local(page.modified).isoformat()}">'
            f"{stamp(page, time=True, modified=True)}</time></span>"
        )
        if page.modified
        else ""
    )
    lock = (
        ""
        if story.free
        else f'<div class="lock Paywall_w__h8"><p>{label["paywall"]}</p><button>{label["newsletter_button"]}</button></div>'
    )
    bios = "".join(
        f'<aside class="box AuthorCard_a__i9"><h4>{esc(author.title)}</h4>'
        f"<p>{esc(label['bio'].format(name=author.title))}</p></aside>"
        for author in page.authors
    )
    return f"""<article><p class="Kicker_k__j0"><a href="/{page.outlet.section_slug(story.section)}">{esc(page.outlet.section_name(story.section))}</a></p>
<h1>{esc(revision.headline)}</h1>{stand}
<div class="meta">{by}<time datetime="{local(published).isoformat()}">{stamp(page, time=True)}</time>{changed}</div>
<ul class="Share_s__k1">{share(page)}</ul>{banner}
<figure><img src="{image_url(page)}" alt="{esc(story.caption)}" width="640" height="360"/><figcaption>{esc(story.caption)}</figcaption></figure>
<div class="Body_b__l2">
{body(page, _BLOCKS)}
</div>{lock}{bios}
<ul class="Tags_t__m3" aria-label="{label["tags"]}">{links(page.tags)}</ul></article>
<section class="grid Related_g__n4"><h2>{label["related"]}</h2>{links(page.related, '<div class="card"><a href="{href}">{title}</a></div>')}</section>
<section class="grid Comments_c__o5"><h2>{label["comments"]}</h2><p>{label["comments_text"]}</p></section>"""


def _list(page: Page) -> str:
    rows = links(page.teasers, '<div class="card"><h3><a href="{href}">{title}</a></h3></div>')
    more = f"<section><h2>{page.words['most_read']}</h2><ul>{links(page.more)}</ul></section>" if page.more else ""
    return f'<h1 class="grid">{esc(page.title)}</h1><section class="grid">{rows}</section>{pager(page)}{more}'


def _plain(page: Page) -> str:
    return f"<article><h1>{esc(page.title)}</h1>{page.body}</article>"
