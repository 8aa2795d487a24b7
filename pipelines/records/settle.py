"""Settling: what becomes of an outcome, decided in WARC order by one writer.

An article that the job has not seen is written as version 1. One that it has seen becomes a new version if it
changed, else a rejection that says so. A known article that is gone, or there again, gives a change record
(``docs/changes.md`` has the rules). Nothing is decided by the clock or by the order in which parsers finish, so the
same WARCs always settle in the same way.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from pipelines.model import ONWARD, SCHEMA_VERSION, Article, Change, Edit, Outcome, Rejection, Version
from pipelines.records.diff import edits
from pipelines.records.history import History
from pipelines.records.identity import leads_home, loose
from pipelines.records.known import Known, change_of, known_of, same_story, surely_same

APART = timedelta(minutes=30)
"""Between the two captures that must both miss an article before it counts as deleted: an outage may answer 404."""


HOPS_KEPT = 10_000
"""Addresses without an article of which is remembered, within a run, what led to them by a redirect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a capture was compared with in the history of earlier runs: noted in the WARC, so that a later reading
    of this run alone decides as it was decided. Whatever gives a change record has one."""

    key: str
    """The address under which the article is known."""
    known: Known | None
    """The earlier run's version of it; None if what stood there was another story, or was settled in this run."""
    here: bool = False
    """Whether a capture of this run showed it already."""
    text: str | None = None
    """The text of the version before, if that is needed for the difference."""
    new: bool = False
    """Whether the capture begins an article, whatever else stood at its address."""

    def to_json(self) -> str:
        known = json.loads(self.known.to_json()) if self.known is not None else None
        values = {"key": self.key, "known": known, "here": self.here, "text": self.text, "new": self.new}
        return json.dumps({name: value for name, value in values.items() if value or name in ("key", "known")})

    @classmethod
    def from_json(cls, text: str) -> Seen:
        """Read back; a reader numbers the runs anew, so the run is 0: an earlier one, whichever it was."""
        values = json.loads(text)
        known = Known.from_json(json.dumps({**values["known"], "run": 0, "missed": 0})) if values["known"] else None
        here, new = bool(values.get("here")), bool(values.get("new"))
        return cls(key=values["key"], known=known, here=here, text=values.get("text"), new=new)


class Settled(NamedTuple):
    """An outcome as it is to be written, and what belongs to it."""

    outcome: Outcome
    seen: Seen | None = None
    """What of earlier runs it was decided on, if anything."""
    change: Change | None = None
    key: str | None = None
    """The address by which the article is known."""


class _Found(NamedTuple):
    key: str
    known: Known | None
    told: Seen | None = None
    inherited: bool = False
    """Whether earlier runs had a part in it."""


Sign = Literal["shown", "missing", "gone"]
"""What a capture without an article says of the article at its address."""


class Settler:
    """Decides versions, duplicates and changes.

    ``run`` numbers the run; ``told`` gives, for a capture's record id, what an earlier settling found in the
    history of earlier runs (kept in the WARC), where that history itself is not at hand.
    """

    def __init__(self, history: History, run: int, told: Callable[[str], Seen | None] | None = None) -> None:
        self._history, self._run, self._told = history, run, told
        self._sent_on: dict[str, str] = {}

    def settle(self, outcome: Outcome, left_out: tuple[int, ...] = ()) -> Settled:
        """Decide on one outcome; ``left_out`` marks what site memory kept out of the article's text."""
        return self._rejection(outcome) if isinstance(outcome, Rejection) else self._article(outcome, left_out)

    # ------------------------------------------------------------------ articles

    def _article(self, article: Article, left_out: tuple[int, ...]) -> Settled:
        found = self._told_of(article) or self._find(article)
        key, known = found.key, found.known
        now = known_of(article, self._run, key, left_out)
        if known is None:
            self._history.put(key, now)
            self._name(article, key)
            return Settled(article, Seen(key=key, known=None, new=True) if found.inherited else None, key=key)
        self._name(article, key)
        change = change_of(known, now)
        if change != "text":
            text = {"text": now.text, "paragraphs": now.paragraphs, "left_out": now.left_out}
            held = self._history.get(key) if found.told else known  # what a note tells of is as it was read then
            if held is not None and held.text != now.text:
                self._history.reread(key, dataclasses.replace(held, **text))  # type: ignore[arg-type]
            known = dataclasses.replace(known, **text)  # type: ignore[arg-type]
            found = found._replace(known=known)  # the note says it, so that a reader of it decides alike
        before = None
        outcome: Outcome
        if known.run == self._run:
            change = None
            outcome = _rejected(article, "duplicate", f"of {known.id} in this run")
            address = None if article.url == key else known.address
            self._history.look(key, _shown(known, now.seen, address))
        elif change is None:
            outcome = _rejected(article, "unchanged", f"as {known.id}, version {known.number}")
            state = _shown(known, now.seen, now.address)
            self._history.look(key, dataclasses.replace(state, run=self._run))
        else:
            version = Version(number=known.number + 1, previous_id=known.id, first_seen=known.first_seen, change=change)
            if change == "text":
                before = found.told.text if found.told else self._before(key)
            outcome = dataclasses.replace(article, version=version)
            self._history.put(key, dataclasses.replace(now, number=version.number, first_seen=version.first_seen))
        if change is None and not known.gone:
            seen = self._seen(found) if found.inherited else None
            return Settled(outcome, seen, key=key)
        diff: tuple[Edit, ...] | None = () if change in ("headline", "metadata") else None
        if before is not None:
            diff = edits(before, article.text, frozenset(now.left_out))
        record = _change(
            "restoration" if known.gone else "version",
            outcome,
            key,
            known,
            article_id=article.id if change else known.id,
            previous_id=known.id if change else None,
            number=known.number + bool(change),
            change=change,
            headline=article.headline if change else known.headline,
            previous_headline=known.headline if change else None,
            diff=diff,
        )
        return Settled(outcome, self._seen(found, before, full=True), record, key)

    def _before(self, key: str) -> str | None:
        """The text of the version before. A reader has it from the note or not at all, whatever else is at hand."""
        return None if self._told else self._history.text(key)

    def _told_of(self, outcome: Outcome) -> _Found | None:
        """What the WARC notes of a capture."""
        told = self._told(outcome.warc.record_id) if self._told else None
        if told is None:
            return None
        held = None if told.new else self._history.get(told.key)
        mine = held if held is not None and held.run == self._run else None
        if told.known is None:
            return _Found(told.key, mine, told)
        run = self._run if told.here else held.run if held is not None and mine is None else 0
        paragraphs = mine.paragraphs if mine is not None else ()
        return _Found(told.key, dataclasses.replace(told.known, run=run, paragraphs=paragraphs), told)

    def _find(self, article: Article) -> _Found:
        """The article that a page is a capture of, by the addresses it names and those that look like them, if the page
        itself bears it out."""
        canonical, url = article.canonical_url, article.url
        inherited = False
        for address in dict.fromkeys((canonical, url)):
            key, known = self._at(address)
            if known is None:
                continue
            inherited = inherited or key != address or known.run != self._run
            # Where the page gives itself an address that nobody knows, its headline alone proves nothing.
            alike = surely_same if address == url and self._at(canonical)[1] is None else same_story
            if alike(known, article):
                return _Found(key, known, inherited=inherited)
        for plain in dict.fromkeys((loose(canonical), loose(url))):
            for key in self._history.like(plain):
                known = self._history.get(key)
                if known is not None and key not in (canonical, url) and surely_same(known, article):
                    return _Found(key, known, inherited=True)
        # Its site moved it: the address it had sends the reader here, over others perhaps. What was sent on is
        # forgotten with the process, so whatever comes of it is noted.
        source = article.discovery.source_url if article.discovery.method in ONWARD else None
        while source:
            key, known = self._at(source)
            if known is not None and surely_same(known, article):
                return _Found(key, known, inherited=True)
            inherited = True
            source = self._sent_on.pop(source, None)
        free = self._at(canonical)[1] is None
        # An address that has been used for another story stands for this one from now on.
        return _Found(canonical if free else url, None, inherited=inherited)

    def _at(self, address: str) -> tuple[str, Known | None]:
        """The article that is known by an address or was met there."""
        known = self._history.get(address)
        if known is not None:
            return address, known
        key = self._history.alias(address)
        return (key, self._history.get(key)) if key is not None else (address, None)

    def _name(self, article: Article, key: str) -> None:
        """Remember the addresses of an article, but for those that are known to be another's."""
        if article.url != key and self._history.get(article.url) is None and self._history.alias(article.url) != key:
            self._history.add_alias(article.url, key)
        if article.canonical_url not in (key, article.url) and self._at(article.canonical_url)[1] is None:
            self._history.add_alias(article.canonical_url, key)

    def _seen(self, found: _Found, text: str | None = None, *, full: bool = False) -> Seen:
        """The note of a decision. A full one tells all, whatever this run itself has seen."""
        here = found.known is not None and found.known.run == self._run
        known = found.known if full or not here else None
        return Seen(key=found.key, known=known, here=here and full, text=text)

    # ------------------------------------------------------------------ what is no article, at an article's address

    def _rejection(self, rejection: Rejection) -> Settled:
        came = rejection.discovery
        if came.method in ONWARD and came.source_url:
            while len(self._sent_on) >= HOPS_KEPT:
                del self._sent_on[next(iter(self._sent_on))]
            self._sent_on[rejection.url] = came.source_url
        sign = _sign(rejection)
        if sign is None:
            return Settled(rejection)
        found = self._told_of(rejection)
        if found is None:
            key, known = self._at(rejection.url)
            found = _Found(key, known)
        key, known = found.key, found.known
        if known is None:
            return Settled(rejection)
        date = rejection.warc.date
        if sign == "shown" and known.soft and rejection.reason == "revisit":
            sign = "missing"  # what it repeats said "not found"
        if sign == "shown":
            address = None if rejection.url == key else known.address
            state, changed = _shown(known, date, address, soft=known.soft), known.gone
        elif rejection.url not in (key, known.address or key):
            return Settled(rejection, key=key)  # one of its twins is gone, which is no matter
        else:
            state, changed = self._missed(known, date, sign)
            if rejection.reason == "soft-404":
                state = dataclasses.replace(state, soft=True)
        if changed and self._told and not found.told:  # of before there were changes: they are not invented now
            return Settled(rejection, key=key)
        self._history.look(key, state)
        if not changed:
            return Settled(rejection, key=key)
        record = _change(
            "restoration" if known.gone else "deletion",
            rejection,
            key,
            known,
            article_id=known.id,
            previous_id=None,
            number=known.number,
            change=None,
            headline=known.headline,
            previous_headline=None,
            diff=None,
        )
        return Settled(rejection, self._seen(found, full=True), record, key)

    def _missed(self, known: Known, date: str, sign: Sign) -> tuple[Known, bool]:
        """An article that was not there: what is known then, and whether that makes it deleted."""
        if known.gone:
            return known, False
        if known.missing is None:
            known = dataclasses.replace(known, missing=date, missed=self._run)
            sure = sign == "gone"
        else:
            sure = sign == "gone" or (known.missed != self._run and _apart(known.missing, date))
        return dataclasses.replace(known, gone=True, missed=0) if sure else known, sure


def _sign(rejection: Rejection) -> Sign | None:
    http = rejection.http
    if http is None:
        return None
    if http.status == 410:
        return "gone"
    if http.status == 404 or rejection.reason == "soft-404":
        return "missing"
    if rejection.reason == "redirect":
        return "missing" if leads_home(rejection.url, http.location) else None
    return "shown" if rejection.reason == "revisit" or http.status == 304 else None


def _apart(first: str, second: str) -> bool:
    try:
        one, other = (datetime.fromisoformat(date) for date in (first, second))
    except ValueError:
        return False
    one, other = (date if date.tzinfo else date.replace(tzinfo=UTC) for date in (one, other))
    return other - one >= APART


def _shown(known: Known, date: str | None, address: str | None, *, soft: bool = False) -> Known:
    return dataclasses.replace(known, seen=date, missing=None, missed=0, gone=False, soft=soft, address=address)


def _change(
    kind: Literal["version", "deletion", "restoration"], outcome: Outcome, key: str, known: Known, **facts: object
) -> Change:
    missing = None if kind == "version" else known.missing or outcome.warc.date
    return Change(
        schema_version=SCHEMA_VERSION,
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{outcome.warc.record_id}#{kind}")),
        kind=kind,
        url=outcome.url,
        canonical_url=key,
        outlet=outcome.outlet,
        first_seen=known.first_seen,
        last_seen=known.seen,
        missing_since=missing,
        warc=outcome.warc,
        http=outcome.http,
        **facts,  # type: ignore[arg-type]
    )


def _rejected(article: Article, reason: str, detail: str) -> Rejection:
    return Rejection(
        schema_version=article.schema_version,
        id=article.id,
        url=article.url,
        reason=reason,
        detail=detail,
        outlet=article.outlet,
        warc=article.warc,
        http=article.http,
        discovery=article.discovery,
    )
