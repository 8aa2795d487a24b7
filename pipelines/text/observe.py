"""What a page tells about its site, for site memory."""

from __future__ import annotations

from hashlib import blake2b

from lxml.html import HtmlElement as Element

from pipelines.text.body import is_prose
from pipelines.text.hints import key
from pipelines.text.places import digest, is_named, place, subtree
from pipelines.text.reading import Reading
from pipelines.text.sites import SAMPLE, Observation, Seen

SURE_TEXT = 800
"""Letters of running text from which a page is a witness of where bodies stand."""

MAX_BLOCKS = 250
"""Blocks of one page that are observed: the median page has 120, long link lists are no use."""

LONGEST = 1_500
"""Letters of a block that can be furniture; longer ones are not looked at. Legal notices have up to 1,100."""


def observe(reading: Reading, root: Element) -> Observation | None:
    """The observation of a page that was read without site memory; None where it has nothing to tell."""
    if not reading.blocks:
        return None
    kept = reading.kept
    blocks: dict[str, Seen] = {}
    text: set[str] = set()
    for block in reading.blocks:
        taken = block.drop is None
        if block.size > LONGEST or (not taken and block.links > 0.8 * len(block.text)):
            if taken:
                text.add(_words(block.text))
            continue
        name = digest(block)
        if taken and is_prose(block):
            text.add(_words(block.text))
        if len(blocks) < MAX_BLOCKS:
            blocks.setdefault(name, Seen(name, taken, block.text[:SAMPLE]))
    sure = reading.prose >= SURE_TEXT and reading.place is not None
    live, dead = _subtrees(root, [block.element for block in kept], reading) if sure else (frozenset(), frozenset())
    body = place(reading.place) if sure and reading.place is not None else None
    headline = min((head for head in reading.hints.heads), key=len, default="")
    return Observation(
        page=_words(headline) if headline else "",
        series=_words(" ".join(headline.split()[:2])),
        blocks=tuple(blocks.values()),
        text=frozenset(text),
        body=body if body and is_named(body) else None,
        dead=dead,
        live=live,
    )


def _words(text: str) -> str:
    return blake2b(key(text).encode(), digest_size=6).hexdigest()


def _subtrees(root: Element, kept: list[Element], reading: Reading) -> tuple[frozenset[str], frozenset[str]]:
    """Keys of the elements around the text and the headline, and of the subtrees beside them."""
    path: set[Element] = set()
    heads = [
        block.element
        for block in reading.blocks
        if block.drop in ("headline",) or key(block.text) in reading.hints.heads
    ]
    for element in [*kept, *heads]:
        current: Element | None = element
        while current is not None and current not in path:
            path.add(current)
            current = current.getparent()
    live = frozenset(name for element in path if (name := subtree(element)))
    dead: set[str] = set()
    stack = [root]
    while stack:
        element = stack.pop()
        for child in element:
            if child in path:
                stack.append(child)
            elif isinstance(child.tag, str) and (name := subtree(child)):
                dead.add(name)
    return live, frozenset(dead - live)
