"""Writing WARC/1.1 (ISO 28500:2017): one gzip member a record, blocks as they crossed the wire.

A capture is a group of records written together: response (or revisit), request, interim responses if there were any,
and last a ``metadata`` record that says how the page was found. That last record closes the group: after a crash
the file is cut back to the end of the last whole group. See docs/archive.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO

from pipelines.archive.digests import ResponseHash, hash_exchange, sha1, spelled
from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import encode_fields, encode_provenance
from pipelines.archive.http import Head
from pipelines.archive.record import compressible, deflated, header, member, stored, target_uri, warc_date
from pipelines.archive.scan import OPEN
from pipelines.archive.segment import sync_folder
from pipelines.archive.series import Series
from pipelines.archive.values import DOM_URI, PICTURE_URI, Note, Rendering, RevisitTarget
from pipelines.clock import utcnow
from pipelines.errors import CaptureError
from pipelines.model import CaptureRef, Exchange, Provenance, RecordType

__all__ = ["OPEN", "Note", "Rendering", "RevisitTarget", "WarcWriter", "sync_folder", "target_uri", "warc_date"]

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Revisit profiles (WARC/1.1, 6.7)."""

SERVER_NOT_MODIFIED = 304

HTTP = "application/http;msgtype="

NOTE_URI, INTERIM_URI = "urn:note:", "urn:interim:"
"""Before the page's address in metadata records that are no warc-fields. Under the address itself, the usual indexers
(cdxj-indexer, pywb) take them for captures of the page, and replay shows them in its place."""

OVERHEAD = 16 << 10
"""Bytes that headers and metadata of a group may need; asked for before it is begun."""

READ = 1 << 20
"""Bytes of a spooled body in memory at a time."""

Fields = list[tuple[str, str]]


def _uuid() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


class WarcWriter:
    """The one writer of a folder's WARC files.

    ``info`` goes into the ``warcinfo`` record of each file as it is; hostname, format and conformsTo are added.
    A file is sealed when it has ``max_bytes``. ``max_disk`` bounds everything in ``counted`` (the job's folder,
    two above this one, unless given); ``reserve`` bytes of the disk are left free.

    Methods raise ``DiskFullError`` or ``CaptureError`` when something could not be written; the file then ends after
    the last whole group, and writing may go on once there is room.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str,
        info: Mapping[str, str],
        max_bytes: int = 1_000_000_000,
        max_disk: int = 0,
        counted: Path | None = None,
        reserve: int | None = None,
        host: str | None = None,
        clock: Callable[[], datetime] = utcnow,
        new_id: Callable[[], str] = _uuid,
    ) -> None:
        self._clock, self._new_id = clock, new_id
        self._series = Series(
            folder,
            prefix=prefix,
            info=info,
            max_bytes=max_bytes,
            max_disk=max_disk,
            counted=counted or folder.parent.parent,
            reserve=reserve,
            host=host,
            clock=clock,
            new_id=new_id,
        )

    # ------------------------------------------------------------------ records

    def write(
        self,
        exchange: Exchange,
        provenance: Provenance,
        *,
        revisit_of: RevisitTarget | None = None,
        hashes: tuple[ResponseHash, str] | None = None,
    ) -> CaptureRef:
        """Write one exchange and give the place of its response. A cut response is never written as a revisit.

        ``hashes`` are those of ``hash_exchange``, from a caller who needed them before.
        """
        hashed, digest = hashes or hash_exchange(exchange)
        head, response = hashed.head, exchange.response
        uri, date, record_id = target_uri(exchange.url), warc_date(exchange.started), self._new_id()
        common: Fields = [("WARC-Target-URI", uri), ("WARC-Date", date)]
        wire = [*common, ("WARC-IP-Address", exchange.ip)] if exchange.ip else list(common)
        # WARC-Protocol stands once: the standard lets no field but WARC-Concurrent-To be repeated (docs/archive.md).
        wire += [("WARC-Protocol", protocol) for protocol in exchange.protocols[:1]]
        tied: Fields = [("WARC-Concurrent-To", f"<{record_id}>")]
        payload: Fields = [("WARC-Payload-Digest", digest)]
        kind: RecordType = "response"
        response.seek(0)
        first: Iterable[bytes]
        if revisit_of is not None and head is not None and _may_revisit(exchange, head, digest, revisit_of):
            kind = "revisit"
            profile = NOT_MODIFIED if head.status == SERVER_NOT_MODIFIED else IDENTICAL
            if profile == NOT_MODIFIED:  # its payload is that of the original (WARC/1.1, 6.7.3)
                digest = revisit_of.payload_digest or ""
                payload = [("WARC-Payload-Digest", digest)] if digest else []
            fields = [*wire, *payload, *_refers_to(revisit_of, profile)]
            first = [member(kind, record_id, fields, HTTP + "response", response.read(head.length))]
        else:
            revisit_of = None
            if exchange.truncated:
                payload.append(("WARC-Truncated", exchange.truncated))
            block_digest = spelled(hashed.block.digest())
            opening = header(
                kind,
                record_id,
                [*wire, *payload],
                HTTP + "response",
                length=hashed.length,
                block_digest=block_digest,
            )
            opening += response.read(head.length) if head else b""
            body = response.read(READ)
            rest = hashed.length - len(body) - (head.length if head else 0)
            whole = chain([body], _pieces(response, rest))
            first = deflated(chain([opening], whole)) if compressible(body) else stored(opening, whole)
        group = [first]
        if exchange.request:
            group.append([member("request", self._new_id(), [*wire, *tied], HTTP + "request", exchange.request)])
        if exchange.interim:
            # A metadata record: a second response to the same request would make a second capture of the page.
            fields = [("WARC-Target-URI", INTERIM_URI + uri), ("WARC-Date", date), *tied]
            group.append([member("metadata", self._new_id(), fields, HTTP + "response", exchange.interim)])
        also = {"protocols": " ".join(exchange.protocols)} if exchange.protocols[1:] else None
        found = encode_provenance(provenance, also)
        group.append([member("metadata", self._new_id(), [*common, *tied], WARC_FIELDS, found)])
        size = hashed.length + len(exchange.request) + len(exchange.interim) + OVERHEAD
        name, offset, lengths = self._series.append(group, size)
        return CaptureRef(
            filename=name,
            offset=offset,
            length=lengths[0],
            record_id=record_id,
            url=uri,
            date=date,
            type=kind,
            payload_digest=digest if payload else None,
            refers_to=revisit_of.record_id if revisit_of else None,
        )

    def write_metadata(self, uri: str, content_type: str, block: bytes, *, concurrent_to: str | None = None) -> Note:
        """Write a metadata record that stands by itself, such as what was learnt of a site; of ``uri``, or of
        the record ``concurrent_to``. Its own target is a URN made of ``uri``."""
        record_id, uri = self._new_id(), NOTE_URI + target_uri(uri)
        fields = [("WARC-Target-URI", uri), ("WARC-Date", warc_date(self._clock())), *_tied(concurrent_to)]
        data = member("metadata", record_id, fields, content_type, block)
        name, offset, _ = self._series.append([[data]], len(data))
        return Note(
            filename=name,
            offset=offset,
            target_uri=uri,
            content_type=content_type,
            block=block,
            concurrent_to=concurrent_to,
            record_id=record_id,
        )

    def write_rendering(
        self, rendering: Rendering, provenance: Provenance, *, page: str | None
    ) -> tuple[CaptureRef, CaptureRef | None]:
        """Write what a browser made of a page, whose own record is ``page``: the DOM, a capture with a ``provenance``,
        and the picture, if there is one."""
        uri, about = target_uri(rendering.url), dict(rendering.about)
        picture = None
        if rendering.picture is not None:
            said, block = encode_fields(about), rendering.picture
            picture = self._resource(PICTURE_URI + uri, "image/png", block, page, rendering.made, said)
        found = encode_provenance(provenance, about)
        dom = self._resource(DOM_URI + uri, "text/html; charset=utf-8", rendering.dom, page, rendering.made, found)
        return replace(dom, url=uri), picture

    def write_resource(
        self, uri: str, content_type: str, block: bytes, *, concurrent_to: str | None = None
    ) -> CaptureRef:
        """Write what was made and not received, such as a page that somebody saved."""
        return self._resource(target_uri(uri), content_type, block, concurrent_to, self._clock())

    def _resource(
        self, uri: str, content_type: str, block: bytes, tied: str | None, made: datetime, about: bytes | None = None
    ) -> CaptureRef:
        """Write a resource record and, in a metadata record that closes the group, what is said ``about`` it."""
        record_id, date, digest = self._new_id(), warc_date(made), sha1(block)
        fields = [("WARC-Target-URI", uri), ("WARC-Date", date), ("WARC-Payload-Digest", digest)]
        fields += _tied(tied)
        opening = header("resource", record_id, fields, content_type, length=len(block), block_digest=digest)
        data = deflated([opening, block]) if compressible(block) else stored(opening, [block])
        group: list[Iterable[bytes]] = [data]
        if about is not None:
            said = [("WARC-Target-URI", uri), ("WARC-Date", date), *_tied(record_id)]
            group.append([member("metadata", self._new_id(), said, WARC_FIELDS, about)])
        name, offset, lengths = self._series.append(group, len(block) + OVERHEAD)
        return CaptureRef(
            filename=name,
            offset=offset,
            length=lengths[0],
            record_id=record_id,
            url=uri,
            date=date,
            type="resource",
            payload_digest=digest,
        )

    # ------------------------------------------------------------------ the file

    @property
    def position(self) -> tuple[str, int] | None:
        """The open file's final name and its length; None while there is no file."""
        return self._series.position

    @property
    def lengths(self) -> dict[str, int]:
        """Every file this writer has written to, sealed ones too, and its length: what a commit has to note, for a
        file may have been sealed and the next begun since the last one."""
        return dict(self._series.lengths)

    def resume(self, path: Path, length: int) -> None:
        """Go on in a file of an earlier process, cut to its last whole group (see ``recover``).

        Where the ``warcinfo`` at its start is not true of this process, another one says what is.
        """
        self._series.resume(path, length)

    def flush(self) -> None:
        """Let other processes read what was written: they can already, each group goes to the file at once."""

    def sync(self) -> None:
        """Wait until the disk has what was written. After a failure the file must be opened anew."""
        self._series.sync()

    def seal(self) -> None:
        """End the file: it loses its ``.open`` and is never written again."""
        self._series.seal()

    def close(self) -> None:
        """Let go of the file without sealing it."""
        self._series.close()


def _may_revisit(exchange: Exchange, head: Head, digest: str, target: RevisitTarget) -> bool:
    if head.status == SERVER_NOT_MODIFIED:
        return not exchange.truncated
    identical = target.payload_digest in (None, digest)
    return identical and not exchange.truncated and (head.chunked or not target.chunked)


def _refers_to(target: RevisitTarget, profile: str) -> Fields:
    fields = [
        ("WARC-Profile", profile),
        ("WARC-Refers-To", f"<{target.record_id}>"),
        ("WARC-Refers-To-Target-URI", target.url),
        ("WARC-Refers-To-Date", target.date),
    ]
    if target.filename is not None and target.offset is not None:
        fields += [
            ("WARC-Refers-To-Filename", target.filename),
            ("WARC-Refers-To-File-Offset", str(target.offset)),
        ]
    return fields


def _tied(record_id: str | None) -> Fields:
    return [("WARC-Concurrent-To", f"<{record_id}>")] if record_id else []


def _pieces(handle: IO[bytes], length: int) -> Iterator[bytes]:
    """The rest of a body, of which the length is known: the record's header has announced it."""
    while piece := handle.read(READ):
        length -= len(piece)
        yield piece
    if length:
        raise CaptureError(f"the file of a response changed while it was archived ({length} bytes differ)")
