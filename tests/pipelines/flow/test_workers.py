"""Worker processes: each call within limits, none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.errors import ExtractError
from pipelines.workers import Workers
from tests.pipelines.flow import chores


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(2, seconds=1.0, megabytes=1024, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


def test_a_value_comes_back(workers: Workers) -> None:
    futures = [workers.submit(chores.double, number) for number in range(20)]
    assert [workers.result(future) for future in futures] == [2 * number for number in range(20)]


@pytest.mark.parametrize("chore", [chores.sleep, chores.spin, chores.backtrack], ids=lambda chore: chore.__name__)
def test_what_takes_too_long_is_ended(workers: Workers, chore: object) -> None:
    began = time.monotonic()
    with pytest.raises(ExtractError, match="longer than 1 s"):
        workers.result(workers.submit(chore, 60))
    assert time.monotonic() - began < 15
    assert workers.result(workers.submit(chores.double, 21)) == 42, "the next call has a fresh process"


def test_what_needs_too_much_memory_is_ended(workers: Workers) -> None:
    with pytest.raises(ExtractError, match="more than 1024 MB"):
        workers.result(workers.submit(chores.fill, 4 << 30))
    assert workers.result(workers.submit(chores.double, 21)) == 42


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_a_crash_is_told(workers: Workers, how: signal.Signals) -> None:
    with pytest.raises(ExtractError, match="crashed"):
        workers.result(workers.submit(chores.die, how))
    assert workers.result(workers.submit(chores.double, 21)) == 42


def test_others_are_not_harmed(workers: Workers) -> None:
    futures = [workers.submit(chores.spin, 60), *[workers.submit(chores.double, number) for number in range(10)]]
    assert [workers.result(future) for future in futures[1:]] == [2 * number for number in range(10)]
    with pytest.raises(ExtractError):
        workers.result(futures[0])


def test_a_mistake_in_the_code_is_told_and_logged(workers: Workers, caplog: pytest.LogCaptureFixture) -> None:
    """The page must have its outcome; whoever looks after the crawl must see what happened."""
    with pytest.raises(ExtractError, match="ZeroDivisionError"):
        workers.result(workers.submit(chores.divide, 0))
    assert "ZeroDivisionError" in caplog.text


def test_closing_one_pool_leaves_the_others_alone(workers: Workers) -> None:
    other = Workers(1)
    other.result(other.submit(chores.double, 1))
    other.close()
    assert workers.result(workers.submit(chores.double, 21)) == 42


def test_interrupts_are_left_to_the_parent(workers: Workers) -> None:
    assert workers.result(workers.submit(chores.interrupt_yourself))


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                found.append(pid)
    return found


@pytest.mark.parametrize("busy", ["idle", "spin", "backtrack"])
def test_none_outlives_its_parent(busy: str) -> None:
    """Killed without a chance to clean up, whatever its workers are doing."""
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.flow.chores", busy],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[3],
    )
    pids: list[int] = []
    try:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(alive(pids)) == 2
        time.sleep(0.3)
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 10
        while alive(pids) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert alive(pids) == []
    finally:
        for pid in [*alive(pids), *([] if parent.poll() is not None else [parent.pid])]:
            os.kill(pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()


ACCOUNT = """
import resource
from pipelines.workers import Workers
from tests.pipelines.flow import chores
if __name__ == "__main__":
    pool = Workers(1)
    pool.result(pool.submit(chores.spin, 0.5))
    pool.close()
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)
"""


def test_what_workers_used_counts_as_our_own() -> None:
    """``time`` and ``getrusage`` see the CPU that the pages cost, once the pool is closed."""
    root = Path(__file__).parents[3]
    said = subprocess.run([sys.executable, "-c", ACCOUNT], cwd=root, capture_output=True, text=True, check=True)
    assert float(said.stdout) > 0.4
