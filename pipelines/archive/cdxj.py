"""CDXJ: an index of WARC files by URL and time, as pywb, wayback machines and WACZ use it.

A line is a SURT key, a timestamp of 14 digits and a JSON object, and lines are sorted as bytes:
``com,example)/page 20260302083000 {"url": …, "mime": …, "status": …, "digest": …, "length": …, "offset": …,
"filename": …}``. Numbers are strings, a revisit has the mime ``warc/revisit``.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.archive.digests import payload_digest_of, sha1
from pipelines.archive.http import MAX_HEAD, parse_head
from pipelines.archive.scan import MAX_BLOCK, OPEN, Record, scan
from pipelines.archive.surt import surt
from pipelines.errors import RecordError

INDEXED = ("response", "revisit", "resource")
"""Types of records that replay can show."""

NOT_MODIFIED = 304
"""pywb hands it on to the browser, which has nothing that was not modified, and shows an empty page."""

RUN_LINES = 100_000
"""Lines sorted in memory at a time, some 40 MB; more are merged from files."""

_NOT_DIGITS = re.compile(r"\D")
_MIME_END = re.compile(r"[;\s]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index."""

    key: str
    timestamp: str
    url: str
    mime: str | None
    status: int | None
    digest: str | None
    length: int
    offset: int
    filename: str
    record_digest: str | None = None
    """SHA-256 of the record as stored: WACZ readers check it when they load a record by itself."""

    def line(self) -> str:
        """The line, without its end."""
        fields = {
            "url": self.url,
            "mime": self.mime,
            "status": str(self.status) if self.status else None,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": self.filename,
            "recordDigest": self.record_digest,
        }
        given = {name: value for name, value in fields.items() if value}
        return f"{self.key} {self.timestamp} {json.dumps(given)}"


def entries(
    path: Path, *, record_digests: bool = False, on_error: Callable[[RecordError], None] | None = None
) -> Iterator[Entry]:
    """The entries of one file, in its order, with a digest of each record as stored if that is asked for.

    Left out is what replay cannot show: records that share a gzip member with others, responses cut before the end of
    their head, and 304 answers, in whose place it then shows the capture that they confirm. Raises ``ArchiveError``
    and tells damaged records as ``scan`` does.
    """
    name = path.name.removesuffix(OPEN)
    for record in scan(path, limit=MAX_HEAD, on_error=on_error):
        if record.get("warc-type") in INDEXED and not record.shared:
            entry = _entry(record, name, path)
            if entry is not None and record_digests:
                entry = replace(entry, record_digest=_stored_digest(path, record))
            if entry is not None:
                yield entry


def _entry(record: Record, name: str, path: Path) -> Entry | None:
    kind, url = record.get("warc-type"), record.uri("warc-target-uri")
    status: int | None = None
    mime: str | None = record.get("content-type")
    if kind != "resource" and mime and mime.startswith("application/http"):
        head = parse_head(record.block)
        if head is None and (kind != "revisit" or record.size):
            return None
        if head is not None and head.status == NOT_MODIFIED:
            return None
        status = head.status if head else None
        mime = next((value for key, value in head.headers if key.lower() == "content-type"), "") if head else ""
    mime = "warc/revisit" if kind == "revisit" else _MIME_END.split((mime or "").strip(), maxsplit=1)[0]
    digest = record.get("warc-payload-digest") or None
    if digest is None and kind != "revisit":
        digest = _digest(record, path, http=status is not None)
    return Entry(
        key=surt(url),
        timestamp=timestamp(record.get("warc-date")),
        url=url,
        mime=mime or None,
        status=status,
        digest=digest,
        length=record.length,
        offset=record.offset,
        filename=name,
    )


def _digest(record: Record, path: Path, *, http: bool) -> str | None:
    """The payload digest of a record that does not say it."""
    if record.size > len(record.block):
        whole = next(scan(path, start=record.offset, limit=MAX_BLOCK), None)
        if whole is None or len(whole.block) < whole.size:
            return None
        record = whole
    return payload_digest_of(record.block) if http else sha1(record.block)


def _stored_digest(path: Path, record: Record) -> str:
    hashed, left = hashlib.sha256(), record.length
    with path.open("rb") as handle:
        handle.seek(record.offset)
        while left and (data := handle.read(min(left, 1 << 20))):
            hashed.update(data)
            left -= len(data)
    return f"sha256:{hashed.hexdigest()}"


def timestamp(date: str) -> str:
    """A WARC-Date as 14 digits: the fraction is cut, what is not said is zero (or the first)."""
    digits = _NOT_DIGITS.sub("", date)[:14]
    return digits + "00000101000000"[len(digits) :]


def lines(
    warcs: Iterable[Path], *, record_digests: bool = False, on_error: Callable[[RecordError], None] | None = None
) -> Iterator[str]:
    """The sorted lines of an index of these files. Memory is bounded: many lines are sorted in temporary files."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="broadsheet-cdxj-") as folder:
        batch: list[str] = []
        runs: list[Path] = []
        for path in warcs:
            for entry in entries(path, record_digests=record_digests, on_error=on_error):
                batch.append(entry.line() + "\n")
                if len(batch) >= RUN_LINES:
                    runs.append(Path(folder) / str(len(runs)))
                    runs[-1].write_text("".join(sorted(batch)), "utf-8")
                    batch.clear()
        sources: list[Iterable[str]] = [stack.enter_context(run.open(encoding="utf-8")) for run in runs]
        for line in heapq.merge(*sources, sorted(batch)):
            yield line[:-1]


def write_index(warcs: Iterable[Path], out: Path, *, on_error: Callable[[RecordError], None] | None = None) -> int:
    """Write the index of these files to ``out``, which appears when it is whole. Gives the number of lines."""
    part = out.with_name(out.name + ".part")
    number = 0
    with part.open("w", encoding="utf-8", newline="\n") as handle:
        for line in lines(warcs, on_error=on_error):
            handle.write(line + "\n")
            number += 1
    part.replace(out)
    return number
