"""Who wrote the article: from JSON-LD, meta elements or the byline, people told from organisations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin

import lxml.html

from pipelines.text import jsonld, names
from pipelines.text.structured import Markup, plain, text_of

AuthorType = Literal["Person", "Organization"]

_ORGANISATION_TYPES = frozenset(
    {"organization", "newsmediaorganization", "corporation", "brand", "website", "newspaper"}
)

META = (
    "author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "dc.contributor", "article:author", "og:article:author",
    "article.author", "cxenseparse:author", "cxense:author", "cxenseparse:recs:articleauthor", "byl", "authors", "article_author", "og:author",
    "news:author", "twitter:creator:name", "citation_author", "article:author_name", "gtm-author",
)  # fmt: skip
"""Meta elements that name the author, the widest used first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One that the page names as author."""

    name: str
    url: str | None = None
    type: AuthorType = "Person"


def read(page: Markup, *, site_names: Collection[str]) -> tuple[Credit, ...]:
    """Those the page names as authors, in its order.

    The first source that names a person is followed; where none does, the first that names an organisation.
    """
    site_keys = {names.key(name) for name in site_names} - {""}
    second: list[Credit] = []
    for source in (_from_jsonld, _from_meta, _from_byline):
        credits = _settle(source(page), site_keys)
        if any(credit.type == "Person" for credit in credits):
            return tuple(credits)
        second = second or credits
    return tuple(second)


def _settle(credits: list[Credit], site_keys: Collection[str]) -> list[Credit]:
    """Typed, none twice."""
    found: dict[str, Credit] = {}
    for credit in credits:
        kind: AuthorType = "Organization" if names.is_organisation(credit.name, site_keys) else credit.type
        letters = names.key(credit.name)
        if letters not in found:
            found[letters] = Credit(name=credit.name, url=credit.url, type=kind)
    return list(found.values())


def _from_jsonld(page: Markup) -> list[Credit]:
    return _credits(page.article.get("author") or page.article.get("creator"), page)


def _credits(value: Any, page: Markup, depth: int = 0) -> list[Credit]:
    value = jsonld.resolve(value, page.index)
    if isinstance(value, str):
        return [Credit(name=name) for name in names.part(plain(value))]
    if isinstance(value, list) and depth < 3:
        return [credit for child in value[:50] for credit in _credits(child, page, depth + 1)]
    if isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, (list, dict)) and depth < 3:
            return _credits(name, page, depth + 1)
        if not isinstance(name, str):
            return []
        kind: AuthorType = "Organization" if jsonld.types(value) & _ORGANISATION_TYPES else "Person"
        url = jsonld.first(value.get("url")) or jsonld.first(value.get("sameAs"))
        text = plain(name)
        people = [text] if kind == "Organization" and names.clean(text) else names.part(text)
        return [Credit(name=n, url=_address(url, page) if len(people) == 1 else None, type=kind) for n in people]
    return []


def _address(url: str | None, page: Markup) -> str | None:
    if not url or not url.strip() or url.startswith(("#", "javascript:", "mailto:")):
        return None
    try:
        joined = urljoin(page.url, url.strip())
    except ValueError:
        return None
    return joined if joined.startswith(("http://", "https://")) and joined.rstrip("/").count("/") > 2 else None


def _from_meta(page: Markup) -> list[Credit]:
    for name in META:
        values = [plain(v) for v in page.meta.get(name, ()) if not v.startswith(("http:", "https:", "/", "@"))]
        credits = [Credit(name=n) for value in values[:20] for n in names.part(value)]
        if credits:
            return credits
    return []


_BYLINE_XPATH = lxml.html.etree.XPath(
    "//*[@rel='author' or contains(@itemprop,'author') or contains(@class,'author') or contains(@class,'Author') or contains(@class,'byline')"
    " or contains(@class,'Byline') or contains(@class,'autor') or contains(@id,'author') or contains(@id,'byline') or contains(@data-testid,'uthor')"
    " or contains(@data-component,'byline')]"
)
_FOREIGN = (
    "comment",
    "related",
    "teaser",
    "sidebar",
    "footer",
    "recommend",
    "most-read",
    "mostread",
    "popular",
    "promo",
    "widget",
    "card",
    "latest",
    "bio",
)


def _from_byline(page: Markup) -> list[Credit]:
    best: list[Credit] = []
    best_rank = 0.0
    elements = _BYLINE_XPATH(page.tree)
    for number, element in enumerate(elements[:60] if isinstance(elements, list) else []):
        if element.tag in ("script", "style", "meta", "body", "html", "link", "img", "figure", "input", "svg"):
            continue
        rank = _rank(element) - 0.02 * number
        if rank <= best_rank:
            continue
        text = text_of(element)
        if not 3 <= len(text) <= 250:
            continue
        links = [a for a in element.iter("a") if text_of(a)] if element.tag != "a" else [element]
        credits: list[Credit] = []
        for link in links:
            label = text_of(link)
            if len(label.split()) <= names.MAX_WORDS and ("author" in (link.get("rel") or "") or _author_link(link)):
                credits += [Credit(name=n, url=_address(link.get("href"), page)) for n in names.part(label)]
        if not credits and len(text) <= 120:
            credits = [Credit(name=n) for n in names.part(text)]
        credits = [c for c in credits if _plausible(c.name)]
        if credits:
            best, best_rank = credits, rank
    return best


def _author_link(link: lxml.html.HtmlElement) -> bool:
    href = (link.get("href") or "").lower()
    return any(
        part in href
        for part in (
            "author",
            "autor",
            "redakt",
            "people",
            "profile",
            "journalist",
            "person",
            "staff",
            "writer",
            "reporter",
            "by/",
            "/by",
        )
    )


def _rank(element: lxml.html.HtmlElement) -> float:
    label = " ".join((element.get("class") or "", element.get("id") or "", element.get("itemprop") or "")).lower()
    rank = 1.0
    if element.get("rel") == "author":
        rank += 1.0
    if "author" in (element.get("itemprop") or ""):
        rank += 1.5
    if "byline" in label:
        rank += 0.8
    if "name" in label:
        rank += 0.3
    for node in [element, *element.iterancestors()][:8]:
        own = f"{node.get('class') or ''} {node.get('id') or ''}".lower()
        if node.tag in ("aside", "footer", "nav", "li") or any(word in own for word in _FOREIGN):
            rank -= 1.2
            break
        if node.tag in ("article", "header"):
            rank += 0.3
    return rank


def _plausible(name: str) -> bool:
    words = name.split()
    if len(words) < 2:
        return name.isupper() or not name.isascii()
    return sum(word[:1].isupper() or not word[:1].isascii() for word in words) >= 0.6 * len(words)
