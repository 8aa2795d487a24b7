"""Nested divs with machine-made class names; the date stands in the URL only."""

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
)

KNOWS = Knows(date="day", modified=False)

_STYLE = """
body{font:17px/1.6 Georgia,serif;margin:0;background:#eef0f2;color:#1b1b1b}.x1{max-width:1080px;margin:auto;
background:#fff;padding:18px 28px}.x2 a{margin-right:16px;font-family:Arial;font-size:14px}.x5{display:flex;gap:32px}
.x6{flex:3}.x7{flex:1;font-size:14px;border-left:1px solid #ccc;padding-left:18px}.x9{font-size:20px;color:#444}
.c3{font-size:13px;color:#777}.k0{position:sticky;top:0;background:#223;color:#fff;padding:8px 16px;font:13px Arial}
.n1{background:#e6eef6;padding:10px 16px;font-family:Arial;font-size:14px}.hid{display:none}.pq{font-size:24px;
color:#357;border-top:2px solid;border-bottom:2px solid;padding:8px 0}.ad1{text-align:center;background:#f7f7e8;
font:12px Arial;padding:22px}.f1{font:13px Arial;color:#666;border-top:1px solid #ccc;padding:16px 0}
"""

_BLOCKS = {
    "p": '<div class="t4"><p class="t5">{html}</p></div>',
    "h2": '<div class="t4"><h3 class="t6">{html}</h3></div>',
    "list": '<div class="t4"><ul class="t7">{html}</ul></div>',
    "quote": '<div class="t4"><blockquote class="t8"><p>{html}</p></blockquote></div>',
    "table": '<div class="t4"><div class="t9"><table>{html}</table></div></div>',
    "figure": '<div class="c1"><div class="c2"><img src="{image}" alt=""></div>'
    '<div class="c3 photo-caption">{html}</div></div>',
    "pull": '<div class="t4"><div class="pq pullquote">{html}</div></div>',
    "related": '<div class="r1 related-inline"><div class="r2">{title}</div><ul>{links}</ul></div>',
    "newsletter": '<div class="n1 newsletter-signup"><div class="n2">{title}</div><div class="n3">{html}</div>'
    '<div class="n4"><button>{button}</button></div></div>',
    "embed": '<div class="e1 social-embed"><div>{html}</div><a href="https://chirrup.invalid/s/8841">{title}</a></div>',
    "readmore": '<div class="r1 read-more"><div><b>{title}:</b> <a href="{href}">{html}</a></div></div>',
    "ad": '<div class="ad1 advert"><div>{title}</div><a href="/ads/book">{html}</a></div>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    side = links(page.latest, '<div class="s2"><a href="{href}">{title}</a></div>')
    return f"""<!DOCTYPE html>
<html lang="{page.outlet.locale.replace("_", "-")}">
<head>
<meta charset="{page.outlet.declared}">
<title>{esc(page.title)} - {esc(page.outlet.name)}</title>
<meta name="description" content="{esc(description(page))}">
{head_links(page)}
{open_graph(page)}
<style>{_STYLE}</style>
</head>
<body>
<div id="cookie-banner" class="k0"><div>{label["cookie"]}</div><button>{label["accept"]}</button>
<button>{label["decline"]}</button></div>
<div class="x0"><div class="x1">
<div class="x2"><div class="x3"><a href="/"><b>{esc(page.outlet.name)}</b></a></div>
<div class="x4">{links(page.nav, ONE)}</div></div>
<div class="x5"><div class="x6">{main}</div>
<div class="x7"><div class="s1">{label["latest"]}</div>{side}</div></div>
<div class="hid">{label["loading"]}</div>
<div class="f1"><div>{label["footer"]}</div><div><a href="/legal">{label["imprint"]}</a> |
<a href="/privacy">{label["privacy"]}</a> | <a href="/contact">{label["contact"]}</a> | <a href="/jobs">{label["jobs"]}</a></div>
<div>© {esc(page.outlet.name)}</div></div>
</div></div>
</body>
</html>
"""


def _article(page: Page) -> str:
    story, revision, _ = page.need()
    label = page.words
    names = byline(page)
    line = f'<div class="b1"><span class="b2">{label["by"]} {names}</span></div>' if names else ""
    stand = f'<div class="x9 standfirst"><p>{esc(revision.standfirst)}</p></div>' if revision.standfirst else ""
    banner = f'<div class="n1 promo">{esc(label[revision.banner])}</div>' if revision.banner else ""
    bios = "".join(
        f'<div class="a1 author-bio"><div class="a2"><b>{esc(author.title)}</b></div>'
        f'<div class="a3">{esc(label["bio"].format(name=author.title))}</div></div>'
        for author in page.authors
    )
    return f"""<div class="h0"><div class="h1 breadcrumbs"><a href="/">{label["home"]}</a> › <a
href="/{page.outlet.section_slug(story.section)}/">{esc(page.outlet.section_name(story.section))}</a></div>
<div class="h2"><h1>{esc(revision.headline)}</h1></div>{stand}{line}</div>{banner}
<div class="c0"><div class="c1"><div class="c2"><img src="{image_url(page)}" alt="" width="640" height="360"></div>
<div class="c3 photo-caption">{esc(story.caption)} <span>{label["photo"]}: {esc(page.outlet.agency)}</span></div></div></div>
<div class="sh1 share-bar"><ul>{share(page)}</ul></div>
<div class="t0"><div class="t1"><div class="t2 story-text"><div class="t3">
{body(page, _BLOCKS)}
</div></div></div></div>
{bios}
<div class="g1 tags"><span>{label["tags"]}:</span> {links(page.tags, ONE)}</div>
<div class="r1 related-after"><div class="r2">{label["related"]}</div><ul>{links(page.related)}</ul></div>
<div class="m1 comments"><div class="m2">{label["comments"]}</div><div class="m3">{label["comments_text"]}</div></div>"""


def _list(page: Page) -> str:
    rows = links(page.teasers, '<div class="l1"><div class="l2"><a href="{href}">{title}</a></div></div>')
    more = f'<div class="l5"><div>{page.words["most_read"]}</div><ul>{links(page.more)}</ul></div>' if page.more else ""
    return f'<div class="l0"><h1>{esc(page.title)}</h1>{rows}{pager(page)}</div>{more}'


def _plain(page: Page) -> str:
    return f'<div class="h2"><h1>{esc(page.title)}</h1></div><div class="t0">{page.body}</div>'
