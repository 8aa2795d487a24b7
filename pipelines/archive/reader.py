"""Reading WARC files, ours or anybody's: captures and our notes, in the order of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import decode_provenance
from pipelines.archive.http import MAX_HEAD, parse_head, payload_of, payload_without_head
from pipelines.archive.scan import MAX_BLOCK, OPEN, Packaged, Record, Warc, scan
from pipelines.archive.stream import FramingError
from pipelines.archive.values import DOM_URI, Note
from pipelines.archive.wanted import Wanted
from pipelines.errors import ArchiveError, RecordError
from pipelines.model import Capture, CaptureRef, Provenance, RecordType, Truncation

__all__ = ["Capture", "Item", "Note", "captures", "locate", "open_capture", "records"]

PAGE_TYPES = ("text/html", "application/xhtml+xml")
"""Resource records of these types are pages; those of others are pictures, logs and the like."""

Item = Capture | Note

_TYPES: tuple[str, ...] = get_args(RecordType)
_TRUNCATIONS: tuple[str, ...] = get_args(Truncation)
_IDENTICAL = "/revisit/identical-payload-digest"

Place = tuple[Warc, int]


def records(
    path: Warc,
    *,
    start: int = 0,
    stop: int | None = None,
    bodies: bool = True,
    limit: int = MAX_BLOCK,
    wanted: Wanted | None = None,
    on_error: Callable[[RecordError], None] | None = None,
) -> Iterator[Item]:
    """Captures and notes that begin at ``start`` or behind it and before ``stop``, in file order.

    A revisit of an identical payload has that payload if the record it refers to lies in the same file, or in one of
    the same folder that the revisit names; else its payload is empty. ``bodies=False`` leaves payloads out.
    A body beyond ``limit`` is cut and marked so. Captures that are not ``wanted`` are passed over. A damaged record is
    told to ``on_error`` (without one, it is raised) and reading goes on with the next one. Raises ``ArchiveError``
    where the file is no WARC at all.
    """
    name = path.name.removesuffix(OPEN)
    originals: dict[str, Place] = {}
    pending: Capture | None = None
    ahead: tuple[str, Provenance] | None = None
    """What was told of an address, before the capture."""

    def kept(record: Record) -> int:
        """Of what is not wanted, nothing is kept, and of what nobody reads (requests and the like), too."""
        kind = record.get("warc-type")
        if kind in _TYPES:
            return 0 if wanted is not None and not wanted.record(record) else most
        return most if kind == "metadata" else 0

    most = limit if bodies else MAX_HEAD
    for record in scan(path, start=start, stop=stop, limit=kept, on_error=on_error):
        kind = record.get("warc-type")
        if kind in _TYPES:
            if pending is not None:
                yield pending
            pending = None
            if wanted is not None and not wanted.record(record):
                if kind != "revisit":  # a revisit that is wanted may refer to it
                    originals[record.uri("warc-record-id")] = (path, record.offset)
                    address = f"{record.uri('warc-target-uri')} {record.get('warc-date')}"
                    originals[address] = (path, record.offset)
                continue
            pending = _capture(name, record, bodies, wanted)
            told, ahead = ahead, None
            if pending is None:
                continue
            if told is not None and told[0] == pending.ref.url:
                pending = replace(pending, provenance=told[1])
            if kind == "revisit":
                pending = _resolved(pending, record, path, originals) if bodies else pending
            else:
                originals[pending.ref.record_id] = (path, record.offset)
                originals[f"{pending.ref.url} {pending.ref.date}"] = (path, record.offset)
        elif kind == "metadata":
            about = record.uri("warc-concurrent-to")
            content_type = record.get("content-type")
            if content_type.startswith(WARC_FIELDS):
                address = record.uri("warc-target-uri")
                if pending is not None and about == pending.ref.record_id:
                    yield replace(pending, provenance=decode_provenance(record.block))  # closes a group of ours
                    pending = None
                elif pending is not None and not about and address in ("", pending.ref.url):
                    pending = replace(pending, provenance=decode_provenance(record.block))
                elif not about:  # StormCrawler writes it before the response
                    ahead = address, decode_provenance(record.block)
            elif not content_type.startswith("application/http"):
                if pending is not None:
                    yield pending
                    pending = None
                yield _note(name, record)
    if pending is not None:
        yield pending


def captures(
    path: Path,
    *,
    start: int = 0,
    stop: int | None = None,
    limit: int = MAX_BLOCK,
    on_error: Callable[[RecordError], None] | None = None,
) -> Iterator[Capture]:
    """The captures of ``records``, without the notes."""
    for item in records(path, start=start, stop=stop, limit=limit, on_error=on_error):
        if isinstance(item, Capture):
            yield item


def locate(place: Path, filename: str) -> Path:
    """The WARC of that name in a folder, sealed or still open; a file is itself. Raises ``ArchiveError``."""
    if place.is_file():
        return place
    for name in (filename, filename + OPEN, filename):  # it may be sealed, which renames it, between two looks
        if (path := place / name).exists():
            return path
    raise ArchiveError(f"there is no {filename} in {place}")


def open_capture(place: Path, ref: CaptureRef, *, original: CaptureRef | None = None) -> Capture:
    """The capture at a reference. ``place`` is its WARC, or the folder that holds it.

    ``original`` says where the payload of a revisit lies, if that is known. Raises ``ArchiveError`` if the capture is
    not there, ``RecordError`` if it is damaged.
    """
    path = locate(place, ref.filename)
    for item in records(path, start=ref.offset):
        if not isinstance(item, Capture):
            continue
        if item.ref.offset != ref.offset:
            break
        if item.ref.record_id == ref.record_id:
            if original is not None and not item.payload and item.ref.type == "revisit":
                return _with_payload(item, (locate(place, original.filename), original.offset))
            return item
        if item.ref.length:  # otherwise records share a gzip member, and all of it has to be looked through
            raise ArchiveError(f"{path.name} at {ref.offset} holds {item.ref.record_id}, not {ref.record_id}")
    raise ArchiveError(f"{path.name} holds no capture {ref.record_id} at {ref.offset}")


def _capture(name: str, record: Record, bodies: bool, wanted: Wanted | None = None) -> Capture | None:
    """The capture that a record begins; None for one that is no page (DNS answers, pictures by themselves) or is not
    wanted."""
    kind = cast("RecordType", record.get("warc-type"))
    url = record.uri("warc-target-uri")
    if kind == "resource":
        url = url.removeprefix(DOM_URI)  # a rendered page is a capture of that page
    content_type = record.get("content-type")
    web = url.startswith(("http:", "https:"))
    ref = CaptureRef(
        filename=name,
        offset=record.offset,
        length=record.length,
        record_id=record.uri("warc-record-id") or f"{name}:{record.offset}",
        url=url,
        date=record.get("warc-date"),
        type=kind,
        payload_digest=record.get("warc-payload-digest") or None,
        refers_to=record.uri("warc-refers-to") or None,
    )
    truncated = record.get("warc-truncated") or None
    if truncated is not None and truncated not in _TRUNCATIONS:
        truncated = "unspecified"
    if bodies and len(record.block) < record.size:
        truncated = truncated or "length"
    whole = Capture(ref=ref, status=0, headers=(), payload=b"", truncated=cast("Truncation | None", truncated))
    if kind == "resource":
        if not web or not content_type.lower().startswith(PAGE_TYPES):
            return None
        headers = (("Content-Type", content_type),)
        if wanted is not None and not wanted.page(headers, record):
            return None
        return replace(whole, status=200, headers=headers, payload=record.block if bodies else b"")
    if not web and not content_type.startswith("application/http"):
        return None
    head = parse_head(record.block)
    if wanted is not None and not wanted.page(head.headers if head is not None else (), record):
        return None
    if head is None:
        if kind == "revisit":
            return whole
        payload = payload_without_head(record.block) if bodies else b""
        return replace(whole, payload=payload, truncated=whole.truncated or "unspecified")
    payload = payload_of(head, record.block[head.length :]) if bodies and kind != "revisit" else b""
    return replace(whole, status=head.status, headers=head.headers, payload=payload)


def _note(name: str, record: Record) -> Note:
    return Note(
        filename=name,
        offset=record.offset,
        target_uri=record.uri("warc-target-uri"),
        content_type=record.get("content-type"),
        block=record.block,
        concurrent_to=record.uri("warc-concurrent-to") or None,
        record_id=record.uri("warc-record-id"),
    )


def _beside(path: Warc, filename: str) -> Warc | None:
    """The WARC of that name in the same folder or package, sealed or still open."""
    if not isinstance(path, Path):
        return path.beside(filename) if isinstance(path, Packaged) else None
    candidates = (path.parent / filename, path.parent / (filename + OPEN))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _resolved(revisit: Capture, record: Record, path: Warc, originals: dict[str, Place]) -> Capture:
    """A revisit with the payload of the record that it refers to, if that can be found."""
    if not record.get("warc-profile").endswith(_IDENTICAL):
        return revisit
    place = originals.get(revisit.ref.refers_to or "")
    if place is None:
        place = originals.get(f"{record.uri('warc-refers-to-target-uri')} {record.get('warc-refers-to-date')}")
    filename, offset = record.get("warc-refers-to-filename"), record.get("warc-refers-to-file-offset")
    if place is None and offset.isascii() and offset.isdecimal() and "/" not in filename:
        found = _beside(path, filename)
        place = (found, int(offset)) if found is not None else None
    return _with_payload(revisit, place) if place else revisit


def _with_payload(revisit: Capture, place: Place) -> Capture:
    try:
        for record in scan(place[0], start=place[1]):
            found = _capture(place[0].name, record, True)
            if found is not None and revisit.ref.refers_to in (None, found.ref.record_id):
                status, headers = (revisit.status, revisit.headers) if revisit.status else (found.status, found.headers)
                return replace(revisit, status=status, headers=headers, payload=found.payload)
            if record.length:
                break
    except (FramingError, ArchiveError):
        pass
    return revisit
