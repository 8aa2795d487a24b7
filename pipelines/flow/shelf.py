"""What reading WARC files has to remember of articles, outside of memory: a corpus may hold millions of them."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from typing import Any

from pipelines.errors import DiskFullError
from pipelines.records.history import MOST_LIKE
from pipelines.records.identity import loose
from pipelines.records.known import Known
from pipelines.records.settle import Seen

CACHE = 32 << 10
"""KB held in memory."""


class Shelf:
    """A place for histories and what the WARC files say of them. It ends with the process and leaves nothing behind.

    Raises ``DiskFullError`` when there is no room for temporary files.
    """

    def __init__(self) -> None:
        # SQLite gives a database without a name a file only when the cache is full, and one that nobody else can see.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(f"PRAGMA cache_size = -{CACHE}")
        self._db.execute(
            "CREATE TABLE history (job BLOB, key BLOB, loose BLOB, value BLOB, PRIMARY KEY (job, key)) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX history_loose ON history (job, loose, key)")
        self._db.execute("CREATE TABLE alias (job BLOB, url BLOB, key BLOB, PRIMARY KEY (job, url)) WITHOUT ROWID")
        self._db.execute("CREATE TABLE told (record BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def history(self, job: str | None) -> ShelfHistory:
        """The history of one job."""
        return ShelfHistory(self._execute, _bytes(job or ""))

    def tell(self, record_id: str, seen: Seen) -> None:
        """Keep what a WARC notes of a capture."""
        self._execute("INSERT OR REPLACE INTO told VALUES (?, ?)", _bytes(record_id), pickle.dumps(seen))

    def told(self, record_id: str) -> Seen | None:
        row = self._execute("SELECT value FROM told WHERE record = ?", _bytes(record_id)).fetchone()
        found: Seen | None = pickle.loads(row[0]) if row else None
        return found

    def close(self) -> None:
        self._db.close()

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise DiskFullError(f"cannot keep the history of articles in a temporary file: {error}") from error


class ShelfHistory:
    """The articles of one job."""

    def __init__(self, execute: Callable[..., sqlite3.Cursor], job: bytes) -> None:
        self._execute, self._job = execute, job

    def get(self, key: str) -> Known | None:
        sql = "SELECT value FROM history WHERE job = ? AND key = ?"
        row = self._execute(sql, self._job, _bytes(key)).fetchone()
        found: Known | None = pickle.loads(row[0]) if row else None
        return found

    def put(self, key: str, known: Known) -> None:
        values = self._job, _bytes(key), _bytes(loose(key)), pickle.dumps(known)
        self._execute("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)", *values)

    look = reread = put

    def alias(self, url: str) -> str | None:
        sql = "SELECT key FROM alias WHERE job = ? AND url = ?"
        row = self._execute(sql, self._job, _bytes(url)).fetchone()
        return _text(row[0]) if row else None

    def add_alias(self, url: str, key: str) -> None:
        self._execute("INSERT OR REPLACE INTO alias VALUES (?, ?, ?)", self._job, _bytes(url), _bytes(key))

    def like(self, plain: str) -> list[str]:
        sql = "SELECT key FROM history WHERE job = ? AND loose = ? ORDER BY key LIMIT ?"
        return [_text(row[0]) for row in self._execute(sql, self._job, _bytes(plain), MOST_LIKE).fetchall()]

    def text(self, key: str) -> str | None:
        """Not kept: the WARC notes what is needed."""
        return None


def _bytes(text: str) -> bytes:
    """A page may hold lone surrogates, which UTF-8 by itself does not."""
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
