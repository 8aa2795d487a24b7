"""Which records of a WARC file go in a takedown.

Captures of what is condemned go, with all that repeats them, and captures of lists, feeds and sitemaps that hold a
headline or a sentence. Pages of other articles that do so are left, and told of, and so are the lists of a site of
which other articles say the same: it may well be theirs.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import decode_provenance
from pipelines.archive.http import parse_head, payload_of
from pipelines.archive.scan import MAX_BLOCK, OPEN, Record, form_of, scan
from pipelines.archive.stream import FramingError
from pipelines.archive.values import DOM_URI, PICTURE_URI
from pipelines.archive.writer import INTERIM_URI, NOTE_URI
from pipelines.errors import ArchiveError
from pipelines.flow.condemned import Condemned, Stretch
from pipelines.flow.memories import MEMORY_TYPE
from pipelines.model import Provenance, Role
from pipelines.records.identity import loose
from pipelines.records.tombstones import host_of
from pipelines.text.charset import decode_text
from pipelines.text.decode import decode_body
from pipelines.text.sites import SiteMemory
from pipelines.text.traces import letters

LISTS = (Role.HOME, Role.ROBOTS, Role.FEED, Role.SITEMAP, Role.SECTION)

SHOWN = ("article", "unchanged", "duplicate", "revisit")
"""Outcomes of captures that show an article."""

_UNTOLD = re.compile(r"(?:image|audio|video|font)/(?!svg)|text/css|application/(?:pdf|zip|wasm)", re.IGNORECASE)
"""Media types in which no text is looked for."""


def sweep(path: Path, run: Path, db: sqlite3.Connection | None, goes: Condemned) -> None:
    """Note what goes of a WARC file of a run, and what is left though it tells of it. ``db`` is the job's ledger.

    Raises ``ArchiveError`` where records that go cannot be blanked where they lie.
    """
    _Archive(path, run, db, goes).look()


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

    def __init__(self, path: Path, run: Path, db: sqlite3.Connection | None, goes: Condemned) -> None:
        self._path, self._run, self._db, self._goes, self._found = path, run, db, goes, goes.found
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
        if kind == "metadata" or (kind == "response" and not self._goes.traces):
            return 1 << 20
        if kind not in ("response", "resource") or self._goes.is_gone(_address(record)):
            return 0
        return MAX_BLOCK

    def _open(self, record: Record, kind: str) -> None:
        goes, url = self._goes, _address(record)
        group = self._group = _Group(record, url, members=[record])
        if goes.meets(url):
            group.why = "address"
        elif record.uri("warc-refers-to") in goes.shown or record.uri("warc-concurrent-to") in goes.ids:
            group.why = "repeats"
        elif kind == "resource":
            group.told = self._tells(record.block, record.get("content-type"), "")
        elif kind == "response":
            head = parse_head(record.block)
            if head is None:
                return
            location = head.get("location") if 300 <= head.status < 400 else ""
            group.leads = bool(location) and goes.is_own(_joined(url, location))
            if goes.traces:
                body = payload_of(head, record.block[head.length :])
                said = record.block[: head.length].decode("utf-8", "replace")
                group.told = goes.traces.within(letters(said))
                group.told |= self._tells(body, head.get("content-type"), head.get("content-encoding"))
        record.block = b""

    def _tells(self, body: bytes, mime: str, coding: str) -> set[str]:
        if not self._goes.traces or not body or _UNTOLD.match(mime):
            return set()
        try:
            body = decode_body(body, coding)
        except ValueError:
            return set()
        return self._goes.traces.of(decode_text(body, mime))

    def _follow(self, record: Record, kind: str) -> None:
        group, goes = self._group, self._goes
        about = record.uri("warc-concurrent-to")
        if group is not None and about in ("", group.first.uri("warc-record-id")):
            end = group.members[-1].offset + group.members[-1].length
            if record.offset == end and not record.get("content-type").startswith("application/vnd."):
                group.members.append(record)
                if kind == "metadata" and record.get("content-type").startswith(WARC_FIELDS):
                    group.provenance = decode_provenance(record.block)
                    if group.provenance.title and goes.traces:
                        group.told |= goes.traces.within(letters(group.provenance.title))
                    if about:
                        self._close()
                return
        self._close()
        if record.get("content-type").startswith(MEMORY_TYPE):
            self._take_memory(record)
        elif about in goes.ids or goes.is_gone(_address(record)):
            self._take([record])

    def _take_memory(self, record: Record) -> None:
        """What is known of a site is what its other pages are read with, so it stays, unless all of them go."""
        try:
            memory = SiteMemory.from_json(record.block.decode())
        except (ValueError, KeyError, TypeError):
            return
        if host_of(loose(f"http://{memory.site}/")) in self._found.hosts:
            self._take([record])
        elif self._goes.traces and any(self._goes.traces.within(letters(each[3])) for each in memory.blocks.values()):
            self._found.memories.add(memory.site)

    def _close(self) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        goes, found = self._goes, self._found
        provenance = group.provenance or Provenance()
        why = group.why
        if why is None and goes.is_out(provenance.outlet):
            why = "outlet"
            if provenance.role is Role.HOME:
                found.hosts.add(host_of(loose(group.url)))
        if why is None and group.leads and provenance.role is Role.ARTICLE:
            why = "address"
            goes.add(group.url, "")
        if why is None and group.told:
            if self._shows(group, provenance):
                found.left[group.url] = found.left.get(group.url, 0) + 1
            elif group.told <= goes.theirs.get(host_of(loose(group.url)), set()):
                found.lists[group.url] = found.lists.get(group.url, 0) + 1
            else:
                why = "told"
                found.others[group.url] = found.others.get(group.url, 0) + 1
        if why is None:
            return
        shows = why != "told" and self._shows(group, provenance)
        if why == "repeats":
            if shows and provenance.role is Role.ARTICLE:  # the very same page, under an address of its own
                goes.add(group.url, "")
            elif not goes.is_gone(group.url):
                found.others[group.url] = found.others.get(group.url, 0) + 1
        if shows or why == "told":
            goes.shown.add(group.first.uri("warc-record-id"))
        found.own += goes.is_own(group.url) or why == "outlet"
        found.captures.append((self._run.name, self._path.name.removesuffix(OPEN), group.first.offset))
        goes.ids.add(group.first.uri("warc-record-id"))
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
