"""One crawl: the run it writes, the frontier it empties, and its honest end.

Scrapy calls it an extension. It opens the job (lock, ledger, archive), takes every exchange from the wire into
the run, commits in groups, and settles and seals when the spider closes.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import scrapy
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, NotConfigured
from twisted.internet import task
from twisted.internet.interfaces import IDelayedCall

from crawler.discovery import Discovered
from crawler.fetch.framing import Head
from crawler.fetch.frontier import LISTINGS, Frontier, validator
from crawler.fetch.outcome import BESIDE, TDMREP, candidate_of, candidates_in, wanted
from crawler.fetch.parse import parse_page
from crawler.fetch.requisites import Requisites
from crawler.fetch.robots import RobotsCache
from crawler.fetch.schedule import SOURCES, Schedule
from crawler.fetch.tdmrep import TdmFiles
from crawler.fetch.wire import head_of
from crawler.jobs import Job, Limits, Outlet
from crawler.signals import captured, settled
from crawler.spiders.base import JobSpider
from crawler.status import ExitStatus
from crawler.watch.report import counts
from crawler.watch.tally import Tallies
from pipelines import VERSION, clock
from pipelines.errors import BroadsheetError, CaptureError, DiskFullError
from pipelines.flow.live import open_run
from pipelines.flow.parse import Parsed
from pipelines.flow.run import Hooks
from pipelines.model import (
    ONWARD,
    Candidate,
    CaptureRef,
    Change,
    Exchange,
    HostSignals,
    Outcome,
    Provenance,
    Rejection,
    Role,
)
from pipelines.records.jsonl import DISK_FULL
from pipelines.records.tombstones import Tombstones
from pipelines.text.hostfiles import origin_of, with_tdm

logger = logging.getLogger(__name__)

COMMIT_SECONDS, COMMIT_CAPTURES = 0.5, 64
"""A group commit falls due after so long or so many captures. An fsync costs 1 to 20 ms; what a power cut
takes is at most the captures since the last one, which are then fetched again."""


REPORTED = (
    "USER_AGENT", "ROBOTSTXT_OBEY", "BROADSHEET_TDMREP", "BROADSHEET_DELAY", "BROADSHEET_CONNECTIONS",
    "DOWNLOAD_TIMEOUT", "DOWNLOAD_MAXSIZE", "DOWNLOAD_VERIFY_CERTIFICATES", "ALLOW_PRIVATE_ADDRESSES",
)  # fmt: skip
"""Settings that ``run.json`` names: those that decide what is fetched and how."""

MISFITS = 3
"""Captures in a row that find no room, after which the disk counts as full: one large page is no reason to stop."""


class Crawl:
    """The crawl in progress, as ``crawler.broadsheet``."""

    def __init__(self, crawler: Crawler, job: Job) -> None:
        """Open the job. Raises ``BusyError``, ``LedgerError`` or ``CaptureError``."""
        settings = crawler.settings
        self.crawler, self.job = crawler, job
        self.started = clock.now()
        self.status: ExitStatus | None = None
        self.failure: BaseException | None = None
        self.failures: list[tuple[str, str]] = []
        self.reports: list[Callable[[], Mapping[str, Any]]] = []
        """Called when the run is complete and its records are written: what they give stands in ``run.json``."""
        self._uncommitted = 0
        self._misfits = 0
        self._unkept: CaptureError | None = None
        """Why something that was fetched is not in the archive, if that happened."""
        self._running = False
        self._closing: asyncio.Future[None] | None = None
        self._timer = task.LoopingCall(self._commit)
        spider: Any = crawler.spider
        self._outlet: Callable[[str | None, Role], Outlet | None] = spider.outlet
        self.live = open_run(
            Path(job.output) / job.name,
            info={
                "software": f"broadsheet/{VERSION} scrapy/{scrapy.__version__}",
                "operator": job.contact or settings["BROADSHEET_CONTACT"] or "",
                "http-header-user-agent": settings["USER_AGENT"],
                "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
                "isPartOf": job.name,
            },
            workers=settings.getint("BROADSHEET_WORKERS"),
            seconds=settings.getfloat("BROADSHEET_PARSE_SECONDS"),
            megabytes=settings.getint("BROADSHEET_PARSE_MEGABYTES"),
            max_bytes=settings.getint("BROADSHEET_WARC_BYTES"),
            max_disk=settings.getint("BROADSHEET_MAX_DISK"),
            preload=("crawler.fetch.parse",),
            hooks=Hooks(
                parser=parse_page,
                discover=self._searched,
                discovered=self.discovered,
                settled=self.settled,
                failed=self.stop,
            ),
        )
        try:
            self._prepare()
        except BaseException as error:
            self.live.run.failure = self.live.run.failure or CaptureError(f"the crawl could not begin: {error}")
            self.live.close()  # of a run that failed, nothing is committed
            raise

    def _prepare(self) -> None:
        """Make the frontier from the open run."""
        job, settings = self.job, self.crawler.settings
        ledger = self.live.ledger
        self.robots = RobotsCache()
        self.robots.restore(ledger.execute("SELECT * FROM robots").fetchall())
        self.tdm_files = TdmFiles(ledger)
        self.run_started = since = self._run_started()
        self.requisites = Requisites(ledger)
        self.schedule = Schedule(ledger, limits=self._limits, now=clock.now, since=since)
        self.frontier = Frontier(
            ledger,
            delay=lambda host: job.delay(host, settings.getfloat("BROADSHEET_DELAY")),
            per_host=lambda host: job.concurrency(host, settings.getint("BROADSHEET_CONNECTIONS")),
            pages=lambda outlet: limits.pages if (limits := self._limits(outlet)) else sys.maxsize,
            listings=lambda outlet: sys.maxsize if self._backfills(outlet) else LISTINGS,
            call_later=self._call_later,
            since=since,
            schedule=self.schedule,
            on_demand=getattr(self.crawler.spider, "on_demand", True),
            longest_wait=settings.getfloat("BROADSHEET_LONGEST_WAIT"),
            requisite_delay=settings.getfloat("BROADSHEET_REQUISITE_DELAY"),
            tombstones=Tombstones.of(Path(job.output) / job.name),
        )
        self.frontier.rename(self.job.outlets)
        self._take_up()
        self.tallies = Tallies(ledger, self.live.run.number, self.frontier.counts)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Crawl:
        job = getattr(crawler.spider, "job", None)
        if job is None:
            raise NotConfigured("the spider has no job, so its pages are not kept")
        crawl = cls(crawler, job)
        crawler.broadsheet = crawl  # type: ignore[attr-defined]
        crawler.capture_sink = crawl.capture  # type: ignore[attr-defined]
        crawler.signals.connect(crawl.opened, signals.spider_opened)
        crawler.signals.connect(crawl.idle, signals.spider_idle)
        crawler.signals.connect(crawl.closed, signals.spider_closed)
        return crawl

    def _searched(self, provenance: Provenance) -> Outlet | None:
        """The outlet that addresses are looked for in a page for; None where they are not."""
        return None if provenance.method == TDMREP else self._outlet(provenance.outlet, provenance.role)

    def _limits(self, outlet: str) -> Limits | None:
        found = self._outlet(outlet, Role.ARTICLE)
        return found.limits if found is not None else None

    def _backfills(self, outlet: str) -> bool:
        limits = self._limits(outlet)
        return limits is not None and limits.backfill

    def _run_started(self) -> float:
        """When the run was begun: by this process, or by one before it."""
        sql = "SELECT started FROM run WHERE id = ?"
        (started,) = self.live.ledger.execute(sql, (self.live.run.number,)).fetchone()
        return datetime.fromisoformat(started).replace(tzinfo=UTC).timestamp()

    def _call_later(self, seconds: float) -> IDelayedCall | None:
        """Have Scrapy's engine look at the frontier again; by itself it does so every 5 seconds only.

        None if the engine has closed: pages may still come out of the parsers then.
        """
        slot = self.crawler.engine._slot
        if slot is None:
            return None
        from twisted.internet import reactor

        later: Any = reactor
        call: IDelayedCall = later.callLater(seconds, slot.nextcall.schedule)
        return call

    def _take_up(self) -> None:
        """Begin, if no process has yet. After a crash: what the archive holds need not be fetched again, what it lost
        must be."""
        self._begin()
        for url in self.live.lost:
            self.frontier.lost_url(url)
        for capture in self.live.recovered:
            if capture.provenance.method in BESIDE or not wanted(capture.status, capture.truncated):
                continue
            if capture.provenance.method in ONWARD:  # the page that sent us there may be among them, too
                self.frontier.add([candidate_of(capture)])
            self.frontier.recovered(capture)
        if self.live.resumed:
            self.schedule.wake(resumed=True)
        self.frontier.resume_counts(self.live.ledger.asked(self.live.run.number))

    def _begin(self) -> None:
        """Let wait what is due, once in a run; what is read for a span, once for that span.

        The ledger notes it in the same commit: a run that is killed before it has not begun, though it has a name.
        """
        ledger, number = self.live.ledger, self.live.run.number
        (begun,) = ledger.execute("SELECT status FROM run WHERE id = ?", (number,)).fetchone()
        backfills = {
            each.name: f"{each.name} {each.limits.since}/{each.limits.until}"
            for each in self.job.outlets
            if each.limits.backfill
        }
        begins = " ".join(["begun", *backfills.values()])
        if begun is None:
            self.frontier.begin()
        if begun != begins:
            for outlet in backfills:
                self.schedule.wake_sources(outlet)
            ledger.execute("UPDATE run SET status = ? WHERE id = ?", (begins, number))

    def opened(self, spider: Spider) -> None:
        self._timer.start(COMMIT_SECONDS, now=False)
        self._running = True
        if self.job.outlets:
            self.frontier.leave_others(self.job.outlets)
        for outlet in filter(self._backfills, (each.name for each in self.job.outlets)):
            self.frontier.leave_out(outlet, self.job.outlet(outlet).limits)
        if self.failure is not None:
            self._close_engine()

    # ------------------------------------------------------------------ the way of a page

    def capture(self, exchange: Exchange, request: Request) -> asyncio.Future[Parsed] | None:
        """Take an exchange from the wire into the archive. The future is done when the page has been parsed.

        What is no HTTP response cannot stand in a response record: it is told in the log, and its address fails.
        """
        head = head_of(exchange)
        if head is None:
            exchange.response.close()
            logger.warning(
                "no HTTP response from %s, nothing is archived: %d bytes", request.url, exchange.response_length
            )
            return None
        candidate: Candidate | None = request.meta.get("candidate")
        provenance = Provenance(
            job=self.job.name,
            run=self.live.name,
            outlet=candidate.outlet if candidate else None,
            role=candidate.role if candidate else Role.ARTICLE,
            method=candidate.method if candidate else "spider",
            source_url=candidate.source_url if candidate else None,
            title=candidate.title if candidate else None,
            date=candidate.date if candidate else None,
            depth=candidate.depth if candidate else 0,
            fetch_ms=round(exchange.elapsed * 1000),
            signals=self._signals(exchange.url, candidate) if head.status == 200 else None,
        )
        try:
            # Listings that a backfill reads again are read for another span: they must be there to be read.
            fresh = provenance.role in SOURCES and self._backfills(provenance.outlet or "")
            taken = self.live.run.capture(exchange, provenance, fresh=fresh)
        finally:
            exchange.response.close()
        if "frontier" in request.meta and wanted(head.status, exchange.truncated):
            whole = exchange.truncated is None
            validators = (_value(head, b"etag"), _value(head, b"last-modified")) if whole else (None, None)
            self.frontier.captured(request.meta["frontier"][0], head.status, validators)
            if taken.ref.type == "revisit" and self.frontier.on_demand:  # nothing is looked for in it
                self.frontier.ask_again(self.requisites.needed(exchange.url))
        self.crawler.signals.send_catch_log(captured, ref=taken.ref, provenance=provenance, status=head.status)
        self._misfits = 0
        self.crawler.stats.inc_value("broadsheet/captures")
        self.tallies.of(provenance.outlet).fetched += 1
        self._uncommitted += 1
        if self._uncommitted >= COMMIT_CAPTURES:
            self._commit()
        return taken.parsed

    def _signals(self, url: str, candidate: Candidate | None) -> HostSignals | None:
        """What the host's files say of a page that may be an article; None where nothing is known of them."""
        if candidate is None or candidate.role not in (Role.ARTICLE, Role.SECTION):
            return None
        settings, found = self.crawler.settings, None
        if settings.getbool("ROBOTSTXT_OBEY") and (policy := self.robots.stale(url)) is not None:
            found = policy.signals(url, settings.get("ROBOTSTXT_USER_AGENT") or settings["USER_AGENT"])
        tdm = self.tdm_files.of(origin_of(url))
        return found if tdm is None else with_tdm(found or HostSignals(), tdm, url)

    def discovered(self, ref: CaptureRef, provenance: Provenance, found: Discovered) -> None:
        """Put what a page leads to into the frontier."""
        outlet = self._outlet(provenance.outlet, provenance.role)
        if outlet is not None and outlet.limits.requisites:
            found = self.requisites.note(ref.url, found, outlet.limits.requisites)
        added = self.frontier.add(candidates_in(ref, found, outlet))
        self.crawler.stats.inc_value("broadsheet/found", added)
        if not any(each.role is Role.ARTICLE for each in found.candidates):
            self.frontier.tells_nothing(ref.url)
        for note in found.notes:
            logger.debug("%s: %s", ref.url, note)
        if added:
            self.frontier.wake()

    def settled(self, outcome: Outcome, change: Change | None = None) -> None:
        reason = outcome.reason if isinstance(outcome, Rejection) else "article"
        self.tallies.settled(outcome.outlet, reason)
        self.crawler.stats.inc_value(f"broadsheet/outcome/{reason}")
        self.schedule.settled(outcome, change)
        self.crawler.signals.send_catch_log(settled, outcome=outcome, change=change)

    # ------------------------------------------------------------------ durability and the end

    def _commit(self) -> None:
        try:
            if self.failure is None:
                self.live.run.commit()
            self._uncommitted = 0
        except CaptureError as error:
            self.stop(error)

    def unkept(self, error: CaptureError) -> None:
        """Note that something that was fetched is not in the archive; it is fetched again by the next start."""
        if error is self._unkept:  # told by each page that waited for the same robots.txt
            return
        self._unkept = error
        self._misfits += 1
        if self.live.run.failure or self._misfits >= MISFITS:
            self.stop(error)

    def stop(self, error: BroadsheetError) -> None:
        """End the crawl because what is fetched cannot be kept."""
        if self.failure is None:
            self.failure = error
            logger.error("stopping: %s", error)
            if self._running:
                self._close_engine()

    def _close_engine(self) -> None:
        self.frontier.stopped = True
        reason = "disk-full" if isinstance(self.failure, DiskFullError) else "capture-error"
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def idle(self, spider: Spider) -> None:
        if self.live.run.parsing and not self.live.run.failure:
            raise DontCloseSpider

    async def closed(self, spider: Spider, reason: str) -> None:
        """Settle, seal and report. An interrupted run is only made durable: the next start goes on with it.

        So it is with one in which a page found no room: it is complete when that page is in it.
        """
        self._running = False
        if self._timer.running:
            self._timer.stop()
        try:
            if reason == "finished":
                self.failure = self.failure or self._unkept
            self.failures = list(getattr(spider, "unusable", []))
            self.failures += self.frontier.failures()
            if self.failure is None and reason == "finished":
                await self.live.run.drain()
                self.failures += spider.ended(self) if isinstance(spider, JobSpider) else []
            if self.failures:
                lines = "".join(f"{url}\t# {' '.join(reason.split())}\n" for url, reason in self.failures)
                (self.live.folder / "failures.txt").write_text(lines, "utf-8", "replace")
            if self.failure is None and reason == "finished":
                self.live.ledger.execute("DELETE FROM robots")
                for row in self.robots.rows():
                    if row[2] == "disallow-all" and not row[5]:
                        continue  # it could not be had, and nobody asked for patience: the next run tries at once
                    if row[0] in self.robots.closed:  # the next run looks whether it still is
                        row = (row[0], 0.0, *row[2:])
                    self.live.ledger.execute("INSERT INTO robots VALUES (?, ?, ?, ?, ?, ?)", row)
                self.schedule.settle_sources()
                await self.live.finish(self._report)
        except Exception as error:
            self._ended_by(error)
        finally:
            self._end(reason)

    def _ended_by(self, error: Exception) -> None:
        """Whatever keeps the run from its end, the exit status must tell."""
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            error = DiskFullError(str(error))
        elif not isinstance(error, BroadsheetError):
            logger.error("the run could not be ended", exc_info=error)
        self.failure = self.failure or error

    def _report(self) -> dict[str, Any]:
        """What ``run.json`` holds of the crawl."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "job": self.job.name,
            "counts": counts(self.tallies),
            "seconds": round(clock.now() - self.started, 3),
            "cpu_seconds": {"crawl": round(used.ru_utime + used.ru_stime, 3)},
            "settings": {name: self.crawler.settings[name] for name in REPORTED},
        } | {name: value for report in self.reports for name, value in report().items()}

    def _end(self, reason: str) -> None:
        try:
            self.live.close()
        except Exception as error:
            self._ended_by(error)
        if self.failure is not None:
            self.status = ExitStatus.of(self.failure)
        elif reason != "finished":
            self.status = ExitStatus.INTERRUPTED
        else:
            self.status = ExitStatus.PARTIAL if self.failures or self.frontier.given_up() else ExitStatus.COMPLETE

    def status_line(self) -> str:
        """How the crawl ended, for a person."""
        articles = f"{self.tallies.total().articles} articles"
        return {
            ExitStatus.COMPLETE: f"Complete: {articles}.",
            ExitStatus.PARTIAL: f"Ended: {articles}; some addresses could not be fetched.",
            ExitStatus.INTERRUPTED: f"Interrupted: {articles} so far. Start it again to go on.",
        }.get(ExitStatus.ERROR if self.status is None else self.status, f"Stopped: {self.failure}")


def _value(head: Head, name: bytes) -> str | None:
    return validator(next((value for key, value in head.fields if key.lower() == name), b"").decode("latin-1"))
