"""HTML to elements, within bounds."""

from __future__ import annotations

import re

from lxml import etree, html

from crawler.discovery.collect import Collector
from crawler.discovery.content import MAX_HTML, decode
from crawler.discovery.urls import absolute
from crawler.discovery.values import Fetched

LONG_TAG, MAX_ATTRIBUTES = 4_000, 200
"""A tag of more characters is looked at; if it has more attributes, it loses them. 200,000 take libxml2 minutes."""

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def parsed(page: Fetched, found: Collector) -> html.HtmlElement | None:
    """The page's elements, or None if there are none; what is not read is noted."""
    if len(page.payload) > MAX_HTML:
        found.note(f"page: only the first {MAX_HTML} bytes were read")
    text = decode(page.payload[:MAX_HTML], page.header("content-type"), page.encoding).replace("\x00", "")
    text = _tamed(text)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return root


def _tamed(text: str) -> str:
    """The page without tags of hundreds of attributes, for which libxml2 takes the square of their number."""
    if len(text) < LONG_TAG:
        return text
    parts = text.split("<")
    for number, part in enumerate(parts):
        if len(part) > LONG_TAG:
            end = part.find(">")
            tag = part[: end if end >= 0 else None]
            if len(tag) > LONG_TAG and len(_QUOTED.sub("", tag).split()) > MAX_ATTRIBUTES:
                parts[number] = f"{tag.split(maxsplit=1)[0][:40]}>{part[len(tag) + 1 :]}"
    return "<".join(parts)


def base_of(root: html.HtmlElement, url: str) -> str:
    """What relative links are relative to."""
    for element in root.iter("base"):
        if href := element.get("href"):
            return absolute(href, url) or url
    return url
