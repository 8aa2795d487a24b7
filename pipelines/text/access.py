"""Whether the article is free to read, and under which licence it stands, as far as the page says."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from pipelines.text import jsonld
from pipelines.text.structured import Markup, plain

_TIERS = {
    "free": True,
    "open": True,
    "metered": None,
    "locked": False,
    "paid": False,
    "premium": False,
    "subscription": False,
    "subscriber": False,
    "registered": None,
}
_CC = re.compile(r"^(?:https?:)?//(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/", re.I)


def is_accessible_for_free(page: Markup) -> bool | None:
    """schema.org ``isAccessibleForFree`` of the article or of a part of it, else the content tier in meta elements."""
    value = _flag(page.article.get("isAccessibleForFree"))
    if value is None and "isAccessibleForFree" not in page.article:
        parts = page.article.get("hasPart")
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and _flag(part.get("isAccessibleForFree")) is False:
                return False
    if value is not None:
        return value
    for name in (
        "article:content_tier",
        "og:article:content_tier",
        "lp:content_tier",
        "content_tier",
        "isaccessibleforfree",
        "is_paywalled",
        "paywall",
    ):
        stated = (page.first(name) or "").strip().lower()
        if not stated:
            continue
        if name == "isaccessibleforfree":
            return _flag(stated)
        if name in ("is_paywalled", "paywall"):
            flag = _flag(stated)
            return None if flag is None else not flag
        if stated in _TIERS:
            return _TIERS[stated]
    return None


def _flag(value: Any) -> bool | None:
    """Booleans as sites write them: ``true``, ``"False"``, ``"http://schema.org/False"``, 1."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool):
        return value
    text = str(value).rsplit("/", 1)[-1].strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text)


def license_of(page: Markup) -> str | None:
    """JSON-LD ``license``, ``rel=license``, or a Creative Commons link at the article's foot; no RSL document."""
    value = page.article.get("license")
    stated = jsonld.first(value.get("url") or value.get("@id") if isinstance(value, dict) else value)
    if stated and plain(stated):
        return plain(stated)
    terms = rsl_links(page)
    for href in [href for href in page.links.get("license", ()) if href not in terms][:1]:
        try:
            return urljoin(page.url, href)
        except ValueError:
            return None
    for name in ("dc.rights.license", "dcterms.license", "license", "rights-license"):
        if stated := page.first(name):
            return plain(stated)
    return None


def rsl_links(page: Markup) -> list[str]:
    """Addresses of RSL documents (https://rslstandard.org), which stand in links with ``rel=license``, too."""
    return [href for _, href, rsl in _license_links(page) if rsl]


def is_loose(page: Markup) -> bool:
    """Whether the licence stands in a link of the text only: it may be that of a picture."""
    if page.article.get("license") or not (links := _license_links(page)):
        return False
    return not any(tag == "link" and not rsl for tag, _, rsl in links)


def _license_links(page: Markup) -> list[tuple[str, str, bool]]:
    """Links with ``rel=license``: their element, address, and whether they are RSL. Few pages have any."""
    if "license" not in page.links:
        return []
    return [
        (element.tag, element.get("href", "").strip(), "rsl+xml" in element.get("type", "").lower())
        for element in page.tree.iter("link", "a")
        if "license" in element.get("rel", "").lower().split()
    ]
