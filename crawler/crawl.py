"""One crawl: the run it writes, the frontier it empties, and its honest end.

Scrapy calls it an extension. It opens the job (lock, ledger, archive), takes every exchange from the wire into
the run, commits in groups, and settles and seals when the spider closes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from twisted.internet import task

from crawler.discovery import Discovered
from crawler.fetch.frontier import Frontier
from crawler.fetch.parse import parse_page
from crawler.jobs import Job, Outlet
from crawler.watch.report import summary, write_report
from pipelines.errors import BroadsheetError, BusyError, CaptureError, ConfigError, DiskFullError
from pipelines.flow.live import LiveRun, open_run
from pipelines.flow.parse import Parsed
from pipelines.flow.run import Hooks
from pipelines.model import Candidate, CaptureRef, Exchange, Outcome, Provenance, Role

logger = logging.getLogger(__name__)

COMMIT_SECONDS, COMMIT_CAPTURES = 0.5, 64
"""A group commit falls due after so long or so many captures. An fsync costs 1 to 20 ms; what a power cut
takes is at most the captures since the last one, which are then fetched again."""


class ExitStatus(IntEnum):
    """How a crawl ended; the exit status of ``scrapy crawl`` and ``scrapy archive``."""

    COMPLETE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    """Ended, but some addresses could not be fetched."""
    DISK_FULL = 4
    BUSY = 5
    """Another run of the job is working."""
    INTERRUPTED = 6
    """Stopped by a signal or a limit of Scrapy's; start again to go on."""

    @classmethod
    def of(cls, error: BaseException | None) -> ExitStatus:
        """The status that tells of an error."""
        kinds = {DiskFullError: cls.DISK_FULL, BusyError: cls.BUSY, ConfigError: cls.USAGE}
        return next((status for kind, status in kinds.items() if isinstance(error, kind)), cls.ERROR)


class JobSpider(Protocol):
    """What a spider must have for its pages to be kept."""

    job: Job

    def outlet(self, name: str) -> Outlet | None: ...


class Crawl:
    """The crawl in progress, as ``crawler.broadsheet``."""

    def __init__(self, crawler: Crawler, job: Job, run: LiveRun, frontier: Frontier) -> None:
        self.crawler, self.job, self.live, self.frontier = crawler, job, run, frontier
        self.started = time.time()
        self.status: ExitStatus | None = None
        self.failure: BaseException | None = None
        self._uncommitted = 0
        self._timer = task.LoopingCall(self._commit)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Crawl:
        """Open the job of the crawler's spider. Raises ``ConfigError``, ``BusyError`` or ``LedgerError``."""
        from twisted.internet import reactor

        spider: Any = crawler.spider
        job: Job = spider.job
        settings = crawler.settings

        def wake(seconds: float) -> Any:
            assert crawler.engine._slot is not None
            return reactor.callLater(seconds, crawler.engine._slot.nextcall.schedule)  # type: ignore[attr-defined]

        crawl: Crawl
        hooks = Hooks(
            parser=parse_page,
            discover=lambda provenance: spider.outlet(provenance.outlet),
            discovered=lambda ref, provenance, found: crawl.discovered(ref, provenance, found),
            settled=lambda outcome: crawl.settled(outcome),
        )
        live = open_run(
            Path(job.output) / job.name,
            job=job.name,
            operator=job.contact,
            user_agent=settings["USER_AGENT"],
            robots="obeyed" if settings.getbool("ROBOTSTXT_OBEY") else "ignored",
            workers=settings.getint("BROADSHEET_WORKERS"),
            seconds=settings.getfloat("BROADSHEET_PARSE_SECONDS"),
            megabytes=settings.getint("BROADSHEET_PARSE_MEGABYTES"),
            max_bytes=settings.getint("BROADSHEET_WARC_BYTES"),
            preload=("crawler.fetch.parse",),
            hooks=hooks,
        )
        frontier = Frontier(
            live.ledger,
            delay=lambda host: job.delay(host, settings.getfloat("DOWNLOAD_DELAY")),
            per_host=settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"),
            pages=job.pages,
            wake=wake,
        )
        crawl = cls(crawler, job, live, frontier)
        crawl._take_up()
        crawler.broadsheet = crawl  # type: ignore[attr-defined]
        crawler.capture_sink = crawl.capture  # type: ignore[attr-defined]
        crawler.signals.connect(crawl.opened, signals.spider_opened)
        crawler.signals.connect(crawl.idle, signals.spider_idle)
        crawler.signals.connect(crawl.closed, signals.spider_closed)
        return crawl

    def _take_up(self) -> None:
        """After a crash: what the archive holds need not be fetched again, what it lost must be."""
        for url in self.live.lost:
            self.frontier.lost_url(url)
        for ref in self.live.recovered:
            self.frontier.captured_url(ref.url)
        self.frontier.resume_counts(self.live.ledger.asked(self.live.run.number))
        if not self.live.resumed:
            self.frontier.again((Role.HOME, Role.FEED, Role.SITEMAP, Role.SECTION))

    def opened(self, spider: Spider) -> None:
        self._timer.start(COMMIT_SECONDS, now=False)

    # ------------------------------------------------------------------ the way of a page

    def capture(self, exchange: Exchange, request: Request) -> asyncio.Future[Parsed]:
        """Take an exchange from the wire into the archive. The future is done when the page has been parsed."""
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
        )
        try:
            parsed = self.live.run.capture(exchange, provenance)
            if "frontier" in request.meta:
                self.frontier.captured(request.meta["frontier"][0])
        except CaptureError as error:
            self.stop(error)
            raise
        self.crawler.stats.inc_value("broadsheet/captures")
        self._uncommitted += 1
        if self._uncommitted >= COMMIT_CAPTURES:
            self._commit()
        return parsed

    def discovered(self, ref: CaptureRef, provenance: Provenance, found: Discovered) -> None:
        """Put what a page leads to into the frontier."""
        added = self.frontier.add(found.candidates)
        self.crawler.stats.inc_value("broadsheet/found", added)
        for note in found.notes:
            logger.info("%s: %s", ref.url, note)
        if added:
            self.frontier.wake()

    def settled(self, outcome: Outcome) -> None:
        reason = getattr(outcome, "reason", "article")
        self.crawler.stats.inc_value(f"broadsheet/outcome/{reason}")

    # ------------------------------------------------------------------ durability and the end

    def _commit(self) -> None:
        try:
            self.live.run.commit()
            self._uncommitted = 0
        except CaptureError as error:
            self.stop(error)

    def stop(self, error: BroadsheetError) -> None:
        """End the crawl because what is fetched cannot be kept."""
        if self.failure is None:
            self.failure = error
            self.frontier.stopped = True
            logger.error("stopping: %s", error)
            reason = "disk-full" if isinstance(error, DiskFullError) else "capture-error"
            asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def idle(self, spider: Spider) -> None:
        if self.live.run.parsing and not self.live.run.failure:
            raise DontCloseSpider

    async def closed(self, spider: Spider, reason: str) -> None:
        """Settle, seal and report. An interrupted run is only made durable: the next start goes on with it."""
        if self._timer.running:
            self._timer.stop()
        try:
            if self.failure is None and reason == "finished":
                await self.live.finish(self._report)
                failed = self.live.ledger_failed
                self.status = ExitStatus.PARTIAL if failed or self.frontier.given_up() else ExitStatus.COMPLETE
            elif self.failure is None:
                self.status = ExitStatus.INTERRUPTED
        except BroadsheetError as error:
            self.failure = error
        finally:
            self.live.close()
        if self.failure is not None:
            self.status = ExitStatus.of(self.failure)
