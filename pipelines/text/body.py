"""Where the article's body is: the container that holds most of the running text."""

from __future__ import annotations

import re
from collections.abc import Iterable

import lxml.html

from pipelines.text.blocks import HEADINGS, Block, Furniture
from pipelines.text.vocabulary import BODY, names_of

_TAG_WEIGHT = {
    "p": 1.0,
    "blockquote": 0.8,
    "div": 0.8,
    "section": 0.7,
    "article": 0.7,
    "li": 0.4,
    "td": 0.5,
    "pre": 0.6,
}
_WEAK = 0.15
_SHARE = 0.66
STRONG = frozenset({"comments", "related", "dialog", "newsletter"})
_ALONE = frozenset({"navigation", "form", "share", "aside"})


SENTENCE_END = re.compile(r"[.!?…。！？।؟:;\"”»’')\]]$")
"""How a sentence ends, in the scripts of the web."""


def is_prose(block: Block) -> bool:
    """Whether a block reads as running text: long enough, and not mostly links."""
    return block.size >= 40 and block.links < 0.5 * len(block.text) and block.tag not in HEADINGS


def container(blocks: list[Block], root: lxml.html.HtmlElement) -> lxml.html.HtmlElement | None:
    """The element that holds the body, or None where there is no running text."""
    scores: dict[lxml.html.HtmlElement, float] = {}
    marked: dict[lxml.html.HtmlElement, bool] = {}
    exempt(blocks)
    blocks = [block for block in blocks if is_prose(block)]
    for block in blocks:
        weight = _TAG_WEIGHT.get(block.tag, 0.5) * block.size * (1 - block.links / len(block.text))
        if any(not part.exempt for part in block.furniture):
            weight *= _WEAK
        path = []
        element = block.element
        while element is not None:
            path.append(element)
            if element not in marked:
                marked[element] = element.get("itemprop") == "articleBody" or bool(
                    BODY.search(names_of(element.get("class"), element.get("id")))
                )
            if marked[element]:
                weight *= 2
            element = element.getparent()
        for element in path:
            scores[element] = scores.get(element, 0.0) + weight
    if not scores:
        return None
    node = root
    while True:
        best = max((child for child in node if child in scores), key=scores.__getitem__, default=None)
        if best is None or scores[best] < _SHARE * scores[node] or best.tag in ("p", "blockquote", "li", "ul", "ol"):
            return _widen(node, root, scores)
        node = best


def _widen(
    node: lxml.html.HtmlElement, root: lxml.html.HtmlElement, scores: dict[lxml.html.HtmlElement, float]
) -> lxml.html.HtmlElement:
    """The ancestor that holds the body's other parts, where a page builder cut it into like-named pieces."""
    best = child = node
    for _ in range(5):
        parent = child.getparent()
        if parent is None or child is root or child.tag == "article":
            break
        names = _signature(child)
        for sibling in parent:
            if sibling is not child and scores.get(sibling, 0.0) > 0.15 * scores[node] and sibling.tag == child.tag:
                others = _signature(sibling)
                if len(names & others) * 2 > len(names | others) or names == others:
                    best = parent
                    break
        child = parent
    return best


def _signature(element: lxml.html.HtmlElement) -> frozenset[str]:
    """The class names of an element that have no number in them."""
    return frozenset(name for name in (element.get("class") or "").split() if not any(c.isdigit() for c in name))


def exempt(blocks: Iterable[Block]) -> None:
    """Clear elements of the suspicion that their name raises: those that hold most of the page's running text,
    and "related" parts without links."""
    total = 1
    parts: dict[lxml.html.HtmlElement, Furniture] = {}
    kinds: dict[str, int] = {}
    for block in blocks:
        size, prose = len(block.text), is_prose(block)
        total += size if prose else 0
        for part in block.furniture:
            part.text += size
            part.links += block.links
            part.prose += size if prose else 0
            part.sentences += size if prose and SENTENCE_END.search(block.text) else 0
            parts[part.element] = part
        if prose:
            for kind in {part.kind for part in block.furniture}:
                kinds[kind] = kinds.get(kind, 0) + size
    for part in parts.values():
        if part.kind in STRONG:
            part.exempt = part.prose > 0.8 * total or (
                part.kind in ("related", "share") and part.links < 0.1 * part.text and part.sentences > 0.6 * part.text
            )
        else:
            part.exempt = part.prose > 0.4 * total or (
                part.kind not in _ALONE and kinds.get(part.kind, 0) > 0.5 * total
            )
