"""What an export knows of itself: which records it has seen, where they went, and which parts are still to be written.

One SQLite file in the output. A part stands in it as not done until its file is in place, so that a killed export
goes on with the parts that are missing; the manifest for people is made from it at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.errors import BroadsheetError, DiskFullError, LedgerError

FOLDER, NAME = ".state", "export.sqlite3"

VERSION = 2

TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
-- taken: bytes that were read; tail: digest of the last of them, to see that the file is still the same.
CREATE TABLE source (id INTEGER PRIMARY KEY, path TEXT UNIQUE, taken INTEGER NOT NULL, tail BLOB);
-- why: the reason for which a record is left out; head: the record it is a duplicate of, or itself.
CREATE TABLE record (
  n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, source INTEGER, offset INTEGER, length INTEGER, article INTEGER,
  number INTEGER, why TEXT, outlet TEXT, month TEXT, sort INTEGER, seen INTEGER, at INTEGER, day INTEGER,
  language TEXT, words INTEGER, digest BLOB, address INTEGER, head INTEGER, part INTEGER);
CREATE TABLE text (digest BLOB PRIMARY KEY, bands BLOB) WITHOUT ROWID;
CREATE TABLE part (
  n INTEGER PRIMARY KEY, path TEXT UNIQUE, batch INTEGER, rows INTEGER, bytes INTEGER, sha256 TEXT, done INTEGER);
CREATE INDEX record_part ON record (part);
CREATE TABLE tally (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
"""

RIGHTS = """
-- What was signalled (JSON), once for all records of which the same is said.
CREATE TABLE rights (n INTEGER PRIMARY KEY, said TEXT UNIQUE);
ALTER TABLE record ADD COLUMN rights INTEGER;
"""
"""Since version 2. Of what was read before, it is not known."""


class State:
    """The open state of an export. Raises ``LedgerError`` for a file that cannot be used, ``DiskFullError``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FOLDER / NAME
        with self._explained():
            self.db = sqlite3.connect(self.path, isolation_level=None)
            self.db.execute("PRAGMA cache_size = -65536")
            # A power cut may take back that a part is done: it is then written once more.
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = NORMAL")
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise LedgerError(f"{self.path} is of version {version}, this Broadsheet knows {VERSION}: update it")
            script = "".join((TABLES, RIGHTS)[version:])
            self.db.executescript(f"BEGIN; {script} PRAGMA user_version = {VERSION}; COMMIT;")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
            kind: type[BroadsheetError] = DiskFullError if full else LedgerError
            raise kind(f"cannot use {self.path}: {error}") from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """All or nothing of what is written within."""
        with self._explained():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def settle(self) -> None:
        """Wait until the disk has all of it."""
        with self._explained():
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def shrink(self) -> None:
        """Write it anew, without the pages that were freed, and empty what stands beside it."""
        with self._explained():
            self.db.execute("VACUUM")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, sql: str, *values: Any) -> Iterator[Any]:
        """Rows as they are found."""
        with self._explained():
            for row in self.db.execute(sql, values):  # noqa: UP028 (it would close the cursor after the database)
                yield row

    def one(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        with self._explained():
            return self.db.execute(sql, values).fetchone()

    def run(self, sql: str, *values: Any) -> int:
        """Change something; gives the number of the row that was put in."""
        with self._explained():
            return self.db.execute(sql, values).lastrowid or 0

    def run_many(self, sql: str, values: Iterable[tuple[Any, ...]]) -> None:
        with self._explained():
            self.db.executemany(sql, values)

    def setting(self, name: str) -> str | None:
        row = self.one("SELECT value FROM setting WHERE name = ?", name)
        return row[0] if row else None

    def set(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def count(self, name: str, number: int = 1) -> None:
        self.run(
            "INSERT INTO tally VALUES (?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number", name, number
        )

    def tallies(self) -> dict[str, int]:
        return dict(self.rows("SELECT name, number FROM tally ORDER BY name"))

    def close(self) -> None:
        self.db.close()
