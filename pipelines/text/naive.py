"""What a naive scrape gives: all text of a page. To show the difference, not to use."""

from __future__ import annotations

import lxml.html

from pipelines.model import Capture
from pipelines.text.decode import decode_content

SILENT = {"script", "style", "noscript", "template", "head", "svg"}
"""Elements whose text nobody sees."""


def naive_text(capture: Capture) -> str:
    """Every text of the page in its order, one line each, as ``response.css("::text")`` would give it; the text that
    stands in for a picture with it."""
    tree = lxml.html.document_fromstring(decode_content(capture))
    lines: list[str] = []
    for element in tree.iter():
        if not isinstance(element.tag, str) or any(
            parent.tag in SILENT for parent in (element, *element.iterancestors())
        ):
            continue
        lines += [element.get("alt", "") if element.tag == "img" else "", element.text or ""]
        lines += [child.tail or "" for child in element]
    return "\n".join(stripped for line in lines if (stripped := " ".join(line.split())))
