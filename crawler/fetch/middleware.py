"""What happens around a download: robots.txt before it, and after it the frontier learns how it ended."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.fetch.robots import RobotsPolicy, retry_after
from pipelines.errors import CaptureError
from pipelines.model import Candidate, Role
from pipelines.text.decode import decode_body

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

OVERLOADED = frozenset({429, 503})
"""Statuses by which a host asks for patience (RFC 6585, RFC 9110)."""

TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that may be gone in a while; 520 to 524 are those of large proxies."""

ROBOTS_REDIRECTS = 5
"""Redirects followed for a robots.txt (RFC 9309, 2.3.1.2)."""


class RobotsDenied(IgnoreRequest):
    """The host's robots.txt does not want this address fetched."""


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
        parts = urlsplit(request.url)
        base = f"{parts.scheme}://{parts.netloc}"
        if base not in self._fetching:
            self._fetching[base] = asyncio.ensure_future(self._policy(base, request))
        policy = await asyncio.shield(self._fetching[base])
        if not policy.can_fetch(request.url, self._agent):
            raise RobotsDenied(f"robots.txt of {parts.netloc} disallows {request.url}")

    async def _policy(self, base: str, asked: Request) -> RobotsPolicy:
        crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        fetched = False
        policy: RobotsPolicy | None = crawl.robots.get(base, time.time())
        if policy is None:
            policy = await self._fetch(base, asked)
            crawl.robots.put(base, policy, time.time())
            fetched = True
        delay, host = policy.crawl_delay(self._agent), urlsplit(base).netloc.lower()
        if delay:
            crawl.frontier.slow_down(host, delay)
        if fetched:
            await asyncio.sleep(crawl.frontier.asked(host))
        return policy

    async def _fetch(self, base: str, asked: Request) -> RobotsPolicy:
        candidate: Candidate | None = asked.meta.get("candidate")
        url = f"{base}/robots.txt"
        for _ in range(ROBOTS_REDIRECTS + 1):
            request = Request(
                url,
                meta={
                    "dont_obey_robotstxt": True,
                    "candidate": Candidate(
                        url=url, role=Role.ROBOTS, method="robots", outlet=candidate.outlet if candidate else ""
                    ),
                },
            )
            try:
                response = await self._crawler.engine.download_async(request)
            except CaptureError:
                raise
            except Exception as error:  # whatever the network does, robots.txt could not be had
                logger.warning("robots.txt of %s could not be fetched, so nothing of it is: %s", base, error)
                return RobotsPolicy.from_failure(f"{type(error).__name__}: {error}")
            location = response.headers.get("Location")
            if not (300 <= response.status < 400 and location):
                wait = retry_after(response.headers.get("Retry-After"), time.time())
                return RobotsPolicy.from_response(response.status, _body(response), wait)
            url = urljoin(url, location.decode("latin-1"))
        return RobotsPolicy.from_response(404)  # RFC 9309: too many redirects count as no robots.txt


def _body(response: Response) -> bytes:
    """The body without content coding; the spiders leave responses as they came."""
    coding = ",".join(value.decode("latin-1") for value in response.headers.getlist("Content-Encoding"))
    try:
        return decode_body(response.body, coding)
    except ValueError:
        return b""


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
        cut = next((flag for flag in response.flags if flag in ("truncated:time", "truncated:disconnect")), None)
        if response.status in OVERLOADED:
            wait = retry_after(response.headers.get("Retry-After"), time.time())
            frontier.hold(host, wait)
        if response.status in TRY_AGAIN or cut:
            frontier.retry(row, host, cut or f"HTTP status {response.status}")
        frontier.release(host, failed=response.status in TRY_AGAIN)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if "frontier" not in request.meta:
            return
        frontier = self._crawler.broadsheet.frontier  # type: ignore[attr-defined]
        row, host = request.meta["frontier"]
        refused = isinstance(exception, (IgnoreRequest, CaptureError)) or getattr(exception, "final", False)
        reason = f"{type(exception).__name__}: {exception}"
        if isinstance(exception, CaptureError):
            pass  # the run stops; the address waits for the next one
        elif refused:
            frontier.fail(row, reason, refused=True)
            logger.info("refused %s: %s", request.url, reason)
        elif frontier.retry(row, host, reason):
            logger.info("will be tried again: %s: %s", request.url, reason)
        else:
            logger.warning("failed %s: %s", request.url, reason)
        frontier.release(host, failed=not refused)
