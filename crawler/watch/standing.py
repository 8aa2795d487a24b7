"""What stands of an outlet from run to run: which sources work, whether the site answers, what its pages look like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from crawler.watch.looks import Look, Usual
from crawler.watch.past import DAY, Row

FORGET_SOURCE = 60 * DAY
"""A source that was not asked for so long is none of the outlet's any more."""

SAMPLED = 20
"""Addresses of articles kept, to see what a new robots.txt would have forbidden."""

ENOUGH = 3
"""Pages in a row that look as usual again, after which a redesign was none."""

GONE = frozenset({"401", "402", "403", "404", "405", "406", "410", "451"})
"""Answers that say that a source is not there, or not for us; all other failures may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """How a source answered in a run."""

    url: str
    role: str
    trouble: str | None = None
    """A status or, in words, what went wrong; None if it is as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsSeen:
    """The robots.txt in force at the end of a run."""

    fetched: float
    digest: str
    allowed: bool
    """Whether the home page may be fetched."""
    blocked: int = 0
    """Of the articles sampled, those that may not."""
    sampled: int = 0


@dataclass(slots=True, kw_only=True)
class Seen:
    """All that a run shows of an outlet."""

    row: Row
    sources: Sequence[SourceSeen] = ()
    robots: RobotsSeen | None = None
    answered: bool = False
    """Something came that a working site gives: a page, a redirect, an honest 404."""
    trouble: str | None = None
    """What requests ended in, if none was answered and a source or the whole host was among them."""
    looks: Sequence[tuple[str, Look, bool]] = ()
    """Pages of a kind (``article``, ``home``) in order, and whether the same page looked as usual before."""
    sample: Sequence[str] = ()
    """Addresses of articles seen."""


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Something that does not work, since when, and in how many runs since."""

    since: float
    reason: str
    runs: int = 1
    last: float = 0.0
    """When that was last seen; there may be runs in between that did not ask."""


@dataclass(slots=True, kw_only=True)
class Source:
    role: str
    asked: float
    worked: float | None = None
    """When it first did."""
    trouble: Trouble | None = None


@dataclass(slots=True, kw_only=True)
class Standing:
    """One outlet. Advanced by ``take`` once a run."""

    first: float | None = None
    """When its first run ended."""
    last: float | None = None
    gap: float = 0.0
    """Seconds between the last two runs."""
    answered: float | None = None
    """When the site last did."""
    site: Trouble | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    robots: RobotsSeen | None = None
    robots_before: str | None = None
    """The digest before the last change."""
    robots_changed: float | None = None
    once_allowed: bool = False
    blocked: Trouble | None = None
    """robots.txt keeps us out: of everything, or of most articles."""
    looks: dict[str, Usual] = field(default_factory=dict)
    redesign: Trouble | None = None
    """``reason``: how much of the design is gone, in per cent."""
    sample: list[str] = field(default_factory=list)
    open: dict[str, float] = field(default_factory=dict)
    """Findings that hold, and since when."""

    def take(self, seen: Seen) -> None:
        """Add what a run shows."""
        now = seen.row.at
        if self.first is None:
            self.first = now
        self.gap = now - self.last if self.last is not None else 0.0
        self.last = now
        self._take_answers(seen, now)
        self._take_sources(seen, now)
        self._take_robots(seen, now)
        turned = False
        for kind, look, before in seen.looks:
            turned |= self.looks.setdefault(kind, Usual()).take(look, now) and before
        self._take_redesign(turned)
        self.sample = [*dict.fromkeys([*self.sample, *seen.sample])][-SAMPLED:]

    def _take_answers(self, seen: Seen, now: float) -> None:
        if seen.answered:
            self.answered, self.site = now, None
        elif seen.trouble is not None:
            self.site = _again(self.site, seen.trouble, now)

    def _take_sources(self, seen: Seen, now: float) -> None:
        for each in seen.sources:
            source = self.sources.setdefault(each.url, Source(role=each.role, asked=now))
            source.asked = now
            if each.trouble is None:
                source.worked, source.trouble = source.worked or now, None
            else:
                source.trouble = _again(source.trouble, each.trouble, now)
        asked = {each.url for each in seen.sources}
        for url, source in self.sources.items():
            if source.trouble is not None and url not in asked and now > source.trouble.since:
                source.trouble.runs += 1  # it has not come back, whoever asked it
        self.sources = {url: source for url, source in self.sources.items() if now - source.asked < FORGET_SOURCE}

    def _take_robots(self, seen: Seen, now: float) -> None:
        robots = seen.robots
        if robots is None:
            return
        if not robots.fetched and self.robots is not None:
            robots = replace(robots, fetched=self.robots.fetched)
        if self.robots is not None and robots.digest != self.robots.digest:
            self.robots_before, self.robots_changed = self.robots.digest, robots.fetched
        self.robots = robots
        if not robots.allowed:
            since = self.blocked.since if self.blocked else robots.fetched
            self.blocked = Trouble(since=since, reason="all", last=now)
        elif robots.sampled >= 5 and 2 * robots.blocked > robots.sampled:
            since = self.blocked.since if self.blocked else robots.fetched
            self.blocked = Trouble(since=since, reason=f"{robots.blocked} of {robots.sampled}", last=now)
        else:
            self.blocked, self.once_allowed = None, True

    def _take_redesign(self, turned: bool) -> None:
        """Two strange pages, or one that was none before, are a redesign unless an article since then looks as usual;
        three usual ones end it."""
        marks = [mark for usual in self.looks.values() for mark in usual.streak]
        if self.redesign is not None:
            since = self.redesign.since
            later = [usual for usual in self.looks.values() if usual.marks and usual.marks[-1][0] > since]
            if later and all(len(usual.marks) >= ENOUGH and usual.usual_again(ENOUGH) for usual in later):
                self.redesign = None
        elif len(marks) >= 2 or (turned and marks):
            since = min(mark[0] for mark in marks)
            articles = self.looks.get("article", Usual())
            if not articles.streak and articles.marks and articles.marks[-1][0] >= since:
                return
            gone = 100 - round(sum((names + tags) / 2 for _, names, tags in marks) / len(marks))
            self.redesign = Trouble(since=since, reason=str(gone), last=max(mark[0] for mark in marks))

    def adopt_design(self) -> None:
        """What looked strange is the usual from now on."""
        self.redesign = None
        for usual in self.looks.values():
            if usual.streak:
                usual.adopt()

    def to_json(self) -> str:
        looks = {kind: usual.to_json() for kind, usual in self.looks.items()}
        value = asdict(replace(self, looks={})) | {"looks": looks}
        kept = {key: entry for key, entry in value.items() if entry}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Standing:
        value: dict[str, Any] = json.loads(text)
        for name in ("site", "blocked", "redesign"):
            if name in value:
                value[name] = Trouble(**value[name])
        if "robots" in value:
            value["robots"] = RobotsSeen(**value["robots"])
        value["sources"] = {url: _source(each) for url, each in value.get("sources", {}).items()}
        value["looks"] = {kind: Usual.from_json(each) for kind, each in value.get("looks", {}).items()}
        return cls(**{name: value[name] for name in cls.__dataclass_fields__ if name in value})


def _again(trouble: Trouble | None, reason: str, now: float) -> Trouble:
    if trouble is None:
        return Trouble(since=now, reason=reason, last=now)
    return Trouble(since=trouble.since, reason=reason, runs=trouble.runs + 1, last=now)


def _source(value: dict[str, Any]) -> Source:
    trouble = value.get("trouble")
    return Source(
        role=value["role"],
        asked=value["asked"],
        worked=value.get("worked"),
        trouble=Trouble(**trouble) if trouble else None,
    )
