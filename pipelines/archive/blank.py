"""Blanking records of a WARC file where they lie.

A stretch of the file, which holds whole records, is written over with records that say that something was taken down.
They fill it to the byte, so that all other records stay where they are, and every index and pointer stays true. The
same stretch and the same words give the same bytes: what a kill left half written is simply written again.
"""

from __future__ import annotations

import json
import os
import struct
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.archive.digests import sha1
from pipelines.archive.record import END, STORED_MOST, header, stored_block
from pipelines.errors import ArchiveError

CONTENT_TYPE = "application/vnd.broadsheet.takedown+json"
"""Of the metadata record that stands where records were taken down."""

TAKEDOWN_URI = "urn:takedown:"
"""Before the id of a takedown, in the target of such a record: under a page's address, indexers would show it."""

PIECE = 1 << 20
"""Bytes of a stretch that become one record: readers keep a metadata record in memory."""

LEAST = 4096
"""Bytes of the last piece, at least, where a stretch becomes several."""

_GZIP = b"\x1f\x8b\x08"
_FRAME = 18
"""Bytes of a gzip member beside its deflated data."""

_EXTRA = 4
"""The flag of a gzip member that has an extra field (RFC 1952, 2.3.1)."""

_SUBFIELD = b"bs"
"""Our subfield of it, which is nothing but room."""


def fill(form: str, length: int, *, name: str, takedown: str, date: str, said: Mapping[str, Any]) -> bytes:
    """Bytes for a stretch of so many. ``form`` is that of the file, ``gzip`` or ``plain``; ``name`` tells this stretch
    from all others, ``said`` is what the first record in it says.

    Raises ``ArchiveError`` where not even the shortest record has room.
    """
    pieces = []
    for number, size in enumerate(_sizes(length)):
        id = uuid.uuid5(uuid.NAMESPACE_URL, f"{takedown} {name} {number}").urn
        made = _member(form, size, id, takedown, date, said if number == 0 else {})
        if made is None:
            raise ArchiveError(f"{size} bytes are too few for a record that says what was taken down")
        pieces.append(made)
    return b"".join(pieces)


def write_over(path: Path, stretches: Iterable[tuple[int, bytes]]) -> None:
    """Write at these places, and wait until the disk has it. Raises ``OSError``."""
    with path.open("r+b", buffering=0) as handle:
        for offset, data in stretches:
            view, at = memoryview(data), offset
            while view:
                written = os.pwrite(handle.fileno(), view, at)
                view, at = view[written:], at + written
        os.fdatasync(handle.fileno())


def _sizes(length: int) -> list[int]:
    whole, rest = divmod(length, PIECE)
    if not whole or not rest:
        return [PIECE] * whole or [rest]
    if rest < LEAST:
        return [PIECE] * (whole - 1) + [PIECE - LEAST, rest + LEAST]
    return [PIECE] * whole + [rest]


def _member(form: str, length: int, id: str, takedown: str, date: str, said: Mapping[str, Any]) -> bytes | None:
    """A member of exactly this length, that says as much as there is room for."""
    least: dict[str, Any] = {"takedown": takedown, "date": date}
    all_of_it = [{**least, **dict(list(said.items())[:number])} for number in range(len(said), -1, -1)]
    all_of_it.append({"takedown": takedown})
    for block in (json.dumps(each, ensure_ascii=False).encode() for each in all_of_it):
        for when in (date, f"{date[:19]}.0Z"):  # at some lengths the digits of Content-Length leave a gap of a byte
            fields = [("WARC-Target-URI", TAKEDOWN_URI + takedown), ("WARC-Date", when)]
            for padded in _padded(form, length, id, fields, block):
                return padded
    return None


def _padded(form: str, length: int, id: str, fields: list[tuple[str, str]], block: bytes) -> Iterator[bytes]:
    """The record in all forms that fit: padded by blanks inside, else deflated and padded by an extra field."""
    if form == "plain":
        record = _record(length, id, fields, block)
        if record is not None:
            yield record
        return
    least = max(1, -(-(length - _FRAME) // (STORED_MOST + 5)))
    for number in range(least, least + 3):
        record = _record(length - _FRAME - 5 * number, id, fields, block)
        if record is not None:
            yield _stored(record, number)
    for blanks in range(8):
        padded = block + b" " * blanks
        record = _record(None, id, fields, padded)
        assert record is not None
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(record) + packer.flush()
        room = length - _FRAME - len(packed)
        if room == 0 or 6 <= room <= 0xFFFF:
            yield _framed(record, packed, room)


def _record(length: int | None, id: str, fields: list[tuple[str, str]], block: bytes) -> bytes | None:
    """The record, its block padded by blanks until it has this length; None where it cannot."""
    if length is None:
        return _head(id, fields, block) + block + END
    for digits in range(1, 11):
        size = length - len(END) - len(_head(id, fields, b"")) + 1 - digits  # the head has one digit
        if size >= len(block) and len(str(size)) == digits:
            padded = block.ljust(size)
            return _head(id, fields, padded) + padded + END
    return None


def _head(id: str, fields: list[tuple[str, str]], block: bytes) -> bytes:
    return header("metadata", id, fields, CONTENT_TYPE, length=len(block), block_digest=sha1(block))


def _stored(record: bytes, number: int) -> bytes:
    """A member of the record in so many stored blocks."""
    size = -(-len(record) // number)
    pieces = [record[number * size : (number + 1) * size] for number in range(number)]
    blocks = (stored_block(piece, final=place == number - 1) for place, piece in enumerate(pieces))
    return _framed(record, b"".join(blocks), 0)


def _framed(record: bytes, packed: bytes, room: int) -> bytes:
    """A member round deflated data, with an extra field that takes so many bytes."""
    head = _GZIP + struct.pack("<BLBB", _EXTRA if room else 0, 0, 0, 255)
    if room:
        empty = bytes(room - 6)
        head += struct.pack("<H", room - 2) + _SUBFIELD + struct.pack("<H", len(empty)) + empty
    return head + packed + struct.pack("<LL", zlib.crc32(record), len(record))
