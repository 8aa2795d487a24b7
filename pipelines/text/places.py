"""Where an element stands, in a form that survives from page to page of a site."""

from __future__ import annotations

from hashlib import blake2b

from lxml.html import HtmlElement as Element

from pipelines.text.blocks import Block
from pipelines.text.hints import key

LEVELS = 4
"""Elements of a path that make a place: enough to tell a footer from a body, few enough not to change with an ad."""


def step(element: Element) -> str:
    """An element by its tag and the class names that have no number in them (those with one are of one page)."""
    names, identifier = element.get("class"), element.get("id")
    text = str(element.tag)
    if identifier and identifier.isascii() and not any(char.isdigit() for char in identifier):
        text += f"#{identifier}"
    if names:
        plain = sorted({name for name in names.split() if not any(char.isdigit() for char in name)})[:3]
        if plain:
            text += f".{'.'.join(plain)}"
    return text


def is_named(path: str) -> bool:
    """Whether a place can be told from others: its element or the one around it has a name."""
    return any(mark in part for part in path.split(">")[-2:] for mark in "#.")


def place(element: Element) -> str:
    """The last steps of the path to an element, outermost first."""
    steps: list[str] = []
    current: Element | None = element
    while current is not None and len(steps) < LEVELS and current.tag not in ("body", "html"):
        steps.append(step(current))
        current = current.getparent()
    return ">".join(reversed(steps))


def digest(block: Block) -> str:
    """A block by its place and its words."""
    return blake2b(f"{place(block.element)}\n{key(block.text)}".encode(), digest_size=6).hexdigest()


def subtree(element: Element) -> str:
    """A subtree by its root's attributes and its parent; empty where the root has none."""
    names, identifier = element.get("class"), element.get("id")
    if not names and not identifier:
        return ""
    parent = element.getparent()
    above = "" if parent is None else f"{parent.tag}|{parent.get('class') or ''}"
    return blake2b(f"{above}>{element.tag}|{names or ''}|{identifier or ''}".encode(), digest_size=6).hexdigest()
