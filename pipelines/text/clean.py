"""Which blocks of a page are the article, and why each of the others is not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import HEADINGS, Block, Furniture, Walker
from pipelines.text.body import anchor, container, is_prose, region
from pipelines.text.hints import Hints, key
from pipelines.text.phrases import (
    AD_LABEL,
    BIO,
    BYLINE,
    CONSENT,
    CREDIT,
    DATE,
    READ_MORE,
    READ_MORE_LABEL,
    SENTENCE_END,
    STAMP,
    STOP,
    TAIL,
)
from pipelines.text.places import digest, step, subtree
from pipelines.text.places import place as place_of
from pipelines.text.sites import SAMPLE, SiteMemory
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
    skip = _skipper(memory) if memory and memory.pruned else None
    walker = Walker(skip)
    blocks = walker.walk(root)
    known = _known(blocks, memory) if memory else {}
    head = anchor(blocks, hints)
    unknown = [block for block in blocks if block.order not in known or known[block.order] == SUSPECT]
    place = container(unknown, root, head, hints)
    if memory and memory.places:
        place = _remembered(unknown, place, root, memory)
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
        block.drop = _furniture(block, depth) or _line(block) or block.drop
        if block.drop is None and block.tag not in ("li", "td"):
            if key(block.text) in hints.heads:
                block.drop = "headline"
            elif block.tag in _LABEL_TAGS and block.size < 60 and (block.tag == "time" or DATE.match(block.plain)):
                block.drop = "date"
    _lists(within)
    _linked_headings(within)
    _captions(within)
    _repeated(within)
    _top(within)
    _tail(within, hints)
    _orphans(within)
    _standfirst(blocks, within, head, hints)
    _supported(blocks, place, region(head, root), root, head, hints)
    _suspected(blocks, known)
    return Judged(blocks, place, head, walker.skipped)


# ---------------------------------------------------------------- site memory

FURNITURE, SUSPECT = 1, 2

_SUSPECT_SHARE = 0.4
"""Of a text that site memory may take away for blocks which the extractor takes for text. An article of a series
that repeats more than that keeps it."""

_CELLS = frozenset({"td", "th", "li"})
"""Elements whose short texts may well be the same in many articles: heads of tables, entries of lists."""

_SURE = 800
"""Letters of running text from which the page's own container is trusted over the places that are remembered."""


def _skipper(memory: SiteMemory) -> Callable[[Element], bool]:
    pruned = memory.pruned
    return lambda element: subtree(element) in pruned


def _known(blocks: list[Block], memory: SiteMemory) -> dict[int, int]:
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


def _remembered(blocks: list[Block], place: Element | None, root: Element, memory: SiteMemory) -> Element | None:
    """On a page with little text, the container that other articles of the site have, even if it is empty here."""
    if place is not None:
        inside = set(place.iter())
        if sum(block.size for block in blocks if is_prose(block) and block.element in inside) >= _SURE:
            return place
    places = memory.places
    steps = {name.rpartition(">")[2] for name in places}
    for element in root.iter("div", "section", "article", "main", "td", "body"):
        if step(element) in steps and place_of(element) in places:
            return element
    return place


def _suspected(blocks: list[Block], known: dict[int, int]) -> None:
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


def _depth(element: Element | None, root: Element) -> int:
    depth = 0
    while element is not None and element is not root:
        depth += 1
        element = element.getparent()
    return depth


# ---------------------------------------------------------------- one block by itself


def _furniture(block: Block, depth: int) -> str | None:
    """The kind of the outermost piece of furniture around a block within the body."""
    for part in block.furniture:
        if part.depth <= depth or part.exempt:
            continue
        if part.element.tag == "figure" and _encloses(block, part, ("table", "blockquote", "pre", "ul", "ol")):
            continue  # its caption is furniture, a table or quotation in it is text
        if part.kind == "embed" and _encloses(block, part, ("blockquote",)):
            continue  # a quoted post
        if part.kind == "pull":
            continue  # furniture only where the text says the same
        if part.kind == "hidden" and part.element is block.element and block.tag == "p" and is_prose(block):
            continue  # a paragraph that a script shows to subscribers
        return part.kind
    return None


def _encloses(block: Block, part: Furniture, tags: tuple[str, ...]) -> bool:
    """Whether an element of one of the tags stands around a block, within the part or as the part itself."""
    element = block.element
    while element is not None:
        if element.tag in tags:
            return True
        if element is part.element:
            return False
        element = element.getparent()
    return False


def _line(block: Block) -> str | None:
    """What a block is by its own text and links."""
    text, size = block.plain, block.size
    share = block.links / len(text)
    if text.startswith("http") and " " not in text:
        return "links"
    if size < 45 and READ_MORE_LABEL.match(text):
        return "read-more"
    if share > 0.8:
        if block.tag in HEADINGS and size > 12:
            return "links?"
        return None if block.tag == "p" and size > 60 and text[-1] in ".!?。" else "links"
    if share > 0.2 and READ_MORE.match(text):
        return "read-more"
    if share > 0.5 and block.tag != "li" and not SENTENCE_END.search(text):
        return "read-more"
    if size < 70 and AD_LABEL.match(text):
        return "promo"
    if size < 500 and CONSENT.search(text):
        return "consent"
    if size < 300 and block.tag not in HEADINGS and CREDIT.search(text):
        return "caption"
    if block.images and size < 450:
        return _under_picture(block)
    return None


def _under_picture(block: Block) -> str | None:
    """Whether a short block right after a picture is its caption: it shares a box with it that holds nothing else."""
    if block.tag in HEADINGS:
        return "caption" if block.size > 200 else None
    if block.tag not in ("p", "li") and block.size < 200:
        return "caption"
    if block.size < 120 and not SENTENCE_END.search(block.plain):
        return "caption?"
    box = block.element.getparent()
    if box is None or box.find(".//img") is None:
        return None
    alone = sum(len(text.strip()) for text in box.itertext()) < len(block.text) + 120
    return "caption" if alone else None


# ---------------------------------------------------------------- blocks together


def _lists(blocks: list[Block]) -> None:
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


def _linked_headings(blocks: list[Block]) -> None:
    """A heading that is a link belongs to the text if running text of its own box follows."""
    for index, block in enumerate(blocks):
        if block.drop == "links?":
            after = next((other for other in blocks[index + 1 :] if other.drop in (None, "links?")), None)
            same = after is not None and after.element.getparent() is block.element.getparent()
            block.drop = None if same and after is not None and is_prose(after) else "links"


def _captions(blocks: list[Block]) -> None:
    """Short lines under pictures are captions, unless the article consists of them: then they are its text."""
    doubtful = [block for block in blocks if block.drop == "caption?"]
    kept = sum(block.drop is None for block in blocks)
    for block in doubtful:
        block.drop = None if len(doubtful) > 3 and len(doubtful) > 0.3 * kept else "caption"


def _repeated(blocks: list[Block]) -> None:
    """What a box says once more: pull quotes, captions told twice."""
    kept = [block for block in blocks if block.drop is None and block.size >= PULLED]
    often = Counter(block.text for block in kept)
    for block in kept:
        if often[block.text] >= _FILLER:
            block.drop = "repeated"
    boxed = [block for block in kept if block.size <= LONGEST_QUOTE and _boxed(block)]
    if not boxed:
        return
    texts = [(block, key(block.text)) for block in kept]
    for box in boxed:
        own = key(box.text)
        if any(
            own in text and (len(text) > len(own) or not _boxed(block)) for block, text in texts if block is not box
        ):
            box.drop = "repeated"


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
            return len(element.findall(".//td")) < 3
        element = element.getparent()
    return False


def _top(blocks: list[Block]) -> None:
    """Short lines before the first running text are labels, bylines, dates; of those right after it, the last two."""
    kept = [block for block in blocks if block.drop is None]
    head = next((block.order for block in reversed(blocks) if block.drop == "headline" and block.tag == "h1"), -1)
    begun = 0
    for block in kept:
        ended = SENTENCE_END.search(block.plain) is not None
        byline = (
            block.size < 160
            and not STOP.search(block.plain)
            and (STAMP.search(block.plain) or BYLINE.match(block.plain))
        )
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
            continue
        elif not named(block, LEDE):
            block.drop = "label"


_AFTER_STANDFIRST = 3
"""Blocks after the first running text among which a byline or date may stand."""


def _tail(blocks: list[Block], hints: Hints) -> None:
    """What stands under the text: credits, bios, invitations, labels."""
    kept = [block for block in blocks if block.drop is None]
    prose = sum(is_prose(block) for block in kept)
    whole = _is_whole(kept, hints)
    labels: list[Block] = []
    for block in reversed(kept):
        if TAIL.search(block.plain) and block.size < 300:
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


def _orphans(blocks: Iterable[Block]) -> None:
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


THIN = 250
"""Letters of running text below which each block has to be supported by something else than its length."""


def _supported(
    blocks: list[Block], place: Element, around: Element, root: Element, head: Block | None, hints: Hints
) -> None:
    """On a page with hardly any text, a notice or a comment box may be the longest thing there is.

    A block stays if the page says its text elsewhere, if its container is named as a body, or if it is a
    paragraph beside the headline, in the ``article`` or ``main`` that holds it.
    """
    kept = [block for block in blocks if block.drop is None]
    prose = sum(block.size for block in kept if is_prose(block))
    if head is None or prose >= 3 * THIN:
        return
    named_so = False
    element: Element | None = place
    while element is not None and element is not root and not named_so:
        named_so = element.get("itemprop") == "articleBody" or bool(
            BODY.search(names_of(element.get("class"), element.get("id")))
        )
        element = element.getparent()
    inside = set(around.iter()) if around is not root else None
    for block in kept:
        if hints.tells(block.text) or (hints.body and hints.share_in_body(block.text) > 0.5):
            continue
        beside = block.order > head.order and (inside is None or block.element in inside)
        if not beside or (prose < THIN and not named_so and block.tag not in ("p", "blockquote", "li")):
            block.drop = "unsupported"
        elif prose < THIN and not SENTENCE_END.search(block.plain) and not named_so:
            block.drop = "label"


# ---------------------------------------------------------------- the standfirst


def _standfirst(blocks: list[Block], within: list[Block], head: Block | None, hints: Hints) -> None:
    """Take in what stands between the headline and the body: the standfirst, a first paragraph set apart."""
    first = next((block.order for block in within if block.drop is None), None)
    if first is None or head is None or head.order > first:
        return
    for block in blocks[head.order + 1 : first]:
        if block.drop not in ("outside", "related") or key(block.text) in hints.heads:
            continue
        if _line(block) or TAIL.search(block.plain):
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
                marked and block.size >= 25
            )
        if wanted:
            block.drop = None


def named(block: Block, pattern: re.Pattern[str]) -> bool:
    """Whether the block's element or its parent is so named."""
    element = block.element
    for _ in range(2):
        if element is None:
            return False
        if pattern.search(names_of(element.get("class"), element.get("id"))):
            return True
        element = element.getparent()
    return False
