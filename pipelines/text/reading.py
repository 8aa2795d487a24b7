"""From a parsed page to its text: the elements first, scripts and the generic extractor where they hold nothing."""

from __future__ import annotations

from dataclasses import dataclass

import lxml.html

from pipelines.text import scripts, structured
from pipelines.text.blocks import Block
from pipelines.text.body import is_prose
from pipelines.text.clean import judge
from pipelines.text.hints import Hints, hints_of
from pipelines.text.structured import Markup

SCANT = 120
"""Letters of running text below which the page's scripts are asked as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in a page."""

    markup: Markup
    hints: Hints
    blocks: list[Block]
    """All blocks of the page; those that are no part of the text say why."""
    source: str = "elements"
    """Where the text stood: ``elements``, ``scripts``, or ``generic`` for the second opinion."""
    other: str = ""
    """The text, where it does not consist of blocks."""

    @property
    def kept(self) -> list[Block]:
        return [block for block in self.blocks if block.drop is None]

    @property
    def prose(self) -> int:
        """Letters of running text."""
        return len(self.other) or sum(block.size for block in self.blocks if block.drop is None and is_prose(block))

    @property
    def text(self) -> str:
        """The article: paragraphs separated by a blank line."""
        return self.other or "\n\n".join(block.text for block in self.blocks if block.drop is None)


def read(tree: lxml.html.HtmlElement, url: str) -> Reading:
    """Read a page. The tree is left as it is."""
    markup = structured.gather(tree, url)
    hints = hints_of(markup)
    reading = Reading(markup=markup, hints=hints, blocks=judge(_body(tree), hints))
    if reading.prose >= SCANT:
        return reading
    if (found := scripts.recover(markup)) is not None:
        again = Reading(markup=markup, hints=hints, blocks=judge(_body(found), hints), source="scripts")
        if again.prose > 2 * reading.prose:
            return again
    return reading


def _body(tree: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    body = tree.find("body")
    return tree if body is None else body
