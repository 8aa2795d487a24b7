"""What a payload is, whatever it is called, and its text."""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal["empty", "feed", "json-feed", "sitemap", "html", "text", "binary"]

MAX_HTML = 5 * 2**20
"""Bytes of a page that are read for links. Front pages of newspapers have 0.2 to 3 MB."""

MAX_XML = 64 * 2**20
"""Bytes of a feed or sitemap that are read. sitemaps.org allows 50 MB unpacked."""

_ROOT = re.compile(
    r"<(?:[A-Za-z_][\w.-]{0,40}:)?(rss|rdf|feed|channel|urlset|sitemapindex|html|head|body)\b", re.IGNORECASE
)
_DECLARED = re.compile(
    rb"""(?:<\?xml[^>]{0,200}\bencoding\s*=|<meta[^>]{0,400}?\bcharset\s*=)\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_INVALID = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, 0xFFFE, 0xFFFF])
_UNSEEN = {**_INVALID, **dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
         (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip


def sniff(payload: bytes) -> Kind:
    """What the first bytes show. Content types are wrong too often to decide anything here."""
    head = payload[:4096]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if not start:
        return "empty" if not payload.strip() else "binary"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head[:4]:
        head = decode(payload[:4096]).encode("utf-8", "replace")
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{":
        return "json-feed" if b"jsonfeed.org" in payload[:65536] or b'"items"' in payload[:65536] else "text"
    text = without_comments(head.decode("latin-1"))
    found = _ROOT.search(text) or _ROOT.search(without_comments(payload[:262_144].decode("latin-1")))
    if found:
        root = found[1].lower()
        if root in ("urlset", "sitemapindex"):
            return "sitemap"
        return "feed" if root in ("rss", "rdf", "feed", "channel") else "html"
    if start[:1] == b"<":
        return "html"
    if b"\x00" in head:
        return "binary"
    return "html" if re.search(rb"<(?:a|p|div|title|meta|link)\b", payload[:65536], re.IGNORECASE) else "text"


def decode(payload: bytes, content_type: str = "", hint: str | None = None) -> str:
    """The text of a payload: by its BOM, as UTF-8 if it is UTF-8, else as declared; what claims to be UTF-8
    and is not, and what claims nothing, is windows-1252.

    What is valid UTF-8 beyond ASCII is nothing else, whatever the server says; so that goes before the declarations,
    which are often wrong. Only ISO-2022 hides in ASCII.
    """
    for bom, name in _BOMS:
        if payload.startswith(bom):
            return payload[len(bom) :].decode(name, "replace")
    if payload[:2] == b"<\x00":
        return payload.decode("utf-16-le", "replace")
    if payload[:2] == b"\x00<":
        return payload.decode("utf-16-be", "replace")
    in_header = _CHARSET.search(content_type)
    in_page = _DECLARED.search(payload[:4096])
    declared = [hint, in_header and in_header[1], in_page and in_page[1].decode("latin-1")]
    names = [name for name in map(_codec, declared) if name]
    if not any(name.startswith("iso2022") for name in names):
        try:
            return payload.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return payload.decode("utf-8", "replace")
    best = names[0] if names else "utf-8"
    if best == "utf-8" and _hardly_utf8(payload):
        best = "cp1252"
    return payload.decode("cp1252" if best == "iso8859-1" else best, "replace")


def _hardly_utf8(payload: bytes) -> bool:
    """Whether there are more bytes that cannot be UTF-8 than characters beyond ASCII that are."""
    sample = payload[:262_144].decode("utf-8", "replace")
    wrong = sample.count("\ufffd")
    return wrong >= sum(character > "\x7f" for character in sample) - wrong


def xml_text(payload: bytes, content_type: str = "", hint: str | None = None) -> tuple[str, str]:
    """The text of an XML document without the characters XML forbids, and why it must not be parsed (or nothing)."""
    text = decode(payload[:MAX_XML], content_type, hint)
    if _INVALID.keys() & set(map(ord, set(text))):
        text = text.translate(_INVALID)
    return text, "it declares entities" if declares_entities(text) else ""


def declares_entities(text: str) -> bool:
    """Whether there is an entity declaration before the root element: no honest feed or sitemap has one."""
    head = without_comments(text[:1_048_576])
    root = _ROOT.search(head)
    return re.search(r"<!ENTITY", head[: root.start()] if root else head, re.IGNORECASE) is not None


def without_comments(text: str) -> str:
    """Text without comments, an unclosed one to its end."""
    return "".join(blocks(text, "<!--", "-->")[::2])


def blocks(text: str, opening: str, closing: str) -> list[str]:
    """Text cut into what is outside and, at odd places, inside of blocks; the last may be unclosed.

    A regular expression would take the square of the time for openings without end.
    """
    pieces: list[str] = []
    done = 0
    while (start := text.find(opening, done)) >= 0:
        end = text.find(closing, start + len(opening))
        end = len(text) if end < 0 else end + len(closing)
        pieces += (text[done:start], text[start:end])
        done = end
    return [*pieces, text[done:]]


def _codec(name: str | None) -> str | None:
    """The Python codec of a charset name; None for those that are no charset of a page (``hex_codec``, ``idna``)."""
    if not name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if not getattr(found, "_is_text_encoding", True) or found.name in {
        "idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "utf-7", "mbcs", "oem",
    }:  # fmt: skip
        return None
    return found.name


def one_line(text: str | None, limit: int = 500) -> str | None:
    """Text as a title: no control characters, single blanks, of bounded length; None if nothing is left."""
    if not text:
        return None
    return " ".join(text[: limit * 4].translate(_UNSEEN).split())[:limit].strip() or None
