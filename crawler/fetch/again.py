"""The frontier made again from captures: what was fetched is done, what was found and not fetched waits."""

from __future__ import annotations

from typing import Any

from crawler.discovery import Discovered
from crawler.fetch.frontier import Frontier
from crawler.fetch.parse import parse_page
from crawler.jobs import Job, Outlet
from pipelines.flow.rebuild import Parts
from pipelines.model import Candidate, Capture, Provenance
from pipelines.records.ledger import Ledger


def parts_of(job: Job | None) -> Parts:
    """What rebuilding needs of a crawl. Without the job, nothing is discovered."""
    outlets = {outlet.name: outlet for outlet in job.outlets} if job else {}
    frontiers: dict[int, Frontier] = {}

    def discover(provenance: Provenance) -> Outlet | None:
        return outlets.get(provenance.outlet or "")

    def taken(ledger: Ledger, capture: Capture, found: Any) -> None:
        frontier = frontiers.setdefault(id(ledger), Frontier.to_fill(ledger))
        frontier.add([_candidate(capture)])
        frontier.captured_url(capture.ref.url)
        if isinstance(found, Discovered):
            frontier.add(found.candidates)

    return Parts(parser=parse_page, discover=discover, taken=taken)


def _candidate(capture: Capture) -> Candidate:
    """The candidate that a capture was once."""
    was = capture.provenance
    return Candidate(
        url=capture.ref.url,
        role=was.role,
        method=was.method or "unknown",
        outlet=was.outlet or "",
        source_url=was.source_url,
        title=was.title,
        date=was.date,
        depth=was.depth,
    )
