"""What a page says of itself for machines, gathered in one pass over its elements.

Reads ``meta`` (name, property and itemprop), ``link``, ``title``, headings, ``time`` and scripts of JSON-LD.
Nothing is judged here: which of several values is believed is the matter of the modules that ask.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import lxml.html

from pipelines.text import jsonld
from pipelines.text.jsonld import Node

MAX_VALUE = 20_000
"""Characters of a single value that are kept."""

MAX_VALUES = 200
"""Values kept of one name; pages of lists repeat ``link rel=preload`` thousands of times."""

_SPACE = re.compile(r"\s+")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff\u00ad"))
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_TAG = re.compile(r"</?[a-z][^<>]{0,200}>", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """An ``h1``: its text, and whether it is marked up as the headline or stands in the article."""

    text: str
    marked: bool
    home: bool
    """It links to the home page: the site's name, not a headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A ``time`` element, or one with ``itemprop`` of a date."""

    value: str
    text: str
    label: str
    """Its class, id and itemprop, lower case: tells publication from modification."""
    element: lxml.html.HtmlElement


_SPEAKING = re.compile(
    r"uthor|autor|yline|writer|reporter|redak|/(?:staff|people|profil|by|team|journalist|contributor|newsteam)|"
    r"[dD]ate|[tT]ime|ublish|datum|fecha|posted|meta|info|rumb|cat-links|category"
)
"""What attributes of bylines, dates, breadcrumbs and category links have in them."""

_DUMB = frozenset(
    {"meta", "link", "script", "style", "img", "path", "svg", "use", "source", "option", "iframe", "input"}
)

MAX_COUNT = 60
"""Attributes of an element; lxml takes time quadratic in their number to list them."""

MAX_ATTRIBUTES = 400
"""Characters of an element's attributes together; longer ones hold data, not names."""


class Speaking:
    """Elements whose attributes may name a byline, a date or a breadcrumb, found once and only when asked for.

    Most pages of the news answer all questions in their head; for the others one pass in Python is cheaper than an
    XPath for each question.
    """

    __slots__ = ("_found", "_tree")

    def __init__(self, tree: lxml.html.HtmlElement) -> None:
        self._tree = tree
        self._found: list[lxml.html.HtmlElement] | None = None

    def __iter__(self) -> Iterator[lxml.html.HtmlElement]:
        if self._found is None:
            self._found = []
            search = _SPEAKING.search
            for element in self._tree.iter(lxml.html.etree.Element):
                if element.tag == "h1" or (
                    element.tag not in _DUMB
                    and 0 < len(element.attrib) <= MAX_COUNT
                    and search(" ".join(element.values())[:MAX_ATTRIBUTES])
                ):
                    self._found.append(element)
        return iter(self._found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """The machine-readable part of a page."""

    tree: lxml.html.HtmlElement
    url: str
    meta: Mapping[str, tuple[str, ...]]
    """Values of ``meta`` by lower-case name, in page order; those of ``itemprop`` under ``itemprop:…``."""
    links: Mapping[str, tuple[str, ...]]
    """Addresses of ``link`` and ``a`` by ``rel`` token."""
    title: str
    headings: tuple[Heading, ...]
    times: tuple[Time, ...]
    lang: str
    """``html lang``, else ``xml:lang``."""
    nodes: tuple[Node, ...]
    """JSON-LD objects."""
    index: Mapping[str, Node]
    """JSON-LD objects by ``@id``."""
    article: Node
    """The JSON-LD object of the article; empty where there is none."""
    speaking: Speaking
    """Elements of the body whose attributes name what they hold, ``h1`` among them, in page order."""

    def first(self, *names: str) -> str | None:
        """The first value that is not empty, names in order of preference."""
        for name in names:
            for value in self.meta.get(name, ()):
                return value
        return None

    def all(self, *names: str) -> list[str]:
        """All values of the first name that has any."""
        for name in names:
            if values := self.meta.get(name):
                return list(values)
        return []


_SILENT = frozenset({"script", "style", "noscript", "template", "svg"})
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "cite",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
        "wbr",
    }
)


def text_of(element: lxml.html.HtmlElement, *, apart: bool = False) -> str:
    """An element's text, white space squeezed; scripts and styles inside left out.

    Blocks and line breaks part words; with ``apart`` every element does, as bylines leave the gap to CSS.
    """
    parts: list[str] = []
    _collect(element, parts, apart, 0)
    return squeeze("".join(parts))


def _collect(element: lxml.html.HtmlElement, parts: list[str], apart: bool, depth: int) -> None:
    if element.text:
        parts.append(element.text)
    if depth > 40:
        return
    for child in element:
        tag = child.tag
        if isinstance(tag, str) and tag not in _SILENT:
            gap = apart or tag not in _INLINE
            if gap:
                parts.append(" ")
            _collect(child, parts, apart, depth + 1)
            if gap:
                parts.append(" ")
        if child.tail:
            parts.append(child.tail)


def squeeze(value: str) -> str:
    """Without runs of white space and invisible characters."""
    return _SPACE.sub(" ", value.translate(_INVISIBLE)).strip()


def plain(value: str) -> str:
    """A value as its author meant it: entities that were escaped twice resolved, tags taken out."""
    for _ in range(2):
        if "&" not in value or not _ENTITY.search(value):
            break
        value = html.unescape(value)
    if "<" in value:
        value = _TAG.sub("", value)
    return squeeze(value)


def gather(tree: lxml.html.HtmlElement, url: str) -> Markup:
    """The machine-readable part of a page. The tree is left as it is."""
    meta: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    scripts: list[object] = []
    headings: list[Heading] = []
    times: list[Time] = []
    title = ""
    for element in tree.iter("meta", "link", "a", "script", "title", "h1", "time"):
        get, tag = element.get, element.tag
        if tag == "meta":
            content = get("content")
            if content and (content := content[:MAX_VALUE].strip()):
                for name in {get("property"), get("name"), get("http-equiv")}:
                    if name:
                        _add(meta, name.strip().lower(), content)
                if name := get("itemprop"):
                    _add(meta, "itemprop:" + name.strip().lower(), content)
        elif tag in ("link", "a"):
            rel, href = get("rel"), get("href")
            if rel and href and "nofollow" != rel != "stylesheet":
                for token in rel.lower().split():
                    _add(links, token, href.strip())
        elif tag == "script":
            kind = (get("type") or "").lower()
            if "ld+json" in kind:
                scripts.append(jsonld.parse(element.text or ""))
        elif tag == "h1":
            if text := text_of(element):
                label = f"{get('class', '')} {get('id', '')} {get('itemprop', '')}".lower()
                headings.append(
                    Heading(text=text, marked="headline" in label or "title" in label, home=_links_home(element, url))
                )
        elif tag == "time":
            times.append(_time(element))
        elif not title and _in_head(element):
            title = squeeze(element.text or "")
    nodes = jsonld.nodes(scripts)
    head = [h.text for h in headings] + meta.get("og:title", [])
    known = [url, *links.get("canonical", [])[:1], *meta.get("og:url", [])[:1]]
    return Markup(
        tree=tree,
        url=url,
        meta={name: tuple(values) for name, values in meta.items()},
        links={name: tuple(values) for name, values in links.items()},
        title=plain(title),
        headings=tuple(headings),
        times=tuple(times),
        lang=(tree.get("lang") or tree.get("xml:lang") or "").strip(),
        nodes=tuple(nodes),
        index=jsonld.by_id(nodes),
        article=jsonld.article(nodes, known, head),
        speaking=Speaking(tree),
    )


def _add(target: dict[str, list[str]], name: str, value: str) -> None:
    values = target.setdefault(name, [])
    if len(values) < MAX_VALUES:
        values.append(value)


def _links_home(element: lxml.html.HtmlElement, url: str) -> bool:
    parent = element.getparent()
    links = list(element.iter("a")) or ([parent] if parent is not None and parent.tag == "a" else [])
    href = links[0].get("href") if len(links) == 1 else None
    if href is None or url.rstrip("/").count("/") <= 2:
        return False
    return bool(re.fullmatch(r"(?:https?:)?(?://[^/]+)?/?(?:index\.\w+)?", href.strip()))


def _in_head(element: lxml.html.HtmlElement) -> bool:
    """An ``svg`` has titles too."""
    parent = element.getparent()
    return parent is None or parent.tag != "svg"


def _time(element: lxml.html.HtmlElement) -> Time:
    get = element.get
    return Time(
        value=(get("datetime") or get("content") or "").strip(),
        text=text_of(element),
        label=f"{get('class', '')} {get('id', '')} {get('itemprop', '')}".lower(),
        element=element,
    )
