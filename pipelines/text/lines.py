"""What a block is by itself: by the furniture around it, its links, its wording, a picture before it."""

from __future__ import annotations

import re

from pipelines.text.blocks import HEADINGS, Block, Furniture, text_within
from pipelines.text.body import is_prose
from pipelines.text.phrases import AD_LABEL, CONSENT, CREDIT, READ_MORE, READ_MORE_LABEL, SENTENCE_END, STOP
from pipelines.text.vocabulary import names_of


def furniture_of(block: Block, depth: int) -> str | None:
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


def kind_of_line(block: Block) -> str | None:
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
    if share > 0.5 and block.tag != "li" and not _says_something(block):
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


def _says_something(block: Block) -> bool:
    """Whether a line that is half a link is a sentence, introduces something, or is a heading."""
    text = block.plain
    if block.tag in HEADINGS:
        return SENTENCE_END.search(text) is not None
    return STOP.search(text) is not None or text[-1] in ":;" or text[0] == "("


def _under_picture(block: Block) -> str | None:
    """Whether a short block right after a picture is its caption: it shares a box with it that holds nothing else."""
    if block.tag in HEADINGS:
        return "caption" if block.size > 200 else None
    if block.tag not in ("p", "li") and block.size < 200:
        return "caption"
    if block.size < 120 and not SENTENCE_END.search(block.plain):
        return "caption?"
    box = block.element.getparent()
    most = len(block.text) + 120
    if box is None or text_within(box, most) > most or box.find(".//img") is None:
        return None
    return "caption"


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
