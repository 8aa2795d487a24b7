"""Gathering candidates from one page: each URL once, each refusal counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crawler.discovery.urls import identity, normalise, same_site
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import Candidate, Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet


class Collector:
    """Candidates in the order they come, with what all of them share filled in."""

    def __init__(self, page: Fetched, outlet: Outlet) -> None:
        self.page = page
        self.outlet = outlet
        self.candidates: list[Candidate] = []
        self.notes: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.seen: set[str] = {normalise(page.url) or page.url, normalise(outlet.home) or outlet.home}

    def add(
        self,
        url: str | None,
        role: Role,
        method: str,
        *,
        title: str | None = None,
        date: str | None = None,
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
        self.seen.add(key)
        self.candidates.append(
            Candidate(
                url=url if keep_parameters else key,
                role=role,
                method=method,
                outlet=self.outlet.name,
                source_url=self.page.url,
                title=title,
                date=date,
                depth=self.page.depth + deeper,
            )
        )
        return True

    def note(self, text: str) -> None:
        self.notes.append(text)

    def done(self, *notes: str) -> Discovered:
        """All that was gathered; `notes` go first."""
        counts = [f"{count} links {why}" for why, count in sorted(self.left_out.items())]
        return Discovered(candidates=tuple(self.candidates), notes=(*notes, *self.notes, *counts))
