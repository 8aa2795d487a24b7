"""The chunked transfer coding (RFC 9112, 7.1): where it ends, and what it frames.

It is gone through as bytes arrive, to find the end; the body itself is taken from the recorded bytes when it is whole,
so that a response under way costs no memory but its file.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import IO

from pipelines.model import Truncation

LINE = 8192
"""Bytes of a chunk-size line or trailer line. Sizes need 20; some servers pad the line or sign it."""

FRAMING = 1 << 20
"""Bytes by which chunk framing may exceed the body it frames. Real servers spend 1 % on it; 32 MiB of one-byte chunks
would take 13 s of CPU to read."""

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\Z", re.DOTALL)


class FramingError(Exception):
    """What came is not a response that can be delimited; nothing more of it should be read."""

    truncated: Truncation = "unspecified"


class LimitError(FramingError):
    """The response goes beyond a limit."""

    truncated: Truncation = "length"


class _State(Enum):
    SIZE = 0
    DATA = 1
    END = 2
    TRAILER = 3


class Chunks:
    """One chunked body in the making. ``trailer`` bounds its trailer, in bytes; 0 does not."""

    def __init__(self, trailer: int = 0) -> None:
        self._state, self._left, self._rest = _State.SIZE, 0, b""
        self._body = self._framing = self._trailer = 0
        self._longest_trailer = trailer

    def feed(self, data: bytes, body: list[bytes] | None = None) -> int:
        """Go on with what arrived; append what it frames to ``body``, if given.

        Gives the index in ``data`` behind the last byte of the message, or -1 if more is to come.
        """
        before = len(self._rest)
        if before:
            data = self._rest + data
        at, size = 0, len(data)
        while at < size:
            if self._state is _State.DATA:
                end = min(size, at + self._left)
                if body is not None:
                    body.append(data[at:end])
                self._left -= end - at
                self._body += end - at
                at = end
                if not self._left:
                    self._state = _State.END
                continue
            newline = data.find(b"\n", at, at + LINE)
            if newline < 0:
                if size - at >= LINE:
                    raise FramingError("a line of the chunk framing has no end")
                break
            line, at = data[at:newline], newline + 1
            if self._state is _State.SIZE:
                match = _SIZE.match(line)
                if match is None:
                    raise FramingError(f"not a chunk size: {line[:40]!r}")
                self._left = int(match[1], 16)
                self._framing += len(line) + 3
                self._state = _State.DATA if self._left else _State.TRAILER
            elif self._state is _State.END:
                if line not in (b"", b"\r"):
                    raise FramingError(f"a chunk is longer than it says: {line[:40]!r}")
                self._state = _State.SIZE
            elif line in (b"", b"\r"):
                return at - before
            else:
                self._trailer += len(line) + 1
                if self._longest_trailer and self._trailer > self._longest_trailer:
                    raise LimitError(f"the trailer is larger than {self._longest_trailer} bytes")
        self._rest = data[at:]
        if self._framing > self._body + FRAMING:
            raise LimitError(f"{self._framing} bytes of chunk framing for {self._body} bytes of body")
        return -1


def unchunk(file: IO[bytes]) -> bytes:
    """What a chunked body frames, from the file's position on; of a broken or cut one, what comes before the break."""
    chunks, body = Chunks(), list[bytes]()
    try:
        while (data := file.read(1 << 18)) and chunks.feed(data, body) < 0:
            pass
    except FramingError:
        pass
    return b"".join(body)
