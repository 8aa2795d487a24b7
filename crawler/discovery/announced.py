"""What a source announces of changes, and when it announces nothing: dates that are those of its own rendering."""

from __future__ import annotations

from datetime import datetime, timedelta

from crawler.discovery.dates import parse_date
from crawler.discovery.values import Fetched

MANY = 10
"""Dates from which their being alike is no chance."""

STRAYS = 10
"""One date in so many may be another."""

CLOSE = timedelta(minutes=5)
"""How far a date may lie from the rendering of the page that gives it: clocks differ, large sitemaps take a while."""


def later(changed: str | None, published: str | None) -> str | None:
    """The date of a change as written; None if it is not later than that of publication, which announces nothing."""
    if not changed or changed == published:
        return None
    after, before = parse_date(changed), parse_date(published) if published else None
    return None if after and before and after <= before else changed


def rendered(page: Fetched, dates: list[str]) -> bool:
    """Whether these dates are the time at which the page was made: many, nearly all alike, and that of its rendering.

    A plain date is so if it is the day of rendering. The page tells when it was made by Date, Age and Last-Modified;
    what fetched it, when that was.
    """
    if len(dates) < MANY:
        return False
    made = _made(page)
    strays, allowed = 0, len(dates) // STRAYS
    first: datetime | None = None
    for raw in dates:
        moment = parse_date(raw)
        alike = moment is not None and (first is None or abs(moment - first) <= CLOSE)
        if moment is not None and alike and any(_same(moment, raw, each) for each in made):
            first = first or moment
            continue
        strays += 1
        if strays > allowed:
            return False
    return True


def _same(moment: datetime, raw: str, made: datetime) -> bool:
    return moment.date() == made.date() if len(raw.strip()) <= 10 else abs(moment - made) <= CLOSE


def _made(page: Fetched) -> list[datetime]:
    sent = parse_date(page.header("date")) if page.header("date") else None
    age = page.header("age").strip()
    modified = page.header("last-modified")
    moments = [page.fetched, sent, parse_date(modified) if modified else None]
    if sent and age.isascii() and age.isdigit() and len(age) < 9:
        moments.append(sent - timedelta(seconds=int(age)))
    return [moment for moment in moments if moment is not None]
