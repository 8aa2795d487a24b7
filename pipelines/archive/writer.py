"""Writing WARC/1.1 (ISO 28500:2017): one gzip member a record, blocks as they crossed the wire.

A capture is a group of records written with one call: response (or revisit), request, interim responses if there were
any, and last a ``metadata`` record that says how the page was found. That last record closes the group: after a crash
the file is cut back to the end of the last whole group.
"""

from __future__ import annotations

import os
import socket
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pipelines.archive.digests import payload_digest_of, sha1
from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import encode_fields, encode_provenance
from pipelines.archive.http import parse_head
from pipelines.errors import CaptureError, DiskFullError
from pipelines.model import CaptureRef, Exchange, Provenance, RecordType

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Revisit profiles (WARC/1.1, 6.7)."""

SERVER_NOT_MODIFIED = 304

LEVEL_PLAIN, LEVEL_CODED = 6, 1
"""zlib levels. Measured on 300 news pages: level 6 takes 2.5 ms for a plain page and saves 12 % over level 3 (1.2 ms);
a body that is gzip already does not shrink, and level 1 passes it in 0.4 ms."""

URI_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""Characters that stay as they are in WARC-Target-URI: reserved by RFC 3986, and the percent sign."""

RESERVE_SHARE, RESERVE_MOST = 50, 50 << 20
"""Free space that is left alone: a fiftieth of the file system, 50 MB at most, so that ledger and records, which
follow the archive, find room."""

_FULL = frozenset({27, 28, 122})
"""EFBIG, ENOSPC, EDQUOT of errno(3)."""

OPEN = ".open"


@dataclass(frozen=True, slots=True)
class RevisitTarget:
    """The response that a revisit refers to."""

    record_id: str
    url: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A metadata record of our own."""

    filename: str
    offset: int
    target_uri: str
    content_type: str
    block: bytes
    concurrent_to: str | None = None


def _uuid() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _now() -> datetime:
    return datetime.now(UTC)


class WarcWriter:
    """The one writer of a folder's WARC files.

    Raises ``DiskFullError`` or ``CaptureError`` when something could not be written; the file then ends after the last
    whole group, and writing may go on once there is room.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str,
        info: Mapping[str, str],
        max_bytes: int = 1_000_000_000,
        max_disk: int = 0,
        host: str | None = None,
        clock: Callable[[], datetime] = _now,
        new_id: Callable[[], str] = _uuid,
    ) -> None:
        self._folder, self._prefix, self._info = folder, prefix, dict(info)
        self._max_bytes, self._max_disk = max_bytes, max_disk
        self._host = host if host is not None else socket.gethostname()
        self._clock, self._new_id = clock, new_id
        self._fd: int | None = None
        self._name = ""
        self._length = 0
        self._synced = 0
        self._serial = len(list(folder.glob("*.warc.gz")))
        self._used = sum(path.stat().st_size for path in folder.parent.parent.rglob("*") if path.is_file()) if max_disk else 0
        status = os.statvfs(folder)
        self._reserve = min(RESERVE_MOST, status.f_blocks * status.f_frsize // RESERVE_SHARE)
        self._info_id = ""

    # ------------------------------------------------------------------ records

    def write(
        self, exchange: Exchange, provenance: Provenance, *, revisit_of: RevisitTarget | None = None
    ) -> CaptureRef:
        """Write one exchange and give the place of its response."""
        exchange.response.seek(0)
        block = exchange.response.read()
        digest = payload_digest_of(block)
        uri, date = target_uri(exchange.url), warc_date(exchange.started)
        common = [("WARC-Target-URI", uri), ("WARC-Date", date)]
        wire = [("WARC-IP-Address", exchange.ip)] if exchange.ip else []
        wire += [("WARC-Protocol", protocol) for protocol in exchange.protocols]
        record_id, request_id = self._new_id(), self._new_id()
        kind: RecordType = "response"
        extra: list[tuple[str, str]] = []
        head = parse_head(block)
        if revisit_of is not None and head is not None:
            kind = "revisit"
            profile = NOT_MODIFIED if head.status == SERVER_NOT_MODIFIED else IDENTICAL
            block = block[: head.length]
            extra = [
                ("WARC-Profile", profile),
                ("WARC-Refers-To", f"<{revisit_of.record_id}>"),
                ("WARC-Refers-To-Target-URI", revisit_of.url),
                ("WARC-Refers-To-Date", revisit_of.date),
            ]
        if exchange.truncated:
            extra.append(("WARC-Truncated", exchange.truncated))
        if kind == "response" or profile == IDENTICAL:
            extra.append(("WARC-Payload-Digest", digest))
        coded = head is not None and head.get("content-encoding") not in ("", "identity")
        concurrent = [("WARC-Concurrent-To", f"<{record_id}>")]
        http = "application/http;msgtype="
        first = _record(kind, record_id, [*common, *wire, *extra], http + "response", block, coded)
        group = [first, _record("request", request_id, [*common, *wire, *concurrent], http + "request", exchange.request)]
        if exchange.interim:
            interim = _record(
                "metadata", self._new_id(), [*common, *concurrent], http + "response", exchange.interim
            )
            group.append(interim)
        found = encode_provenance(provenance)
        group.append(_record("metadata", self._new_id(), [*common, *concurrent], WARC_FIELDS, found))
        offset = self._append(b"".join(group))
        return CaptureRef(
            filename=self._name,
            offset=offset,
            length=len(first),
            record_id=record_id,
            url=uri,
            date=date,
            type=kind,
            payload_digest=digest if kind == "response" or profile == IDENTICAL else None,
            refers_to=revisit_of.record_id if kind == "revisit" and revisit_of else None,
        )

    def write_metadata(self, uri: str, content_type: str, block: bytes, *, concurrent_to: str | None = None) -> Note:
        """Write a metadata record that stands by itself, such as what was learnt of a site."""
        headers = [("WARC-Target-URI", target_uri(uri)), ("WARC-Date", warc_date(self._clock()))]
        if concurrent_to:
            headers.append(("WARC-Concurrent-To", f"<{concurrent_to}>"))
        offset = self._append(_record("metadata", self._new_id(), headers, content_type, block))
        return Note(
            filename=self._name,
            offset=offset,
            target_uri=target_uri(uri),
            content_type=content_type,
            block=block,
            concurrent_to=concurrent_to,
        )

    # ------------------------------------------------------------------ the file

    @property
    def position(self) -> tuple[str, int] | None:
        """The open file's final name and its length; None while there is no file."""
        return (self._name, self._length) if self._fd is not None else None

    def resume(self, path: Path, length: int) -> None:
        """Go on in a file of an earlier process, cut to its last whole group (see ``recover``)."""
        self._fd = os.open(path, os.O_RDWR)
        os.ftruncate(self._fd, length)
        self._name, self._length, self._synced = path.name.removesuffix(OPEN), length, 0

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        if self._fd is not None and self._synced < self._length:
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise _explained(error, self._name) from error
            self._synced = self._length

    def seal(self) -> None:
        """End the file: it loses its ``.open`` and is never written again."""
        if self._fd is None:
            return
        self.sync()
        os.close(self._fd)
        self._fd = None
        (self._folder / (self._name + OPEN)).rename(self._folder / self._name)
        sync_folder(self._folder)

    def close(self) -> None:
        """Let go of the file without sealing it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _append(self, data: bytes) -> int:
        if self._fd is not None and self._length >= self._max_bytes:
            self.seal()
        status = os.statvfs(self._folder)
        free = status.f_bavail * status.f_frsize
        if free - len(data) < self._reserve:
            raise DiskFullError(
                f"only {free >> 10} KB are free under {self._folder}, of which {self._reserve >> 10} KB are kept in reserve:"
                " make room and start again"
            )
        if self._max_disk and self._used + len(data) > self._max_disk:
            raise DiskFullError(
                f"{self._folder.parent.parent} takes {self._used >> 20} MB and may not take more than"
                f" {self._max_disk >> 20} MB (BROADSHEET_MAX_DISK): raise the limit or make room, and start again"
            )
        if self._fd is None:
            self._begin()
        offset = self._length
        self._write(data)
        return offset

    def _begin(self) -> None:
        now = self._clock()
        stamp = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        self._name = f"{self._prefix}-{stamp}-{self._serial:05d}-{self._host}.warc.gz"
        self._serial += 1
        try:
            self._fd = os.open(self._folder / (self._name + OPEN), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise _explained(error, self._name) from error
        sync_folder(self._folder)
        self._length = self._synced = 0
        info = {
            **self._info,
            "hostname": self._host,
            "format": "WARC file version 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        }
        headers = [("WARC-Date", warc_date(now)), ("WARC-Filename", self._name)]
        block = encode_fields({name: value for name, value in info.items() if value})
        self._write(_record("warcinfo", self._new_id(), headers, WARC_FIELDS, block))

    def _write(self, data: bytes) -> None:
        assert self._fd is not None
        written = 0
        view = memoryview(data)
        try:
            while written < len(data):
                written += os.pwrite(self._fd, view[written:], self._length + written)
        except OSError as error:
            os.ftruncate(self._fd, self._length)
            raise _explained(error, self._name) from error
        self._length += written
        self._used += written


def _record(
    kind: str, record_id: str, headers: list[tuple[str, str]], content_type: str, block: bytes, coded: bool = False
) -> bytes:
    """One record as a gzip member."""
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <{record_id}>",
        *(f"{name}: {value}" for name, value in headers),
        f"WARC-Block-Digest: {sha1(block)}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(block)}",
    ]
    packer = zlib.compressobj(LEVEL_CODED if coded else LEVEL_PLAIN, zlib.DEFLATED, 31)
    head = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"
    return packer.compress(head) + packer.compress(block) + packer.compress(b"\r\n\r\n") + packer.flush()


def target_uri(url: str) -> str:
    """A URL as a valid URI: what RFC 3986 does not allow is percent-encoded, nothing else changes."""
    return quote(url.partition("#")[0], safe=URI_SAFE, errors="replace")


def warc_date(moment: datetime) -> str:
    """UTC with microseconds (WARC/1.1, 5.4)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sync_folder(folder: Path) -> None:
    """Make new and renamed names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _explained(error: OSError, name: str) -> CaptureError:
    kind = DiskFullError if error.errno in _FULL else CaptureError
    return kind(f"cannot write {name}: {error.strerror}")
