"""Who wrote the article: from JSON-LD, meta elements or the byline, people told from organisations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urljoin

from pipelines.text import byline, jsonld, names
from pipelines.text.structured import Markup, plain

AuthorType = Literal["Person", "Organization"]

_ORGANISATION_TYPES = frozenset(
    {"organization", "newsmediaorganization", "corporation", "brand", "website", "newspaper"}
)

META = (
    "author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "article:author",
    "og:article:author", "article.author",
    "cxenseparse:author", "cxense:author", "cxenseparse:recs:articleauthor", "byl", "authors", "article_author",
    "articleauthor", "og:author",
    "news:author", "citation_author", "article:author_name", "itemprop:author", "itemprop:creator",
)  # fmt: skip
"""Meta elements that name the author, the widest used first."""

MAX_AUTHORS = 50
"""Names followed of one page; papers in physics have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One that the page names as author."""

    name: str
    url: str | None = None
    type: AuthorType = "Person"


def read(page: Markup, *, site_names: Collection[str], signature: str | None = None) -> tuple[Credit, ...]:
    """Those the page names as authors, in its order.

    The first source that names a person is followed; where none does, the first that names an organisation.
    ``signature`` is the line under the text.
    """
    site_keys = {names.key(name) for name in site_names} - {""}
    declared = _settle(_from_jsonld(page), site_keys)
    in_meta = _settle(_from_meta(page), site_keys)
    if _people(declared):
        return _named(page, _completed(declared, in_meta), site_keys)
    if _people(in_meta):
        return _named(page, in_meta, site_keys)
    shown = _settle(_from_byline(page, byline.STRONG if declared else 0.0), site_keys)
    if _people(shown):
        return tuple(shown)
    signed = _settle([Credit(name=name) for name in byline.signed(signature or "")], site_keys)
    if _people(signed):
        return tuple(signed)
    others = [source for source in (declared, in_meta, signed, shown) if source]
    named = (source for source in others if any(names.key(credit.name) not in site_keys for credit in source))
    return tuple(next(named, others[0] if others else ()))


def _named(page: Markup, credits: list[Credit], site_keys: Collection[str]) -> tuple[Credit, ...]:
    """The credits; where they are one user name or first name, the full name in the byline, if the page has one."""
    people = _people(credits)
    if len(people) == 1 and " " not in people[0].name and people[0].name.isascii():
        shown = _people(_settle(_from_byline(page, byline.LIKELY), site_keys))
        if shown and all(" " in credit.name for credit in shown):
            return (*shown, *(credit for credit in credits if credit.type == "Organization"))
    return tuple(credits)


def _people(credits: list[Credit]) -> list[Credit]:
    return [credit for credit in credits if credit.type == "Person"]


def _completed(credits: list[Credit], others: list[Credit]) -> list[Credit]:
    """The credits, or those of another source that has all of them and more."""
    own = [names.key(credit.name) for credit in credits]
    theirs = [names.key(credit.name) for credit in others]
    if len(others) > len(own) and set(own) <= set(theirs) and len(_people(others)) > len(_people(credits)):
        known = dict(zip(own, credits, strict=True))
        return [known.get(letters, other) for letters, other in zip(theirs, others, strict=True)]
    return credits


def _settle(credits: list[Credit], site_keys: Collection[str]) -> list[Credit]:
    """Typed, none twice, the site's own name dropped beside anyone else's."""
    found: dict[str, Credit] = {}
    for credit in credits:
        letters = names.key(credit.name)
        if letters and letters not in found and len(found) < MAX_AUTHORS:
            organisation = names.is_organisation(credit.name, site_keys)
            found[letters] = replace(credit, type="Organization") if organisation else credit
    if _people(list(found.values())):
        return [credit for letters, credit in found.items() if credit.type == "Person" or letters not in site_keys]
    return list(found.values())


def _from_jsonld(page: Markup) -> list[Credit]:
    return _credits(page.article.get("author") or page.article.get("creator"), page)


def _credits(value: Any, page: Markup, depth: int = 0) -> list[Credit]:
    value = jsonld.resolve(value, page.index)
    if isinstance(value, str):
        return [Credit(name=name) for name in names.part(plain(value))]
    if depth > 3:
        return []
    if isinstance(value, list):
        return [credit for child in value[:MAX_AUTHORS] for credit in _credits(child, page, depth + 1)]
    if not isinstance(value, dict):
        return []
    name = value.get("name") or value.get("@list")
    if not name and (value.get("familyName") or value.get("givenName")):
        name = f"{jsonld.first(value.get('givenName')) or ''} {jsonld.first(value.get('familyName')) or ''}"
    if isinstance(name, (list, dict)):
        return _credits(name, page, depth + 1)
    if not isinstance(name, str):
        return []
    kind: AuthorType = "Organization" if jsonld.types(value) & _ORGANISATION_TYPES else "Person"
    url = jsonld.first(value.get("url")) or jsonld.first(value.get("sameAs"))
    text = plain(name)
    people = [text] if kind == "Organization" and names.clean(text) else names.part(text)
    return [Credit(name=n, url=_address(url, page) if len(people) == 1 else None, type=kind) for n in people]


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
        if name == "citation_author":
            values = [" ".join(reversed(v.split(", "))) if v.count(", ") == 1 else v for v in values]
        credits = [Credit(name=n) for value in values[:MAX_AUTHORS] for n in names.part(value)]
        if credits:
            return credits
    return []


def _from_byline(page: Markup, least: float) -> list[Credit]:
    found = byline.read(page)
    if found.rank < least:
        return []
    return [Credit(name=name, url=_address(href, page)) for name, href in found.people]
