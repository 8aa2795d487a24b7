"""One connection to an origin, the exchange under way on it, and the pool that keeps connections for reuse.

:class:`Connection` is a Twisted protocol, so what it sees is plaintext, TLS or not. It hands every byte to the
:class:`Transfer` before anything is made of it; whatever ends the exchange, what had arrived is there.
"""

from __future__ import annotations

import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from crawler.fetch.chunks import FramingError, unchunk
from crawler.fetch.framing import Framer, Head, Limits
from crawler.fetch.tls import explain, warc_protocol
from pipelines import clock
from pipelines.model import Exchange, Truncation

SPOOL = 1 << 20
"""Bytes of a response kept in memory; more goes to a temporary file. Of news pages, one in a thousand is larger."""

LINGER = 5.0
"""Seconds that a peer gets to answer the end of a TLS session before the connection is dropped."""


class Transfer:
    """One exchange in the making: the request as sent, the response as it arrives."""

    def __init__(
        self,
        *,
        url: str,
        method: str,
        request: bytes,
        limits: Limits,
        on_head: Callable[[Head], bool] | None = None,
        on_body: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.url, self.request = url, request
        self._spool = SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - whoever gets the exchange closes it
        self.framer = Framer(method, limits, self._spool.write)
        self._on_head, self._on_body = on_head, on_body
        self.ended: Deferred[None] = Deferred()
        self.over = False
        self.truncated: Truncation | None = None
        self.why: str | None = None
        """For a person: what cut it."""
        self.broken: Exception | None = None
        """An error of ours, or of the disk, while the response was taken down."""
        self.received = 0
        self.sent = self.last = self.answered = 0.0
        self._started = datetime.min

    def begin(self) -> None:
        self._started = clock.utcnow()
        self.sent = self.last = time.monotonic()

    def feed(self, data: bytes) -> None:
        """Take what arrived; ``over`` tells whether more is wanted."""
        self.last = time.monotonic()
        self.received += len(data)
        framer = self.framer
        waiting = framer.head is None
        try:
            framer.tap = None if self._on_body is None else []
            framer.feed(data)
            if waiting and framer.head is not None:
                self.answered = self.last
                if self._on_head is not None and self._on_head(framer.head):
                    self.finish("unspecified", "stopped by a handler of headers_received")
                    return
            if self._on_body is not None and framer.tap and self._on_body(b"".join(framer.tap)):
                self.finish("unspecified", "stopped by a handler of bytes_received")
                return
        except FramingError as error:
            if waiting and framer.head is not None:
                self.answered = self.last
            self.finish(error.truncated, str(error))
        except Exception as error:  # the disk, or a mistake of ours: this exchange fails, the crawl goes on
            self.broken = error
            self.finish("unspecified", str(error))
        else:
            if framer.done:
                self.finish(framer.end(clean=True), "the lengths it gave contradict each other or what came")

    def finish(self, truncated: Truncation | None, why: str | None = None) -> None:
        if not self.over:
            self.over, self.truncated, self.why = True, truncated, why
            if self.framer.head is None and self.framer.unfinished and not self.broken:
                self._spool.write(self.framer.unfinished)

    def body(self) -> bytes:
        """The body as far as it has come, without chunk framing."""
        if self.framer.head is None:
            return b""
        self._spool.seek(self.framer.head.length)
        return unchunk(self._spool) if self.framer.chunks is not None else self._spool.read()

    def exchange(self, *, ip: str | None, tls: str | None) -> Exchange:
        length = self._spool.seek(0, 2)
        self._spool.seek(0)
        head = self.framer.head
        http = (f"http/1.{head.minor}",) if head else ()
        return Exchange(
            url=self.url,
            started=self._started,
            elapsed=self.last - self.sent,
            request=self.request,
            response=self._spool,
            response_length=length,
            interim=bytes(self.framer.interim),
            ip=ip,
            protocols=(*http, tls) if tls else http,
            truncated=self.truncated,
        )

    def discard(self) -> None:
        self._spool.close()


class Connection(Protocol):
    """An HTTP/1.1 connection: one exchange at a time, any number one after the other."""

    transport: Any  # TCP or TLS; Twisted's interfaces say less than both can do

    def __init__(self, pool: Pool, key: Hashable) -> None:
        self._pool, self.key = pool, key
        self._transfer: Transfer | None = None
        self._timer: Any = None
        self._deadline = self._idle = 0.0
        self._closing: Any = None
        self.alive, self._why = False, ""
        self.ip: str | None = None
        self.tls: str | None = None
        """``WARC-Protocol`` value of the TLS session; None without one."""
        self.certificate: Any = None
        """The peer's, as OpenSSL gives it."""
        self._fresh = True

    def connectionMade(self) -> None:
        self.alive = True
        self.ip = self.transport.getPeer().host
        self.transport.setTcpNoDelay(True)
        self._pool.opened(self)

    def quiet(self) -> bool:
        """Is there nothing to read, neither bytes that nobody asked for nor the end of the connection? The reactor
        may not have seen it yet, and a request sent now would get the stray bytes for its answer."""
        handle = getattr(self.transport, "transport", self.transport).getHandle()
        try:
            handle.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return self.alive
        except (OSError, AttributeError):
            return False
        return False

    def run(self, transfer: Transfer, *, deadline: float, idle: float) -> Deferred[None]:
        """Send the request; the Deferred fires, without a value, when the exchange is over for whatever reason."""
        transfer.begin()
        if not self.alive:  # lost while nobody waited for anything
            transfer.finish("disconnect", self._why)
            transfer.ended.callback(None)
            return transfer.ended
        self._transfer, self._deadline, self._idle = transfer, deadline, idle
        self._wait()
        self.transport.write(transfer.request)
        return transfer.ended

    def dataReceived(self, data: bytes) -> None:
        transfer = self._transfer
        if transfer is None:
            self.drop()  # nobody asked: not of any exchange, and the connection is not to be trusted
            return
        if self._fresh:  # only now the handshake is over, and once the connection is lost nobody can tell any more
            self._fresh = False
            handle = self.transport.getHandle()
            if isinstance(handle, SSL.Connection):
                self.tls = warc_protocol(handle.get_protocol_version_name())
                self.certificate = self.transport.getPeerCertificate()
        transfer.feed(data)
        if transfer.over:
            self._end(keep=transfer.framer.reusable and transfer.truncated is None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.alive, self._why = False, explain(reason)
        if self._closing is not None and self._closing.active():
            self._closing.cancel()
        self._pool.closed(self)
        transfer = self._transfer
        if transfer is not None:
            # Over TLS this is clean only if the peer ended the session, not just the connection (RFC 9112, 9.8).
            transfer.finish(transfer.framer.end(clean=isinstance(reason.value, ConnectionDone)), self._why)
            self._end(keep=False)

    def stop(self, truncated: Truncation, why: str) -> None:
        """Cut the exchange from our side."""
        if self._transfer is not None:
            self._transfer.finish(truncated, why)
            self._end(keep=False)

    def close(self) -> None:
        """End the connection in good order, but do not wait for ever."""
        if self.alive and self._closing is None:
            self._closing = self._pool.reactor.callLater(LINGER, self.drop)
            self.transport.loseConnection()

    def drop(self) -> None:
        if self.alive:
            self.transport.abortConnection()

    # -----------------------------------------------------------------------------------------

    def _wait(self) -> None:
        assert self._transfer is not None
        due = min(self._deadline, self._transfer.last + self._idle)
        self._timer = self._pool.reactor.callLater(max(0.0, due - time.monotonic()), self._tick)

    def _tick(self) -> None:
        transfer, now = self._transfer, time.monotonic()
        if transfer is None:
            return
        if now >= self._deadline:
            self.stop("time", "the exchange took longer than it may")
        elif now >= transfer.last + self._idle:
            self.stop("time", f"nothing came for {self._idle:g} s")
        else:
            self._wait()

    def _end(self, *, keep: bool) -> None:
        transfer, self._transfer = self._transfer, None
        assert transfer is not None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if keep:
            self._pool.give(self)
        elif transfer.truncated is None:
            self.close()
        else:
            self.drop()
        transfer.ended.callback(None)


class Pool:
    """Connections that wait for the next request to the same origin."""

    def __init__(self, reactor: Any, *, per_key: int, total: int, keep: float) -> None:
        self.reactor, self._per_key, self._total, self._keep = reactor, per_key, total, keep
        self._open: set[Connection] = set()
        self._idle: OrderedDict[Connection, Any] = OrderedDict()
        self._by_key: dict[Hashable, list[Connection]] = {}

    def take(self, key: Hashable) -> Connection | None:
        while waiting := self._by_key.get(key):
            connection = waiting[-1]  # the one used last is the least likely to have been closed by the server
            self._forget(connection)
            if connection.quiet():
                return connection
            connection.drop()
        return None

    def give(self, connection: Connection) -> None:
        waiting = self._by_key.setdefault(connection.key, [])
        waiting.append(connection)
        self._idle[connection] = self.reactor.callLater(self._keep, self._expire, connection)
        if len(waiting) > self._per_key:
            self._expire(waiting[0])
        elif len(self._idle) > self._total:
            self._expire(next(iter(self._idle)))

    def opened(self, connection: Connection) -> None:
        self._open.add(connection)

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._forget(connection)

    def close(self) -> None:
        """Drop everything; exchanges under way keep what they have."""
        for connection in list(self._open):
            self._forget(connection)
            connection.stop("unspecified", "the crawl was stopped")
            connection.drop()

    def _expire(self, connection: Connection) -> None:
        self._forget(connection)
        connection.close()

    def _forget(self, connection: Connection) -> None:
        timer = self._idle.pop(connection, None)
        if timer is None:
            return
        if timer.active():
            timer.cancel()
        waiting = self._by_key[connection.key]
        waiting.remove(connection)
        if not waiting:
            del self._by_key[connection.key]
