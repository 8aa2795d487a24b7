"""A WordPress theme: entry-header, entry-content, widgets; no JSON-LD, the date in plain text."""

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
    pager,
    share,
    stamp,
)

KNOWS = Knows(date="day", modified=False)

_STYLE = """
body{font:17px/1.65 "Segoe UI",Arial,sans-serif;margin:0;color:#222}.site{max-width:1020px;margin:auto;padding:0 20px}
.site-title{font:bold 34px Georgia,serif}.menu li{display:inline;margin-right:16px}.menu{padding:8px 0;border-top:3px
solid #7a1f2b;border-bottom:1px solid #ccc}.content-area{display:flex;gap:36px}.site-main{flex:3}.widget-area{flex:1;
font-size:14px}.entry-title{font:bold 36px/1.2 Georgia,serif}.teaser{font-weight:bold}.entry-meta{color:#777;
font-size:14px}.wp-caption-text{font-size:13px;color:#666}.sharedaddy li{display:inline;margin-right:10px}
.newsletter-box{border:2px solid #7a1f2b;padding:10px 16px}.screen-reader-text{position:absolute;left:-9999px}
.author-box{background:#f4f1ec;padding:12px 16px}.site-footer{border-top:1px solid #ccc;font-size:13px;padding:16px 0}
.paywall{background:#fff6d8;padding:14px 18px}
"""

_BLOCKS = {
    "h2": '<h3 class="wp-block-heading">{html}</h3>',
    "list": '<ul class="wp-block-list">{html}</ul>',
    "quote": '<blockquote class="wp-block-quote"><p>{html}</p></blockquote>',
    "table": '<figure class="wp-block-table"><table><tbody>{html}</tbody></table></figure>',
    "figure": '<div class="wp-caption alignnone"><img src="{image}" alt="" width="640" height="360">'
    '<p class="wp-caption-text">{html}</p></div>',
    "pull": '<figure class="wp-block-pullquote"><blockquote><p>{html}</p></blockquote></figure>',
    "related": '<div class="jp-relatedposts"><h4>{title}</h4><ul>{links}</ul></div>',
    "newsletter": '<div class="newsletter-box"><h4>{title}</h4><p>{html}</p><p><a class="button" href="/newsletter">'
    "{button}</a></p></div>",
    "embed": '<figure class="wp-block-embed"><div class="wp-block-embed__wrapper"><p>{html}</p>'
    '<a href="https://chirrup.invalid/s/8841">{title}</a></div></figure>',
    "readmore": '<p class="read-more-line"><strong>{title}: <a href="{href}">{html}</a></strong></p>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    outlet = page.outlet
    keywords = ""
    if page.revision is not None:
        keywords = f'<meta name="keywords" content="{esc(", ".join(page.revision.keywords))}">'
    return f"""<!DOCTYPE html>
<html lang="{outlet.locale.replace("_", "-")}" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="{outlet.declared}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(page.title)} | {esc(outlet.name)}</title>
<meta name="description" content="{esc(description(page))}">
{keywords}
<meta name="generator" content="WordPress 6.7">
{head_links(page)}
<style>{_STYLE}</style>
</head>
<body class="single single-post wp-embed-responsive">
<div id="page" class="site">
<a class="skip-link screen-reader-text" href="#primary">{label["skip"]}</a>
<header id="masthead" class="site-header"><p class="site-title"><a href="/">{esc(outlet.name)}</a></p>
<nav id="site-navigation"><button class="screen-reader-text">{label["menu"]}</button><ul class="menu">{links(page.nav)}</ul></nav></header>
<div class="content-area"><main id="primary" class="site-main">
{main}
</main>
<aside id="secondary" class="widget-area">
<section class="widget widget_search"><form role="search"><label><span class="screen-reader-text">{label["search"]}</span>
<input type="search"></label></form></section>
<section class="widget widget_recent_entries"><h2 class="widget-title">{label["latest"]}</h2><ul>{links(page.latest)}</ul></section>
<section class="widget widget_text"><h2 class="widget-title">{label["ad"]}</h2><p>{label["ad_text"]}</p></section>
</aside></div>
<footer id="colophon" class="site-footer"><p>© 2026 {esc(outlet.name)}. {label["footer"]}</p>
<p><a href="/legal">{label["imprint"]}</a> · <a href="/privacy">{label["privacy"]}</a> · <a href="/contact">{label["contact"]}</a></p>
</footer></div>
<div class="cmplz-cookiebanner"><p>{label["cookie"]}</p><button>{label["accept"]}</button><button>{label["decline"]}</button></div>
</body>
</html>
"""


def _article(page: Page) -> str:
    story, revision, _ = page.need()
    label = page.words
    names = byline(page)
    by = f'<span class="byline">{label["by"]} {names}</span> · ' if names else ""
    stand = f'<p class="teaser">{esc(revision.standfirst)}</p>' if revision.standfirst else ""
    banner = f'<div class="widget promo">{esc(label[revision.banner])}</div>' if revision.banner else ""
    print_link = (
        f'<p class="print-link"><a href="{esc(page.print)}" rel="nofollow">{label["print"]}</a></p>'
        if page.print
        else ""
    )
    bios = "".join(
        f'<div class="author-box"><h4>{esc(author.title)}</h4><p>{esc(label["bio"].format(name=author.title))}</p></div>'
        for author in page.authors
    )
    return f"""<article id="post-{story.number}" class="post type-post status-publish hentry">
<header class="entry-header"><span class="cat-links"><a href="/{page.outlet.section_slug(story.section)}/"
rel="category tag">{esc(page.outlet.section_name(story.section))}</a></span>
<h1 class="entry-title">{esc(revision.headline)}</h1>{stand}
<div class="entry-meta">{by}<span class="posted-on">{stamp(page, time=True)}</span></div></header>{banner}
<div class="post-thumbnail wp-caption"><img src="{image_url(page)}" alt="" width="640" height="360">
<p class="wp-caption-text">{esc(story.caption)} {label["photo"]}: {esc(page.outlet.agency)}</p></div>
<div class="entry-content">
{body(page, _BLOCKS)}
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">{label["follow"]}</h3><ul>{share(page)}</ul></div>
</div>
<footer class="entry-footer"><span class="tags-links">{label["tags"]}: {links(page.tags, ONE)}</span>{print_link}</footer>
</article>
{bios}
<section class="related-posts"><h3>{label["related"]}</h3><ul>{links(page.related)}</ul></section>
<div id="comments" class="comments-area"><h2 class="comments-title">{label["comments"]}</h2><p>{label["comments_text"]}</p></div>"""


def _list(page: Page) -> str:
    rows = links(
        page.teasers,
        '<article class="post hentry"><header class="entry-header"><h2 class="entry-title">'
        '<a href="{href}" rel="bookmark">{title}</a></h2></header></article>',
    )
    more = f"<section><h3>{page.words['most_read']}</h3><ul>{links(page.more)}</ul></section>" if page.more else ""
    return (
        f'<header class="page-header"><h1 class="page-title">{esc(page.title)}</h1></header>{rows}{pager(page)}{more}'
    )


def _plain(page: Page) -> str:
    return f'<article class="page"><h1 class="entry-title">{esc(page.title)}</h1><div class="entry-content">{page.body}</div></article>'
