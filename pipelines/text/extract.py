"""trafilatura's door: a second opinion on pages in which no body was found."""

from __future__ import annotations

import trafilatura
from lxml.html import HtmlElement

from pipelines.text.phrases import STOP

MOST_ELEMENTS = 5_000
"""Elements of a page that trafilatura is asked about; on hostile pages of 100,000 it takes half a minute."""

LINE = 60
"""Letters of a line that counts as text. On pages with no body its fallback returns menus, whose lines are shorter."""

LINES = 2
"""Such lines that make its answer one to be believed."""


def generic(tree: HtmlElement) -> list[str]:
    """The paragraphs of the page as the generic extractor finds them; none where it gives a page's furniture."""
    if sum(1 for _ in zip(range(MOST_ELEMENTS), tree.iter(), strict=False)) >= MOST_ELEMENTS:
        return []
    text = trafilatura.extract(tree, include_comments=False, include_tables=True, favor_precision=True) or ""
    lines = [line.strip().lstrip("-| ").strip() for line in text.split("\n")]
    sentences = [line for line in lines if len(line) >= LINE and STOP.search(line)]
    return sentences if len(sentences) >= LINES else []
