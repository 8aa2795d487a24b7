"""Parts: the records of many WARC files, each file's by itself, so that work goes on where it stopped.

A folder of parts has ``articles/KEY.jsonl`` (or ``.parquet``), ``rejections/KEY.jsonl`` (and ``changes``, ``explain``)
for each source, and ``done/KEY.json`` once they are whole. What a part holds depends on its source and on the plan, and
on nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import IO, Any

from pipelines import VERSION
from pipelines.archive.segment import sync_folder
from pipelines.archive.wanted import Wanted
from pipelines.errors import ArchiveError, ConfigError, DiskFullError
from pipelines.flow.extract import Counts, Extracted, extract
from pipelines.flow.files import CHANGES, RECORDS, atomically, records_name, sync
from pipelines.flow.sources import Source
from pipelines.records.jsonl import as_dict, encode
from pipelines.records.ledger import Lock
from pipelines.text.refine import Options
from pipelines.workers import Workers

KINDS = ("articles", "rejections", "changes", "explain")

IN_HAND = 2
"""Sources worked on at a time by one pool: while one is read to its end, the pages of another keep the workers busy."""

PATIENCE = 0.5
"""Seconds between two looks at what is going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is made of each source."""

    wanted: Wanted = Wanted()
    options: Options = Options()
    learning: bool = True
    explain: bool = False
    seconds: float
    """For one page."""
    megabytes: int
    table: Callable[[Path, Path], Any] | None = None
    """Makes Parquet of the articles: of the file of lines named first, the one named second."""

    @property
    def form(self) -> dict[str, Any]:
        """All that parts depend on, beside their sources, as JSON has it."""
        form = asdict(self) | {"version": VERSION}
        form["format"] = "jsonl" if form.pop("table") is None else "parquet"
        return dict(json.loads(json.dumps(form, default=str, sort_keys=True)))


@dataclass(slots=True, kw_only=True)
class Part:
    """What came of a source."""

    key: str
    source: str
    state: list[int] | None = None
    counts: Counts = field(default_factory=Counts)
    failure: str | None = None
    """Why there is no part."""

    def to_json(self) -> bytes:
        counts = self.counts
        values = {
            "key": self.key,
            "source": self.source,
            "state": self.state,
            "failure": self.failure,
            "counts": {
                "captures": counts.captures,
                "articles": counts.articles,
                "rejections": dict(counts.rejections),
                "changes": dict(counts.changes),
                "damaged": counts.damaged,
            },
        }
        return json.dumps(values, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> Part:
        values = json.loads(text)
        counts = values.pop("counts")
        for name in ("rejections", "changes"):
            counts[name] = Counter(counts[name])
        return cls(**values, counts=Counts(**counts))


class StoppedError(Exception):
    """The work was to end before its end."""


class Parts:
    """A folder of parts. Raises ``ConfigError`` if those in it are of another plan, ``BusyError`` if another command
    works on it."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is no folder")
        known = folder / "plan.json"
        if folder.is_dir() and any(folder.iterdir()) and not known.exists() and not (folder / "lock").exists():
            raise ConfigError(f"{folder} holds something else: name a folder for the parts alone")
        self._lock = Lock(folder)
        try:
            self._prepare(known)
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, known: Path) -> None:
        if known.exists():
            before = {"format": "jsonl"} | json.loads(known.read_bytes())  # once there was no other
            if before != self.plan.form:
                keys = sorted(key for key in {**before, **self.plan.form} if before.get(key) != self.plan.form.get(key))
                what = ", ".join(f"{key} was {json.dumps(before.get(key))}" for key in keys)
                raise ConfigError(f"the parts in {self.folder} were made otherwise ({what}): name another folder")
        else:
            with atomically(known) as handle:
                handle.write(json.dumps(self.plan.form, indent=1).encode() + b"\n")
        shutil.rmtree(self.folder / ".work", ignore_errors=True)  # what a killed command left
        for name in (".work", "done", *KINDS[:2]):
            (self.folder / name).mkdir(exist_ok=True)

    def done(self, source: Source) -> Part | None:
        """The part of a source, if it is there and the source has not changed since."""
        try:
            part = Part.from_json((self.folder / "done" / f"{key_of(source)}.json").read_bytes())
            return part if part.state == source.state else None
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            return None  # no marker of ours: the part is made again

    def close(self) -> None:
        shutil.rmtree(self.folder / ".work", ignore_errors=True)
        self._lock.release()


def key_of(source: Source) -> str:
    """The name of a source's part: readable, and another one for each source."""
    stem = source.name
    for suffix in (".gz", ".zst", ".warc", ".wacz"):
        stem = stem.removesuffix(suffix)
    digest = hashlib.sha256(source.identity.encode("utf-8", "surrogateescape")).hexdigest()[:10]
    return f"{stem[:100]}-{digest}"


# ---------------------------------------------------------------------- one part


def make(
    source: Source,
    folder: Path,
    plan: Plan,
    workers: Workers,
    *,
    counts: Counts | None = None,
    stop: Event | None = None,
) -> Part:
    """Make a part. It is there whole or not at all; its files are on the disk before it is marked as done.

    A source that cannot be read gives a part with ``failure``. Raises ``DiskFullError``; ``StoppedError`` after
    ``stop`` was set. ``counts`` is kept up to date.
    """
    part = Part(key=key_of(source), source=str(source.place), counts=counts or Counts())
    work = folder / ".work" / f"{part.key}-{uuid.uuid4().hex}"  # a worker that was given up may still write its own
    try:
        try:
            part.state = source.state
            warcs = source.warcs()
        except OSError as error:
            raise ArchiveError(str(error)) from error
        work.mkdir(parents=True)
        made = extract(
            warcs,
            workers,
            counts=part.counts,
            options=plan.options,
            wanted=plan.wanted,
            learning=plan.learning,
            explain=plan.explain,
        )
        _write(made, work, plan, stop)
        if plan.table is not None:
            lines = work / "articles.jsonl"
            plan.table(lines, lines.with_suffix(".parquet"))
            lines.unlink()
        _put_in_place(work, folder, part)
    except ArchiveError as error:
        part.failure, part.counts = str(error), Counts()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"no room for the parts in {folder}: {error.strerror}") from error
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return part


def _write(made_all: Iterator[Extracted], work: Path, plan: Plan, stop: Event | None) -> None:
    with ExitStack() as stack:

        def file(kind: str) -> IO[bytes]:
            return stack.enter_context((work / f"{kind}.jsonl").open("wb"))

        outputs = {RECORDS[0]: file("articles"), RECORDS[1]: file("rejections")}
        explained = file("explain") if plan.explain else None
        for made in made_all:
            if stop is not None and stop.is_set():
                raise StoppedError
            outputs[records_name(made.outcome)].write(made.line)
            if made.change is not None:
                if CHANGES not in outputs:
                    outputs[CHANGES] = file("changes")
                outputs[CHANGES].write(encode(made.change))
            if explained is not None:
                explained.write(
                    encode({"id": made.outcome.id, "url": made.outcome.url, "removed": as_dict(made.removed)})
                )


def _put_in_place(work: Path, folder: Path, part: Part) -> None:
    marker = folder / "done" / f"{part.key}.json"
    marker.unlink(missing_ok=True)  # of a source that has changed since
    for kind in KINDS:
        for suffix in (".jsonl", ".parquet"):
            made, target = work / f"{kind}{suffix}", folder / kind / f"{part.key}{suffix}"
            if made.exists():
                sync(made)
                target.parent.mkdir(exist_ok=True)
                made.replace(target)
                sync_folder(target.parent)
            else:
                target.unlink(missing_ok=True)
    mark = work / "done"
    mark.write_bytes(part.to_json())
    sync(mark)
    mark.replace(marker)
    sync_folder(marker.parent)


# ---------------------------------------------------------------------- all of them, by a pool of processes


def by_pool(
    todo: Sequence[Source],
    parts: Parts,
    workers: Workers,
    *,
    told: Callable[[Part], None],
    watch: Callable[[Sequence[Counts]], None] = lambda underway: None,
) -> None:
    """Make the parts of ``todo``. ``told`` is called with each, ``watch`` now and then with what is under way."""
    workers.result(workers.submit(os.getpid))  # so that the pool is started once
    stop = Event()
    waiting = iter(todo)
    underway: dict[Any, Counts] = {}
    threads = ThreadPoolExecutor(IN_HAND)
    try:
        while True:
            while len(underway) < IN_HAND and (source := next(waiting, None)) is not None:
                counts = Counts()
                future = threads.submit(make, source, parts.folder, parts.plan, workers, counts=counts, stop=stop)
                underway[future] = counts
            if not underway:
                return
            finished, _ = wait(underway, PATIENCE, FIRST_COMPLETED)
            for future in finished:
                del underway[future]
                told(future.result())
            watch(list(underway.values()))
    finally:
        stop.set()
        threads.shutdown(wait=True, cancel_futures=True)
