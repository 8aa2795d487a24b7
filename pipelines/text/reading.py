"""From a parsed page to its text: the elements first, scripts and the generic extractor where they hold nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import lxml.html

from pipelines.text import scripts, structured
from pipelines.text.blocks import HEADINGS, Block
from pipelines.text.body import is_prose
from pipelines.text.clean import judge
from pipelines.text.extract import LINES, generic
from pipelines.text.hints import Hints, hints_of, key
from pipelines.text.sites import SiteMemory
from pipelines.text.structured import Markup

SCANT = 120
"""Letters of running text below which the page's scripts are asked as well."""


MAX_SIGNATURE = 60
"""Characters of a line that signs a text."""

MUCH = 1_000
"""Letters of running text that are believed, whatever JSON-LD says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in a page."""

    markup: Markup
    hints: Hints
    blocks: list[Block]
    """All blocks of the page; those that are no part of the text say why."""
    place: lxml.html.HtmlElement | None = None
    """The container of the body."""
    head: Block | None = None
    """The headline's block."""
    skipped: list[lxml.html.HtmlElement] = field(default_factory=list)
    """Subtrees that were not walked, for what site memory knows of them."""

    @property
    def kept(self) -> list[Block]:
        return [block for block in self.blocks if block.drop is None]

    @property
    def prose(self) -> int:
        """Letters of running text."""
        return sum(block.size for block in self.blocks if block.drop is None and is_prose(block))

    @property
    def signature(self) -> str | None:
        """The short line in bold or italic type right under the text; many papers sign so."""
        last = next((block for block in reversed(self.blocks) if block.drop is None), None)
        for block in self.blocks[last.order + 1 : last.order + 2] if last else ():
            if block.drop in ("label", "author") and block.links == 0 and block.tag not in HEADINGS:
                return block.text if len(block.text) <= MAX_SIGNATURE and block.bold >= 0.9 * len(block.text) else None
        return None

    @property
    def text(self) -> str:
        """The article: paragraphs separated by a blank line."""
        return "\n\n".join(block.text for block in self.blocks if block.drop is None)


def read(tree: lxml.html.HtmlElement, url: str, memory: SiteMemory | None = None, *, tables: bool = True) -> Reading:
    """Read a page. The tree is left as it is."""
    reading = _read_any(tree, url, memory)
    if not tables:
        for block in reading.kept:
            if block.tag in ("td", "th"):
                block.drop = "table"
    return reading


def _read_any(tree: lxml.html.HtmlElement, url: str, memory: SiteMemory | None) -> Reading:
    markup = structured.gather(tree, url)
    hints = hints_of(markup)
    reading = _read(body_of(tree), markup, hints, memory)
    if reading.prose >= SCANT and not _beside(reading):
        return reading
    if (found := scripts.recover(markup)) is not None:
        again = _read(body_of(found), markup, hints, None)
        if again.prose > 2 * reading.prose:
            return again
    if (
        not reading.kept
        and memory is None
        and not hints.evidence
        and sum(is_prose(block) for block in reading.blocks) >= LINES
    ):
        _second_opinion(tree, reading.blocks)
    return reading


def _beside(reading: Reading) -> bool:
    """Whether the page's JSON-LD holds a longer body, and the elements nothing of it."""
    hints = reading.hints
    return (
        len(hints.body) * _LETTERS > 2 * reading.prose
        and reading.prose < MUCH
        and not any(hints.share_in_body(block.text) > 0.2 for block in reading.kept if is_prose(block))
    )


_LETTERS = 5
"""Letters that a shingle of the body stands for, at least."""


def _second_opinion(tree: lxml.html.HtmlElement, blocks: list[Block]) -> None:
    """Take back the blocks that the generic extractor calls text, where none was found."""
    found = {key(line) for line in generic(tree)}
    for block in blocks:
        if found and is_prose(block) and key(block.text) in found and block.drop not in _NEVER_TEXT:
            block.drop = None


_NEVER_TEXT = frozenset({"site", "comments", "dialog", "navigation", "newsletter", "consent", "unsupported"})
"""Reasons that the generic extractor, which does not know them, cannot overrule."""


def _read(root: lxml.html.HtmlElement, markup: Markup, hints: Hints, memory: SiteMemory | None) -> Reading:
    judged = judge(root, hints, memory)
    return Reading(
        markup=markup, hints=hints, blocks=judged.blocks, place=judged.place, head=judged.head, skipped=judged.skipped
    )


def body_of(tree: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    """The ``body`` element, or what stands for it."""
    body = tree.find("body")
    return tree if body is None else body
