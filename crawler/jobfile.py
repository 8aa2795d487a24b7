"""Reading one TOML table with care: each value checked, each error with file, line, key and what is allowed."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from crawler.discovery.spans import PLACE, PLACES, filled
from crawler.discovery.urls import absolute
from pipelines.errors import ConfigError

Number = TypeVar("Number", int, float)
Default = TypeVar("Default")

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class Table:
    """A table of a job file, or the options of a command line in its place."""

    def __init__(
        self, data: dict[str, Any], source: str, text: str = "", where: str = "", nth: int | None = None
    ) -> None:
        self.data = data
        self.source = source
        self.text = text
        self.where = where
        """What to write before a key to name it: ``limits.``, ``outlets[2].``, ``-a ``."""
        self.nth = nth

    # ------------------------------------------------------------ errors

    def error(self, key: str, message: str) -> ConfigError:
        line = _line_of(self.text, self.where, self.nth, key)
        place = f"{self.source}, line {line}" if line else self.source
        return ConfigError(f"{place}: {self.where}{key}: {message}")

    @staticmethod
    def hint(word: str, known: Iterable[str]) -> str:
        known = list(known)
        close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
        return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(known)}"

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that mean nothing: a misspelt limit must not be no limit."""
        for key in self.data:
            if key not in known:
                close = difflib.get_close_matches(key.lower().replace("-", "_"), list(known), n=1, cutoff=0.6)
                meant = f"; did you mean {close[0]!r}?" if close else ""
                raise self.error(key, f"there is no such key{meant} (allowed: {', '.join(known)})")

    # ------------------------------------------------------------ values

    def string(self, key: str, default: str) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str) or (key in self.data and not value.strip()):
            example = f'{key} = "{default or "…"}"'
            raise self.error(key, f"a text in quotes is expected, such as {example}, not {_shown(value)}")
        return value.strip()

    def number(self, key: str, default: Default, low: Number, high: Number, kind: type[Number]) -> Number | Default:
        if key not in self.data:
            return default
        value = self.data[key]
        sort = "a whole number" if kind is int else "a number"
        right = isinstance(value, int) or (kind is float and isinstance(value, float))
        if isinstance(value, bool) or not right or not low <= value <= high:
            raise self.error(key, f"{sort} from {low:g} to {high:g} is expected, not {_shown(value)}")
        return kind(value)

    @staticmethod
    def parse_number(value: str) -> int | float | str:
        """A number given as text; text that is none is left for ``number`` to refuse."""
        try:
            return int(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                return value

    def duration(self, key: str, default: Default, *, zero: bool = False) -> timedelta | Default:
        return duration(self.data[key], self, key, zero=zero) if key in self.data else default

    def durations(self, key: str, default: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        """Times, each longer than the one before; as a text, with commas between them."""
        if key not in self.data:
            return default
        value = self.data[key]
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")] if value.strip() not in ("", "none") else []
        if not isinstance(value, list):
            raise self.error(key, f'a list of times is expected, such as {key} = ["1h", "1d"], not {_shown(value)}')
        found = tuple(duration(each, self, key) for each in value)
        for before, after in itertools.pairwise(found):
            if before >= after:
                message = f"each time must be longer than the one before; {written(after)} comes after"
                raise self.error(key, f"{message} {written(before)}")
        return found

    def moment(self, key: str, default: datetime | None) -> datetime | None:
        """A date (the start of that day in UTC) or an instant (in UTC if it names no offset)."""
        if key not in self.data:
            return default
        value = self.data[key]
        try:
            if isinstance(value, datetime):
                moment = value
            elif isinstance(value, date):
                moment = datetime(value.year, value.month, value.day)
            else:
                moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, AttributeError, OverflowError):
            what = 'a date or an instant such as "2026-01-31" or "2026-01-31T06:00Z" is expected'
            raise self.error(key, f"{what}, not {_shown(value)}") from None

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.error(key, f'a list of texts is expected, such as {key} = ["…", "…"], not {_shown(value)}')
        return tuple(dict.fromkeys(each.strip() for each in value))

    def url(self, key: str) -> str:
        if key not in self.data:
            raise self.error(key, f'is missing; write {key} = "https://www.example.org/"')
        return self._url(key, self.string(key, ""), None)

    def urls(self, key: str, base: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._url(key, each, base) for each in self.strings(key)))

    def archives(self, key: str, base: str) -> tuple[str, ...]:
        """Addresses or paths with places for the year, the month and, perhaps, the day."""
        found = self.strings(key)
        for each in found:
            places = PLACE.findall(each)
            unknown = next((place for place in places if place not in PLACES), None)
            if unknown is not None or re.search(r"[{}]", PLACE.sub("", each)):
                named = " ".join(f"{{{place}}}" for place in PLACES)
                raise self.error(key, f"the places of a date are {named}; {_shown(each)} has another")
            if "yyyy" not in places or ({"d", "dd"} & set(places) and not {"m", "mm"} & set(places)):
                example = "/archive/{yyyy}/{mm}/{dd}/"
                raise self.error(key, f'a year is needed, and a month before a day, as in "{example}"; {_shown(each)}')
            self._url(key, filled(each, 2026, 1, 31), base)
        return found

    def _url(self, key: str, value: str, base: str | None) -> str:
        if base is not None and not value.startswith("/") and "://" not in value:
            base = None
        url = absolute(value, base)
        if url is None:
            what = "an address that starts with https:// or http://"
            also = ", or a path that starts with /," if key != "home" else ""
            raise self.error(key, f"{what}{also} is expected, not {_shown(value)}")
        return url

    def hosts(self, key: str) -> tuple[str, ...]:
        found = []
        for each in self.strings(key):
            url = absolute(f"http://{each}/") if "/" not in each else None
            if url is None:
                raise self.error(key, f'host names such as "example.net" are expected, not {_shown(each)}')
            found.append(url[len("http://") : -1])
        return tuple(found)

    def patterns(self, key: str) -> tuple[str, ...]:
        return tuple(_pattern(each, self, key) for each in self.strings(key))

    def part(self, keys: Collection[str]) -> Table:
        """The same table with only these keys in it."""
        data = {key: value for key, value in self.data.items() if key in keys}
        return Table(data, self.source, self.text, self.where, self.nth)

    def table(self, key: str) -> Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            what = f"a table is expected, that is a line [{key}] with its keys below"
            raise self.error(key, f"{what}, not {_shown(value)}")
        return Table(value, self.source, self.text, f"{key}.")

    def tables(self, key: str) -> list[Table]:
        value = self.data.get(key, [])
        if isinstance(value, dict):
            raise self.error(key, f"write [[{key}]] in double brackets, once for each")
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(key, f"tables are expected, that is a line [[{key}]] with its keys below, once for each")
        return [Table(each, self.source, self.text, f"{key}[{n}].", n) for n, each in enumerate(value, 1)]


def duration(value: object, table: Table, key: str, *, zero: bool = False) -> timedelta:
    """``"36h"``, ``"7d"``, ``"90m"``, ``"2w"`` and sums of them (``"1d 12h"``); no time (``"0"``) only if `zero`."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if zero and text == "0":
        return timedelta(0)
    if re.fullmatch(r"(\d{1,6}\s*[mhdw]\s*)+", text):
        seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)\s*([mhdw])", text))
        if seconds or zero:
            return timedelta(seconds=seconds)
    raise table.error(key, f'a time such as "36h", "7d" or "2w" (m, h, d, w) is expected, not {_shown(value)}')


def written(time: timedelta) -> str:
    """A time as a job file has it: ``1d 12h``."""
    minutes, parts = round(time.total_seconds() / 60), []
    for unit in "dhm":
        count, minutes = divmod(minutes, _UNITS[unit] // 60)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0"


def read_patterns(value: str, table: Table, key: str) -> tuple[str, ...]:
    """Patterns from a command line: separated by commas or blanks; one that starts with ``re:`` takes all the rest."""
    head, mark, rest = value.partition("re:")
    parts = [part for part in re.split(r"[,\s]+", head) if part] + ([mark + rest.strip()] if mark else [])
    return tuple(_pattern(part, table, key) for part in parts)


def _pattern(value: str, table: Table, key: str) -> str:
    if value.startswith("re:"):
        try:
            re.compile(value[3:])
        except re.error as error:
            raise table.error(key, f"{value[3:]!r} is no regular expression: {error}") from error
    elif not value.startswith(("/", "*")):
        advice = "start it with / or *, or with re: for a regular expression"
        raise table.error(key, f"{_shown(value)} can match no path; {advice}")
    return value


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _line_of(text: str, where: str, nth: int | None, key: str) -> int | None:
    """The line where a key stands. TOML can be written in ways this does not see; then there is no line."""
    section, array = "", 0
    name = where.partition("[")[0].rstrip(".")
    header = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if found := re.match(r"(\[\[?)\s*([\w.-]+)\s*\]", line):
            section = found[2]
            array += found[1] == "[[" and section == name
            if section == name and (nth is None or array == nth):
                header = number
            if section == key and not where:
                return number
        elif section == name and (nth is None or array == nth) and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return header
