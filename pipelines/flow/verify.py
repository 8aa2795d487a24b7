"""Checking a run against itself: the archive's digests and framing, the pointers, the counts, and that the
records are what the archive gives.

A run that has not come to its end is checked as far as it got: its records must be the first of those that its WARC
files give. All is streamed; of each record no more than a digest of its id is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pipelines.archive.cdxj import lines
from pipelines.archive.check import check
from pipelines.archive.reader import open_capture
from pipelines.archive.scan import OPEN
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import CHANGES, INDEX, RECORDS, SUMMARY, records_name, sha256, warcs_in, whole_lengths
from pipelines.model import SCHEMA_VERSION, Article, CaptureRef, Outcome
from pipelines.records.jsonl import encode
from pipelines.text.refine import Options
from pipelines.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    file: str
    rule: str
    detail: str
    place: int | None = None
    """Offset in a WARC, line number in a JSONL file."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.place}" if self.place is not None else self.file
        return f"{where}: {self.rule}: {self.detail}"


@dataclass(slots=True)
class Verdict:
    """What was checked, and what is wrong."""

    target: str
    files: int = 0
    records: int = 0
    captures: int = 0
    articles: int = 0
    rejections: int = 0
    changes: int = 0
    complete: bool = True
    """False for a run that has not come to its end."""
    notes: list[str] = field(default_factory=list)
    """What is to be known, and not wrong."""
    findings: list[Finding] = field(default_factory=list)

    def find(self, file: str, rule: str, detail: str, place: int | None = None) -> None:
        self.findings.append(Finding(file=file, rule=rule, detail=detail, place=place))


def runs_of(target: Path) -> list[Path]:
    """The run folders that a path names: itself, or those of a job. Raises ``ConfigError`` if there are none."""
    if (target / "runs").is_dir():
        runs = sorted(path for path in (target / "runs").iterdir() if path.is_dir())
        if runs:
            return runs
    if target.is_dir() and ((target / RECORDS[0]).exists() or any(target.glob("*.warc*"))):
        return [target]
    raise ConfigError(f"{target} is no run (a folder with articles.jsonl) and no job (a folder with runs/)")


def verify_warcs(files: list[Path]) -> Verdict:
    """Check WARC files, ours or anybody's, by themselves."""
    verdict = Verdict(target=", ".join(map(str, files)), files=len(files))
    _check_archive(files, {}, verdict)
    return verdict


def verify_run(folder: Path, workers: Workers, *, note: Callable[[str], None] = lambda step: None) -> Verdict:
    """Check one run. ``note`` is told each step, for a person who waits."""
    verdict = Verdict(target=str(folder))
    # First the records, then the archive: a run that is working writes them in the other order.
    ends = {name: (folder / name).stat().st_size for name in RECORDS if (folder / name).exists()}
    files = warcs_in(folder)
    stops = whole_lengths(files)
    verdict.files = len(files)
    # The index is written when every capture has its outcome.
    verdict.complete = not stops and any((folder / name).exists() for name in (SUMMARY, INDEX))
    note("framing, headers and digests of the WARC files")
    _check_archive(files, stops, verdict)
    note("file digests of run.json")
    _check_seals(folder, verdict)
    note("pointers of the records")
    _check_pointers(folder, ends, verdict)
    if verdict.complete:
        note("the index")
        _check_index(folder, files, verdict)
    note("records made again from the WARC files")
    _check_records(folder, files, stops, ends, workers, verdict)
    outcomes = verdict.articles + verdict.rejections
    if verdict.captures < outcomes or (verdict.complete and verdict.captures != outcomes):
        detail = f"{verdict.captures} captures, {verdict.articles} articles and {verdict.rejections} rejections"
        verdict.find(folder.name, "counts", detail)
    elif not verdict.complete:
        waiting = verdict.captures - outcomes
        verdict.notes.append(f"not complete: {waiting} captures wait for their outcome; start the crawl again")
    return verdict


# ---------------------------------------------------------------------- files


def _check_archive(files: list[Path], stops: Mapping[Path, int], verdict: Verdict) -> None:
    whole = {path.name.removesuffix(OPEN): length for path, length in stops.items()}
    for problem in check(files, on_record=lambda: _count(verdict)):
        if problem.file in whole and problem.offset >= whole[problem.file]:
            continue  # torn by a kill or still being written: the next start cuts it off
        verdict.find(problem.file, problem.rule, problem.detail, problem.offset)


def _count(verdict: Verdict) -> None:
    verdict.records += 1


def _check_seals(folder: Path, verdict: Verdict) -> None:
    path = folder / SUMMARY
    if not path.exists():
        if verdict.complete:
            verdict.notes.append(f"there is no {SUMMARY}, which has the digests of the files")
        return
    try:
        seals = [(str(entry["name"]), entry["sha256"]) for entry in json.loads(path.read_bytes())["files"]]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        verdict.find(SUMMARY, "seal", f"it cannot be read: {type(error).__name__}: {error}")
        return
    for name, digest in seals:
        file = folder.joinpath(*(part for part in Path(name).parts if part not in ("/", "..")))
        if not file.is_file():
            verdict.find(name, "seal", f"named in {SUMMARY}, not there")
        elif sha256(file) != digest:
            verdict.find(name, "seal", f"not the file that {SUMMARY} names")


def _check_index(folder: Path, files: list[Path], verdict: Verdict) -> None:
    path = folder / INDEX
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as handle:
            made = lines(files, on_error=lambda error: None)
            for number, (old, new) in enumerate(zip_longest(handle, made), 1):
                if (old or "").rstrip("\n") != (new or "").rstrip("\n"):
                    verdict.find(INDEX, "index", "the WARC files give another line", number)
                    return
    except ArchiveError as error:
        verdict.find(INDEX, "index", str(error))


# ---------------------------------------------------------------------- records


def _check_pointers(folder: Path, ends: Mapping[str, int], verdict: Verdict) -> None:
    seen: set[tuple[bool, bytes]] = set()
    numbers: Counter[str] = Counter()
    for name in RECORDS:
        if name not in ends:
            if name == CHANGES and not _of_today(folder, ends):
                verdict.notes.append(f"made before there was {CHANGES}; `scrapy rebuild` makes it")
            elif verdict.complete:
                verdict.find(name, "missing", "there is no such file")
            continue
        for number, line in enumerate(_lines(folder / name, ends[name]), 1):
            if not verdict.complete and not line.endswith(b"\n"):
                continue  # torn by a kill: the next start cuts it off
            numbers[name] += 1
            try:
                ref = _ref(json.loads(line))
            except (ValueError, RecursionError) as error:
                numbers[name] -= 1
                verdict.find(name, "json", str(error), number)
                continue
            if ref is None:
                verdict.find(name, "record", "it does not say of which capture it is", number)
                continue
            digest = hashlib.blake2b(ref.record_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            key, what = (name == CHANGES, digest), "a change record" if name == CHANGES else "an outcome"
            if key in seen:
                verdict.find(name, "twice", f"{ref.record_id} has {what} already", number)
            seen.add(key)
            if wrong := _pointer(folder, ref):
                verdict.find(name, "pointer", wrong, number)
    verdict.articles, verdict.rejections, verdict.changes = (numbers[name] for name in RECORDS)


def _of_today(folder: Path, ends: Mapping[str, int]) -> bool:
    """Whether the records of a run begin in the version of the schema that is written now."""
    for name in RECORDS[:2]:
        for line in _lines(folder / name, ends.get(name, 0)):
            return _schema(line) == SCHEMA_VERSION
    return False


def _schema(line: bytes) -> str | None:
    try:
        return str(json.loads(line)["schema_version"])
    except (ValueError, RecursionError, TypeError, KeyError):
        return None


def _lines(path: Path, end: int) -> Iterator[bytes]:
    """The lines of a file as long as it was when the check began."""
    with path.open("rb") as handle:
        while end > 0 and (line := handle.readline(end)):
            end -= len(line)
            yield line


def _ref(record: Any) -> CaptureRef | None:
    """The capture that a record names; None if that is no record of ours."""
    try:
        ref = CaptureRef(url=record["url"], **record["warc"])
    except (TypeError, KeyError):
        return None
    texts = all(isinstance(value, str) for value in (ref.url, ref.filename, ref.record_id, ref.date))
    places = all(type(value) is int and 0 <= value < 1 << 63 for value in (ref.offset, ref.length))
    return ref if texts and places and Path(ref.filename).name == ref.filename else None


def _pointer(folder: Path, ref: CaptureRef) -> str | None:
    try:
        found = open_capture(folder, ref).ref
    except ArchiveError as error:
        return str(error)
    if found.record_id != ref.record_id or found.url != ref.url:
        return f"{ref.filename} at {ref.offset} holds {found.record_id} of {found.url}"
    return None


def _check_records(
    folder: Path,
    files: list[Path],
    stops: Mapping[Path, int],
    ends: Mapping[str, int],
    workers: Workers,
    verdict: Verdict,
) -> None:
    """Make the records again and compare the bytes, line by line.

    Lines of an older version of the schema cannot have the bytes that are written now: of them the outcome is compared.
    """
    counts = Counts()
    numbers: Counter[str] = Counter()
    older: Counter[str] = Counter()
    with ExitStack() as stack:
        handles = {name: stack.enter_context((folder / name).open("rb")) for name in ends}

        def compare(name: str, made: bytes, url: str, outcome: Outcome | None) -> None:
            numbers[name] += 1
            if name not in handles:
                return
            line = handles[name].readline(max(0, ends[name] - handles[name].tell()))
            waits = not verdict.complete and not line.endswith(b"\n")
            if line == made or waits:
                return
            schema = _schema(line)
            if outcome is not None and schema not in (None, SCHEMA_VERSION) and _same_outcome(line, outcome):
                older[str(schema)] += 1
                return
            verdict.find(name, "differs", f"the WARC gives another record for {url}", numbers[name])

        try:
            for made in extract(files, workers, options=Options(), counts=counts, stops=stops):
                compare(records_name(made.outcome), made.line, made.outcome.url, made.outcome)
                if made.change is not None:
                    compare(CHANGES, encode(made.change), made.change.url, None)
        except ArchiveError as error:
            verdict.find(folder.name, "records", f"they cannot be made again: {error}")
        if verdict.complete and CHANGES in handles and handles[CHANGES].readline():
            verdict.find(CHANGES, "differs", "the WARC gives no such record", numbers[CHANGES] + 1)
    verdict.captures = counts.captures
    for schema, number in sorted(older.items()):
        detail = (
            f"{number} records are of schema {schema}: compared by outcome, not byte for byte with {SCHEMA_VERSION}"
        )
        verdict.notes.append(f"{detail}; `scrapy rebuild` makes them anew")


def _same_outcome(line: bytes, outcome: Outcome) -> bool:
    record = json.loads(line)
    if record.get("id") != outcome.id:
        return False
    if isinstance(outcome, Article):
        return isinstance(record.get("text"), str)
    return bool(record.get("reason") == outcome.reason)
