"""The WARC file that is open for writing: what is appended is there whole or not at all.

Every write goes to the file at once, so that other processes can read it; ``sync`` makes it outlive a power cut. A
write that fails is cut off again, and the file ends as it did before.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pipelines.archive.scan import OPEN
from pipelines.errors import CaptureError, DiskFullError

GATHER = 1 << 20
"""Bytes gathered for one write: a usual capture is one call, a large body does not fill the memory."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Segment:
    """One file, ``NAME.open`` until it is sealed. All methods raise ``CaptureError``, or ``DiskFullError``."""

    def __init__(self, folder: Path, name: str, fd: int, length: int) -> None:
        self.folder, self.name = folder, name
        self.length = length
        """Bytes of whole groups."""
        self._fd = fd
        self._synced = 0
        self._ragged = False
        """What a failed write left behind is still there."""
        self._failed: CaptureError | None = None
        """The disk refused to make something durable. Nobody knows what it has; only a new start can find out."""

    @classmethod
    def create(cls, folder: Path, name: str) -> Segment:
        """A new file. Its name is durable when this returns."""
        try:
            fd = os.open(folder / (name + OPEN), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            for place in (folder, *folder.parents[:2]):  # the folders may be new themselves: runs/RUN
                sync_folder(place)
        except OSError as error:
            raise explained(error, name) from error
        return cls(folder, name, fd, 0)

    @classmethod
    def resume(cls, path: Path, length: int) -> Segment:
        """A file that another process left open, cut to ``length``."""
        try:
            fd = os.open(path, os.O_RDWR)
            os.ftruncate(fd, length)
        except OSError as error:
            raise explained(error, path.name) from error
        return cls(path.parent, path.name.removesuffix(OPEN), fd, length)

    def append(self, members: Sequence[Iterable[bytes]]) -> list[int]:
        """Write records that belong together; gives the length of each."""
        if self._failed:
            raise self._failed
        lengths = [0] * len(members)
        at, waiting, pieces = self.length, 0, list[bytes]()
        try:
            self._mend()
            for number, member in enumerate(members):
                for piece in member:
                    pieces.append(piece)
                    lengths[number] += len(piece)
                    waiting += len(piece)
                    if waiting >= GATHER:
                        at = self._write(b"".join(pieces), at)
                        pieces, waiting = [], 0
            at = self._write(b"".join(pieces), at)
        except BaseException as error:
            self._ragged = True
            with suppress(OSError):  # then it is tried again before the next write
                self._mend()
            if isinstance(error, OSError):
                raise explained(error, self.name) from error
            raise
        self.length = at
        return lengths

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        if self._failed:
            raise self._failed
        if self._synced == self.length:
            return
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            # The kernel may have dropped the pages and marked them clean: a second fdatasync would lie.
            self._failed = explained(error, self.name)
            raise self._failed from error
        self._synced = self.length

    def seal(self) -> None:
        """Make it durable and final: it loses its ``.open`` and is never written again."""
        try:
            self._mend()
            self.sync()
            (self.folder / (self.name + OPEN)).rename(self.folder / self.name)
            sync_folder(self.folder)
            os.close(self._fd)
        except OSError as error:
            raise explained(error, self.name) from error

    def close(self) -> None:
        """Let go of it, unsealed."""
        os.close(self._fd)

    def _write(self, data: bytes, at: int) -> int:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, at)
            at += written
            view = view[written:]
        return at

    def _mend(self) -> None:
        if self._ragged:
            os.ftruncate(self._fd, self.length)
            self._ragged = False


def sync_folder(folder: Path) -> None:
    """Make new and renamed names in a folder durable. Raises ``OSError``."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def explained(error: OSError, name: str) -> CaptureError:
    """An operating system's error as one of ours, which says what to do."""
    if error.errno in _FULL:
        return DiskFullError(f"no room to write {name} ({error.strerror}): make room and start again")
    return CaptureError(f"cannot write {name}: {error.strerror or error}")
