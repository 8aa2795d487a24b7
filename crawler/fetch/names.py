"""Names to addresses: by the operating system, in threads, within a time and with a small cache."""

from __future__ import annotations

import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from twisted.internet import address, interfaces
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer  # type: ignore[import-untyped]

DNS_THREADS = 16
"""Lookups at a time, in threads of their own: names whose server never answers hold up nothing but other names."""

DNS_KEEP = 300.0
"""Seconds that a resolved name is kept. The operating system does not tell the record's own time to live; five minutes
is what news hosts behind content networks commonly set."""

Lookup: TypeAlias = Callable[..., list[tuple[Any, ...]]]
"""What ``socket.getaddrinfo`` is, or stands for it in a test."""

_FAMILY = {socket.AF_INET: address.IPv4Address, socket.AF_INET6: address.IPv6Address}


@implementer(interfaces.IHostResolution)
@dataclass(slots=True)
class _Resolution:
    name: str

    def cancel(self) -> None:
        raise NotImplementedError  # as in Twisted's own: nobody calls it


@implementer(interfaces.IHostnameResolver)
class NameResolver:
    """Twisted's own resolver knows neither a time-out nor a cache, Scrapy's caching ones no IPv6 or no time-out."""

    def __init__(
        self,
        reactor: Any,
        *,
        timeout: float,
        cached: int,
        lookup: Lookup = socket.getaddrinfo,
        threads: Callable[[], ThreadPool] | None = None,
    ) -> None:
        self._reactor, self._timeout, self._cached, self._lookup = reactor, timeout, cached, lookup
        self._threads = threads or _Threads()
        self._cache: OrderedDict[str, tuple[float, list[tuple[Any, ...]]]] = OrderedDict()

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[Any]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def deliver(found: Iterable[tuple[Any, ...]]) -> None:
            seen = set()
            for family, _, _, _, place in found:
                kind = _FAMILY.get(family)
                if kind is None or place in seen or (addressTypes is not None and kind not in addressTypes):
                    continue
                seen.add(place)
                resolutionReceiver.addressResolved(kind(transportSemantics, place[0], portNumber, *place[2:]))
            resolutionReceiver.resolutionComplete()

        kept = self._cache.get(hostName)
        if kept is not None and kept[0] > self._reactor.seconds():
            deliver(kept[1])
            return resolution
        found = deferToThreadPool(
            self._reactor, self._threads(), self._lookup, hostName, 0, socket.AF_UNSPEC, socket.SOCK_STREAM
        )
        found.addTimeout(self._timeout, self._reactor)
        found.addCallback(self._keep, hostName)
        found.addErrback(_nothing)
        found.addCallback(deliver)
        return resolution

    def _keep(self, found: list[tuple[Any, ...]], name: str) -> list[tuple[Any, ...]]:
        if self._cached:
            self._cache[name] = (self._reactor.seconds() + DNS_KEEP, found)
            self._cache.move_to_end(name)
            while len(self._cache) > self._cached:
                self._cache.popitem(last=False)
        return found


def _nothing(_: Failure) -> list[tuple[Any, ...]]:
    """A name without an answer has no addresses; the interface knows no other way to say so."""
    return []


class _ThreadPool(ThreadPool):
    """Its threads do not outlive the process: one may be waiting for a name server that never answers."""

    threadFactory = staticmethod(partial(threading.Thread, daemon=True))  # type: ignore[assignment]


@dataclass(slots=True)
class _Threads:
    """The lookup threads, started when the first name is to be resolved."""

    pool: ThreadPool | None = None

    def __call__(self) -> ThreadPool:
        if self.pool is None:
            self.pool = _ThreadPool(0, DNS_THREADS, name="names")
            self.pool.start()
        return self.pool
