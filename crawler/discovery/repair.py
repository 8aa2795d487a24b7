"""XML that feedparser can read strictly, from XML that it cannot.

feedparser's own way with broken feeds, its loose parser, takes seconds for what an attacker sends in 1 MB, and reads
the half of an address at the end of a cut feed as an address.
"""

from __future__ import annotations

import itertools
import re
from html.entities import html5
from xml.parsers import expat

from lxml import etree

from crawler.discovery.content import blocks, one_line

MAX_NESTING = 100
"""Open elements in a feed. Real feeds stay below 20; feedparser's time grows with the square of it."""

MAX_ATTRIBUTES = 200
"""Attributes of one element. Real feeds have namespaces by the dozen; feedparser's time grows with the square of it."""

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_START = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:rss|rdf|feed|channel)\b", re.IGNORECASE)
_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_PREFIX = re.compile(r"[<\s]([A-Za-z_][\w.-]{0,30}):[A-Za-z_]")
_PROSE = ("content:encoded", "description", "summary")
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
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
    ends = [found.end() for found in _ITEM_END.finditer(text)]
    if not ends:
        raise ValueError("it is cut off before its first item ends")
    return text[: ends[-1]], True


def _mended(text: str) -> bytes:
    for tag in _PROSE:  # markup in them that is not escaped; none of it is needed here
        text = "".join(blocks(text, f"<{tag}>", f"</{tag}>")[::2])
    parts = blocks(_with_namespaces(text), "<![CDATA[", "]]>")
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


def _with_namespaces(text: str) -> str:
    """The document with its undeclared prefixes declared, the common ones as what they are meant to be."""
    used = {found[1] for found in itertools.islice(_PREFIX.finditer(text), 100_000)} - {"xml", "xmlns"}
    missing = sorted(prefix for prefix in used if f"xmlns:{prefix}=" not in text)[:50]
    root = _START.match(text)
    if not missing or not root:
        return text
    declared = "".join(f' xmlns:{prefix}="{_NAMESPACES.get(prefix, f"urn:undeclared:{prefix}")}"' for prefix in missing)
    return text[: root.end()] + declared + text[root.end() :]


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
