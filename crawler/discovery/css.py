"""What a style sheet needs: the sheets it imports, its fonts and its images.

A style sheet is not parsed here but read for its addresses, by the tokens of CSS Syntax Level 3: comments, strings,
escapes and ``url()`` are what a browser takes them for. The time is linear in the length, whatever is in it.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from crawler.discovery.content import decode
from crawler.discovery.urls import absolute

Kind = Literal["style", "script", "font", "frame", "image", "icon", "media", "other"]

KINDS: tuple[Kind, ...] = ("style", "script", "font", "frame", "image", "icon", "media", "other")
"""What a requisite is for, in the order in which a page needs it: a bound cuts from the end. ``other`` is what only
another screen, another reader or a click asks for."""

MAX_CSS = 5 * 2**20
"""Characters of a style sheet that are read. The largest of large sites have 2 million."""

MAX_FOUND = 5_000
"""Different addresses taken from one document."""

MAX_WRITTEN = 20_000
"""Addresses looked at in one document, repetitions included."""


class Requisite(NamedTuple):
    """An address that a page needs, absolute."""

    url: str
    kind: Kind


_NEWLINES = "\n\r\f"
_ESCAPED = r"\\(?:\r\n|[\s\S])"
_STRINGS = rf'"(?:[^"\\{_NEWLINES}]|{_ESCAPED})*+|\'(?:[^\'\\{_NEWLINES}]|{_ESCAPED})*+'
_TOKEN = re.compile(
    rf"\(|/\*|{_STRINGS}|{_ESCAPED}|@(?:import|namespace|font-face|(?:-moz-)?document)(?![\w-])", re.IGNORECASE
)
"""All begin with a character that is rare in style sheets, which makes the search fast."""

_NAME = re.compile(r"(?:^|[^\w-])(url|src|(?:-webkit-)?image-set)\Z", re.IGNORECASE)
_ENDS = frozenset({"url", "src", "set"})
_IN_SET = re.compile(rf"/\*|{_STRINGS}|{_ESCAPED}|(?<![\w-])url\(|(?<![\w-])type\(|[()}};]", re.IGNORECASE)
_BLANK = re.compile(r"(?:[ \t\n\r\f]|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_STRING = re.compile(_STRINGS)
_QUOTED = re.compile(rf"[ \t\n\r\f]*+({_STRINGS})")
_HEX = r"\\[0-9A-Fa-f]{1,6}(?:\r\n|[ \t\n\r\f])?"
_UNQUOTED = re.compile(
    rf"""[ \t{_NEWLINES}]*+((?:[^"'()\\\s\x00-\x08\x0b\x0e-\x1f\x7f]|{_HEX}|\\[^{_NEWLINES}])*+)\s*+(?:\)|\Z)"""
)
_BAD = re.compile(rf"(?:[^)\\]|{_ESCAPED})*+\)?")
_PRELUDE = re.compile(r"[^{};]*+[{};]?")
_URL = re.compile(r"url\(", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|([\s\S])|\Z)")
_CHARSET = re.compile(rb'(?:\xef\xbb\xbf)?@charset "([!-~]{1,40})"\s*;', re.IGNORECASE)
_FONT = (".woff2", ".woff", ".ttf", ".otf", ".eot", ".ttc")


def css_text(payload: bytes, content_type: str = "", hint: str | None = None) -> str:
    """The text of a style sheet; `hint` is the charset of what it was linked from, if known."""
    declared = _CHARSET.match(payload)
    if declared and "charset" not in content_type.lower():
        hint = declared[1].decode("latin-1")
    return decode(payload[: 4 * MAX_CSS], content_type, hint)[:MAX_CSS]


def requisites_of_css(text: str, base: str) -> list[Requisite]:
    """What a style sheet at `base`, or a ``style`` attribute or element of a page there, needs, in its order."""
    found: dict[str, Kind] = {}
    for written, kind in _written(text[:MAX_CSS]):
        url = resolved(written, base)
        if url is not None:
            found.setdefault(url, "font" if kind == "image" and url.partition("?")[0].lower().endswith(_FONT) else kind)
            if len(found) >= MAX_FOUND:
                break
    return [Requisite(url, kind) for url, kind in found.items()]


def resolved(written: str, base: str) -> str | None:
    """An address as written on the page at `base`, absolute; None where there is nothing to fetch by it."""
    written = written.strip()
    if not written or written[0] == "#" or written[:5].lower() == "data:":
        return None
    if written[0] == "/" and written[1:2].isalnum():  # of most: spares taking apart and joining
        end = base.find("/", base.find("://") + 3)
        return absolute((base if end < 0 else base[:end]) + written)
    return absolute(written, base)


def _written(text: str) -> list[tuple[str, Kind]]:
    """The addresses as written, and what they are for."""
    found: list[tuple[str, Kind]] = []
    at, font_end = 0, 0
    while len(found) < MAX_WRITTEN and (token := _TOKEN.search(text, at)):
        at = token.end()
        start = token[0][0]
        if start == "/":
            at = _after(text, "*/", at)
        elif start in "\"'":
            at = _closed(text, at, start)
        elif start == "\\":
            continue
        elif start == "@":
            rule = token[0][1:].lower()
            if rule == "import":
                at = _BLANK.match(text, at).end()  # type: ignore[union-attr]
                quoted = _STRING.match(text, at)
                if quoted:
                    at = _take(text, quoted, found, "style")
                elif inner := _URL.match(text, at):
                    at = _take_url(text, inner.end(), found, "style")
            elif rule == "font-face":
                font_end = max(font_end, _after(text, "}", at)) if at >= font_end else font_end
            else:  # the address of a namespace is a name, as are those of the pages that a rule is for
                at = _PRELUDE.match(text, at).end()  # type: ignore[union-attr]
        elif text[max(0, at - 4) : at - 1].lower() in _ENDS and (name := _NAME.search(text[max(0, at - 20) : at - 1])):
            if name[1][-1] in "tT":
                at = _take_set(text, at, found)
            else:
                at = _take_url(text, at, found, "font" if at < font_end else "image")
    return found


def _take_url(text: str, at: int, found: list[tuple[str, Kind]], kind: Kind) -> int:
    """Take what stands in ``url(`` up to `at`; gives the place after it. One that is ill-formed is none, as in CSS."""
    quoted = _QUOTED.match(text, at)
    if quoted:
        return _take(text, quoted, found, kind, group=1)
    plain = _UNQUOTED.match(text, at)
    if plain:
        found.append((_unescaped(plain[1]), kind))
        return plain.end()
    return _BAD.match(text, at).end()  # type: ignore[union-attr]


def _take(text: str, string: re.Match[str], found: list[tuple[str, Kind]], kind: Kind, group: int = 0) -> int:
    """Take a string, unless a line ends in it: then it is none."""
    written, at = string[group], string.end(group)
    closed = at >= len(text) or text[at] == written[0]
    if closed:
        found.append((_unescaped(written[1:]), kind))
    return _closed(text, at, written[0])


def _take_set(text: str, at: int, found: list[tuple[str, Kind]]) -> int:
    """Take the images of an ``image-set(``: each a string or a ``url()``; the string of a ``type()`` is none."""
    depth, in_type = 1, 0
    while depth and len(found) < MAX_WRITTEN and (token := _IN_SET.search(text, at)):
        at = token.end()
        match token[0][0]:
            case "/":
                at = _after(text, "*/", at)
            case "\\":
                pass
            case "(":
                depth += 1
            case ")":
                depth -= 1
                in_type = 0 if depth < in_type else in_type
            case "}" | ";":
                return at
            case "t" | "T":
                depth += 1
                in_type = in_type or depth
            case "u" | "U":
                at = _take_url(text, at, found, "image")
                if at <= len(text) and text[at - 1] != ")":  # a quoted one: its parenthesis is still to come
                    depth += 1
            case quote:
                at = _closed(text, at, quote) if in_type else _take(text, token, found, "image")
    return at


def _closed(text: str, at: int, quote: str) -> int:
    """The place after the quote that ends a string, if it does."""
    return at + 1 if text[at : at + 1] == quote else at


def _after(text: str, end: str, at: int) -> int:
    """The place after the next `end`, or the end of the text."""
    place = text.find(end, at)
    return len(text) if place < 0 else place + len(end)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    digits, newline, other = escape.groups()
    if digits:
        value = int(digits, 16)
        return chr(value) if 0 < value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
    return "" if newline else other or ""
