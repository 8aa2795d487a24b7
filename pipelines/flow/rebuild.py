"""Making a job's ledger and records again, from nothing but its WARC files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.archive.cdxj import write_index
from pipelines.archive.reader import records
from pipelines.archive.writer import OPEN, Note
from pipelines.errors import ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import warc_files
from pipelines.flow.memories import MEMORY_TYPE
from pipelines.flow.parse import Parsed, Task
from pipelines.flow.verify import INDEX, RECORDS
from pipelines.model import Article, Capture, Provenance
from pipelines.records.ledger import Ledger, Lock
from pipelines.records.settle import LedgerHistory
from pipelines.text.refine import Options
from pipelines.text.sites import SiteMemory
from pipelines.workers import Workers

COMMIT_EVERY = 1000
"""Captures between two commits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of one run."""

    run: str
    counts: Counts
    changed: tuple[str, ...]
    """Record files that were not, byte for byte, what the WARC files give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a crawl adds, as in ``pipelines.flow.run.Hooks``."""

    parser: Callable[[Task], Parsed]
    discover: Callable[[Provenance], Any]
    taken: Callable[[Ledger, Capture, Any], None]
    """Takes each capture and what was discovered in it, in WARC order: for the frontier."""


def rebuild(job: Path, workers: Workers, parts: Parts) -> Iterator[Rebuilt]:
    """Make the ledger of a job and the records of each of its runs again; gives each run when it is done.

    The new ledger and records take the place of the old ones when all runs are read. Raises ``ConfigError`` where there
    is nothing to read, ``BusyError`` while a run of the job is working.
    """
    runs = sorted(path for path in (job / "runs").glob("*") if any(path.glob("*.warc*")))
    if not runs:
        raise ConfigError(f"{job} holds no run with WARC files: name the folder of a job, such as output/NAME")
    lock = Lock(job)
    part = job / "ledger.sqlite3.part"
    try:
        for path in job.glob(f"{part.name}*"):
            path.unlink()
        ledger = Ledger(part)
        try:
            for folder in runs:
                yield _run(folder, ledger, workers, parts)
            ledger.commit()
            ledger.execute("PRAGMA user_version")
        finally:
            ledger.close()
        for path in job.glob("ledger.sqlite3-*"):
            path.unlink()
        part.replace(job / "ledger.sqlite3")
        for folder in runs:
            for name in RECORDS:
                (folder / f"{name}.part").replace(folder / name)
    finally:
        lock.release()


def _run(folder: Path, ledger: Ledger, workers: Workers, parts: Parts) -> Rebuilt:
    files = warc_files([folder])
    unfinished = any(path.name.endswith(OPEN) for path in files)
    number, _, _ = _begin(ledger, folder.name)
    _take_memories(files, ledger, number)
    counts = Counts()
    lengths = dict.fromkeys(RECORDS, 0)
    outputs = {name: (folder / f"{name}.part").open("wb") for name in RECORDS}
    try:
        made_all = extract(
            files,
            workers,
            counts=counts,
            options=Options(),
            history=LedgerHistory(ledger),
            first_run=number,
            parser=parts.parser,
            discover=parts.discover,
        )
        for made in made_all:
            name = RECORDS[0] if isinstance(made.outcome, Article) else RECORDS[1]
            outputs[name].write(made.line)
            lengths[name] += len(made.line)
            capture = made.capture
            row = ledger.add_capture(number, capture.ref, capture.provenance, capture.status, chunked=capture.chunked)
            ledger.settle_capture(row, "article" if isinstance(made.outcome, Article) else made.outcome.reason)
            parts.taken(ledger, made.capture, made.discovered)
            if counts.captures % COMMIT_EVERY == 0:
                ledger.commit()
    finally:
        for output in outputs.values():
            output.close()
    if not unfinished:
        write_index(files, folder / INDEX)
    for path in files:
        ledger.set_file(number, path.name.removesuffix(OPEN), path.stat().st_size)
    for name, length in lengths.items():
        ledger.set_file(number, name, length)
    if not unfinished:
        ledger.end_run(number, folder.name, "complete")
    ledger.commit()
    changed = tuple(name for name in RECORDS if not _same(folder / name, folder / f"{name}.part"))
    return Rebuilt(run=folder.name, counts=counts, changed=changed)


def _begin(ledger: Ledger, name: str) -> tuple[int, str, bool]:
    opened = ledger.open_run(name, name)
    if opened[1] != name:  # an unfinished run before this one: only the last can be gone on with
        ledger.end_run(opened[0], opened[1], "interrupted")
        opened = ledger.open_run(name, name)
    return opened


def _take_memories(files: list[Path], ledger: Ledger, number: int) -> None:
    for path in files:
        for item in records(path, bodies=False, on_error=lambda error: None):
            if isinstance(item, Note) and item.content_type == MEMORY_TYPE:
                text = item.block.decode()
                site = SiteMemory.from_json(text).site
                ledger.remember_site(site, number, item.filename, item.offset, text)


def _same(old: Path, new: Path) -> bool:
    if not old.exists() or old.stat().st_size != new.stat().st_size:
        return False
    with old.open("rb") as left, new.open("rb") as right:
        while block := left.read(1 << 20):
            if block != right.read(1 << 20):
                return False
    return True
