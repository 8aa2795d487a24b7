"""What an outlet came to in its runs, and the statistics by which a stretch of time is compared with others.

All is reckoned in time, never in runs: what a run found is spread over the time since the run before it, so that
hourly, daily and irregular runs of a job give the same picture.
"""

from __future__ import annotations

import json
import math
import statistics
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

HOUR, DAY = 3600.0, 86_400.0
WEEK = 7 * DAY

PAST = 28 * DAY
"""What counts as an outlet's past: four whole weeks, so that every weekday is in it equally often."""

MOST_WORDS = 60
"""Lengths of articles kept of one run."""


@dataclass(slots=True, kw_only=True)
class Row:
    """What one outlet came to in one run."""

    at: float
    """When the run ended."""
    first: bool = False
    """The outlet's first run: what it found is a backlog, and tells nothing of its pace."""
    new: int = 0
    fresh: int = 0
    """New articles that were published lately: not those of a backlog or a backfill."""
    versions: int = 0
    deletions: int = 0
    restorations: int = 0
    pages: int = 0
    """Pages read for what they say: articles (unchanged ones, too) and those of ``bad``."""
    bad: dict[str, int] = field(default_factory=dict)
    """Of ``pages``, those that should have been articles, by reason."""
    articles: int = 0
    """Records written: new articles and versions."""
    words: list[int] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    """Of ``articles``, those without headline, author or date."""
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    """Role → status → responses."""
    told: dict[str, int] = field(default_factory=dict)
    """Source → fresh articles that it was the first to tell of."""
    failing: dict[str, str] = field(default_factory=dict)
    """Sources that could not be had → why."""
    failed: int = 0
    """Addresses given up."""
    given_up: str | None = None
    robots: str | None = None
    """First digits of the digest of the home page's robots.txt."""

    def to_json(self) -> str:
        """Compact JSON without what is empty."""
        value = {key: entry for key, entry in asdict(self).items() if entry}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Row:
        value = json.loads(text)
        return cls(**{name: value[name] for name in cls.__dataclass_fields__ if name in value})


class Pace:
    """Articles over time. Each run's are spread evenly over the time since the run before."""

    def __init__(self, rows: Sequence[Row]) -> None:
        known = [row for row in rows if not row.first]
        self.start = rows[0].at if rows else math.inf
        """Before this nothing is known."""
        self._times, self._sums = [self.start], [0.0]
        for row in known:
            self._times.append(max(row.at, self._times[-1]))
            self._sums.append(self._sums[-1] + row.fresh)

    def _until(self, at: float) -> float:
        times, sums = self._times, self._sums
        index = bisect_right(times, at)
        if index == 0:
            return 0.0
        if index == len(times) or times[index] == times[index - 1]:
            return sums[index - 1]
        share = (at - times[index - 1]) / (times[index] - times[index - 1])
        return sums[index - 1] + share * (sums[index] - sums[index - 1])

    def between(self, start: float, end: float) -> float:
        return self._until(end) - self._until(start)

    def like(self, start: float, end: float) -> list[float]:
        """The same span in the weeks before, as far as they are known, nearest first."""
        first = math.ceil((end - start) / WEEK)  # a span of more than a week must not be compared with itself
        shifts = (week * WEEK for week in range(max(1, first), 5))
        return [self.between(start - shift, end - shift) for shift in shifts if start - shift >= self.start]

    def windows(self, start: float, end: float) -> list[float]:
        """The span moved back day by day, as far as it is known and does not meet itself."""
        first = math.ceil((end - start) / DAY)
        shifts = (day * DAY for day in range(first, 29))
        return [self.between(start - shift, end - shift) for shift in shifts if start - shift >= self.start]


def longest_silence(rows: Iterable[Row]) -> float:
    """The longest time that passed between two runs that found something fresh."""
    longest, last = 0.0, None
    for row in rows:
        if row.fresh and not row.first:
            longest = max(longest, row.at - (row.at if last is None else last))
            last = row.at
    return longest


def chance_of_at_most(number: float, past: Sequence[float]) -> float:
    """How probable it is to see at most so many where like spans had ``past``.

    Counts are taken for Poisson, and their rate for as uncertain as few spans leave it (Jeffreys): the predictive
    distribution is negative binomial.
    """
    spans = len(past)
    shape, share = sum(past) + 0.5, spans / (spans + 1)
    total = 0.0
    for count in range(math.floor(number) + 1):
        total += math.exp(
            math.lgamma(shape + count)
            - math.lgamma(shape)
            - math.lgamma(count + 1)
            + shape * math.log(share)
            + count * math.log(1 - share)
        )
    return min(1.0, total)


def chance_of_at_least(hits: int, tries: int, share: float) -> float:
    """How probable it is that so many of so many show what usually so large a share shows (binomial)."""
    if not 0 < share < 1:
        return 0.0 if share <= 0 < hits else 1.0
    total = 0.0
    for count in range(hits, tries + 1):
        total += math.exp(
            math.lgamma(tries + 1)
            - math.lgamma(count + 1)
            - math.lgamma(tries - count + 1)
            + count * math.log(share)
            + (tries - count) * math.log(1 - share)
        )
    return min(1.0, total)


def chance_of_so_short(recent: Sequence[int], past: Sequence[int]) -> float:
    """How probable it is that values of the same kind rank as low as the recent ones do (Mann-Whitney).

    It looks at ranks only, so one very long or very short text moves nothing.
    """
    ordered = sorted(past)
    below = sum((bisect_right(ordered, value) + bisect_right(ordered, value - 1)) / 2 for value in recent)
    n, m = len(recent), len(past)
    spread = math.sqrt(n * m * (n + m + 1) / 12)
    return statistics.NormalDist().cdf((below - n * m / 2) / spread)
