"""A request as it is sent, or why it cannot be."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scrapy import Request

from crawler.fetch.guard import Origin
from pipelines.errors import BroadsheetError

TARGET = re.compile(rb"[\x21-\x7e]+")

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method or header name (RFC 9110, 5.6.2)."""


class UnsendableError(BroadsheetError):
    """A request that cannot be sent as it is."""

    final = True
    """Trying again would change nothing."""


def serialise(request: Request, origin: Origin) -> bytes:
    """The request as it is sent: the header names as Scrapy has them, ``Host`` first."""
    parts = urlsplit(request.url)
    try:
        method, netloc = request.method.encode("ascii"), origin.netloc.encode("ascii")
        target = ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii")
    except UnicodeEncodeError as problem:
        raise UnsendableError(f"{request.url!r} cannot be asked for: {problem}") from problem
    if not TOKEN.fullmatch(method) or not TARGET.fullmatch(target):
        raise UnsendableError(f"{request.method!r} {request.url!r} is no HTTP request")
    lines = [method + b" " + target + b" HTTP/1.1"]
    if b"Host" not in request.headers:
        lines.append(b"Host: " + netloc)
    for name, values in request.headers.items():
        if not TOKEN.fullmatch(name) or any(b"\r" in value or b"\n" in value or b"\0" in value for value in values):
            raise UnsendableError(f"the header {name!r} of the request for {request.url} is no HTTP header")
        if name.lower() not in (b"content-length", b"transfer-encoding"):
            lines.extend(name + b": " + value for value in values)
    if request.body or request.method in ("POST", "PUT", "PATCH"):
        lines.append(b"Content-Length: %d" % len(request.body))
    return b"\r\n".join((*lines, b"", request.body))
