"""A large publisher's portal: utility class names, JSON-LD as an array, a visible subtitle."""

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
body{font:18px/1.6 Merriweather,Georgia,serif;margin:0;color:#111}.w{max-width:1100px;margin:auto;padding:0 20px}
.cab{text-align:center;font:bold 40px Georgia,serif;padding:14px}.mn{border-top:1px solid;border-bottom:1px solid;padding:8px;
text-align:center;font:14px Arial}.mn a{margin:0 12px;color:#111}h1{font-size:42px;line-height:1.15}.a_st{font-size:21px;color:#444;
font-weight:normal}.a_md{font:14px Arial;color:#666}.a_m_p{font:13px Arial;color:#666}.a_c{max-width:680px}.box{background:#f2f5f8;
padding:10px 16px;font:15px Arial}.wall{border:2px solid #c90;padding:14px;font-family:Arial}.ft{background:#111;color:#ccc;
padding:20px;font:13px Arial;margin-top:30px}.ft a{color:#fff}.pull{font-size:26px;border-left:5px solid #06c;padding-left:16px}
"""

_BLOCKS = {
    "h2": '<h3 class="a_t">{html}</h3>',
    "quote": '<blockquote class="a_q"><p>{html}</p></blockquote>',
    "figure": '<figure class="a_m"><img src="{image}" alt=""><figcaption class="a_m_p"><span>{html}</span></figcaption></figure>',
    "pull": '<div class="pull a_pq" role="complementary">{html}</div>',
    "related": '<section class="box b-rel" data-dtm-region="related"><h4>{title}</h4><ul>{links}</ul></section>',
    "newsletter": '<section class="box b-nl newsletter"><h4>{title}</h4><p>{html}</p><button>{button}</button></section>',
    "embed": '<div class="a_em"><blockquote class="chirrup-post"><p>{html}</p><a href="https://chirrup.invalid/s/8841">{title}</a></blockquote></div>',
    "readmore": '<p class="a_rel"><strong>{title}:</strong> <a href="{href}">{html}</a></p>',
    "ad": '<div class="ad ad-center"><span>{title}</span> <a href="/ads/book">{html}</a></div>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    outlet = page.outlet
    structured = ""
    if page.kind == "article":
        story, _, _ = page.need()
        crumbs = {
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": 1, "name": outlet.name, "item": page.base + "/"},
                {"@type": "ListItem", "position": 2, "name": outlet.section_name(story.section)},
            ],
        }
        structured = json_script([crumbs, news_article(page)])
    return f"""<!DOCTYPE html>
<html lang="{outlet.language}">
<head>
<meta http-equiv="Content-Type" content="text/html; charset={outlet.declared}">
<title>{esc(page.title)} | {esc(outlet.name)}</title>
<meta name="description" content="{esc(description(page))}">
{head_links(page)}
{open_graph(page, dates=True)}
{structured}
<style>{_STYLE}</style>
</head>
<body class="portal">
<div id="didomi-host" class="cookie-notice"><p>{label["cookie"]}</p><button>{label["accept"]}</button><button>{label["decline"]}</button></div>
<header><div class="cab"><a href="/">{esc(outlet.name)}</a></div><nav class="mn" aria-label="{label["menu"]}">{links(page.nav, ONE)}</nav></header>
<main class="w">
{main}
</main>
<aside class="w lt"><h4>{label["latest"]}</h4><ol>{links(page.latest)}</ol></aside>
<footer class="ft"><p>© {esc(outlet.name)} 2026. {label["footer"]}</p>
<p><a href="/legal">{label["imprint"]}</a> <a href="/privacy">{label["privacy"]}</a> <a href="/contact">{label["contact"]}</a> <a href="/jobs">{label["jobs"]}</a></p></footer>
</body>
</html>
"""


def _article(page: Page) -> str:
    story, revision, published = page.need()
    label = page.words
    local = page.outlet.local
    names = byline(page)
    by = f'<div class="a_md_a">{label["by"]} {names}</div>' if names else ""
    stand = f'<h2 class="a_st">{esc(revision.standfirst)}</h2>' if revision.standfirst else ""
    banner = f'<div class="box promo">{esc(label[revision.banner])}</div>' if revision.banner else ""
    changed = f" <span>{label['updated']}: {stamp(page, time=True, modified=True)}</span>" if page.modified else ""
    wall = (
        ""
        if story.free
        else f'<div class="wall paywall"><p>{label["paywall"]}</p><button>{label["newsletter_button"]}</button></div>'
    )
    bios = "".join(
        f'<div class="box a_bio"><h4>{esc(author.title)}</h4><p>{esc(label["bio"].format(name=author.title))}</p></div>'
        for author in page.authors
    )
    return f"""<article class="a"><header class="a_e"><div class="a_k"><a href="/{page.outlet.section_slug(story.section)}/">{esc(page.outlet.section_name(story.section))}</a></div>
<h1 class="a_t">{esc(revision.headline)}</h1>{stand}</header>
<figure class="a_m"><img src="{image_url(page)}" alt="{esc(story.caption)}" width="640" height="360"><figcaption class="a_m_p"><span>{esc(story.caption)}</span>
<span class="a_m_c">{label["photo"]}: {esc(page.outlet.agency)}</span></figcaption></figure>
<div class="a_md">{by}<time datetime="{local(published).isoformat()}">{stamp(page, time=True)}</time>{changed}
<ul class="a_sh">{share(page)}</ul></div>{banner}
<div class="a_c clearfix">
{body(page, _BLOCKS)}
</div>{wall}{bios}
<div class="a_tg"><span>{label["tags"]}</span><ul>{links(page.tags)}</ul></div>
<section class="box"><h4>{label["related"]}</h4><ul>{links(page.related)}</ul></section>
<section class="cm"><h4>{label["comments"]}</h4><p>{label["comments_text"]}</p></section></article>"""


def _list(page: Page) -> str:
    rows = links(page.teasers, '<article class="c"><h2 class="c_t"><a href="{href}">{title}</a></h2></article>')
    more = (
        f'<section class="box"><h4>{page.words["most_read"]}</h4><ul>{links(page.more)}</ul></section>'
        if page.more
        else ""
    )
    return f"<h1>{esc(page.title)}</h1>{rows}{pager(page)}{more}"


def _plain(page: Page) -> str:
    return f'<section class="st"><h1>{esc(page.title)}</h1>{page.body}</section>'
