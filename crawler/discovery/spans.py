"""Spans of time: which one an address, a date or a source speaks of, and whether that can lie in a job's span.

A day, or a time without an offset, is what it is somewhere on earth: it begins as early as in the east and ends as late
as in the west. So a backfill takes along some articles of the days beside its span, and misses none of those in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.discovery.dates import date_in_url, parse_date, period_in_url
from crawler.discovery.likeness import names_id
from crawler.discovery.words import words
from pipelines.model import Candidate

if TYPE_CHECKING:
    from crawler.jobs import Limits

Span = tuple[datetime, datetime]
"""From the one to before the other."""

EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How far clocks go before and after UTC."""

OLDER = 0.75
"""Share of a listing's dated links that lie before the span, from which the pages after it are taken to do so, too.
Not all: teasers beside the list show what is new."""

ENOUGH = 3
"""Dated links from which they speak for their page."""

_TWO_MONTHS = timedelta(days=60)
_MODIFIED = frozenset({"sitemap"})
"""Methods whose date is that of the last change: the article was published then or at any time before."""

_YEAR = r"((?:19|20)\d\d)"
_MONTH, _DAY = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_PAGING = re.compile(
    r"/(?:page|seite|pagina|pg|strana|strona|sida|stranitsa)[/-]?\d{1,4}/?(?:\.html?|\.php)?$", re.IGNORECASE
)
_END = r"(?:/(?:index\.\w{2,5})?|\.(?:html?|php|aspx?))?$"
_IN_PATH = re.compile(
    rf"/{_YEAR}(?:/{_MONTH}(?:/{_DAY})?)?{_END}|/{_YEAR}-{_MONTH}(?:-{_DAY})?{_END}"
    rf"|/{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]){_END}",
    re.IGNORECASE,
)
_MONTH_FOLDER = re.compile(rf"/{_YEAR}/{_MONTH}/")
_DATE_VALUE = re.compile(r"((?:19|20)\d\d)(?:-?(0[1-9]|1[0-2]))?(?:-?(0[1-9]|[12]\d|3[01]))?")
_DATE_KEYS = words("date day d dt datum fecha data dat archive archiv cal calendar month m monat mes")
_YEAR_KEYS = words("year y jahr annee ano anno yyyy")
_MONTH_KEYS = words("month m monat mois mes mese mm")
_DAY_KEYS = words("day d tag jour dia giorno dd")


def day_of(year: int, month: int, day: int) -> Span | None:
    """A day anywhere on earth; None if the calendar has none such."""
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    return start - EAST, start + timedelta(days=1) + WEST


def month_of(year: int, month: int) -> Span:
    start = datetime(year, month, 1, tzinfo=UTC)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return start - EAST, following + WEST


def year_of(year: int) -> Span:
    return datetime(year, 1, 1, tzinfo=UTC) - EAST, datetime(year + 1, 1, 1, tzinfo=UTC) + WEST


def _period(year: str, month: str | None, day: str | None) -> Span | None:
    if day:
        return day_of(int(year), int(month or 1), int(day))
    return month_of(int(year), int(month)) if month else year_of(int(year))


def archive_of(url: str) -> Span | None:
    """What a page of a dated archive covers: ``/2026/01/05/``, ``/archive/2026-01``, ``?date=2026-01-05``, whichever
    page of it; None if the address is that of no such page."""
    head, _, query = url.partition("?")
    if names_id(url):
        return None
    path = _PAGING.sub("/", "/" + head.partition("://")[2].partition("/")[2])
    if found := _IN_PATH.search(path):
        year, month, day = (next((g for g in found.groups()[n::3] if g), None) for n in range(3))
        if year:
            return _period(year, month, day)
    return _in_query(query) if query else None


def _in_query(query: str) -> Span | None:
    parts: dict[str, str] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        key = key.lower()
        if key in _DATE_KEYS and len(value) >= 6 and (found := _DATE_VALUE.fullmatch(value)):
            return _period(*found.groups())
        for name, keys in (("year", _YEAR_KEYS), ("month", _MONTH_KEYS), ("day", _DAY_KEYS)):
            if key in keys and value.isascii() and value.isdigit() and len(value) <= 4:
                parts[name] = value
    if not 1900 <= int(parts.get("year", 0)) <= 2099 or not 1 <= int(parts.get("month", 1)) <= 12:
        return None
    return _period(parts["year"], parts.get("month"), parts.get("day") if "month" in parts else None)


def span_of_date(raw: str | None) -> Span | None:
    """What a date as written can mean; None if it cannot be read."""
    moment = parse_date(raw) if raw else None
    if moment is None or raw is None:
        return None
    raw = raw.strip()
    if len(raw) <= 10:
        return {4: year_of(moment.year), 7: month_of(moment.year, moment.month)}.get(len(raw)) or day_of(
            moment.year, moment.month, moment.day
        )
    if re.search(r"(?:Z|[+-]\d\d:?\d\d|[+-]\d\d|GMT|UTC?|[A-Z]{2,4})$", raw, re.IGNORECASE):
        return moment, moment + timedelta(seconds=1)
    return moment - EAST, moment + WEST


def span_of_url(url: str) -> Span | None:
    """The day, or the folder of a month, that an article's address names."""
    day = date_in_url(url)
    if day:
        return day_of(day.year, day.month, day.day)
    folder = _MONTH_FOLDER.search("/" + url.partition("://")[2].partition("/")[2].partition("?")[0])
    return month_of(int(folder[1]), int(folder[2])) if folder else None


def span_of_source(url: str) -> Span | None:
    """The time that a sitemap's or an archive's address names: all that it lists is of that time."""
    found = archive_of(url) or span_of_url(url)
    if found:
        return found
    year, _, month = period_in_url(url).partition("-")
    return None if not year else year_of(int(year)) if month == "00" else month_of(int(year), int(month))


def span_of_page(url: str, *, sitemap: bool) -> Span | None:
    """The same for all that a page lists: only a day or a month, as a year may be a topic's or a number."""
    found = span_of_source(url) if sitemap else archive_of(url)
    return found if found and found[1] - found[0] < _TWO_MONTHS else None


def touches(span: Span, limits: Limits) -> bool:
    """Whether some of it lies in the job's span."""
    return (limits.since is None or span[1] > limits.since) and (limits.until is None or span[0] < limits.until)


def published(candidate: Candidate) -> Span | None:
    """When an article appeared, by the date of its source, else by its address; None if neither tells."""
    if candidate.method not in _MODIFIED and candidate.date != candidate.updated:
        told = span_of_date(candidate.date)
        if told:
            return told
    return span_of_url(candidate.url)


def may_lie(candidate: Candidate, limits: Limits, source: Span | None = None) -> bool:
    """Whether an article can lie in the job's span: by its own date, else by that of its `source`, else by the date of
    its last change, before which it was published. What nothing is known of can."""
    told = published(candidate) or source
    if told:
        return touches(told, limits)
    changed = span_of_date(candidate.date)
    return changed is None or limits.since is None or changed[1] > limits.since


def all_before(dates: Iterable[Span], limits: Limits) -> bool:
    """Whether a listing has gone back beyond the job's span, so that what follows it is older still."""
    dates = list(dates)
    if limits.since is None or len(dates) < ENOUGH:
        return False
    return sum(end <= limits.since for _, end in dates) >= OLDER * len(dates)


def around(dates: Iterable[Span]) -> Span | None:
    """From the first to the last of a listing's dates, if there are enough."""
    dates = list(dates)
    return (min(start for start, _ in dates), max(end for _, end in dates)) if len(dates) >= ENOUGH else None


def expand(pattern: str, limits: Limits, end: datetime) -> list[str]:
    """The addresses that a pattern of dated archive pages gives for a span up to `end`, the newest first.

    One for each day if the pattern names the day, else one for each month or year.
    """
    if limits.since is None:
        return []
    first = (limits.since - WEST).date()
    day = (end + EAST - timedelta(microseconds=1)).date()
    found: dict[str, None] = {}
    while day >= first:
        found[filled(pattern, day.year, day.month, day.day)] = None
        day -= timedelta(days=1)
    return list(found)


def filled(pattern: str, year: int, month: int, day: int) -> str:
    """A pattern with its places filled in."""
    values = {"yyyy": f"{year:04}", "mm": f"{month:02}", "m": str(month), "dd": f"{day:02}", "d": str(day)}
    return PLACE.sub(lambda place: values.get(place[1], place[0]), pattern)


PLACE = re.compile(r"\{([^{}]*)\}")
"""A place in a pattern of archive pages."""

PLACES = ("yyyy", "mm", "m", "dd", "d")
