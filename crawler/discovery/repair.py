"""XML that feedparser can read strictly, from XML that it cannot.

feedparser's own way with broken feeds, its loose parser, takes seconds for what an attacker sends in 1 MB, and reads
the half of an address at the end of a cut feed as an address.
"""

from __future__ import annotations

import re
from html.entities import html5
from xml.parsers import expat

from lxml import etree

from crawler.discovery.content import one_line

MAX_NESTING = 100
"""Open elements in a feed. Real feeds stay below 20; feedparser's time grows with the square of it."""

MAX_ATTRIBUTES = 200
"""Attributes of one element. Real feeds have namespaces by the dozen; feedparser's time grows with the square of it."""

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_START = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:rss|rdf|feed|channel)\b", re.IGNORECASE)
_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,31});)?")


def well_formed(text: str) -> tuple[bytes, str]:
    """The document in UTF-8 and without declaration, and what had to be mended (or nothing).

    :raises ValueError: it is not to be parsed, or is past mending.
    """
    body = _DECLARATION.sub("", text, count=1).lstrip().encode("utf-8", "replace")
    problem = _fault(body)
    if not problem:
        return body, ""
    start = _START.search(text)
    if not start:
        raise ValueError(f"not well-formed: {problem}")
    text, cut = _whole(text[start.start() :])
    body = _mended(text)
    if fault := _fault(body):
        raise ValueError(f"not well-formed, and past mending: {fault}")
    return body, "it is cut off; the items before that were read" if cut else f"not well-formed, mended: {problem}"


def _whole(text: str) -> tuple[str, bool]:
    """The feed up to its last whole item if it has no end: half an address is a wrong address."""
    if _END.search(text, max(0, len(text) - 65_536)):
        return text, False
    last = max(text.rfind("</item>"), text.rfind("</entry>"))
    return (text[: text.index(">", last) + 1], True) if last >= 0 else (text, True)


def _mended(text: str) -> bytes:
    parts = _CDATA.split(text)
    parts[::2] = [_AMPERSAND.sub(_entity, part) for part in parts[::2]]
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8",
        remove_comments=True, remove_pis=True, strip_cdata=False,
    )  # fmt: skip
    try:
        root = etree.fromstring("".join(parts).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed: {one_line(str(error), 200)}") from error
    if root is None:
        raise ValueError("not well-formed: there is no element in it")
    return etree.tostring(root, encoding="utf-8", xml_declaration=False)


def _entity(found: re.Match[str]) -> str:
    """A name of HTML's as its character; an ampersand that begins no entity as itself."""
    name = found[1]
    if name and f"{name};" in html5:
        return html5[f"{name};"].replace("&", "&amp;").replace("<", "&lt;")
    return f"&amp;{found[0][1:]}"


def _fault(body: bytes) -> str:
    """Why a strict parser refuses the document (or nothing).

    :raises ValueError: feedparser must not see it.
    """
    depth = 0

    def opened(_name: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_NESTING:
            raise ValueError(f"more than {MAX_NESTING} elements are open at once")
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise ValueError(f"an element has more than {MAX_ATTRIBUTES} attributes")

    def closed(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        return one_line(str(error), 200) or "unknown"
    return ""
