"""Which blocks of a page are the article, and why each of the others is not.

The order of the steps matters: each takes the blocks that those before it have left.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import Block, Walker
from pipelines.text.body import anchor, container, region
from pipelines.text.edges import standfirst, supported, tail, top
from pipelines.text.groups import doubtful_captions, link_lists, linked_cells, linked_headings, orphans, repeated
from pipelines.text.hints import Hints, key
from pipelines.text.lines import furniture_of, kind_of_line
from pipelines.text.phrases import DATE
from pipelines.text.remembered import (
    FURNITURE,
    SUSPECT,
    known_blocks,
    leave_out_suspects,
    remembered_place,
    skipper,
)
from pipelines.text.sites import SiteMemory

_LABEL_TAGS = frozenset({"div", "section", "header", "span", "time", "center", "article", "dd", "dt"})
"""Elements in which a date by itself is a label; in a paragraph it may be the time of an entry of a live report."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The blocks of a page with their fate, and where the body was found."""

    blocks: list[Block]
    place: Element | None
    head: Block | None
    skipped: list[Element]
    """Subtrees that site memory knows to hold no text."""


def judge(root: Element, hints: Hints, memory: SiteMemory | None = None) -> Judged:
    """Decide on all blocks of a page. Those that are no part of the article say why in ``drop``."""
    skip = skipper(memory) if memory and memory.pruned else None
    walker = Walker(skip)
    blocks = walker.walk(root)
    known = known_blocks(blocks, memory) if memory else {}
    head = anchor(blocks, hints)
    unknown = [block for block in blocks if block.order not in known or known[block.order] == SUSPECT]
    place = container(unknown, root, head, hints)
    if memory and memory.places:
        place = remembered_place(unknown, place, root, memory)
    for block in blocks:
        block.drop = "site" if known.get(block.order) == FURNITURE else "outside" if place is not None else "no-body"
    if place is None:
        return Judged(blocks, None, head, walker.skipped)
    depth = _depth(place, root)
    inside = set(place.iter())
    within = [block for block in blocks if block.element in inside]
    for block in within:
        if block.drop == "site":
            continue
        block.drop = None
        block.drop = furniture_of(block, depth) or kind_of_line(block) or block.drop
        if block.drop is None and block.tag not in ("li", "td"):
            if key(block.text) in hints.heads:
                block.drop = "headline"
            elif block.tag in _LABEL_TAGS and block.size < 60 and (block.tag == "time" or DATE.match(block.plain)):
                block.drop = "date"
    link_lists(within)
    linked_cells(within)
    linked_headings(within)
    doubtful_captions(within, hints)
    repeated(within)
    top(within, hints)
    tail(within, hints)
    orphans(within)
    standfirst(blocks, within, head, hints)
    if supported(blocks, place, region(head, root), root, head, hints):
        orphans(within)
    leave_out_suspects(blocks, known)
    return Judged(blocks, place, head, walker.skipped)


def _depth(element: Element | None, root: Element) -> int:
    depth = 0
    while element is not None and element is not root:
        depth += 1
        element = element.getparent()
    return depth
