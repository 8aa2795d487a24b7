"""Parts made by a Dask cluster: the same as those of one process, on many machines. Wants the extra ``dask``."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, WorkerPlugin, as_completed, get_worker

from pipelines.errors import BroadsheetError, ConfigError
from pipelines.flow.engine import Part, Parts, Plan, key_of, make
from pipelines.flow.sources import Source
from pipelines.workers import Workers

PLUGIN = "broadsheet"

CHILDREN = "distributed.worker.daemon"
"""Dask's setting that forbids workers to start processes, if it is on, as it is by default."""

QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""What Dask looks at for its dashboard, 50 times a second and more, which nobody here sees: two idle workers and their
scheduler take 7 % of a core with it, and 1 % without."""


class Parsers(WorkerPlugin):  # type: ignore[misc]
    """The parsing processes of one Dask worker: the limits of each page are theirs, as without Dask."""

    name = PLUGIN

    def __init__(self, plan: Plan, *, ours: bool) -> None:
        self._plan, self._ours = plan, ours
        self.workers: Workers | None = None

    def setup(self, worker: Any) -> None:
        if self._ours and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends its workers
            logging.getLogger("distributed.worker.state_machine").setLevel(logging.ERROR)  # tasks that end with it
        self.workers = Workers(worker.state.nthreads, seconds=self._plan.seconds, megabytes=self._plan.megabytes)

    def teardown(self, worker: Any) -> None:
        if self.workers is not None:
            self.workers.close(wait=False)


def work(source: Source, folder: Path, plan: Plan) -> Part:
    """What a Dask worker does."""
    workers: Workers = get_worker().plugins[PLUGIN].workers
    try:
        return make(source, folder, plan, workers)
    except AssertionError as error:
        if "daemonic" not in str(error):
            raise
        raise ConfigError(
            "the Dask workers may not start processes: start them with DASK_DISTRIBUTED__WORKER__DAEMON=False, "
            "or with --no-nanny"
        ) from None


@contextmanager
def connected(scheduler: str | None, jobs: int) -> Iterator[Client]:
    """A cluster: the one whose scheduler is named, or one of our own of ``jobs`` workers, on loopback alone.

    Raises ``ConfigError`` when there is no such scheduler.
    """
    if scheduler:
        try:
            client = Client(scheduler, timeout=20, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigError(f"no Dask scheduler answers at {scheduler}: {error}") from error
        with client:
            yield client
        return
    with (
        dask.config.set({CHILDREN: False, **QUIET}),
        LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # None means port 8787, and a warning where that is taken
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,  # each page has a limit of its own
            security=True,  # certificates for this cluster alone: other users of the machine cannot give it work
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def by_dask(todo: Sequence[Source], parts: Parts, client: Client, *, told: Callable[[Part], None]) -> None:
    """Make the parts of ``todo``; ``told`` is called with each.

    What a worker that dies was working on is given to another one. A source that takes down one worker after the other
    (``distributed.scheduler.allowed-failures``) is told as a failure.
    """
    client.register_plugin(Parsers(parts.plan, ours=client.cluster is not None))
    folder = parts.folder.resolve()
    group = f"parts-{os.getpid()}"  # tasks of one group are dealt out as workers get free
    futures = {
        client.submit(work, source, folder, parts.plan, key=(group, key_of(source)), pure=False): source
        for source in todo
    }
    try:
        for future in as_completed(futures, loop=client.loop):
            source = futures.pop(future)
            error = future.exception()
            if error is None:
                told(future.result())
            elif isinstance(error, BroadsheetError):
                raise error
            else:
                told(Part(key=key_of(source), source=str(source.place), failure=f"{type(error).__name__}: {error}"))
            future.release()
    finally:
        client.cancel(list(futures))
