"""A block editor's theme: groups in columns, an SEO plug-in's @graph with references between nodes."""

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

_STYLE = """
body{font:18px/1.7 "Noto Sans",Arial,sans-serif;margin:0;background:#fbfaf7;color:#222}.wp-site-blocks{max-width:900px;margin:auto;
padding:0 20px}.wp-block-site-title{font:bold 30px Georgia,serif}.wp-block-navigation a{margin-right:16px}.wp-block-post-title{font-size:38px;
line-height:1.2}.wp-element-caption{font-size:13px;color:#777}.wp-block-pullquote{font-size:24px;border-top:3px solid #146;
border-bottom:3px solid #146}.has-background{background:#e8eef2;padding:12px 18px;border-radius:6px}.is-style-note{font-size:14px;color:#666}
.wp-block-buttons a{background:#146;color:#fff;padding:6px 14px;border-radius:20px}.screen-reader-text{position:absolute;left:-9999px}
"""

_BLOCKS = {
    "p": '<p class="wp-block-paragraph">{html}</p>',
    "h2": '<h2 class="wp-block-heading">{html}</h2>',
    "list": '<ul class="wp-block-list">{html}</ul>',
    "quote": '<blockquote class="wp-block-quote is-layout-flow"><p>{html}</p></blockquote>',
    "table": '<figure class="wp-block-table"><table class="has-fixed-layout"><tbody>{html}</tbody></table></figure>',
    "figure": '<figure class="wp-block-image size-large"><img src="{image}" alt=""><figcaption class="wp-element-caption">{html}</figcaption></figure>',
    "pull": '<figure class="wp-block-pullquote"><blockquote><p>{html}</p></blockquote></figure>',
    "related": '<div class="wp-block-group has-background related-posts-block"><h4 class="wp-block-heading">{title}</h4><ul class="wp-block-latest-posts__list">{links}</ul></div>',
    "newsletter": '<div class="wp-block-group has-background wp-block-jetpack-subscriptions"><h4>{title}</h4><p>{html}</p>'
    '<div class="wp-block-buttons"><a class="wp-block-button__link" href="/newsletter">{button}</a></div></div>',
    "embed": '<figure class="wp-block-embed is-type-rich"><div class="wp-block-embed__wrapper"><p>{html}</p><a href="https://chirrup.invalid/s/8841">{title}</a></div></figure>',
    "readmore": '<p class="is-style-note see-also"><em>{title}:</em> <a href="{href}">{html}</a></p>',
    "ad": '<div class="wp-block-group ad-slot"><p class="ad-label">{title}</p><a href="/ads/book">{html}</a></div>',
}


def render(page: Page) -> str:
    """The whole page."""
    main = {"article": _article, "list": _list, "plain": _plain}[page.kind](page)
    label = page.words
    outlet = page.outlet
    structured = json_script(_graph(page)) if page.kind == "article" else ""
    return f"""<!DOCTYPE html>
<html lang="{outlet.locale.replace("_", "-")}">
<head>
<meta charset="{outlet.declared}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(page.title)} - {esc(outlet.name)}</title>
<meta name="description" content="{esc(description(page))}">
{head_links(page)}
{open_graph(page, dates=True)}
{structured}
<style>{_STYLE}</style>
</head>
<body class="wp-singular wp-theme-blocks">
<a class="skip-link screen-reader-text" href="#wp--skip-link--target">{label["skip"]}</a>
<div class="wp-site-blocks"><header class="wp-block-template-part"><p class="wp-block-site-title"><a href="/">{esc(outlet.name)}</a></p>
<nav class="wp-block-navigation">{links(page.nav, ONE)}</nav></header>
<main class="wp-block-group" id="wp--skip-link--target">
{main}
</main>
<footer class="wp-block-template-part"><div class="wp-block-columns"><div class="wp-block-column"><p>{label["follow"]}</p></div>
<div class="wp-block-column"><p>© 2026 {esc(outlet.name)}. {label["footer"]}</p><p><a href="/legal">{label["imprint"]}</a> · <a href="/privacy">{label["privacy"]}</a> ·
<a href="/contact">{label["contact"]}</a></p></div></div></footer></div>
<div class="cky-consent-container"><p>{label["cookie"]}</p><button>{label["accept"]}</button><button>{label["decline"]}</button></div>
</body>
</html>
"""


def _graph(page: Page) -> dict[str, object]:
    """The article among the nodes that it refers to; people by @id only."""
    article = news_article(page)
    del article["@context"]
    site = page.base + "/#organization"
    people = [
        {
            "@type": "Person",
            "@id": f"{page.base}/#/schema/person/{number}",
            "name": author.title,
            "url": page.base + author.href,
        }
        for number, author in enumerate(page.authors, 1)
    ]
    if people:
        article["author"] = [{"@id": person["@id"], "name": person["name"]} for person in people]
    article["publisher"] = {"@id": site}
    article["isPartOf"] = {"@id": page.canonical}
    return {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "WebPage",
                "@id": page.canonical,
                "url": page.canonical,
                "name": f"{page.title} - {page.outlet.name}",
                "inLanguage": page.outlet.language,
            },
            article,
            {"@type": "WebSite", "@id": page.base + "/#website", "name": page.outlet.name},
            {"@type": "Organization", "@id": site, "name": page.outlet.name},
            *people,
        ],
    }


def _article(page: Page) -> str:
    story, revision, published = page.need()
    label = page.words
    names = byline(page)
    by = f'<div class="wp-block-post-author-name">{label["by"]} {names}</div>' if names else ""
    stand = (
        f'<p class="wp-block-post-excerpt__excerpt"><strong>{esc(revision.standfirst)}</strong></p>'
        if revision.standfirst
        else ""
    )
    banner = (
        f'<div class="wp-block-group has-background promo">{esc(label[revision.banner])}</div>'
        if revision.banner
        else ""
    )
    bios = "".join(
        f'<div class="wp-block-post-author has-background"><p class="wp-block-post-author__name">{esc(author.title)}</p>'
        f'<p class="wp-block-post-author__bio">{esc(label["bio"].format(name=author.title))}</p></div>'
        for author in page.authors
    )
    return f"""<div class="taxonomy-category wp-block-post-terms"><a href="/{page.outlet.section_slug(story.section)}/" rel="tag">{esc(page.outlet.section_name(story.section))}</a></div>
<h1 class="wp-block-post-title">{esc(revision.headline)}</h1>{stand}
<div class="wp-block-group">{by}<div class="wp-block-post-date"><time datetime="{page.outlet.local(published).isoformat()}">{stamp(page)}</time></div></div>{banner}
<figure class="wp-block-post-featured-image"><img src="{image_url(page)}" alt="" width="640" height="360"><figcaption class="wp-element-caption">{esc(story.caption)}</figcaption></figure>
<div class="entry-content wp-block-post-content is-layout-constrained">
{body(page, _BLOCKS)}
</div>
<ul class="wp-block-social-links">{share(page)}</ul>{bios}
<div class="taxonomy-post_tag wp-block-post-terms"><span>{label["tags"]}: </span>{links(page.tags, ONE)}</div>
<section class="wp-block-query"><h2 class="wp-block-heading">{label["related"]}</h2><ul>{links(page.related)}</ul></section>
<section class="wp-block-comments"><h2>{label["comments"]}</h2><p>{label["comments_text"]}</p></section>"""


def _list(page: Page) -> str:
    rows = links(
        page.teasers, '<li class="wp-block-post"><h3 class="wp-block-post-title"><a href="{href}">{title}</a></h3></li>'
    )
    more = f"<h3>{page.words['most_read']}</h3><ul>{links(page.more)}</ul>" if page.more else ""
    return f'<h1 class="wp-block-query-title">{esc(page.title)}</h1><ul class="wp-block-post-template">{rows}</ul>{pager(page)}{more}'


def _plain(page: Page) -> str:
    return f'<h1 class="wp-block-post-title">{esc(page.title)}</h1><div class="entry-content">{page.body}</div>'
