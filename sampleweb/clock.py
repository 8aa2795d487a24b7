"""Instants the sample web is built around, and their spellings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

DAY_ZERO = datetime(2026, 9, 1, tzinfo=UTC)
"""Day 0: the first articles are from here on."""

DEFAULT_CLOCK = datetime(2026, 9, 30, 12, tzinfo=UTC)
"""What a visitor sees who sets no clock: at least thirty articles at each outlet."""

HORIZON = DEFAULT_CLOCK + timedelta(days=30)
"""The outlets publish until here; the 30 days after the default clock are for scheduled jobs."""


def day(number: int) -> datetime:
    """Noon of day `number`, counted from `DAY_ZERO`."""
    return DAY_ZERO + timedelta(days=number, hours=12)


def parse(text: str) -> datetime:
    """An ISO instant; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def http_date(moment: datetime) -> str:
    """As in Last-Modified and RSS."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def iso(moment: datetime, offset_minutes: int = 0) -> str:
    """ISO 8601 with the outlet's offset."""
    from datetime import timezone

    zone = timezone(timedelta(minutes=offset_minutes))
    return moment.astimezone(zone).isoformat(timespec="seconds")
