"""The one-off spider behind ``scrapy archive``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.discovery.urls import ANYWHERE, absolute
from crawler.jobs import Job, Limits, Outlet, Scope
from crawler.spiders.base import JobSpider
from crawler.watch.pages import PageEnd, pages
from pipelines.errors import ConfigError
from pipelines.model import Candidate, Role

if TYPE_CHECKING:
    from crawler.crawl import Crawl

REQUISITES = 500
"""Most requisites of a page that are archived with it: a news page has 30 to 150."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://|(mailto|javascript|data|tel|about|blob|urn|file):", re.IGNORECASE)
"""What an address begins with, unless it is one without its ``https://``: ``example.org:8080/story``."""


def _unusable(url: str) -> str:
    """Why nothing can be asked for at an address."""
    scheme = _SCHEME.match(url)
    name = (scheme[1] or scheme[2]).lower() if scheme else "https"
    if name not in ("http", "https"):
        return f"{name}: only http and https can be archived"
    if "@" in url.partition("://")[2].partition("/")[0]:
        return "it carries a user name, which would stand in the archive"
    return "no web address that can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where an archive run begins."""

    url: str
    role: Role = Role.ARTICLE
    """A page itself, or what lists pages: a section, a feed, a sitemap."""
    depth: int = 0
    """Of a section: subsections and further pages followed from it; of a site: links."""
    scope: Scope = ""
    """Of a whole site: which links of the page, and of those they lead to, are followed."""


class ArchiveSpider(JobSpider):
    """Fetches the pages it is given, or those that are listed where it is told to look, with all they need to be shown.

    Of a page itself nothing is followed but redirects.
    """

    name = "archive"

    def __init__(
        self,
        urls: list[str] | str = (),  # type: ignore[assignment]
        output: str = "output/archive",
        starts: Iterable[Start] = (),
        requisites: int | str = REQUISITES,
        most: int | str = sys.maxsize,
        since: datetime | None = None,
        until: datetime | None = None,
        deny: tuple[str, ...] = (),
        **kwargs: str,
    ) -> None:
        given = json.loads(urls) if isinstance(urls, str) and urls.startswith("[") else urls
        given = given.split() if isinstance(given, str) else list(given)
        self._limits = Limits(pages=int(most), depth=0, revisit=(), requisites=int(requisites))
        self._span = {"since": since, "until": until}
        self._deny = deny
        self._seeds: list[Candidate] = []
        self._listings: dict[str, Outlet] = {}
        """Outlets in whose sections, feeds and sitemaps pages are looked for, by name."""
        self.unusable: list[tuple[str, str]] = []
        """What cannot be asked for at all, and why."""
        self.page_ends: list[PageEnd] = []
        """How each page ended, when all have."""
        self.waiting: list[tuple[str, str, str | None]] = []
        """Address, host and title of pages that were found and not fetched."""
        for start in (*(Start(url=url) for url in given), *starts):
            self._take(start)
        if not self._seeds:
            told = "; ".join(f"{url}: {why}" for url, why in self.unusable[:3])
            raise ConfigError(f"there is no page to archive ({told or 'the list is empty'})")
        folder = Path(output)
        super().__init__(Job(name=folder.name, output=str(folder.parent), outlets=()), **kwargs)
        for url, why in self.unusable:
            self.logger.warning("refused %r: %s", url, why)

    def _take(self, start: Start) -> None:
        url = absolute(start.url if _SCHEME.match(start.url) else f"https://{start.url}")
        if url is None:
            self.unusable.append((start.url, _unusable(start.url)))
            return
        name = urlsplit(url).hostname or ""
        self._seeds.append(Candidate(url=url, role=start.role, method="seed", outlet=name))
        if start.role is Role.ARTICLE and not start.scope:
            return
        known = self._listings.get(name) or Outlet(name=name, home=url, deny=self._deny)
        depth = max(start.depth, known.limits.depth if name in self._listings else 0)
        limits = replace(self._limits, depth=depth, **self._span)  # type: ignore[arg-type]
        self._listings[name] = replace(known, limits=limits, scope=start.scope or known.scope)

    def outlet(self, name: str | None, role: Role) -> Outlet | None:
        if role is Role.ROBOTS:  # it names sitemaps, which nobody asked for
            return None
        listing = self._listings.get(name or "")
        if role not in (Role.ARTICLE, Role.REQUISITE):
            return listing
        # A page may send its reader on to any host, and needs things from any.
        limits = listing.limits if listing else self._limits
        home = listing.home if listing else f"http://{name or 'invalid'}/"
        scope = listing.scope if listing and role is Role.ARTICLE else ""
        return Outlet(name=name or "", home=home, hosts=(ANYWHERE,), deny=self._deny, scope=scope, limits=limits)

    def seeds(self) -> list[Candidate]:
        return self._seeds

    def ended(self, crawl: Crawl) -> list[tuple[str, str]]:
        ledger = crawl.live.ledger
        crawl.live.run.commit()  # then the rejections are in their file
        left, rejections = crawl.frontier.given_up(), crawl.live.folder / "rejections.jsonl"
        self.page_ends = list(pages(ledger, crawl.live.run.number, crawl.run_started, left, rejections))
        self.waiting = ledger.execute(
            "SELECT url, host, title FROM frontier WHERE state = 0 AND role = 'article' ORDER BY host, rank DESC, id"
        ).fetchall()
        known = {url for url, _ in crawl.frontier.failures()}
        failed = [each for each in self.page_ends if each.verdict == "failed" and each.url not in known]
        if self._limits.pages == 0:  # only the listings were to be read
            failed = [each for each in failed if not any(each.url == url for url, _, _ in self.waiting)]
        return [(each.url, each.why) for each in failed]
