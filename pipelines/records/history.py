"""Where the articles that a job knows are kept, and how they are found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from pipelines.records.identity import loose, spellings
from pipelines.records.known import Known, packed, raw, storable, unpacked, unraw
from pipelines.records.ledger import Ledger

MOST_LIKE = 8
"""Articles of one loose address that are looked at."""

MOST_ALSO = 4096
"""Characters kept of the other addresses of an article: some sites answer to any."""


class History(Protocol):
    """The articles a job knows. Each has one address that it is known by, its key."""

    def get(self, key: str) -> Known | None: ...

    def put(self, key: str, known: Known) -> None:
        """Keep a version. One with number 1 takes the place of another article that had the address."""

    def look(self, key: str, known: Known) -> None:
        """Keep what changes with each look at the article: run, address, dates and whether it is gone."""

    def reread(self, key: str, known: Known) -> None:
        """Keep digest and marks of a text that is read otherwise now, though the page says the same."""

    def alias(self, url: str) -> str | None:
        """The key of the article that was met under another address."""

    def add_alias(self, url: str, key: str) -> None: ...

    def like(self, plain: str) -> list[str]:
        """Keys whose loose form is the given one, in their order."""

    def text(self, key: str) -> str | None:
        """The text of an article's last version, if it is at hand."""


def plain_of(key: str) -> str | None:
    """What is kept to find a key by its loose form: nothing where it is one of the plain spellings."""
    plain = loose(key)
    return None if key in spellings(plain) else plain


class LedgerHistory:
    """The history kept in a ledger. ``runs`` is the folder that holds the records of the job's runs."""

    def __init__(self, ledger: Ledger, runs: Path | None = None) -> None:
        self._ledger, self._runs = ledger, runs

    def get(self, key: str) -> Known | None:
        row = self._ledger.execute(f"SELECT {COLUMNS} FROM article WHERE canonical = ?", (storable(key),)).fetchone()
        return known_from(row) if row else None

    def put(self, key: str, known: Known) -> None:
        name = storable(key)
        if known.number > 1:
            self._ledger.execute(
                "INSERT OR REPLACE INTO version SELECT canonical, number, made, offset, length FROM article"
                " WHERE canonical = ? AND number < ? AND offset IS NOT NULL",
                (name, known.number),
            )
        else:
            self._retire(name, known)
        self._ledger.execute(
            "INSERT INTO article (canonical, run, seen, missing, missed, gone, soft, address, number, id, first_seen,"
            " digests, text, headline, metadata, marks, left_out, loose)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (canonical) DO UPDATE SET run = excluded.run, seen = excluded.seen,"
            " missing = excluded.missing, missed = excluded.missed, gone = excluded.gone, soft = excluded.soft,"
            " address = excluded.address, number = excluded.number, id = excluded.id, first_seen = excluded.first_seen,"
            " digests = '', text = excluded.text, headline = excluded.headline, metadata = excluded.metadata,"
            " marks = excluded.marks, left_out = excluded.left_out, loose = excluded.loose, made = NULL, offset = NULL,"
            " length = NULL",
            (name, *_looks(known), known.number, raw(known.id), known.first_seen, raw(known.text),
             _maybe(known.headline), raw(known.metadata), packed(known.paragraphs), packed(known.left_out) or None,
             plain_of(name)),
        )  # fmt: skip

    def look(self, key: str, known: Known) -> None:
        cursor = self._ledger.execute(
            "UPDATE article SET run = ?, seen = ?, missing = ?, missed = ?, gone = ?, soft = ?, address = ?"
            " WHERE canonical = ?",
            (*_looks(known), storable(key)),
        )
        if not cursor.rowcount:  # rebuilt without the run that had its first version
            self.put(key, known)

    def reread(self, key: str, known: Known) -> None:
        cursor = self._ledger.execute(
            "UPDATE article SET text = ?, marks = ?, left_out = ? WHERE canonical = ? AND digests = ''",
            (raw(known.text), packed(known.paragraphs), packed(known.left_out) or None, storable(key)),
        )
        if not cursor.rowcount:  # of before there were changes
            self.put(key, known)

    def _retire(self, name: str, known: Known) -> None:
        """The story that stood at an address before: kept for its history, and not found by the address any more."""
        row = self._ledger.execute("SELECT id FROM article WHERE canonical = ?", (name,)).fetchone()
        if row is not None and row[0] != raw(known.id):
            retired = f"{name} {unraw(row[0])}"
            self._ledger.execute("UPDATE article SET canonical = ?, loose = NULL WHERE canonical = ?", (retired, name))
            for table in ("version", "change"):
                self._ledger.execute(f"UPDATE {table} SET canonical = ? WHERE canonical = ?", (retired, name))

    # ------------------------------------------------------------------ other addresses

    def alias(self, url: str) -> str | None:
        row = self._ledger.execute("SELECT canonical FROM alias WHERE url = ?", (storable(url),)).fetchone()
        return row[0] if row else None

    def add_alias(self, url: str, key: str) -> None:
        name, address = storable(key), storable(url)
        self._ledger.execute("INSERT OR REPLACE INTO alias VALUES (?, ?)", (address, name))
        self._ledger.execute(
            "UPDATE article SET also = coalesce(also || char(10), '') || ? WHERE canonical = ? AND"
            " coalesce(length(also), 0) < ?",
            (address, name, MOST_ALSO),
        )

    def like(self, plain: str) -> list[str]:
        plain = storable(plain)
        spelt = spellings(plain)
        rows = self._ledger.execute(
            f"SELECT canonical FROM article WHERE canonical IN ({', '.join('?' * len(spelt))})"
            " UNION SELECT canonical FROM article WHERE loose = ? ORDER BY 1 LIMIT ?",
            (*spelt, plain, MOST_LIKE),
        )
        return [row[0] for row in rows.fetchall()]

    # ------------------------------------------------------------------ where its lines stand

    def place_version(self, key: str, run: int, offset: int, length: int) -> None:
        """Note where the line of an article's last version stands in the run's records."""
        self._ledger.execute(
            "UPDATE article SET made = ?, offset = ?, length = ? WHERE canonical = ?",
            (run, offset, length, storable(key)),
        )

    def place_change(self, key: str, run: int, offset: int, length: int) -> None:
        self._ledger.execute(
            "INSERT INTO change (canonical, run, offset, length) VALUES (?, ?, ?, ?)",
            (storable(key), run, offset, length),
        )

    def text(self, key: str) -> str | None:
        if self._runs is None:
            return None
        row = self._ledger.execute(
            "SELECT article.id, name, offset, length FROM article JOIN run ON run.id = made WHERE canonical = ?",
            (storable(key),),
        ).fetchone()
        record = line_at(self._runs / row[1] / "articles.jsonl", row[2], row[3]) if row else None
        if record is None or record.get("id") != unraw(row[0]):
            return None
        text = record.get("text")
        return text if isinstance(text, str) else None


COLUMNS = (
    "id, run, number, first_seen, digests, text, headline, metadata, marks, seen, missing, missed, gone, soft, address,"
    " left_out"
)
"""Of an article, in the order that ``known_from`` takes them."""


def known_from(row: tuple[Any, ...]) -> Known:
    """A row of the ledger; those of Broadsheet 1.0 hold JSON."""
    number, first_seen, digests = row[2:5]
    looks = {"run": row[1], "seen": row[9], "missing": row[10], "missed": row[11] or 0, "gone": bool(row[12]),
             "soft": bool(row[13]), "address": row[14]}  # fmt: skip
    if digests:
        values = json.loads(digests)
        return Known(**{**values, "paragraphs": tuple(values["paragraphs"]), **looks})
    return Known(
        id=unraw(row[0]), number=number, first_seen=first_seen, text=unraw(row[5]), headline=row[6],
        metadata=unraw(row[7]), paragraphs=unpacked(row[8]), left_out=unpacked(row[15] or b""), **looks,
    )  # fmt: skip


def _looks(known: Known) -> tuple[Any, ...]:
    """NULL takes less room than a zero or a text."""
    return (known.run, known.seen, known.missing, known.missed or None, known.gone or None, known.soft or None,
            _maybe(known.address))  # fmt: skip


def _maybe(value: str | None) -> str | None:
    return None if value is None else storable(value)


def line_at(path: Path, offset: int, length: int) -> dict[str, Any] | None:
    """A record by its place; None if it is not there."""
    try:
        with path.open("rb") as handle:
            handle.seek(offset)
            record = json.loads(handle.read(length))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
