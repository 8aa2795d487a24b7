"""What both spiders are: a job, and a callback that waits for its page to be parsed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.jobs import Job, Outlet
from pipelines.model import Candidate, Role

if TYPE_CHECKING:
    from crawler.crawl import Crawl


class JobSpider(Spider):
    """A spider of a job. Pages are parsed in worker processes, so its callback never looks at a body."""

    custom_settings = {  # noqa: RUF012 - as Scrapy declares it
        # Bodies stay as they came; the workers decode them.
        "COMPRESSION_ENABLED": False,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            # What is asked for is archived as sent, and replay tools unpack neither zstd nor deflate.
            "Accept-Encoding": "gzip, br",
        },
        # Our callbacks yield nothing, and Scrapy starts that many tasks for each of them.
        "CONCURRENT_ITEMS": 1,
    }

    on_demand = True
    """Whether each run fetches the seeds again, or only when they are due."""

    def __init__(self, job: Job, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self._outlets = {outlet.name: outlet for outlet in job.outlets}

    def outlet(self, name: str | None, role: Role) -> Outlet | None:
        """The outlet whose addresses are looked for in a page fetched for a role; None to look for none."""
        return self._outlets.get(name or "")

    def seeds(self) -> list[Candidate]:
        """Where the crawl starts."""
        raise NotImplementedError

    def ended(self, crawl: Crawl) -> list[tuple[str, str]]:
        """All is fetched and settled. Gives addresses that were archived and yet are not what was asked for, and why:
        they count as failed."""
        return []

    async def start(self) -> AsyncIterator[Any]:
        for candidate in self.seeds():
            yield Request(candidate.url, meta={"candidate": candidate}, dont_filter=True)

    async def parse(self, response: Response, **kwargs: Any) -> None:
        """Hold the response until its page is parsed: Scrapy fetches no faster than we read."""
        parsed = response.meta.get("capture")
        if parsed is not None:
            await asyncio.wait([parsed])
