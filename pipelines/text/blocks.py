"""A page as a sequence of blocks: runs of text, each with the element that holds it and where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import lxml.html

from pipelines.text.vocabulary import furniture, names_of

SKIPPED = frozenset({
    "script", "style", "noscript", "template", "iframe", "select", "option", "textarea", "input", "canvas", "audio", "math", "datalist", "map", "link", "meta", "title", "applet", "embed", "rt", "rp",
})  # fmt: skip
"""Elements that hold no text for a reader."""

INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr", "nobr", "ruby", "rb", "source",
})  # fmt: skip
"""Elements that do not break a line."""

_IMAGES = frozenset({"img", "picture", "video", "amp-img"})

DEEPEST = 400
"""Levels of nesting that are followed. The deepest of 1,232 public pages has 61; Python's stack ends near 900."""

_CLOSED = frozenset({"head", "svg", "button", "object"})
"""Elements that hold no text for a reader, unless a page forgot to close them: then they hold all the rest."""

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

_TAG_REASON = {
    "nav": "navigation",
    "footer": "navigation",
    "aside": "aside",
    "form": "form",
    "fieldset": "form",
    "figcaption": "caption",
    "figure": "caption",
    "dialog": "dialog",
    "address": "author",
    "menu": "navigation",
    "label": "form",
    "button": "form",
}
_ROLE_REASON = {
    "navigation": "navigation",
    "contentinfo": "navigation",
    "complementary": "aside",
    "search": "form",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "menu": "navigation",
    "menubar": "navigation",
    "banner": "navigation",
    "form": "form",
    "tooltip": "dialog",
}
_NEVER = frozenset({"article", "main", "body"})
"""Elements whose names say what the article is about, not what they are."""

_IDEOGRAPHS = re.compile(r"[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_ANY_WORD = re.compile(r"\w")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


@dataclass(slots=True, eq=False)
class Furniture:
    """An element that is furniture by its tag, role or name: menu, share bar, comments …"""

    element: lxml.html.HtmlElement
    depth: int
    kind: str
    prose: int = 0
    """Characters of running text in it."""
    text: int = 0
    links: int = 0
    sentences: int = 0
    """Characters in it, of these inside links, and in running text that ends as a sentence does."""
    exempt: bool = False
    """It holds the body after all."""


@dataclass(slots=True, eq=False)
class Block:
    """A run of text within one block element."""

    element: lxml.html.HtmlElement
    tag: str
    text: str
    links: int
    """Characters inside links."""
    depth: int
    """Of ``element``, counted from the root."""
    furniture: tuple[Furniture, ...]
    """Enclosing elements that look like furniture, outermost first."""
    bold: int = 0
    """Characters in bold or italic type."""
    order: int = 0
    size: int = 0
    """Length of the text in Latin letters: an ideograph says as much as three."""
    images: int = 0
    """Pictures in the block or right before it."""
    drop: str | None = None
    """Why the block is no part of the article."""

    @property
    def plain(self) -> str:
        """The text with plain spaces only, for comparison with phrases."""
        text = self.text
        return text if text.isascii() else text.replace("\xa0", " ").replace("\u202f", " ")


def squeeze(text: str) -> str:
    """Text without runs of white space. A no-break space by itself stays: it is part of how a number is written."""
    if "\xa0" in text or "\u202f" in text:
        return _SPACES.sub(_one_space, text).strip()
    return " ".join(text.split())


def text_within(element: lxml.html.HtmlElement, most: int) -> int:
    """Letters in an element, counted until there are more than ``most``."""
    count = 0
    for text in element.itertext():
        count += len(text.strip())
        if count > most:
            break
    return count


_SPACES = re.compile(r"\s+")


def _one_space(found: re.Match[str]) -> str:
    return found[0] if len(found[0]) == 1 and found[0] in "\xa0\u202f" else " "


class Walker:
    """Gathers the blocks of a tree. ``skip`` tells subtrees that are not to be walked."""

    def __init__(self, skip: Callable[[lxml.html.HtmlElement], bool] | None = None) -> None:
        self.blocks: list[Block] = []
        self.skipped: list[lxml.html.HtmlElement] = []
        self._skip = skip
        self._kinds: dict[tuple[str | None, str | None], str | None] = {}
        self._parts: list[str] = []
        self._links = 0
        self._bold = 0
        self._images = 0

    def walk(self, root: lxml.html.HtmlElement) -> list[Block]:
        self._visit(root, root, "body", 0, 0, (), False, False)
        self._flush(root, "body", 0, ())
        return self.blocks

    def _flush(self, element: lxml.html.HtmlElement, tag: str, depth: int, kinds: tuple[Furniture, ...]) -> None:
        if not self._parts:
            return
        text = squeeze("".join(self._parts))
        if text and _ANY_WORD.search(text):
            size = len(text)
            if not text.isascii() and max(text) > "\u2e80":
                size += 2 * len(_IDEOGRAPHS.findall(text))
            links = min(self._links, len(text))
            self.blocks.append(
                Block(element, tag, text, links, depth, kinds, self._bold, len(self.blocks), size, self._images)
            )
            self._images = 0
        self._parts.clear()
        self._links = self._bold = 0

    def _visit(
        self,
        element: lxml.html.HtmlElement,
        block: lxml.html.HtmlElement,
        block_tag: str,
        block_depth: int,
        depth: int,
        kinds: tuple[Furniture, ...],
        link: bool,
        bold: bool,
    ) -> None:
        parts = self._parts
        text = element.text
        if text:
            parts.append(text)
            if link:
                self._links += len(text)
            if bold:
                self._bold += len(text)
        for child in element:
            child_tag = child.tag
            if child_tag in _IMAGES:
                self._images += 1
                if len(child):  # a tag left open holds what follows it
                    self._visit(child, block, block_tag, block_depth, depth + 1, kinds, link, bold)
            elif child_tag in _CLOSED and child.find(".//p") is None:
                pass
            elif child_tag not in SKIPPED:
                if child_tag == "br":
                    if parts and parts[-1] == "\n":
                        self._flush(block, block_tag, block_depth, kinds)
                    else:
                        parts.append("\n")
                elif child_tag == "time" and not "".join(parts).strip():
                    # The time of an entry before its heading: a label of its own.
                    self._flush(block, block_tag, block_depth, kinds)
                    self._visit(child, child, child_tag, depth + 1, depth + 1, kinds, link, bold)
                    self._flush(child, child_tag, depth + 1, kinds)
                elif depth >= DEEPEST:
                    parts.append("".join(child.itertext()))
                elif child_tag in INLINE:
                    inner = kinds
                    if (classes := child.get("class")) and (kind := self._kind(classes, child.get("id"))):
                        inner = (*kinds, Furniture(child, depth + 1, kind))
                    self._visit(
                        child, block, block_tag, block_depth, depth + 1, inner,
                        link or child_tag == "a", bold or child_tag in ("b", "strong", "em", "i"),
                    )  # fmt: skip
                elif self._skip is not None and self._skip(child):
                    self._flush(block, block_tag, block_depth, kinds)
                    self.skipped.append(child)
                else:
                    self._flush(block, block_tag, block_depth, kinds)
                    inner = kinds
                    if kind := self._kind_of(child, child_tag):
                        inner = (*kinds, Furniture(child, depth + 1, kind))
                    self._visit(child, child, child_tag, depth + 1, depth + 1, inner, link, bold)
                    self._flush(child, child_tag, depth + 1, inner)
            tail = child.tail
            if tail:
                if parts and parts[-1] == "\n" and not tail.strip():
                    continue
                parts.append(tail)
                if link:
                    self._links += len(tail)
                if bold:
                    self._bold += len(tail)

    def _kind_of(self, element: lxml.html.HtmlElement, tag: str) -> str | None:
        attributes = element.attrib
        reason = _TAG_REASON.get(tag)
        if reason or not attributes:
            return reason
        if "-" in tag and (kind := self._kind(tag, None)):
            return kind
        get = attributes.get
        if (role := get("role")) and role in _ROLE_REASON:
            return _ROLE_REASON[role]
        if get("hidden") is not None or get("aria-hidden") == "true":
            return "hidden"
        if (style := get("style")) and _HIDING.search(style):
            return "hidden"
        classes, identifier = get("class"), get("id")
        if (classes or identifier) and tag not in _NEVER:
            return self._kind(classes, identifier)
        return None

    def _kind(self, classes: str | None, identifier: str | None) -> str | None:
        key = (classes, identifier)
        try:
            return self._kinds[key]
        except KeyError:
            kind = self._kinds[key] = furniture(names_of(classes, identifier))
            return kind
