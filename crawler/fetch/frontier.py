"""The frontier: what is to be fetched next, kept in the ledger, polite to the delay.

It is Scrapy's scheduler. Addresses wait in SQLite, so a million of them cost no memory; a host's next ones are
read in small batches. A host gets a request when it has a free connection and its delay has passed, so one slow
host never holds up the others. An address is ``taken`` while it is fetched and becomes ``done`` in the same
transaction in which its capture enters the ledger: after a kill, what was in flight waits again.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from twisted.internet.interfaces import IDelayedCall

from crawler.discovery.dates import parse_date
from crawler.discovery.likeness import twin_of
from crawler.discovery.redirects import MAX_HOPS
from crawler.discovery.spans import may_lie
from crawler.discovery.urls import normalise
from crawler.fetch.hosts import LONGEST_WAIT, REQUISITE_DELAY, Host, Hosts
from crawler.fetch.schedule import IS_SOURCE, Schedule
from crawler.fetch.wire import BODY_UNREAD
from pipelines import clock
from pipelines.model import ONWARD, Candidate, Capture, Role
from pipelines.records.ledger import Ledger, State
from pipelines.records.tombstones import Tombstones

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.jobs import Limits, Outlet

logger = logging.getLogger(__name__)

BATCH = 32
"""Addresses read from the ledger at a time, per host."""

TRIES, RUNS = 3, 3
"""Fetches of one address before it counts as failed, and runs in which it is tried so before it stays so."""

RETRY_FIRST, RETRY_FACTOR = 2.0, 4.0
"""Seconds before an address is tried again, and by how much that grows: 2, 8."""

DENIED = "disallowed by the robots.txt of"
"""How the reason begins for which such an address was refused."""

AGAIN = "{} #again"
"""Key of an address that a chain of redirects comes back to, and which is therefore fetched a second time."""

NEXT_RUN = 10 * 365 * 86_400.0
"""Seconds that end no run: what waits so long waits for the next one, whose start forgets it."""

LISTINGS = 200
"""Section pages and sitemaps read per outlet and run: a large site's archive must not hold up its news."""

OK, NOT_MODIFIED = 200, 304

Validators = tuple[str | None, str | None]
"""ETag and Last-Modified, as they were sent."""

MOST_VALIDATOR = 1024
"""Characters of an ETag that are kept."""

RANK = (Role.ARTICLE, Role.REQUISITE, Role.SECTION, Role.HOME, Role.SITEMAP, Role.FEED, Role.ROBOTS)
"""Sources before articles, so that the newest articles are known when their turn comes, those that say most first; what
a page needs before the next page, so that what there is when a run is stopped is whole."""


_SCHEME = "lower(substr(url, 1, instr(url, ':') - 1))"
"""Of an address in the ledger."""


def _kind(role: str, seen: float | None) -> str | None:
    """What an address counts for where numbers are limited: new articles do not pay for looks at known ones."""
    if role == Role.ARTICLE:
        return "new" if seen is None else "known"
    return "listing" if role in (Role.SECTION, Role.SITEMAP) else None


def _never(_: float) -> IDelayedCall:
    raise AssertionError("there is no crawl to wake")


def validator(value: str | None) -> str | None:
    """A field that the next request may send back: visible ASCII only."""
    value = (value or "").strip()
    return value if value and value.isascii() and value.isprintable() and len(value) <= MOST_VALIDATOR else None


class Frontier(BaseScheduler):
    """Waiting addresses of one run.

    ``pages`` gives the number of articles that an outlet may be asked for, ``listings`` that of sections and sitemaps;
    ``delay`` the seconds between two requests to a host of that name, ``per_host`` the connections it may have.
    ``call_later`` has Scrapy's engine ask again after so many seconds. ``since`` is the start of the run, which may lie
    before that of the process. With ``on_demand``, seeds are asked for by name: they are fetched again by every run.
    ``schedule`` says what else is fetched again; without it, nothing is. ``longest_wait`` is how many seconds a run
    waits for a host that asks for it, ``requisite_delay`` the delay after what a page needs to be shown. What has one
    of the ``tombstones`` is refused when its turn comes.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        delay: Callable[[str], float],
        per_host: Callable[[str], int],
        pages: Callable[[str], int],
        listings: Callable[[str], int] = lambda outlet: LISTINGS,
        call_later: Callable[[float], IDelayedCall | None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = clock.now,
        since: float = 0.0,
        schedule: Schedule | None = None,
        on_demand: bool = True,
        longest_wait: float = LONGEST_WAIT,
        requisite_delay: float = REQUISITE_DELAY,
        tombstones: Tombstones | None = None,
    ) -> None:
        self._tombstones = tombstones or Tombstones()
        self._schedule, self.on_demand = schedule, on_demand
        self._anew: set[str] = set()
        """Keys of addresses fetched again in this run: what they lead on to is fetched again, too."""
        self._ledger, self._pages, self._listings = ledger, pages, listings
        self._call_later, self._clock, self._now, self._since = call_later, clock, now, since
        self.hosts = Hosts(
            delay=delay,
            connections=per_host,
            clock=clock,
            longest_wait=longest_wait,
            requisite_delay=requisite_delay,
        )
        self._alarm: IDelayedCall | None = None
        self._asked: Counter[tuple[str, str]] = Counter()
        """What is limited, handed out per outlet and ``_kind`` in this run."""
        self._extra: deque[Request] = deque()
        """Requests that are more than an address (a body, another method): kept in memory only."""
        self.counts: dict[str, Counter[str]] = {}
        """Per outlet, for those who watch: addresses found, waiting, and failed in this run."""
        self.stopped = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Frontier:
        """The frontier that the crawl opened with its run."""
        frontier: Frontier = crawler.broadsheet.frontier  # type: ignore[attr-defined]
        return frontier

    @classmethod
    def to_fill(cls, ledger: Ledger) -> Frontier:
        """A frontier that only takes addresses, outside of a crawl."""
        return cls(ledger, delay=lambda host: 0.0, per_host=lambda host: 1, pages=lambda outlet: 0, call_later=_never)

    # ------------------------------------------------------------------ what Scrapy asks for

    def open(self, spider: Spider) -> None:
        """Take up what waits, including what was in flight when the last process ended."""
        self._ledger.execute("UPDATE frontier SET state = 0, not_before = 0 WHERE state = 1")
        self._ledger.execute("UPDATE frontier SET not_before = 0 WHERE state = 0 AND not_before > 0")
        for outlet, waiting in self._ledger.execute("SELECT outlet, count(*) FROM frontier WHERE state = 0 GROUP BY 1"):
            self.counts[outlet] = Counter(found=waiting, waiting=waiting)
        sql = "SELECT outlet, count(*) FROM frontier WHERE state = 3 AND not_before >= ? GROUP BY 1"
        for outlet, failed in self._ledger.execute(sql, (self._since,)):
            self._count(outlet)["failed"] += failed
        for (name,) in self._ledger.execute("SELECT DISTINCT host FROM frontier WHERE state = 0").fetchall():
            self.hosts.offer(self.hosts[name])

    def leave_others(self, outlets: Collection[Outlet]) -> None:
        """Let wait for another run what waits of outlets that the job has not, or what it does not permit any more."""
        later = self._now() + NEXT_RUN
        names = [outlet.name for outlet in outlets]
        self._ledger.execute(
            f"UPDATE frontier SET not_before = ? WHERE state = 0 AND outlet NOT IN ({', '.join('?' * len(names))})",
            (later, *names),
        )
        for outlet in outlets:
            if not (outlet.allow or outlet.deny):
                continue
            sql = (
                "SELECT id, url, role FROM frontier WHERE outlet = ? AND state = 0 AND method <> 'seed'"
                " AND role IN ('article', 'section', 'feed', 'sitemap')"
            )
            for row, url, role in self._ledger.execute(sql, (outlet.name,)).fetchall():
                if not outlet.permits(url, article=role == Role.ARTICLE):
                    self._ledger.execute("UPDATE frontier SET not_before = ? WHERE id = ?", (later, row))

    def rename(self, outlets: Collection[Outlet]) -> None:
        """What is known of an outlet that the job file calls otherwise now is known by that name."""
        names = {outlet.name for outlet in outlets}
        for outlet in outlets:
            sql = "SELECT outlet FROM frontier WHERE key = ?"
            (old,) = self._ledger.execute(sql, (normalise(outlet.home),)).fetchone() or (None,)
            if old is None or old in names:
                continue
            logger.info("the outlet %s is called %s now", old, outlet.name)
            for table in ("frontier", "outlet_run"):
                self._ledger.execute(f"UPDATE OR IGNORE {table} SET outlet = ? WHERE outlet = ?", (outlet.name, old))

    def leave_out(self, outlet: str, limits: Limits) -> None:
        """In a backfill, let articles that wait from other runs, and are not of its span, wait for the next run."""
        rows = self._ledger.execute(
            "SELECT id, url, method, date FROM frontier WHERE outlet = ? AND state = 0 AND role = 'article'", (outlet,)
        )
        left = [
            row
            for row, url, method, date in rows
            if not may_lie(Candidate(url=url, role=Role.ARTICLE, method=method, date=date), limits)
        ]
        for row in left:
            self._ledger.execute("UPDATE frontier SET not_before = ? WHERE id = ?", (self._now() + NEXT_RUN, row))

    def has_pending_requests(self) -> bool:
        if self.stopped:
            return False
        return bool(self._extra) or any(host.retries or self._peek(host) for host in self.hosts)

    def enqueue_request(self, request: Request) -> bool:
        replaced = "frontier" in request.meta  # it is one of ours, made into another by a middleware
        if replaced:
            row, name = request.meta["frontier"]
            if row in self.hosts[name].flying:
                self._drop(row, name, "a middleware put another request in its place")
        if request.method != "GET" or request.body:
            self._extra.append(request)
            return True
        candidate = request.meta.get("candidate") or Candidate(
            url=request.url, role=Role.ARTICLE, method="spider", outlet=urlsplit(request.url).hostname or ""
        )
        added = self.add([dataclasses.replace(candidate, url=request.url) if replaced else candidate])
        return bool(added) or (self.on_demand and candidate.method == "seed" and self._ask_again(candidate.url))

    def _ask_again(self, url: str) -> bool:
        """Let an address wait once more that is asked for by name, unless this run has seen to it already."""
        key = normalise(url)
        row = self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0"
            " WHERE key = ? AND state > 1 AND not_before < ? RETURNING host, outlet",
            (key, self._since),
        ).fetchone()
        if row is None:
            return False
        self._count(row[1])["waiting"] += 1
        self._waits(row[0])
        return True

    def _waits(self, name: str) -> None:
        """Another address of a host waits."""
        host = self.hosts[name]
        host.fresh = False
        self.hosts.offer(host)

    def next_request(self) -> Request | None:
        if self.stopped:
            return None
        if self._extra:
            return self._extra.popleft()
        for host in self.hosts.turns():
            if host.busy or not self._peek(host):
                continue  # it is offered again when a request of it ends or an address is added
            host.ready = self._clock() + host.pause(requisite=host.rows[0][3] == Role.REQUISITE)
            request = self._take(host)
            self.hosts.offer(host)
            return request
        self._sleep()
        return None

    # ------------------------------------------------------------------ addresses

    def add(self, candidates: Iterable[Candidate]) -> int:
        """Add addresses that are not known yet, and let wait again those for which there is cause; gives how many
        were new."""
        touched: Counter[str] = Counter()
        sources: set[str | None] = set()
        for candidate in candidates:
            sources.add(candidate.source_url)
            key = normalise(candidate.url)
            if key is None:
                logger.info("not fetched: %r is no http(s) URL", candidate.url)
                continue
            onward = candidate.method in ONWARD
            if onward:
                chain = self._chain(candidate)
                if len(chain) > MAX_HOPS:
                    logger.warning(
                        "redirect from %s not followed: more than %d in a row", candidate.source_url, MAX_HOPS
                    )
                    continue
                if key in chain:  # a consent page that sends the reader back: once more, then
                    key = AGAIN.format(key)
                candidate = self._as_announced(candidate, chain[-1])
            parts = urlsplit(candidate.url)
            rank = (RANK.index(candidate.role) << 40) + self._recency(candidate)
            cursor = self._ledger.execute(
                "INSERT OR IGNORE INTO frontier (key, url, host, outlet, role, rank, method, source_url, title, date,"
                " depth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (key, candidate.url, parts.netloc.lower(), candidate.outlet, str(candidate.role), rank,
                 candidate.method, candidate.source_url, candidate.title, candidate.date, candidate.depth),
            )  # fmt: skip
            if cursor.rowcount:
                touched[parts.netloc.lower()] += 1
                counts = self._count(candidate.outlet)
                counts["found"] += 1
                counts["waiting"] += 1
            elif (onward and (normalise(candidate.source_url or "") or candidate.source_url) in self._anew) or (
                self.on_demand and candidate.role is Role.REQUISITE
            ):
                self._follow_again(key)
            if self._schedule is not None:
                self._schedule.read(normalise(candidate.source_url or ""), candidate, key, bool(cursor.rowcount))
                if not cursor.rowcount and candidate.updated and (name := self._schedule.announced(candidate, key)):
                    self._count(candidate.outlet)["waiting"] += 1
                    self._waits(name)
        for name in touched:
            self._waits(name)
        if self._schedule is not None:
            for source in filter(None, (normalise(each) for each in sources if each)):
                if self._schedule.ran_over(source):
                    self._stand_in(self._schedule.outlet_of(source))
        return touched.total()

    def ask_again(self, keys: Iterable[str]) -> None:
        """Let what a page needs wait once more in this run, as the page itself is fetched again."""
        for key in keys:
            self._follow_again(key)

    def _follow_again(self, key: str) -> None:
        """A page that is fetched again leads to where it did before: follow, once in this run."""
        row = self._ledger.execute(
            "UPDATE frontier SET state = 0, attempts = 0, not_before = 0 WHERE key = ? AND state > 1"
            " AND role IN ('article', 'requisite') AND (seen IS NULL OR seen < ?) RETURNING host, outlet",
            (key, self._since),
        ).fetchone()
        if row is not None:
            self._anew.add(key)
            self._count(row[1])["waiting"] += 1
            self._waits(row[0])

    def begin(self) -> None:
        """At the start of a run, not of a process: let wait what is due, and what failed, until it has in several."""
        if self._schedule is not None:
            self._schedule.wake()
        self._ledger.execute(
            "UPDATE frontier SET state = 0, not_before = 0 WHERE state = 3 AND attempts < ?", (TRIES * RUNS,)
        )

    def _chain(self, candidate: Candidate) -> list[str]:
        """The keys of the redirects that led to a candidate, nearest first."""
        chain: list[str] = []
        url = candidate.source_url
        while url and len(chain) <= MAX_HOPS:
            key = normalise(url) or url
            chain.append(key)
            row = self._ledger.execute("SELECT method, source_url FROM frontier WHERE key = ?", (key,)).fetchone()
            url = row[1] if row and row[0] in ONWARD else None
        return chain

    def _as_announced(self, candidate: Candidate, origin: str) -> Candidate:
        """A page that redirects led to, with what was said of the address (its key) that they began at: a feed means
        the article by its link, wherever that leads. The date in a sitemap is of the page at its own address."""
        sql = "SELECT title, date, method FROM frontier WHERE key = ?"
        title, date, method = self._ledger.execute(sql, (origin,)).fetchone() or (None, None, None)
        date = None if method == "sitemap" else date
        return dataclasses.replace(candidate, title=candidate.title or title, date=candidate.date or date)

    def _recency(self, candidate: Candidate) -> int:
        """Seconds since 1970 of the date that a source gives; what a page shows now counts as new.

        What looks like an AMP or print twin comes last: by then the article itself is there, and the twin a duplicate.
        """
        if candidate.role is Role.ARTICLE and twin_of(candidate.url):
            return 0
        date = parse_date(candidate.date) if candidate.date else None
        return min(max(0, int(date.timestamp())), (1 << 40) - 1) if date else int(self._now())

    # ------------------------------------------------------------------ outcomes

    def captured(self, row: int, status: int = 200, validators: Validators = (None, None)) -> None:
        """The address is in the archive, with the validators that it came with."""
        self._done(row, status, validators, self._now())

    def _done(self, row: int, status: int, validators: Validators, seen: float) -> None:
        self._end(row, State.DONE, None)
        # Until the end of the run a source counts as due: a kill must not put it to sleep.
        outlet, key = self._ledger.execute(
            f"UPDATE frontier SET seen = ?, due = CASE WHEN {IS_SOURCE} THEN ? END WHERE id = ? RETURNING outlet, key",
            (seen, seen, row),
        ).fetchone()
        if status != NOT_MODIFIED:
            kept = validators if status == OK else (None, None)
            self._ledger.execute("UPDATE frontier SET etag = ?, modified = ? WHERE id = ?", (*kept, row))
        if self._schedule is not None and self._schedule.ended(key, status):
            self._stand_in(outlet)
        elif self._schedule is not None:
            self._wake_all(outlet, self._schedule.come_back(key))

    def _stand_in(self, outlet: str) -> None:
        """A source of the outlet does not tell what it should: ask the others in this run."""
        assert self._schedule is not None
        self._wake_all(outlet, self._schedule.stand_in(outlet))

    def _wake_all(self, outlet: str, woken: Mapping[str, int]) -> None:
        """So many addresses of each host wait again."""
        for name, number in woken.items():
            self._count(outlet)["waiting"] += number
            self._waits(name)

    def tells_nothing(self, url: str) -> None:
        """A source was read in which no article is listed: others may know what it does not tell."""
        key = normalise(url)
        if self._schedule is not None and key is not None and self._schedule.tells_nothing(key):
            self._stand_in(self._schedule.outlet_of(key))

    def recovered(self, capture: Capture) -> None:
        """The same, for a capture found in the archive: after a crash, or when the ledger is made again.

        Of an address that was to be fetched twice, the one in flight is meant, or else the first that is not done.
        """
        if capture.ref.type == "resource":  # made of a page by the browser: the page itself is another capture
            return
        key = normalise(capture.ref.url)
        row = self._ledger.execute(
            "SELECT id FROM frontier WHERE key IN (?, ?) ORDER BY state = 1 DESC, state = 2, key LIMIT 1",
            (key, AGAIN.format(key)),
        ).fetchone()
        if row is not None:
            seen = datetime.fromisoformat(capture.ref.date).timestamp()
            validators = (validator(capture.header("etag")), validator(capture.header("last-modified")))
            self._done(row[0], capture.status, validators, seen)

    def lost_url(self, url: str) -> None:
        """The archive does not hold what the ledger says it does: fetch it again."""
        key = normalise(url)
        self._ledger.execute(
            "UPDATE frontier SET state = 0 WHERE id = (SELECT id FROM frontier WHERE key IN (?, ?) AND state > 1"
            " ORDER BY key DESC LIMIT 1)",  # of an address fetched twice, the second fetch first
            (key, AGAIN.format(key)),
        )

    def retry(self, row: int, name: str, reason: str) -> bool:
        """Try an address again later, if it has tries left in this run; otherwise it has failed.

        Of a host that is left alone the address waits for the next run.
        """
        attempts: int = self._ledger.execute(
            "UPDATE frontier SET attempts = attempts + 1 WHERE id = ? RETURNING attempts", (row,)
        ).fetchone()[0]
        tries = attempts % TRIES  # ``attempts`` goes on over the runs
        if not tries:
            self.fail(row, reason)
            return False
        wait = RETRY_FIRST * RETRY_FACTOR ** (tries - 1)
        before, outlet = self._ledger.execute("SELECT state, outlet FROM frontier WHERE id = ?", (row,)).fetchone()
        self._count(outlet)["waiting"] += before == State.DONE  # a capture, but not yet of what was wanted
        self._ledger.execute(
            "UPDATE frontier SET state = 0, not_before = ?, reason = ? WHERE id = ?", (self._now() + wait, reason, row)
        )
        host = self.hosts[name]
        if not host.given_up and not (host.closed and self._closed(host, row)):
            host.retries.add(row)
            self.hosts.wake_at(name, wait + 0.01)
        return True

    def fail(self, row: int, reason: str, *, refused: bool = False) -> None:
        """Give an address up, and keep why. ``refused``: it was not to be fetched, which is no failure."""
        state = State.REFUSED if refused else State.FAILED
        outlet = self._end(row, state, reason)
        self._count(outlet)["failed"] += state == State.FAILED
        now = self._now()
        # A source is asked by the next run, a known article after a share of its age.
        (key,) = self._ledger.execute(
            f"UPDATE frontier SET due = CASE WHEN {IS_SOURCE} THEN ?"
            " WHEN base IS NOT NULL THEN ? + min(max((? - base) / 4, 1800), 86400) END WHERE id = ? RETURNING key",
            (now, now, now, row),
        ).fetchone()
        if self._schedule is not None and self._schedule.ended(key, 0, reason) and not refused:
            self._stand_in(outlet)

    def _end(self, row: int, state: State, reason: str | None) -> str:
        """Nothing more is to be done for an address; gives its outlet."""
        outlet: str
        before, outlet = self._ledger.execute("SELECT state, outlet FROM frontier WHERE id = ?", (row,)).fetchone()
        self._ledger.execute(
            "UPDATE frontier SET state = ?, reason = ?, not_before = ? WHERE id = ?", (state, reason, self._now(), row)
        )
        self._count(outlet)["waiting"] -= before in (State.WAITING, State.TAKEN)
        return outlet

    def _count(self, outlet: str) -> Counter[str]:
        return self.counts.setdefault(outlet, Counter())

    def release(self, row: int, name: str, *, failed: bool = False) -> None:
        """The request for an address of the host has ended. Only the first time that it is said counts."""
        host = self.hosts[name]
        if row not in host.flying:
            return
        host.flying.remove(row)
        host.failures = host.failures + 1 if failed else 0
        host.answers += not failed
        if host.tired:
            self._give_up(host, f"{host.failures} failures in a row")
        self.hosts.offer(host)

    def hold(self, name: str, seconds: float | None) -> None:
        """Leave a host alone for a while, as it asked (``None``: it is overloaded and did not say how long)."""
        if why := self.hosts.hold(name, seconds):
            self._give_up(self.hosts[name], why)

    def reopen(self, name: str) -> None:
        """The robots.txt of a host has changed: what it refused may be allowed now."""
        sql = "UPDATE frontier SET state = 0, not_before = 0 WHERE host = ? AND state = 4 AND reason LIKE ?"
        waiting = self._ledger.execute(f"{sql} RETURNING outlet", (name, f"{DENIED}%")).fetchall()
        for (outlet,) in waiting:
            self._count(outlet)["waiting"] += 1
        if waiting:
            self._waits(name)

    def put_off(self, row: int, name: str, why: str) -> None:
        """An address must wait for the next run, and with it all of its host that have the same scheme."""
        host = self.hosts[name]
        sql = "UPDATE frontier SET state = 0, reason = ? WHERE id = ? RETURNING url"
        scheme = urlsplit(self._ledger.execute(sql, (why, row)).fetchone()[0]).scheme
        self.hosts.close(host, scheme, why)
        if host.retries:
            sql = f"SELECT id FROM frontier WHERE host = ? AND state = 0 AND not_before > 0 AND {_SCHEME} = ?"
            host.retries.difference_update(each for (each,) in self._ledger.execute(sql, (name, scheme)))

    def given_up(self) -> dict[str, str]:
        """Hosts left alone in this run, or their schemes, and why."""
        return self.hosts.given_up()

    def resume_counts(self, asked: Iterable[tuple[str, str, int]]) -> None:
        """What a resumed run has already asked for: outlet, role, number."""
        for outlet, role, number in asked:
            if (kind := _kind(role, None)) is not None:
                self._asked[outlet, kind] += number

    # ------------------------------------------------------------------ hosts

    def _closed(self, host: Host, row: int) -> bool:
        (url,) = self._ledger.execute("SELECT url FROM frontier WHERE id = ?", (row,)).fetchone()
        return urlsplit(url).scheme in host.closed

    def _give_up(self, host: Host, why: str) -> None:
        if not host.given_up:
            self.hosts.give_up(host, why)
            # The fault is the host's: what failed of it does not use up the runs in which an address may fail.
            self._ledger.execute("UPDATE frontier SET attempts = 0 WHERE host = ? AND state = 3", (host.name,))

    def _peek(self, host: Host) -> bool:
        """Whether an address of the host may be fetched now."""
        if host.given_up:
            return False
        if not host.fresh:
            host.rows.clear()
        if not host.rows and (not host.fresh or host.retries):
            self._load(host)
        # What is tried again (it has a time before which it is not to be fetched) was counted at its first try.
        while host.rows and not host.rows[0][9] and self._enough(host.rows[0][3], host.rows[0][2], host.rows[0][11]):
            row = host.rows.popleft()
            self._asked[row[2], row[3] == Role.ARTICLE] += 0  # known from now on, where the limit is none at all
            if not host.rows:
                self._load(host)
        return bool(host.rows)

    def _load(self, host: Host) -> None:
        self._read(host)
        while self._tombstones and host.rows:
            kept = [row for row in host.rows if not self._is_down(row[0], row[1], row[2])]
            all_down = not kept
            host.rows.clear()
            host.rows.extend(kept)
            if not all_down:
                break
            self._read(host)

    def _is_down(self, row: int, url: str, outlet: str) -> bool:
        """Whether an address was taken down: then it is refused."""
        stone = self._tombstones.at(url, outlet)
        if stone is not None:
            logger.log(logging.WARNING if self.on_demand else logging.INFO, "not fetched: %s was %s", url, stone)
            self.fail(row, str(stone), refused=True)
        return stone is not None

    def _read(self, host: Host) -> None:
        outlets = {outlet for outlet, _ in self._asked}
        full = [outlet for outlet in outlets if self._enough(Role.ARTICLE, outlet, None)]
        looked = [outlet for outlet in outlets if self._enough(Role.ARTICLE, outlet, 0.0)]
        read = [outlet for outlet in outlets if self._enough(Role.SECTION, outlet, None)]
        host.rows.extend(
            self._ledger.execute(
                "SELECT id, url, outlet, role, method, source_url, title, date, depth, not_before, key, seen, etag,"
                " modified FROM frontier"
                " WHERE host = ? AND state = 0 AND not_before <= ?"
                f" AND {_SCHEME} NOT IN ({', '.join('?' * len(host.closed))})"
                " AND NOT (not_before = 0 AND role = 'article' AND seen IS NULL"
                f" AND outlet IN ({', '.join('?' * len(full))}))"
                " AND NOT (not_before = 0 AND role = 'article' AND seen IS NOT NULL"
                f" AND outlet IN ({', '.join('?' * len(looked))}))"
                " AND NOT (not_before = 0 AND role IN ('section', 'sitemap')"
                f" AND outlet IN ({', '.join('?' * len(read))}))"
                " ORDER BY rank DESC, id LIMIT ?",
                (host.name, self._now(), *host.closed, *full, *looked, *read, BATCH),
            )
        )
        host.fresh = True

    def _enough(self, role: str, outlet: str, seen: float | None) -> bool:
        """Whether an outlet has had its share of new articles, of looks at known ones, or of listings."""
        kind = _kind(role, seen)
        return kind is not None and self._asked[outlet, kind] >= (
            self._listings(outlet) if kind == "listing" else self._pages(outlet)
        )

    def _take(self, host: Host) -> Request:
        (row, url, outlet, role, method, source_url, title, date, depth, not_before, key, seen, etag,
         modified) = host.rows.popleft()  # fmt: skip
        if not host.rows:
            host.fresh = False
        self._ledger.execute("UPDATE frontier SET state = 1 WHERE id = ?", (row,))
        host.retries.discard(row)
        host.flying.add(row)
        if not not_before and (kind := _kind(role, seen)) is not None:
            self._asked[outlet, kind] += 1
        candidate = Candidate(
            url=url, role=Role(role), method=method, outlet=outlet, source_url=source_url, title=title, date=date,
            depth=depth,
        )  # fmt: skip
        if seen is not None:
            self._anew.add(key)
        if self._schedule is not None:
            self._schedule.asked(row, key, candidate, seen)
        headers = {}
        if (etag or modified) and self._schedule is not None and self._schedule.asked_in_full(url, role):
            etag = modified = None
        if etag:
            headers["If-None-Match"] = etag
        if modified:
            headers["If-Modified-Since"] = modified
        meta = {"candidate": candidate, "frontier": (row, host.name), BODY_UNREAD: True}
        return Request(url, headers=headers, meta=meta, errback=self._told, dont_filter=True)

    def _told(self, failure: Any) -> None:
        """Why an address failed has been logged and kept by the time that Scrapy asks what to do.

        Not so if a middleware of the user's own failed: then the host is still held, and the address taken.
        """
        row, name = failure.request.meta["frontier"]
        if row in self.hosts[name].flying:
            logger.error("a middleware failed on %s", failure.request.url, exc_info=failure.value)
            self._drop(row, name, f"{type(failure.value).__name__}: {failure.value}")

    def _drop(self, row: int, name: str, reason: str) -> None:
        """End a request that came to no end: what is not in the archive is tried again."""
        (state,) = self._ledger.execute("SELECT state FROM frontier WHERE id = ?", (row,)).fetchone()
        if state == State.TAKEN:
            self.retry(row, name, reason)
        self.release(row, name, failed=True)

    def wake(self) -> None:
        """Have the engine ask at once: addresses were added outside of its own turns."""
        self._call_later(0.0)

    def failures(self) -> list[tuple[str, str]]:
        """Addresses that were given up in this run, and why."""
        sql = "SELECT url, reason FROM frontier WHERE state = 3 AND not_before >= ? ORDER BY id"
        return self._ledger.execute(sql, (self._since,)).fetchall()

    def _sleep(self) -> None:
        """Have the engine ask again when the next host is ready."""
        at = self.hosts.next_turn
        if at is None:
            return
        alarm: Any = self._alarm
        if alarm is not None and alarm.active():
            alarm.cancel()
        self._alarm = self._call_later(max(0.0, at - self._clock()))
