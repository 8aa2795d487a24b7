"""What blocks are by those around them: lists of links, captions, headings without text, things said twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import HEADINGS, Block
from pipelines.text.body import is_prose
from pipelines.text.hints import Hints, key


def link_lists(blocks: list[Block]) -> None:
    """A short list of links is navigation even where each entry has a word before its link.

    Links of 25 letters or more are headlines; lists of names and products have shorter ones.
    """
    lists: dict[Element, list[Block]] = {}
    for block in blocks:
        if block.tag == "li" and block.drop in (None, "links"):
            parent = block.element.getparent()
            if parent is not None:
                lists.setdefault(parent, []).append(block)
    for items in lists.values():
        text = sum(len(block.text) for block in items)
        links = sum(block.links for block in items)
        if len(items) <= 8 and links > 0.4 * text and links > 25 * len(items):
            ended = sum(block.text[-1] in ".!?。" for block in items)
            if ended < 0.3 * len(items):
                for block in items:
                    block.drop = "related"


def linked_cells(blocks: list[Block]) -> None:
    """A cell that is a link belongs to its table where most cells are none: a league's clubs, a list of products."""
    tables: dict[Element, list[Block]] = {}
    for block in blocks:
        if block.tag in ("td", "th") and block.drop in (None, "links"):
            table = next(block.element.iterancestors("table"), None)
            if table is not None:
                tables.setdefault(table, []).append(block)
    for cells in tables.values():
        linked = [block for block in cells if block.drop]
        if linked and len(cells) >= 2 * len(linked) and len(cells) >= _FEWEST_CELLS:
            for block in linked:
                block.drop = None


_FEWEST_CELLS = 6
"""Cells of the smallest table of data; smaller ones lay out a page."""


def linked_headings(blocks: list[Block]) -> None:
    """A heading that is a link belongs to the text if running text of its own box follows."""
    for index, block in enumerate(blocks):
        if block.drop == "links?":
            after = next((other for other in blocks[index + 1 :] if other.drop in (None, "links?")), None)
            same = after is not None and after.element.getparent() is block.element.getparent()
            block.drop = None if same and after is not None and is_prose(after) else "links"


def doubtful_captions(blocks: list[Block], hints: Hints) -> None:
    """Short lines under pictures are captions, unless the article consists of them, or opens with one that its
    description repeats: then they are its text."""
    for block in blocks:
        if block.drop == "caption?" and hints.tells(block.text):
            block.drop = None
    left = [block for block in blocks if block.drop in (None, "caption?")]
    doubtful = [block for block in left if block.drop]
    share = len(doubtful) / max(1, len(left) - len(doubtful))
    heading = sum(block.drop is not None and is_prose(after) for block, after in itertools.pairwise(left))
    text = len(doubtful) > 3 and (share > 0.5 or (share > 0.3 and heading > 0.5 * len(doubtful)))
    for block in doubtful:
        block.drop = None if text else "caption"


def repeated(blocks: list[Block]) -> None:
    """What a box says once more: pull quotes, captions told twice."""
    kept = [block for block in blocks if block.drop is None and block.size >= PULLED]
    often = Counter(block.text for block in kept)
    for block in kept:
        if often[block.text] >= _FILLER:
            block.drop = "repeated"
    boxed = [block for block in kept if block.size <= LONGEST_QUOTE and _boxed(block)]
    if not boxed or len(boxed) > _MOST_BOXES:
        return
    texts = [(block, key(block.text)) for block in kept]
    for box in boxed:
        own = key(box.text)
        if any(
            own in text and (len(text) > len(own) or not _boxed(block)) for block, text in texts if block is not box
        ):
            box.drop = "repeated"


_MOST_BOXES = 300
"""Blocks apart that are compared with all others; a page of more is made of them, and comparing would take seconds."""

_FILLER = 8
"""Times that a line is there from which it is a template's filler: no article says the same so often."""

LONGEST_QUOTE = 320
"""Letters of the longest pull quote that was met."""

PULLED = 30
"""Letters of a block from which its being said again elsewhere is no chance."""


def _boxed(block: Block) -> bool:
    """Whether a block stands apart from the paragraphs around it."""
    if block.tag not in ("p", "li", "td", "pre") and block.tag not in HEADINGS:
        return True
    if any(part.kind == "pull" for part in block.furniture):
        return True
    element: Element | None = block.element
    for _ in range(3):
        if element is None:
            return False
        if element.tag in ("blockquote", "figure", "aside"):
            return True
        if element.tag == "table":
            return sum(1 for _ in zip(range(3), element.iter("td"), strict=False)) < 3
        element = element.getparent()
    return False


def orphans(blocks: Iterable[Block]) -> None:
    """A heading under which nothing is left goes too."""
    pending: list[Block] = []
    emptied = False
    for block in blocks:
        if block.drop is None:
            if block.tag not in HEADINGS:
                pending.clear()
            elif pending and emptied:
                pending.pop().drop = "orphan"
                pending.append(block)
            else:
                pending.append(block)
            emptied = False
        elif block.drop in ("links", "read-more", "related"):
            emptied = True
    for block in pending:
        block.drop = "orphan"
