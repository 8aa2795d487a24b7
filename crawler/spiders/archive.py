"""The one-off spider behind ``scrapy archive``."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from crawler.discovery.urls import ANYWHERE, absolute
from crawler.jobs import Job, Limits, Outlet
from crawler.spiders.base import JobSpider
from pipelines.errors import ConfigError
from pipelines.model import Candidate, Role


class ArchiveSpider(JobSpider):
    """Fetches the pages it is given, and follows nothing but redirects."""

    name = "archive"

    def __init__(self, urls: list[str] | str = (), output: str = "output/archive", **kwargs: str) -> None:  # type: ignore[assignment]
        given = json.loads(urls) if isinstance(urls, str) and urls.startswith("[") else urls
        given = given.split() if isinstance(given, str) else list(given)
        self._seeds: list[Candidate] = []
        self.unusable: list[str] = []
        for url in given:
            fetched = absolute(url if "://" in url else f"https://{url}")
            if fetched is None:
                self.unusable.append(url)
                continue
            outlet = urlsplit(fetched).hostname or ""
            self._seeds.append(Candidate(url=fetched, role=Role.ARTICLE, method="seed", outlet=outlet))
        if not self._seeds:
            raise ConfigError(f"no usable URL in {', '.join(given) or 'an empty list'}: http and https only")
        folder = Path(output)
        super().__init__(Job(name=folder.name, output=str(folder.parent), outlets=()), **kwargs)
        for url in self.unusable:
            self.logger.warning("refused %r: no http(s) URL that can be fetched", url)

    def outlet(self, name: str | None, role: Role) -> Outlet | None:
        if role is not Role.ARTICLE:  # robots.txt names sitemaps, which nobody asked for
            return None
        # A page may send its reader on to any host; nothing else is followed.
        limits = Limits(pages=len(self._seeds), depth=0, revisit=())
        return Outlet(name=name or "", home=f"http://{name or 'invalid'}/", hosts=(ANYWHERE,), limits=limits)

    def seeds(self) -> list[Candidate]:
        return self._seeds
