"""Commands run as a user runs them: in processes of their own, each the leader of a session that ends with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

PRIVATE = ("-s", "ALLOW_PRIVATE_ADDRESSES=1")
"""The sample web is on loopback."""

PATIENCE = 90.0
"""Seconds after which a command is taken to hang. None should need a tenth of it."""


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str
    seconds: float

    def __str__(self) -> str:
        return f"status {self.status} after {self.seconds:.1f} s\n{self.out}\n{self.err[-6000:]}"


def start(*arguments: Any, **options: Any) -> subprocess.Popen[str]:
    """Start ``scrapy ARGUMENTS`` at the head of a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *map(str, arguments)],
        cwd=ROOT,
        text=True,
        start_new_session=True,
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": {**os.environ, "COLUMNS": "120"},
            **options,
        },
    )


def end(process: subprocess.Popen[Any]) -> None:
    """Kill a process that was started here, and all that it started."""
    for pid in processes_of(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def scrapy(*arguments: Any, stdin: str | None = None, patience: float = PATIENCE) -> Ended:
    """Run ``scrapy ARGUMENTS`` to its end."""
    began = time.monotonic()
    process = start(*arguments, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
    try:
        out, err = process.communicate(stdin, timeout=patience)
    finally:
        end(process)
    return Ended(process.returncode, out, err, time.monotonic() - began)


@contextmanager
def started(*arguments: Any) -> Iterator[subprocess.Popen[str]]:
    """A command in progress; its output goes nowhere, and it is killed at the end if it has not ended."""
    process = start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        end(process)


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for something to become true; gives what it became."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(0.005)
    return found


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Run:
    """The files of one run."""

    folder: Path

    @property
    def articles(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / "articles.jsonl")

    @property
    def rejections(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / "rejections.jsonl")

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_text("utf-8"))

    @property
    def warcs(self) -> list[Path]:
        return sorted(self.folder.glob("*.warc.gz"))


@dataclass(frozen=True)
class JobFile:
    """A job of the sample web's outlets, in a folder of its own."""

    path: Path
    folder: Path = field(default=Path())
    """Where its runs go."""

    @property
    def runs(self) -> list[Run]:
        return [Run(path) for path in sorted((self.folder / "runs").iterdir())]

    def crawl(self, *arguments: Any, patience: float = PATIENCE) -> Ended:
        return scrapy("crawl", "news", "-a", f"job={self.path}", *PRIVATE, *arguments, patience=patience)

    def crawling(self, *arguments: Any) -> Any:
        return started("crawl", "news", "-a", f"job={self.path}", *PRIVATE, *arguments)


def job_file(folder: Path, outlets: Iterable[tuple[str, str]], *, name: str = "job", delay: float = 0.01) -> JobFile:
    """Write a job file for outlets given as name and home page."""
    tables = "".join(f'\n[[outlets]]\nname = "{outlet}"\nhome = "{home}"\n' for outlet, home in outlets)
    path = folder / f"{name}.toml"
    path.write_text(f'name = "{name}"\noutput = "{folder}/out"\n[limits]\ndelay = {delay}\n{tables}', "utf-8")
    return JobFile(path, folder / "out" / name)


def processes_of(session: int) -> list[int]:
    """Processes that still live in a session; those that only wait to be reaped do not count."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] not in "ZX":
                    found.append(int(entry.name))
    return found
