"""The scheduled spider: ``scrapy crawl news -a job=FILE.toml``."""

from __future__ import annotations

from crawler.jobs import load, override
from crawler.spiders.base import JobSpider
from pipelines.errors import ConfigError
from pipelines.model import Candidate, Role


class NewsSpider(JobSpider):
    """Finds and fetches the articles of a job's outlets."""

    name = "news"

    def __init__(self, job: str | None = None, **options: str) -> None:
        if not job:
            raise ConfigError("which job? scrapy crawl news -a job=FILE.toml (see the folder jobs/ for examples)")
        super().__init__(override(load(job), options))

    def seeds(self) -> list[Candidate]:
        found = []
        for outlet in self.job.outlets:
            listed: list[tuple[Role, tuple[str, ...]]] = [
                (Role.HOME, (outlet.home,)),
                (Role.FEED, outlet.feeds),
                (Role.SITEMAP, outlet.sitemaps),
                (Role.SECTION, outlet.sections),
            ]
            found += [
                Candidate(url=url, role=role, method="seed", outlet=outlet.name) for role, urls in listed for url in urls
            ]
        return found

