"""What stands at the edges of a body: labels and bylines above, credits and invitations below, the standfirst apart."""

from __future__ import annotations

import re
from collections import Counter

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import HEADINGS, Block
from pipelines.text.body import is_prose
from pipelines.text.hints import Hints, key
from pipelines.text.lines import kind_of_line, named
from pipelines.text.phrases import BIO, BYLINE, SENTENCE_END, STAMP, STOP, TAIL
from pipelines.text.vocabulary import BODY, LEDE, names_of

_LONGEST_TAIL = 6
"""Labels at the end of a body; more are a list that belongs to it."""

_FOUND_ELSEWHERE = 0.85
"""Of the kept text that a JSON-LD body must hold to be taken for the whole text, so that what it lacks at the end
is no part of the article. Below, it is a teaser or another version."""

_LABEL_TAGS = frozenset({"div", "section", "header", "span", "time", "center", "article", "dd", "dt"})
"""Elements in which a date by itself is a label; in a paragraph it may be the time of an entry of a live report."""

_STANDFIRST_MAY_STAND_IN = frozenset({"related", "share", "author", "meta", "aside", "promo", "box"})
"""Kinds of parts from which a standfirst is taken when it says what the page's description says."""


def top(blocks: list[Block], hints: Hints) -> None:
    """Short lines before the first running text are labels, bylines, dates; of those right after it, the last two."""
    kept = [block for block in blocks if block.drop is None]
    head = next((block.order for block in reversed(blocks) if block.drop == "headline" and block.tag == "h1"), -1)
    begun = 0
    headed = False
    for block in kept:
        ended = SENTENCE_END.search(block.plain) is not None
        byline = block.size < 160 and _is_byline(block.plain)
        if begun:
            begun += 1
            if byline and block.tag not in ("li", "td", "blockquote") and block.tag not in HEADINGS:
                block.drop = "label"
            if begun > _AFTER_STANDFIRST:
                return
        elif (
            is_prose(block) and not byline and not (block.tag != "p" and block.size < 80 and STAMP.search(block.plain))
        ):
            begun = 1
        elif (block.tag in HEADINGS and block.order > head and block.tag != "h1") or (
            ended and block.size > 15 and block.tag in ("p", "li")
        ):
            headed = headed or block.tag in HEADINGS
            continue
        elif headed and block.tag == "p" and not byline:
            continue
        elif not named(block, LEDE) and (byline or not hints.tells(block.text)):
            block.drop = "label"


def _is_byline(text: str) -> bool:
    """Whether a line names who wrote the article or when, and says nothing else."""
    if STOP.search(text) or text.endswith(":") or _SENTENCE_WITHIN.search(text):
        return False
    return STAMP.search(text) is not None or BYLINE.match(text) is not None


_SENTENCE_WITHIN = re.compile(r"[^\W\d_]{4,}[.!?]\s")

_AFTER_STANDFIRST = 3
"""Blocks after the first running text among which a byline or date may stand."""


def tail(blocks: list[Block], hints: Hints) -> None:
    """What stands under the text: credits, bios, invitations, labels."""
    kept = [block for block in blocks if block.drop is None]
    prose = sum(is_prose(block) for block in kept)
    whole = _is_whole(kept, hints)
    labels: list[Block] = []
    for block in reversed(kept):
        if block.size < 300 and TAIL.search(block.plain):
            block.drop = "credit"
        elif not labels and prose > 3 and block.size < 600 and BIO.search(block.plain):
            block.drop = "author"
        elif whole and is_prose(block) and hints.share_in_body(block.text) < 0.2:
            block.drop = "not-in-body"
        elif is_prose(block) or (block.tag == "li" and block.size > 15 and block.links < 0.3 * len(block.text)):
            break
        elif block.tag in HEADINGS or not SENTENCE_END.search(block.plain):
            labels.append(block)
        else:
            break
    linked = sum(block.links for block in labels) > 0.1 * sum(len(block.text) for block in labels)
    if len(labels) <= _LONGEST_TAIL or linked:
        for block in labels:
            block.drop = "label"


def _is_whole(kept: list[Block], hints: Hints) -> bool:
    """Whether the JSON-LD body is the whole text."""
    if not hints.body:
        return False
    prose = [block for block in kept if is_prose(block)]
    size = sum(block.size for block in prose)
    held = sum(block.size * hints.share_in_body(block.text) for block in prose)
    return len(prose) >= 3 and held > _FOUND_ELSEWHERE * size


def standfirst(blocks: list[Block], within: list[Block], head: Block | None, hints: Hints) -> None:
    """Take in what stands between the headline and the body: the standfirst, a first paragraph set apart."""
    first = next((block.order for block in within if block.drop is None), None)
    if first is None or head is None or head.order > first:
        return
    for block in blocks[head.order + 1 : first]:
        if block.drop not in ("outside", "related") or key(block.text) in hints.heads:
            continue
        if kind_of_line(block) or TAIL.search(block.plain):
            continue
        told = hints.tells(block.text)
        if any(not part.exempt and not (told and part.kind in _STANDFIRST_MAY_STAND_IN) for part in block.furniture):
            continue
        if STAMP.search(block.plain) and len(block.text) < 120 and not told:
            continue
        marked = told or named(block, LEDE)
        if block.tag in HEADINGS:
            wanted = marked and block.size >= 25
        else:
            wanted = (block.size >= 60 and SENTENCE_END.search(block.plain) is not None) or (
                marked and block.size >= 15
            )
        if wanted:
            block.drop = None


def _in_data(block: Block) -> bool:
    """Whether a block is a cell of a table of data; tables of a few large cells lay out a page."""
    if block.tag not in ("td", "th") or block.size > 60:
        return False
    table = next(block.element.iterancestors("table"), None)
    return table is not None and sum(1 for _ in zip(range(4), table.iter("td", "th"), strict=False)) == 4


_TEXT_TAGS = frozenset({"p", "blockquote", "li"})
_CELL_TAGS = frozenset({"li", "td", "th"})

THIN = 250
"""Letters of running text below which each block has to be supported by something else than its length."""


def supported(
    blocks: list[Block], place: Element, around: Element, root: Element, head: Block | None, hints: Hints
) -> bool:
    """Whether the page is thin; if so, what nothing supports is left out.

    On a page with hardly any text, a notice or a comment box may be the longest thing there is.

    A block stays if the page says its text elsewhere, if its container is named as a body, or if it is a
    paragraph beside the headline, in the ``article`` or ``main`` that holds it.
    """
    kept = [block for block in blocks if block.drop is None]
    prose = sum(block.size for block in kept if is_prose(block))
    if head is None or prose >= 3 * THIN:
        return False
    named_so = False
    element: Element | None = place
    while element is not None and element is not root and not named_so:
        named_so = element.get("itemprop") == "articleBody" or bool(
            BODY.search(names_of(element.get("class"), element.get("id")))
        )
        element = element.getparent()
    inside = set(around.iter()) if around is not root else None
    ended = Counter(block.tag for block in kept if is_prose(block) and STOP.search(block.plain))
    paragraphs = _TEXT_TAGS | HEADINGS | {tag for tag, count in ended.items() if count > 1 and tag not in _CELL_TAGS}
    for block in kept:
        if hints.tells(block.text) or (hints.body and hints.share_in_body(block.text) > 0.5):
            continue
        beside = block.order > head.order and (inside is None or block.element in inside)
        if not beside or (prose < THIN and not named_so and block.tag not in paragraphs and not _in_data(block)):
            block.drop = "unsupported"
        elif (
            prose < THIN
            and not named_so
            and block.tag not in _CELL_TAGS | HEADINGS
            and not SENTENCE_END.search(block.plain)
        ):
            block.drop = "label"
    return True
