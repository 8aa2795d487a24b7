"""Records from WARC files that exist: ours, where they come out as the run wrote them, or anybody's."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pipelines.archive.reader import records
from pipelines.archive.writer import Note
from pipelines.errors import ArchiveError, ExtractError
from pipelines.flow.memories import EVERYWHERE, HISTORY_TYPE, MEMORY_TYPE, Memories, wants_memory
from pipelines.flow.parse import Parsed, Task, parse
from pipelines.model import Article, Capture, Outcome, Provenance
from pipelines.records.jsonl import encode
from pipelines.records.settle import History, Known, Seen, Settler
from pipelines.text.refine import Options, Removed, failed
from pipelines.text.sites import Observation, SiteMemory, learn, site_of
from pipelines.workers import Workers

Key = TypeVar("Key")

LEARN_FROM = 2
"""Pages of a site from which it is worth learning what they repeat."""

LEARN_MOST = 100
"""Pages of one site that are observed; the memory of a site hardly changes beyond 64."""

AHEAD = 32
"""Captures sent to each worker ahead of the one whose outcome is due."""


@dataclass(slots=True)
class Counts:
    """What came of it."""

    captures: int = 0
    articles: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    """Records that could not be read: file, offset and why."""


@dataclass(slots=True)
class Survey:
    """What a first look over the files shows."""

    pages: Counter[str] = field(default_factory=Counter)
    memories: Memories = field(default_factory=Memories)
    histories: dict[str, Seen] = field(default_factory=dict)
    noted: bool = False


class Memory(dict[str, Known]):
    """A history that lives as long as the process."""

    def put(self, canonical: str, known: Known) -> None:
        self[canonical] = known


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What one capture came to."""

    capture: Capture
    outcome: Outcome
    line: bytes
    """The outcome as a line of JSON."""
    discovered: Any = None
    """What the parser discovered in it, if it was asked to."""
    removed: tuple[Removed, ...] = ()
    """What was left out of the text and why, if that was asked for."""


def extract(
    files: Sequence[Path],
    workers: Workers,
    *,
    counts: Counts,
    options: Options,
    history: History | None = None,
    first_run: int = 1,
    learning: bool = True,
    parser: Callable[[Task], Parsed] = parse,
    discover: Callable[[Provenance], Any] = lambda provenance: None,
    explain: bool = False,
) -> Iterator[Extracted]:
    """Every capture and what it comes to, in WARC order whatever the number of workers.

    A WARC that notes its site memory is refined with that; of others, what their sites repeat is learnt in a first
    pass, unless ``learning`` is off. ``explain`` asks why things were left out. ``counts`` is kept up to date.
    ``parser`` and ``discover`` are as in ``pipelines.flow.run.Hooks``. Raises ``ArchiveError`` for a file that is no
    WARC.
    """
    survey = _survey(files, counts)
    try:
        if learning and not survey.noted:
            _learn(files, survey, workers, options)
        runs: dict[str | None, int] = {}
        settlers: dict[int, Settler] = {}
        known = history if history is not None else Memory()
        parsing = _Parsing(workers, parser, discover, options, explain)
        for capture, parsed in _refined(files, survey.memories, parsing, counts):
            number = runs.setdefault(capture.provenance.run, len(runs) + first_run)
            if number not in settlers:
                settlers[number] = Settler(known, number, survey.histories.get)
            assert parsed.outcome is not None
            settled, _ = settlers[number].settle(parsed.outcome)
            counts.captures += 1
            if isinstance(settled, Article):
                counts.articles += 1
            else:
                counts.rejections[settled.reason] += 1
            yield Extracted(
                capture=capture,
                outcome=settled,
                line=encode(settled),
                discovered=parsed.discovered,
                removed=parsed.removed,
            )
    finally:
        survey.memories.close()


def _survey(files: Iterable[Path], counts: Counts) -> Survey:
    survey = Survey()
    for path in files:
        for item in _records(path, counts, survey=True):
            if not isinstance(item, Note):
                survey.pages[site_of(item.ref.url)] += wants_memory(item.provenance.role, item.status)
            elif item.content_type == MEMORY_TYPE:
                memory = SiteMemory.from_json(item.block.decode())
                survey.memories.add(memory.site, (item.filename, item.offset), memory)
                survey.noted = True
            elif item.content_type == HISTORY_TYPE and item.concurrent_to:
                survey.histories[item.concurrent_to] = Seen.from_json(item.block.decode())
    return survey


def _learn(files: Iterable[Path], survey: Survey, workers: Workers, options: Options) -> None:
    seen: Counter[str] = Counter()
    observations: dict[str, list[Observation]] = {}

    def tasks() -> Iterator[tuple[str, Task]]:
        for path in files:
            for item in _records(path, None):
                if isinstance(item, Note) or not wants_memory(item.provenance.role, item.status):
                    continue
                site = site_of(item.ref.url)
                if survey.pages[site] >= LEARN_FROM and seen[site] < LEARN_MOST:
                    seen[site] += 1
                    yield site, Task(capture=item, options=options, hold=True)

    for site, future in _ahead(tasks(), workers):
        try:
            observation = workers.result(future).observation
        except ExtractError:
            continue  # the page will say so itself when it is refined
        if observation is not None:
            observations.setdefault(site, []).append(observation)
    for site, observed in observations.items():
        survey.memories.add(site, EVERYWHERE, learn(site, None, observed))


@dataclass(frozen=True, slots=True)
class _Parsing:
    workers: Workers
    parser: Callable[[Task], Parsed]
    discover: Callable[[Provenance], Any]
    options: Options
    explain: bool


def _refined(
    files: Iterable[Path], memories: Memories, parsing: _Parsing, counts: Counts
) -> Iterator[tuple[Capture, Parsed]]:
    def tasks() -> Iterator[tuple[Capture, Task]]:
        for path in files:
            for item in _records(path, counts):
                if isinstance(item, Note):
                    continue
                memory = None
                if wants_memory(item.provenance.role, item.status):
                    memory = memories.at(site_of(item.ref.url), (item.ref.filename, item.ref.offset))
                yield (
                    item,
                    Task(
                        capture=item,
                        memory=memories.file(memory),
                        options=parsing.options,
                        discover=parsing.discover(item.provenance),
                        explain=parsing.explain,
                    ),
                )

    for capture, future in _ahead(tasks(), parsing.workers, parsing.parser):
        try:
            parsed = parsing.workers.result(future)
        except ExtractError as error:
            parsed = Parsed(outcome=failed(capture.ref, capture.provenance, str(error)))
        yield capture, parsed


def _ahead(
    tasks: Iterator[tuple[Key, Task]], workers: Workers, parser: Callable[[Task], Parsed] = parse
) -> Iterator[tuple[Key, Future[Any]]]:
    """Finished tasks in the order they came in, while workers are busy with the next ones."""
    waiting: deque[tuple[Key, Future[Any]]] = deque()
    for key, task in tasks:
        waiting.append((key, workers.submit(parser, task)))
        if len(waiting) >= AHEAD * workers.number:
            yield waiting.popleft()
    yield from waiting


def _records(path: Path, counts: Counts | None, *, survey: bool = False) -> Iterator[Capture | Note]:
    def damaged(error: ArchiveError) -> None:
        if counts is not None and not survey:
            counts.damaged.append(f"{path.name}: {error}")

    return records(path, on_error=damaged, bodies=not survey)
