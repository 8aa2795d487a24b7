"""An international broadcaster's CMS: the anatomy of the page that Broadsheet began with.

Skip links under "Accessibility links", a kicker, the caption told twice (as the picture's
alternative text and under it), an author box with "16x9 Image" and a bio, the outlet's notice under
every page, breakpoint labels "XS SM MD LG" at the foot.
"""

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

KNOWS = Knows()

KICKER = "Breaking News"
BIO = (
    "Radio Halvern journalists report the news in 19 languages in 16 countries where newspapers are "
    "scarce or printed by the ministry. We broadcast what many people cannot hear at home: news that "
    "was checked twice, debate without shouting, and the weather."
)
NOTICE = (
    'Radio Halvern has been declared an "unwelcome transmitter" by the government of Ostrand.',
    "If you are in Ostrand or the Ostrand-administered islands and hold an Ostrand passport or live "
    "there permanently without one, please note that you could face fines or detention for sharing, "
    "liking, commenting on, or saving our content, or for contacting us.",
    "To find out more, click here.",
)

_STYLE = """
body{font:16px/1.5 Arial,sans-serif;margin:0;color:#222}a{color:#b54}.page{max-width:980px;margin:auto;
padding:0 16px}.hdr{background:#e85b0c;color:#fff;padding:10px}.hdr a{color:#fff;margin-right:14px}
.lnk-to-content{font-size:12px}.category{text-transform:uppercase;font-weight:bold}h1{font-size:34px}
.thumb img{width:100%;max-width:640px}.caption{color:#666;font-size:13px;display:block}
.media-block{display:flex;gap:12px;border-top:1px solid #ddd;padding:10px 0}.avatar{width:64px}
.notice{background:#f3f3f3;padding:8px 14px}.visible-xs,.visible-sm,.visible-md,.visible-lg{font-size:10px}
.also{background:#fafafa;border-left:4px solid #e85b0c;padding:6px 12px}footer{background:#333;color:#ccc;
padding:16px}footer a{color:#eee}.indicator{display:none}
"""

_BLOCKS = {
    "h2": '<h3 class="wsw__h3">{html}</h3>',
    "quote": '<blockquote class="wsw__quote">{html}</blockquote>',
    "pull": '<div class="wsw__embed wsw__embed--small"><div class="pullquote"><p>{html}</p></div></div>',
    "figure": '<div class="wsw__embed"><figure class="media-image js-media-expand"><div class="img-wrap">'
    '<div class="thumb"><img alt="{html}" src="{image}"></div></div>'
    '<figcaption><span class="caption">{html}</span></figcaption></figure></div>',
    "related": '<div class="wsw__embed"><div class="also media-block also-read"><div class="media-block__content">'
    '<h4 class="media-block__title media-block__title--size-3">{title}</h4><ul>{links}</ul></div></div>'
    "</div>",
    "newsletter": '<div class="wsw__embed"><div class="region newsletter-box"><h3>{title}</h3><p>{html}</p>'
    '<button type="button">{button}</button></div></div>',
    "embed": '<div class="wsw__embed"><div class="infographic"><p>{html}</p>'
    '<a href="https://chirrup.invalid/s/8841">{title}</a></div></div>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    data = ""
    if page.kind == "article":
        article = news_article(page)
        for key in ("datePublished", "dateModified"):  # as this CMS spells an instant
            article[key] = article[key].replace("T", " ").replace("+00:00", "Z")
        data = json_script(article)
    notice = "".join(f"<p>{esc(text)}</p>" for text in NOTICE[:2])
    return f"""<!DOCTYPE html>
<html lang="en" dir="ltr" class="no-js">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>{esc(page.title)}</title>
<meta name="description" content="{esc(description(page))}">
{head_links(page)}
{open_graph(page)}
{data}
<style>{_STYLE}</style>
</head>
<body class="nav-no-loaded cc_theme pg-{page.kind} nojs-images">
<div class="page">
<div aria-label="Accessibility links" class="accessibility">
<h2 class="title">Accessibility links</h2>
<ul class="lnk-to-content">
<li><a href="#content">Skip to main content</a></li>
<li><a href="#navigation">Skip to main Navigation</a></li>
<li><a href="#txtHeaderSearch">Skip to Search</a></li>
</ul>
</div>
<div class="hdr" id="navigation"><strong><a href="/">{esc(page.outlet.name)}</a></strong> {links(page.nav, ONE)}
<form action="/search" id="txtHeaderSearch"><input name="k" placeholder="{label["search"]}"></form></div>
<main class="container" id="content">
{main}
</main>
<div class="region notice"><div class="wsw">{notice}<p>To find out more, <a href="/p/7831.html">click here</a>.</p></div></div>
<footer role="contentinfo"><h3>{label["follow"]}</h3><ul class="links-footer">
<li><a href="/p/1.html">{label["imprint"]}</a></li><li><a href="/p/2.html">{label["privacy"]}</a></li>
<li><a href="/p/3.html">{label["contact"]}</a></li></ul>
<p>{esc(page.outlet.name)} © 2026. {label["footer"]}</p></footer>
<div class="design-labels">
<div class="visible-xs">XS</div>
<div class="visible-sm">SM</div>
<div class="visible-md">MD</div>
<div class="visible-lg">LG</div>
</div>
</div>
</body>
</html>
"""


def _article(page: Page) -> str:
    story, revision, published = page.need()
    caption = esc(story.caption)
    label = page.words
    picture = (
        ""
        if story.kind == "flash"
        else f"""
<div class="col-multimedia"><div class="media-container"><figure class="media-image js-media-expand">
<div class="img-wrap"><div class="thumb thumb16_9"><img src="{image_url(page)}" alt="{caption}"></div></div>
<figcaption><span class="caption">{caption}</span></figcaption></figure></div></div>"""
    )
    banner = f'<div class="promo">{esc(label[revision.banner])}</div>' if revision.banner else ""
    return f"""<div class="hdr-container"><div class="row">
<div class="category js-category"><a class="category" href="/z/630">{KICKER}</a></div>
<div class="col-title"><h1 class="title pg-title">{esc(revision.headline)}</h1></div>
<div class="col-publishing-details"><div class="publishing-details"><div class="published">
<span class="date"><time pubdate="pubdate" datetime="{published.isoformat()}">{stamp(page)}</time></span></div>
<div class="links"><ul class="links__list"><li class="links__item">{label["by"]} {byline(page) or esc(page.outlet.name)}</li>
</ul></div><ul class="share share--box">{share(page)}</ul></div></div>{picture}</div></div>{banner}
<div class="body-container"><div class="row"><div class="content-offset">
<div id="article-content" class="content-floated-wrap fb-quotable"><div class="wsw">
{body(page, _BLOCKS)}
</div>
<ul class="authors"><li><div class="c-author c-author--hlight"><div class="media-block">
<a class="img-wrap img-wrap--xs" href="/author/radio-halvern"><div class="thumb thumb1_1">
<img src="/media/avatar.svg" class="avatar" alt="16x9 Image"></div></a>
<div class="c-author__content"><h4 class="media-block__title media-block__title--author">
<a href="/author/radio-halvern">{esc(page.outlet.name)}</a></h4>
<div class="wsw"><p>{esc(BIO)}</p></div>
<div class="c-author__btns"><a class="btn-rss" href="/feeds/rss.xml">RSS</a> <a href="#follow">{label["follow"]}</a></div>
</div></div></div></li></ul>
</div></div>
<div class="col-related"><div class="media-block-wrap"><h2 class="section-head">{label["related"]}</h2>
<ul>{links(page.related)}</ul></div></div></div></div>"""


def _list(page: Page) -> str:
    rows = links(
        page.teasers,
        '<li class="archive-list__item"><div class="media-block"><div class="media-block__content">'
        '<a href="{href}"><h4 class="media-block__title">{title}</h4></a></div></div></li>',
    )
    more = f"<h3>{page.words['most_read']}</h3><ul>{links(page.more)}</ul>" if page.more else ""
    return f'<h1 class="title pg-title">{esc(page.title)}</h1><ul>{rows}</ul>{pager(page)}{more}'


def _plain(page: Page) -> str:
    return f'<h1 class="title pg-title">{esc(page.title)}</h1><div class="wsw">{page.body}</div>'
