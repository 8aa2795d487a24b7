"""Processes that parse pages, each page within limits of time and memory.

A page can be made so that a parser takes minutes or gigabytes for it. So parsing happens in processes that
can be ended: the page then becomes a rejection, the next one gets a fresh process.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, ClassVar

from pebble import ProcessExpired, ProcessPool

from pipelines.errors import ExtractError

logger = logging.getLogger(__name__)

SECONDS = 20.0
"""Limit for one page. Real news pages take 10 to 100 ms; the slowest of 1,232 took 1.4 s."""

MEGABYTES = 2048
"""Limit of a worker's address space. A worker at rest has about 400 MB mapped, most of it shared libraries."""

PRELOAD = ("pipelines.detach", "lxml.html", "pipelines.text.refine", "pipelines.archive.reader")


def prepare(megabytes: int) -> None:
    """In a new worker: bound its memory, leave Ctrl-C to the parent, and never outlive it."""
    size = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _let_go_of_server()
    if sys.platform == "linux":
        pr_set_pdeathsig = 1  # prctl(2)
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Workers:
    """A pool of parsing processes."""

    _open: ClassVar[int] = 0

    def __init__(
        self, number: int, *, seconds: float = SECONDS, megabytes: int = MEGABYTES, preload: tuple[str, ...] = ()
    ) -> None:
        self.number, self._seconds, self._megabytes, self._preload = number, seconds, megabytes, preload
        self._pool: ProcessPool | None = None
        self._closed = False

    def _started(self) -> ProcessPool:
        """The pool: a crawl that finds nothing new never starts it, and so costs little."""
        if self._pool is None:
            if self._closed:
                raise RuntimeError("the pool is closed")
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([*PRELOAD, *self._preload])
            _start_server()
            Workers._open += 1
            self._pool = ProcessPool(
                max_workers=self.number, initializer=prepare, initargs=(self._megabytes,), context=context
            )
        return self._pool

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run a module-level function in a worker; see ``result`` for what may come of it.

        Raises ``RuntimeError`` when the pool has ended.
        """
        future: Future[Any] = self._started().schedule(function, args=args, timeout=self._seconds)
        return future

    def result(self, future: Future[Any]) -> Any:
        """The value of a finished call.

        Raises ``ExtractError`` when the page went over a limit, took its worker down, or met a mistake in the parser.
        """
        try:
            return future.result()
        except FutureTimeout:
            raise ExtractError(f"parsing took longer than {self._seconds:g} s") from None
        except MemoryError:
            raise ExtractError(f"parsing needed more than {self._megabytes} MB") from None
        except ProcessExpired as error:
            raise ExtractError(f"the parser crashed (exit code {error.exitcode})") from None
        except (ExtractError, CancelledError, BrokenExecutor):
            raise
        except Exception as error:  # a mistake of ours; the page must have its outcome all the same
            logger.exception("the parser failed")
            raise ExtractError(f"the parser failed: {type(error).__name__}: {error}") from error

    def close(self, *, wait: bool = True) -> None:
        self._closed = True
        if self._pool is None:
            return
        if wait:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()
        Workers._open -= 1
        if not Workers._open:  # it serves all pools of this process, and takes their workers with it
            _reap_server()


def _start_server() -> None:
    """Start the fork server where it finds our modules: before Python 3.13 it forgets ``sys.path``, and preloads
    nothing without a word."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent.parent), *([before] if before else [])])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _let_go_of_server() -> None:
    """In a new worker, close its end of the pipe by which the fork server learns that nobody needs it any more.

    Each worker is given one, so with a worker busy the server would not notice that the crawl was killed, would not
    end, and the worker would go on with its page for as long as that takes. The name is private; where it is gone, idle
    workers still end with their crawl (``tests/pipelines/flow/test_workers.py`` tells).
    """
    server = getattr(forkserver, "_forkserver", None)
    end: int | None = getattr(server, "_forkserver_alive_fd", None)
    if end is not None:
        os.close(end)
        vars(server)["_forkserver_alive_fd"] = None


def _reap_server() -> None:
    """End the fork server and wait for it, so that what the workers used is counted as this process's own.

    Without that, CPU accounting (``time``, ``getrusage``) would miss nearly all of the work. The name is private; where
    it is gone, only the accounting suffers (``tests/pipelines/flow/test_workers.py`` tells).
    """
    stop = getattr(getattr(forkserver, "_forkserver", None), "_stop", None)
    if stop is not None:
        stop()
