"""Where the article's body is: the container that holds most of the running text that can be the article's."""

from __future__ import annotations

from collections.abc import Iterable

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import HEADINGS, Block, Furniture
from pipelines.text.hints import Hints, key
from pipelines.text.phrases import SENTENCE_END
from pipelines.text.vocabulary import BODY, names_of

PROSE = 40
"""Letters from which a block may be running text. Of the blocks of 500 news pages that are shorter, 1 in 20 is."""

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
"""How likely text in an element is running text; half for elements not named."""

_FURNITURE_WEIGHT = 0.15
"""Of text in parts that are named as furniture. Not zero: whole pages stand in parts so named."""

_BEFORE_WEIGHT = 0.2
"""Of text before the headline, or outside the ``main`` or ``article`` that holds it."""

_TOLD_WEIGHT = 3.0
"""Of text that the page's description or JSON-LD body holds as well."""

_NAMED_WEIGHT = 2.0
"""For each enclosing element whose name says that it holds an article's body."""

_SHARE = 0.66
"""Of a container's text that one child must hold to be the container in its place. Tried on 1,232 pages: .75 and .85
take in teasers and comments (F1 −.003 and −.010 on fundus), below .6 articles in two parts lose one."""

STRONG = frozenset({"comments", "related", "dialog", "newsletter", "box"})
"""Kinds of furniture that may well hold more text than the article."""

_ENOUGH_TO_DOUBT = 300
"""Letters of running text in parts of a kind from which their name is doubted: on a page with one line of text a
caption may be the longest thing."""

_ALONE = frozenset({"navigation", "form", "share", "aside"})


def is_prose(block: Block) -> bool:
    """Whether a block reads as running text: long enough, and not mostly links."""
    return block.size >= PROSE and block.links < 0.5 * len(block.text) and block.tag not in HEADINGS


def anchor(blocks: list[Block], hints: Hints) -> Block | None:
    """The block of the headline: an ``h1`` that says it, else the first heading that does, else the first ``h1``."""
    first: Block | None = None
    other: Block | None = None
    for block in blocks:
        if block.tag == "h1" or (len(block.text) > 15 and block.tag not in ("li", "td", "p")):
            if key(block.text) in hints.heads:
                if block.tag == "h1":
                    return block
                other = other or block
            elif block.tag == "h1":
                first = first or block
    return other or first


def region(head: Block | None, root: Element) -> Element:
    """The part of the page in which the headline stands: the innermost ``article`` or ``main`` around it."""
    element = head.element if head else None
    while element is not None and element is not root:
        if element.tag in ("article", "main") or element.get("role") in ("main", "article"):
            return element
        element = element.getparent()
    return root


def container(blocks: list[Block], root: Element, head: Block | None, hints: Hints) -> Element | None:
    """The element that holds the body, or None where there is no running text."""
    exempt(blocks)
    scores: dict[Element, float] = {}
    factor: dict[Element, float] = {root: 1.0}
    around = region(head, root)
    for block in blocks:
        if not is_prose(block):
            continue
        weight = _TAG_WEIGHT.get(block.tag, 0.5) * block.size * (1 - block.links / len(block.text))
        if any(not part.exempt for part in block.furniture):
            weight *= _FURNITURE_WEIGHT
        if head is not None and block.order < head.order:
            weight *= _BEFORE_WEIGHT
        if hints.tells(block.text) or (hints.body and hints.share_in_body(block.text) > 0.5):
            weight *= _TOLD_WEIGHT
        path: list[Element] = []
        element = block.element
        within = around is root
        while element is not None and element is not root:
            path.append(element)
            if element is around:
                within = True
            element = element.getparent()
        weight *= _named(path, factor)
        if not within:
            weight *= _BEFORE_WEIGHT
        for element in path:
            scores[element] = scores.get(element, 0.0) + weight
        scores[root] = scores.get(root, 0.0) + weight
    return _descend(root, scores) if scores else None


def _named(path: list[Element], known: dict[Element, float]) -> float:
    """The weight of the names of a block's ancestors, innermost first in ``path``."""
    product = 1.0
    for index in range(len(path) - 1, -1, -1):
        element = path[index]
        value = known.get(element)
        if value is None:
            named = element.get("itemprop") == "articleBody" or BODY.search(
                names_of(element.get("class"), element.get("id"))
            )
            value = known[element] = product * (_NAMED_WEIGHT if named else 1.0)
        product = value
    return product


def _descend(root: Element, scores: dict[Element, float]) -> Element:
    node = root
    while True:
        best = max((child for child in node if child in scores), key=scores.__getitem__, default=None)
        if best is None or scores[best] < _SHARE * scores[node] or best.tag in ("p", "blockquote", "li", "ul", "ol"):
            return _widen(node, root, scores)
        node = best


def _widen(node: Element, root: Element, scores: dict[Element, float]) -> Element:
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


def _signature(element: Element) -> frozenset[str]:
    """The class names of an element that have no number in them."""
    return frozenset(name for name in (element.get("class") or "").split() if not any(c.isdigit() for c in name))


def exempt(blocks: Iterable[Block]) -> None:
    """Clear elements of the suspicion that their name raises: those that hold most of the page's running text,
    and "related" parts without links."""
    total = 1
    parts: dict[Element, Furniture] = {}
    kinds: dict[str, int] = {}
    for block in blocks:
        size, prose = len(block.text), is_prose(block)
        total += size if prose else 0
        for part in block.furniture:
            part.text += size
            part.links += block.links
            if prose:
                part.prose += size
                part.sentences += size if SENTENCE_END.search(block.plain) else 0
            parts[part.element] = part
        if prose:
            for kind in {part.kind for part in block.furniture}:
                kinds[kind] = kinds.get(kind, 0) + size
    for part in parts.values():
        if kinds.get(part.kind, 0) < _ENOUGH_TO_DOUBT:
            continue
        if part.kind in STRONG:
            part.exempt = part.prose > 0.8 * total or (
                part.kind == "related" and part.links < 0.1 * part.text and part.sentences > 0.6 * part.text
            )
        else:
            part.exempt = part.prose > 0.4 * total or (
                part.kind not in _ALONE and kinds.get(part.kind, 0) > 0.5 * total
            )
