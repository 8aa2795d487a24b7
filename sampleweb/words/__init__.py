"""What the furniture says, in each language: menus, boxes, footers, dates."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=None)
def words(language: str) -> dict[str, str]:
    """The labels of one language, by key."""
    source = resources.files(__package__).joinpath(f"{language}.txt").read_text("utf-8")
    pairs = (line.split(": ", 1) for line in source.splitlines() if ": " in line)
    return {key: value for key, value in pairs}


def long_date(language: str, local: datetime, *, time: bool = False) -> str:
    """The day (and time) as a reader of that language is shown it."""
    label = words(language)
    month = label["months"].split()[local.month - 1]
    pattern = label["date_time" if time else "date"]
    return pattern.format(d=local.day, m=month, y=local.year, t=f"{local:%H:%M}")
