"""Things that go wrong at a site for a while, and the scenario that scheduled jobs are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sampleweb.clock import DEFAULT_CLOCK

Kind = Literal["redesign", "dead-feed", "down", "refused", "robots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """From `start` to before `end` (for good if None), something is different at an outlet.

    redesign: all its pages come in the template `detail`.  dead-feed: its feeds answer 404.
    down: every request gets a 503.  refused: connections are cut without an answer.
    robots: robots.txt disallows everything.
    """

    outlet: str
    kind: Kind
    start: datetime
    end: datetime | None = None
    detail: str = ""

    def active(self, now: datetime) -> bool:
        return self.start <= now and (self.end is None or now < self.end)


def _days(number: float) -> datetime:
    return DEFAULT_CLOCK + timedelta(days=number)


SCENARIO: tuple[Incident, ...] = (
    Incident(outlet="birken", kind="dead-feed", start=_days(6.3)),
    Incident(outlet="tarn", kind="redesign", start=_days(12.6), detail="weblog"),
    Incident(outlet="karu", kind="down", start=_days(17.2), end=_days(19.2)),
    Incident(outlet="halvern", kind="robots", start=_days(23.4), end=_days(25.4)),
)
"""A redesign, a dead feed, a site down for two days, a robots.txt change: one of each, apart."""
