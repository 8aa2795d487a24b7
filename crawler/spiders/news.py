"""The scheduled spider: ``scrapy crawl news -a job=FILE.toml``."""

from __future__ import annotations

from crawler.discovery import seeds
from crawler.jobs import load, override
from crawler.spiders.base import JobSpider
from pipelines import clock
from pipelines.errors import ConfigError
from pipelines.model import Candidate, Role


class NewsSpider(JobSpider):
    """Finds and fetches the articles of a job's outlets."""

    name = "news"
    on_demand = False

    def __init__(self, job: str | None = None, _job: str | None = None, **options: str) -> None:
        """``_job`` is what scrapyd calls its run; it means nothing here."""
        if not job:
            raise ConfigError("which job? scrapy crawl news -a job=FILE.toml (see the folder jobs/ for examples)")
        super().__init__(override(load(job), options))

    def seeds(self) -> list[Candidate]:
        found = [candidate for outlet in self.job.outlets for candidate in seeds(outlet, clock.utcnow())]
        if self.settings.getbool("ROBOTSTXT_OBEY"):  # then robots.txt is fetched anyway, before all else
            found = [candidate for candidate in found if candidate.role is not Role.ROBOTS]
        return found
