"""Gathering candidates from one page: each URL once, each refusal counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.discovery.announced import rendered
from crawler.discovery.spans import ENOUGH, Span, all_before, may_lie, span_of_page, span_of_url
from crawler.discovery.urls import identity, normalise, same_site
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import ONWARD, Candidate, Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

ARCHIVE = "archive"
"""Method of listings that only a backfill reads: dated archive pages, and pages of a listing beyond the job's depth."""


class Collector:
    """Candidates in the order they come, with what all of them share filled in."""

    def __init__(self, page: Fetched, outlet: Outlet) -> None:
        self.page = page
        self.outlet = outlet
        self.candidates: list[Candidate] = []
        self.notes: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.span: Span | None = None
        """In a backfill: the time of all that the page lists, if known."""
        if outlet.limits.backfill:
            self.span = span_of_page(page.url, sitemap=page.role is Role.SITEMAP)
        self.seen: set[str] = {normalise(page.url) or page.url, normalise(outlet.home) or outlet.home}

    def add(
        self,
        url: str | None,
        role: Role,
        method: str,
        *,
        title: str | None = None,
        date: str | None = None,
        updated: str | None = None,
        deeper: int = 1,
        own_site: bool = True,
        keep_parameters: bool = False,
    ) -> bool:
        """Take a URL that ``absolute`` gave, unless it is none, known, denied, or off the site though it must not."""
        if url is None:
            self.left_out["no web address"] += 1
            return False
        key = identity(url)
        if key in self.seen:
            return False
        if own_site and not same_site(url, self.outlet):
            self.left_out["on other hosts"] += 1
            return False
        if not self.outlet.permits(url, article=role is Role.ARTICLE):
            self.left_out["left out by the job's allow and deny"] += 1
            return False
        candidate = Candidate(
            url=url if keep_parameters else key,
            role=role,
            method=method,
            outlet=self.outlet.name,
            source_url=self.page.url,
            title=title,
            date=date,
            updated=updated,
            depth=self.page.depth + deeper,
        )
        if self._outside(candidate):
            self.left_out["to what is outside of the span"] += 1
            return False
        self.seen.add(key)
        self.candidates.append(candidate)
        return True

    def _outside(self, candidate: Candidate) -> bool:
        """Whether a backfill does not want it. Where an address of the span sends its reader is wanted anyway."""
        limits = self.outlet.limits
        if not limits.backfill or candidate.role is not Role.ARTICLE:
            return False
        if candidate.method in ONWARD and span_of_url(self.page.url):
            return False
        return not may_lie(candidate, limits, self.span)

    def onward(self, dates: Iterable[Span]) -> str:
        """By which method the next page of this listing is followed; none if it is not.

        As far as the job's depth allows; in a backfill not beyond its span, and up to there at any depth, if the
        dates of what is listed tell where that is. What only a backfill follows is ``archive``.
        """
        limits, dates = self.outlet.limits, list(dates)
        if limits.backfill and all_before(dates, limits):
            self.note("all of it is before the span: what follows is not read")
            return ""
        if self.page.depth < limits.depth:
            return "pagination"
        return ARCHIVE if limits.backfill and (self.span or len(dates) >= ENOUGH) else ""

    def note(self, text: str) -> None:
        self.notes.append(text)

    def done(self, *notes: str) -> Discovered:
        """All that was gathered; `notes` go first."""
        if rendered(self.page, [each.updated for each in self.candidates if each.updated]):
            self.note("nearly all dates are those of the page itself: it announces no changes")
            self.candidates = [replace(each, updated=None) for each in self.candidates]
        counts = [f"{count} links {why}" for why, count in sorted(self.left_out.items())]
        return Discovered(candidates=tuple(self.candidates), notes=(*notes, *self.notes, *counts))
