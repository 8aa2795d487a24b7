"""robots.txt by RFC 9309, read as Google's parser reads it: may this be fetched, how often, what does it announce.

Lines, groups and product tokens are read in ``robotstxt``; which rule wins for a URL is decided in ``robotsrules``.
Where Protego, which Scrapy uses, departs from that is listed in ``docs/robots.md``.

Nothing here fetches or looks at a clock: the caller follows redirects (five at most) and passes the time.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pipelines.model import HostSignals
from pipelines.text.hostfiles import RobotsSignals, origin_of, robots_answer
from pipelines.text.robotsrules import Rules
from pipelines.text.robotstxt import Group, decode, fields, product_token, read_groups

Verdict = Literal["rules", "allow-all", "disallow-all"]

MAX_REDIRECTS = 5
"""RFC 9309, 2.3.1.2. More, and the file counts as not there."""

MAX_CRAWL_DELAY = 60.0
"""Seconds. A longer wish (1e9 has been seen) would be a Disallow in disguise, and stall the other work of a run."""

MAX_RETRY_AFTER = 86_400.0
"""Seconds. A server that wants more is asked again tomorrow."""

FRESH = 86_400.0
"""Seconds that an answer is good for (RFC 9309, 2.4: not more than a day)."""

FRESH_FAILURE = 600.0
"""Seconds after which a robots.txt that could not be had is asked for again."""

MAX_HOSTS = 20_000
"""Answers kept in memory. At about 2 KB each: 40 MB."""


class RobotsPolicy:
    """What one host's robots.txt, or its absence, means. Immutable, picklable, comparable by content."""

    def __init__(self, verdict: Verdict, reason: str, text: str = "", retry_after: float | None = None) -> None:
        self.verdict: Verdict = verdict
        self.reason = reason
        """For a person: ``status 404``, ``timeout`` …"""
        self.text = text
        self.retry_after = retry_after
        """Seconds the server asked for when it did not give the file."""
        self._rules: dict[str, Rules] = {}
        self._signals: dict[str, RobotsSignals] = {}

    # ------------------------------------------------------------ made from what came back

    @classmethod
    def from_response(cls, status: int, body: bytes = b"", retry_after: float | None = None) -> RobotsPolicy:
        """From a final response: a file is read, none allows all, and where it cannot be had all is forbidden.

        A redirect that is still one after ``MAX_REDIRECTS`` means that there is no file; 304, which nobody asked for,
        says nothing.
        """
        answer = robots_answer(status)
        if answer == "rules":
            return cls("rules", f"status {status}", decode(body))
        if answer == "none" or (answer is None and status != 304):
            return cls("allow-all", f"status {status}")
        return cls("disallow-all", f"status {status}", retry_after=retry_after)

    @classmethod
    def from_failure(cls, reason: str) -> RobotsPolicy:
        """From no response at all (time-out, no connection, no such host): nothing may be fetched for now."""
        return cls("disallow-all", reason)

    # ------------------------------------------------------------ questions

    def can_fetch(self, url: str, user_agent: str) -> bool:
        """Whether a crawler of that name (a product token or a whole User-Agent) may fetch the URL."""
        path = _path_of(url)
        if path is None:  # an address that cannot be split cannot be fetched either
            return False
        if self.verdict != "rules" or path == "/robots.txt":
            return self.verdict != "disallow-all" or path == "/robots.txt"
        return self._rules_for(user_agent).allow(url)

    def crawl_delay(self, user_agent: str) -> float | None:
        """Seconds between requests that the file asks for, bounded; None if it does not ask, or asks for nonsense."""
        for value in self._values("delay", user_agent):
            try:
                seconds = float(value.replace(",", "."))
            except ValueError:
                continue
            if math.isfinite(seconds) and seconds >= 0:
                return min(seconds, MAX_CRAWL_DELAY)
        return None

    def signals(self, url: str, user_agent: str) -> HostSignals:
        """What it says of a page besides: to AI agents, of uses, of licences."""
        if self.verdict != "rules":
            return HostSignals(robots_txt="none" if self.verdict == "allow-all" else "unavailable")
        token = product_token(user_agent)
        if token not in self._signals:
            self._signals[token] = RobotsSignals(self.text, token)
        return self._signals[token].of(url)

    @cached_property
    def sitemaps(self) -> tuple[str, ...]:
        """The addresses of sitemaps, as written."""
        return tuple(dict.fromkeys(value for field, value in fields(self.text) if field == "sitemap" and value))

    # ------------------------------------------------------------ kept

    def to_row(self) -> tuple[str, str, str, float | None]:
        """Plain values to keep in a table."""
        return self.verdict, self.reason, self.text, self.retry_after

    @classmethod
    def from_row(cls, row: tuple[str, str, str, float | None]) -> RobotsPolicy:
        """The policy again. A verdict this version does not know forbids all, and is asked for again soon."""
        verdict, reason, text, retry_after = row
        if verdict not in get_args(Verdict):
            return cls("disallow-all", f"kept as {verdict!r}")
        return cls(verdict, reason, text, retry_after)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RobotsPolicy) and self.to_row() == other.to_row()

    def __hash__(self) -> int:
        return hash(self.to_row())

    def __repr__(self) -> str:
        return f"RobotsPolicy({self.verdict!r}, {self.reason!r}, {len(self.text)} characters)"

    def __reduce__(self) -> tuple[Any, ...]:
        return RobotsPolicy, self.to_row()

    # ------------------------------------------------------------ inside

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        return tuple(read_groups(self.text))

    def _chosen(self, user_agent: str) -> list[tuple[str, str]]:
        """The rules of all groups for this product token, or else of all for ``*``."""
        token = product_token(user_agent)
        named = [group for group in self._groups if token in group.agents]
        return [rule for group in named or (g for g in self._groups if "*" in g.agents) for rule in group.rules]

    def _values(self, field: str, user_agent: str) -> list[str]:
        return [value for name, value in self._chosen(user_agent) if name == field] if self.verdict == "rules" else []

    def _rules_for(self, user_agent: str) -> Rules:
        token = product_token(user_agent)
        if token not in self._rules:
            self._rules[token] = Rules(rule for rule in self._chosen(token) if rule[0] in ("allow", "disallow"))
        return self._rules[token]


def _path_of(url: str) -> str | None:
    try:
        return urlsplit(url).path
    except ValueError:
        return None


# ---------------------------------------------------------------- kept for a day


class RobotsCache:
    """Policies by origin, each good for a day, or ten minutes if the file could not be had.

    The caller passes the time (seconds since the epoch). ``rows`` and ``restore`` let the ledger keep it.
    """

    def __init__(self, max_hosts: int = MAX_HOSTS) -> None:
        self._kept: OrderedDict[str, tuple[RobotsPolicy, float]] = OrderedDict()
        self._max_hosts = max_hosts
        self.closed: set[str] = set()
        """Origins that let nothing be fetched, home page included."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, url: str, now: float) -> RobotsPolicy | None:
        """The policy for a URL's origin; None if there is none that is fresh, so that it must be fetched."""
        kept = self._kept.get(origin_of(url))
        if kept is None:
            return None
        policy, fetched_at = kept
        return policy if 0 <= now - fetched_at < lifetime(policy) else None

    def closed_for(self, url: str, now: float) -> float:
        """Seconds until the robots.txt of a URL's origin, which could not be had, may be asked for again; else 0."""
        kept = self._kept.get(origin_of(url))
        if kept is None or kept[0].verdict != "disallow-all":
            return 0.0
        return max(0.0, kept[1] + lifetime(kept[0]) - now)

    def stale(self, url: str) -> RobotsPolicy | None:
        """The last policy for a URL's origin, however old."""
        kept = self._kept.get(origin_of(url))
        return kept[0] if kept else None

    def put(self, url: str, policy: RobotsPolicy, fetched_at: float) -> None:
        """Keep a policy for a URL's origin."""
        key = origin_of(url)
        self._kept[key] = (policy, fetched_at)
        self._kept.move_to_end(key)
        while len(self._kept) > self._max_hosts:
            self._kept.popitem(last=False)

    def rows(self) -> list[tuple[str, float, str, str, str, float | None]]:
        """Origin, time, verdict, reason, text and Retry-After of each policy kept."""
        return [(key, at, *policy.to_row()) for key, (policy, at) in self._kept.items()]

    def restore(self, rows: Iterable[tuple[str, float, str, str, str, float | None]]) -> None:
        """Take rows back; a younger policy that is here already stays."""
        for key, at, *row in rows:
            if key not in self._kept or self._kept[key][1] < at:
                self.put(key, RobotsPolicy.from_row(tuple(row)), at)  # type: ignore[arg-type]


def lifetime(policy: RobotsPolicy) -> float:
    """Seconds that a policy is good for."""
    if policy.verdict != "disallow-all":
        return FRESH
    return min(max(policy.retry_after or 0.0, FRESH_FAILURE), FRESH)


def retry_after(value: str | bytes | None, now: float, bound: float = MAX_RETRY_AFTER) -> float | None:
    """Seconds to wait by a Retry-After header, as seconds or as a date, from 0 to `bound`; None if it says nothing."""
    if value is None:
        return None
    text = (value.decode("latin-1") if isinstance(value, bytes) else value).strip()
    if re.fullmatch(r"\d+(?:\.\d*)?", text, re.ASCII):
        return min(float(text[:20]), bound)
    try:
        date = parsedate_to_datetime(text)
        moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()  # HTTP dates are in GMT
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(moment - now, 0.0), bound)
