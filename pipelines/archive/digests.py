"""Digests as WARC writes them: ``sha1:`` and base32 in capitals, what the tools of the field compare (WARC/1.1, 5.8)."""

from __future__ import annotations

import base64
import hashlib

from pipelines.archive.http import parse_head, payload_of
from pipelines.model import Exchange

ALGORITHMS = {
    "sha1": "sha1", "sha-1": "sha1", "sha256": "sha256", "sha-256": "sha256", "sha512": "sha512", "sha-512": "sha512",
    "md5": "md5",
}  # fmt: skip


def sha1(data: bytes) -> str:
    """The digest of some bytes in WARC form."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def matches(digest: str, data: bytes) -> bool | None:
    """Whether a digest fits some bytes, in hexadecimal or base32; None if its algorithm is not known."""
    name, _, value = digest.partition(":")
    algorithm = ALGORITHMS.get(name.strip().lower())
    if algorithm is None:
        return None
    found = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    value = value.strip()
    return value.lower() == found.hex() or value.upper().rstrip("=") == base64.b32encode(found).decode().rstrip("=")


def payload_digest(exchange: Exchange) -> str:
    """The digest of a response's payload: without transfer coding, with content coding."""
    exchange.response.seek(0)
    return payload_digest_of(exchange.response.read())


def payload_digest_of(block: bytes) -> str:
    """The same, of a response block; one without a whole head is payload altogether."""
    head = parse_head(block)
    return sha1(payload_of(head, block[head.length :]) if head else block)
