"""What an export is to have: its format and its filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from pipelines.errors import ConfigError
from pipelines.export import columns, presets, rights, where
from pipelines.records.jsonl import as_dict
from pipelines.text.quality import signals

LINES = {"jsonl": ".jsonl", "jsonl.gz": ".jsonl.gz", "jsonl.zst": ".jsonl.zst", "bulk": ".bulk.ndjson"}
"""Formats of one record a line, and how their files end."""

TABLES = ("parquet", "datasets")
FORMATS = (*LINES, *TABLES)

DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """When an article came out, as far as it is known."""

    published: columns.Published
    seen: int
    """Milliseconds since 1970, of its first capture."""

    @property
    def day(self) -> int:
        """The day by which it is filed: that of publication, else that of its first capture."""
        return self.published.day if self.published.day is not None else self.seen // DAY

    @property
    def order(self) -> int:
        """Milliseconds by which it is sorted. Where only the day is known, its first capture tells the rest."""
        if self.published.at is not None:
            return self.published.at
        start = self.day * DAY
        return min(max(self.seen, start), start + DAY - 1)


def dated(record: dict[str, Any]) -> Dated:
    """The dates of a record as read from JSON. Raises ``ValueError``, ``KeyError`` or ``TypeError`` if it has none."""
    first = record["version"]["first_seen"] or record["warc"]["date"]
    seen = columns.millis(datetime.fromisoformat(first))
    return Dated(published=columns.published(record["date_published"]), seen=seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Format and filters. Two exports into one folder must have the same."""

    format: str
    since: str | None = None
    """A day or an instant, ISO 8601; itself within."""
    until: str | None = None
    """The same; itself not within."""
    languages: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    min_words: int = 0
    latest_versions: bool = False
    respect_rights: bool = False
    """Leave out what forbids mining or copies, and what is of a record that does not tell."""
    where: str | None = None
    presets: tuple[str, ...] = ()
    """Names of published filters, all of which a record must pass."""
    duplicates: bool = False
    """Whether near-duplicates are looked for."""
    drop_duplicates: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ConfigError(f"there is no format {self.format!r}; there are: {', '.join(FORMATS)}")
        if self.min_words < 0:
            raise ConfigError("--min-words takes a number from 0")
        for option in ("since", "until"):
            bound(option, getattr(self, option))
        if self.since and self.until and _at(self.since) >= _at(self.until):
            raise ConfigError(f"--since {self.since} is not before --until {self.until}")
        if self.where is not None:
            where.parse(self.where)
        object.__setattr__(self, "presets", presets.chosen(self.presets))
        if self.format in TABLES:
            columns.arrow()

    @property
    def tabular(self) -> bool:
        return self.format in TABLES

    @property
    def notes_duplicates(self) -> bool:
        """Whether records get the two columns that tell of duplicates."""
        return self.duplicates or self.drop_duplicates

    def as_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """A plan that was kept. Raises ``ConfigError`` for what is none."""
        try:
            kept: dict[str, Any] = json.loads(text)
            lists: dict[str, Any] = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
            return cls(**(kept | lists))
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError(f"the options of the export cannot be read: {error}") from error

    def differs(self, other: str) -> list[str]:
        """The options in which the plan kept as JSON is another one, with what they are there."""
        mine, theirs = json.loads(self.as_json()), _DEFAULTS | json.loads(other)  # an older export has fewer options
        return sorted(
            f"--{_OPTIONS.get(name, name.replace('_', '-'))}: {_in_words(theirs.get(name))}"
            for name in mine
            if mine[name] != theirs.get(name)
        )


_OPTIONS = {"languages": "language", "outlets": "outlet", "presets": "preset"}


def _in_words(value: Any) -> str:
    """The value of an option, for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) and value else str(value or "none")


_DEFAULTS = json.loads(
    json.dumps({option.name: option.default for option in fields(Plan) if option.default is not MISSING})
)


def bound(option: str, text: str | None) -> tuple[int | None, int | None]:
    """A limit as an instant in milliseconds or, of a day, as its number. Raises ``ConfigError``."""
    if text is None:
        return None, None
    found = columns.published(text)
    if found.day is None:
        raise ConfigError(
            f"--{option} takes a day or an instant such as 2026-01-31 or 2026-01-31T12:00:00Z, not {text!r}"
        )
    if found.at is None and len(text) > 10:
        return columns.millis(datetime.fromisoformat(text)), None
    return (found.at, None) if found.at is not None else (None, found.day)


def _at(text: str) -> int:
    at, day = bound("since", text)
    return at if at is not None else (day or 0) * DAY


REASONS = {
    "outlet": "of other outlets",
    "since": "from before --since",
    "until": "not from before --until",
    "language": "in other languages",
    "min-words": "with fewer words than --min-words",
    "rights-mining": "forbidden for mining and training",
    "rights-archiving": "forbidden to be copied",
    "rights-unknown": "of unknown rights (older than schema 1.2)",
    "where": "not as --where says",
    "latest-versions": "in an older version",
    "duplicate": "told before by another article",
    "repeated": "met twice",
    "taken-down": "taken down",
    "unreadable": "unreadable lines",
}
"""Why something is left out, as it is counted, and in the words that follow the number. Presets have their own."""


def left_out(counts: Mapping[str, int]) -> str:
    """What was left out, for people."""
    return ", ".join(f"{number:,} {REASONS.get(why, why)}" for why, number in counts.items())


Judge = Callable[[dict[str, Any], Dated], str | None]


def judge(plan: Plan) -> Judge:
    """Why a record is left out by what it says itself; None if it is taken."""
    (since_at, since_day), (until_at, until_day) = bound("since", plan.since), bound("until", plan.until)
    languages = {language.lower() for language in plan.languages}
    outlets = frozenset(plan.outlets)
    chosen = where.parse(plan.where) if plan.where is not None else None
    measured = bool(plan.presets) or "quality" in (plan.where or "")

    def why(record: dict[str, Any], when: Dated) -> str | None:
        if outlets and record["outlet"] not in outlets:
            return "outlet"
        if (since_at is not None and when.order < since_at) or (since_day is not None and when.day < since_day):
            return "since"
        if (until_at is not None and when.order >= until_at) or (until_day is not None and when.day >= until_day):
            return "until"
        if languages:
            language = (record["language"] or "").lower()
            if language not in languages and language.partition("-")[0] not in languages:
                return "language"
        if record["word_count"] < plan.min_words:
            return "min-words"
        if plan.respect_rights and (forbidden := rights.forbids(record)):
            return forbidden
        if measured and record.get("quality") is None:  # older than schema 1.2; reckoned as it would be now
            record["quality"] = as_dict(signals(record["text"]))
        if chosen is not None and not chosen(record):
            return "where"
        return presets.broken(record, plan.presets)

    return why


def month(days: int) -> str:
    """The month of a day that is given as days since 1970, as folders are called: ``2026-01``."""
    found: date = columns.day_of(days)
    return f"{found.year:04}-{found.month:02}"
