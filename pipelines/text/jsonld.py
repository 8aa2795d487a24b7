"""JSON-LD as news sites write it: found, repaired, and brought down to the node that describes the page.

Only the syntax is handled here: https://www.w3.org/TR/json-ld11/ allows far more than sites use, so
contexts are ignored, terms are taken as schema.org's by their last path segment, and ``@id`` references
are resolved within the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

Node = dict[str, Any]
"""A JSON-LD object; values are as parsed."""

MAX_SCRIPT = 2_000_000
"""Characters of one script that are parsed. The largest on 1,232 public pages has 0.4 million."""

MAX_NODES = 2_000
"""Objects of a page that are looked at; a page of a list may describe every entry."""

MAX_DEPTH = 12
"""Levels of nesting that are followed. Author objects lie at three to five."""

ARTICLE_TYPES = frozenset({
    "advertisercontentarticle", "analysisnewsarticle", "article", "askpublicnewsarticle",
    "backgroundnewsarticle", "blogposting", "liveblogposting", "newsarticle", "opinionnewsarticle", "report",
    "reportagenewsarticle", "reviewnewsarticle", "satiricalarticle", "scholarlyarticle", "socialmediaposting",
    "techarticle", "discussionforumposting",
})  # fmt: skip
"""schema.org/Article and its subtypes, in lower case (some sites write ``newsArticle``)."""

PAGE_TYPES = frozenset({"webpage", "itempage", "videoobject", "review", "recipe", "creativework", "event"})
"""Types that describe the page where none of the article types does, in no order."""

_DECODER = json.JSONDecoder(strict=False)
_TRAILING_COMMA = re.compile(r",(\s{0,200}[}\]])")
_WRAPPING = ("<!--", "<![CDATA[", "//", "/*", "*/")


def parse(script: str) -> Any:
    """The value of a script, or None. Repairs what is common: comment and CDATA wrapping, raw line breaks in
    strings, trailing commas, a second value after the first."""
    if len(script) > MAX_SCRIPT:
        return None
    text = script.lstrip("\ufeff \t\r\n")
    if not text:
        return None
    try:
        return _DECODER.raw_decode(text)[0]
    except (ValueError, RecursionError):
        pass
    while text.startswith(_WRAPPING):
        text = text[next(len(mark) for mark in _WRAPPING if text.startswith(mark)) :].lstrip()
    try:
        return _DECODER.raw_decode(_TRAILING_COMMA.sub(r"\1", text))[0]
    except (ValueError, RecursionError):
        return None


def nodes(values: Iterable[Any]) -> list[Node]:
    """The top-level objects of the scripts, ``@graph`` containers and lists opened."""
    found: list[Node] = []
    queue = list(values)
    while queue and len(found) < MAX_NODES:
        value = queue.pop(0)
        if isinstance(value, list):
            queue[:0] = value
        elif isinstance(value, dict):
            graph = value.get("@graph")
            if isinstance(graph, (list, dict)):
                queue[:0] = graph if isinstance(graph, list) else [graph]
            if graph is None or len(value) > 3:
                found.append(value)
    return found


def types(node: Node) -> frozenset[str]:
    """The ``@type`` names, without vocabulary prefix, in lower case."""
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return frozenset(re.split(r"[/#:]", name)[-1].lower() for name in names if isinstance(name, str))


def walk(value: Any, depth: int = 0) -> Iterator[Node]:
    """Every object within a value, itself first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        for child in value.values():
            if isinstance(child, (dict, list)):
                yield from walk(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            if isinstance(child, (dict, list)):
                yield from walk(child, depth + 1)


def by_id(top: Iterable[Node]) -> dict[str, Node]:
    """Objects by their ``@id``; the fullest wins where several have one."""
    index: dict[str, Node] = {}
    for count, node in enumerate(n for t in top for n in walk(t)):
        if count >= MAX_NODES:
            break
        name = node.get("@id")
        if isinstance(name, str) and len(node) > len(index.get(name, {})):
            index[name] = node
    return index


def resolve(value: Any, index: Mapping[str, Node]) -> Any:
    """The object that a reference ``{"@id": …}`` stands for; any other value is itself."""
    if isinstance(value, dict) and len(value) <= 2 and "name" not in value:
        name = value.get("@id")
        if isinstance(name, str):
            return index.get(name, value)
    return value


def strings(value: Any) -> list[str]:
    """The strings that a value gives: itself, of a list, or the ``name`` or ``@value`` of an object."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        return [text for child in value for text in strings(child)]
    if isinstance(value, dict):
        return strings(value.get("name") or value.get("@value") or value.get("url") or value.get("@id"))
    return []


def first(value: Any) -> str | None:
    """The first string of a value."""
    return next(iter(strings(value)), None)


def same_page(a: str, b: str) -> bool:
    """Whether two addresses differ in scheme, ``www.``, query, fragment or final slash only."""
    return bool(a) and _key(a) == _key(b)


def _key(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "", url
    return (parts.netloc.lower().removeprefix("www.").removeprefix("m."), unquote(parts.path).rstrip("/"))


def addresses(node: Node) -> list[str]:
    """What a node gives as the address of its page."""
    found: list[str] = []
    for key in ("url", "mainEntityOfPage", "@id"):
        value = node.get(key)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        found += [text for text in strings(value) if "/" in text]
    return found


def article(top: list[Node], urls: Iterable[str], titles: Iterable[str]) -> Node:
    """The node that describes the page's article; empty where there is none.

    Of several (lists of further articles are common) the one with the page's address, else the one with one of
    the page's titles, else the first that does not claim to be another page.
    """
    wanted = [url for url in urls if url]
    heads = {" ".join(title.split()).casefold() for title in titles if title}
    candidates = [node for node in top if types(node) & ARTICLE_TYPES]
    for node in top:
        main = node.get("mainEntity")
        if types(node) & PAGE_TYPES and isinstance(main, dict) and types(main) & ARTICLE_TYPES:
            candidates.append(main)
    best: Node = {}
    best_rank = 0
    for node in candidates:
        known = addresses(node)
        head = " ".join((first(node.get("headline")) or first(node.get("name")) or "").split()).casefold()
        if any(same_page(a, b) for a in known for b in wanted):
            rank = 4
        elif head and head in heads:
            rank = 3
        else:
            rank = 1 if known else 2
        rank = rank * 100 + min(len(node), 99)
        if rank > best_rank:
            best, best_rank = node, rank
    return best
