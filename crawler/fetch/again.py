"""The frontier made again from captures: what was fetched is done, what was found and not fetched waits, and what was
read is due again when it would have been."""

from __future__ import annotations

from typing import Any

from crawler.discovery import Discovered
from crawler.fetch.frontier import Frontier
from crawler.fetch.outcome import BESIDE, TDMREP, candidate_of, candidates_in, wanted
from crawler.fetch.parse import parse_page
from crawler.fetch.schedule import Schedule
from crawler.jobs import Job, Limits, Outlet
from pipelines import clock
from pipelines.flow.rebuild import Parts
from pipelines.model import Capture, Change, Outcome, Provenance
from pipelines.records.ledger import Ledger


def parts_of(job: Job | None) -> Parts:
    """What rebuilding needs of a crawl. Without the job, nothing is discovered, and articles are looked at again at the
    usual times."""
    outlets = {outlet.name: outlet for outlet in job.outlets} if job else {}
    frontiers: dict[int, Frontier] = {}
    schedules: dict[int, Schedule] = {}

    def discover(provenance: Provenance) -> Outlet | None:
        return None if provenance.method == TDMREP else outlets.get(provenance.outlet or "")

    def limits(outlet: str) -> Limits:
        return outlets[outlet].limits if outlet in outlets else Limits()

    def taken(ledger: Ledger, capture: Capture, found: Any) -> None:
        frontier = frontiers.setdefault(id(ledger), Frontier.to_fill(ledger))
        if capture.provenance.method not in BESIDE:  # fetched beside the frontier
            frontier.add([candidate_of(capture)])
            if wanted(capture.status, capture.truncated):
                frontier.recovered(capture)
        if isinstance(found, Discovered):
            frontier.add(candidates_in(capture.ref, found, discover(capture.provenance)))

    def settled(ledger: Ledger, outcome: Outcome, change: Change | None) -> None:
        if id(ledger) not in schedules:
            schedules[id(ledger)] = Schedule(ledger, limits=limits, now=clock.now, since=0.0)
        schedules[id(ledger)].settled(outcome, change)

    return Parts(parser=parse_page, discover=discover, taken=taken, settled=settled)
