"""Settling: what becomes of an outcome, decided in WARC order by one writer.

An article that the job has not seen is written as version 1. One that it has seen becomes a new version if it
changed, else a rejection that says so. Nothing is decided by the clock or by the order in which parsers finish,
so the same WARCs always settle in the same way.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pipelines.model import Article, Outcome, Rejection, Version
from pipelines.records.jsonl import encode
from pipelines.records.ledger import Ledger

SAME_STORY = 0.3
"""Share of the shorter text's paragraphs found in the other, from which two texts under one canonical address
are taken for one story. Live blogs keep most of their paragraphs; a wrong canonical link shares none."""

MANY_PARAGRAPHS = 200
"""Paragraph marks kept per article (4 bytes each, as text): beyond that, the beginning decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of an article's last version."""

    id: str
    run: int
    number: int
    first_seen: str
    text: str
    """Digest of the text."""
    headline: str | None
    metadata: str
    """Digest of authors, dates and keywords."""
    paragraphs: tuple[int, ...]
    """CRC-32 of each paragraph."""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)  # ASCII: a headline may hold half a surrogate pair

    @classmethod
    def from_json(cls, text: str) -> Known:
        values = json.loads(text)
        return cls(**{**values, "paragraphs": tuple(values["paragraphs"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an article was compared with in the history of earlier runs: noted in the WARC, so that a later reading
    of this run alone decides as it was decided."""

    key: str
    """The address under which the article is known."""
    known: Known | None
    """The earlier run's version of it; None if what stood there was another story."""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)  # ASCII: a headline may hold half a surrogate pair

    @classmethod
    def from_json(cls, text: str) -> Seen:
        """Read back; a reader numbers the runs anew, so the run is 0: an earlier one, whichever it was."""
        values = json.loads(text)
        known = Known.from_json(json.dumps({**values["known"], "run": 0})) if values["known"] else None
        return cls(key=values["key"], known=known)


class History(Protocol):
    """The articles a job knows, by canonical address."""

    def get(self, canonical: str) -> Known | None: ...
    def put(self, canonical: str, known: Known) -> None: ...


def _text(value: str) -> str:
    """As SQLite can hold it: UTF-8 knows no lone surrogates."""
    return value.encode("utf-8", "replace").decode()


class LedgerHistory:
    """The history kept in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def get(self, canonical: str) -> Known | None:
        row = self._ledger.execute("SELECT digests FROM article WHERE canonical = ?", (_text(canonical),)).fetchone()
        return Known.from_json(row[0]) if row else None

    def put(self, canonical: str, known: Known) -> None:
        self._ledger.execute(
            "INSERT OR REPLACE INTO article (canonical, id, run, number, first_seen, digests)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_text(canonical), known.id, known.run, known.number, known.first_seen, known.to_json()),
        )


class Settler:
    """Decides versions and duplicates and gives the line to write.

    ``run`` numbers the run; ``told`` gives, for a capture's record id, what an earlier settling found in the
    history of earlier runs (kept in the WARC), where that history itself is not at hand.
    """

    def __init__(self, history: History, run: int, told: Callable[[str], Seen | None] | None = None) -> None:
        self._history, self._run, self._told = history, run, told

    def settle(self, outcome: Outcome) -> tuple[Outcome, Seen | None]:
        """The outcome as it is to be written, and what of earlier runs it was decided on, if anything."""
        if isinstance(outcome, Rejection):
            return outcome, None
        key, known, seen = self._find(outcome)
        now = _known(outcome, self._run)
        if known is None:
            self._history.put(key, now)
            return outcome, seen
        if known.run == self._run:
            return _rejection(outcome, "duplicate", f"of {known.id} in this run"), seen
        change = _change(known, now)
        if change is None:
            self._history.put(key, dataclasses.replace(known, run=self._run))
            return _rejection(outcome, "unchanged", f"as {known.id}, version {known.number}"), seen
        version = Version(number=known.number + 1, previous_id=known.id, first_seen=known.first_seen, change=change)
        self._history.put(key, dataclasses.replace(now, number=version.number, first_seen=version.first_seen))
        return dataclasses.replace(outcome, version=version), seen

    def _find(self, article: Article) -> tuple[str, Known | None, Seen | None]:
        """The address that the article is known by, what is known of it, and what of that is of earlier runs."""
        told = self._told(article.warc.record_id) if self._told else None
        if told is not None:
            return told.key, self._history.get(told.key) or told.known, None
        earlier = False
        for key in dict.fromkeys((article.canonical_url, article.url)):
            known = self._history.get(key)
            earlier = earlier or (known is not None and known.run != self._run)
            if known is None or _same_story(known, article):
                break
        else:  # the address has been used for another story: from now on it stands for this one
            known = None
        if not earlier:
            return key, known, None
        return key, known, Seen(key=key, known=known if known is not None and known.run != self._run else None)


def _marks(text: str) -> tuple[int, ...]:
    return tuple(zlib.crc32(part.encode("utf-8", "replace")) for part in text.split("\n\n")[:MANY_PARAGRAPHS])


def _known(article: Article, run: int) -> Known:
    about = encode([article.authors, article.date_published, article.keywords, article.article_section])
    return Known(
        id=article.id,
        run=run,
        number=1,
        first_seen=article.warc.date,
        text=article.extraction.text_digest,
        headline=article.headline,
        metadata=f"{zlib.crc32(about):08x}",
        paragraphs=_marks(article.text),
    )


def _same_story(known: Known, article: Article) -> bool:
    if known.text == article.extraction.text_digest or (known.headline and known.headline == article.headline):
        return True
    ours, theirs = set(_marks(article.text)), set(known.paragraphs)
    return len(ours & theirs) >= SAME_STORY * max(1, min(len(ours), len(theirs)))


def _change(known: Known, now: Known) -> str | None:
    if known.text != now.text:
        return "text"
    if known.headline != now.headline:
        return "headline"
    return "metadata" if known.metadata != now.metadata else None


def _rejection(article: Article, reason: str, detail: str) -> Rejection:
    return Rejection(
        schema_version=article.schema_version,
        id=article.id,
        url=article.url,
        reason=reason,
        detail=detail,
        outlet=article.outlet,
        warc=article.warc,
        http=article.http,
        discovery=article.discovery,
    )
