"""After a crash: where the last whole capture of an unsealed file ends, and what lies behind what was committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.archive.reader import Item, records
from pipelines.archive.scan import Record, form_of, scan
from pipelines.archive.values import DOM_URI


@dataclass(slots=True)
class Tail:
    """The end of a file that a process left open."""

    path: Path
    length: int
    """Bytes up to the end of the last whole group; the file is to be cut to this."""
    items: list[Item] = field(default_factory=list)
    """Captures and notes behind the committed length, in order."""


def read_tail(path: Path, committed: int) -> Tail:
    """Look at an unsealed file from its committed length on. Only that part is read.

    ``committed`` must be the end of a group, as the ledger's lengths are; 0 reads the file from its start. What is
    behind the first record that is torn or damaged was never made durable, and is given up with it: after a power cut
    a file may have its length and not its content. Raises ``ArchiveError`` if the file cannot be read.
    """
    size = path.stat().st_size
    tail = Tail(path, min(committed, size))
    if size <= committed or not _begins_well(path):
        return tail
    damaged: list[Exception] = []
    for record in scan(path, start=committed, limit=0, on_error=damaged.append):
        if damaged:
            break
        if _closes(record):
            tail.length = record.offset + record.length
    if tail.length > committed:
        tail.items = list(records(path, start=committed, stop=tail.length, bodies=False))
    return tail


def _begins_well(path: Path) -> bool:
    with path.open("rb") as handle:
        return len(handle.read(2)) == 2 and form_of(path) == "gzip"


def _closes(record: Record) -> bool:
    """Whether a record ends a group: those of a capture do not, but for its last; all else stands by itself."""
    kind = record.get("warc-type")
    if kind == "metadata":
        return not record.get("content-type").startswith("application/http")
    return kind == "warcinfo" or (kind == "resource" and not record.uri("warc-target-uri").startswith(DOM_URI))
