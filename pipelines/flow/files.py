"""Files of a run: what they are called, which WARC files a person means, and how a file appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipelines.archive.recover import read_tail
from pipelines.archive.scan import OPEN
from pipelines.archive.segment import sync_folder
from pipelines.errors import ConfigError
from pipelines.model import Article, Outcome

CHANGES = "changes.jsonl"
RECORDS = ("articles.jsonl", "rejections.jsonl", CHANGES)
INDEX = "index.cdxj"
SUMMARY = "run.json"
VISITS = "browser.jsonl"
"""What a browser saw of the pages of a run, a line for each visit."""

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".warc.open", ".warc.gz.open")
"""Names of WARC files; ``.open`` is one that is not sealed yet."""


def records_name(outcome: Outcome) -> str:
    """The file of a run in which an outcome stands."""
    return RECORDS[0] if isinstance(outcome, Article) else RECORDS[1]


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def described(folder: Path, path: Path) -> dict[str, Any]:
    """A file in the folder of a run as ``run.json`` names it."""
    return {"name": str(path.relative_to(folder)), "bytes": path.stat().st_size, "sha256": sha256(path)}


def write_summary(run: Path, document: Mapping[str, Any]) -> None:
    """Write ``run.json``, whole or not at all."""
    with atomically(run / SUMMARY) as out:
        out.write((json.dumps(document, indent=2) + "\n").encode())


# ---------------------------------------------------------------------- WARC files


def warc_files(names: Iterable[str | Path]) -> list[Path]:
    """The files named, and those in the folders named, in order of their names.

    Raises ``ConfigError`` for what does not exist, and where no WARC is found.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = warcs_in(path)
            if not inside:
                raise ConfigError(f"no WARC file (*{', *'.join(SUFFIXES[:3])}) in {path}")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{path} does not exist")
    return list(dict.fromkeys(found))


def warcs_in(folder: Path) -> list[Path]:
    """The WARC files in a folder, in order of their names, which is that of writing."""
    return sorted(file for file in folder.rglob("*.warc*") if file.name.endswith(SUFFIXES))


def whole_lengths(files: Iterable[Path]) -> dict[Path, int]:
    """Of files that a run has not sealed yet, how far they are whole.

    What is behind that is a capture on its way to the disk, or one that a kill has torn: the next start cuts it off.
    """
    return {path: read_tail(path, 0).length for path in files if path.name.endswith(OPEN)}


# ---------------------------------------------------------------------- whole or not at all


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(path.name + ".part")


def sync(path: Path) -> None:
    """Wait until the disk has a file that was written."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def put_in_place(paths: Iterable[Path]) -> None:
    """Let files that are written as ``part_of(path)``, and on the disk, take their places, in this order."""
    folders: dict[Path, None] = {}
    for path in paths:
        part_of(path).replace(path)
        folders[path.parent] = None
    for folder in folders:
        sync_folder(folder)


@contextmanager
def atomically(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that takes its place when it is whole and on the disk; after an error the old one stands."""
    part = part_of(path)
    try:
        with part.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        put_in_place([path])
    except BaseException:
        part.unlink(missing_ok=True)
        raise
