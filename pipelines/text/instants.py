"""Dates and times as pages write them, parsed without guessing what is not there.

An instant keeps the offset it was written with; a time without one stays without; a day stays a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime

from pipelines.text import months

MAX_TEXT = 120
"""Characters of a text that may be a date with what surrounds it."""

SAME = timedelta(minutes=1)
"""Below this two instants are told as one: clocks differ, and some fields carry no seconds."""

EARLIEST = date(1990, 1, 1)
"""Before the web; 1970-01-01 and 0001-01-01 are how programs write "none"."""

ZONES: dict[str, int] = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 60, "west": 60, "cet": 60, "mez": 60, "wat": 60, "cest": 120,
    "mesz": 120,
    "eet": 120, "sast": 120, "cat": 120, "eest": 180, "msk": 180, "мск": 180, "eat": 180, "trt": 180, "gst": 240,
    "pkt": 300, "ist": 330,
    "wib": 420, "wita": 480, "hkt": 480, "sgt": 480, "myt": 480, "awst": 480, "wit": 540, "jst": 540, "kst": 540,
    "aest": 600, "aedt": 660,
    "nzst": 720, "nzdt": 780, "edt": -240, "est": -300, "cdt": -300, "mdt": -360, "mst": -420, "pdt": -420, "pst": -480,
}  # fmt: skip
"""Minutes east of Greenwich of the abbreviations that the news uses in one sense ("CST" and "ET" have several)."""

_ISO = re.compile(
    r"^(?P<year>\d{4})[-/.]?(?P<month>\d{1,2})[-/.]?(?P<day>\d{1,2})"
    r"(?:(?:\s*[T,]?\s*|\s+-\s+)(?P<hour>\d{1,2})[:.]?(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[ap]\.?m\.?\b)?\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?\s?[+\-−]\s?\d{1,2}:?\d{0,2}|[A-Z]{2,4})?)?\W*$",
    re.I,
)
_REGION = re.compile(r"\[[A-Za-z_/]+\]$")
_COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?(Z|[+-]\d\d:?\d\d)?$")
_EPOCH = re.compile(r"^(\d{10}|\d{13})(?:\.\d+)?$")
_JAVASCRIPT = re.compile(
    r"^[A-Za-z]{3},? ([A-Za-z]{3}) (\d{1,2}),? (\d{4}) (\d\d:\d\d(?::\d\d)?)(?: ([A-Z]{3})?([+-]\d{4})?.*)?$"
)
_UNIX = re.compile(r"^[A-Za-z]{3} ([A-Za-z]{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) ([A-Z]{2,5}) (\d{4})$")
_TIME = re.compile(
    r"(?<![\d.:])(?!\d\d?\.\d\d?\.)(?P<hour>[01]?\d|2[0-3])\s?(?:[:.h時时시点]|"
    r"Uhr)\s?(?P<minute>[0-5]\d)?(?:[:.분分](?P<second>[0-5]\d))?\s*"
    r"(?P<half>[ap]\.?\s?m\.?(?![a-z]))?\s*(?:Uhr|hrs|h\b|Hrs)?\s*\(?(?P<zone>(?:UTC|"
    r"GMT)?\s?[+\-−]\d{1,2}:?\d{0,2}(?!\d)|[A-Za-zМСК]{2,5}\b)?",
    re.I,
)
_HALF_ONLY = re.compile(
    r"(?<![\d.:])(?P<hour>1[0-2]|\d)\s?(?P<half>[ap]\.?m\.?)(?![a-z])\s*\(?(?P<zone>[A-Z]{2,4}\b)?", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A parsed date: a plain day, a wall-clock time or an instant."""

    day: date
    clock: time | None = None
    zone: timezone | None = None

    @property
    def precision(self) -> int:
        """0 a day, 1 a wall-clock time, 2 an instant."""
        return 0 if self.clock is None else 1 if self.zone is None else 2

    def iso(self) -> str:
        """ISO 8601, to the second, with an offset only where there was one."""
        if self.clock is None:
            return self.day.isoformat()
        return datetime.combine(self.day, self.clock, self.zone).isoformat()

    def earliest(self) -> datetime:
        """The first instant it can mean anywhere on Earth (offsets reach +14:00)."""
        at = datetime.combine(self.day, self.clock or time(), self.zone or timezone(timedelta(hours=14)))
        return at.astimezone(UTC)

    def order(self) -> datetime:
        """For comparing moments of one page: UTC where not stated."""
        return datetime.combine(self.day, self.clock or time(), self.zone or UTC).astimezone(UTC)


def _moment(value: datetime) -> Moment:
    offset = value.utcoffset()
    return Moment(
        day=value.date(),
        clock=value.time().replace(microsecond=0),
        zone=timezone(offset) if offset is not None else None,
    )


def parse(text: str, language: str = "") -> Moment | None:
    """The moment that a text states; None where it is no date."""
    text = _REGION.sub("", " ".join(text.split()).strip("'\"\ufeff "))
    if not 4 <= len(text) <= MAX_TEXT:
        return None
    try:
        return _machine(text) or _written(text, language)
    except (ValueError, OverflowError, TypeError):
        return None


def _machine(text: str) -> Moment | None:
    if text[4:5] == "-" or text[4:5].isdigit():
        try:
            if len(text) > 10:
                return _moment(datetime.fromisoformat(text))
            if len(text) == 10:
                return Moment(day=date.fromisoformat(text))
        except ValueError:
            pass
    if match := _EPOCH.match(text):
        seconds = int(match[1]) / (1000 if len(match[1]) == 13 else 1)
        return _moment(datetime.fromtimestamp(seconds, UTC))
    if match := _COMPACT.match(text):
        year, month, number, hour, minute, second = (int(g or 0) for g in match.groups()[:6])
        return Moment(day=date(year, month, number), clock=time(hour, minute, second), zone=_zone(match[7]))
    if match := _ISO.match(text):
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        return Moment(day=day) if match["hour"] is None else _clocked(day, match)
    if match := _JAVASCRIPT.match(text):
        return _english(f"{match[2]} {match[1]} {match[3]} {match[4]}", match[6] or match[5])
    if match := _UNIX.match(text):
        return _english(f"{match[2]} {match[1]} {match[5]} {match[3]}", match[4])
    if (text[:1].isalpha() and text[3:5] in (", ", ",")) or re.match(
        r"^\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ", text
    ):
        try:
            return _moment(parsedate_to_datetime(text))
        except (ValueError, TypeError, IndexError):
            return None
    return None


def _english(text: str, zone: str | None) -> Moment | None:
    moment = _written(text, "en")
    return Moment(day=moment.day, clock=moment.clock, zone=_zone(zone)) if moment else None


def _written(text: str, language: str) -> Moment | None:
    found = months.find(text, language)
    if not found:
        return None
    day, end = found
    folded = months.fold(text)
    match = _TIME.search(folded, end) or _HALF_ONLY.search(folded, end)
    if match is None or match.start() > end + 25:
        match = _TIME.search(folded[: max(0, end - 8)])  # "10:20, 3 May 2024"
        if match is None or not (match["minute"] and ":" in match[0]):
            return Moment(day=day)
    if match.re is _TIME and not match["minute"] and not match["half"] and not re.search(r"uhr|h|時|时|시", match[0]):
        return Moment(day=day)
    return _clocked(day, match)


def _clocked(day: date, match: re.Match[str]) -> Moment:
    groups = match.groupdict()
    hour, minute, second = int(groups["hour"]), int(groups.get("minute") or 0), int(groups.get("second") or 0)
    half = (groups.get("half") or "").lower()
    if half.startswith("p") and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    if hour == 24:
        return Moment(day=day)
    return Moment(day=day, clock=time(hour, minute, min(second, 59)), zone=_zone(groups.get("zone")))


def _zone(text: str | None) -> timezone | None:
    """The offset of ``Z``, ``+02:00``, ``UTC+2`` or an abbreviation in ``ZONES``."""
    if not text:
        return None
    name = text.strip().lower().replace("−", "-").replace(" ", "")
    if name in ZONES:
        return timezone(timedelta(minutes=ZONES[name]))
    match = re.match(r"^(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?$", name)
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes)) if minutes <= 14 * 60 else None


def plausible(moment: Moment, captured: datetime) -> bool:
    """Not before the web, not after the capture (a day is granted for wrong clocks)."""
    reference = captured if captured.tzinfo else captured.replace(tzinfo=UTC)
    return moment.day >= EARLIEST and moment.earliest() <= reference.astimezone(UTC) + timedelta(days=1)


def same(a: Moment, b: Moment) -> bool:
    """Whether two statements can be of one event: the same day or wall clock, or an instant shifted by a whole
    quarter of an hour up to 14 hours (one of them told without its offset)."""
    if a.clock is None or b.clock is None:
        return abs((a.day - b.day).days) <= 1
    gap = abs(datetime.combine(a.day, a.clock) - datetime.combine(b.day, b.clock))
    if a.zone and b.zone:
        return abs(a.order() - b.order()) < SAME
    return gap <= timedelta(hours=14) and gap.total_seconds() % 900 < 60
