"""Where a response begins and ends: HTTP/1.1 message framing (RFC 9112), without any input or output.

Bytes go in as they arrive; what belongs to the final response goes out to ``write`` unchanged. A head is read
leniently, as browsers do and an archive must: bare line feeds, folded lines, lines without a colon, no reason phrase.
The end of the message is found strictly, so that no byte of one exchange is ever taken for another's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from crawler.fetch.chunks import Chunks, FramingError, LimitError
from pipelines.model import Truncation

_BLANK_LINE = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"(?:HTTP/(\d)(?:\.(\d))?|ICY)[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?\Z", re.IGNORECASE | re.DOTALL)
_OPENING = (b"HTTP/", b"ICY ")
_DIGITS = re.compile(rb"[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one response. 0 means none."""

    head: int = 256 << 10
    """Bytes of all head blocks, 1xx included (and, separately, of chunked trailers). Chromium's bound for one head."""
    interim: int = 20
    """1xx responses before the final one. Real servers send one or two."""
    body: int = 32 << 20
    """Bytes after the head, chunk framing included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A status line and header fields, read."""

    minor: int
    """0 for HTTP/1.0, else 1."""
    status: int
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    """As sent: order, case and repetition kept; folded lines joined by a space."""
    length: int
    """Bytes on the wire, blank line included."""

    def tokens(self, name: bytes) -> list[bytes]:
        """The elements of a comma-separated field, lower-cased, over all its lines."""
        return [
            token.strip().lower()
            for key, value in self.fields
            if key.lower() == name
            for token in value.split(b",")
            if token.strip()
        ]


def read_head(block: bytes) -> Head:
    """Read a head block that ends in its blank line."""
    lines = [line.removesuffix(b"\r") for line in block.split(b"\n")]
    match = _STATUS_LINE.match(lines[0])
    if match is None:
        raise FramingError(f"not an HTTP status line: {lines[0][:80]!r}")
    major, minor, status, reason = match.groups()
    found: list[list[bytes]] = []
    for line in lines[1:]:
        if not line:
            break
        if line[0] in b" \t":
            if found:
                found[-1].append(line.strip())
        else:
            found.append([line])
    fields = []
    for pieces in found:
        name, colon, value = (pieces[0] if len(pieces) == 1 else b" ".join(pieces)).partition(b":")
        if colon and (name := name.strip()):
            fields.append((name, value.strip()))
    return Head(
        minor=0 if (major, minor) == (b"1", b"0") or major is None else 1,
        status=int(status),
        reason=reason or b"",
        fields=tuple(fields),
        length=len(block),
    )


class Framer:
    """One response in the making. ``write`` takes the bytes of the final response from its status line on."""

    def __init__(self, method: str, limits: Limits, write: Callable[[bytes], object]) -> None:
        self._method, self._limits, self._write = method, limits, write
        self.interim = bytearray()
        """The 1xx responses that came before, as sent."""
        self.head: Head | None = None
        self.chunks: Chunks | None = None
        """If the body is chunked."""
        self.tap: list[bytes] | None = None
        """Where pieces of the body are to be put as they come, without chunk framing."""
        self.done = False
        """The message is complete."""
        self.excess = False
        """Bytes came after its end; they belong to no exchange."""
        self.suspect = False
        """The lengths given contradict each other or what came: it is whole or not, nobody can tell."""
        self._listed = False
        """The length was given as a list, such as ``9, 9``."""
        self.unfinished = bytearray()
        """Of a head, while it is not complete."""
        self._interims = 0
        self._last = False
        """The framing is such that the connection must not carry another request."""
        self._room = limits.body or 1 << 62
        self._left = -1
        """Bytes of the body still to come; -1 if only the end of the connection will tell."""

    def feed(self, data: bytes) -> None:
        """Take what arrived. :class:`FramingError` says that no more should be read; what was good is written."""
        if self.head is None:
            data = self._heads(data)
            if not data:
                return
        if self.done:
            self.excess = True
        elif self.chunks is not None:
            self._take_chunks(data, self.chunks)
        elif self._left < 0:
            self._take(data)
        else:
            self.excess = len(data) > self._left
            self.suspect = self.suspect or (self._listed and self.excess)
            data = data[: self._left] if self.excess else data
            self._left -= len(data)
            self._take(data)
            self.done = not self._left

    def end(self, *, clean: bool) -> Truncation | None:
        """The connection ended (``clean``: as the peer's own doing). What is missing, if anything?"""
        if self.head is not None and not self.done and self._left < 0 and self.chunks is None and clean:
            self.done = True
        if not self.done:
            return "disconnect"
        return "unspecified" if self.suspect else None

    @property
    def reusable(self) -> bool:
        """May the connection carry another request?"""
        if self.head is None or not self.done or self.excess or self._last or self._left < 0:
            return False
        connection = self.head.tokens(b"connection")
        if b"close" in connection:
            return False
        return self.head.minor > 0 or b"keep-alive" in connection

    # ------------------------------------------------------------------------------------------ heads

    def _heads(self, data: bytes) -> bytes:
        """Read heads up to the final one; give what came behind it."""
        pending = self.unfinished
        start = max(0, len(pending) - 2)
        pending += data
        while pending:
            self._check_opening(pending)
            match = _BLANK_LINE.search(pending, start)
            room = self._limits.head - len(self.interim) if self._limits.head else 1 << 62
            if (match.end() if match else len(pending)) > room:
                del pending[room:]
                raise LimitError(f"the response head is larger than {self._limits.head} bytes")
            if match is None:
                return b""
            block = bytes(pending[: match.end()])
            head = read_head(block)
            if head.status == 101:
                raise FramingError("the server switched protocols without being asked to")
            if head.status < 200:
                self.interim += block
                del pending[: match.end()]
                self._interims += 1
                start = 0
                if self._limits.interim and self._interims > self._limits.interim:
                    pending.clear()  # who knows what it would have been; it is not a final response cut short
                    raise LimitError(f"more than {self._limits.interim} interim (1xx) responses")
                continue
            rest = bytes(memoryview(pending)[match.end() :])
            self.unfinished = bytearray()
            self.head = head
            self._write(block)
            self._delimit(head, rest)
            return rest
        return b""

    @staticmethod
    def _check_opening(pending: bytearray) -> None:
        """Tell a server that speaks something else by its first bytes, not after reading 256 KiB of it."""
        for opening in _OPENING:
            if pending[: len(opening)].upper() == opening[: len(pending)]:
                return
        raise FramingError(f"not an HTTP response: it begins {bytes(pending[:40])!r}")

    def _delimit(self, head: Head, rest: bytes) -> None:
        """How long is the body? (RFC 9112, 6.3)"""
        if self._method == "HEAD" or head.status in (204, 304):
            self.done, self._left = True, 0
            return
        codings = head.tokens(b"transfer-encoding")
        lengths = {token for token in head.tokens(b"content-length") if _DIGITS.match(token)}
        if codings and codings[-1] == b"chunked":
            self.chunks, self._left = Chunks(self._limits.head), 0
            # Both at once is the mark of a smuggled response: chunked wins, and the connection is not used again.
            self._last = bool(lengths) or head.minor == 0
            return
        if any(coding != b"identity" for coding in codings):
            return  # an unknown coding ends with the connection
        values = {int(token) for token in lengths}
        self._listed = any(key.lower() == b"content-length" and b"," in value for key, value in head.fields)
        if len(values) == 1:
            [self._left] = values
            self.done = not self._left
            if self._limits.body and self._left > self._limits.body:
                self._write(rest[: self._limits.body])
                raise LimitError(f"the body is announced as {self._left} bytes, more than {self._limits.body}")
        self.suspect = len(values) > 1  # nobody knows the end: read to the end of the connection, and say so

    # ----------------------------------------------------------------------------------------- bodies

    def _take(self, data: bytes) -> None:
        if self.tap is not None:
            self.tap.append(data)
        self._write_within(data)

    def _write_within(self, data: bytes) -> None:
        if len(data) > self._room:
            self._write(data[: self._room])
            self._room = 0
            raise LimitError(f"the body is larger than {self._limits.body} bytes")
        self._room -= len(data)
        self._write(data)

    def _take_chunks(self, data: bytes, chunks: Chunks) -> None:
        try:
            end = chunks.feed(data, self.tap)
        except FramingError:
            self._write_within(data)
            raise
        if end < 0:
            self._write_within(data)
            return
        self._write_within(data[:end])
        self.done, self.excess = True, end < len(data)
