"""What was taken down of a job, and must not come back.

``takedowns.jsonl`` in the job's folder has a line for each takedown: when, on what ground, the addresses, and what was
changed in which file. It holds no text. It is the one place where this is kept: ledger, frontier, exports and rebuilt
records follow it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import LedgerError
from pipelines.records.identity import loose

LOG = "takedowns.jsonl"
"""In a job's folder: what was taken down, a line each time."""

PENDING = "takedown.pending"
"""In a job's folder: a takedown that has begun and not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That an address, or all of an outlet, was taken down."""

    what: str
    """The address or the name of the outlet."""
    date: str
    reason: str | None = None

    def __str__(self) -> str:
        return f"taken down on {self.date[:10]}" + (f" ({self.reason})" if self.reason else "")


class Tombstones:
    """The tombstones of a job. Addresses are compared as ``identity.loose`` has it: with all that look the same."""

    def __init__(self, lines: Iterable[dict[str, Any]] = ()) -> None:
        self._urls: dict[str, Tombstone] = {}
        self._outlets: dict[str, Tombstone] = {}
        self._hosts: dict[str, Tombstone] = {}
        self._of: dict[str, list[str]] = {}
        for line in lines:
            if "lifted" in line:
                self._lift(line["lifted"])
                continue
            date, reason = line["date"], line["reason"]
            for url in line["addresses"]:
                self._urls[loose(url)] = Tombstone(what=url, date=date, reason=reason)
            for outlet in line["outlets"]:
                self._outlets[outlet] = Tombstone(what=outlet, date=date, reason=reason)
            for host in line["hosts"]:
                self._hosts[host] = Tombstone(what=host, date=date, reason=reason)
            for outlet in line["outlets"]:
                self._of[outlet] = line["hosts"]

    @classmethod
    def of(cls, job: Path) -> Tombstones:
        """Those of a job's folder. Raises ``LedgerError`` where they cannot be read."""
        return cls(lines_of(job))

    def __bool__(self) -> bool:
        return bool(self._urls or self._outlets)

    def at(self, url: str, outlet: str | None = None) -> Tombstone | None:
        """What keeps an address from being fetched or exported; None if nothing does."""
        if not self:
            return None
        plain = loose(url)
        if (found := self._urls.get(plain)) is not None:
            return found
        if outlet is not None and outlet in self._outlets:
            return self._outlets[outlet]
        return self._hosts.get(host_of(plain)) if self._hosts else None

    def covers(self, record: dict[str, Any]) -> Tombstone | None:
        """The same of a record as read from JSON."""
        outlet = record.get("outlet")
        return self.at(record["url"], outlet) or self.at(record.get("canonical_url") or record["url"], outlet)

    def down(self, urls: Iterable[str], outlets: Iterable[str]) -> tuple[list[str], list[str]]:
        """Those of these addresses and outlets that were taken down."""
        return [url for url in urls if self.at(url) is not None], [name for name in outlets if name in self._outlets]

    def hosts_of(self, outlets: Iterable[str]) -> list[str]:
        """The hosts that went with these outlets."""
        return sorted({host for outlet in outlets for host in self._of.get(outlet, ())})

    def _lift(self, lifted: dict[str, Any]) -> None:
        for url in lifted["addresses"]:
            self._urls.pop(loose(url), None)
        for outlet in lifted["outlets"]:
            self._outlets.pop(outlet, None)
        for host in lifted["hosts"]:
            self._hosts.pop(host, None)


def host_of(plain: str) -> str:
    """The host of an address in its loose form."""
    return plain.partition("?")[0].partition("/")[0]


def lines_of(job: Path) -> Iterator[dict[str, Any]]:
    """The lines of a job's log, and of the takedown that has begun. Raises ``LedgerError``."""
    path = job / LOG
    try:
        if path.exists():
            with path.open("rb") as lines:
                for line in lines:
                    yield json.loads(line)
        pending = pending_of(job)
        if pending is not None:
            yield pending["line"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"{path} cannot be read, and says what must not come back: {error}") from error


def pending_of(job: Path) -> dict[str, Any] | None:
    """The takedown of a job that has begun and not come to its end."""
    path = job / PENDING
    found: dict[str, Any] | None = json.loads(path.read_bytes()) if path.exists() else None
    return found


def refuse_pending(job: Path) -> None:
    """Raises ``LedgerError`` where a takedown has not come to its end: nothing else may touch the job before."""
    if (job / PENDING).exists():
        raise LedgerError(f"a takedown in {job} was interrupted: `scrapy takedown {job} --resume` brings it to its end")
