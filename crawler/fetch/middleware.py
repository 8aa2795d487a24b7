"""What happens around a download: robots.txt before it, and after it the frontier learns how it ended."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.fetch.frontier import DENIED
from crawler.fetch.outcome import CUT, CUT_OFF, OVERLOADED, ROBOTS, TRY_AGAIN, explained, status_in_words, wanted
from crawler.fetch.robots import MAX_REDIRECTS, RobotsPolicy, retry_after
from pipelines import clock
from pipelines.errors import CaptureError
from pipelines.model import Candidate, Role
from pipelines.text.decode import decode_body
from pipelines.text.hostfiles import origin_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl

logger = logging.getLogger(__name__)


PATIENCE = 30.0
"""Seconds that a run waits for a robots.txt that could not be had and may be asked for again soon: a site that asks for
an hour must not have to wait for the run after the next for a second."""


class RobotsDenied(IgnoreRequest):
    """The host's robots.txt does not want this address fetched."""


class RobotsUnavailable(IgnoreRequest):
    """The host's robots.txt could not be had, so nothing of it may be fetched for now."""


class RobotsMiddleware:
    """Obeys robots.txt: fetched (and archived) once a host and day, before the first request to it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._agent = crawler.settings.get("ROBOTSTXT_USER_AGENT") or crawler.settings["USER_AGENT"]
        self._fetching: dict[str, asyncio.Task[RobotsPolicy]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt") or not self._crawler.settings.getbool("ROBOTSTXT_OBEY"):
            return
        base = origin_of(request.url)
        wait = self._crawl.robots.closed_for(base, clock.now())
        if 0 < wait <= PATIENCE:
            await asyncio.sleep(wait)
        policy: RobotsPolicy | None = self._crawl.robots.get(base, clock.now())
        if policy is None:
            if base not in self._fetching:
                self._fetching[base] = asyncio.ensure_future(self._ask(base, request))
            policy = await asyncio.shield(self._fetching[base])
        delay = policy.crawl_delay(self._agent)
        if delay:
            self._crawl.frontier.hosts.slow_down(urlsplit(base).netloc, delay)
        if policy.can_fetch(request.url, self._agent):
            return
        if policy.verdict == "disallow-all":
            raise RobotsUnavailable(f"its robots.txt could not be had: {policy.reason}")
        raise RobotsDenied(f"{DENIED} {urlsplit(base).netloc}")

    @property
    def _crawl(self) -> Crawl:
        crawl: Crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        return crawl

    async def _ask(self, base: str, asked: Request) -> RobotsPolicy:
        """Fetch a robots.txt and keep what it says. What failed on our side is not kept: the next page asks again."""
        try:
            policy = await self._fetch(base, asked)
            before = self._crawl.robots.stale(base)
            self._crawl.robots.put(base, policy, clock.now())
            if before is not None and before.text != policy.text:
                self._crawl.frontier.reopen(urlsplit(base).netloc)
            if policy.verdict == "rules" and not policy.can_fetch(f"{base}/", self._agent):
                self._crawl.robots.closed.add(base)
            await asyncio.sleep(self._crawl.frontier.hosts.asked(urlsplit(base).netloc))
            return policy
        finally:
            del self._fetching[base]

    async def _fetch(self, base: str, asked: Request) -> RobotsPolicy:
        candidate: Candidate | None = asked.meta.get("candidate")
        url = f"{base}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            try:
                request = Request(
                    url,
                    meta={
                        "dont_obey_robotstxt": True,
                        "candidate": Candidate(
                            url=url, role=Role.ROBOTS, method=ROBOTS, outlet=candidate.outlet if candidate else ""
                        ),
                    },
                )
                response = await self._crawler.engine.download_async(request)
            except CaptureError:
                raise
            except Exception as error:  # whatever the network does, or a redirect names: robots.txt could not be had
                logger.warning("robots.txt of %s could not be fetched, so nothing of it is: %s", base, error)
                return RobotsPolicy.from_failure(explained(error, url))
            location = response.headers.get("Location")
            if not (300 <= response.status < 400 and location):
                return _policy(response)
            try:
                url = urljoin(url, location.decode("latin-1"))
            except ValueError:
                return RobotsPolicy.from_failure("redirected to no address")
        return RobotsPolicy.from_response(404)  # RFC 9309: too many redirects count as no robots.txt


def _policy(response: Response) -> RobotsPolicy:
    """What a final answer says. Half a file, or one that cannot be unpacked, could not be had: it says nothing."""
    if cut_of(response) in CUT and 200 <= response.status < 300:
        return RobotsPolicy.from_failure(f"cut off ({cut_of(response)})")
    coding = ",".join(value.decode("latin-1") for value in response.headers.getlist("Content-Encoding"))
    try:
        body = decode_body(response.body, coding)  # the spiders leave responses as they came
    except ValueError as error:
        if 200 <= response.status < 300:
            return RobotsPolicy.from_failure(f"not readable: {error}")
        body = b""
    wait = retry_after(response.headers.get("Retry-After"), clock.now())
    return RobotsPolicy.from_response(response.status, body, wait)


def cut_of(response: Response) -> str | None:
    """Why a response is not whole, if it is not."""
    return next((flag.partition(":")[2] for flag in response.flags if flag.startswith("truncated:")), None)


class OutcomeMiddleware:
    """Tells the frontier how each of its requests ended: done, to be tried again, failed, or refused."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OutcomeMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        if "frontier" not in request.meta:
            return response
        frontier = self._crawler.broadsheet.frontier  # type: ignore[attr-defined]
        row, host = request.meta["frontier"]
        cut = cut_of(response)
        if response.status in OVERLOADED:
            wait = retry_after(response.headers.get("Retry-After"), clock.now())
            frontier.hold(host, wait)
        if not wanted(response.status, cut):
            frontier.retry(row, host, CUT_OFF[cut] if cut in CUT else status_in_words(response.status))
        frontier.release(row, host, failed=response.status in TRY_AGAIN)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        if isinstance(exception, CaptureError):
            crawl.unkept(exception)
        if "frontier" not in request.meta:
            return
        frontier = crawl.frontier
        row, host = request.meta["frontier"]
        refused = isinstance(exception, (IgnoreRequest, CaptureError)) or getattr(exception, "final", False)
        reason = explained(exception, request.url)
        if isinstance(exception, CaptureError):
            pass  # it stays taken, and waits in the next run
        elif isinstance(exception, RobotsUnavailable):
            frontier.put_off(row, host, str(exception))
        elif refused:
            frontier.fail(row, reason, refused=True)
            logger.info("refused %s: %s", request.url, reason)
        elif frontier.retry(row, host, reason):
            logger.info("will be tried again: %s: %s", request.url, reason)
        else:
            logger.warning("failed %s: %s", request.url, reason)
        frontier.release(row, host, failed=not refused)
