"""Captures of made-up articles, run by run, settled as a crawl does and read again as ``verify`` and ``rebuild`` do."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipelines.model import (
    SCHEMA_VERSION,
    Article,
    Author,
    Discovery,
    Extraction,
    HttpFacts,
    Outcome,
    Publisher,
    Quality,
    Rejection,
    Rights,
    Version,
    WarcPointer,
)
from pipelines.records.history import LedgerHistory
from pipelines.records.identity import loose
from pipelines.records.jsonl import Lines, encode
from pipelines.records.known import Known
from pipelines.records.ledger import Ledger
from pipelines.records.settle import Seen, Settled, Settler

KEY = "https://herald.example/bridge"
TEXT = "The harbour council met on Monday.\n\nIt voted for the new bridge.\n\nWork starts in spring."


SILENT = Rights(
    verdict="unstated", forbidden_by=(), permitted_by=(), archiving="unstated", archiving_forbidden_by=(),
    robots_txt=None, robots_agents=None, robots_everyone=None, x_robots_tag=(), meta_robots=(), directives=(),
    tdm_reservation=None, tdm_policy=None, tdm_source=None, tdm_file=None, content_signal=(), ai_train=None,
    ai_input=None, search=None, rsl=(), other_licenses=(), copyright_notice=None, copyright_holder=None,
    usage_info=None,
)  # fmt: skip
"""Of a page that signals nothing, from a host of which nothing is known."""


def article(number: int, text: str = TEXT, **changes: object) -> Article:
    values: dict[str, object] = {
        "schema_version": SCHEMA_VERSION, "id": f"id-{number}", "url": "https://herald.example/bridge",
        "canonical_url": "https://herald.example/bridge", "headline": "Bridge approved", "alternative_headline": None,
        "description": None, "text": text, "authors": (Author(name="Ada Holm"),), "date_published": "2026-03-02",
        "date_published_raw": None, "date_published_source": None, "date_modified": None, "language": "en",
        "article_section": (), "keywords": (), "publisher": Publisher(name=None, domain="herald.example"),
        "image": None, "is_accessible_for_free": None, "license": None, "word_count": 15, "outlet": "herald",
        "warc": WarcPointer(
            filename="a.warc.gz", offset=number, length=10, record_id=f"urn:uuid:{number}", date=f"2026-03-0{number}",
            payload_digest=None, type="response", refers_to=None,
        ),
        "http": HttpFacts(status=200, mime="text/html", etag=None, last_modified=None),
        "discovery": Discovery(method="feed", source_url=None, title=None, date=None),
        "extraction": Extraction(
            software="broadsheet", version="0", options_digest="", site_memory_digest=None,
            text_digest=hashlib.sha256(text.encode()).hexdigest(),
        ),
        "version": Version(number=1, previous_id=None, first_seen=f"2026-03-0{number}", change=None),
        "rights": SILENT,
        "quality": Quality(language="en", language_score=0.9),
    }  # fmt: skip
    return Article(**{**values, **changes})  # type: ignore[arg-type]


class Memory:
    """A history in memory: what a reader has who begins with nothing."""

    def __init__(self) -> None:
        self.articles: dict[str, Known] = {}
        self.aliases: dict[str, str] = {}

    def get(self, key: str) -> Known | None:
        return self.articles.get(key)

    def put(self, key: str, known: Known) -> None:
        self.articles[key] = known

    look = reread = put

    def alias(self, url: str) -> str | None:
        return self.aliases.get(url)

    def add_alias(self, url: str, key: str) -> None:
        self.aliases[url] = key

    def like(self, plain: str) -> list[str]:
        return sorted(key for key in self.articles if loose(key) == plain)[:8]

    def text(self, key: str) -> str | None:
        return None


def story(text: str = TEXT, url: str = KEY, canonical: str | None = None, **changes: object) -> Article:
    """A page with an article."""
    values = {"url": url, "canonical_url": canonical or url, **changes}
    return article(1, text, **values)


def gone(status: int = 404, url: str = KEY, *, reason: str = "http-status", location: str | None = None) -> Rejection:
    """A page without one."""
    http = HttpFacts(status=status, mime="text/html", etag=None, last_modified=None, location=location)
    return Rejection(
        schema_version=SCHEMA_VERSION, id="", url=url, reason=reason, detail=None, outlet="herald",
        warc=article(1).warc, http=http, discovery=Discovery(method="feed", source_url=None, title=None, date=None),
    )  # fmt: skip


def again(status: int = 304, url: str = KEY) -> Rejection:
    """The page as the archive has it."""
    return gone(status, url, reason="revisit")


class Job:
    """A job's runs, one after the other."""

    def __init__(self, folder: Path, *, keep_records: bool = True) -> None:
        self.folder, self.keep_records = folder, keep_records
        self.ledger = Ledger(folder / "ledger.sqlite3")
        self.captures = 0
        self.runs: list[list[tuple[Outcome, Settled]]] = []
        self.left_out: dict[str, tuple[int, ...]] = {}
        """What site memory kept out of the text of a capture."""

    def run(
        self, *outcomes: Outcome, minute: int | None = None, left_out: tuple[int, ...] = (), killed: bool = True
    ) -> list[Settled]:
        """Settle what a run captured, killed after each of them or not; ``minute`` is its time, by default an hour
        after the last."""
        number, name, _ = self.ledger.open_run(f"run-{len(self.runs) + 1}", "")
        minute = 60 * number if minute is None else minute
        folder = self.folder / "runs" / name
        lines = {kind: Lines(folder / f"{kind}.jsonl") for kind in ("articles", "changes")}
        history = LedgerHistory(self.ledger, self.folder / "runs")
        made = []
        settler = Settler(history, number)
        for outcome in outcomes:
            dated = self._dated(outcome, minute)
            self.left_out[dated.warc.record_id] = left_out
            settler = Settler(history, number) if killed else settler
            settled = settler.settle(dated, left_out)
            self._write(history, lines, number, settled)
            made.append((dated, settled))
        for each in lines.values():
            each.sync()
            each.close()
        if not self.keep_records:
            (folder / "articles.jsonl").unlink()
        self.ledger.end_run(number, "", "complete")
        self.runs.append(made)
        return [settled for _, settled in made]

    def _write(self, history: LedgerHistory, lines: dict[str, Lines], number: int, settled: Settled) -> None:
        if isinstance(settled.outcome, Article):
            line = encode(settled.outcome)
            assert settled.key is not None
            history.place_version(settled.key, number, lines["articles"].append(line), len(line))
        if settled.change is not None:
            line = encode(settled.change)
            history.place_change(settled.change.canonical_url, number, lines["changes"].append(line), len(line))

    def _dated(self, outcome: Outcome, minute: int) -> Outcome:
        self.captures += 1
        number = self.captures
        date = f"2026-03-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:{number % 60:02}.000000Z"
        warc = WarcPointer(
            filename="a.warc.gz", offset=number, length=10, record_id=f"urn:uuid:{number}", date=date,
            payload_digest=None, type="response", refers_to=None,
        )  # fmt: skip
        identity = hashlib.md5(str(number).encode()).hexdigest()
        uuid = "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:]))
        changes: dict[str, object] = {"id": uuid, "warc": warc}
        if isinstance(outcome, Article):
            changes["version"] = dataclasses.replace(outcome.version, first_seen=date)
        return dataclasses.replace(outcome, **changes)  # type: ignore[arg-type]

    def check(self) -> None:
        """Every run read by itself, from its captures and notes alone, must come to what it came to; so must all runs
        read one after the other into a new ledger, which then holds the same."""
        for made in self.runs:
            self._equal(made, Settler(Memory(), 1, self._told(made)))
            lone = Ledger(":memory:")  # as after the loss of the runs before
            self._equal(made, Settler(LedgerHistory(lone), 1, self._told(made)))
            lone.close(commit=False)
        other = Ledger(":memory:")
        history = LedgerHistory(other)
        offsets = {"articles": 0, "changes": 0}
        for number, made in enumerate(self.runs, 1):
            assert other.open_run(f"run-{number}", "")[0] == number
            reader = Settler(history, number, self._told(made))
            offsets = dict.fromkeys(offsets, 0)
            for outcome, settled in made:
                found = reader.settle(outcome, self.left_out[outcome.warc.record_id])
                assert found[0::2] == settled[0::2]
                for kind, record in (("articles", found.outcome), ("changes", found.change)):
                    if record is None or (kind == "articles" and not isinstance(record, Article)):
                        continue
                    place = history.place_version if kind == "articles" else history.place_change
                    assert found.key is not None
                    place(found.key, number, offsets[kind], len(encode(record)))
                    offsets[kind] += len(encode(record))
            other.end_run(number, "", "complete")
        for table in ("article", "alias", "version", "change"):
            rows = [list(ledger.execute(f"SELECT * FROM {table}")) for ledger in (self.ledger, other)]
            assert rows[0] == rows[1], table
        other.close(commit=False)

    def _told(self, made: Sequence[tuple[Outcome, Settled]]) -> object:
        notes = {}
        for outcome, settled in made:
            if settled.seen is not None:
                notes[outcome.warc.record_id] = Seen.from_json(settled.seen.to_json())
        return notes.get

    def _equal(self, made: Sequence[tuple[Outcome, Settled]], reader: Settler) -> None:
        for outcome, settled in made:
            found = reader.settle(outcome, self.left_out[outcome.warc.record_id])
            assert found.outcome == settled.outcome
            assert found.change == settled.change

    def close(self) -> None:
        self.ledger.close()


def kinds(settled: Sequence[Settled]) -> list[str]:
    """What each capture came to, in short: ``v1``, the reason of a rejection, and the kind of change behind a plus."""
    words = []
    for each in settled:
        outcome = each.outcome
        word = f"v{outcome.version.number}" if isinstance(outcome, Article) else outcome.reason
        words.append(word + (f"+{each.change.kind}" if each.change else ""))
    return words
