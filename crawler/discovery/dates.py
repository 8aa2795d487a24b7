"""Dates as feeds, sitemaps and URLs write them: read only to sort and to judge age, never recorded."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from pipelines.model import Candidate

_YEAR = r"(?<![0-9])((?:19|20)[0-9]{2})"
_MONTH = r"[/_.-]?(0[1-9]|1[0-2]|(?<=[/-])[1-9])"
_DAY = r"[/_.-]?(0[1-9]|[12][0-9]|3[01]|(?<=[/-])[1-9])"
_IN_URL = re.compile(rf"{_YEAR}{_MONTH}{_DAY}(?![0-9])")
_MONTH_IN_URL = re.compile(rf"{_YEAR}[/_.-]?(0[1-9]|1[0-2])(?![0-9])|{_YEAR}(?![0-9])")


@lru_cache(maxsize=4096)
def parse_date(raw: str) -> datetime | None:
    """ISO 8601 (W3C profile included) or RFC 822; without an offset it is UTC. None if it is neither."""
    raw = raw.strip()
    if len(raw) > 64:
        return None
    if re.fullmatch(r"\d{4}(-\d\d)?", raw):
        raw = raw + "-01" * (3 - len(raw.split("-")))
    moment: datetime | None = None
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        try:
            moment = parsedate_to_datetime(raw)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the year 1 or 9999 with an offset
        return None


def date_in_url(url: str) -> datetime | None:
    """The day that the path names, as in /2026/03/05/ or /20260305-; None if it names none."""
    for year, month, day in _IN_URL.findall(_path_of(url)):
        try:
            return datetime(int(year), int(month), int(day), tzinfo=UTC)
        except ValueError:
            continue
    return None


def _path_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[2] if "://" in url else url


def period_in_url(url: str) -> str:
    """The year, or year and month, that a sitemap's address names, so that they sort; empty if none."""
    found = _MONTH_IN_URL.search(_path_of(url))
    if not found:
        return ""
    return f"{found[1]}-{found[2]}" if found[1] else f"{found[3]}-00"


def too_old(candidate: Candidate, now: datetime, age: timedelta | None) -> bool:
    """Whether what is known of a candidate says that it is older than the job wants.

    The source's date decides; without one that can be read, the day in the URL (and the whole of that
    day, in any time zone, counts as young enough). What says nothing is not too old.
    """
    if age is None:
        return False
    moment = parse_date(candidate.date) if candidate.date else None
    if moment is None:
        day = date_in_url(candidate.url)
        moment = day + timedelta(days=2) if day else None
    elif candidate.date is not None and len(candidate.date.strip()) <= 10:
        moment += timedelta(days=1)
    return moment is not None and moment < now - age
