"""trafilatura's door: the generic extractor, asked for a second opinion."""

from __future__ import annotations

import trafilatura
from lxml import etree


def generic(tree: etree._Element) -> str:
    """The main text as trafilatura finds it, paragraphs separated by a blank line; empty where it finds none."""
    text = trafilatura.extract(tree, include_comments=False, include_tables=True, include_formatting=False)
    return "\n\n".join(line.strip() for line in (text or "").split("\n") if line.strip())
