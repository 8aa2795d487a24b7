"""The body without its content coding. Limited, and not to be surprised: servers declare codings they did not apply."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

from pipelines.model import Capture

MAX_DECODED = 32 * 1024 * 1024
"""Bytes of a decoded body. The largest of 1,232 public news pages has 4.4 million; a bomb of 10 kB gives more."""

MAX_CODINGS = 4
"""Codings applied one over the other. Two are seen in practice (a proxy that compresses once more)."""


class UndecodableError(ValueError):
    """The body is not what its content coding says, and not plain text either."""


def decode_content(capture: Capture) -> bytes:
    """The body with its content coding undone. Raises ``UndecodableError`` (a ``ValueError``)."""
    declared = ",".join(value for name, value in capture.headers if name.lower() == "content-encoding")
    return decode_body(capture.payload, declared)


def decode_body(data: bytes, declared: str) -> bytes:
    """The same for a body and the value of its Content-Encoding."""
    codings = [coding for part in declared.lower().split(",") if (coding := part.strip()) not in ("", "identity")]
    if len(codings) > MAX_CODINGS:
        raise UndecodableError(f"{len(codings)} content codings")
    for coding in reversed(codings):
        data = _undo(coding.removeprefix("x-"), data)
    if not codings and data[:3] == b"\x1f\x8b\x08":  # coded and not declared
        try:
            data = _gunzip(data)
        except UndecodableError:
            return data
    return data


def _undo(coding: str, data: bytes) -> bytes:
    decoder = _DECODERS.get(coding)
    if not data or (decoder is None and _is_text(data)):
        return data
    if decoder is None:
        raise UndecodableError(f"content coding {coding[:40]!r} is not known")
    if coding == "gzip" and data[:2] != b"\x1f\x8b" and _is_text(data):
        return data  # declared and not applied
    try:
        return decoder(data)
    except _FAILURES as error:
        if _is_text(data):
            return data
        raise UndecodableError(f"body is not {coding}: {error}") from None


def _is_text(data: bytes) -> bool:
    """Whether a body can be text as it is: no control characters at its start, and markup or nearly all UTF-8."""
    head = data[:512]
    if any(byte < 9 or 13 < byte < 27 for byte in head):
        return False
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return True
    return head.decode("utf-8", "replace").count("\ufffd") <= len(head) // 50


def _limit(data: bytes) -> bytes:
    if len(data) > MAX_DECODED:
        raise UndecodableError(f"more than {MAX_DECODED >> 20} MiB when decoded")
    return data


def _inflate(data: bytes, wbits: int) -> bytes:
    """Inflate, keeping what came before a cut or a fault."""
    parts: list[bytes] = []
    size = 0
    while data:
        stream = zlib.decompressobj(wbits)
        try:
            part = stream.decompress(data, MAX_DECODED - size + 1)
        except zlib.error:
            if not parts:
                raise
            break  # bytes after the last member are no part of the body
        parts.append(part)
        size += len(part)
        _limit(part if size <= MAX_DECODED else b"".join(parts))
        if not stream.eof or wbits < 16:
            break
        data = stream.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _gunzip(data: bytes) -> bytes:
    try:
        return _inflate(data, 31)
    except zlib.error as error:
        raise UndecodableError(f"body is not gzip: {error}") from None


def _deflate(data: bytes) -> bytes:
    """``deflate`` is zlib's format; many servers send it without the header."""
    try:
        return _inflate(data, 15)
    except zlib.error:
        return _inflate(data, -15)


def _brotli(data: bytes) -> bytes:
    stream = brotli.Decompressor()
    parts = [stream.process(data, output_buffer_limit=MAX_DECODED + 1)]
    size = len(parts[0])
    while size <= MAX_DECODED and not stream.is_finished():
        part = stream.process(b"", output_buffer_limit=MAX_DECODED + 1 - size)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return _limit(b"".join(parts))


def _zstd(data: bytes) -> bytes:
    with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(data, read_across_frames=True) as stream:
        return _limit(stream.read(MAX_DECODED + 1))


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
_FAILURES = (zlib.error, brotli.error, zstandard.ZstdError, UndecodableError)
