"""Records from WARC files that exist: ours, where they come out as the run wrote them, or anybody's."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pipelines.archive.reader import records
from pipelines.archive.scan import Warc
from pipelines.archive.wanted import Wanted
from pipelines.archive.writer import Note
from pipelines.errors import ArchiveError, ExtractError
from pipelines.flow.hosts import Hosts
from pipelines.flow.memories import EVERYWHERE, HISTORY_TYPE, MEMORY_TYPE, Memories, Place, wants_memory
from pipelines.flow.parse import Parsed, Task, parse
from pipelines.flow.shelf import Shelf
from pipelines.flow.sources import Remote, Spools
from pipelines.model import Article, Capture, Change, Outcome, Provenance
from pipelines.records.history import History
from pipelines.records.jsonl import encode
from pipelines.records.settle import Seen, Settled, Settler
from pipelines.text.refine import Options, Removed, failed
from pipelines.text.sites import Observation, SiteMemory, learn, site_of
from pipelines.workers import Workers

Key = TypeVar("Key")
Content = TypeVar("Content")

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
    changes: Counter[str] = field(default_factory=Counter)
    """Change records by kind."""
    damaged: list[str] = field(default_factory=list)
    """Records that could not be read: file, offset and why."""

    def add(self, other: Counts) -> None:
        self.captures += other.captures
        self.articles += other.articles
        self.rejections.update(dict(other.rejections))
        self.changes.update(dict(other.changes))
        self.damaged += other.damaged


Group = tuple[str | None, str | None]
"""Job and run of a capture: what its WARC notes holds for the captures of the same run, and for no others."""

FOREIGN: Group = (None, None)
"""Captures that no run of ours made."""


class Survey:
    """What a first look over the files shows."""

    def __init__(self) -> None:
        self.pages: Counter[str] = Counter()
        """Foreign pages of each site."""
        self.foreign: dict[Warc, None] = {}
        """Files with such pages."""
        self.captures: set[Warc] = set()
        """Files with captures that are wanted: the others need not be read again."""
        self.memories: dict[Group, Memories] = {}
        self.shelf = Shelf()

    def memories_of(self, group: Group) -> Memories:
        if group not in self.memories:
            self.memories[group] = Memories()
        return self.memories[group]

    def close(self) -> None:
        self.shelf.close()
        for memories in self.memories.values():
            memories.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What one capture came to."""

    capture: Capture
    outcome: Outcome
    line: bytes
    """The outcome as a line of JSON."""
    key: str | None = None
    """The address by which the article is known, if it is one."""
    change: Change | None = None
    """What it changed in the life of an article that was known before."""
    discovered: Any = None
    """What the parser discovered in it, if it was asked to."""
    removed: tuple[Removed, ...] = ()
    """What was left out of the text and why, if that was asked for."""


def extract(
    files: Sequence[Warc],
    workers: Workers,
    *,
    counts: Counts,
    options: Options,
    wanted: Wanted | None = None,
    history: History | None = None,
    first_run: int = 1,
    stops: Mapping[Path, int] | None = None,
    learning: bool = True,
    parser: Callable[[Task], Parsed] = parse,
    discover: Callable[[Provenance], Any] = lambda provenance: None,
    explain: bool = False,
) -> Iterator[Extracted]:
    """Every capture and what it comes to, in WARC order whatever the number of workers.

    Captures of our runs are refined with the site memory that their WARC notes, and settled with those of their own
    job. Foreign ones know no run, so each stands by itself, and none is a duplicate or a version; what their sites
    repeat is learnt in a first pass, unless ``learning`` is off. Of their hosts is known what the file has before them.

    Captures that are not ``wanted`` are as if they were not there. Remote files are read once; what is wanted of them
    is kept in temporary files, for notes and what sites repeat must be known before the first page is refined.

    With ``history``, all captures are those of run ``first_run`` of the job whose history it is. ``stops`` says where
    files that are still written to are to be read to. ``explain`` asks why things were left out. ``counts`` is kept up
    to date. ``parser`` and ``discover`` are as in ``pipelines.flow.run.Hooks``. Raises ``ArchiveError`` for a file that
    is no WARC.
    """
    survey = Survey()
    source = _Source(files, stops or {}, counts, wanted)
    try:
        _look_over(source, survey)
        if learning:
            _learn(source, survey, workers, options)
        settlers: dict[Group, Settler] = {}
        parsing = _Parsing(workers, parser, discover, options, explain)
        for capture, parsed in _refined(source, survey, parsing):
            group = FOREIGN if history is not None else _group(capture)
            assert parsed.outcome is not None
            settled = Settled(parsed.outcome)
            if group != FOREIGN or history is not None:
                if group not in settlers:
                    known = history if history is not None else survey.shelf.history(group[0])
                    settlers[group] = Settler(known, first_run + len(settlers), survey.shelf.told)
                settled = settlers[group].settle(parsed.outcome, parsed.left_out)
            counts.captures += 1
            if isinstance(settled.outcome, Article):
                counts.articles += 1
            else:
                counts.rejections[settled.outcome.reason] += 1
            if settled.change is not None:
                counts.changes[settled.change.kind] += 1
            yield Extracted(
                capture=capture,
                outcome=settled.outcome,
                line=encode(settled.outcome),
                key=settled.key,
                change=settled.change,
                discovered=parsed.discovered,
                removed=parsed.removed,
            )
    finally:
        source.spools.close()
        survey.close()


def _group(capture: Capture) -> Group:
    return capture.provenance.job, capture.provenance.run


@dataclass(frozen=True, slots=True)
class _Source:
    files: Sequence[Warc]
    stops: Mapping[Path, int]
    counts: Counts
    wanted: Wanted | None
    spools: Spools = field(default_factory=Spools)

    def records(self, path: Warc, *, bodies: bool = True, tell: bool = False) -> Iterator[Capture | Note]:
        """What a file holds. Only one of several passes shall ``tell`` of damage."""
        once = isinstance(path, Remote) and not path.near

        def damaged(error: ArchiveError) -> None:
            if tell or once:
                self.counts.damaged.append(f"{path.name}: {error}")

        if once:
            return self.spools.items(path, lambda: records(path, on_error=damaged, wanted=self.wanted))
        stop = self.stops.get(path) if isinstance(path, Path) else None
        return records(path, on_error=damaged, bodies=bodies, stop=stop, wanted=self.wanted)


def _look_over(source: _Source, survey: Survey) -> None:
    groups: dict[object, Group] = {}
    homeless: list[tuple[Warc, Place, SiteMemory]] = []
    for path in source.files:
        group: Group | None = None
        notes: list[Note] = []
        for item in source.records(path, bodies=False, tell=True):
            if isinstance(item, Note):
                if item.content_type == MEMORY_TYPE:
                    notes.append(item)
                elif item.content_type == HISTORY_TYPE and item.concurrent_to:
                    seen = read_note(item, Seen.from_json, source.counts.damaged)
                    if seen is not None:
                        survey.shelf.tell(item.concurrent_to, seen)
                continue
            group = group or _group(item)
            survey.captures.add(path)
            if _group(item) == FOREIGN and wants_memory(item.provenance.role, item.status):
                survey.pages[site_of(item.ref.url)] += 1
                survey.foreign[path] = None
        if group is not None:
            groups[path.parent] = group
        for note in notes:
            memory = read_note(note, SiteMemory.from_json, source.counts.damaged)
            if memory is None:
                continue
            place = note.filename, note.offset
            if group is not None:
                survey.memories_of(group).add(memory.site, place, memory)
            else:
                homeless.append((path, place, memory))
    for path, place, memory in homeless:  # in files without captures: those beside them are of the same run
        survey.memories_of(groups.get(path.parent, FOREIGN)).add(memory.site, place, memory)


def read_note(note: Note, read: Callable[[str], Content], damaged: list[str]) -> Content | None:
    """What a note holds. One that cannot be read is told, as a damaged record is."""
    try:
        return read(note.block.decode())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        damaged.append(f"{note.filename}: the note at {note.offset} cannot be read: {error!r}")
        return None


def _learn(source: _Source, survey: Survey, workers: Workers, options: Options) -> None:
    """What foreign pages tell of the sites that no note tells of."""
    seen: Counter[str] = Counter()
    observations: dict[str, list[Observation]] = {}
    memories = survey.memories_of(FOREIGN)

    def tasks() -> Iterator[tuple[str, Task]]:
        for path in survey.foreign:
            for item in source.records(path):
                if isinstance(item, Note) or not wants_memory(item.provenance.role, item.status):
                    continue
                site = site_of(item.ref.url)
                wanted = survey.pages[site] >= LEARN_FROM and seen[site] < LEARN_MOST
                if wanted and _group(item) == FOREIGN and memories.latest(site) is None:
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
        memories.add(site, EVERYWHERE, learn(site, None, observed))


@dataclass(frozen=True, slots=True)
class _Parsing:
    workers: Workers
    parser: Callable[[Task], Parsed]
    discover: Callable[[Provenance], Any]
    options: Options
    explain: bool


def _refined(source: _Source, survey: Survey, parsing: _Parsing) -> Iterator[tuple[Capture, Parsed]]:
    def tasks() -> Iterator[tuple[Capture, Task]]:
        for path in source.files:
            if path not in survey.captures:
                continue
            hosts = Hosts()
            for item in source.records(path):
                if isinstance(item, Note):
                    continue
                if _group(item) == FOREIGN:
                    item = hosts.told(item)
                memory = None
                memories = survey.memories.get(_group(item))
                if memories and wants_memory(item.provenance.role, item.status):
                    found = memories.at(site_of(item.ref.url), (item.ref.filename, item.ref.offset))
                    memory = memories.file(found)
                yield (
                    item,
                    Task(
                        capture=item,
                        memory=memory,
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
