"""Records as lines of JSON: an append-only file that can be cut back to what was committed."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Any

from pipelines.errors import CaptureError, DiskFullError, LedgerError


def as_dict(value: Any) -> Any:
    """A record as plain dicts and lists, fields in the order of their declaration."""
    if dataclasses.is_dataclass(value):
        return {name: as_dict(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, (tuple, list)):
        return [as_dict(item) for item in value]
    return value


def encode(record: Any) -> bytes:
    """One line: compact UTF-8 JSON and a newline. The same record always gives the same bytes.

    A lone surrogate, which UTF-8 cannot hold, becomes a question mark.
    """
    text = json.dumps(as_dict(record), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


class Lines:
    """An append-only file of lines.

    ``length`` counts the bytes of whole lines given to ``append``; ``sync`` makes them durable.
    Opening with ``keep`` cuts the file to that many bytes: what came after was never committed.
    """

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        size = os.fstat(self._fd).st_size
        if size < keep:
            os.close(self._fd)
            raise LedgerError(
                f"{path} is shorter than the ledger says ({size} of {keep} bytes): `scrapy rebuild` mends it"
            )
        self.length = keep
        os.ftruncate(self._fd, self.length)
        self._pending: list[bytes] = []
        self._waiting = 0
        self._failed: str | None = None

    def append(self, line: bytes) -> int:
        """Take a line; gives the place where it will stand."""
        place = self.length + self._waiting
        self._pending.append(line)
        self._waiting += len(line)
        return place

    def flush(self) -> None:
        """Hand the lines to the operating system.

        Raises ``DiskFullError`` or ``CaptureError``; the file then holds the whole lines it held before.
        """
        data = b"".join(self._pending)
        written = tries = 0
        try:
            while written < len(data):
                try:
                    written += os.pwrite(self._fd, data[written:], self.length + written)
                except OSError as error:
                    tries += 1
                    if error.errno not in DISK_FULL or tries > PATIENCE:
                        raise
                    time.sleep(0.1)  # often somebody is just clearing up
        except OSError as error:
            os.ftruncate(self._fd, self.length)
            kind = DiskFullError if error.errno in DISK_FULL else CaptureError
            raise kind(f"cannot write {self.path}: {error.strerror}") from error
        self._pending.clear()
        self._waiting = 0
        self.length += written

    def sync(self) -> None:
        """Flush, and wait until the disk has it. A failed wait is final: the kernel may take lost pages for clean."""
        if self._failed:
            raise CaptureError(f"cannot write {self.path}: {self._failed}")
        if self._pending:
            self.flush()
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                self._failed = error.strerror
                raise CaptureError(f"cannot write {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file; what was not synced may be lost."""
        os.close(self._fd)


PATIENCE = 10
"""Tenths of a second that a full disk is given to empty."""

DISK_FULL = frozenset({28, 122, 27})
"""ENOSPC, EDQUOT and EFBIG of errno(3): no space, over quota, over the file size limit."""
