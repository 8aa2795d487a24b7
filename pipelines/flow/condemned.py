"""Finding all that a job holds of some articles, or of an outlet: what a takedown takes away.

Nothing is changed here. The ledger says which addresses are one article's, the records what it says; then every WARC
record is looked at: captures of these addresses go, with all that repeats them, and captures of lists, feeds and
sitemaps that hold a headline or a sentence. Pages of other articles that do so are left, and told of, and so are the
lists of a site of which other articles say the same: it may well be theirs.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import decode_provenance
from pipelines.archive.http import parse_head, payload_of
from pipelines.archive.scan import MAX_BLOCK, OPEN, Record, form_of, scan
from pipelines.archive.stream import FramingError
from pipelines.archive.values import DOM_URI, PICTURE_URI
from pipelines.archive.writer import INTERIM_URI, NOTE_URI
from pipelines.errors import ArchiveError, ConfigError, LedgerError
from pipelines.flow import life
from pipelines.flow.files import CHANGES, RECORDS, warcs_in, whole_lengths
from pipelines.flow.memories import MEMORY_TYPE
from pipelines.model import Provenance, Role
from pipelines.records.identity import loose
from pipelines.records.known import unraw
from pipelines.records.ledger import MIGRATIONS
from pipelines.records.tombstones import Tombstones, host_of
from pipelines.text.charset import decode_text
from pipelines.text.decode import decode_body
from pipelines.text.sites import SiteMemory
from pipelines.text.traces import Traces, letters

ONWARD = ("redirect", "meta-refresh")
"""Methods of discovery by which a page sends its reader on."""

TITLED = ("feed", "news-sitemap")
"""Methods whose titles are headlines."""

LISTS = (Role.HOME, Role.ROBOTS, Role.FEED, Role.SITEMAP, Role.SECTION)

SHOWN = ("article", "unchanged", "duplicate", "revisit")
"""Outcomes of captures that show an article."""

COMMON = 3
"""Other articles that say a sentence, and do not tell the article again, from which it tells nothing of it."""

_UNTOLD = re.compile(r"(?:image|audio|video|font)/(?!svg)|text/css|application/(?:pdf|zip|wasm)", re.IGNORECASE)
"""Media types in which no text is looked for."""

_URL = re.compile(rb'^\{"schema_version":"[^"]*","id":"([^"]*)","url":("(?:[^"\\]|\\.)*")')
_RECORD_ID = re.compile(rb'"record_id":"([^"]*)"')

Note = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be taken down."""

    urls: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    everywhere: bool = False
    """Other articles go, too, if a page of theirs holds a headline or a sentence; they may be fetched again."""


@dataclass(slots=True)
class Stretch:
    """Records that lie together in a WARC file and go together."""

    offset: int
    length: int
    said: list[dict[str, str]] = field(default_factory=list)
    """What they were: type, id, date, digest."""


@dataclass(slots=True)
class Found:
    """All that a takedown takes away, in one job."""

    wish: Wish
    addresses: dict[str, str] = field(default_factory=dict)
    """Loose form → address, of what is taken down."""
    besides: dict[str, str] = field(default_factory=dict)
    """The same of other articles that go for what their pages hold."""
    keys: list[str] = field(default_factory=list)
    """By which the ledger knows the articles."""
    hosts: set[str] = field(default_factory=set)
    """Of outlets."""
    warcs: dict[Path, list[Stretch]] = field(default_factory=dict)
    stops: dict[Path, int] = field(default_factory=dict)
    """Of files that are not sealed, how far they are whole."""
    captures: list[tuple[str, str, int]] = field(default_factory=list)
    """Run, file and offset of each capture that goes."""
    own: int = 0
    """Captures of the articles themselves."""
    others: dict[str, int] = field(default_factory=dict)
    """Address of a list, feed or sitemap → captures of it that go."""
    left: dict[str, int] = field(default_factory=dict)
    """Address of another article → captures that hold a headline or a sentence, and stay."""
    lists: dict[str, int] = field(default_factory=dict)
    """The same of lists, where other articles of the site say what they hold."""
    memories: set[str] = field(default_factory=set)
    """Sites of which the memory has the beginning of such a sentence."""
    retold: list[str] = field(default_factory=list)
    """Addresses of other articles that have the same text."""
    lines: dict[Path, list[tuple[int, int]]] = field(default_factory=dict)
    """Records file → offset and length of the lines that go."""
    ends: dict[Path, int] = field(default_factory=dict)
    """Records file → bytes of it that are committed."""
    articles: list[str] = field(default_factory=list)
    """Ids of the article records that go."""
    titles: list[int] = field(default_factory=list)
    """Rows of the frontier whose title holds a headline."""
    damaged: list[str] = field(default_factory=list)
    """Records that cannot be read, so that nobody knows what they hold."""
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of which nothing was found, and those nearest to them."""

    @property
    def records(self) -> int:
        return sum(len(stretch.said) for stretches in self.warcs.values() for stretch in stretches)

    @property
    def bytes(self) -> int:
        return sum(stretch.length for stretches in self.warcs.values() for stretch in stretches)

    def __bool__(self) -> bool:
        return bool(self.warcs or self.lines or self.keys)


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
        self.found = Found(wish=wish, besides={loose(url): url for url in besides})
        self._job, self._runs, self._note = job, runs, note
        self._outlets = frozenset(wish.outlets)
        self.traces = Traces()
        self.ids: set[str] = set()
        """Of records that go."""
        self.shown: set[str] = set()
        """Of those, what shows an article or holds what it says: what repeats it goes, too. A request for consent does
        not, though it may have been met at all addresses."""
        self.theirs: dict[str, set[str]] = {}
        """Host → what other articles there say of it, too."""
        self._asked = {loose(url): url for url in wish.urls}
        self._met: Counter[str] = Counter()
        """What was found under each address, by its loose form."""
        self._of_outlets: set[str] = set()
        """Addresses of articles of the outlets."""
        self._named: dict[str, str] = {}
        """Loose form of an address of an article → that of the address by which it was asked for."""

    def look(self) -> None:
        found = self.found
        ledger = self._job / "ledger.sqlite3"
        if ledger.is_file():
            try:
                with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
                    self._look(db)
            except sqlite3.Error as error:
                raise LedgerError(f"cannot read the ledger of {self._job}: {error}") from error
        else:
            self._look(None)
        for plain, url in self._asked.items():
            if not self._met[plain]:
                found.unknown[url] = self._near(url)
                found.addresses.pop(plain, None)
        for outlet in self._outlets:
            if not self._met[outlet]:
                found.unknown[outlet] = []

    def _look(self, db: sqlite3.Connection | None) -> None:
        for plain, url in self._asked.items():
            self.add(url, plain)
        if db is not None:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != len(MIGRATIONS):
                age = "an older" if version < len(MIGRATIONS) else "a newer"
                raise LedgerError(f"the ledger of {self._job} is of {age} Broadsheet; the next run brings it up")
            self._note("addresses")
            self._take_addresses(db)
        self._note("texts")
        self._take_lengths(db)
        for run in self._runs:
            self._take_texts(run)
        if self.traces:
            self._note("other articles")
            self._compare()
        for run in self._runs:
            self._note(f"WARC files of {run.name}")
            files = warcs_in(run)
            self.found.stops |= whole_lengths(files)
            for path in files:
                _Archive(self, db, run, path).look()
        self._note("records")
        for run in self._runs:
            self._take_lines(run)
        if db is not None and self._of_outlets:
            self._take_keys(db)
        if db is not None and self.traces:
            for row, title in db.execute("SELECT id, title FROM frontier WHERE title IS NOT NULL"):
                if self.traces.within(letters(title)):
                    self.found.titles.append(row)

    # ------------------------------------------------------------------ addresses

    def add(self, url: str, asked: str) -> bool:
        """Take an address for one of what was asked for by another; false if it is known."""
        plain = loose(url)
        if plain in self.found.addresses:
            return False
        self.found.addresses[plain] = url
        self._named[plain] = asked
        return True

    def meets(self, url: str) -> bool:
        """Whether an address is one of those that go."""
        plain = loose(url)
        if plain not in self.found.addresses:
            return plain in self.found.besides
        self._met[self._named[plain]] += 1
        return True

    def is_gone(self, url: str) -> bool:
        """The same, without counting it."""
        plain = loose(url)
        return plain in self.found.addresses or plain in self.found.besides

    def is_own(self, url: str) -> bool:
        """Whether an address is one of what is taken down."""
        return loose(url) in self.found.addresses

    def is_out(self, outlet: str | None) -> bool:
        """Whether an outlet goes."""
        if outlet is None or outlet not in self._outlets:
            return False
        self._met[outlet] += 1
        return True

    def _take_addresses(self, db: sqlite3.Connection) -> None:
        """All addresses of the articles, as the ledger has them, and those that lead there."""
        owners: dict[str, str] = {}
        for plain, url in self._asked.items():
            for key in life.keys_of(db, url):
                owners.setdefault(key, plain)
                self._met[plain] += 1
        for key, asked in owners.items():
            self.add(key.partition(" ")[0], asked)
            row = db.execute("SELECT also FROM article WHERE canonical = ?", (key,)).fetchone()
            for url in ((row[0] if row else None) or "").splitlines():
                self.add(url, asked)
        others = {key for url in self.found.besides.values() for key in life.keys_of(db, url)} - owners.keys()
        self.found.keys = [*owners, *others]
        self.found.besides |= {loose(key.partition(" ")[0]): key.partition(" ")[0] for key in others}
        if owners:
            for url, key in db.execute("SELECT url, canonical FROM alias"):
                if key in owners:
                    self.add(url, owners[key])
                elif key in others:
                    self.found.besides[loose(url)] = url
        if not self._asked:
            return
        sql = f"SELECT url, source_url FROM frontier WHERE method IN ({', '.join('?' * len(ONWARD))})"
        onward = [row for row in db.execute(sql, ONWARD) if row[1]]
        grown = True
        while grown:
            grown = False
            for url, source in onward:
                if self.is_own(url) and not self.is_own(source) and self._is_page(db, source):
                    grown = self.add(source, self._named[loose(url)]) or grown

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
        ledger = self._job / "ledger.sqlite3"
        if not ledger.is_file():
            return []
        with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
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
        if self.is_own(url):
            record: dict[str, Any] = json.loads(line)
            return record
        for outlet in self._outlets:
            if json.dumps(outlet, ensure_ascii=False).encode() in line:
                record = json.loads(line)
                if record["outlet"] in self._outlets:
                    return record
        return None

    def _take_texts(self, run: Path) -> None:
        """What the articles say, in all versions of which anything is left."""
        for _, line in self._lines(run / RECORDS[0]):
            record = self._own(line)
            if record is None:
                continue
            self.found.articles.append(record["id"])
            self.traces.add(_heads(record), record["text"])
            if record["outlet"] in self._outlets:
                self._of_outlets.update((record["canonical_url"], record["url"]))
                self.found.hosts.add(host_of(loose(record["canonical_url"])))
        for _, line in self._lines(run / CHANGES):
            record = self._own(line)
            if record is not None:
                told = [record["headline"], record["previous_headline"]]
                edits = record["diff"] or ()
                texts = [edit[side] for edit in edits for side in ("before", "after") if edit[side]]
                self.traces.add(told, "\n\n".join(texts))

    def _compare(self) -> None:
        """Look for the texts in other articles: what they tell again, and what is nobody's own."""
        common: Counter[str] = Counter()
        for run in self._runs:
            for _, line in self._lines(run / RECORDS[0]):
                if self._own(line) is not None:
                    continue
                record = json.loads(line)
                texts = (*_heads(record), record["text"])
                pieces = set().union(*(self.traces.within(letters(text)) for text in texts if text))
                if pieces and not self.is_gone(record["url"]):
                    self.theirs.setdefault(host_of(loose(record["url"])), set()).update(pieces)
                if pieces and self.traces.retold(pieces):
                    self.found.retold.append(record["url"])
                else:
                    common.update(pieces)
        self.traces.drop(piece for piece, number in common.items() if number >= COMMON)

    def _take_lines(self, run: Path) -> None:
        articles = set(self.found.articles)
        for name in RECORDS:
            path = run / name
            cut = []
            for at, line in self._lines(path):
                ids = _RECORD_ID.search(line)
                if (ids is not None and ids[1].decode() in self.ids) or (
                    name == CHANGES and json.loads(line)["article_id"] in articles
                ):
                    cut.append((at, len(line)))
                    if name == RECORDS[0] and (found := _URL.match(line)) and found[1].decode() not in articles:
                        self.found.articles.append(found[1].decode())
            if cut:
                self.found.lines[path] = cut


@dataclass(slots=True)
class _Group:
    """A capture, or what a browser made of one, with the records that belong to it."""

    first: Record
    url: str
    why: str | None = None
    """Why it goes: ``address``, ``repeats`` or ``outlet``."""
    leads: bool = False
    """It is a redirect to what goes."""
    told: set[str] = field(default_factory=set)
    """What it holds of what goes: headlines, sentences."""
    members: list[Record] = field(default_factory=list)
    provenance: Provenance | None = None


class _Archive:
    """One WARC file."""

    def __init__(self, finder: _Finder, db: sqlite3.Connection | None, run: Path, path: Path) -> None:
        self._finder, self._found, self._db, self._run, self._path = finder, finder.found, db, run, path
        self._group: _Group | None = None
        self._stretches: list[Stretch] = []
        self._packed = form_of(path) == "packed"

    def look(self) -> None:
        stop = self._found.stops.get(self._path)
        for record in scan(self._path, stop=stop, limit=self._limit, on_error=self._cannot_read):
            kind = record.get("warc-type")
            if kind in ("response", "revisit", "resource"):
                self._close()
                self._open(record, kind)
            elif kind in ("request", "metadata"):
                self._follow(record, kind)
        self._close()
        if self._stretches:
            self._found.warcs[self._path] = self._stretches

    def _cannot_read(self, error: FramingError) -> None:
        self._found.damaged.append(f"{self._path.name}: {error}")

    def _limit(self, record: Record) -> int:
        """What goes by its address need not be read, nor what can hold no text."""
        kind = record.get("warc-type")
        if kind == "metadata" or (kind == "response" and not self._finder.traces):
            return 1 << 20
        if kind not in ("response", "resource") or self._finder.is_gone(_address(record)):
            return 0
        return MAX_BLOCK

    def _open(self, record: Record, kind: str) -> None:
        finder, url = self._finder, _address(record)
        group = self._group = _Group(record, url, members=[record])
        if finder.meets(url):
            group.why = "address"
        elif record.uri("warc-refers-to") in finder.shown or record.uri("warc-concurrent-to") in finder.ids:
            group.why = "repeats"
        elif kind == "resource":
            group.told = self._tells(record.block, record.get("content-type"), "")
        elif kind == "response":
            head = parse_head(record.block)
            if head is None:
                return
            location = head.get("location") if 300 <= head.status < 400 else ""
            group.leads = bool(location) and finder.is_own(_joined(url, location))
            if finder.traces:
                body = payload_of(head, record.block[head.length :])
                said = record.block[: head.length].decode("utf-8", "replace")
                group.told = finder.traces.within(letters(said))
                group.told |= self._tells(body, head.get("content-type"), head.get("content-encoding"))
        record.block = b""

    def _tells(self, body: bytes, mime: str, coding: str) -> set[str]:
        if not self._finder.traces or not body or _UNTOLD.match(mime):
            return set()
        try:
            body = decode_body(body, coding)
        except ValueError:
            return set()
        return self._finder.traces.of(decode_text(body, mime))

    def _follow(self, record: Record, kind: str) -> None:
        group, finder = self._group, self._finder
        about = record.uri("warc-concurrent-to")
        if group is not None and about in ("", group.first.uri("warc-record-id")):
            end = group.members[-1].offset + group.members[-1].length
            if record.offset == end and not record.get("content-type").startswith("application/vnd."):
                group.members.append(record)
                if kind == "metadata" and record.get("content-type").startswith(WARC_FIELDS):
                    group.provenance = decode_provenance(record.block)
                    if group.provenance.title and finder.traces:
                        group.told |= finder.traces.within(letters(group.provenance.title))
                    if about:
                        self._close()
                return
        self._close()
        if record.get("content-type").startswith(MEMORY_TYPE):
            self._take_memory(record)
        elif about in finder.ids or finder.is_gone(_address(record)):
            self._take([record])

    def _take_memory(self, record: Record) -> None:
        """What is known of a site is what its other pages are read with, so it stays, unless all of them go."""
        try:
            memory = SiteMemory.from_json(record.block.decode())
        except (ValueError, KeyError, TypeError):
            return
        if host_of(loose(f"http://{memory.site}/")) in self._found.hosts:
            self._take([record])
        elif self._finder.traces and any(
            self._finder.traces.within(letters(each[3])) for each in memory.blocks.values()
        ):
            self._found.memories.add(memory.site)

    def _close(self) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        finder, found = self._finder, self._found
        provenance = group.provenance or Provenance()
        why = group.why
        if why is None and finder.is_out(provenance.outlet):
            why = "outlet"
            if provenance.role is Role.HOME:
                found.hosts.add(host_of(loose(group.url)))
        if why is None and group.leads and provenance.role is Role.ARTICLE:
            why = "address"
            finder.add(group.url, "")
        if why is None and group.told:
            if self._shows(group, provenance):
                found.left[group.url] = found.left.get(group.url, 0) + 1
            elif group.told <= finder.theirs.get(host_of(loose(group.url)), set()):
                found.lists[group.url] = found.lists.get(group.url, 0) + 1
            else:
                why = "told"
                found.others[group.url] = found.others.get(group.url, 0) + 1
        if why is None:
            return
        shows = why != "told" and self._shows(group, provenance)
        if why == "repeats":
            if shows and provenance.role is Role.ARTICLE:  # the very same page, under an address of its own
                finder.add(group.url, "")
            elif not finder.is_gone(group.url):
                found.others[group.url] = found.others.get(group.url, 0) + 1
        if shows or why == "told":
            finder.shown.add(group.first.uri("warc-record-id"))
        found.own += finder.is_own(group.url) or why == "outlet"
        found.captures.append((self._run.name, self._path.name.removesuffix(OPEN), group.first.offset))
        finder.ids.add(group.first.uri("warc-record-id"))
        self._take(group.members)

    def _shows(self, group: _Group, provenance: Provenance) -> bool:
        """Whether a capture shows another article."""
        if self._db is not None:
            sql = "SELECT outcome FROM capture WHERE url = ? AND filename = ? AND offset = ?"
            name = self._path.name.removesuffix(OPEN)
            row = self._db.execute(sql, (group.url, name, group.first.offset)).fetchone()
            if row is not None and row[0] is not None:
                return row[0] in SHOWN
        return provenance.role not in (*LISTS, Role.REQUISITE)

    def _take(self, records: Sequence[Record]) -> None:
        if self._packed or not all(record.length for record in records):
            how = "is packed as a whole" if self._packed else "has several records in a gzip member"
            raise ArchiveError(f"{self._path} {how}, so that no record can be taken out: `warcio recompress` it first")
        said = [_said(record) for record in records]
        offset = records[0].offset
        self._stretches.append(Stretch(offset, records[-1].offset + records[-1].length - offset, said))


def _heads(record: dict[str, Any]) -> list[str | None]:
    """What stands above an article. What a link to it says may be said of any: "Read the whole story"."""
    found = record["discovery"]
    title = found["title"] if found["method"] in TITLED else None
    return [record["headline"], record["alternative_headline"], record["description"], title]


def _said(record: Record) -> dict[str, str]:
    values = {
        "type": record.get("warc-type"),
        "id": record.uri("warc-record-id"),
        "date": record.get("warc-date"),
        "payload_digest": record.get("warc-payload-digest"),
    }
    return {name: value for name, value in values.items() if value}


def _address(record: Record) -> str:
    """The page that a record is of."""
    url = record.uri("warc-target-uri")
    for prefix in (DOM_URI, PICTURE_URI, NOTE_URI, INTERIM_URI):
        url = url.removeprefix(prefix)
    return url


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip())
    except ValueError:
        return ""


def again(job: Path, urls: Iterable[str], outlets: Iterable[str]) -> list[str]:
    """Of what is asked for, what has been taken down already."""
    stones = Tombstones.of(job)
    known = [str(stone.what) for url in urls if (stone := stones.at(url)) is not None]
    return known + [name for name in outlets if stones.outlet(name) is not None]
