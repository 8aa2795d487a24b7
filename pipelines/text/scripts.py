"""Text that a page holds in its scripts only: JSON-LD, application state, the payload of a server-side framework.

Asked when the elements of a page hold no article. What is found is markup or plain paragraphs, and goes the
way of any other page from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

import lxml.html

from pipelines.text import jsonld
from pipelines.text.page import parse_html
from pipelines.text.structured import Markup

MIN_TEXT = 200
"""Letters from which a string or a list of strings in a script may be an article."""

MAX_VALUES = 20_000
"""Values of a script's JSON that are looked at."""

_PUSH = re.compile(r"self\.__next_f\.push\(\[\s*1\s*,\s*(\"(?:[^\"\\]|\\.)*\")\s*\]\)", re.S)
_ROW = re.compile(rb"\s*[0-9a-f]*:(?:T([0-9a-f]{1,7}),)?")
_STATE = re.compile(r"^\s*(?:window\.|var\s+|self\.)?[\w.$\[\]\"']+\s*=\s*(?=[{\[])")
_MARKUP = re.compile(r"<p\b", re.I)
_KEYS = ("html", "content", "text", "value", "body", "paragraph", "data")


def recover(markup: Markup) -> lxml.html.HtmlElement | None:
    """A tree made of the longest article-like text in the page's scripts, or None."""
    best, most = "", MIN_TEXT
    for candidate in _candidates(markup):
        size = len(re.sub(r"<[^>]*>", "", candidate))
        if size > most:
            best, most = candidate, size
    return parse_html(f"<html><body><article>{best}</article></body></html>") if best else None


def _candidates(markup: Markup) -> Iterator[str]:
    body = markup.article.get("articleBody")
    if isinstance(body, str):
        yield _paragraphs(body)
    payload: list[str] = []
    for script in markup.tree.iter("script"):
        text = script.text or ""
        if len(text) > jsonld.MAX_SCRIPT:
            continue
        if "__next_f" in text:
            payload += [_string(found) for found in _PUSH.findall(text)]
        elif len(text) < MIN_TEXT or "ld+json" in (script.get("type") or ""):
            continue
        elif "json" in (script.get("type") or ""):
            yield from _values(jsonld.parse(text))
        elif found := _STATE.match(text):
            yield from _values(jsonld.parse(text[found.end() :]))
    for row in _rows("".join(payload)):
        if row[:1] in "[{":
            yield from _values(jsonld.parse(row))
        elif len(_MARKUP.findall(row)) > 1:
            yield row[row.index("<") :]


def _rows(payload: str) -> Iterator[str]:
    """The rows of a server component's payload: up to the line's end, or of a given number of bytes for texts."""
    data = payload.encode("utf-8", "replace")
    at = 0
    while found := _ROW.match(data, at):
        at = found.end()
        end = at + int(found[1], 16) if found[1] else data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield data[at:end].decode("utf-8", "replace")
        at = end


def _string(literal: str) -> str:
    try:
        value = json.loads(literal, strict=False)
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""


def _values(root: Any) -> Iterator[str]:
    """Strings of markup, and lists whose entries each hold a paragraph."""
    queue, seen = [root], 0
    while queue and seen < MAX_VALUES:
        value = queue.pop()
        seen += 1
        if isinstance(value, str):
            if len(value) > MIN_TEXT and len(_MARKUP.findall(value)) > 1:
                yield value
        elif isinstance(value, dict):
            queue.extend(value.values())
        elif isinstance(value, list):
            queue.extend(value)
            parts = [part for entry in value if (part := _part(entry))]
            if len(parts) * 2 > len(value) and sum(map(len, parts)) > MIN_TEXT:
                yield "".join(part if part.startswith("<") else f"<p>{escape(part)}</p>" for part in parts)


def _part(entry: Any) -> str:
    if isinstance(entry, dict):
        entry = next((entry[name] for name in _KEYS if isinstance(entry.get(name), str)), "")
    return entry.strip() if isinstance(entry, str) and " " in entry else ""


def _paragraphs(text: str) -> str:
    if _MARKUP.search(text):
        return text
    return "".join(f"<p>{escape(part.strip())}</p>" for part in re.split(r"\n+|<br\s*/?>", text) if part.strip())
