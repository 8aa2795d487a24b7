"""Opening, going on with, and sealing a run of a job."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import VERSION, clock
from pipelines.archive.cdxj import write_index
from pipelines.archive.reader import Item
from pipelines.archive.recover import read_tail
from pipelines.archive.writer import OPEN, Note, WarcWriter
from pipelines.flow.files import INDEX, SUMMARY, described, write_summary
from pipelines.flow.run import Hooks, Run
from pipelines.model import Capture
from pipelines.records.ledger import LEDGER, Ledger, Lock
from pipelines.records.tombstones import refuse_pending
from pipelines.text.refine import Options
from pipelines.workers import Workers

PARTS = ("scrapy", "twisted", "trafilatura", "lxml", "fastwarc")
"""Packages whose versions ``run.json`` names: they shape what is captured and extracted."""


class LiveRun:
    """A run that is being written, with all that it needs open."""

    def __init__(self, folder: Path, lock: Lock, ledger: Ledger, workers: Workers, run: Run, name: str) -> None:
        self.folder, self.ledger, self.run, self.name = folder, ledger, run, name
        self.resumed = False
        self.recovered: list[Capture] = []
        """Captures that the archive held and the ledger did not know of."""
        self.lost: list[str] = []
        """Addresses that the ledger has and the archive does not."""
        self._lock, self._workers = lock, workers

    async def finish(self, report: Callable[[], Mapping[str, Any]]) -> None:
        """Settle what waits, seal the archive, write ``run.json`` with what ``report`` adds, end the run."""
        await self.run.drain()
        self.run.commit()
        self.run.seal()
        sealed = sorted(self.folder.glob("*.warc.gz"))
        write_index(sealed, self.folder / INDEX)
        document = {
            "run": self.name,
            "ended": _now(),
            "software": {"broadsheet": VERSION, "python": platform.python_version()}
            | {name: version(name) for name in PARTS},
            **report(),
            "files": [described(self.folder, path) for path in _files(self.folder)],
        }
        write_summary(self.folder, document)
        self.ledger.forget_old_memories()
        self.ledger.end_run(self.run.number, _now(), "complete")
        self.ledger.commit()

    def close(self) -> None:
        """Let go of everything; what is not committed is found again by the next start."""
        try:
            self.run.close()
        finally:
            self.ledger.close(commit=False)  # the run has committed what may be
            self._workers.close(wait=False)
            self._lock.release()


def open_run(
    folder: Path,
    *,
    info: Mapping[str, str],
    workers: int,
    seconds: float,
    megabytes: int,
    max_bytes: int,
    max_disk: int,
    preload: tuple[str, ...],
    hooks: Hooks,
) -> LiveRun:
    """Open a job's folder and its unfinished run, or a new one.

    Raises ``BusyError`` if another process works on it, ``LedgerError`` or ``CaptureError`` if it cannot be used.
    """
    lock = Lock(folder)
    ledger = None
    pool = None
    try:
        refuse_pending(folder)
        ledger = Ledger(folder / LEDGER)
        started = _now()
        number, name, resumed = ledger.open_run(
            started.translate({ord(mark): None for mark in "-:"})[:15] + "Z", started
        )
        # Before anything is written to its folder, or a kill would leave captures that no run owns.
        ledger.commit(durable=not resumed)  # else a power cut could leave a run's folder that nobody knows
        place = folder / "runs" / name
        place.mkdir(parents=True, exist_ok=True)
        pool = Workers(workers, seconds=seconds, megabytes=megabytes, preload=preload)
        writer = WarcWriter(place, prefix=folder.name, info=info, max_bytes=max_bytes, max_disk=max_disk)
        lost = _reconcile(place, ledger, number, writer)
        run = Run(
            ledger=ledger, number=number, folder=place, writer=writer, workers=pool, options=Options(), hooks=hooks
        )
        live = LiveRun(place, lock, ledger, pool, run, name)
        live.resumed, live.lost = resumed, lost.addresses
        for item in lost.items:
            if isinstance(item, Note):
                run.recover_note(item)
            else:
                run.recover(item)
                live.recovered.append(item)
        return live
    except BaseException:
        if pool is not None:
            pool.close(wait=False)
        if ledger is not None:
            ledger.close(commit=False)
        lock.release()
        raise


@dataclass(slots=True)
class _Difference:
    """What archive and ledger know apart from each other after a crash."""

    addresses: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


def _reconcile(place: Path, ledger: Ledger, run: int, writer: WarcWriter) -> _Difference:
    """Bring the archive's files and the ledger to one state: the archive decides."""
    difference = _Difference()
    for path in sorted(place.glob("*.warc.gz")):
        size, committed = path.stat().st_size, ledger.file_length(run, path.name)
        if committed < size:  # sealed just before the kill
            difference.items += read_tail(path, committed).items
            ledger.set_file(run, path.name, size)
    for path in sorted(place.glob(f"*.warc.gz{OPEN}")):
        name = path.name.removesuffix(OPEN)
        committed, size = ledger.file_length(run, name), path.stat().st_size
        # A power cut can take bytes that the ledger counts on: then the file is read from its start.
        tail = read_tail(path, committed if committed <= size else 0)
        if committed > size:
            difference.addresses += ledger.forget_captures(run, name, tail.length)
            known = {ref.record_id for _, ref, _ in ledger.captures(run, name)}
            tail.items = [item for item in tail.items if not isinstance(item, Note) and item.ref.record_id not in known]
        if tail.length == 0:
            path.unlink()
            continue
        difference.items += tail.items
        writer.resume(path, tail.length)
    return difference


def _files(folder: Path) -> list[Path]:
    """What a run consists of; what begins with a dot is for the time of the crawl only."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / SUMMARY)
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _now() -> str:
    return clock.utcnow().isoformat(timespec="microseconds").replace("+00:00", "Z")
