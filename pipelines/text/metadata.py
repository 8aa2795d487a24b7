"""What a page says of its article: headline, authors, dates and the rest of the record's metadata.

The page has been read once (``structured.gather``); each field then has its own module and its own order of sources,
described in ``docs/metadata.md``. Nothing is taken from the clock or the network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipelines.model import Author, Provenance, Publisher
from pipelines.text import access, authors, canonical, dates, headline, jsonld, language, topics
from pipelines.text.names import key
from pipelines.text.structured import Markup, plain

MAX_DESCRIPTION = 2_000
"""Characters; longer ones are the text itself."""


_UNKNOWN = Provenance()

MAX_NAME = 60
"""Characters of a site's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The article record's fields of the same names."""

    headline: str | None
    alternative_headline: str | None
    description: str | None
    authors: tuple[Author, ...]
    """All that the page names as authors, people and organisations, in its order."""
    date_published: str | None
    date_published_raw: str | None
    date_published_source: str | None
    date_modified: str | None
    language: str | None
    """As the page declares it; ``language.identify`` holds it against the text."""
    declared_languages: tuple[str, ...]
    """All that the page declares of its language, in order of trust."""
    article_section: tuple[str, ...]
    keywords: tuple[str, ...]
    publisher: Publisher
    canonical_url: str
    image: str | None
    is_accessible_for_free: bool | None
    license: str | None


def read(
    page: Markup,
    *,
    url: str,
    captured: datetime,
    headers: tuple[tuple[str, str], ...] = (),
    provenance: Provenance = _UNKNOWN,
    signature: str | None = None,
) -> Metadata:
    """The metadata of a page. Does not change the tree; gives the same for the same input, always.

    ``signature``: the line under the text in which its author may be named.
    """
    domain = _host(url)
    if not domain:
        page = replace(page, url="")
    names = site_names(page)
    credits = authors.read(page, site_names=names, signature=signature)
    section = topics.sections(page, site_names=names)
    people = [credit.name for credit in credits if credit.type == "Person"]
    head = headline.read(page, site_names=names, sections=section, people=[c.name for c in credits])
    title = head.headline or (plain(provenance.title) if provenance.title else None) or None
    when = dates.read(page, captured=captured, provenance=provenance)
    declared = _languages(page, headers)
    return Metadata(
        headline=title,
        alternative_headline=head.alternative,
        description=_description(page),
        authors=tuple(Author(name=credit.name, url=credit.url, type=credit.type) for credit in credits),
        date_published=when.published,
        date_published_raw=when.raw,
        date_published_source=when.source,
        date_modified=when.modified,
        language=language.identify("", declared=declared),
        declared_languages=declared,
        article_section=section,
        keywords=topics.keywords(page, people=people),
        publisher=Publisher(name=_publisher(page, names, head.headline), domain=domain),
        canonical_url=canonical.read(page) or url,
        image=_image(page),
        is_accessible_for_free=access.is_accessible_for_free(page),
        license=access.license_of(page),
    )


_SITE_META = (
    "og:site_name",
    "application-name",
    "apple-mobile-web-app-title",
    "al:ios:app_name",
    "al:android:app_name",
    "twitter:site",
    "dc.publisher",
    "copyright",
    "publisher",
)


def site_names(page: Markup) -> tuple[str, ...]:
    """What the page calls its site and publisher, the best first."""
    found: dict[str, str] = {}
    values = [v for name in _SITE_META for v in page.meta.get(name, ())[:2]]
    publisher = jsonld.resolve(page.article.get("publisher") or page.article.get("sourceOrganization"), page.index)
    values[1:1] = [v for v in jsonld.strings(publisher) if not v.startswith("http")]
    for node in page.nodes:
        if jsonld.types(node) & {"website", "organization", "newsmediaorganization", "newspaper"}:
            values += jsonld.strings(node.get("name")) + jsonld.strings(node.get("alternateName"))
        elif jsonld.types(node) & {"webpage"}:
            values += jsonld.strings(jsonld.resolve(node.get("publisher"), page.index))
    for value in values:
        name = re.sub(r"^(?:©|\(c\)|copyright)\s*(?:\d{4})?\s*", "", plain(value), flags=re.I).lstrip("@")
        if name and len(name) <= MAX_NAME and not name.startswith(("http:", "https:")):
            found.setdefault(key(name), name)
    found.pop("", None)
    return tuple(found.values())


def _publisher(page: Markup, names: tuple[str, ...], title: str | None) -> str | None:
    publisher = jsonld.resolve(page.article.get("publisher"), page.index)
    site = page.first("og:site_name")
    stated = next((plain(v) for v in jsonld.strings(publisher) if not v.startswith("http")), None)
    if site and not re.match(r"^(?:https?://|www\.)", site):
        return plain(site)
    if stated or names:
        return stated or names[0]
    if title and title in page.title and len(page.title) > len(title):
        # "Headline | The Post", "The Post: Headline": what the page's title adds is the site's name
        before, after = page.title.split(title, 1)
        added = _PARTS.split(after.strip(_EDGES))[-1] or _PARTS.split(before.strip(_EDGES))[0]
        return added.strip(_EDGES) if 0 < len(added) <= MAX_NAME else None
    return None


_EDGES = " -–—|·•»«:/"
_PARTS = re.compile(r"\s*[|·•»]\s*|\s+[-–—:/]+\s+|::")


def _description(page: Markup) -> str | None:
    for value in (
        page.first("og:description"),
        page.first("description"),
        jsonld.first(page.article.get("description")),
        page.first("twitter:description", "dc.description", "dcterms.description"),
    ):
        if value and (text := plain(value)):
            return text[:MAX_DESCRIPTION]
    return None


def _image(page: Markup) -> str | None:
    for value in (
        page.first("og:image", "og:image:url", "og:image:secure_url"),
        _image_url(page, page.article.get("image")),
        page.first("twitter:image", "twitter:image:src"),
        next(iter(page.links.get("image_src", ())), None),
    ):
        if value and not value.startswith("data:"):
            try:
                address = urljoin(page.url, plain(value))
            except ValueError:
                continue
            if address.startswith(("http://", "https://")):
                return address
    return None


def _image_url(page: Markup, value: Any) -> str | None:
    value = jsonld.resolve(value, page.index)
    if isinstance(value, list):
        return next((found for child in value[:5] if (found := _image_url(page, child))), None)
    if isinstance(value, dict):
        return jsonld.first(value.get("url")) or jsonld.first(value.get("contentUrl"))
    return value if isinstance(value, str) else None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _languages(page: Markup, headers: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    values = [
        page.lang,
        *jsonld.strings(page.article.get("inLanguage"))[:1],
        *(
            page.first(name) or ""
            for name in ("og:locale", "content-language", "language", "dc.language", "dcterms.language")
        ),
        *(value for name, value in headers if name.lower() == "content-language" and "," not in value),
    ]
    return tuple(dict.fromkeys(tag for value in values if (tag := language.normalise(value))))
