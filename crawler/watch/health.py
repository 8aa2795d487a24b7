"""How an outlet does, judged by its own past: pure rules over what its runs came to.

``judge`` takes what stands (``Standing``) and the runs (``Row``) of one outlet and gives findings, each with the
likely cause in words. The rules, their thresholds and the reasons for them are in ``docs/health.md``.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from crawler.watch.past import (
    DAY,
    HOUR,
    PAST,
    Pace,
    Row,
    chance_of_at_least,
    chance_of_at_most,
    chance_of_so_short,
    longest_silence,
)
from crawler.watch.standing import GONE, Source, Standing

Verdict = Literal["healthy", "unhealthy", "learning"]

LEARNING = 7 * DAY
"""Past that must be known before an outlet counts as healthy: a week, so that each weekday was seen."""

NEW_NORMAL = 14 * DAY
"""A feed that is gone, or a new design, is told for so long; if articles keep coming, it is the new normal then."""

RARELY = 6 * HOUR
"""Runs so far apart have tried an address several times by themselves; nearer ones have to agree."""

SILENT_CHANCE, SILENT_LONGEST = 1e-3, 1.5
"""An outlet is silent when so long a silence would come by chance once in a thousand such spans, and is longer than
the longest of its past by half."""

FEWER_CHANCE, FEWER_SHARE = 1e-4, 0.5
"""It yields too little when so few articles would come by chance once in ten thousand spans, are half of what is
usual at most, and fewer than in any like span of its past."""

SPANS = (DAY, 3 * DAY)
"""Recent spans that are compared with the past."""

SHARE_CHANCE, SHARE_MORE = 1e-4, 0.25
"""A share (of pages without text, articles without date) has risen when chance would do that once in ten thousand
times, by a quarter of all at least, and above what it was in any like span of the past."""

FEWEST_RECENT, FEWEST_PAST = 3, 20
"""Pages a share is reckoned from."""

SHORTER = 0.6
"""Texts have become shorter when the median is below so much of what it was, and the ranks say so, too."""

FEWEST_TEXTS = 5

STILL = 100.0
"""A finding that holds goes on as long as chance is not so many times as probable as to begin it."""

TOLD_SHARE = 0.1
"""A source is missed if it was the first to tell of so many of the articles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with an outlet."""

    kind: str
    """``site-down``, ``robots-changed``, ``feed-gone``, ``redesign``, ``silent``, ``rejections-up``,
    ``fields-missing`` or ``shorter-texts``."""
    since: float
    cause: str
    """What is likely to be behind it, for a person."""
    evidence: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    """What of several things it is about: a source, a field."""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.about}".strip()


def judge(standing: Standing, rows: Sequence[Row], *, home: str = "", given: Sequence[str] = ()) -> list[Finding]:
    """What is wrong with an outlet at the end of its last run.

    ``rows`` are its runs in order, the last one included; ``given`` are sources that the job file names. Nothing is
    changed: the caller keeps the findings with ``remember``.
    """
    if not rows:
        return []
    shut = _robots(standing) or _down(standing)
    gone = list(_sources(standing, rows, home, given))
    if shut is not None:
        # Everything else follows from it; only what was known before is still said.
        return [shut, *(each for each in gone if each.key in standing.open)]
    redesign = _redesign(standing)
    found = [*gone, *redesign, *_silent(standing, rows)]
    behind = f"; its pages look different since {moment(redesign[0].since)}" if redesign else ""
    for rule in (_rejections, _fields, _texts):
        found += rule(standing, rows, behind)
    return found


def remember(standing: Standing, findings: Sequence[Finding]) -> None:
    """Keep which findings hold, and since when; what has been the case for long becomes the norm."""
    standing.open = {each.key: each.since for each in findings}
    assert standing.last is not None
    if standing.redesign is not None and standing.last - standing.redesign.since >= NEW_NORMAL:
        standing.adopt_design()


def verdict(standing: Standing, findings: Sequence[Finding]) -> Verdict:
    if findings:
        return "unhealthy"
    known = (standing.last or 0.0) - (standing.first or 0.0)
    return "healthy" if known >= LEARNING else "learning"


# ---------------------------------------------------------------- what can be seen at once


def _down(standing: Standing) -> Finding | None:
    site = standing.site
    if site is None:
        return None
    if standing.answered is not None and site.runs < 2 and standing.gap < RARELY:
        return None  # a restart takes minutes; the next run will see
    since = moment(site.since)
    if site.reason.startswith("robots.txt"):
        cause = f"{site.reason} since {since}, so nothing of the site may be fetched"
    elif site.reason.isdecimal():
        cause = f"every request ends in {site.reason} since {since}"
    else:
        cause = f"the site cannot be reached since {since}: {site.reason}"
    if standing.answered is None:
        cause += "; it has never answered"
    evidence = {"answer": site.reason, "runs": site.runs, "last_answered": _iso(standing.answered)}
    return Finding(kind="site-down", since=site.since, cause=cause, evidence=evidence)


def _robots(standing: Standing) -> Finding | None:
    blocked, robots = standing.blocked, standing.robots
    if blocked is None or robots is None:
        return None
    what = "everything" if blocked.reason == "all" else f"{blocked.reason} of the last articles' addresses"
    when = f"since {moment(blocked.since)}" if standing.once_allowed else "since the first run"
    evidence = {"digest": robots.digest, "before": standing.robots_before, "fetched": _iso(robots.fetched)}
    cause = f"robots.txt disallows {what} {when}"
    return Finding(kind="robots-changed", since=blocked.since, cause=cause, evidence=evidence)


def _sources(standing: Standing, rows: Sequence[Row], home: str, given: Sequence[str]) -> list[Finding]:
    now = rows[-1].at
    told: Counter[str] = Counter()
    for row in rows:
        told.update(row.told)
    found = []
    for url, source in standing.sources.items():
        trouble = source.trouble
        if trouble is None or (source.worked is None and url not in given):
            continue
        definite = trouble.reason in GONE or trouble.reason.startswith("no ")
        patient = trouble.runs >= 2 or standing.gap >= RARELY
        if not patient or not (definite or now - trouble.since >= RARELY or standing.gap >= RARELY):
            continue
        if now - trouble.since > NEW_NORMAL and url not in given:
            continue
        share = told[url] / total if (total := told.total()) else 0.0
        rest = [other for other, each in standing.sources.items() if each.role == source.role and each.trouble is None]
        if source.role in ("feed", "sitemap"):
            matters = url in given or share >= TOLD_SHARE or not rest
        else:
            matters = source.role == "home" or share >= TOLD_SHARE
        if not matters:
            continue
        since = moment(trouble.since)
        answer = f"answers {trouble.reason}" if trouble.reason.isdecimal() else f"fails ({trouble.reason})"
        instead = _instead(standing, rows, trouble.since, home, source.role)
        cause = f"the {_name(source.role)} {_path(url)} {answer} since {since}; {instead}"
        evidence = {
            "source": url, "answer": trouble.reason, "runs": trouble.runs, "worked_since": _iso(source.worked),
            "told_share": round(share, 3),
        }  # fmt: skip
        found.append(Finding(kind="feed-gone", about=url, since=trouble.since, cause=cause, evidence=evidence))
    return found


def _instead(standing: Standing, rows: Sequence[Row], since: float, home: str, gone: str) -> str:
    """Where articles come from now that a source of the role ``gone`` fails."""
    told: Counter[str] = Counter()
    for row in rows:
        if row.at >= since:
            told.update(row.told)
    roles = {url: each.role for url, each in standing.sources.items()} | {home: "home"}
    by_role: Counter[str] = Counter()
    for url, number in told.items():
        by_role[roles.get(url, "section")] += number
    left = dict.fromkeys(each.role for each in standing.sources.values() if each.trouble is None and each.worked)
    names = [f"other {_plural(role)}" if role == gone != "home" else _plural(role) for role in (by_role or left)]
    if not names:
        return "nothing else tells of articles"
    can = "" if by_role else " can"
    return f"articles{can} now come from {_and(names)}{' only' if len(names) == 1 else ''}"


def _redesign(standing: Standing) -> list[Finding]:
    redesign = standing.redesign
    if redesign is None:
        return []
    cause = f"pages look different since {moment(redesign.since)}: {redesign.reason} % of their usual design is gone"
    marks = {
        kind: [{"names": names, "tags": tags} for _, names, tags in usual.marks[-3:]]
        for kind, usual in standing.looks.items()
        if usual.marks
    }
    evidence = {
        "gone_percent": int(redesign.reason),
        "last_pages_percent": marks,
    }
    return [Finding(kind="redesign", since=redesign.since, cause=cause, evidence=evidence)]


# ---------------------------------------------------------------- what only the past can tell


def _silent(standing: Standing, rows: Sequence[Row]) -> list[Finding]:
    now = rows[-1].at
    pace = Pace(rows)
    known = now - pace.start
    if known < LEARNING:
        return []
    start = max([row.at for row in rows if row.fresh or row.first], default=pace.start)
    a_day = pace.between(pace.start, start) / max((start - pace.start) / DAY, 1.0)
    began = standing.open.get("silent")
    ease = STILL if began is not None else 1.0
    if rows[-1].fresh == 0 and now > start:
        like = pace.like(start, now)
        longest = longest_silence(rows)
        chance = chance_of_at_most(0, like) if like else 1.0
        if chance < SILENT_CHANCE * ease and (began is not None or now - start > SILENT_LONGEST * longest):
            evidence = {
                "hours": round((now - start) / HOUR, 1), "expected": round(statistics.mean(like), 1),
                "chance": float(f"{chance:.2g}"), "longest_before_hours": round(longest / HOUR, 1),
                "a_day": round(a_day, 1),
            }  # fmt: skip
            cause = f"nothing new for {span(now - start)} where {a_day:.2g} a day are usual{_while(standing, rows)}"
            return [Finding(kind="silent", since=start, cause=cause, evidence=evidence)]
    for length in (*SPANS, 7 * DAY):
        like, windows = pace.like(now - length, now), pace.windows(now - length, now)
        if len(windows) < 4 or not like:
            continue
        number, expected = pace.between(now - length, now), statistics.mean(like)
        if number > FEWER_SHARE * expected or (began is None and number >= min(windows)):
            continue
        chance = chance_of_at_most(number, like)
        if chance < FEWER_CHANCE * ease:
            evidence = {"articles": round(number), "expected": round(expected, 1), "hours": round(length / HOUR),
                        "fewest_before": round(min(windows)), "chance": float(f"{chance:.2g}")}  # fmt: skip
            cause = f"{number:.0f} new in {span(length)} where {expected:.0f} are usual{_while(standing, rows)}"
            return [Finding(kind="silent", since=began or now - length, cause=cause, evidence=evidence)]
    return []


def _while(standing: Standing, rows: Sequence[Row]) -> str:
    """What else is known of an outlet that yields too little."""
    if standing.redesign is not None:
        return "; its pages look different"
    bad = sum((Counter(row.bad) for row in rows if row.at > rows[-1].at - SPANS[1]), Counter[str]())
    if bad:
        reason, number = bad.most_common(1)[0]
        return f"; of the last pages {number} were no articles ({reason})"
    failing = [url for url, source in standing.sources.items() if source.trouble is not None and source.worked]
    if failing:
        return f"; {_path(failing[0])} does not work"
    return "; the site answers, its listings name nothing new"


def _recent(rows: Sequence[Row], length: float) -> tuple[list[Row], list[Row]]:
    """The runs of the last so many seconds, and those of the past before."""
    now = rows[-1].at
    recent = [row for row in rows if row.at > now - length]
    return recent, [row for row in rows if now - length - PAST < row.at <= now - length]


def _risen(
    rows: Sequence[Row], hits: Callable[[Row], int], tries: Callable[[Row], int], *, still: bool
) -> tuple[int, int, float, float] | None:
    """Recent hits and tries, the span and the usual share, if the share of hits has risen beyond chance."""
    for length in SPANS:
        recent, past = _recent(rows, length)
        n, k = sum(map(tries, recent)), sum(map(hits, recent))
        past_n, past_k = sum(map(tries, past)), sum(map(hits, past))
        if n < FEWEST_RECENT or past_n < FEWEST_PAST:
            continue
        usual = (past_k + 1) / (past_n + 2)
        if k / n < usual + SHARE_MORE:
            continue
        if chance_of_at_least(k, n, usual) >= SHARE_CHANCE * (STILL if still else 1.0):
            continue
        if still or k / n > _worst(past, hits, tries, length, n):
            return k, n, length, past_k / past_n
    return None


def _worst(
    past: Sequence[Row], hits: Callable[[Row], int], tries: Callable[[Row], int], length: float, number: int
) -> float:
    """The highest share in a span of the past that had half as many pages at least."""
    worst, start, n, k = 0.0, 0, 0, 0
    for row in past:
        n, k = n + tries(row), k + hits(row)
        while row.at - past[start].at >= length:
            n, k, start = n - tries(past[start]), k - hits(past[start]), start + 1
        if 2 * n >= number and n:
            worst = max(worst, k / n)
    return worst


def _rejections(standing: Standing, rows: Sequence[Row], behind: str) -> list[Finding]:
    later = [row for row in rows if not row.first]  # a first run looks at every page that might be an article
    if not later:
        return []
    still = "rejections-up" in standing.open
    risen = _risen(later, lambda row: sum(row.bad.values()), lambda row: row.pages, still=still)
    if risen is None:
        return []
    k, n, length, usual = risen
    reasons: Counter[str] = Counter()
    for row in _recent(later, length)[0]:
        reasons.update(row.bad)
    reason, number = reasons.most_common(1)[0]
    what = f"are no articles ({reason}: {number}), usually {usual:.0%}"
    cause = f"{k} of {n} pages of the last {span(length)} {what}{behind}"
    since = standing.open.get("rejections-up") or _onset(later, length, lambda row: bool(row.bad))
    evidence = {"pages": n, "reasons": dict(reasons.most_common()), "usual_share": round(usual, 3)}
    return [Finding(kind="rejections-up", since=since, cause=cause, evidence=evidence)]


def _fields(standing: Standing, rows: Sequence[Row], behind: str) -> list[Finding]:
    found = []
    for name in ("headline", "author", "date"):
        key = f"fields-missing {name}"
        risen = _risen(rows, lambda row: row.missing.get(name, 0), lambda row: row.articles, still=key in standing.open)  # noqa: B023
        if risen is None:
            continue
        k, n, length, usual = risen
        since = standing.open.get(key) or _onset(rows, length, lambda row: name in row.missing)  # noqa: B023
        cause = f"{k} of {n} articles of the last {span(length)} have no {name}, usually {usual:.0%}{behind}"
        evidence = {"field": name, "missing": k, "articles": n, "usual_share": round(usual, 3)}
        found.append(Finding(kind="fields-missing", about=name, since=since, cause=cause, evidence=evidence))
    return found


def _texts(standing: Standing, rows: Sequence[Row], behind: str) -> list[Finding]:
    still = "shorter-texts" in standing.open
    for length in SPANS:
        recent, past = ([word for row in part for word in row.words] for part in _recent(rows, length))
        if len(recent) < FEWEST_TEXTS or len(past) < FEWEST_PAST:
            continue
        now, usual = statistics.median(recent), statistics.median(past)
        if now >= SHORTER * usual:
            continue
        chance = chance_of_so_short(recent, past)
        if chance < SHARE_CHANCE * (STILL if still else 1.0):
            since = standing.open.get("shorter-texts") or _onset(rows, length, lambda row: bool(row.words))
            cause = f"articles of the last {span(length)} have {now:.0f} words (median), usually {usual:.0f}{behind}"
            evidence = {"median": now, "usual_median": usual, "articles": len(recent), "chance": float(f"{chance:.2g}")}
            return [Finding(kind="shorter-texts", since=since, cause=cause, evidence=evidence)]
    return []


def _onset(rows: Sequence[Row], length: float, shows: Callable[[Row], bool]) -> float:
    """The first run of the recent span that shows what is found."""
    recent, _ = _recent(rows, length)
    return next((row.at for row in recent if shows(row)), rows[-1].at)


# ---------------------------------------------------------------- words


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _iso(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None


def span(seconds: float) -> str:
    """In the unit in which people would say it."""
    if seconds < 3 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"


def _path(url: str) -> str:
    """An address as short as it can be understood."""
    parts = urlsplit(url)
    return unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _name(role: str) -> str:
    return {"home": "home page", "section": "section page"}.get(role, role)


def _plural(role: str) -> str:
    names = {"home": "the home page", "feed": "feeds", "sitemap": "sitemaps", "section": "section pages"}
    return names.get(role, role)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


__all__ = ["Finding", "Source", "Verdict", "judge", "moment", "remember", "span", "verdict"]
