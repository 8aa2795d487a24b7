"""Digests as WARC writes them (WARC/1.1, 5.8 and 5.9): ``sha1:`` and base32 in capitals, as the tools of the field do.

The block digest is over the record's block. The payload digest is over the body as RFC 2616 calls it an entity-body:
without transfer coding, with content coding.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from pipelines.archive.http import MAX_HEAD, Dechunker, Head, parse_head, payload_without_head
from pipelines.model import Exchange

ALGORITHMS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha-512": "sha512",
}
"""Names found in WARC files, and hashlib's."""

STEP = 1 << 20
"""Bytes read at a time."""


def sha1(data: bytes) -> str:
    """The digest of some bytes in WARC form."""
    return spelled(hashlib.sha1(data, usedforsecurity=False).digest())


def spelled(digest: bytes, algorithm: str = "sha1") -> str:
    """A digest in WARC form."""
    return f"{algorithm}:{base64.b32encode(digest).decode('ascii')}"


def split(digest: str) -> tuple[str, bytes] | None:
    """Algorithm and value of a digest in base32 or hexadecimal, as others write it; None if it cannot be read."""
    name, colon, value = digest.strip().partition(":")
    algorithm = ALGORITHMS.get(name.strip().lower())
    if not colon or algorithm is None:
        return None
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    value = value.strip()
    try:
        if len(value) == 2 * size:
            return algorithm, bytes.fromhex(value)
        bare = value.rstrip("=").upper()
        found = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except ValueError:
        return None
    return (algorithm, found) if len(found) == size else None


def matches(digest: str, data: bytes) -> bool | None:
    """Whether a digest fits some bytes; None if its algorithm or form is not known."""
    known = split(digest)
    if known is None:
        return None
    return hashlib.new(known[0], data, usedforsecurity=False).digest() == known[1]


class ResponseHash:
    """Hashes a response block that comes in pieces, as a block and as a payload.

    ``head`` is there once it has come whole. ``framed`` asks for ``body`` too, the digest with chunk framing left in,
    which some software takes for the payload's. With ``parse_request_head`` it hashes requests.
    """

    def __init__(
        self,
        algorithm: str = "sha1",
        *,
        framed: bool = False,
        parse: Callable[[bytes], Head | None] = parse_head,
    ) -> None:
        self.head: Head | None = None
        self.chunks: Dechunker | None = None
        """Of a body declared chunked."""
        self.block = hashlib.new(algorithm, usedforsecurity=False)
        self.body = hashlib.new(algorithm, usedforsecurity=False)
        self.length = 0
        """Bytes of the block."""
        self.body_length = 0
        self._payload: Any = self.body
        self._framed, self._parse = framed, parse
        self._pending: bytes | None = b""
        """The beginning of the block, while the end of the head has not come."""
        self._algorithm = algorithm

    def feed(self, data: bytes) -> None:
        self.block.update(data)
        self.length += len(data)
        if self._pending is None:
            self._feed_body(data)
            return
        self._pending += data
        self.head = self._parse(self._pending)
        if self.head is not None:
            body, self._pending = self._pending[self.head.length :], None
            if self.head.chunked:
                self.chunks = Dechunker()
                self._payload = hashlib.new(self._algorithm, usedforsecurity=False)
            self._feed_body(body)
        elif len(self._pending) > MAX_HEAD:
            body, self._pending = payload_without_head(self._pending), None
            self._feed_body(body)

    def end(self) -> bytes:
        """The payload digest; call it once, after the last piece."""
        if self._pending is not None:
            self._feed_body(payload_without_head(self._pending))
            self._pending = None
        if self.chunks is not None:
            self._payload.update(self.chunks.end())
        return bytes(self._payload.digest())

    def _feed_body(self, data: bytes) -> None:
        self.body_length += len(data)
        if self.chunks is None or self._framed:
            self.body.update(data)
        if self.chunks is not None:
            for piece in self.chunks.feed(data):
                self._payload.update(piece)


def hash_exchange(exchange: Exchange) -> tuple[ResponseHash, str]:
    """A response hashed, and its payload digest. Reads it in pieces: bodies may be larger than memory."""
    hashed = ResponseHash()
    exchange.response.seek(0)
    while data := exchange.response.read(STEP):
        hashed.feed(data)
    return hashed, spelled(hashed.end())


def payload_digest(exchange: Exchange) -> str:
    """The digest of a response's payload: without transfer coding, with content coding."""
    return hash_exchange(exchange)[1]


def payload_digest_of(block: bytes) -> str:
    """The same, of a response block."""
    hashed = ResponseHash()
    hashed.feed(block)
    return spelled(hashed.end())
