"""The tdmrep.json of each host that articles are fetched from (docs/rights.md): asked for once a week at most.

It is asked for before the first article, so that every record knows of it, as a capture of its own. Whatever comes of
it, the article is fetched: a host that does not answer costs ``PATIENCE`` seconds of its own time, once a day.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.http import Response

from crawler.fetch.middleware import cut_of
from crawler.fetch.outcome import TDMREP, explained
from pipelines import clock
from pipelines.errors import CaptureError
from pipelines.model import Candidate, Role
from pipelines.records.ledger import Ledger
from pipelines.text.decode import decode_body
from pipelines.text.hostfiles import MAX_TDM_BYTES, TDMREP_PATH, TdmRules, origin_of, tdm_rules

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl

logger = logging.getLogger(__name__)

DAY, WEEK = 86_400.0, 7 * 86_400.0
"""Seconds for which a file, or its absence, is good: a day at least, a week at most, between them what HTTP says."""

PATIENCE = 10.0
"""Seconds that the first article of a host waits, redirects and the robots.txt of where they lead counted."""

MAX_REDIRECTS = 3

MAX_KEPT = 2_000
"""Files kept in memory, as rules."""

Known = TdmRules | Literal["none"] | None
"""The rules of a host; that it has none; that it is not known whether it has."""

_MAX_AGE = re.compile(rb"\bmax-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class TdmFiles:
    """What the tdmrep.json of each origin says, kept in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rules: OrderedDict[str, Known] = OrderedDict()

    def due(self, origin: str, now: float) -> bool:
        """Whether the file is to be asked for."""
        row = self._ledger.execute("SELECT due FROM tdmrep WHERE origin = ?", (origin,)).fetchone()
        return row is None or not now < row[0] <= now + WEEK

    def put(self, origin: str, due: float, url: str, text: str | None) -> None:
        """Keep what an origin has: a file's text, an empty one for none; None: it could not be had."""
        self._ledger.execute("INSERT OR REPLACE INTO tdmrep VALUES (?, ?, ?, ?)", (origin, due, url, text))
        self._rules.pop(origin, None)

    def of(self, origin: str) -> Known:
        """What is known of an origin."""
        if origin not in self._rules:
            sql = "SELECT url, text FROM tdmrep WHERE origin = ?"
            url, text = self._ledger.execute(sql, (origin,)).fetchone() or ("", None)
            self._rules[origin] = "none" if text == "" else TdmRules(text, url) if text else None
            if len(self._rules) > MAX_KEPT:
                self._rules.popitem(last=False)
        return self._rules[origin]


class TdmrepMiddleware:
    """Asks for a host's tdmrep.json before its first article, if that is due. robots.txt holds for it, too."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._wanted = crawler.settings.getbool("BROADSHEET_TDMREP")
        self._asking: dict[str, asyncio.Task[None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TdmrepMiddleware:
        return cls(crawler)

    @property
    def _crawl(self) -> Crawl:
        crawl: Crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        return crawl

    async def process_request(self, request: Request) -> None:
        candidate: Candidate | None = request.meta.get("candidate")
        if not self._wanted or candidate is None or candidate.role is not Role.ARTICLE:
            return
        origin = origin_of(request.url)
        if origin not in self._asking:
            if not self._crawl.tdm_files.due(origin, clock.now()):
                return
            self._asking[origin] = asyncio.ensure_future(self._ask(origin, candidate.outlet))
        await asyncio.shield(self._asking[origin])

    async def _ask(self, origin: str, outlet: str) -> None:
        """Fetch the file and keep it. What failed on our side is not kept: the next article asks again."""
        try:
            url, due, text = await self._patiently(origin, outlet)
            self._crawl.tdm_files.put(origin, clock.now() + due, url, text)
            await asyncio.sleep(self._crawl.frontier.hosts.asked(urlsplit(origin).netloc))
        finally:
            del self._asking[origin]

    async def _patiently(self, origin: str, outlet: str) -> tuple[str, float, str | None]:
        """``_fetch``, which is not waited for longer than ``PATIENCE``: what is left of it ends by itself."""
        fetching = asyncio.ensure_future(self._fetch(origin, outlet))
        done, _ = await asyncio.wait({fetching}, timeout=PATIENCE)
        if done:
            return fetching.result()
        fetching.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, and of no interest
        return origin + TDMREP_PATH, DAY, None

    async def _fetch(self, origin: str, outlet: str) -> tuple[str, float, str | None]:
        """Where the file was found, for how many seconds it is good, and its text, as ``TdmFiles.put`` takes it."""
        url = origin + TDMREP_PATH
        time = asyncio.get_running_loop().time
        end = time() + PATIENCE
        for _ in range(MAX_REDIRECTS + 1):
            left = float(math.ceil(end - time()))
            if left <= 0:
                return url, DAY, None
            candidate = Candidate(url=url, role=Role.ROBOTS, method=TDMREP, outlet=outlet)
            limits = {"download_timeout": left, "download_maxsize": 2 * MAX_TDM_BYTES}
            try:
                response = await self._crawler.engine.download_async(
                    Request(url, meta={"candidate": candidate, **limits})
                )
            except CaptureError:
                raise
            except Exception as error:  # whatever the network does, or robots.txt forbids
                logger.info("no %s: %s", url, explained(error, url))
                return url, DAY, None
            location = response.headers.get("Location")
            if not (300 <= response.status < 400 and location):
                text = _text(response)
                return url, _lifetime(response) if text else WEEK if text == "" else DAY, text
            try:
                url = urljoin(url, location.decode("latin-1")).partition("#")[0]
            except ValueError:  # of no address
                return url, DAY, None
        return url, WEEK, ""


def _text(response: Response) -> str | None:
    """The text of a file with rules; empty where there is none; None where that is not known."""
    if cut_of(response):
        return None
    coding = ",".join(value.decode("latin-1") for value in response.headers.getlist("Content-Encoding"))
    try:
        body = decode_body(response.body, coding)
    except ValueError:
        return None
    found = tdm_rules(response.status, body, response.url)
    if found is None:
        return None
    return "" if found == "none" else body.decode("utf-8-sig")


def _lifetime(response: Response) -> float:
    """Seconds for which HTTP says that a file is good, within our bounds."""
    found = _MAX_AGE.search(b",".join(response.headers.getlist("Cache-Control")))
    return min(max(float(found[1]) if found else 0.0, DAY), WEEK)
