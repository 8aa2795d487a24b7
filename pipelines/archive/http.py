"""HTTP messages as bytes: where the head ends, what it says, and the body without transfer coding (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.model import Exchange

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"(?:HTTP/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?:[ \t]+(.*))?\Z", re.IGNORECASE | re.DOTALL)
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\Z", re.DOTALL)

MAX_HEAD = 1 << 20
"""Bytes looked through for the end of a head. The crawl cuts heads at 256 KiB, as Chromium does."""

MAX_LINE = 8192
"""Bytes of a chunk-size line. Sizes need 20; some servers pad the line or sign it in an extension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a response."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    """As sent: order, case and repetition kept; latin-1 decoded, folded lines joined by a space."""
    length: int
    """Bytes up to and with the blank line."""

    def get(self, name: str) -> str:
        """All values of a header, joined by commas; empty if there is none."""
        wanted = name.lower()
        return ", ".join(value for key, value in self.headers if key.lower() == wanted)

    @property
    def chunked(self) -> bool:
        """Whether the body is declared chunked."""
        return "chunked" in (coding.strip() for coding in self.get("transfer-encoding").lower().split(","))


def head_length(block: bytes) -> int | None:
    """Bytes of a head with its blank line; None if it has no end within ``MAX_HEAD``."""
    end = _END.search(block, 0, MAX_HEAD)
    return end.end() if end else None


def parse_head(block: bytes) -> Head | None:
    """The head of a response as lenient readers take it: bare line feeds, folded lines and lines without a colon do
    no harm. None if the block does not begin with an HTTP status line and hold a whole head."""
    length = head_length(block)
    status = _STATUS.match(block[:length].partition(b"\n")[0].rstrip(b"\r")) if length else None
    if length is None or status is None:
        return None
    return Head(
        status=int(status[1]),
        reason=(status[2] or b"").decode("latin-1").strip(),
        headers=_fields(block[:length]),
        length=length,
    )


def parse_request_head(block: bytes) -> Head | None:
    """The head of a request, in the same form (its status is 0); None if the block does not hold a whole one."""
    length = head_length(block)
    return Head(status=0, reason="", headers=_fields(block[:length]), length=length) if length else None


def _fields(head: bytes) -> tuple[tuple[str, str], ...]:
    headers: list[list[str]] = []
    for line in head.split(b"\n")[1:]:
        text = line.removesuffix(b"\r").decode("latin-1")
        if text[:1] in (" ", "\t"):
            if headers:
                headers[-1].append(text.strip(" \t"))
            continue
        headers.append([text])
    named = (" ".join(pieces).partition(":") for pieces in headers)
    return tuple((name.strip(), value.strip(" \t")) for name, colon, value in named if colon and name.strip())


def response_head(exchange: Exchange) -> Head | None:
    """The head of an exchange's response; None if it was cut inside it, or is not HTTP."""
    exchange.response.seek(0)
    data = exchange.response.read(8192)
    while head_length(data) is None and len(data) < MAX_HEAD and (more := exchange.response.read(65536)):
        data += more
    return parse_head(data)


class Dechunker:
    """Takes a chunked body in pieces of any size and gives back what it carries.

    Chunk extensions and trailers are passed over. Where the framing breaks, the body ends (``broken``); where it is
    none from the first line on, the body is given as it is (``unframed``): servers declare what they do not do.
    """

    def __init__(self) -> None:
        self.broken = False
        self.unframed = False
        self.ended = False
        """The last chunk has come."""
        self._left = 0
        """Bytes of the current chunk still to come."""
        self._line = b""
        """Of a size line, while it is not complete."""
        self._begun = False
        self._between = False
        """Behind a chunk, before the line break that ends it."""

    def feed(self, data: bytes) -> list[bytes | memoryview]:
        """The pieces of payload in some bytes of the body."""
        if self.unframed:
            return [data]
        pieces: list[bytes | memoryview] = []
        view = memoryview(data)
        at, size = 0, len(data)
        while at < size and not self.ended and not self.broken:
            if self._left:
                piece = view[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._between = not self._left
                continue
            newline = data.find(b"\n", at, at + MAX_LINE)
            if newline < 0 and size - at < MAX_LINE - len(self._line):
                self._line += data[at:]
                break
            line = self._line + data[at:newline] if newline >= 0 else b""
            if self._between:
                self.broken = newline < 0 or line not in (b"", b"\r")
                self._between = False
            elif match := _CHUNK.match(line):
                self._begun = True
                self._left = int(match[1], 16)
                self.ended = not self._left
            elif not self._begun:
                self.unframed = True
                return [self._line + data] if at == 0 else [data]
            else:
                self.broken = True
            self._line = b""
            at = newline + 1
        return pieces

    def end(self) -> bytes:
        """What is left to give when no more will come: a start that never became a size line."""
        if self._begun or self.unframed:
            return b""
        self.unframed = bool(self._line)
        return self._line


def dechunk(body: bytes) -> bytes | None:
    """A chunked body put together; as far as it came where it is cut. None if it is not chunked at all."""
    chunks = Dechunker()
    pieces = chunks.feed(body)
    chunks.end()
    return None if chunks.unframed else b"".join(pieces)


def payload_without_head(block: bytes) -> bytes:
    """The payload of a block in which no head ends: none if it was cut in its head, all of it if it has none."""
    opening = block[:5].upper()
    return b"" if b"HTTP/".startswith(opening) else block


def payload_of(head: Head, body: bytes) -> bytes:
    """The body without transfer coding. One declared chunked that is not is given as it is."""
    if not head.chunked:
        return body
    plain = dechunk(body)
    return body if plain is None else plain
