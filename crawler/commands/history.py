"""``scrapy history``: the life of an article."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError, ConfigError
from pipelines.flow.life import Event, Life, jobs_in, lives
from pipelines.records.tombstones import Tombstones

EXAMPLES = """
  scrapy history https://www.rferl.org/a/some-story/33001122.html
  scrapy history https://www.rferl.org/a/some-story/33001122.html --job output/rferl
  scrapy history https://m.example.org/story/amp --job output --json

Shows when the article was first and last seen, each version with what changed, when it was gone and there again,
how often it was looked at, and under which addresses; any of them will do. Without --job all jobs in output/ are
asked. In colour on a terminal (not with NO_COLOR set); elsewhere [-taken out-] and {+put in+}.
exit status: 0 found, 1 the address is not known, or was taken down, 2 usage
"""

MOST_WORDS = 1_000_000
"""Words before times words after that are compared one by one; of longer paragraphs both are shown."""

_TOKENS = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

LABELS = {"first": "first seen", "version": "new version", "deletion": "deleted", "restoration": "there again"}
STYLES = {"first": "bold green", "version": "bold yellow", "deletion": "bold red", "restoration": "bold green"}


class Command(ScrapyCommand):
    """Tells the life of an article."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] URL"

    def short_desc(self) -> str:
        return "Show the life of an article: versions with their differences, deletions"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--job",
            metavar="DIR",
            default="output",
            help="a job's folder, or one with jobs in it (default: %(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="print it as JSON")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give the address of one article")
        try:
            found = _found(args[0], Path(opts.job))
        except BroadsheetError as error:
            print(f"scrapy history: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.ERROR if isinstance(error, _Unknown) else ExitStatus.of(error)
            return
        if opts.json:
            print(json.dumps([dataclasses.asdict(life) for life in found], ensure_ascii=False, indent=1))
            return
        console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        for number, life in enumerate(found):
            if number:
                console.print()
            for line in _told(life, coloured=console.is_terminal and not console.no_color):
                console.print(line)


class _Unknown(ConfigError):
    """No job knows the address."""


def _found(url: str, place: Path) -> list[Life]:
    found: list[Life] = []
    near: list[str] = []
    jobs = jobs_in(place)
    for job in jobs:
        known, others = lives(job, url)
        stone = Tombstones.of(job).at(url)
        if stone is not None and not known:
            raise _Unknown(f"{url} was {stone} in {job}; nothing of it is kept")
        found += known
        near += others
    if not found:
        asked = f"{jobs[0]} knows" if len(jobs) == 1 else f"the {len(jobs)} jobs in {place} know"
        hint = "".join(f"\n  {address}" for address in dict.fromkeys(near))
        raise _Unknown(f"{url} is no article that {asked}" + (f"; near it are:{hint}" if hint else ""))
    return found


# ---------------------------------------------------------------------- for a person


def _told(life: Life, *, coloured: bool) -> Iterator[Text]:
    headline = next((event.headline for event in reversed(life.events) if event.headline), None)
    yield Text(_clean(headline or life.canonical_url), "bold")
    yield Text(life.canonical_url, "blue")
    for address in life.addresses[1:]:
        yield Text(f"  also {address}")
    if not life.current:
        yield Text("the story that stood at this address before", "yellow")
    state = "deleted" if life.deleted else f"missing since {_date(life.missing_since)}" if life.missing_since else ""
    facts = [f"first seen {_date(life.first_seen)}", f"last seen {_date(life.last_seen)}", state]
    yield Text(", ".join(fact for fact in facts if fact))
    times = "once" if life.looks == 1 else f"{life.looks} times"
    versions = "1 version" if life.versions == 1 else f"{life.versions} versions"
    yield Text(f"{versions}; looked at {times}, last {_date(life.last_look)}; job {life.job}")
    for event in life.events:
        yield Text()
        yield from _event(event, coloured=coloured)


def _event(event: Event, *, coloured: bool) -> Iterator[Text]:
    record = event.record or {}
    line = Text(f"{_date(event.date)}  ") + Text(LABELS.get(event.kind, event.kind), STYLES.get(event.kind, "bold"))
    facts = [f"version {event.number}"]
    if event.change:
        facts.append(
            {"text": "its text changed", "headline": "its headline changed"}.get(event.change, "its metadata changed")
        )
    if event.word_count is not None and event.kind != "deletion":
        facts.append(f"{event.word_count} words")
    if event.kind == "deletion":
        status = (record.get("http") or {}).get("status")
        facts += [f"status {status}", f"missing since {_date(record['missing_since'])}"]
        facts.append(f"last seen {_date(record['last_seen'])}")
    yield line + Text(f": {', '.join(facts)}")
    if event.kind == "first":
        return
    before, after = record.get("previous_headline"), record.get("headline")
    if event.change and before != after and before is not None:
        yield Text.assemble(("  headline  ", "dim"), _words(before, after or "", coloured=coloured))
    diff = record.get("diff")
    if event.change == "text" and diff is None:
        yield Text("  what changed is not known: the text before was not at hand", "dim")
    for edit in diff or ():
        yield _edit(edit, coloured=coloured)


def _edit(edit: dict[str, Any], *, coloured: bool) -> Text:
    sign = {"added": "+", "removed": "-", "changed": "~"}[edit["op"]]
    words = _words(edit["before"] or "", edit["after"] or "", coloured=coloured)
    return Text.assemble((f"  {sign}{edit['paragraph']:>3}  ", "dim"), words)


def _words(before: str, after: str, *, coloured: bool) -> Text:
    """Two wordings in one line."""
    old, new = (_TOKENS.findall(_clean(text)) for text in (before, after))
    line = Text()

    def put(words: list[str], style: str, marks: tuple[str, str]) -> None:
        if words:
            text = "".join(words)
            line.append(text if coloured else f"{marks[0]}{text}{marks[1]}", style)

    if len(old) * len(new) > MOST_WORDS:
        steps = [("replace", 0, len(old), 0, len(new))]
    else:
        steps = list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    for op, i, j, m, n in steps:
        if op == "equal":
            line.append("".join(old[i:j]))
        else:
            put(old[i:j], "red strike", ("[-", "-]"))
            put(new[m:n], "green", ("{+", "+}"))
    return line


def _clean(text: str) -> str:
    """What a page says may hold what commands a terminal."""
    return _CONTROL.sub(" ", text)


def _date(date: str | None) -> str:
    """A WARC date for a person, to the minute."""
    return "(not known)" if not date else f"{date[:16].replace('T', ' ')} UTC" if date.endswith("Z") else date
