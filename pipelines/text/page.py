"""From a capture to a parsed page, or the reason why there is none to parse."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import lxml.html
from lxml import etree

from pipelines.model import Capture, Role
from pipelines.text.charset import decode_text
from pipelines.text.decode import UndecodableError, decode_content

MAX_HTML = 16 * 1024 * 1024
"""Characters of a page that is parsed. The largest of 1,232 public news pages has 4.4 million."""

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml", ""})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
_FEED_STARTS = ("<rss", "<feed", "<rdf:rdf")
_SITEMAP_STARTS = ("<urlset", "<sitemapindex")


@dataclass(frozen=True, slots=True)
class No:
    """Why a capture is no article: a reason of ``docs/rejections.md``, and what exactly was seen."""

    reason: str
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A parsed page."""

    capture: Capture
    tree: lxml.html.HtmlElement


def open_page(capture: Capture) -> Page | No:
    """Parse a capture. Raises nothing for bad input."""
    if capture.ref.type == "revisit":  # the same payload has had its outcome already
        return No("revisit", f"payload as in {capture.ref.refers_to}")
    if no := _by_head(capture):
        return no
    if capture.truncated:
        return No("truncated", capture.truncated)
    try:
        body = decode_content(capture)
    except UndecodableError as error:
        return No("undecodable", str(error))
    if not body.strip():
        return No("empty-body")
    content_type = capture.header("content-type")
    text = decode_text(body, content_type)
    if no := _by_content(text, mime_of(content_type)):
        return no
    tree = parse_html(text[:MAX_HTML])
    if tree is None:
        return No("not-html", "nothing to parse")
    return Page(capture=capture, tree=tree)


def mime_of(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _by_head(capture: Capture) -> No | None:
    role, status = capture.provenance.role, capture.status
    if role is Role.ROBOTS:
        return No("robots")
    if role is Role.REQUISITE:  # whatever came of it: it was never to be an article
        return No("requisite", f"status {status}" if status != 200 else mime_of(capture.header("content-type")) or None)
    if 300 <= status < 400 and status != 304:
        return No("redirect", capture.header("location"))
    if status != 200:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        return No("http-status", f"{status} {phrase}".strip())
    if role is Role.FEED:
        return No("feed")
    if role is Role.SITEMAP:
        return No("sitemap")
    mime = mime_of(capture.header("content-type"))
    if mime in _FEED_TYPES:
        return No("feed", mime)
    if mime not in _HTML_TYPES and not (mime == "text/plain" and capture.payload.lstrip()[:1] == b"<"):
        return No("not-html", mime)
    if not capture.payload:
        return No("empty-body")
    return None


_CONTROLS = tuple(chr(code) for code in range(32) if chr(code) not in "\t\n\r\f")


def _by_content(text: str, mime: str) -> No | None:
    start = text[:2000].lstrip()
    while start.startswith(("<?", "<!--", "<!DOCTYPE", "<!doctype")):
        _, closed, rest = start.partition("-->" if start.startswith("<!--") else ">")
        if not closed:
            break
        start = rest.lstrip()
    start = start[:20].lower()
    if start.startswith(_FEED_STARTS):
        return No("feed", mime or None)
    if start.startswith(_SITEMAP_STARTS):
        return No("sitemap", mime or None)
    head = text[:4096]
    if sum(map(head.count, _CONTROLS)) > len(head) // 50:
        return No("not-html", "binary data")
    if "<" not in text[:100_000]:
        return No("not-html", mime or "no markup")
    return None


def parse_html(text: str) -> lxml.html.HtmlElement | None:
    """The tree of a page; comments and processing instructions left out."""
    text = _without_attribute_floods(text)
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return tree


MOST_ATTRIBUTES = 1_000
"""Attributes of one element that are parsed. The parser compares each with all others: 200,000 take minutes. The most
on 1,232 public pages is 58."""


def _without_attribute_floods(text: str) -> str:
    """The page with the attributes taken out of any element that has absurdly many."""
    if text.count("=") <= MOST_ATTRIBUTES:
        return text
    parts = text.split(">")
    changed = False
    for index in [index for index, part in enumerate(parts) if len(part) > 4 * MOST_ATTRIBUTES]:
        part = parts[index]
        if part.count("=", part.rfind("<") + 1) > MOST_ATTRIBUTES:
            start = part.rfind("<")
            name = part[start + 1 : start + 40].split(maxsplit=1)[:1]
            if name and name[0].isalnum():
                parts[index] = f"{part[:start]}<{name[0]}"
                changed = True
    return ">".join(parts) if changed else text
