"""When an address is asked for again: sources as often as they are the first to tell of articles, articles as often
as they tend to be edited.

A *source* is what lists articles: a feed, a sitemap, a home or section page. What several of them list is credited to
one, the one that has been first so far. A source that is first keeps its rhythm; one that is never first is asked
less and less, since others tell the same sooner. When one that was first fails, or shows nothing that was known
before (so that something may have passed unseen), the outlet's others are asked at once.

An *article* is looked at again some time after it came out (``revisit`` in the job), and sooner when a source
announces a newer modification date.

All is kept in the ledger's table ``frontier`` (``seen``, ``due``, ``base``, ``announced``, ``vain``) and, for sources,
``source``; what is due is found by an index, so the number of known addresses costs nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crawler.discovery.collect import ARCHIVE
from crawler.discovery.dates import parse_date
from crawler.discovery.urls import normalise
from crawler.jobs import Limits
from pipelines.model import Article, Candidate, Change, Outcome, Rejection, Role
from pipelines.records.ledger import Ledger

logger = logging.getLogger(__name__)

SOURCES = (Role.FEED, Role.SITEMAP, Role.HOME, Role.SECTION)
"""Roles of what lists articles; of two that list the same, the earlier here is credited."""

IS_SOURCE = "role IN ('" + "', '".join(SOURCES) + "')"
"""Of an address in the ledger."""

HOUR, DAY = 3600.0, 86_400.0

RHYTHM = 48
"""A source that is first is asked so many times in the usual time between two articles that it is first to tell:
one in two days is asked every hour."""

OUTDONE = 3
"""Articles that others were first to tell since a source last was: from then on it is asked less."""

SECTION_START, DEEP_START = 6 * HOUR, DAY
"""Seconds until a section is asked a second time: one linked from the home page, one further down."""

QUIET_SHARE = {Role.FEED: 0.25, Role.SITEMAP: 0.25, Role.HOME: 0.25, Role.SECTION: 1.0}
"""Of the time for which a source has not been first: how long it is left alone then. Sections are many."""

FAILING_FIRST, FAILING_MOST = HOUR, DAY
"""Seconds until a source that fails is asked again: doubled from the one to the other."""

RETIRED_AFTER, RETIRED_FAILURES = 7 * DAY, 5
"""A source that has failed for so long, so often, is retired: asked once in ``poll_max`` only."""

SPREAD = 0.25
"""Share of a wait of days by which sources are asked earlier, each by another part of it."""

OVERLAP = 5
"""Articles in a source that is read again, all of them new, from which it counts as having run over."""

MOST_CREDITED = 50_000
"""Addresses new in this run whose sources are remembered, to credit one of them."""

VAIN_WAIT = 600.0
"""Seconds between two looks at an article on the word of sources; doubled each time that nothing had changed."""

SLACK, SLACK_SHARE = 300.0, 0.1
"""What is due within so many seconds, or this share of its wait, is due now: no scheduler starts to the second."""

CONFIRM = 1800.0
"""Seconds after which a page that was gone is looked at again, before it counts as deleted."""

MOST_CONFIRMED = 3
"""Looks at a page that is gone and yet does not count as deleted (it leads elsewhere), before its usual times hold."""

STALE = 1800.0
"""Seconds after which a run that was interrupted asks its sources once more when it goes on."""

READ_IN_FULL = DAY
"""A feed or home page that has only been "not modified" for so long is asked for without validators: some servers and
caches say so for ever."""

FUTURE = 600.0
"""Seconds that a modification date may lie ahead of our clock; one further ahead is none."""


@dataclass(slots=True)
class _Polled:
    """A source that was asked in this run."""

    row: int
    outlet: str
    role: Role
    depth: int
    method: str
    anew: bool
    """It had been read before this run."""
    status: int = 0
    failure: str | None = None
    articles: int = 0
    new: int = 0
    credited: int = 0


@dataclass(slots=True)
class _Told:
    """An article that is new in this run, and who lists it."""

    outlet: str
    sources: list[str] = field(default_factory=list)


class Schedule:
    """The times of one run. ``limits`` gives what the job sets for an outlet, None for one that is not in it;
    ``since`` is the start of the run."""

    def __init__(
        self, ledger: Ledger, *, limits: Callable[[str], Limits | None], now: Callable[[], float], since: float
    ) -> None:
        self._ledger, self._limits, self._now, self._since = ledger, limits, now, since
        self._polled: dict[str, _Polled] = {}
        self._told: dict[str, _Told] = {}
        self._heeded: set[int] = set()
        """Addresses that wait in this run on the word of a source."""

    # ------------------------------------------------------------------ the start of a run

    def wake(self, *, resumed: bool = False) -> int:
        """Let wait what is due, of the outlets in the job; gives how many addresses.

        Where a run goes on that was ``resumed``, its sources are due again if it had them a while ago: it may be days.
        """
        now = self._now()
        self._set_back()
        rows = self._ledger.execute(
            "SELECT id, outlet, role, seen FROM frontier WHERE due <= ? AND state IN (2, 3, 4)", (now,)
        ).fetchall()
        due = [
            row
            for row, outlet, role, seen in rows
            if self._limits(outlet) is not None
            and (not resumed or seen is None or seen < (now - STALE if role in SOURCES else self._since))
        ]
        for row in due:
            self._ledger.execute("UPDATE frontier SET state = 0, attempts = 0, not_before = 0 WHERE id = ?", (row,))
        return len(due)

    def _set_back(self) -> None:
        """Where the clock has been ahead, what was done then was done just now, and sources are asked at once; else all
        would sleep until that time."""
        now = min(self._now(), self._since) - 1.0  # before this run, in which nothing has been done yet
        sql = "SELECT ended FROM run WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1"
        (ended,) = self._ledger.execute(sql).fetchone() or ("",)
        if not ended or datetime.fromisoformat(ended).timestamp() <= now:
            return
        logger.warning("the last run ended at %s, which is yet to come: the clock has been set back", ended)
        self._ledger.execute(
            "UPDATE frontier SET base = min(base, ?), seen = ?, due = CASE WHEN due IS NULL THEN NULL"
            f" WHEN {IS_SOURCE} THEN ? ELSE due - (seen - ?) END WHERE seen > ?",
            (now,) * 5,
        )
        self._ledger.execute("UPDATE frontier SET due = ? WHERE state = 3 AND not_before > ? AND due > ?", (now,) * 3)
        self._ledger.execute("UPDATE frontier SET not_before = 0 WHERE state IN (3, 4) AND not_before > ?", (now,))
        self._ledger.execute("UPDATE source SET first = min(first, ?), failing = min(failing, ?)", (now, now))

    def wake_sources(self, outlet: str) -> None:
        """Let all sources of an outlet wait, to be read in full: they are asked for another span of time."""
        self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0, etag = NULL, modified = NULL"
            f" WHERE outlet = ? AND {IS_SOURCE} AND state IN (0, 2, 3)",
            (outlet,),
        )

    # ------------------------------------------------------------------ sources

    def read(self, source: str | None, candidate: Candidate, key: str, new: bool) -> None:
        """A source (its key) lists an article."""
        polled = self._polled.get(source) if source else None
        if polled is None or candidate.role is not Role.ARTICLE:
            return
        assert source is not None
        polled.articles += 1
        polled.new += new
        if new and len(self._told) < MOST_CREDITED:
            self._told[key] = _Told(candidate.outlet, [source])
        elif key in self._told:
            self._told[key].sources.append(source)

    def announced(self, candidate: Candidate, key: str) -> str | None:
        """A source gives a modification date for a known address: let it wait if that is news, and give its host."""
        moment = parse_date(candidate.updated) if candidate.updated else None
        if moment is None:
            return None
        at, now = moment.timestamp(), self._now()
        if at > now + FUTURE:
            return None
        row = self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0, announced = ? WHERE key = ? AND state = 2"
            " AND seen < ? AND seen < ? AND role IN ('article', 'sitemap') AND (announced IS NULL OR announced < ?)"
            " AND ? - seen >= ? * (1 << min(vain, 12)) RETURNING id, host",
            (at, key, at, self._since, at, now, VAIN_WAIT),
        ).fetchone()
        if row is None:
            return None
        self._heeded.add(row[0])
        return str(row[1])

    def asked(self, row: int, key: str, candidate: Candidate, seen: float | None) -> None:
        """An address is being fetched."""
        if candidate.role in SOURCES:
            anew = seen is not None
            self._polled[key] = _Polled(row, candidate.outlet, candidate.role, candidate.depth, candidate.method, anew)

    def asked_in_full(self, url: str, role: str) -> bool:
        """Whether a source is to be asked for without validators."""
        if role not in (Role.FEED, Role.HOME):
            return False
        sql = "SELECT date FROM capture WHERE url = ? AND status = 200 ORDER BY id DESC LIMIT 1"
        row = self._ledger.execute(sql, (url,)).fetchone()
        return row is not None and datetime.fromisoformat(row[0]).timestamp() < self._now() - READ_IN_FULL

    def ended(self, key: str, status: int, failure: str | None = None) -> bool:
        """A source has answered, or has failed for good. True if the outlet's others must stand in for it."""
        polled = self._polled.get(key)
        if polled is None:
            return False
        polled.status = status
        polled.failure = failure or (f"status {status}" if status >= 400 else None)
        if polled.failure is None:
            return False
        row = self._ledger.execute("SELECT failures, missed FROM source WHERE id = ?", (polled.row,)).fetchone()
        return polled.role is not Role.SECTION and row is not None and row[0] == 0 and row[1] < OUTDONE

    def tells_nothing(self, key: str | None) -> bool:
        """A source has come anew, and lists nothing. True if it was one to rely on, so that others must stand in."""
        polled = self._polled.get(key) if key else None
        if polled is None or polled.role is not Role.FEED or not polled.anew or polled.failure is not None:
            return False  # of one that fails, ``ended`` has said so
        row = self._ledger.execute("SELECT gap, missed FROM source WHERE id = ?", (polled.row,)).fetchone()
        return row is not None and row[0] is not None and row[1] < OUTDONE

    def ran_over(self, key: str) -> bool:
        """Whether a source that was read again shows nothing that was known before: others may know what it missed."""
        polled = self._polled.get(key)
        return polled is not None and polled.anew and polled.articles >= OVERLAP and polled.new == polled.articles

    def outlet_of(self, key: str) -> str:
        """The outlet of a source that was asked in this run."""
        return self._polled[key].outlet

    def stand_in(self, outlet: str) -> Counter[str]:
        """Let the outlet's other sources wait, but for those of this run; gives how many of each host."""
        rows = self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0 WHERE outlet = ? AND state = 2"
            f" AND {IS_SOURCE} AND depth <= 1 AND (seen IS NULL OR seen < ?)"
            " AND NOT (method = 'guess' AND id IN (SELECT id FROM source WHERE failures > 0))"
            " RETURNING id, host",
            (outlet, self._since),
        ).fetchall()
        for row, _ in rows:
            self._ledger.execute("UPDATE source SET missed = 0, first = ? WHERE id = ?", (self._now(), row))
        return Counter(host for _, host in rows)

    def come_back(self, key: str) -> Counter[str]:
        """If a source answers that had failed, let the others wait that fail; gives how many of each host."""
        polled = self._polled.get(key)
        if polled is None or polled.failure is not None:
            return Counter()
        sql = "SELECT failures FROM source WHERE id = ?"
        if not (self._ledger.execute(sql, (polled.row,)).fetchone() or (0,))[0]:
            return Counter()
        rows = self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0 WHERE outlet = ? AND state IN (2, 3)"
            f" AND {IS_SOURCE} AND (seen IS NULL OR seen < ?)"
            " AND method <> 'guess' AND id IN (SELECT id FROM source WHERE failures > 0) RETURNING host",
            (polled.outlet, self._since),
        ).fetchall()
        return Counter(host for (host,) in rows)

    def settle_sources(self) -> None:
        """At the end of a run: credit what was told, and say when each source is asked again."""
        rank = {role: place for place, role in enumerate(SOURCES)}
        missed = dict(self._ledger.execute("SELECT id, missed FROM source").fetchall()) if self._told else {}

        def standing(key: str) -> tuple[int, int, int]:
            polled = self._polled[key]
            return missed.get(polled.row, 0), rank[polled.role], polled.depth

        credited: dict[str, int] = {}
        for told in self._told.values():
            polled = self._polled[min(told.sources, key=standing)]
            polled.credited += 1
            credited[told.outlet] = credited.get(told.outlet, 0) + 1
        watch = self._watch()
        for polled in self._polled.values():
            limits = self._limits(polled.outlet) or Limits()
            if not limits.backfill:
                others = credited.get(polled.outlet, 0) - polled.credited
                self._settle_source(polled, others, limits, watch.get(polled.outlet))
            elif polled.method == ARCHIVE:  # read for the span and of no use after it
                self._ledger.execute("UPDATE frontier SET due = NULL WHERE id = ?", (polled.row,))
        self._polled.clear()
        self._told.clear()

    def _watch(self) -> dict[str, int]:
        """Of each outlet none of whose sources has answered: the one that each run asks until it does."""
        chosen: dict[str, _Polled] = {}
        working: set[str] = set()
        for polled in self._polled.values():
            if polled.status == 0 and polled.failure is None:
                polled.failure = "no answer"
            if polled.failure is None:
                working.add(polled.outlet)
            elif polled.method != "guess":
                best = chosen.get(polled.outlet)
                if best is None or (polled.role is Role.HOME) > (best.role is Role.HOME):
                    chosen[polled.outlet] = polled
        return {outlet: polled.row for outlet, polled in chosen.items() if outlet not in working}

    def _settle_source(self, polled: _Polled, others: int, limits: Limits, watch: int | None) -> None:
        """``watch``: where the whole outlet fails, the source that is asked until it is back."""
        now = self._now()
        row = self._ledger.execute(
            "SELECT polls, first, gap, missed, failures, failing FROM source WHERE id = ?", (polled.row,)
        ).fetchone()
        polls, first, gap, missed, failures, failing = row or (0, now, None, 0, 0, None)
        reason = None
        if polled.failure is not None:
            failures, failing = failures + 1, failing or now
            wait = min(FAILING_FIRST * 2.0 ** (failures - 1), FAILING_MOST)
            if polled.method == "guess" and not polled.anew:
                reason, wait = f"guessed, and not there: {polled.failure}", limits.poll_max.total_seconds()
            elif watch is not None:
                wait = 0.0 if polled.row == watch else wait
            elif failures >= RETIRED_FAILURES and now - failing >= RETIRED_AFTER:
                since = datetime.fromtimestamp(failing, UTC)
                reason = f"retired: {polled.failure} since {since:%Y-%m-%d %H:%M} UTC"
                wait = limits.poll_max.total_seconds()
        else:
            failures, failing = 0, None
            if polled.credited and polled.anew:
                since_first = max(now - first, 1.0)
                gap = since_first if gap is None else 0.7 * gap + 0.3 * since_first
            if polled.credited:
                first, missed = now, 0
            elif polled.anew:
                missed += others
            wait = _wait(polled, now - first, gap, missed)
        low, high = limits.poll_min.total_seconds(), limits.poll_max.total_seconds()
        wait = min(max(wait, low), high)
        if wait >= DAY:  # what was found in one run need not fall due in one run
            wait = max(low, wait * (1 - SPREAD * (polled.row * 0x9E3779B1 % 2**32) / 2**32))
        self._ledger.execute(
            "INSERT OR REPLACE INTO source (id, polls, first, gap, missed, failures, failing, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (polled.row, polls + 1, first, gap, missed, failures, failing, reason),
        )
        self._ledger.execute("UPDATE frontier SET due = ? WHERE id = ?", (_soon(now, now + wait), polled.row))

    # ------------------------------------------------------------------ articles

    def settled(self, outcome: Outcome, change: Change | None) -> None:
        """A capture has its outcome: say when the article is looked at next."""
        key = normalise(outcome.url)
        row = self._ledger.execute("SELECT id, outlet, base, vain, role FROM frontier WHERE key = ?", (key,)).fetchone()
        if row is None or row[4] != Role.ARTICLE:
            return
        number, outlet, base, vain, _ = row
        limits = self._limits(outlet)
        if limits is None:
            return
        seen = datetime.fromisoformat(outcome.warc.date).timestamp()
        if isinstance(outcome, Article):
            if base is None:
                base = _base(outcome.date_published, seen)
            due, vain = _next(base, seen, limits.revisit), 0
        elif base is None:  # it never was an article
            due, vain = None, vain + (number in self._heeded)
        elif change is not None and change.kind == "deletion":
            # A site that is being moved deletes what is back tomorrow. That it is gone needs no more confirmation.
            due, vain = _next(base, seen, limits.revisit), MOST_CONFIRMED
            if due is None and limits.revisit:
                due = seen + DAY
        elif change is not None:  # it is back
            due, vain = _next(base, seen, limits.revisit), 0
        elif _gone(outcome) and vain < MOST_CONFIRMED:
            due, vain = seen + CONFIRM, vain + 1
        else:
            due, vain = _next(base, seen, limits.revisit), vain + (number in self._heeded)
        due = _soon(seen, due) if due is not None else None
        self._ledger.execute("UPDATE frontier SET base = ?, due = ?, vain = ? WHERE id = ?", (base, due, vain, number))


def _wait(polled: _Polled, quiet: float, gap: float | None, missed: int) -> float:
    """Seconds until a source is asked again, by how long it has not been first, its rhythm, and what others told."""
    deep = polled.role is Role.SECTION
    if gap is not None and missed < OUTDONE:
        return gap / RHYTHM
    if not deep and missed < OUTDONE:
        return 0.0
    if not deep:
        return quiet * QUIET_SHARE[polled.role]
    if not polled.anew and not polled.new:
        return float("inf")  # it lists nothing, or others told all of it
    start = SECTION_START if polled.depth <= 1 else DEEP_START
    return max(start, quiet * QUIET_SHARE[polled.role])


def _soon(now: float, due: float) -> float:
    """A little before it is due, or a scheduler that starts a second early would leave it to the next run."""
    return due - min(SLACK, SLACK_SHARE * max(0.0, due - now))


def _base(published: str | None, seen: float) -> float:
    """From when an article's revisits are reckoned: its publication, as far as that is known and not to come."""
    if not published:
        return seen
    try:
        moment = datetime.fromisoformat(published)
    except ValueError:
        return seen
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if len(published) <= 10:
        moment += timedelta(days=1)  # some time that day
    return min(moment.timestamp(), seen)


def _next(base: float, seen: float, steps: Iterable[timedelta]) -> float | None:
    """The first step of the schedule that is still to come; a look that came a little early was that of its step."""
    for step in steps:
        seconds = step.total_seconds()
        if base + seconds > seen + min(SLACK, SLACK_SHARE * seconds):
            return base + seconds
    return None


def _gone(outcome: Rejection) -> bool:
    """Whether a page that was an article may have been taken down."""
    return outcome.http is not None and (
        outcome.http.status in (404, 410) or outcome.reason == "soft-404" or 300 <= outcome.http.status < 304
    )
