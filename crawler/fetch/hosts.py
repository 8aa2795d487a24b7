"""Politeness of one run: which host may be asked now, and which is left alone."""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger(__name__)

GIVE_UP, GIVE_UP_COLD = 8, 4
"""Failures of a host in a row after which it is left alone for this run, and its addresses wait for the next; fewer for
one that has not answered at all."""

LONGEST_WAIT = 300.0
"""Seconds that a run waits for a host that asks for it; one that asks for more is left alone for this run."""


REQUISITE_DELAY = 0.2
"""Seconds between two pictures, styles or scripts of a host. A browser asks for six of them at once."""


@dataclass(slots=True)
class Host:
    """What politeness needs to know of a host."""

    name: str
    delay: float
    """Seconds between two requests."""
    requisite_delay: float
    """The same after what a page needs to be shown."""
    connections: int
    rows: deque[tuple[Any, ...]] = field(default_factory=deque)
    """The addresses that are next, as the ledger has them."""
    flying: set[int] = field(default_factory=set)
    """Addresses that are being fetched."""
    ready: float = 0.0
    """Monotonic time from which the next request may go."""
    failures: int = 0
    """In a row."""
    answers: int = 0
    """Requests that did not fail."""
    given_up: str | None = None
    """Why it is left alone for this run."""
    closed: dict[str, str] = field(default_factory=dict)
    """Schemes that are left alone for this run, and why: robots.txt speaks for one of them only."""
    retries: set[int] = field(default_factory=set)
    """Addresses that wait for another try in this run."""
    fresh: bool = False
    """``rows`` shows what the ledger has; if it is empty, nothing waits."""
    queued: bool = False

    def pause(self, *, requisite: bool) -> float:
        """Seconds to leave after a request."""
        return min(self.delay, self.requisite_delay) if requisite else self.delay

    @property
    def busy(self) -> bool:
        return len(self.flying) >= self.connections

    @property
    def tired(self) -> bool:
        """It has failed so often that it is to be left alone."""
        return self.failures >= (GIVE_UP if self.answers else GIVE_UP_COLD)


class Hosts:
    """The hosts of a run, each in its own time. ``delay`` and ``connections`` give those of a host of that name;
    ``clock`` is monotonic, in seconds; ``longest_wait`` is how long the run waits for a host that asks for it."""

    def __init__(
        self,
        *,
        delay: Callable[[str], float],
        connections: Callable[[str], int],
        clock: Callable[[], float],
        longest_wait: float = LONGEST_WAIT,
        requisite_delay: float = REQUISITE_DELAY,
    ) -> None:
        self._delay, self._connections, self._clock, self._longest_wait = delay, connections, clock, longest_wait
        self._requisite_delay = requisite_delay
        self._all: dict[str, Host] = {}
        self._ready: deque[Host] = deque()
        self._timers: list[tuple[float, str]] = []

    def __iter__(self) -> Iterator[Host]:
        return iter(self._all.values())

    def __getitem__(self, name: str) -> Host:
        host = self._all.get(name)
        if host is None:
            host = self._all[name] = Host(name, self._delay(name), self._requisite_delay, self._connections(name))
        return host

    # ------------------------------------------------------------------ turns

    def offer(self, host: Host) -> None:
        """Put a host where ``turns`` finds it when its time has come."""
        if host.queued or host.given_up or host.busy:
            return
        host.queued = True
        if host.ready > self._clock():
            heapq.heappush(self._timers, (host.ready, host.name))
        else:
            self._ready.append(host)

    def turns(self) -> Iterator[Host]:
        """Hosts whose turn it is. One that is not asked must be offered again when something of it changes."""
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            host = self._all[heapq.heappop(self._timers)[1]]
            host.queued = False
            self.offer(host)
        while self._ready:
            host = self._ready.popleft()
            host.queued = False
            if host.ready > now:
                self.offer(host)
            else:
                yield host

    def wake_at(self, name: str, seconds: float) -> None:
        """Look at a host again in so many seconds."""
        heapq.heappush(self._timers, (self._clock() + seconds, name))

    @property
    def next_turn(self) -> float | None:
        """Monotonic time at which a host is to be looked at next, if any is."""
        return self._timers[0][0] if self._timers else None

    # ------------------------------------------------------------------ patience

    def hold(self, name: str, seconds: float | None) -> str | None:
        """Leave a host alone for a while, as it asked (``None``: it is overloaded and did not say how long).

        Gives the reason if that is longer than the run waits for it.
        """
        host = self[name]
        if seconds is None:
            seconds = min(self._longest_wait, max(host.delay, 1.0) * 4 ** (host.failures + 1))
        host.ready = max(host.ready, self._clock() + seconds)
        return f"asked to wait {seconds:.0f} s" if seconds > self._longest_wait else None

    def asked(self, name: str) -> float:
        """Note a request to the host that was not ours to give (robots.txt); the seconds to wait before the next."""
        host = self[name]
        host.ready = max(host.ready, self._clock() + 2 * host.delay)
        return host.delay

    def slow_down(self, name: str, delay: float) -> None:
        """Keep at least so many seconds between requests to a host (robots.txt ``Crawl-delay``)."""
        host = self[name]
        host.ready += max(0.0, delay - host.delay)
        host.delay = max(host.delay, delay)
        host.requisite_delay = max(host.requisite_delay, delay)  # the host said so of all requests

    def give_up(self, host: Host, why: str) -> None:
        """Leave a host alone for the rest of the run."""
        host.given_up = why
        host.retries.clear()
        logger.warning("%s is left alone for the rest of this run: %s", host.name, why)

    def close(self, host: Host, scheme: str, why: str) -> None:
        """Leave alone what a host serves under a scheme."""
        if scheme not in host.closed:
            host.closed[scheme] = why
            logger.warning("%s://%s is left alone for the rest of this run: %s", scheme, host.name, why)
        host.fresh = False

    def given_up(self) -> dict[str, str]:
        """Hosts left alone in this run, or their schemes, and why."""
        left: dict[str, str] = {}
        for host in self:
            if host.given_up:
                left[host.name] = host.given_up
            left |= {f"{scheme}://{host.name}": why for scheme, why in host.closed.items()}
        return left
