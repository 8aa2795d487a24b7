"""The ledger of a job: what is known, waiting, captured and settled, in one SQLite file.

The WARCs are the log and the ledger a view of them (``scrapy rebuild`` makes it again). It is written by
one process, which holds the job's lock; all between two calls of ``commit`` becomes durable at once or not
at all. The lengths of the WARC and JSONL files are committed with the rest: on start, what lies behind them
is known to be uncommitted.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.errors import BusyError, DiskFullError, LedgerError
from pipelines.model import CaptureRef, Provenance, Role

LEDGER = "ledger.sqlite3"
"""In a job's folder."""


class State(IntEnum):
    """Of an address in the frontier."""

    WAITING = 0
    TAKEN = 1
    DONE = 2
    FAILED = 3
    REFUSED = 4
    """By robots.txt, the address guard or a limit, or as it was taken down."""


MIGRATIONS = (
    """
    CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, started TEXT NOT NULL, ended TEXT,
                      status TEXT);
    CREATE TABLE file (run INTEGER NOT NULL, name TEXT NOT NULL, length INTEGER NOT NULL, sha256 TEXT,
                       PRIMARY KEY (run, name)) WITHOUT ROWID;
    CREATE TABLE capture (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, filename TEXT NOT NULL,
                          offset INTEGER NOT NULL, length INTEGER NOT NULL, record_id TEXT NOT NULL,
                          url TEXT NOT NULL, date TEXT NOT NULL, type TEXT NOT NULL, payload_digest TEXT,
                          refers_to TEXT, role TEXT NOT NULL, outlet TEXT, status INTEGER,
                          chunked INTEGER NOT NULL, whole INTEGER NOT NULL,
                          outcome TEXT);
    CREATE INDEX capture_unsettled ON capture (id) WHERE outcome IS NULL;
    CREATE INDEX capture_url ON capture (url) WHERE type = 'response';
    CREATE INDEX capture_payload ON capture (payload_digest) WHERE type = 'response';
    CREATE TABLE article (canonical TEXT PRIMARY KEY, id TEXT NOT NULL, run INTEGER NOT NULL,
                          number INTEGER NOT NULL, first_seen TEXT NOT NULL, digests TEXT NOT NULL)
                          WITHOUT ROWID;
    CREATE TABLE frontier (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, url TEXT NOT NULL,
                           host TEXT NOT NULL, outlet TEXT NOT NULL, role TEXT NOT NULL, rank INTEGER NOT NULL,
                           state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
                           not_before REAL NOT NULL DEFAULT 0, method TEXT NOT NULL, source_url TEXT,
                           title TEXT, date TEXT, depth INTEGER NOT NULL, reason TEXT);
    CREATE INDEX frontier_next ON frontier (host, rank DESC, id) WHERE state = 0;
    CREATE INDEX frontier_taken ON frontier (id) WHERE state = 1;
    CREATE TABLE memory (id INTEGER PRIMARY KEY, site TEXT NOT NULL, run INTEGER NOT NULL, filename TEXT,
                         offset INTEGER, json TEXT NOT NULL);
    CREATE INDEX memory_site ON memory (site, id);
    CREATE TABLE robots (origin TEXT PRIMARY KEY, fetched REAL NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
                         text TEXT NOT NULL, retry_after REAL) WITHOUT ROWID;
    """,
    """
    -- Scheduled runs: when an address is asked for again, and with which validators.
    ALTER TABLE frontier ADD COLUMN seen REAL;
    ALTER TABLE frontier ADD COLUMN due REAL;
    ALTER TABLE frontier ADD COLUMN base REAL;
    ALTER TABLE frontier ADD COLUMN announced REAL;
    ALTER TABLE frontier ADD COLUMN vain INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE frontier ADD COLUMN etag TEXT;
    ALTER TABLE frontier ADD COLUMN modified TEXT;
    CREATE INDEX frontier_due ON frontier (due) WHERE due IS NOT NULL;
    CREATE INDEX frontier_failed ON frontier (id) WHERE state = 3;
    CREATE INDEX frontier_refused ON frontier (host) WHERE state = 4;
    UPDATE frontier SET due = 0 WHERE state = 2 AND role IN ('home', 'feed', 'sitemap', 'section');
    -- When each was fetched is not known: in the last run at the latest. Later changes are announced.
    UPDATE frontier SET seen = (SELECT CAST(strftime('%s', max(started)) AS REAL) FROM run) WHERE state = 2;
    CREATE INDEX frontier_sources ON frontier (outlet, role) WHERE role NOT IN ('article', 'requisite');
    CREATE TABLE source (id INTEGER PRIMARY KEY, polls INTEGER NOT NULL, first REAL NOT NULL, gap REAL,
                         missed INTEGER NOT NULL,
                         failures INTEGER NOT NULL, failing REAL, reason TEXT);
    DROP INDEX capture_url;
    CREATE INDEX capture_url ON capture (url);
    CREATE INDEX capture_run ON capture (run);
    -- The life of an article: when it was last seen, and where the lines of its versions and changes stand in the
    -- records of the runs. Of the last version `article` itself has the place, so most articles take one row.
    ALTER TABLE article ADD COLUMN loose TEXT;
    ALTER TABLE article ADD COLUMN text BLOB;
    ALTER TABLE article ADD COLUMN headline TEXT;
    ALTER TABLE article ADD COLUMN metadata BLOB;
    ALTER TABLE article ADD COLUMN marks BLOB;
    ALTER TABLE article ADD COLUMN seen TEXT;
    ALTER TABLE article ADD COLUMN missing TEXT;
    ALTER TABLE article ADD COLUMN missed INTEGER;
    ALTER TABLE article ADD COLUMN gone INTEGER;
    ALTER TABLE article ADD COLUMN soft INTEGER;
    ALTER TABLE article ADD COLUMN address TEXT;
    ALTER TABLE article ADD COLUMN also TEXT;
    ALTER TABLE article ADD COLUMN made INTEGER;
    ALTER TABLE article ADD COLUMN offset INTEGER;
    ALTER TABLE article ADD COLUMN length INTEGER;
    ALTER TABLE article ADD COLUMN left_out BLOB;
    CREATE INDEX article_loose ON article (loose) WHERE loose IS NOT NULL;
    CREATE TABLE alias (url TEXT PRIMARY KEY, canonical TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE version (canonical TEXT NOT NULL, number INTEGER NOT NULL, run INTEGER NOT NULL,
                          offset INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (canonical, number))
                          WITHOUT ROWID;
    CREATE TABLE change (id INTEGER PRIMARY KEY, canonical TEXT NOT NULL, run INTEGER NOT NULL,
                         offset INTEGER NOT NULL, length INTEGER NOT NULL);
    CREATE INDEX change_article ON change (canonical);
    -- Which page needs which requisite; a key "#7" stands for seven that were too many.
    CREATE TABLE requisite (page TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (page, key)) WITHOUT ROWID;
    -- What each outlet came to in each run: its own past, which its health is judged by.
    CREATE TABLE outlet_run (outlet TEXT NOT NULL, run INTEGER NOT NULL, at REAL NOT NULL, json TEXT NOT NULL,
                             PRIMARY KEY (outlet, run)) WITHOUT ROWID;
    """,
    """
    -- The tdmrep.json of a host, when it is due, and where it was found; empty: there is none, null: it is not known.
    CREATE TABLE tdmrep (origin TEXT PRIMARY KEY, due REAL NOT NULL, url TEXT NOT NULL, text TEXT) WITHOUT ROWID;
    """,
)
"""SQL that brings a ledger from version N to N + 1; ``PRAGMA user_version`` holds the version."""


RUN_NAME = "%Y%m%dT%H%M%SZ"


class Kept(NamedTuple):
    """A response in the archive, as a revisit refers to it."""

    record_id: str
    url: str
    date: str
    payload_digest: str | None
    filename: str
    offset: int
    chunked: int
    run: int


@contextmanager
def read_only(job: Path) -> Iterator[sqlite3.Connection]:
    """The ledger in a job's folder, to be looked at, while a run writes it perhaps.

    Raises ``LedgerError`` for one that cannot be read or is of another version.
    """
    try:
        with closing(sqlite3.connect(f"{(job / LEDGER).resolve().as_uri()}?mode=ro", uri=True)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != len(MIGRATIONS):
                age = "an older" if version < len(MIGRATIONS) else "a newer"
                raise LedgerError(f"the ledger of {job} is of {age} Broadsheet; the next run of the job brings it up")
            yield db
    except sqlite3.Error as error:
        raise LedgerError(f"cannot read the ledger of {job}: {error}") from error


class Lock:
    """One process at a time on a job's folder. The system drops it with the process, so it is never stale."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise LedgerError(f"cannot write {folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 64, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            message = f"another run works on {folder} (process {holder or 'unknown'}): let it end first"
            raise BusyError(message) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._fd)


class Ledger:
    """The open ledger of one job.

    Raises ``LedgerError`` when the file is no ledger, is damaged or comes from a newer version, and
    ``DiskFullError`` when SQLite finds no space; the last commit then still stands.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.failure: LedgerError | DiskFullError | None = None
        """The first error. SQLite may have rolled back by itself then, so everything after it is refused."""
        try:
            self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
            self.db.execute("PRAGMA journal_mode = WAL")
            # WAL with NORMAL stays consistent through a power cut; commits that it takes back are found
            # again behind the committed length of the WARC.
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.execute("PRAGMA journal_size_limit = 4194304")
            self._migrate()
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _migrate(self) -> None:
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            known = len(MIGRATIONS)
            raise LedgerError(f"{self.path} is of version {version}, this Broadsheet knows {known}: update it")
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self.db.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")

    def _explained(self, error: sqlite3.Error) -> LedgerError | DiskFullError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            self.failure = DiskFullError(f"cannot write {self.path}: {error}")
        else:
            advice = "`scrapy rebuild` makes it again from the WARCs"
            self.failure = LedgerError(f"cannot use {self.path}: {error}; {advice}")
        return self.failure

    def commit(self, *, durable: bool = False) -> None:
        """Make all since the last commit stand together.

        A power cut may take commits back, to a state between two of them; ``durable`` waits until it cannot.
        """
        if self.failure is not None:
            raise self.failure
        try:
            self.db.execute("COMMIT")
            if durable:
                self.db.execute("PRAGMA wal_checkpoint(FULL)")
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def close(self, *, commit: bool = True) -> None:
        try:
            if self.db.in_transaction:
                self.db.execute("COMMIT" if commit and self.failure is None else "ROLLBACK")
            self.db.close()
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> sqlite3.Cursor:
        if self.failure is not None:
            raise self.failure
        try:
            return self.db.execute(sql, tuple(parameters))
        except sqlite3.Error as error:
            raise self._explained(error) from error

    # ------------------------------------------------------------------ runs and files

    def open_run(self, name: str, started: str) -> tuple[int, str, bool]:
        """The unfinished run to go on with, or a new one: its number, its name, and whether it is resumed."""
        row = self.execute("SELECT id, name FROM run WHERE ended IS NULL ORDER BY id LIMIT 1").fetchone()
        if row:
            return row[0], row[1], True
        (last,) = self.execute("SELECT max(name) FROM run").fetchone()
        if last is not None and name <= last:  # runs follow each other by name, whatever the clock says
            name = _after(last, name)
        cursor = self.execute("INSERT INTO run (name, started) VALUES (?, ?)", (name, started))
        assert cursor.lastrowid is not None
        return cursor.lastrowid, name, False

    def end_run(self, run: int, ended: str, status: str) -> None:
        self.execute("UPDATE run SET ended = ?, status = ? WHERE id = ?", (ended, status, run))

    def file_length(self, run: int, name: str) -> int:
        row = self.execute("SELECT length FROM file WHERE run = ? AND name = ?", (run, name)).fetchone()
        return row[0] if row else 0

    def set_file(self, run: int, name: str, length: int, sha256: str | None = None) -> None:
        self.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", (run, name, length, sha256))

    # ------------------------------------------------------------------ captures

    def add_capture(
        self,
        run: int,
        ref: CaptureRef,
        provenance: Provenance,
        status: int | None,
        *,
        chunked: bool = False,
        whole: bool = True,
    ) -> int:
        cursor = self.execute(
            "INSERT INTO capture (run, filename, offset, length, record_id, url, date, type, payload_digest,"
            " refers_to, role, outlet, status, chunked, whole) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (run, ref.filename, ref.offset, ref.length, ref.record_id, ref.url, ref.date, ref.type,
             ref.payload_digest, ref.refers_to, str(provenance.role), provenance.outlet, status, chunked, whole),
        )  # fmt: skip
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def settle_capture(self, capture: int, outcome: str) -> None:
        """Note what a capture ended in: ``article`` or the reason of its rejection."""
        self.execute("UPDATE capture SET outcome = ? WHERE id = ?", (outcome, capture))

    def unsettled(self, run: int) -> Iterator[tuple[int, CaptureRef, Provenance]]:
        """Captures of a run without an outcome, in WARC order."""
        return self._captures("outcome IS NULL AND run = ?", run)

    def captures(self, run: int, filename: str) -> Iterator[tuple[int, CaptureRef, Provenance]]:
        """All captures in a file of a run, in its order."""
        return self._captures("run = ? AND filename = ?", run, filename)

    def _captures(self, where: str, *values: Any) -> Iterator[tuple[int, CaptureRef, Provenance]]:
        rows = self.execute(
            "SELECT id, filename, offset, length, record_id, url, date, type, payload_digest, refers_to, role, outlet"
            f" FROM capture WHERE {where} ORDER BY id",
            values,
        ).fetchall()
        names = ("filename", "offset", "length", "record_id", "url", "date", "type", "payload_digest", "refers_to")
        for row in rows:
            ref = CaptureRef(**dict(zip(names, row[1:10], strict=True)))
            yield row[0], ref, Provenance(role=Role(row[10]), outlet=row[11])

    def forget_captures(self, run: int, filename: str, length: int) -> list[str]:
        """Drop the captures that reach beyond a file's true length; gives their addresses, to be fetched again."""
        rows = self.execute(
            "DELETE FROM capture WHERE run = ? AND filename = ? AND offset + length > ? RETURNING url",
            (run, filename, length),
        ).fetchall()
        return [row[0] for row in rows]

    def payload(self, digest: str) -> Kept | None:
        """The first response that holds a payload, whole, and was read to an outcome (or will be)."""
        where = "payload_digest = ? AND type = 'response' AND status = 200 AND whole"
        return self._kept(f"{where} AND outcome IS NOT 'extract-error' ORDER BY id", digest)

    def last_response(self, url: str) -> Kept | None:
        """The newest response kept for an address."""
        return self._kept("url = ? AND type = 'response' AND status = 200 AND whole ORDER BY id DESC", url)

    def last_repeated(self, url: str) -> Kept | None:
        """The response, of another address, whose payload was met last at this one."""
        row = self.execute(
            "SELECT payload_digest FROM capture WHERE url = ? AND type = 'revisit' AND status = 200 ORDER BY id DESC",
            (url,),
        ).fetchone()
        return self.payload(row[0]) if row and row[0] else None

    def _kept(self, where: str, value: str) -> Kept | None:
        row = self.execute(
            "SELECT record_id, url, date, payload_digest, filename, offset, chunked, run FROM capture"
            f" WHERE {where} LIMIT 1",
            (value,),
        ).fetchone()
        return Kept(*row) if row else None

    def outcomes(self, run: int) -> dict[str, dict[str, int]]:
        """Counts of a run: outlet → outcome → captures."""
        counts: dict[str, dict[str, int]] = {}
        rows = self.execute(
            "SELECT coalesce(outlet, ''), coalesce(outcome, 'waiting'), count(*) FROM capture WHERE run = ?"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            (run,),
        )
        for outlet, outcome, number in rows:
            counts.setdefault(outlet, {})[outcome] = number
        return counts

    def asked(self, run: int) -> list[tuple[str, str, int]]:
        """What a run has had so far of what is limited: outlet, role, number of addresses."""
        sql = (
            "SELECT coalesce(outlet, ''), role, count(DISTINCT url) FROM capture"
            " WHERE run = ? AND status = 200 AND role IN ('article', 'section', 'sitemap') GROUP BY 1, 2"
        )
        return self.execute(sql, (run,)).fetchall()

    # ------------------------------------------------------------------ site memory

    def memories(self, run: int) -> Iterator[tuple[str, str | None, int | None, str]]:
        """Site memory in the order it was learnt: site, place of the note in this run's WARC if any, JSON.

        Of earlier runs only what each site ended with is given, without a place.
        """
        yield from self.execute(
            "SELECT site, NULL, NULL, json FROM memory"
            " WHERE id IN (SELECT max(id) FROM memory WHERE run < ? GROUP BY site)",
            (run,),
        ).fetchall()
        yield from self.execute(
            "SELECT site, filename, offset, json FROM memory WHERE run = ? AND filename IS NOT NULL ORDER BY id", (run,)
        ).fetchall()

    def remember_site(self, site: str, run: int, filename: str | None, offset: int | None, json: str) -> None:
        """Keep what was learnt of a site, and where the WARC notes it."""
        self.execute(
            "INSERT INTO memory (site, run, filename, offset, json) VALUES (?, ?, ?, ?, ?)",
            (site, run, filename, offset, json),
        )

    def forget_old_memories(self) -> None:
        """Keep only the last memory of each site."""
        self.execute("DELETE FROM memory WHERE id NOT IN (SELECT max(id) FROM memory GROUP BY site)")


def _after(last: str, name: str) -> str:
    """The name of a run that comes after another, whose name is a time."""
    try:
        return (datetime.strptime(last, RUN_NAME) + timedelta(seconds=1)).strftime(RUN_NAME)
    except ValueError:
        return name
