"""The life of an article, told from the ledger of its job and the records of its runs.

All is found by index, and the ledger is only read, so a crawl may be working meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from pipelines.errors import ConfigError
from pipelines.flow.files import CHANGES, RECORDS
from pipelines.records.history import MOST_LIKE, line_at
from pipelines.records.identity import loose, spellings
from pipelines.records.known import storable, unraw
from pipelines.records.ledger import LEDGER, read_only

NEAR = 5
"""Addresses that are named where one is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an article."""

    kind: str
    """``first``, ``version``, ``deletion`` or ``restoration``."""
    date: str
    """``WARC-Date`` of the capture that shows it."""
    run: str
    number: int
    change: str | None
    headline: str | None
    word_count: int | None
    """Of the version, where its record is at hand."""
    record: dict[str, Any] | None
    """The change record; of the first version, and of those made before there were such records, null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One article as a job knows it."""

    job: str
    canonical_url: str
    current: bool
    """False for a story whose address stands for another one since."""
    addresses: tuple[str, ...]
    """All under which it was met, that by which it is known first."""
    first_seen: str
    last_seen: str | None
    versions: int
    deleted: bool
    missing_since: str | None
    looks: int
    """Captures at its addresses, whatever they showed."""
    last_look: str | None
    events: tuple[Event, ...]


def jobs_in(place: Path) -> list[Path]:
    """The job folders that a path names: itself, or those in it. Raises ``ConfigError`` if there are none."""
    if (place / LEDGER).is_file():
        return [place]
    jobs = sorted(path.parent for path in place.glob(f"*/{LEDGER}"))
    if not jobs:
        raise ConfigError(f"{place} is no job (a folder with {LEDGER}), and none is in it: name output/JOB")
    return jobs


def lives(job: Path, url: str) -> tuple[list[Life], list[str]]:
    """The articles that a job knows by an address, newest first; where it knows none, the addresses nearest to it.

    Raises ``LedgerError`` for a ledger that cannot be read.
    """
    with read_only(job) as db:
        reader = _Reader(db, job)
        keys = reader.keys(storable(url.strip().partition("#")[0]))
        return [reader.life(key) for key in keys], [] if keys else reader.near(url)


def keys_of(db: sqlite3.Connection, url: str) -> list[str]:
    """By which addresses a ledger knows what was met at one: an article, and the stories that stood there before."""
    return _Reader(db, Path()).keys(storable(url.strip().partition("#")[0]))


def near(db: sqlite3.Connection, url: str) -> list[str]:
    """Known addresses nearest to one that is not known."""
    return _Reader(db, Path()).near(url)


class _Reader:
    def __init__(self, db: sqlite3.Connection, job: Path) -> None:
        self._db, self._job = db, job

    def keys(self, url: str) -> list[str]:
        """The article that is known by an address, and those that were known by it before."""
        alias = self._db.execute("SELECT canonical FROM alias WHERE url = ?", (url,)).fetchone()
        known = self._known([url, *([alias[0]] if alias else [])])
        if not known:
            plain = loose(url)
            rows = "SELECT canonical FROM article WHERE loose = ? ORDER BY 1 LIMIT ?"
            known = self._known(spellings(plain)) or [row[0] for row in self._db.execute(rows, (plain, MOST_LIKE))]
        retired = "SELECT canonical, id FROM article WHERE canonical > ? AND canonical < ? ORDER BY first_seen DESC"
        found = [*known]
        for key in known:  # "!" comes next after " "
            stories = self._db.execute(retired, (f"{key} ", f"{key}!")).fetchall()
            found += [name for name, identity in stories if name == f"{key} {unraw(identity)}"]
        return found

    def _known(self, keys: Iterable[str]) -> list[str]:
        sql = "SELECT 1 FROM article WHERE canonical = ?"
        return [key for key in dict.fromkeys(keys) if self._db.execute(sql, (key,)).fetchone()]

    def near(self, url: str) -> list[str]:
        """Known addresses beside one in the order of the alphabet, and on the same host."""
        address = spellings(loose(url))[0]
        found: list[str] = []
        for spelt in spellings(loose(url))[::2]:
            for sql in ("< ? ORDER BY canonical DESC", "> ? ORDER BY canonical"):
                found += [row[0] for row in self._db.execute(
                    f"SELECT canonical FROM article WHERE canonical {sql} LIMIT ?", (spelt, 2 * NEAR))]  # fmt: skip
        host = loose(url).partition("?")[0].partition("/")[0]
        same = {key for key in found if " " not in key and loose(key).partition("?")[0].partition("/")[0] == host}
        return sorted(same, key=lambda key: (-SequenceMatcher(None, key, address).ratio(), key))[:NEAR]

    def life(self, key: str) -> Life:
        sql = "SELECT first_seen, seen, number, gone, missing, also, id, made, offset, length FROM article"
        row = self._db.execute(f"{sql} WHERE canonical = ?", (key,)).fetchone()
        first_seen, seen, number, gone, missing, also, identity = row[:7]
        canonical = key.removesuffix(f" {unraw(identity)}")
        addresses = tuple(dict.fromkeys((canonical, *(also or "").splitlines())))
        marks = ", ".join("?" * len(addresses))
        looks, last = self._db.execute(
            f"SELECT count(*), max(date) FROM capture WHERE url IN ({marks})", addresses
        ).fetchone()
        events = sorted(self._events(key, first_seen, (number, *row[7:])), key=lambda event: event.date)
        return Life(
            job=str(self._job),
            canonical_url=canonical,
            current=canonical == key,
            addresses=addresses,
            first_seen=first_seen,
            last_seen=seen,
            versions=number,
            deleted=bool(gone),
            missing_since=missing,
            looks=looks,
            last_look=last,
            events=tuple(events),
        )

    def _events(self, key: str, first_seen: str, last: tuple[Any, ...]) -> Iterator[Event]:
        rows = "SELECT number, run, offset, length FROM version WHERE canonical = ?"
        places = {row[0]: row[1:] for row in self._db.execute(rows, (key,))}
        if last[1] is not None:
            places[last[0]] = last[1:]
        articles = {number: self._record(RECORDS[0], *place) for number, place in places.items()}
        told = set()
        rows = "SELECT run, offset, length FROM change WHERE canonical = ? ORDER BY id"
        for place in self._db.execute(rows, (key,)).fetchall():
            run, record = self._record(CHANGES, *place)
            if record is None:
                continue
            number = record["number"]
            told.add(number if record["change"] else 0)
            yield _event(record["kind"], run, record, articles.get(number, ("", None))[1], record)
        for number, (run, article) in sorted(articles.items()):
            if number not in told and article is not None:
                yield _event("version" if number > 1 else "first", run, article, article, None)
        if articles.get(1, ("", None))[1] is None:
            yield Event(kind="first", date=first_seen, run="", number=1, change=None, headline=None, word_count=None,
                        record=None)  # fmt: skip

    def _record(self, name: str, run: int, offset: int, length: int) -> tuple[str, dict[str, Any] | None]:
        row = self._db.execute("SELECT name FROM run WHERE id = ?", (run,)).fetchone()
        if row is None:
            return "", None
        return row[0], line_at(self._job / "runs" / row[0] / name, offset, length)


def _event(
    kind: str, run: str, shown: dict[str, Any], article: dict[str, Any] | None, record: dict[str, Any] | None
) -> Event:
    version = shown.get("version") or {}
    return Event(
        kind=kind,
        date=shown["warc"]["date"],
        run=run,
        number=record["number"] if record else version["number"],
        change=record["change"] if record else version["change"],
        headline=shown["headline"],
        word_count=article["word_count"] if article else None,
        record=record,
    )
