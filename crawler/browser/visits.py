"""Which pages of a crawl are opened in the browser, when, and what is kept of it.

Scrapy calls ``Visits`` an extension. With ``BROADSHEET_BROWSER_MODE`` ``always``, every page is visited; with ``auto``,
those in which hardly any text was found. A page is visited when it has its outcome, so that what the plain page holds
is known; what the browser made of it is a capture of its own, behind it in the archive.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.exceptions import DontCloseSpider, NotConfigured
from twisted.internet import task

from crawler import signals as ours
from crawler.browser.find import BrowserMissing, find_browser
from crawler.browser.page import Seen, brief, language_of, look
from crawler.browser.route import Bounds, Traffic
from crawler.browser.session import HEIGHT, MOST_VISITS, WIDTH, BrowserFailed, Session
from crawler.browser.wire import BROWSER, Wire
from crawler.fetch.outcome import candidate_of
from pipelines import clock
from pipelines.archive.digests import sha1
from pipelines.archive.reader import PAGE_TYPES, open_capture
from pipelines.archive.writer import Rendering, target_uri
from pipelines.errors import ArchiveError, CaptureError, ConfigError, DiskFullError
from pipelines.flow.files import VISITS
from pipelines.model import Candidate, CaptureRef, Change, Outcome, Provenance, Rejection, Role
from pipelines.records.jsonl import DISK_FULL

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl

logger = logging.getLogger(__name__)

AUTO, ALWAYS = "auto", "always"

WANTING = ("empty-shell", "no-text")
"""Outcomes of pages that may have been meant for a browser."""

PICTURES = "screenshots"
"""In the folder of the run."""

LOOK_ROUND = 0.25
"""Seconds between two looks whether the crawl waits for the visits only."""

FAILURES = 3
"""Starts of a browser that fail in a row, after which no more are tried."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """What came of opening a page in the browser."""

    url: str
    dom: CaptureRef | None = None
    """The rendered page, a capture like others."""
    same_as: str | None = None
    """The record that holds the same DOM, of an earlier visit: then nothing was written."""
    screenshot: str | None = None
    """Name of the picture's file, below the folder of the run."""
    height: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    """How many were ``fetched``, ``archived`` already, ``failed``, ``refused``; ``bytes`` handed to the browser."""
    missing: list[tuple[str, str]] = field(default_factory=list)
    """What the page asked for and did not get whole, and why."""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> dict[str, Any]:
        """As ``browser.jsonl`` has it."""
        return {
            "url": self.url,
            "dom": self.dom.record_id if self.dom else self.same_as,
            "same": self.same_as is not None,
            "screenshot": self.screenshot,
            "height": self.height or None,
            "requests": dict(self.requests),
            "missing": [list(each) for each in self.missing],
            "notes": self.notes,
            "seconds": round(self.seconds, 3),
        }


class Browser:
    """The browsers of a crawl, started when they are needed: as many as pages may be open at a time."""

    def __init__(self, crawler: Crawler, executable: Path) -> None:
        settings = crawler.settings
        self._crawler, self._executable = crawler, executable
        self.pages = max(1, settings.getint("BROADSHEET_BROWSER_PAGES", 2))
        self._sandbox = settings.getbool("BROADSHEET_BROWSER_SANDBOX", True)
        self._bounds = Bounds(
            seconds=settings.getfloat("BROADSHEET_BROWSER_SECONDS", 60.0),
            requests=settings.getint("BROADSHEET_BROWSER_REQUESTS", 1000),
            bytes=settings.getint("BROADSHEET_BROWSER_BYTES", 200_000_000),
        )
        self.wire = Wire(crawler)
        self.version: str | None = None
        self._driver: Any = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(self.pages)
        self._free: list[Session] = []
        self._all: set[Session] = set()
        self._failures = 0
        self._serial: int | None = None

    @property
    def _crawl(self) -> Crawl:
        crawl: Crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        return crawl

    async def visit(self, url: str, page: CaptureRef | None, candidate: Candidate) -> Visit:
        """Open a page, archive what it loads and what it looks like. ``page`` is its plain capture, which then is not
        fetched again. Raises ``BrowserFailed``, and ``CaptureError`` if what was seen cannot be kept."""
        begun = time.monotonic()
        async with self._places:
            session = await self._take()
            try:
                provenance, language = self._about(page, candidate)
                traffic = Traffic(
                    wire=self.wire,
                    url=url,
                    bounds=self._bounds,
                    page=self.wire.read(page) if page is not None else None,
                    outlet=candidate.outlet,
                    depth=candidate.depth,
                )
                async with session.page(traffic, locale=language) as opened:
                    seen = await look(opened, traffic)
                visit = Visit(url=url, requests=traffic.counts, missing=traffic.missing, notes=traffic.notes)
                if seen.dom is not None and not self.wire.stopping:
                    self._keep(visit, seen, provenance, page, session)
            finally:
                await self._give_back(session)
        visit.seconds = time.monotonic() - begun
        return visit

    async def close(self) -> None:
        """End all browsers."""
        for session in list(self._all):
            await session.close()
        self._all.clear()
        self._free.clear()
        if self._driver is not None:
            driver, self._driver = self._driver, None
            try:
                await asyncio.wait_for(driver.stop(), 10)
            except Exception as error:
                logger.debug("the browser's driver did not stop: %s", brief(error))

    # ------------------------------------------------------------------ browsers

    async def _take(self) -> Session:
        while self._free:
            session = self._free.pop()
            if session.alive:
                return session
            self._all.discard(session)
        async with self._starting:
            if self._failures >= FAILURES:
                raise BrowserFailed("the browser could not be started several times")
            try:
                if self._driver is None:
                    from playwright.async_api import async_playwright

                    self._driver = await async_playwright().start()
                session = await Session.start(
                    self._driver,
                    self._executable,
                    agent=self._crawler.settings["USER_AGENT"],
                    sandbox=self._sandbox,
                )
            except BrowserFailed:
                self._failures += 1
                raise
            except Exception as error:
                self._failures += 1
                raise BrowserFailed(f"the browser's driver could not be started: {brief(error)}") from error
        self._failures = 0
        self.version = session.version
        self._all.add(session)
        return session

    async def _give_back(self, session: Session) -> None:
        if session.alive and session.visits < MOST_VISITS and not self.wire.stopping:
            self._free.append(session)
        else:
            self._all.discard(session)
            await session.close()

    # ------------------------------------------------------------------ what is kept

    def _about(self, page: CaptureRef | None, candidate: Candidate) -> tuple[Provenance, str]:
        """How the page was found, as the archive has it, and the language that it declares."""
        crawl = self._crawl
        if page is not None:
            capture = open_capture(crawl.live.folder, page)
            answer = self.wire.read(page)
            language = language_of(answer.body if answer else b"")
            return replace(capture.provenance, method=BROWSER, fetch_ms=None), language
        was = candidate
        provenance = Provenance(
            job=crawl.job.name, run=crawl.live.name, outlet=was.outlet, role=was.role, method=BROWSER,
            source_url=was.source_url, title=was.title, date=was.date, depth=was.depth,
        )  # fmt: skip
        return provenance, language_of(b"")

    def _keep(
        self, visit: Visit, seen: Seen, provenance: Provenance, page: CaptureRef | None, session: Session
    ) -> None:
        assert seen.dom is not None
        visit.same_as = self._seen_before(visit.url, seen.dom)
        if visit.same_as is not None:
            return
        about = {
            "software": f"Chromium/{session.version}",
            "viewport": f"{WIDTH}x{HEIGHT}",
            "http-header-user-agent": session.agent,
            "description": "made by a browser from archived responses; not received from the server",
        }
        if seen.picture is not None:
            visit.screenshot = self._picture(visit.url, seen.picture)
            visit.height = seen.height
            about["screenshot"] = visit.screenshot
        made = Rendering(url=visit.url, made=clock.utcnow(), dom=seen.dom, picture=seen.picture, about=about)
        pending = self._crawl.live.run.rendered(made, provenance, page=page.record_id if page else None)
        visit.dom = pending.ref

    def _seen_before(self, url: str, dom: bytes) -> str | None:
        """The record of the last visit to a page, if it showed the same DOM."""
        row = self._crawl.live.ledger.execute(
            "SELECT record_id, payload_digest FROM capture WHERE url = ? AND type = 'resource'"
            " ORDER BY id DESC LIMIT 1",
            (target_uri(url),),
        ).fetchone()
        return row[0] if row is not None and row[1] == sha1(dom) else None

    def _picture(self, url: str, picture: bytes) -> str:
        """Put a picture into its file; gives its name."""
        folder = self._crawl.live.folder / PICTURES
        try:
            folder.mkdir(exist_ok=True)
            if self._serial is None:
                taken = [int(path.name[:5]) for path in folder.glob("[0-9]" * 5 + "-*.png")]
                self._serial = max(taken, default=0)
            self._serial += 1
            host = re.sub(r"[^a-z0-9.-]", "_", (urlsplit(url).hostname or "").lower())[:100]
            name = f"{self._serial:05d}-{host}.png"
            (folder / name).write_bytes(picture)
        except OSError as error:
            kind = DiskFullError if error.errno in DISK_FULL else CaptureError
            raise kind(f"the picture of {url} could not be written: {error}") from error
        return f"{PICTURES}/{name}"


class Visits:
    """The visits of a crawl, as ``crawler.broadsheet_visits``."""

    def __init__(self, crawler: Crawler, mode: str, browser: Browser | None, missing: str | None) -> None:
        self.crawler, self.mode, self.browser, self.missing = crawler, mode, browser, missing
        self._waiting: deque[tuple[str, CaptureRef]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = False
        self._timer = task.LoopingCall(self._look_round)
        self.done = 0
        self.failed: list[tuple[str, str]] = []
        """Pages that could not be visited, and why."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Visits:
        mode = crawler.settings.get("BROADSHEET_BROWSER_MODE")
        if not mode:
            raise NotConfigured
        if mode not in (AUTO, ALWAYS):
            raise ConfigError(f"--browser takes {AUTO} or {ALWAYS}, not {mode!r}")
        browser = missing = None
        try:
            browser = Browser(crawler, find_browser(crawler.settings))
        except BrowserMissing as error:
            if mode == ALWAYS:
                raise
            missing = str(error)
            logger.warning("pages that need a browser are archived without: %s", missing)
        visits = cls(crawler, mode, browser, missing)
        crawler.broadsheet_visits = visits  # type: ignore[attr-defined]
        crawler.signals.connect(visits.opened, signals.spider_opened)
        crawler.signals.connect(visits.settled, ours.settled)
        crawler.signals.connect(visits.idle, signals.spider_idle)
        crawler.signals.connect(visits.closed, signals.spider_closed)
        if browser is not None:
            crawler.signals.connect(browser.wire.captured, ours.captured)
        return visits

    @property
    def _crawl(self) -> Crawl:
        crawl: Crawl = self.crawler.broadsheet  # type: ignore[attr-defined]
        return crawl

    @property
    def busy(self) -> bool:
        """Whether pages are being visited, or wait for it."""
        return bool(self._waiting or self._tasks)

    def opened(self, spider: Spider) -> None:
        self._open = True
        self._timer.start(LOOK_ROUND, now=False)
        self._crawl.reports.append(self.report)
        if self._crawl.live.resumed:
            self._waiting.extend(self._unfinished())
        self._go_on()

    def settled(self, outcome: Outcome, change: Change | None) -> None:
        """A page has its outcome: it may be one to visit."""
        http = outcome.http
        if not self._open or outcome.warc.type == "resource" or http is None or http.status not in (200, 304):
            return
        if http.mime is not None and not http.mime.startswith(PAGE_TYPES):
            return
        reason = outcome.reason if isinstance(outcome, Rejection) else "article"
        warc = outcome.warc
        ref = CaptureRef(
            filename=warc.filename, offset=warc.offset, length=warc.length, record_id=warc.record_id, url=outcome.url,
            date=warc.date, type=warc.type, payload_digest=warc.payload_digest, refers_to=warc.refers_to,
        )  # fmt: skip
        if self._wanted(outcome.url, reason):
            self._waiting.append((outcome.url, ref))
            self._go_on()

    def _wanted(self, url: str, reason: str) -> bool:
        if self.mode == ALWAYS:
            return True
        if reason == "revisit":  # what it was when it was new
            sql = (
                "SELECT outcome FROM capture WHERE url = ? AND type = 'response' AND status = 200"
                " AND outcome IS NOT NULL ORDER BY id DESC LIMIT 1"
            )
            row = self._crawl.live.ledger.execute(sql, (url,)).fetchone()
            reason = row[0] if row else ""
        return reason in WANTING

    def _unfinished(self) -> list[tuple[str, CaptureRef]]:
        """Pages that an earlier process of this run has settled, and not visited to the end."""
        rows = self._crawl.live.ledger.execute(
            "SELECT filename, offset, length, record_id, url, date, type, payload_digest, refers_to, outcome"
            " FROM capture c WHERE run = ? AND outcome IS NOT NULL AND role = ? AND type != 'resource'"
            " AND status IN (200, 304) AND NOT EXISTS"
            " (SELECT 1 FROM capture WHERE run = c.run AND url = c.url AND type = 'resource')",
            (self._crawl.live.run.number, str(Role.ARTICLE)),
        ).fetchall()
        names = ("filename", "offset", "length", "record_id", "url", "date", "type", "payload_digest", "refers_to")
        found = {}
        for row in rows:
            ref = CaptureRef(**dict(zip(names, row[:9], strict=True)))
            if self._wanted(ref.url, row[9]):
                found[ref.url] = ref
        return list(found.items())

    def idle(self, spider: Spider) -> None:
        """Nothing waits to be fetched: let pages that were held back have their outcome, and end the visits first."""
        crawl = self._crawl
        if crawl.failure is not None or not self._open:
            return
        if not crawl.live.run.parsing and crawl.live.run.hurry():
            raise DontCloseSpider
        if self.busy:
            raise DontCloseSpider

    def _look_round(self) -> None:
        """Scrapy itself asks only every 5 seconds whether a spider is idle."""
        engine = self.crawler.engine
        if engine is not None and engine._slot is not None and engine._slot.closing is None and engine.spider_is_idle():
            self._crawl.frontier.wake()

    def _go_on(self) -> None:
        while self._waiting and len(self._tasks) < (self.browser.pages if self.browser else 1):
            url, ref = self._waiting.popleft()
            task = asyncio.ensure_future(self._visit(url, ref))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._open:
            self._go_on()

    async def _visit(self, url: str, ref: CaptureRef) -> None:
        try:
            capture = open_capture(self._crawl.live.folder, ref)
        except ArchiveError as error:
            self._fail(url, str(error))
            return
        mime = (capture.header("content-type") or "text/html").strip().lower()
        if capture.provenance.role is not Role.ARTICLE or not mime.startswith(PAGE_TYPES):
            return
        if self.browser is None:
            self._fail(url, self.missing or "")
            return
        if self.browser.wire.stopping:
            return
        try:
            visit = await self.browser.visit(url, ref, candidate_of(capture))
        except CaptureError as error:
            self._crawl.unkept(error)
            self._fail(url, str(error))
        except Exception as error:
            if not self.browser.wire.stopping:
                logger.debug("while %s was visited", url, exc_info=True)
                self._fail(url, str(error) if isinstance(error, BrowserFailed) else brief(error))
        else:
            self._take(visit)

    def _take(self, visit: Visit) -> None:
        stats = self.crawler.stats
        assert stats is not None
        if visit.dom is None and visit.same_as is None:
            if self._open:
                self._fail(visit.url, "; ".join(visit.notes) or "nothing was seen")
            return
        self.done += 1
        stats.inc_value("broadsheet/browser/pages")
        for name, number in visit.requests.items():
            stats.inc_value(f"broadsheet/browser/{name}", number)
        self._write(visit.line())
        if visit.missing:
            logger.info("%s: %d of what it asks for could not be had", visit.url, len(visit.missing))

    def _fail(self, url: str, why: str) -> None:
        self.failed.append((url, why))
        logger.warning("not opened in the browser: %s: %s", url, why)
        self._write({"url": url, "dom": None, "failed": why})

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            with (self._crawl.live.folder / VISITS).open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            logger.warning("a line of %s could not be written: %s", VISITS, error)

    async def closed(self, spider: Spider, reason: str) -> None:
        self._open = False
        if self._timer.running:
            self._timer.stop()
        self._waiting.clear()
        if self.browser is not None:
            await self.browser.close()

    # ------------------------------------------------------------------ what run.json says

    def report(self) -> dict[str, Any]:
        """For ``run.json``: over all processes of the run."""
        folder = self._crawl.live.folder
        visits = {line["url"]: line for line in read_lines(folder / VISITS)}
        shown = [line for line in visits.values() if line.get("dom")]
        requests: Counter[str] = Counter()
        for line in shown:
            requests.update(line["requests"])
        return {
            "browser": {
                "mode": self.mode,
                "software": f"Chromium/{self.browser.version}" if self.browser and self.browser.version else None,
                "unavailable": self.missing,
                "pages": len(shown),
                "failed": len(visits) - len(shown),
                "requests": dict(sorted(requests.items())),
                "screenshots": [
                    {"name": line["screenshot"], "url": line["url"]} for line in shown if line.get("screenshot")
                ],
            }
        }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The visits that a run has noted; a line that a kill has torn is left out."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "url" in value:
            found.append(value)
    return found
