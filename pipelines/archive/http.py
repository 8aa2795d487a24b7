"""HTTP messages as bytes: where the head ends, what it says, and the body without transfer coding (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.model import Exchange

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"(?i)HTTP/(\d+(?:\.\d+)?)\s+(\d{3})(?:\s+(.*))?")

MAX_HEAD = 1 << 20
"""Bytes looked through for the end of a head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a response."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    length: int
    """Bytes up to and with the blank line."""

    def get(self, name: str) -> str:
        """All values of a header, joined by commas; empty if there is none."""
        wanted = name.lower()
        return ", ".join(value for key, value in self.headers if key.lower() == wanted)


def parse_head(block: bytes) -> Head | None:
    """The head of a response as lenient readers take it: bare line feeds, folded lines and lines without a colon do
    no harm. None if the block does not begin with an HTTP status line and hold a whole head."""
    end = _END.search(block, 0, MAX_HEAD)
    if end is None:
        return None
    lines = block[: end.start()].split(b"\n")
    status = _STATUS.match(lines[0].strip(b"\r"))
    if status is None:
        return None
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        text = line.rstrip(b"\r").decode("latin-1")
        if text[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {text.strip()}")
        elif ":" in text:
            name, _, value = text.partition(":")
            headers.append((name.strip(), value.strip()))
    return Head(
        status=int(status[2]),
        reason=(status[3] or b"").decode("latin-1").strip(),
        headers=tuple(headers),
        length=end.end(),
    )


def response_head(exchange: Exchange) -> Head | None:
    """The head of an exchange's response; None if it was cut inside it, or is not HTTP."""
    exchange.response.seek(0)
    data = exchange.response.read(4096)
    while _END.search(data) is None and len(data) < min(MAX_HEAD, exchange.response_length):
        data += exchange.response.read(65536)
    return parse_head(data)


def payload_of(head: Head, body: bytes) -> bytes:
    """The body without transfer coding. One declared chunked that is not is given as it is."""
    if "chunked" not in head.get("transfer-encoding").lower():
        return body
    plain = dechunk(body)
    return body if plain is None else plain


def dechunk(body: bytes) -> bytes | None:
    """A chunked body put together; as far as it came where it is cut. None if it is not chunked at all."""
    parts = []
    at = 0
    while True:
        end = body.find(b"\n", at)
        if end < 0:
            return b"".join(parts) if parts or not body else None
        size = body[at:end].split(b";")[0].strip()
        try:
            length = int(size, 16)
        except ValueError:
            return b"".join(parts) if parts else None
        if length == 0:
            return b"".join(parts)
        start = end + 1
        parts.append(body[start : start + length])
        at = start + length
        if body[at : at + 2] == b"\r\n":
            at += 2
        elif body[at : at + 1] == b"\n":
            at += 1
        if at >= len(body):
            return b"".join(parts)
