"""Exchanges as servers make them."""

import io
from datetime import UTC, datetime
from typing import IO, Any

from pipelines.model import Exchange, Provenance, Role

STARTED = datetime(2026, 3, 2, 8, 30, 0, 123456, tzinfo=UTC)

REQUEST = b"GET /bridge HTTP/1.1\r\nHost: herald.example\r\nuser-AGENT: Broadsheet\r\n\r\n"

PAGE = b"<!doctype html><title>Bridge</title><p>The council voted for the bridge.</p>\n" * 20

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"

PROVENANCE = Provenance(
    job="daily",
    run="20260302T083000Z",
    outlet="herald",
    role=Role.ARTICLE,
    method="feed",
    source_url="https://herald.example/feed.xml",
    title="Br\u00fccke \u2014 approved",
    date="Mon, 02 Mar 2026 08:00:00 GMT",
    depth=2,
    fetch_ms=140,
)


def make_exchange(response: bytes | IO[bytes], **changes: Any) -> Exchange:
    handle = io.BytesIO(response) if isinstance(response, bytes) else response
    length = len(response) if isinstance(response, bytes) else handle.seek(0, 2)
    values: dict[str, Any] = {
        "url": "https://herald.example/bridge",
        "started": STARTED,
        "elapsed": 0.14,
        "request": REQUEST,
        "response": handle,
        "response_length": length,
        "ip": "192.0.2.7",
        "protocols": ("http/1.1",),
    }
    return Exchange(**{**values, **changes})


def sized(body: bytes, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, size: int = 100, *, extension: bytes = b"", trailer: bytes = b"", head: bytes = OK) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n" + trailer + b"\r\n"
