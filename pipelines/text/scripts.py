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
        if len(text) < MIN_TEXT or "ld+json" in (script.get("type") or "") or len(text) > jsonld.MAX_SCRIPT:
            continue
        if "__next_f" in text:
            payload += [_string(found) for found in _PUSH.findall(text)]
        elif "json" in (script.get("type") or ""):
            yield from _values(jsonld.parse(text))
        elif found := _STATE.match(text):
            yield from _values(jsonld.parse(text[found.end() :]))
    if payload:
        joined = "".join(payload)
        for line in joined.split("\n"):
            _, _, value = line.partition(":")
            if value[:1] in "[{":
                yield from _values(jsonld.parse(value))
            elif len(_MARKUP.findall(line)) > 1:
                yield line[line.index("<") :]


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
