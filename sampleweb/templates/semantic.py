"""Sober semantic HTML5, right to left: article, header, section, time; dates in meta elements, no JSON-LD."""

from __future__ import annotations

from sampleweb.templates.page import Knows, Page
from sampleweb.templates.parts import (
    ONE,
    body,
    byline,
    description,
    esc,
    head_links,
    image_url,
    links,
    open_graph,
    pager,
    share,
    stamp,
)

KNOWS = Knows()

_STYLE = """
body{font:19px/1.9 "Noto Naskh Arabic","Amiri","DejaVu Sans",serif;margin:0;color:#1c1c1c}header.site{background:#10443a;color:#fff;
padding:14px 28px}header.site a{color:#fff;margin-left:18px}main{max-width:780px;margin:24px auto;padding:0 16px}h1{font-size:34px;
line-height:1.5}figcaption{font-size:14px;color:#666}.lead{font-size:21px;color:#10443a}aside{background:#f1efe6;padding:10px 18px;
font-size:16px}footer.site{background:#eee;padding:18px 28px;font-size:14px}table td{border-bottom:1px solid #ccc;padding:4px 16px}
[hidden]{display:none}
"""

_BLOCKS = {
    "figure": '<figure><img src="{image}" alt=""><figcaption>{html}</figcaption></figure>',
    "pull": '<aside class="pullquote"><p>{html}</p></aside>',
    "readmore": '<aside class="also"><b>{title}:</b> <a href="{href}">{html}</a></aside>',
    "embed": '<figure class="embed"><p>{html}</p><a href="https://chirrup.invalid/s/8841">{title}</a></figure>',
    "ad": '<aside class="ad"><small>{title}</small> <a href="/ads/book">{html}</a></aside>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    outlet = page.outlet
    direction = "rtl" if outlet.language == "ar" else "ltr"
    author = "".join(f'<meta name="author" content="{esc(item.title)}">' for item in page.authors)
    return f"""<!DOCTYPE html>
<html lang="{outlet.language}" dir="{direction}">
<head>
<meta charset="{outlet.declared}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(page.title)} | {esc(outlet.name)}</title>
<meta name="description" content="{esc(description(page))}">
{author}
{head_links(page)}
{open_graph(page, dates=True)}
<style>{_STYLE}</style>
</head>
<body>
<header class="site"><a href="/"><b>{esc(outlet.name)}</b></a><nav>{links(page.nav, ONE)}</nav></header>
<main>
{main}
</main>
<footer class="site"><p>{esc(outlet.name)} © 2026 {label["footer"]}</p><nav><a href="/about">{label["imprint"]}</a>
<a href="/privacy">{label["privacy"]}</a> <a href="/contact">{label["contact"]}</a></nav></footer>
<dialog class="cookies" open><p>{label["cookie"]}</p><button>{label["accept"]}</button><button>{label["decline"]}</button></dialog>
<div hidden>{label["loading"]}</div>
</body>
</html>
"""


def _article(page: Page) -> str:
    story, revision, published = page.need()
    label = page.words
    names = byline(page)
    by = f'<address class="byline">{label["by"]} {names}</address>' if names else ""
    stand = f'<p class="lead">{esc(revision.standfirst)}</p>' if revision.standfirst else ""
    banner = f'<aside class="promo">{esc(label[revision.banner])}</aside>' if revision.banner else ""
    bios = "".join(
        f'<aside class="about-author"><h4>{esc(author.title)}</h4><p>{esc(label["bio"].format(name=author.title))}</p></aside>'
        for author in page.authors
    )
    section = page.outlet.section_slug(story.section)
    return f"""<article><header><p class="kicker"><a href="/{section}/">{esc(page.outlet.section_name(story.section))}</a></p>
<h1>{esc(revision.headline)}</h1>{stand}{by}<time datetime="{page.outlet.local(published).isoformat()}">{stamp(page, time=True)}</time></header>{banner}
<figure><img src="{image_url(page)}" alt="" width="640" height="360"><figcaption>{esc(story.caption)} ({label["photo"]}: {esc(page.outlet.agency)})</figcaption></figure>
<section class="text">
{body(page, _BLOCKS)}
</section>
<footer><ul class="share">{share(page)}</ul><p class="tags">{label["tags"]}: {links(page.tags, ONE)}</p></footer></article>
{bios}
<section class="related"><h2>{label["related"]}</h2><ul>{links(page.related)}</ul></section>
<section class="comments"><h2>{label["comments"]}</h2><p>{label["comments_text"]}</p></section>"""


def _list(page: Page) -> str:
    rows = links(page.teasers, '<article class="teaser"><h2><a href="{href}">{title}</a></h2></article>')
    more = f"<section><h2>{page.words['most_read']}</h2><ul>{links(page.more)}</ul></section>" if page.more else ""
    return f"<h1>{esc(page.title)}</h1>{rows}{pager(page)}{more}"


def _plain(page: Page) -> str:
    return f"<article><h1>{esc(page.title)}</h1>{page.body}</article>"
