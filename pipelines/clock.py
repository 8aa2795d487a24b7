"""The time of day, in one place, so that months of scheduled runs can be lived through in minutes.

All that is compared with dates of earlier runs (when an address was fetched, when it is due, ``WARC-Date``) is read
here. What measures how long something takes reads ``time.monotonic``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

_shift = 0.0


def now() -> float:
    """Seconds since 1970."""
    return time.time() + _shift


def utcnow() -> datetime:
    """The same as a date with its time zone."""
    return datetime.fromtimestamp(now(), UTC)


def seconds(moment: datetime) -> str:
    """A moment to the second, as JSON of ours has it: ``2026-01-31T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pretend(start: datetime | None) -> None:
    """Take this very moment for ``start`` from now on; ``None``: for what it is."""
    global _shift  # noqa: PLW0603 - one time for the process is the point
    _shift = start.timestamp() - time.time() if start is not None else 0.0
