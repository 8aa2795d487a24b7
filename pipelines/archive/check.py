"""Everything that can be checked in WARC files without network: framing, headers, digests, references.

The parser here is strict and its own: the tolerance that reading wants would hide what checking is for.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.archive.digests import matches
from pipelines.archive.http import dechunk, parse_head
from pipelines.archive.writer import IDENTICAL, NOT_MODIFIED, OPEN
from pipelines.errors import ArchiveError

MAX_MEMBER = 512 << 20
"""Bytes of one record that are unpacked; a bomb is not a record."""

STEP = 1 << 20
"""Bytes read at a time."""

MANDATORY = ("warc-record-id", "content-length", "warc-date", "warc-type")
"""WARC/1.1, section 5."""

REVISITS = (IDENTICAL, NOT_MODIFIED, IDENTICAL.replace("1.1", "1.0"), NOT_MODIFIED.replace("1.1", "1.0"))

_VERSION = re.compile(rb"WARC/(0\.17|0\.18|1\.0|1\.1)\Z")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?\Z")
_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]+>\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a file."""

    file: str
    offset: int
    rule: str
    detail: str


@dataclass(slots=True)
class _Record:
    offset: int
    fields: dict[str, str]
    block: bytes


def check(paths: Sequence[Path], *, on_record: Callable[[], None] = lambda: None) -> Iterator[Problem]:
    """Problems of some files that belong together (references between them are followed).

    ``on_record`` is called for each record, for whoever counts. Raises ``ArchiveError`` for a file that cannot be read.
    """
    ids: dict[str, str] = {}
    references: list[tuple[str, int, str, str]] = []
    for path in paths:
        name = path.name
        first = True
        for found in _records(path):
            if isinstance(found, Problem):
                yield found
                continue
            on_record()
            if first and found.fields.get("warc-type") != "warcinfo":
                yield Problem(
                    file=name, offset=found.offset, rule="warcinfo", detail="the file begins with another record"
                )
            first = False
            yield from (
                Problem(file=name, offset=found.offset, rule=rule, detail=detail) for rule, detail in _check(found)
            )
            record_id = found.fields.get("warc-record-id", "")
            if record_id in ids:
                yield Problem(
                    file=name, offset=found.offset, rule="id-twice", detail=f"{record_id} also in {ids[record_id]}"
                )
            ids[record_id] = f"{name} at {found.offset}"
            for field in ("warc-concurrent-to", "warc-warcinfo-id"):
                if field in found.fields:
                    references.append((name, found.offset, field, found.fields[field]))
        if first and path.stat().st_size:
            yield Problem(file=name, offset=0, rule="empty", detail="no record could be read")
    for name, offset, field, target in references:
        if target not in ids:
            yield Problem(file=name, offset=offset, rule="reference", detail=f"{field} {target} is not in these files")


def _check(record: _Record) -> Iterator[tuple[str, str]]:
    """Rules for one record: name of the rule, and what is wrong."""
    fields, block = record.fields, record.block
    for name in MANDATORY:
        if not fields.get(name):
            yield "mandatory", f"{name} is missing"
    kind = fields.get("warc-type", "")
    if not _ID.match(fields.get("warc-record-id", "")):
        yield "record-id", f"{fields.get('warc-record-id')!r} is no <URI>"
    if not _DATE.match(fields.get("warc-date", "")):
        yield "date", f"{fields.get('warc-date')!r} is no W3C date in UTC"
    if kind in ("response", "request", "resource", "revisit") and not fields.get("warc-target-uri"):
        yield "target-uri", "WARC-Target-URI is missing"
    if kind == "warcinfo" and fields.get("warc-target-uri"):
        yield "target-uri", "a warcinfo has no WARC-Target-URI"
    if "warc-block-digest" in fields and matches(fields["warc-block-digest"], block) is False:
        yield "block-digest", f"{fields['warc-block-digest']} does not fit the block"
    truncated = fields.get("warc-truncated")
    if truncated and truncated not in ("length", "time", "disconnect", "unspecified"):
        yield "truncated", f"{truncated!r} is no reason that the standard knows"
    if kind == "revisit" and fields.get("warc-profile") not in REVISITS:
        yield "revisit", f"profile {fields.get('warc-profile')!r} is not known"
    http = fields.get("content-type", "").lower().startswith("application/http")
    if kind == "response" and http:
        yield from _check_response(fields, block, cut=bool(truncated))
    elif (
        kind == "resource"
        and "warc-payload-digest" in fields
        and matches(fields["warc-payload-digest"], block) is False
    ):
        yield "payload-digest", f"{fields['warc-payload-digest']} does not fit the block"


def _check_response(fields: dict[str, str], block: bytes, *, cut: bool) -> Iterator[tuple[str, str]]:
    head = parse_head(block)
    if head is None:
        if not cut:
            yield "http", f"no HTTP response: {block[:40]!r}"
        return
    body = block[head.length :]
    plain = dechunk(body) if "chunked" in head.get("transfer-encoding").lower() else None
    if plain is None and "chunked" in head.get("transfer-encoding").lower() and not cut:
        yield "transfer-coding", f"said to be chunked, begins with {body[:24]!r}"
    digest = fields.get("warc-payload-digest")
    if digest and not any(matches(digest, data) is not False for data in (plain, body) if data is not None):
        yield "payload-digest", f"{digest} does not fit the payload"


def _records(path: Path) -> Iterator[_Record | Problem]:
    """Records of a file with one gzip member each, or plain; what breaks the framing is a problem."""
    try:
        with path.open("rb") as handle:
            magic = handle.read(2)
        if magic == b"\x1f\x8b":
            yield from _members(path)
        elif magic == b"WA" or not magic:
            yield from _plain(path)
        else:
            detail = "neither gzip nor plain: framing and digests of this form are not checked"
            yield Problem(file=path.name, offset=0, rule="form", detail=detail)
    except OSError as error:
        raise ArchiveError(f"cannot read {path}: {error.strerror}") from error


def _members(path: Path) -> Iterator[_Record | Problem]:
    with path.open("rb") as handle:
        offset, data = 0, handle.read(STEP)
        while data:
            stream, parts, size, taken = zlib.decompressobj(31), [], 0, 0
            try:
                while data and not stream.eof and size <= MAX_MEMBER:
                    part = stream.decompress(data)
                    parts.append(part)
                    size += len(part)
                    taken += len(data) - len(stream.unused_data)
                    data = stream.unused_data or handle.read(STEP)
            except zlib.error as error:
                yield Problem(file=path.name, offset=offset, rule="gzip", detail=str(error))
                return
            if not stream.eof:
                what = "larger than can be checked" if size > MAX_MEMBER else "cut off at the end of the file"
                yield Problem(file=path.name, offset=offset, rule="gzip", detail=f"the record is {what}")
                return
            member = b"".join(parts)
            record, end = _parse(path, member, offset, 0)
            yield record
            if end is not None and end < len(member):
                yield Problem(
                    file=path.name, offset=offset, rule="member", detail="more than one record in a gzip member"
                )
                while end is not None and end < len(member):
                    record, end = _parse(path, member, offset, end)
                    yield record
            offset += taken


def _plain(path: Path) -> Iterator[_Record | Problem]:
    data = path.read_bytes()
    at: int | None = 0
    while at is not None and at < len(data):
        record, at = _parse(path, data, at, at)
        yield record


def _parse(path: Path, data: bytes, offset: int, at: int) -> tuple[_Record | Problem, int | None]:
    """The record at a place, and where the next one begins; None if that cannot be told."""

    def problem(rule: str, detail: str) -> Problem:
        return Problem(file=path.name.removesuffix(OPEN), offset=offset, rule=rule, detail=detail)

    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return problem("header", "no end of the WARC header"), None
    lines = data[at:end].split(b"\r\n")
    if not _VERSION.match(lines[0]):
        return problem("version", f"begins with {lines[0][:40]!r}"), None
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            return problem("header", f"a line without a colon: {line[:40]!r}"), None
        fields.setdefault(name.decode("latin-1").strip().lower(), value.decode("utf-8", "replace").strip())
    length = fields.get("content-length", "")
    if not length.isdecimal():
        return problem("mandatory", f"Content-Length is {length!r}"), None
    start = end + 4
    block = data[start : start + int(length)]
    after = start + int(length)
    if len(block) < int(length):
        return problem("length", f"{len(block)} bytes of {length}"), None
    if data[after : after + 4] != b"\r\n\r\n":
        return problem("length", "the block is not followed by two empty lines"), None
    return _Record(offset, fields, block), after + 4
