"""What worker processes are given to do in tests. Run as a program, it is a parent with two workers."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

from pipelines.flow.parse import Parsed, Task, load, parse_capture
from pipelines.workers import Workers


def double(number: int) -> int:
    return 2 * number


def divide(number: int) -> float:
    return 1 / number


def whoami(seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return os.getpid()


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def spin(seconds: float) -> None:
    """Busy in Python."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def backtrack(seconds: float) -> None:
    """Busy in C, without letting any other thread run."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def fill(size: int) -> int:
    return len(bytes(size))


def die(how: int) -> None:
    os.kill(os.getpid(), how)
    time.sleep(10)


def interrupt_yourself() -> bool:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return True


def stumble(task: Task) -> Parsed:
    """A parser with a mistake in it."""
    capture = load(task)
    if b"stumble" in capture.payload:
        raise RuntimeError("a mistake in the parser")
    return parse_capture(capture, task)


def dawdle(task: Task) -> Parsed:
    """A parser that takes longest for what came first, so that outcomes arrive in the wrong order."""
    capture = load(task)
    time.sleep(0.2 if capture.ref.url.endswith(("0.html", "5.html")) else 0.0)
    return parse_capture(capture, task)


def main(busy: str) -> None:
    workers = Workers(2, seconds=600, preload=("tests.pipelines.flow.chores",))
    pids: set[int] = set()
    while len(pids) < 2:
        pids |= {workers.result(future) for future in [workers.submit(whoami, 0.1) for _ in range(4)]}
    print(*pids, flush=True)
    if busy != "idle":
        for _ in range(2):
            workers.submit(globals()[busy], 300)
    time.sleep(300)


if __name__ == "__main__":
    main(sys.argv[1])


def shortened(lines: Path, path: Path) -> None:
    """In the place of what makes a table."""
    path.write_bytes(b"%d lines" % len(lines.read_bytes().splitlines()))
