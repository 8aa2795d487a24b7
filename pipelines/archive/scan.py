"""The records of a WARC file, one after the other, whatever form it is in.

gzip (a member per record, as it should be, or one round them all) and plain files are read here, so that each record's
place is exact, its checksum is checked, and a damaged one costs no other; zstd and lz4 are FastWARC's. Memory is
flat: of a block no more than a limit is kept. Tolerant, but nothing is hidden: ``Record`` has what was odd.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Literal, Protocol, runtime_checkable

from fastwarc.warc import ArchiveIterator

from pipelines.archive.stream import PIECE, FramingError, Stream
from pipelines.errors import ArchiveError

OPEN = ".open"
"""Suffix of a file that is still written."""

MAX_BLOCK = 64 << 20
"""Bytes of a block that are kept; a news page is below 5 MB."""

MAX_HEADER = 1 << 20
"""Bytes of a WARC header. One of ours has some 600; a URL may take 8 KB and more."""

_MAGIC = {b"\x1f\x8b": "gzip", b"WA": "plain", b"\x28\xb5": "packed", b"\x04\x22": "packed", b"\x5d\x2a": "packed"}
"""First bytes of a WARC in each of its forms: gzip, plain, zstd, lz4, and a zstd dictionary."""

_NEXT = {"gzip": re.compile(rb"\x1f\x8b\x08[\x00\x04]"), "plain": re.compile(rb"WARC/[01]\.\d\d?\r?\n")}
"""Where a record may begin behind a damaged one."""

_ARC = b"filedesc://"
"""How a file begins in ARC, the format before WARC."""

_NO_ARC = "is an ARC file, the format before WARC, which is not read: `warcio recompress` makes a WARC of it"

_HEADER_END = re.compile(rb"\r?\n\r?\n")


@dataclass(slots=True)
class Record:
    """One record. ``offset`` and ``length`` are those of its gzip member, if it has one to itself."""

    offset: int
    head: bytes
    """The header as stored, from the version line, without the empty line."""
    length: int = 0
    """Bytes in the file; 0 if the record shares its member with others."""
    block: bytes = b""
    """As much of it as was asked for."""
    size: int = 0
    """``Content-Length``."""
    shared: bool = False
    """More than one record is in this gzip member, so that this one has no place of its own."""
    odd: str | None = None
    """What is wrong with its framing, though it could be read."""
    fields: dict[str, str] = field(default_factory=dict)
    """The first value of each name, names in lower case."""

    def get(self, name: str) -> str:
        """A field; empty if it is not there. Names in lower case."""
        return self.fields.get(name, "")

    def uri(self, name: str) -> str:
        """A field that holds a URI, without the angle brackets that stand round it."""
        return self.fields.get(name, "").removeprefix("<").removesuffix(">")


class _ArcError(Exception):
    """The file is in ARC, the format before WARC."""


class Warc(Protocol):
    """A WARC to read: a ``Path``, or whatever else has a name and can be opened (``pipelines.flow.sources``)."""

    @property
    def name(self) -> str: ...

    @property
    def parent(self) -> object:
        """What it lies in: equal for files that lie together."""

    def open(self, mode: Literal["rb"], buffering: Literal[0]) -> IO[bytes]:
        """The file, to be read and sought in. Raises ``OSError``."""


@runtime_checkable
class Packaged(Warc, Protocol):
    """A WARC that lies in a package, beside others."""

    def beside(self, filename: str) -> Warc | None:
        """Another of the same package."""


Limit = int | Callable[[Record], int]
"""Bytes of a block that are kept; by the record's header, if that decides."""

Tap = Callable[[Record], Callable[[bytes], None] | None]
"""Is shown each record's header, and may return what is then called with all pieces of its block."""


def form_of(path: Warc) -> str:
    """``gzip``, ``plain``, ``packed`` or ``empty``. Raises ``ArchiveError`` if it is no WARC or cannot be read."""
    try:
        with path.open("rb", 0) as handle:
            return _form_of(path, handle)
    except OSError as error:
        raise ArchiveError(f"cannot read {path}: {error.strerror or error}") from error


def _form_of(path: Warc, handle: IO[bytes]) -> str:
    magic = handle.read(2)
    form = _MAGIC.get(magic) if magic else "empty"
    if form is None:
        if magic + handle.read(len(_ARC) - 2) == _ARC:
            raise ArchiveError(f"{path} {_NO_ARC}")
        raise ArchiveError(f"{path} is no WARC file: it begins like none (gzip, plain, zstd, lz4)")
    return form


def scan(
    path: Warc,
    *,
    start: int = 0,
    stop: int | None = None,
    limit: Limit = MAX_BLOCK,
    on_error: Callable[[FramingError], None] | None = None,
    tap: Tap | None = None,
) -> Iterator[Record]:
    """The records that begin at ``start`` or behind it and before ``stop``.

    A damaged one is told to ``on_error`` and reading goes on with the next; without ``on_error`` it is raised. Raises
    ``ArchiveError`` for a file that is no WARC or cannot be read.
    """
    try:
        with path.open("rb", 0) as handle:
            form = _form_of(path, handle)
            if form == "packed":
                yield from _packed(handle, start, stop, limit, on_error, tap)
                return
            while form != "empty":
                try:
                    yield from _records(Stream(handle, start, form == "gzip"), stop, limit, tap)
                    return
                except FramingError as error:
                    if on_error is None:
                        raise
                    on_error(error)
                    following = _resume(handle, error.offset + 1, form)
                    if following is None or (stop is not None and following >= stop):
                        return
                    start = following
    except _ArcError:
        raise ArchiveError(f"{path} {_NO_ARC}") from None
    except OSError as error:
        raise ArchiveError(f"cannot read {path}: {error.strerror or error}") from error


def _records(stream: Stream, stop: int | None, limit: Limit, tap: Tap | None) -> Iterator[Record]:
    plain = not stream.gzip
    while (stop is None or stream.taken < stop) and stream.begin():
        buffer, at, number = stream.read(), stream.offset, 0
        while buffer:
            record, rest = _record(stream, buffer, at, limit, tap)
            used = stream.taken - len(rest)
            if plain:
                record.length = used - at
                at = used
            elif (rest := _behind_padding(stream, rest, record)) or number:
                record.shared = True
            else:
                record.length = stream.end - stream.offset
            number += 1
            yield record
            if plain and stop is not None and at >= stop:
                return
            buffer = rest or stream.read()


def _behind_padding(stream: Stream, rest: bytes, record: Record) -> bytes:
    """What follows a record in its gzip member. Zeros are no record: early StormCrawlers wrote them behind some."""
    rest = rest or stream.read()
    while rest.startswith(b"\0"):
        record.odd = record.odd or "the block is followed by zeros"
        rest = rest.lstrip(b"\0") or stream.read()
    return rest


def _record(stream: Stream, buffer: bytes, at: int, limit: Limit, tap: Tap | None) -> tuple[Record, bytes]:
    """The record that begins with ``buffer``, and what follows it there."""
    if at == 0 and buffer.startswith(_ARC):
        raise _ArcError
    while (end := _HEADER_END.search(buffer)) is None:
        if len(buffer) > MAX_HEADER or not (more := stream.read()):
            raise FramingError("there is no end of the WARC header", offset=at, rule="header")
        buffer += more
    record = _parse(buffer[: end.start()], at)
    wants = tap(record) if tap else None
    room = limit(record) if callable(limit) else limit
    left = record.size
    piece = buffer[end.end() : end.end() + left]
    rest = buffer[end.end() + left :]
    if len(piece) == left and len(piece) <= room and wants is None:
        record.block = piece
        left = 0
    else:
        kept: list[bytes] = []
        while True:
            left -= len(piece)
            if wants is not None:
                wants(piece)
            if room:
                kept.append(piece[:room])
                room -= len(kept[-1])
            if not left:
                break
            more = stream.read()
            if not more:
                raise FramingError(f"{left} bytes of the block are missing", offset=at, rule="length")
            piece, rest = more[:left], more[left:]
        record.block = b"".join(kept)
    while len(rest) < 4 and (more := stream.read()):
        rest += more
    if rest[:4] == b"\r\n\r\n":
        return record, rest[4:]
    record.odd = f"the block is followed by {rest[:4]!r} and not by two line breaks"
    following = _NEXT["plain"].search(rest)
    while following is None and (more := stream.read()):
        rest = rest[-16:] + more
        following = _NEXT["plain"].search(rest)
    return record, rest[following.start() :] if following else b""


def _parse(head: bytes, at: int) -> Record:
    record = Record(offset=at, head=head)
    fields = record.fields
    lines = head.decode("utf-8", "replace").split("\n")
    if not lines[0].startswith("WARC/"):
        raise FramingError(f"a record begins with {lines[0][:40]!r}", offset=at, rule="version")
    name = ""
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and name:
            fields[name] = f"{fields[name]} {line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if colon:
            name = key.strip().lower()
            fields.setdefault(name, value.strip())
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdecimal()):
        raise FramingError(f"Content-Length is {length[:40]!r}", offset=at, rule="length")
    record.size = int(length)
    return record


def _resume(handle: IO[bytes], offset: int, form: str) -> int | None:
    """Where the next record may begin."""
    pattern = _NEXT[form]
    handle.seek(offset)
    carry, base = b"", offset
    while data := handle.read(PIECE):
        data = carry + data
        found = pattern.search(data)
        if found:
            return base + found.start()
        carry = data[-16:]
        base += len(data) - len(carry)
    return None


def _packed(
    handle: IO[bytes],
    start: int,
    stop: int | None,
    limit: Limit,
    on_error: Callable[[FramingError], None] | None,
    tap: Tap | None,
) -> Iterator[Record]:
    """zstd and lz4, by FastWARC. What is behind a damaged record cannot be read."""
    handle.seek(start)
    last: Record | None = None
    try:
        for found in ArchiveIterator(handle, parse_http=False, max_header_len=MAX_HEADER):
            offset = found.stream_pos  # counted from the start of the file
            if last is not None:
                last.length = offset - last.offset
                yield last
                last = None
            if stop is not None and offset >= stop:
                return
            lines = "\r\n".join(f"{name}: {value}" for name, value in found.headers.items())
            record = _parse(f"{found.headers.status_line}\r\n{lines}".encode(), offset)
            wants = tap(record) if tap else None
            kept: list[bytes] = []
            room = limit(record) if callable(limit) else limit
            while piece := found.reader.read(PIECE):
                if wants is not None:
                    wants(piece)
                kept.append(piece[:room])
                room -= len(kept[-1])
            record.block = b"".join(kept)
            last = record
    except (OSError, ValueError, UnicodeError) as error:
        problem = FramingError(f"damaged: {error}", offset=last.offset if last else start, rule="packed")
        if on_error is None:
            raise problem from error
        on_error(problem)
    if last is not None:
        last.length = handle.seek(0, 2) - last.offset
        yield last
