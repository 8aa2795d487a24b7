"""What the WARC standard asks of one record: its header's syntax, its fields, and the HTTP message in it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pipelines.archive.digests import ResponseHash, split
from pipelines.archive.scan import Record

MANDATORY = ("warc-record-id", "content-length", "warc-date", "warc-type")
"""WARC/1.1, section 5."""

TYPES = {"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"}
WITH_URI = {"response", "resource", "request", "revisit", "conversion", "continuation"}
REASONS = ("length", "time", "disconnect", "unspecified")

REPEATABLE = {"warc-concurrent-to", "warc-protocol"}
"""The first by the standard, the second by the IIPC's proposal for it (warc-specifications, issue 42)."""

BODYLESS = (204, 304)
"""Answers whose Content-Length, if any, is not that of what follows (RFC 9110, 8.6)."""

_PROFILE = re.compile(r"http://netpreserve\.org/warc/1\.[01]/revisit/(identical-payload-digest|server-not-modified)\Z")
_VERSION = re.compile(rb"WARC/(0\.17|0\.18|1\.0|1\.1)\Z")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]+>\Z")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*\Z")
_DATE = {
    True: re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?\Z"),
    False: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that a record breaks."""

    rule: str
    detail: str
    advice: bool = False


def header_faults(record: Record) -> Iterator[tuple[str, str]]:
    """What is wrong with the syntax of a header."""
    lines = record.head.split(b"\n")
    if any(not line.endswith(b"\r") for line in lines[:-1]):
        yield "header", "lines end in a bare line feed"
    if not _VERSION.match(lines[0].rstrip(b"\r")):
        yield "version", f"{lines[0][:40]!r}"
    seen: set[str] = set()
    for line in lines[1:]:
        line = line.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t"):
            continue
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.match(name):
            yield "header", f"no field: {line[:60]!r}"
            continue
        key = name.decode("ascii").lower()
        if key in seen and key not in REPEATABLE:
            yield "repeated", key
        seen.add(key)
        if _CONTROL.search(value):
            yield "header", f"control character in {line[:60]!r}"
        try:
            value.decode("utf-8")
        except UnicodeDecodeError:
            yield "header", f"not UTF-8: {line[:60]!r}"


def record_faults(record: Record, response: ResponseHash | None, filename: str) -> Iterator[Fault]:
    """What is wrong with the fields of a record. ``response``: its block, read as an HTTP response."""
    yield from _field_faults(record)
    kind = record.get("warc-type")
    if kind == "warcinfo" and record.get("warc-filename") not in ("", filename):
        yield Fault("filename", f"WARC-Filename is {record.get('warc-filename')}", True)
    for name in ("block", "payload"):
        digest = record.get(f"warc-{name}-digest")
        if digest and split(digest) is None:
            yield Fault("digest-form", f"{name} digest {digest!r} cannot be read", True)
    if kind in ("response", "resource", "request") and not record.get("warc-block-digest"):
        yield Fault("digest-missing", "no block digest", True)
    if kind == "revisit":
        yield from _revisit_faults(record)
    if response is None or not record.get("content-type").lower().startswith("application/http"):
        return
    if not record.get("warc-ip-address"):
        yield Fault("ip", "no WARC-IP-Address", True)
    if not record.get("warc-truncated"):
        yield from _http_faults(response)


def _field_faults(record: Record) -> Iterator[Fault]:
    for name in MANDATORY:
        if not record.get(name):
            yield Fault("mandatory", f"{name} is missing")
    kind, modern = record.get("warc-type"), not record.head.startswith((b"WARC/0.", b"WARC/1.0"))
    if kind and kind not in TYPES:
        yield Fault("type", f"{kind!r} is no type that the standard knows", True)
    for name in ("warc-record-id", "warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id"):
        value = record.get(name)
        if value and not _ID.match(value):
            yield Fault("record-id", f"{name} {value[:80]!r} is no <URI>")
    date = record.get("warc-date")
    if date and not _is_date(date, modern):
        yield Fault("date", f"{date!r} is no date in UTC as the standard wants it")
    uri = record.get("warc-target-uri")
    if not uri and kind in WITH_URI:
        yield Fault("target-uri", "it is missing")
    elif uri and kind == "warcinfo":
        yield Fault("target-uri", "a warcinfo has none")
    elif uri:
        bare = uri[1:-1] if not modern and uri.startswith("<") and uri.endswith(">") else uri
        if not _URI.match(bare):
            # Common software writes | { } ^ as browsers send them; white space and brackets round it break readers.
            yield Fault("target-uri", f"not a URI (RFC 3986): {uri[:100]!r}", not re.search(r"[\s<>]|[^!-~]", bare))
    reason = record.get("warc-truncated")
    if reason and reason not in REASONS:
        yield Fault("truncated", f"{reason!r} is no reason that the standard knows")
    if ip := record.get("warc-ip-address"):
        try:
            ipaddress.ip_address(ip)
        except ValueError:
            yield Fault("ip", f"{ip!r} is no address")


def _is_date(text: str, modern: bool) -> bool:
    if not _DATE[modern].match(text):
        return False
    try:
        if len(text) >= 19:
            datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


def _revisit_faults(record: Record) -> Iterator[Fault]:
    profile = _PROFILE.match(record.get("warc-profile"))
    if profile is None:
        yield Fault("revisit", f"profile {record.get('warc-profile')!r} is not known")
    elif profile[1] == "identical-payload-digest":
        if not record.get("warc-payload-digest"):
            yield Fault("revisit", "no WARC-Payload-Digest")
        if not record.get("warc-refers-to") and not record.get("warc-refers-to-target-uri"):
            yield Fault("revisit", "it refers to nothing")
        elif not (record.get("warc-refers-to-target-uri") and record.get("warc-refers-to-date")):
            yield Fault("revisit", "no WARC-Refers-To-Target-URI and -Date: replay needs them", True)


def _http_faults(response: ResponseHash) -> Iterator[Fault]:
    head, chunks = response.head, response.chunks
    if head is None:
        yield Fault("http", "the block is no whole HTTP response, and not marked as truncated")
        return
    if chunks is not None and response.body_length:
        if chunks.unframed:
            yield Fault("transfer-coding", "declared chunked, the body is not")
        elif chunks.broken or not chunks.ended:
            yield Fault("transfer-coding", "chunk framing breaks off, and the record is not marked as truncated")
    lengths = {value.strip() for value in head.get("content-length").split(",") if value.strip()}
    if chunks is None and len(lengths) == 1 and head.status not in BODYLESS:
        [length] = lengths
        if length.isascii() and length.isdecimal() and int(length) != response.body_length:
            detail = f"Content-Length is {length}, the body has {response.body_length} bytes"
            yield Fault("content-length", detail, response.body_length == 0)  # it may have been a HEAD request
