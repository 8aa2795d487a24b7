"""Making a job's ledger and records again, from nothing but its WARC files.

A run that did not come to its end is left for the next start of the crawl to go on with, in the state in which a kill
leaves one: its whole captures are in the ledger, without an outcome.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import VERSION, clock
from pipelines.archive.cdxj import write_index
from pipelines.archive.reader import records
from pipelines.archive.scan import OPEN
from pipelines.archive.writer import Note
from pipelines.errors import ConfigError
from pipelines.flow.extract import Counts, extract, read_note
from pipelines.flow.files import (
    CHANGES,
    INDEX,
    RECORDS,
    SUMMARY,
    described,
    part_of,
    put_in_place,
    records_name,
    sync,
    warcs_in,
    whole_lengths,
    write_summary,
)
from pipelines.flow.memories import MEMORY_TYPE
from pipelines.flow.parse import Parsed, Task
from pipelines.model import Article, Capture, Change, Outcome, Provenance
from pipelines.records.history import LedgerHistory
from pipelines.records.jsonl import encode
from pipelines.records.ledger import LEDGER, Ledger, Lock
from pipelines.records.tombstones import refuse_pending
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
    waiting: bool = False
    """The run had not come to its end: its captures get their outcomes when the crawl is started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a crawl adds, as in ``pipelines.flow.run.Hooks``."""

    parser: Callable[[Task], Parsed]
    discover: Callable[[Provenance], Any]
    taken: Callable[[Ledger, Capture, Any], None]
    """Takes each capture and what was discovered in it, in WARC order: for the frontier."""
    settled: Callable[[Ledger, Outcome, Change | None], None] = lambda ledger, outcome, change: None
    """Takes what each came to, after it was taken."""


def rebuild(job: Path, workers: Workers, parts: Parts) -> Iterator[Rebuilt]:
    """Make the ledger of a job and the records of each of its runs again; gives each run when it is done.

    The new ledger and records take the place of the old ones when all runs are read. Raises ``ConfigError`` where there
    is nothing to read, ``BusyError`` while a run of the job is working.
    """
    runs = sorted(path for path in (job / "runs").glob("*") if any(path.glob("*.warc*")))
    if not runs:
        raise ConfigError(f"{job} holds no run with WARC files: name the folder of a job, such as output/NAME")
    lock = Lock(job)
    target = job / LEDGER
    made: list[Path] = []
    """What is to be put in place."""
    try:
        refuse_pending(job)
        _remove(job, part_of(target).name)
        with closing(Ledger(part_of(target))) as ledger:
            for folder in runs:
                yield _run(_Run(folder, last=folder == runs[-1]), ledger, workers, parts, made)
        for path in (*made, target):
            sync(part_of(path))
        # Records first: a ledger that is older than they are can be rebuilt again, one that is newer would be believed.
        put_in_place(made)
        for folder in runs:
            _name_anew(folder)
        _settle_old(target)
        put_in_place([target])
    finally:
        for path in made:
            part_of(path).unlink(missing_ok=True)
        _remove(job, part_of(target).name)
        lock.release()


def _name_anew(run: Path) -> None:
    """Have ``run.json`` name the records and the index as they are now, and say so. What it says of the WARC files
    stands: a seal that is broken there stays broken."""
    try:
        document = json.loads((run / SUMMARY).read_bytes())
        entries = {str(entry["name"]): entry for entry in document["files"]}
    except (OSError, ValueError, TypeError, KeyError):  # none there, or ``verify`` tells
        return
    before: dict[str, str] = {}
    for name in (*RECORDS, INDEX):
        file, entry = run / name, entries.get(name)
        if entry is not None and file.is_file() and entry.get("sha256") != (now := described(run, file))["sha256"]:
            before[name] = entry.get("sha256")
            entry |= now
    if before:
        told = {"date": clock.seconds(clock.utcnow()), "broadsheet": VERSION, "before": before}
        document["rebuilt"] = [*document.get("rebuilt", []), told]
        write_summary(run, document)


def _settle_old(ledger: Path) -> None:
    """Bring an old ledger into one file: SQLite would take what it left beside it for a part of the new one."""
    if ledger.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(ledger)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _remove(ledger.parent, f"{ledger.name}-")


def _remove(folder: Path, prefix: str) -> None:
    for path in folder.glob(f"{prefix}*"):
        path.unlink()


class _Run:
    """The files of one run."""

    def __init__(self, folder: Path, *, last: bool) -> None:
        self.folder, self.name = folder, folder.name
        self.warcs = warcs_in(folder)
        self.stops = whole_lengths(self.warcs)
        self.waiting = last and bool(self.stops)
        """It can be gone on with. Of unfinished runs that is only the last."""

    def note_lengths(self, ledger: Ledger, number: int, lengths: Mapping[str, int]) -> None:
        for path in self.warcs:
            length = self.stops.get(path, path.stat().st_size)
            ledger.set_file(number, path.name.removesuffix(OPEN), length)
        for name in RECORDS:
            ledger.set_file(number, name, lengths.get(name, 0))


def _run(run: _Run, ledger: Ledger, workers: Workers, parts: Parts, made: list[Path]) -> Rebuilt:
    number = _begin(ledger, run.name)
    counts = Counts()
    _take_memories(run, ledger, number)
    if run.waiting:
        _take_captures(run, ledger, number, parts, counts)
        run.note_lengths(ledger, number, {})
        ledger.commit()
        return Rebuilt(run=run.name, counts=counts, changed=(), waiting=True)
    targets = {name: run.folder / name for name in RECORDS}
    made += targets.values()
    lengths = _make_records(run, targets, ledger, number, workers, parts, counts)
    if not run.stops:
        made.append(run.folder / INDEX)
        write_index(run.warcs, part_of(run.folder / INDEX), on_error=lambda error: None)
    run.note_lengths(ledger, number, lengths)
    ledger.end_run(number, run.name, "interrupted" if run.stops else "complete")
    ledger.commit()
    changed = tuple(name for name, path in targets.items() if not _same(path, part_of(path)))
    return Rebuilt(run=run.name, counts=counts, changed=changed)


def _make_records(
    run: _Run,
    targets: Mapping[str, Path],
    ledger: Ledger,
    number: int,
    workers: Workers,
    parts: Parts,
    counts: Counts,
) -> dict[str, int]:
    """Write the records beside the old ones; gives their lengths."""
    history = LedgerHistory(ledger)
    with ExitStack() as stack:
        outputs = {name: stack.enter_context(part_of(path).open("wb")) for name, path in targets.items()}
        made_all = extract(
            run.warcs,
            workers,
            counts=counts,
            options=Options(),
            history=history,
            first_run=number,
            stops=run.stops,
            parser=parts.parser,
            discover=parts.discover,
        )
        for made in made_all:
            output = outputs[records_name(made.outcome)]
            if isinstance(made.outcome, Article):
                assert made.key is not None
                history.place_version(made.key, number, output.tell(), len(made.line))
            output.write(made.line)
            if made.change is not None:
                line = encode(made.change)
                history.place_change(made.change.canonical_url, number, outputs[CHANGES].tell(), len(line))
                outputs[CHANGES].write(line)
            row = _add(ledger, number, made.capture)
            ledger.settle_capture(row, "article" if isinstance(made.outcome, Article) else made.outcome.reason)
            parts.taken(ledger, made.capture, made.discovered)
            parts.settled(ledger, made.outcome, made.change)
            if counts.captures % COMMIT_EVERY == 0:
                ledger.commit()
        return {name: output.tell() for name, output in outputs.items()}


def _take_captures(run: _Run, ledger: Ledger, number: int, parts: Parts, counts: Counts) -> None:
    """Take the captures of a run that is to be gone on with: they are parsed, and their links found, by then."""
    for path in run.warcs:

        def damaged(error: Exception, name: str = path.name) -> None:
            counts.damaged.append(f"{name}: {error}")

        for item in records(path, bodies=False, stop=run.stops.get(path), on_error=damaged):
            if isinstance(item, Capture):
                counts.captures += 1
                _add(ledger, number, item)
                parts.taken(ledger, item, None)


def _add(ledger: Ledger, number: int, capture: Capture) -> int:
    whole, provenance = capture.truncated is None, capture.provenance
    return ledger.add_capture(number, capture.ref, provenance, capture.status, chunked=capture.chunked, whole=whole)


def _begin(ledger: Ledger, name: str) -> int:
    number, opened, _ = ledger.open_run(name, name)
    assert opened == name, "every run before has ended"
    return number


def _take_memories(run: _Run, ledger: Ledger, number: int) -> None:
    for path in run.warcs:
        for item in records(path, bodies=False, stop=run.stops.get(path), on_error=lambda error: None):
            if isinstance(item, Note) and item.content_type == MEMORY_TYPE:
                memory = read_note(item, SiteMemory.from_json, [])
                if memory is not None:
                    ledger.remember_site(memory.site, number, item.filename, item.offset, item.block.decode())


def _same(old: Path, new: Path) -> bool:
    if not old.exists() or old.stat().st_size != new.stat().st_size:
        return False
    with old.open("rb") as left, new.open("rb") as right:
        while block := left.read(1 << 20):
            if block != right.read(1 << 20):
                return False
    return True
