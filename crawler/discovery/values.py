"""What goes into discovery and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pipelines.model import Candidate, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page as discovery sees it. Picklable, and free of Scrapy, so that a worker process can take it."""

    url: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """As sent; looked at are Content-Type, Location, Refresh, and what dates the page: Date, Age, Last-Modified."""
    payload: bytes = field(default=b"", repr=False)
    """The body without transfer and content coding."""
    role: Role = Role.SECTION
    """What it was fetched for."""
    depth: int = 0
    hops: int = 0
    """Redirects and refreshes followed in a row to here."""
    encoding: str | None = None
    """A charset that somebody else found out, if so."""
    fetched: datetime | None = None
    """When the page was asked for; None if nobody knows."""

    def header(self, name: str) -> str:
        """The first value of a header, whatever its case; empty if there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What a page leads to, the most promising first."""

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    """For a person: what was read, what was left out and why, what could not be parsed."""
    beyond: int = 0
    """Requisites that were left out because the page has more than the outlet's limit."""
