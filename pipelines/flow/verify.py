"""Checking a run against itself: the archive's digests and framing, the pointers, the counts, and that the
records are what the archive gives."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pipelines.archive.cdxj import lines
from pipelines.archive.check import check
from pipelines.archive.reader import open_capture
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import warc_files
from pipelines.model import Article, CaptureRef
from pipelines.text.refine import Options
from pipelines.workers import Workers

RECORDS = ("articles.jsonl", "rejections.jsonl")
INDEX = "index.cdxj"


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
    findings: list[Finding] = field(default_factory=list)


def runs_of(target: Path) -> list[Path]:
    """The run folders that a path names: itself, or those of a job. Raises ``ConfigError`` if there are none."""
    if (target / "runs").is_dir():
        runs = sorted(path for path in (target / "runs").iterdir() if path.is_dir())
        if runs:
            return runs
    if target.is_dir() and (target / "articles.jsonl").exists():
        return [target]
    raise ConfigError(f"{target} is no run (a folder with articles.jsonl) and no job (a folder with runs/)")


def verify_warcs(files: list[Path]) -> Verdict:
    """Check WARC files, ours or anybody's, by themselves."""
    verdict = Verdict(target=", ".join(map(str, files)), files=len(files))
    _check_archive(files, verdict)
    return verdict


def verify_run(folder: Path, workers: Workers, *, note: Callable[[str], None] = lambda step: None) -> Verdict:
    """Check one run. ``note`` is told each step, for a person who waits."""
    verdict = Verdict(target=str(folder))
    files = warc_files([folder])
    verdict.files = len(files)
    note("framing, headers and digests of the WARC files")
    _check_archive(files, verdict)
    note("file digests of run.json")
    _check_seals(folder, verdict)
    note("pointers of the records")
    numbered = {name: list(_lines(folder / name, verdict)) for name in RECORDS}
    _check_pointers(folder, numbered, verdict)
    verdict.articles, verdict.rejections = (len(numbered[name]) for name in RECORDS)
    note("the index")
    _check_index(folder, files, verdict)
    note("records made again from the WARC files")
    _check_records(folder, files, workers, verdict)
    if verdict.captures != verdict.articles + verdict.rejections:
        detail = f"{verdict.captures} captures, {verdict.articles} articles and {verdict.rejections} rejections"
        verdict.findings.append(Finding(file=folder.name, rule="counts", detail=detail))
    return verdict


def _check_archive(files: list[Path], verdict: Verdict) -> None:
    for problem in check(files, on_record=lambda: _count(verdict)):
        verdict.findings.append(
            Finding(file=problem.file, rule=problem.rule, detail=problem.detail, place=problem.offset)
        )


def _count(verdict: Verdict) -> None:
    verdict.records += 1


def _check_seals(folder: Path, verdict: Verdict) -> None:
    path = folder / "run.json"
    if not path.exists():
        return
    for entry in json.loads(path.read_text("utf-8")).get("files", []):
        file = folder / entry["name"]
        if not file.exists():
            verdict.findings.append(Finding(file=entry["name"], rule="seal", detail="named in run.json, not there"))
        elif sha256(file) != entry["sha256"]:
            verdict.findings.append(Finding(file=entry["name"], rule="seal", detail="not the file that run.json names"))


def _check_index(folder: Path, files: list[Path], verdict: Verdict) -> None:
    path = folder / INDEX
    if path.exists():
        with path.open(encoding="utf-8") as handle:
            made = lines(files, on_error=lambda error: None)
            for number, (old, new) in enumerate(zip_longest(handle, made), 1):
                if (old or "").rstrip("\n") != (new or "").rstrip("\n"):
                    detail = "the WARC files give another line"
                    verdict.findings.append(Finding(file=INDEX, rule="index", detail=detail, place=number))
                    return


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _lines(path: Path, verdict: Verdict) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.exists():
        verdict.findings.append(Finding(file=path.name, rule="missing", detail="there is no such file"))
        return
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                yield number, json.loads(line)
            except ValueError as error:
                verdict.findings.append(Finding(file=path.name, rule="json", detail=str(error), place=number))


def _check_pointers(folder: Path, lines: dict[str, list[tuple[int, dict[str, Any]]]], verdict: Verdict) -> None:
    seen: Counter[str] = Counter()
    for name, numbered in lines.items():
        for number, record in numbered:
            seen[record["warc"]["record_id"]] += 1
            wrong = _pointer(folder, record)
            if wrong:
                verdict.findings.append(Finding(file=name, rule="pointer", detail=wrong, place=number))
    for record_id, times in seen.items():
        if times > 1:
            verdict.findings.append(Finding(file=folder.name, rule="twice", detail=f"{record_id} has {times} outcomes"))


def _pointer(folder: Path, record: dict[str, Any]) -> str | None:
    warc = record["warc"]
    ref = CaptureRef(url=record["url"], **warc)
    try:
        found = open_capture(folder, ref).ref
    except ArchiveError as error:
        return str(error)
    if found.record_id != ref.record_id or found.url != ref.url:
        return f"{warc['filename']} at {warc['offset']} holds {found.record_id} of {found.url}"
    return None


def _check_records(folder: Path, files: list[Path], workers: Workers, verdict: Verdict) -> None:
    """Make the records again and compare the bytes, line by line."""
    counts = Counts()
    handles = {name: (folder / name).open("rb") for name in RECORDS if (folder / name).exists()}
    numbers: Counter[str] = Counter()
    try:
        for made in extract(files, workers, options=Options(), counts=counts):
            name = RECORDS[0] if isinstance(made.outcome, Article) else RECORDS[1]
            numbers[name] += 1
            if name in handles and handles[name].readline() != made.line:
                detail = f"the WARC gives another record for {made.outcome.url}"
                verdict.findings.append(Finding(file=name, rule="differs", detail=detail, place=numbers[name]))
        verdict.captures = counts.captures
    finally:
        for handle in handles.values():
            handle.close()
