"""Which records are meant, and how far they can be relied on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import ConfigError
from pipelines.flow.files import RECORDS
from pipelines.records.ledger import LEDGER


class Source(NamedTuple):
    """A file of articles."""

    path: Path
    length: int
    """Bytes of it that stand: what a run that is working has not committed may be cut off again."""


def sources(names: Iterable[str | Path]) -> list[Source]:
    """The articles of jobs, of folders with jobs in them, of single runs, or of what ``scrapy extract`` made: files, or
    folders of parts, of which the finished ones count.

    Runs come in their order, parts by name. Raises ``ConfigError`` for what does not exist or has no articles.
    """
    found: dict[Path, Source] = {}
    for name in names:
        path = Path(name)
        if path.is_file() and path.suffix == ".jsonl":
            files = [path]
        elif (path / RECORDS[0]).is_file():
            files = [path / RECORDS[0]]
        elif (path / "plan.json").is_file() and (path / "done").is_dir():
            files = [path / "articles" / f"{mark.stem}.jsonl" for mark in sorted((path / "done").glob("*.json"))]
            if any(not file.is_file() for file in files):
                raise ConfigError(f"{path} has Parquet, which other tools read as it is; export takes lines of JSON")
        elif path.is_dir():
            pattern = f"runs/*/{RECORDS[0]}"
            files = sorted(path.glob(pattern)) or sorted(path.glob(f"*/{pattern}"))
        else:
            raise ConfigError(f"{path} is no job, run or .jsonl file")
        if not files and not (path / "runs").is_dir():
            raise ConfigError(f"{path} has no articles: name a job (a folder with runs/), a run or a .jsonl file")
        for file in map(Path.resolve, files):
            found.setdefault(file, Source(file, _stands(file)))
    return list(found.values())


def job_of(file: Path) -> Path | None:
    """The job that a file of records belongs to; None of one that stands by itself. Paths are whole, as ``sources``
    gives them."""
    return file.parents[2] if file.parent.parent.name == "runs" else None


def _stands(file: Path) -> int:
    """How much of a file can be relied on: of a run that its job's ledger knows, what is committed."""
    size = file.stat().st_size
    job = job_of(file)
    if job is not None and (job / LEDGER).is_file():
        sql = "SELECT file.length FROM file JOIN run ON run.id = file.run WHERE run.name = ? AND file.name = ?"
        try:
            with closing(sqlite3.connect(f"{(job / LEDGER).as_uri()}?mode=ro", uri=True)) as db:
                row = db.execute(sql, (file.parent.name, file.name)).fetchone()
        except sqlite3.Error:
            row = None  # the records stand by themselves
        if row:
            return min(size, int(row[0]))
    return size
