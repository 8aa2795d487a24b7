"""Pieces that all templates use: escaping, blocks, bylines, JSON-LD, link lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from sampleweb.model import Block
from sampleweb.templates.page import Link, Page
from sampleweb.words import long_date

Markup = Mapping[str, str]

PLAIN: Markup = {
    "p": "<p>{html}</p>",
    "h2": "<h2>{html}</h2>",
    "list": "<ul>{html}</ul>",
    "item": "<li>{html}</li>",
    "quote": "<blockquote><p>{html}</p></blockquote>",
    "table": "<table><tbody>{html}</tbody></table>",
    "update": '<h3><time class="stamp">{label}</time> {html}</h3>',
    "figure": '<figure><img src="{image}" alt="" width="640" height="360"><figcaption>{html}</figcaption></figure>',
    "pull": '<aside class="pullquote">{html}</aside>',
    "related": '<aside class="related"><h4>{title}</h4><ul>{links}</ul></aside>',
    "newsletter": '<aside class="newsletter"><h4>{title}</h4><p>{html}</p>'
    "<form><input type=email><button>{button}</button></form></aside>",
    "embed": '<div class="embed"><p>{html}</p><a href="https://chirrup.invalid/s/8841">{title}</a></div>',
    "readmore": '<p class="readmore"><strong>{title}:</strong> <a href="{href}">{html}</a></p>',
    "ad": '<div class="ad"><span class="ad-label">{title}</span><a href="/ads/book">{html}</a></div>',
}


def esc(text: str) -> str:
    """`text` for element content and quoted attributes."""
    return escape(text, quote=True)


def links(items: Iterable[Link], pattern: str = '<li><a href="{href}">{title}</a></li>') -> str:
    """A run of links, each after `pattern`."""
    return "\n".join(
        pattern.format(
            href=esc(item.href),
            title=esc(item.title),
            summary=esc(item.summary),
            section=esc(item.section),
        )
        for item in items
    )


def body(page: Page, markup: Markup) -> str:
    """The blocks of an article, each after the template's own markup."""
    _, revision, _ = page.need()
    return "\n".join(_block(block, page, {**PLAIN, **markup}) for block in revision.blocks)


def _block(block: Block, page: Page, markup: Markup) -> str:
    label = page.words
    pattern = markup[{"li": "list"}.get(block.kind, block.kind)]
    html = esc(block.text).replace("&quot;", '"').replace("&#x27;", "'")
    if block.link and page.tags:
        target = esc(page.tags[0].href)
        html = html.replace(esc(block.link), f'<a href="{target}">{esc(block.link)}</a>', 1)
    image = image_url(page, 2)
    if block.kind == "li":
        html = "\n".join(markup["item"].format(html=esc(row[0])) for row in block.rows)
    elif block.kind == "table":
        html = "\n".join("<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
    elif block.kind == "related":
        return pattern.format(title=label["related"], links=links(page.related[:2])) if page.related else ""
    elif block.kind == "newsletter":
        return pattern.format(
            title=label["newsletter_title"],
            html=label["newsletter_text"],
            button=label["newsletter_button"],
        )
    elif block.kind == "embed":
        return pattern.format(html=label["embed_text"], title=label["embed"])
    elif block.kind == "readmore":
        if not page.related:
            return ""
        link = page.related[-1]
        return pattern.format(title=label["also"], href=esc(link.href), html=esc(link.title))
    elif block.kind == "ad":
        return pattern.format(title=label["ad"], html=label["ad_text"])
    return pattern.format(html=html, label=block.label, image=image)


def image_url(page: Page, number: int = 1) -> str:
    """The address of an article's picture (a drawn placeholder that the server makes)."""
    story = page.story
    name = story.number if story is not None else 0
    return f"/media/{name}-{number}.svg"


def byline(page: Page, *, link: str = '<a href="{href}" rel="author">{title}</a>') -> str:
    """ "By Jane Roe and Agency Wire", people linked; empty without either."""
    story, _, _ = page.need()
    names = [link.format(href=esc(author.href), title=esc(author.title)) for author in page.authors]
    if story.agency and page.outlet.agency_byline:
        people = f" {page.words['and']} ".join(names)
        return f"{people} {page.outlet.agency_byline}".strip()
    if story.agency:
        names.append(esc(story.agency))
    return f" {page.words['and']} ".join(names)


def stamp(page: Page, *, time: bool = False, modified: bool = False) -> str:
    """The day (and time) of publication or of the last edit, as readers see it."""
    moment = page.modified if modified else page.published
    assert moment is not None
    return long_date(page.outlet.language, page.outlet.local(moment), time=time)


def news_article(page: Page) -> dict[str, Any]:
    """schema.org NewsArticle of an article page."""
    story, revision, published = page.need()
    outlet = page.outlet
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting" if story.kind == "liveblog" else "NewsArticle",
        "mainEntityOfPage": page.canonical,
        "headline": revision.headline,
        "datePublished": outlet.local(published).isoformat(),
        "dateModified": outlet.local(page.modified or published).isoformat(),
        "inLanguage": outlet.language,
        "articleSection": outlet.section_name(story.section),
        "keywords": list(revision.keywords),
        "image": [page.base + image_url(page)],
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "isAccessibleForFree": story.free,
    }
    people: list[dict[str, str]] = [
        {"@type": "Person", "name": author.title, "url": page.base + author.href} for author in page.authors
    ]
    if story.agency:
        people.append({"@type": "Organization", "name": story.agency})
    if not people:
        people.append({"@type": "Organization", "name": outlet.name})
    data["author"] = people if len(people) > 1 else people[0]
    if story.kind == "liveblog":
        data["coverageStartTime"] = data["datePublished"]
        data["liveBlogUpdate"] = [
            {"@type": "BlogPosting", "headline": head.text, "articleBody": text.text}
            for head, text in zip(revision.blocks[::2], revision.blocks[1::2], strict=True)
        ]
    return data


def json_script(data: object) -> str:
    """JSON-LD that cannot close its own script element."""
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def description(page: Page) -> str:
    """The meta description: what search engines show, not what readers see."""
    if page.revision is None:
        return page.title
    texts = page.revision.paragraphs()
    text = texts[0] if texts else page.title
    return text if len(text) < 150 else text[:147].rsplit(" ", 1)[0] + "…"


def open_graph(page: Page, *, dates: bool = False) -> str:
    """og: and article: properties."""
    pairs = [
        ("og:type", "article" if page.kind == "article" else "website"),
        ("og:title", page.title),
        ("og:url", page.canonical),
        ("og:site_name", page.outlet.name),
        ("og:locale", page.outlet.locale),
        ("og:description", description(page)),
    ]
    if page.kind == "article":
        story, revision, published = page.need()
        pairs += [
            ("og:image", page.base + image_url(page)),
            ("article:section", page.outlet.section_name(story.section)),
            *(("article:tag", word) for word in revision.keywords),
        ]
        if dates:
            local = page.outlet.local
            pairs.append(("article:published_time", local(published).isoformat()))
            if page.modified:
                pairs.append(("article:modified_time", local(page.modified).isoformat()))
    return "\n".join(f'<meta property="{key}" content="{esc(value)}">' for key, value in pairs)


def head_links(page: Page) -> str:
    """canonical, feeds, next and previous, AMP twin."""
    lines = [f'<link rel="canonical" href="{esc(page.canonical)}">']
    lines += [
        f'<link rel="alternate" type="{kind}" title="{esc(page.outlet.name)}" href="{esc(href)}">'
        for kind, href in page.feeds
    ]
    if page.amp:
        lines.append(f'<link rel="amphtml" href="{esc(page.amp)}">')
    if page.next and page.outlet.page_link == "next":
        lines.append(f'<link rel="next" href="{esc(page.next)}">')
    if page.previous and page.outlet.page_link == "next":
        lines.append(f'<link rel="prev" href="{esc(page.previous)}">')
    return "\n".join(lines)


def share(page: Page, pattern: str = '<li><a href="#share">{title}</a></li>') -> str:
    """The share bar."""
    return "".join(pattern.format(title=esc(text)) for text in page.words["share"].split("|"))


def pager(page: Page) -> str:
    """Links between the pages of a section."""
    if page.outlet.page_link == "numbers":
        return f'<nav class="pages">{links(page.numbers, ONE)}</nav>' if page.numbers else ""
    parts = []
    if page.previous:
        parts.append(f'<a class="prev" href="{esc(page.previous)}">{page.words["previous"]}</a>')
    if page.next:
        parts.append(f'<a class="next" href="{esc(page.next)}">{page.words["next"]}</a>')
    return f'<nav class="pager">{" ".join(parts)}</nav>' if parts else ""


ONE = '<a href="{href}">{title}</a> '
