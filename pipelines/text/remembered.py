"""Site memory applied to a page."""

from __future__ import annotations

from collections.abc import Callable

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import Block
from pipelines.text.body import is_prose
from pipelines.text.places import digest, place, step, subtree
from pipelines.text.sites import SAMPLE, SiteMemory

FURNITURE, SUSPECT = 1, 2

_SUSPECT_SHARE = 0.4
"""Of a text that site memory may take away for blocks which the extractor takes for text. An article of a series
that repeats more than that keeps it."""

_CELLS = frozenset({"td", "th", "li"})
"""Elements whose short texts may well be the same in many articles: heads of tables, entries of lists."""

_SURE = 800
"""Letters of running text from which the page's own container is trusted over the places that are remembered."""


def skipper(memory: SiteMemory) -> Callable[[Element], bool]:
    pruned = memory.pruned
    return lambda element: subtree(element) in pruned


def known_blocks(blocks: list[Block], memory: SiteMemory) -> dict[int, int]:
    """What memory knows of blocks, by their order."""
    found = {}
    for block in blocks:
        if block.text[:SAMPLE] in memory.samples:
            name = digest(block)
            if name in memory.furniture:
                found[block.order] = FURNITURE
            elif name in memory.suspects:
                found[block.order] = SUSPECT
    return found


def remembered_place(blocks: list[Block], found: Element | None, root: Element, memory: SiteMemory) -> Element | None:
    """On a page with little text, the container that other articles of the site have, even if it is empty here."""
    if found is not None:
        inside = set(found.iter())
        if sum(block.size for block in blocks if is_prose(block) and block.element in inside) >= _SURE:
            return found
    places = memory.places
    steps = {name.rpartition(">")[2] for name in places}
    for element in root.iter("div", "section", "article", "main", "td", "body"):
        if step(element) in steps and place(element) in places:
            return element
    return found


def leave_out_suspects(blocks: list[Block], known: dict[int, int]) -> None:
    """Leave out what stands on most articles of the site, as long as most of the text remains."""
    kept = [block for block in blocks if block.drop is None]
    doubted = [
        block
        for block in kept
        if known.get(block.order) == SUSPECT and is_prose(block) and (block.size >= 60 or block.tag not in _CELLS)
    ]
    if sum(block.size for block in doubted) <= _SUSPECT_SHARE * sum(block.size for block in kept):
        for block in doubted:
            block.drop = "site"
