"""A small HTTP/1.1 server on asyncio: keep-alive, conditional requests, gzip, chunks, a log."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from sampleweb.clock import http_date
from sampleweb.incidents import Incident
from sampleweb.model import Request
from sampleweb.outlets import Outlet
from sampleweb.resource import Resource

HEADER_LIMIT = 32 * 1024
"""Bytes of a request head that are read before the connection is closed."""

RETRY_AFTER = 3600
"""Seconds that a site which is down asks for: more than a run waits, so it leaves the site alone."""

IDLE_SECONDS = 60.0
"""How long a kept connection may stay silent."""

_TEXTUAL = ("text/", "application/xml", "application/rss", "application/atom", "application/feed", "image/svg")


@dataclass(slots=True)
class _Head:
    method: str
    target: str
    version: str
    headers: dict[str, str]

    @property
    def keep(self) -> bool:
        connection = self.headers.get("connection", "").lower()
        return connection != "close" if self.version == "HTTP/1.1" else connection == "keep-alive"


class Served(Protocol):
    """What a server needs to know of a site."""

    outlet: Outlet
    base: str

    def active(self, kind: str, now: datetime) -> Incident | None:
        """The incident of that kind that is going on."""

    def respond(self, target: str, cookies: str, now: datetime) -> Resource:
        """The answer to GET `target` at `now`."""


class Server:
    """Serves one site on one address. `log` gets each request before its answer is written."""

    def __init__(
        self,
        site: Served,
        host: str,
        now: Callable[[], datetime],
        log: Callable[[Request], None],
        *,
        redirects: bool = False,
    ) -> None:
        self.site, self.host, self._now, self._log = site, host, now, log
        self._redirects = redirects

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as many requests as it brings."""
        try:
            while True:
                if self.site.active("refused", self._now()):
                    writer.transport.abort()
                    return
                head = await asyncio.wait_for(_read_head(reader), IDLE_SECONDS)
                if head is None:
                    return
                resource = self._find(head)
                if resource.delay:
                    await asyncio.sleep(resource.delay)
                keep = self._answer(head, resource, writer)
                await writer.drain()
                if not keep:
                    return
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass  # the web stops; nobody awaits this task's end
        finally:
            writer.close()

    def _find(self, head: _Head) -> Resource:
        if head.method not in ("GET", "HEAD"):
            return Resource(status=405, content_type="text/plain", body=b"GET or HEAD\n")
        if self._redirects:
            return Resource(status=301, location=self.site.base + head.target)
        return self.site.respond(head.target, head.headers.get("cookie", ""), self._now())

    def _answer(self, head: _Head, resource: Resource, writer: asyncio.StreamWriter) -> bool:
        now = self._now()
        status, lines, body, chunked = self._shape(resource, head, now)
        silent = head.method == "HEAD" or status == 304
        sent = b"" if silent else _chunks(body) if chunked else body
        keep = head.keep
        lines.append(("Connection", "keep-alive" if keep else "close"))
        reason = HTTPStatus(status).phrase
        top = f"HTTP/1.1 {status} {reason}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines)
        self._log(
            Request(
                time=now,
                monotonic=time.monotonic(),
                host=self.host,
                method=head.method,
                path=head.target,
                status=status,
                sent=len(sent),
                conditional="if-none-match" in head.headers or "if-modified-since" in head.headers,
                user_agent=head.headers.get("user-agent", ""),
            )
        )
        writer.write(top.encode("latin-1") + b"\r\n" + sent)
        return keep

    def _shape(self, resource: Resource, head: _Head, now: datetime) -> tuple[int, list[tuple[str, str]], bytes, bool]:
        """Status, header lines, body with its content coding, whether to send it in chunks."""
        outlet = self.site.outlet
        lines = [("Date", http_date(now)), ("Server", f"sampleweb/{outlet.template}"), *resource.headers]
        if resource.location:
            lines += [("Location", resource.location), ("Content-Length", "0")]
            if resource.cookie:
                lines.append(("Set-Cookie", resource.cookie))
            return resource.status, lines, b"", False
        body, kind = resource.body, resource.content_type
        squeeze = "gzip" in head.headers.get("accept-encoding", "") and kind.startswith(_TEXTUAL) and len(body) > 400
        squeeze = squeeze or resource.framing == "gzip"
        tag = hashlib.sha256(body).hexdigest()[:20]
        etag = f'"{tag}-gzip"' if squeeze else f'"{tag}"'
        status = resource.status
        if resource.changed is not None and status == 200:
            modified = resource.changed.replace(microsecond=0)
            if outlet.validators in ("both", "etag"):
                lines.append(("ETag", etag))
            if outlet.validators in ("both", "modified"):
                lines.append(("Last-Modified", http_date(modified)))
            if _unchanged(head, etag, modified, outlet.validators):
                return 304, lines, b"", False
        if kind == "text/html":
            claim = outlet.header_charset
            if outlet.odd_charset is not None and zlib.crc32(head.target.encode()) % 3 == 0:
                claim = outlet.odd_charset  # one of three servers behind the same name
            if claim:
                kind = f"text/html; charset={claim}"
        elif kind.startswith(("text/", "application/rss", "application/atom")):
            kind += "; charset=utf-8"
        lines.append(("Content-Type", kind))
        if squeeze:
            body = gzip.compress(body, 6, mtime=0)
            lines.append(("Content-Encoding", "gzip"))
        lines.append(("Vary", "Accept-Encoding"))
        if status == 503:
            lines.append(("Retry-After", str(resource.retry)))
        wanted = resource.framing == "chunked" or (outlet.chunked and resource.content_type == "text/html")
        chunked = wanted and head.version == "HTTP/1.1"
        lines.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body))))
        return status, lines, body, chunked


async def _read_head(reader: asyncio.StreamReader) -> _Head | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = raw.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        return None
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length):
        await reader.readexactly(min(int(length), HEADER_LIMIT))
    return _Head(method=words[0], target=words[1], version=words[2], headers=headers)


def _unchanged(head: _Head, etag: str, modified: datetime, validators: str) -> bool:
    wanted = head.headers.get("if-none-match")
    if wanted is not None and validators != "modified":
        tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        return etag in tags or "*" in tags
    since = head.headers.get("if-modified-since")
    if since is None or validators == "etag":
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _chunks(body: bytes, size: int = 1913) -> bytes:
    """`body` in chunked framing."""
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
