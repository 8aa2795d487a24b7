"""A folder's WARC files, written one after the other: their names, sizes and limits, and the warcinfo in each."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import encode_fields
from pipelines.archive.record import member, warc_date
from pipelines.archive.scan import OPEN, scan
from pipelines.archive.segment import Segment, explained
from pipelines.errors import ArchiveError, DiskFullError

RESERVE_SHARE, RESERVE_MOST = 50, 50 << 20
"""Free space that is left alone: a fiftieth of the file system, 50 MB at most, so that ledger and records, which
follow the archive, find room."""

CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

_STAMP = re.compile(r"-(\d{17})-(\d{5,})-")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._]+")


class Series:
    """The files of one folder. All methods raise ``CaptureError``, or ``DiskFullError``.

    Names are ``PREFIX-TIMESTAMP-SERIAL-HOST.warc.gz`` and sort in the order of writing, even if the clock is set back.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str,
        info: Mapping[str, str],
        max_bytes: int,
        max_disk: int,
        counted: Path,
        reserve: int | None,
        host: str | None,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.lengths: dict[str, int] = {}
        """Every file written to, and its length."""
        self._folder = folder
        self._prefix = _NOT_IN_NAMES.sub("-", prefix).strip("-") or "broadsheet"
        self._host = _NOT_IN_NAMES.sub("-", socket.gethostname() if host is None else host).strip("-") or "localhost"
        self._max_bytes, self._max_disk, self._counted = max_bytes, max_disk, counted
        self._clock, self._new_id = clock, new_id
        info = {"hostname": self._host, "format": "WARC file version 1.1", "conformsTo": CONFORMS_TO, **info}
        self._info = encode_fields({name: value for name, value in info.items() if value})
        self._used = sum(path.stat().st_size for path in counted.rglob("*") if path.is_file()) if max_disk else 0
        stamps = [found.groups() for path in folder.glob("*.warc*") if (found := _STAMP.search(path.name))]
        self._stamp = max((stamp for stamp, _ in stamps), default="")
        self._serial = max((int(serial) + 1 for _, serial in stamps), default=0)
        try:
            status = os.statvfs(folder)
        except OSError as error:
            raise explained(error, str(folder)) from error
        usual = min(RESERVE_MOST, status.f_blocks * status.f_frsize // RESERVE_SHARE)
        self._reserve = usual if reserve is None else reserve
        self._segment: Segment | None = None
        self._uninformed = False
        """A file was taken over from another process, whose warcinfo may not be true of this one."""

    @property
    def position(self) -> tuple[str, int] | None:
        """The open file's final name and its length; None while there is no file."""
        return (self._segment.name, self._segment.length) if self._segment else None

    def append(self, members: Sequence[Iterable[bytes]], size: int) -> tuple[str, int, list[int]]:
        """Write records that belong together, ``size`` bytes at most: gives file, offset, and each one's length."""
        if self._segment is not None and self._segment.length >= self._max_bytes:
            self.seal()
        self._check_room(size)
        if self._segment is None:
            self._begin()
        segment = self._segment
        assert segment is not None
        if self._uninformed:
            self._inform(segment)
        offset = segment.length
        lengths = segment.append(members)
        self._count(segment, sum(lengths))
        return segment.name, offset, lengths

    def resume(self, path: Path, length: int) -> None:
        """Go on in a file of an earlier process, cut to its last whole group."""
        if self._segment is not None:
            self.seal()
        self._segment = Segment.resume(path, length)
        self.lengths[self._segment.name] = length
        self._uninformed = not self._is_informed(path)

    def sync(self) -> None:
        if self._segment is not None:
            self._segment.sync()

    def seal(self) -> None:
        if self._segment is not None:
            self._segment.seal()
            self._segment = None

    def close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _begin(self) -> None:
        now = self._clock()
        self._stamp = max(self._stamp, f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}")
        name = f"{self._prefix}-{self._stamp}-{self._serial:05d}-{self._host}.warc.gz"
        segment = Segment.create(self._folder, name)
        self._serial += 1
        try:
            self._inform(segment)
        except BaseException:
            segment.close()
            (self._folder / (name + OPEN)).unlink(missing_ok=True)
            raise
        self._segment = segment

    def _inform(self, segment: Segment) -> None:
        """Say what is true of the records from here on."""
        fields = [("WARC-Date", warc_date(self._clock())), ("WARC-Filename", segment.name)]
        lengths = segment.append([[member("warcinfo", self._new_id(), fields, WARC_FIELDS, self._info)]])
        self._count(segment, sum(lengths))
        self._uninformed = False

    def _is_informed(self, path: Path) -> bool:
        try:
            first = next(scan(path), None)
        except ArchiveError:
            return False
        return first is not None and first.get("warc-type") == "warcinfo" and first.block == self._info

    def _count(self, segment: Segment, size: int) -> None:
        self.lengths[segment.name] = segment.length
        self._used += size

    def _check_room(self, size: int) -> None:
        try:
            status = os.statvfs(self._folder)
        except OSError as error:
            raise explained(error, str(self._folder)) from error
        free = status.f_bavail * status.f_frsize
        if free - size < self._reserve:
            raise DiskFullError(
                f"only {free >> 10} KB are free under {self._folder}, of which {self._reserve >> 10} KB are kept in"
                " reserve: make room and start again"
            )
        if self._max_disk and self._used + size > self._max_disk:
            raise DiskFullError(
                f"{self._counted} takes {self._used / 2**20:.1f} MB and may not take more than"
                f" {self._max_disk / 2**20:.1f} MB"
                " (BROADSHEET_MAX_DISK): raise the limit or make room, and start again"
            )
