"""What the furniture says, in each language: menus, boxes, footers, dates."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import resources


@cache
def words(language: str) -> dict[str, str]:
    """The labels of one language, by key."""
    source = resources.files(__package__).joinpath(f"{language}.txt").read_text("utf-8")
    return dict(line.split(": ", 1) for line in source.splitlines() if ": " in line)


def long_date(language: str, local: datetime, *, time: bool = False) -> str:
    """The day (and time) as a reader of that language is shown it."""
    label = words(language)
    month = label["months"].split()[local.month - 1].replace("_", " ")
    pattern = label["date_time" if time else "date"]
    return pattern.format(d=local.day, m=month, y=local.year, t=f"{local:%H:%M}")
