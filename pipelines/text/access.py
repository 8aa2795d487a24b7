"""Whether the article is free to read, and under which licence it stands, as far as the page says."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from lxml.html import HtmlElement

from pipelines.text import jsonld
from pipelines.text.structured import Markup, plain, text_of

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
_CAPTION = re.compile(r"caption|credit|photo|picture|image|gallery|bild|foto|legend", re.I)
_PICTURE = re.compile(
    r"photo|picture|image|illustration|graphic|video|foto|bild|grafik|graphique|imagen|imagem|immagin|obraz|zdj|kuva"
    r"|фото|изображени|зображенн|写真|画像|图片|圖片|照片|사진|صورة|תמונ",
    re.I,
)
"""Words of credits, as parts of words; one that stands there by chance costs a permission, no more."""
_BLOCKS = frozenset({"p", "li", "dd", "td", "div", "small", "footer", "section", "aside", "article", "body"})


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
    for named in stated_licenses(page):
        return named
    terms = rsl_links(page)
    for href in [href for href in page.links.get("license", ()) if href not in terms][:1]:
        try:
            return urljoin(page.url, href)
        except ValueError:
            return None
    for name in ("dc.rights.license", "dcterms.license", "license", "rights-license"):
        if stated := page.first(name):
            return plain(stated)
    for name in ("dcterms.license", "dcterms:license"):  # DCMI's "Expressing Dublin Core metadata using HTML"
        for href in page.links.get(name, ()):
            return href
    return None


def stated_licenses(page: Markup) -> list[str]:
    """All that JSON-LD names as ``license`` of the article: addresses, and names of what has none."""
    value = page.article.get("license")
    found = []
    for each in value if isinstance(value, list) else [value]:
        each = jsonld.resolve(each, page.index)
        stated = jsonld.first((each.get("url") or each.get("@id") or each) if isinstance(each, dict) else each)
        if stated and (text := plain(stated)):
            found.append(text)
    return found


def rsl_links(page: Markup) -> list[str]:
    """Addresses of RSL documents (https://rslstandard.org), which stand in links with ``rel=license``, too."""
    return [href for _, href, rsl in _license_links(page) if rsl]


def is_in_doubt(page: Markup) -> bool:
    """Whether the licence stands in links of the text only, and not all of them are the page's own.

    By the HTML standard ``rel=license`` is of the page's main content; but people mark up the credits of pictures
    with it as well. Two different ones cannot both be the page's.
    """
    if page.article.get("license"):
        return False
    links = [(element, href) for element, href, rsl in _license_links(page) if not rsl]
    if any(element.tag == "link" for element, _ in links):
        return False
    return len({href for _, href in links}) > 1 or any(_of_a_picture(element) for element, _ in links)


def _of_a_picture(link: HtmlElement) -> bool:
    """Whether a link stands in a caption, or in a paragraph that speaks of pictures."""
    around = [link, *link.iterancestors()][:8]
    if any(each.tag in ("figure", "figcaption") or _CAPTION.search(each.get("class", "")[:400]) for each in around):
        return True
    block = next((each for each in around if each.tag in _BLOCKS), None)
    return block is not None and bool(_PICTURE.search(text_of(block)))


def _license_links(page: Markup) -> list[tuple[HtmlElement, str, bool]]:
    """Links with ``rel=license``, their address, and whether they are RSL. Few pages have any."""
    if "license" not in page.links:
        return []
    return [
        (element, element.get("href", "").strip(), "rsl+xml" in element.get("type", "").lower())
        for element in page.tree.iter("link", "a")
        if "license" in element.get("rel", "").lower().split()
    ]
