"""Running counts of a crawl, per outlet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.records.ledger import Ledger

OTHER = "(other)"
"""Where captures of no outlet are counted."""


@dataclass(slots=True)
class Tally:
    """What one outlet has come to in this run."""

    found: int = 0
    """Addresses known to the frontier."""
    fetched: int = 0
    articles: int = 0
    waiting: int = 0
    failed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Tallies:
    """Kept in step by the crawl; starts from the ledger, so that a resumed run shows all of it."""

    def __init__(self, ledger: Ledger, run: int, frontier: Mapping[str, Mapping[str, int]]) -> None:
        self.outlets: dict[str, Tally] = {}
        self._frontier = frontier
        for outlet, outcomes in ledger.outcomes(run).items():
            for outcome, number in outcomes.items():
                self.of(outlet).fetched += number
                if outcome != "waiting":
                    self.settled(outlet, outcome, number)

    def of(self, outlet: str | None) -> Tally:
        return self.outlets.setdefault(outlet or OTHER, Tally())

    def settled(self, outlet: str | None, outcome: str, number: int = 1) -> None:
        tally = self.of(outlet)
        if outcome == "article":
            tally.articles += number
        else:
            tally.rejected[outcome] += number

    def total(self) -> Tally:
        """All outlets together; brings the frontier's counts up to date on the way."""
        for outlet, counts in self._frontier.items():
            tally = self.of(outlet)
            tally.found, tally.waiting, tally.failed = counts["found"], counts["waiting"], counts["failed"]
        whole = Tally()
        for tally in self.outlets.values():
            for name in ("found", "fetched", "articles", "waiting", "failed"):
                setattr(whole, name, getattr(whole, name) + getattr(tally, name))
            whole.rejected += tally.rejected
        return whole
