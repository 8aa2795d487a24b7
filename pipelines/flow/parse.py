"""What a worker process does with one capture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.archive.reader import open_capture
from pipelines.model import Capture, CaptureRef, Outcome
from pipelines.text.refine import Options, Removed, explain, observe, refine_closely
from pipelines.text.sites import Observation, SiteMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One capture to parse."""

    capture: Capture | CaptureRef
    folder: Path | None = None
    """Where the WARC of a ``CaptureRef`` lies."""
    memory: Path | None = None
    """A file with the site's memory as JSON; its name is its digest."""
    options: Options = Options()
    hold: bool = False
    """The site is unknown yet: only observe. A page that says nothing of its site is held back like the others: what
    will be known of the site can decide on it too."""
    observe: bool = False
    discover: Any = None
    """What the crawl passes to its own parsing function."""
    explain: bool = False
    """Say why each thing of the page that is not in the text was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What came of a task."""

    outcome: Outcome | None
    """None: held until the site is known."""
    observation: Observation | None = None
    discovered: Any = None
    removed: tuple[Removed, ...] = ()
    left_out: tuple[int, ...] = ()
    """Marks of what only site memory kept out of the text."""


def load(task: Task) -> Capture:
    """The capture of a task, read from its WARC where need be."""
    if isinstance(task.capture, Capture):
        return task.capture
    assert task.folder is not None
    return open_capture(task.folder, task.capture)


def parse(task: Task) -> Parsed:
    """Refine one capture, observe it for its site's memory, or both."""
    return parse_capture(load(task), task)


def parse_capture(capture: Capture, task: Task) -> Parsed:
    if task.hold:
        return Parsed(outcome=None, observation=observe(capture))
    memory = _memory(task.memory) if task.memory else None
    removed = tuple(explain(capture, memory, task.options)) if task.explain else ()
    outcome, left_out, observation = refine_closely(capture, memory, task.options, observing=task.observe)
    return Parsed(outcome=outcome, left_out=left_out, observation=observation, removed=removed)


@lru_cache(maxsize=256)
def _memory(path: Path) -> SiteMemory:
    return SiteMemory.from_json(path.read_text("utf-8"))
