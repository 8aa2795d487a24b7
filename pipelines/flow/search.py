"""Finding all that a job holds of some articles, or of an outlet: what a takedown takes away.

Nothing is changed here. The ledger says which addresses are one article's, the records what it says; then every WARC
record is looked at (``sweep``).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.archive.reader import locate, records
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow import life
from pipelines.flow.condemned import Condemned, Found, Wish
from pipelines.flow.files import CHANGES, RECORDS, warcs_in, whole_lengths
from pipelines.flow.sweep import sweep
from pipelines.model import ONWARD, Capture, Role
from pipelines.records.identity import loose, spellings
from pipelines.records.known import unraw
from pipelines.records.ledger import LEDGER, read_only
from pipelines.records.tombstones import host_of
from pipelines.text.traces import letters

TITLED = ("feed", "news-sitemap")
"""Methods whose titles are headlines."""

MOST_WAYS = 50
"""Redirects that are followed from an address that is asked for."""

COMMON = 3
"""Other articles that say a sentence, and do not tell the article again, from which it tells nothing of it."""

_URL = re.compile(rb'^\{"schema_version":"[^"]*","id":"([^"]*)","url":("(?:[^"\\]|\\.)*")')
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_RECORD_ID = re.compile(rb'"record_id":"([^"]*)"')

Note = Callable[[str], object]


def respelt(url: str) -> list[str]:
    """An address, and those that differ from it in how its escapes are written: ``%C3%A4`` is ``%c3%a4`` (which
    WordPress writes, and no browser), ``%7E`` is ``~`` (RFC 3986, 6.2.2)."""
    plain = _ESCAPED.sub(lambda found: _plainly(found[0]), url)
    forms = (url, plain, _ESCAPED.sub(lambda found: found[0].lower(), plain))
    return list(dict.fromkeys(forms))


def _plainly(escape: str) -> str:
    letter = chr(int(escape[1:], 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else escape.upper()


def find(job: Path, wish: Wish, note: Note = lambda step: None) -> Found:
    """Find what a job holds of what is wished away.

    Raises ``ConfigError`` where a folder is no job, ``LedgerError`` for a ledger that cannot be read, ``ArchiveError``
    where records cannot be blanked where they lie.
    """
    runs = sorted(path for path in (job / "runs").glob("*") if path.is_dir())
    if not runs:
        raise ConfigError(f"{job} is no job: a folder with runs/ in it")
    besides: set[str] = set()
    while True:
        finder = _Finder(job, runs, wish, besides, note)
        finder.look()
        if not wish.everywhere or not finder.found.left:
            return finder.found
        besides |= finder.found.left.keys()


class _Finder:
    def __init__(self, job: Path, runs: Sequence[Path], wish: Wish, besides: set[str], note: Note) -> None:
        self._job, self._runs, self._note = job, runs, note
        self._goes = Condemned(wish, besides)
        self.found = self._goes.found
        self._of_outlets: set[str] = set()
        """Addresses of articles of the outlets."""

    def look(self) -> None:
        found = self.found
        if (self._job / LEDGER).is_file():
            with read_only(self._job) as db:
                self._look(db)
        else:
            self._look(None)
        for plain, url in self._goes.asked.items():
            if not self._goes.met[plain]:
                found.unknown[url] = self._near(url)
                for form in respelt(url):
                    found.addresses.pop(loose(form), None)
        for outlet in self._goes.outlets:
            if not self._goes.met[outlet]:
                found.unknown[outlet] = []

    def _look(self, db: sqlite3.Connection | None) -> None:
        for plain, url in self._goes.asked.items():
            for form in respelt(url):
                self._goes.add(form, plain)
        if db is not None:
            self._note("addresses")
            self._take_addresses(db)
        self._note("texts")
        self._take_lengths(db)
        for run in self._runs:
            self._take_texts(run)
        if self._goes.traces:
            self._note("other articles")
            self._compare()
        for run in self._runs:
            self._note(f"WARC files of {run.name}")
            files = warcs_in(run)
            self.found.stops |= whole_lengths(files)
            for path in files:
                sweep(path, run, db, self._goes)
        self._note("records")
        for run in self._runs:
            self._take_lines(run)
        if db is not None and self._of_outlets:
            self._take_keys(db)
        if db is not None and self._goes.traces:
            for row, title in db.execute("SELECT id, title FROM frontier WHERE title IS NOT NULL"):
                if self._goes.traces.within(letters(title)):
                    self.found.titles.append(row)

    def _take_addresses(self, db: sqlite3.Connection) -> None:
        """All addresses of the articles, as the ledger has them, and those that lead there."""
        owners: dict[str, str] = {}
        for plain, url in self._goes.asked.items():
            forms = respelt(url)
            keys = [key for form in forms for key in life.keys_of(db, form)]
            for key in keys or [key for form in forms for key in self._keys_behind(db, form)]:
                owners.setdefault(key, plain)
                self._goes.met[plain] += 1
        for key, asked in owners.items():
            for form in respelt(key.partition(" ")[0]):
                self._goes.add(form, asked)
            row = db.execute("SELECT also FROM article WHERE canonical = ?", (key,)).fetchone()
            for url in ((row[0] if row else None) or "").splitlines():
                self._goes.add(url, asked)
        others = {key for url in self.found.besides.values() for key in life.keys_of(db, url)} - owners.keys()
        self.found.keys = [*owners, *others]
        self.found.besides |= {loose(key.partition(" ")[0]): key.partition(" ")[0] for key in others}
        if owners:
            for url, key in db.execute("SELECT url, canonical FROM alias"):
                if key in owners:
                    self._goes.add(url, owners[key])
                elif key in others:
                    self.found.besides[loose(url)] = url
        if not self._goes.asked:
            return
        sql = f"SELECT url, source_url FROM frontier WHERE method IN ({', '.join('?' * len(ONWARD))})"
        onward = [row for row in db.execute(sql, ONWARD) if row[1]]
        grown = True
        while grown:
            grown = False
            for url, source in onward:
                if self._goes.is_own(url) and not self._goes.is_own(source) and self._is_page(db, source):
                    grown = self._goes.add(source, self._goes.named[loose(url)]) or grown

    def _keys_behind(self, db: sqlite3.Connection, url: str) -> list[str]:
        """By which addresses the ledger knows the article that an address led to, which is no article's own."""
        seen: set[str] = set()
        found: list[str] = []
        ways = [url]
        while ways and len(seen) < MOST_WAYS:
            plain = loose(way := ways.pop())
            if plain in seen:
                continue
            seen.add(plain)
            for target in self._targets(db, way):
                found += life.keys_of(db, target)
                ways.append(target)
        several = sorted({key.partition(" ")[0] for key in found})
        if len(several) > 1:
            raise ConfigError(f"{url} led to several articles: name the one that is meant, of {', '.join(several)}")
        return list(dict.fromkeys(found))

    def _targets(self, db: sqlite3.Connection, url: str) -> Iterator[str]:
        """Where the captures of an address lead that are redirects."""
        addresses = {url, *spellings(loose(url))}
        sql = (
            "SELECT run.name, filename, offset FROM capture JOIN run ON run.id = capture.run"
            f" WHERE url IN ({', '.join('?' * len(addresses))}) AND role = ? AND capture.status BETWEEN 300 AND 399"
        )
        for name, file, offset in db.execute(sql, (*addresses, Role.ARTICLE)).fetchall():
            with suppress(ArchiveError):  # damage is told when all is looked at
                path = locate(self._job / "runs" / name, file)
                item = next(iter(records(path, start=offset)), None)
                if isinstance(item, Capture) and item.ref.offset == offset:
                    target = item.leads_to()
                    if target is not None:
                        yield target.partition("#")[0]

    def _take_keys(self, db: sqlite3.Connection) -> None:
        """By which addresses the ledger knows the articles of the outlets."""
        articles = set(self.found.articles)
        for key in {key for url in self._of_outlets for key in life.keys_of(db, url)}:
            row = db.execute("SELECT id FROM article WHERE canonical = ?", (key,)).fetchone()
            if row is not None and unraw(row[0]) in articles:
                self.found.keys.append(key)

    @staticmethod
    def _is_page(db: sqlite3.Connection, url: str) -> bool:
        """Whether an address was fetched for an article: a front page may lead to one for a day."""
        row = db.execute("SELECT role FROM capture WHERE url = ? LIMIT 1", (url,)).fetchone()
        return row is not None and row[0] == Role.ARTICLE

    def _near(self, url: str) -> list[str]:
        if not (self._job / LEDGER).is_file():
            return []
        with read_only(self._job) as db:
            return life.near(db, url)

    # ------------------------------------------------------------------ records

    def _take_lengths(self, db: sqlite3.Connection | None) -> None:
        """How far the records stand: what a run that was stopped has not committed is cut off by its next start."""
        known: dict[tuple[str, str], int] = {}
        if db is not None:
            sql = "SELECT run.name, file.name, length FROM file JOIN run ON run.id = run WHERE run.ended IS NULL"
            known = {(run, name): length for run, name, length in db.execute(sql)}
        for run in self._runs:
            for name in RECORDS:
                path = run / name
                if path.exists():
                    size = path.stat().st_size
                    self.found.ends[path] = min(size, known.get((run.name, name), size))

    def _lines(self, path: Path) -> Iterator[tuple[int, bytes]]:
        """The lines of a records file, and where they stand."""
        end, at = self.found.ends.get(path, 0), 0
        if end:
            with path.open("rb") as handle:
                while at < end and (line := handle.readline(end - at)):
                    yield at, line
                    at += len(line)

    def _own(self, line: bytes) -> dict[str, Any] | None:
        """The record of a line, if it is one of what is taken down."""
        found = _URL.match(line)
        url = json.loads(found[2]) if found else json.loads(line)["url"]
        if self._goes.is_own(url):
            record: dict[str, Any] = json.loads(line)
            return record
        for outlet in self._goes.outlets:
            if json.dumps(outlet, ensure_ascii=False).encode() in line:
                record = json.loads(line)
                if record["outlet"] in self._goes.outlets:
                    return record
        return None

    def _take_texts(self, run: Path) -> None:
        """What the articles say, in all versions of which anything is left."""
        for _, line in self._lines(run / RECORDS[0]):
            record = self._own(line)
            if record is None:
                continue
            self.found.articles.append(record["id"])
            self._goes.traces.add(_heads(record), record["text"])
            if record["outlet"] in self._goes.outlets:
                self._of_outlets.update((record["canonical_url"], record["url"]))
                self.found.hosts.add(host_of(loose(record["canonical_url"])))
        for _, line in self._lines(run / CHANGES):
            record = self._own(line)
            if record is not None:
                told = [record["headline"], record["previous_headline"]]
                edits = record["diff"] or ()
                texts = [edit[side] for edit in edits for side in ("before", "after") if edit[side]]
                self._goes.traces.add(told, "\n\n".join(texts))

    def _compare(self) -> None:
        """Look for the texts in other articles: what they tell again, and what is nobody's own."""
        common: Counter[str] = Counter()
        for run in self._runs:
            for _, line in self._lines(run / RECORDS[0]):
                if self._own(line) is not None:
                    continue
                record = json.loads(line)
                texts = (*_heads(record), record["text"])
                pieces = set().union(*(self._goes.traces.within(letters(text)) for text in texts if text))
                if pieces and not self._goes.is_gone(record["url"]):
                    self._goes.theirs.setdefault(host_of(loose(record["url"])), set()).update(pieces)
                if pieces and self._goes.traces.retold(pieces):
                    self.found.retold.append(record["url"])
                else:
                    common.update(pieces)
        self._goes.traces.drop(piece for piece, number in common.items() if number >= COMMON)

    def _take_lines(self, run: Path) -> None:
        articles = set(self.found.articles)
        for name in RECORDS:
            path = run / name
            cut = []
            for at, line in self._lines(path):
                ids = _RECORD_ID.search(line)
                if (ids is not None and ids[1].decode() in self._goes.ids) or (
                    name == CHANGES and json.loads(line)["article_id"] in articles
                ):
                    cut.append((at, len(line)))
                    if name == RECORDS[0] and (found := _URL.match(line)) and found[1].decode() not in articles:
                        self.found.articles.append(found[1].decode())
            if cut:
                self.found.lines[path] = cut


def _heads(record: dict[str, Any]) -> list[str | None]:
    """What stands above an article. What a link to it says may be said of any: "Read the whole story"."""
    found = record["discovery"]
    title = found["title"] if found["method"] in TITLED else None
    return [record["headline"], record["alternative_headline"], record["description"], title]
