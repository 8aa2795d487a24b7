"""The download handler that keeps what crosses the wire.

It speaks HTTP/1.1 over Twisted and hands an :class:`~pipelines.model.Exchange` to the crawl's sink for every exchange
in which a byte of response came, whole or cut, before Scrapy gets its response or error. See docs/capture.md.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydispatch import dispatcher  # type: ignore[import-untyped]
from scrapy import Request, signals
from scrapy.core.downloader._idna_patch import _install_twisted_idna_fallbacks
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotConfigured,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet import error, ssl
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from crawler.fetch.chunks import FramingError
from crawler.fetch.connection import Connection, Pool, Transfer
from crawler.fetch.framing import Framer, Head, Limits
from crawler.fetch.guard import BlockedAddressError, Guard, GuardedReactor, Origin
from crawler.fetch.sending import UnsendableError, serialise
from crawler.fetch.tls import SharedContext
from pipelines.errors import CaptureError, DiskFullError
from pipelines.model import Exchange
from pipelines.records.jsonl import DISK_FULL

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

KEEP_IDLE = 30.0
"""Seconds that an idle connection is kept. Servers commonly close theirs after 5 to 75 s."""

IDLE_TOTAL = 256
"""Idle connections kept in all, so that a crawl of thousands of hosts does not run out of file descriptors."""

RESENDABLE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods of which a request may be sent again when a kept connection turns out to be dead (RFC 9110, 9.2.2)."""


BODY_UNREAD = "broadsheet_body_unread"
"""Set in a request's ``meta``: nobody here looks at the body, so the response comes without; the archive has it."""


class CaptureSink(Protocol):
    """Takes every exchange; what it returns is put into ``request.meta["capture"]``.

    It is called from the reactor thread and must raise :class:`~pipelines.errors.CaptureError` when it cannot keep
    the exchange; the download then fails with that error. The exchange's file is the sink's from then on.
    """

    def __call__(self, exchange: Exchange, request: Request) -> Any: ...


def sink_of(crawler: Crawler) -> CaptureSink | None:
    """The crawl's sink: the attribute ``capture_sink`` of the crawler. Without one nothing is recorded."""
    return cast("CaptureSink | None", getattr(crawler, "capture_sink", None))


def head_of(exchange: Exchange) -> Head | None:
    """The head of the response. Without a whole one it cannot be read as HTTP: None."""
    exchange.response.seek(0)
    framer = Framer("HEAD", Limits(head=0, interim=0, body=0), lambda _: None)
    try:
        while framer.head is None and (data := exchange.response.read(1 << 16)):
            framer.feed(data)
    except FramingError:
        return None
    finally:
        exchange.response.seek(0)
    return framer.head


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOptions:
    """What the settings say."""

    limits: Limits
    timeout: float = 60.0
    """Seconds for the whole exchange, from the lookup of the name on."""
    idle: float = 20.0
    """Seconds without a byte."""
    connect: float = 15.0
    """Seconds for a connection to one address."""
    per_host: int = 8
    bind: tuple[str, int] | None = None

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> WireOptions:
        return cls(
            limits=Limits(
                head=settings.getint("BROADSHEET_MAX_HEAD_BYTES", 256 << 10),
                interim=settings.getint("BROADSHEET_MAX_INTERIM", 20),
                body=settings.getint("DOWNLOAD_MAXSIZE"),
            ),
            timeout=settings.getfloat("DOWNLOAD_TIMEOUT"),
            idle=settings.getfloat("BROADSHEET_IDLE_TIMEOUT", 20.0),
            connect=settings.getfloat("BROADSHEET_CONNECT_TIMEOUT", 15.0),
            per_host=settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"),
            bind=_bind(settings.get("DOWNLOAD_BIND_ADDRESS")),
        )


@dataclass(slots=True)
class _Watch:
    """Asks the handlers of Scrapy's ``headers_received`` and ``bytes_received`` whether to go on."""

    crawler: Crawler
    request: Request
    stop: StopDownload | None = None

    def head(self, head: Head) -> bool:
        length = next(iter(head.tokens(b"content-length")), b"")
        return self._ask(
            signals.headers_received,
            headers=Headers(head.fields),
            body_length=int(length) if length.isdigit() else -1,
        )

    def body(self, data: bytes) -> bool:
        return self._ask(signals.bytes_received, data=data)

    def _ask(self, signal: object, **kwargs: Any) -> bool:
        answers = self.crawler.signals.send_catch_log(
            signal=signal, request=self.request, spider=self.crawler.spider, **kwargs
        )
        for _, answer in answers:
            if isinstance(answer, Failure) and isinstance(answer.value, StopDownload):
                self.stop = answer.value
                return True
        return False

    def wanted(self, signal: object) -> bool:
        """Is anybody listening? Most crawls have no such handler, and need not pay for the question."""
        return any(dispatcher.liveReceivers(dispatcher.getAllReceivers(self.crawler, signal)))


class WireDownloadHandler(BaseDownloadHandler):
    """For http and https; ``DOWNLOAD_HANDLERS`` names it for both."""

    lazy = False

    def __init__(self, crawler: Crawler, *, options: WireOptions, guard: Guard) -> None:
        super().__init__(crawler)
        if not crawler.settings.getbool("TWISTED_REACTOR_ENABLED"):
            raise NotConfigured("Broadsheet fetches over Twisted: TWISTED_REACTOR_ENABLED must be True")
        from twisted.internet import reactor

        _install_twisted_idna_fallbacks()  # names with underscores or emoji
        self._reactor, self._options, self._guard = reactor, options, guard
        self._pool = Pool(reactor, per_key=max(1, options.per_host), total=IDLE_TOTAL, keep=KEEP_IDLE)
        self._tls = SharedContext.from_crawler(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> WireDownloadHandler:
        settings = crawler.settings
        return cls(crawler, options=WireOptions.from_settings(settings), guard=Guard.from_settings(settings))

    async def download_request(self, request: Request) -> Response:
        begun = time.monotonic()
        origin = self._guard.origin(request.url)
        if request.meta.get("proxy"):
            raise UnsendableError(
                f"{request.url} is to be fetched through the proxy {request.meta['proxy']}; proxies are not supported, "
                f"for an archive holds what the origin sent: unset http_proxy and https_proxy, or set "
                f"HTTPPROXY_ENABLED=False"
            )
        bind = _bind(request.meta.get("bindaddress")) or self._options.bind
        deadline = begun + float(request.meta.get("download_timeout") or self._options.timeout)
        message = serialise(request, origin)
        resendable = request.method in RESENDABLE and not request.body
        connection = self._pool.take((origin, bind)) if resendable else None
        while True:
            reused = connection is not None
            if connection is None:
                connection = await self._connect(origin, bind, deadline)
            watch = _Watch(self.crawler, request)
            transfer = self._transfer(request, message, watch)
            try:
                await maybe_deferred_to_future(connection.run(transfer, deadline=deadline, idle=self._options.idle))
            except BaseException:  # cancelled from outside
                connection.stop("unspecified", "the download was cancelled")
                transfer.discard()
                raise
            if reused and not transfer.received and transfer.truncated == "disconnect":
                # The server had closed the kept connection: no answer began, so the request goes out again, once.
                transfer.discard()
                connection = None
                continue
            break
        if transfer.answered:
            request.meta["download_latency"] = transfer.answered - begun
        try:
            body = b"" if request.meta.get(BODY_UNREAD) else transfer.body()  # before the exchange's file is the sink's
            self._record(request, transfer, connection)
        except OSError as problem:  # Scrapy would take it for a network error and fetch the page again
            kind = DiskFullError if problem.errno in DISK_FULL else CaptureError
            raise kind(f"{request.url} was fetched but could not be kept: {problem}") from problem
        return self._response(request, transfer, connection, watch, body)

    async def close(self) -> None:
        self._pool.close()

    # ------------------------------------------------------------------------------------ the way out

    async def _connect(self, origin: Origin, bind: tuple[str, int] | None, deadline: float) -> Connection:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DownloadTimeoutError(f"no time left to connect to {origin.netloc}")
        endpoint: Any = HostnameEndpoint(
            GuardedReactor(self._reactor, self._guard, origin.host),
            origin.host,
            origin.port,
            timeout=min(self._options.connect, left),
            bindAddress=bind,
        )
        try:
            if origin.scheme == "https":
                endpoint = wrapClientTLS(self._tls.creatorForNetloc(origin.host.encode("ascii"), origin.port), endpoint)
            connecting: Deferred[Any] = endpoint.connect(_ConnectionFactory(self._pool, (origin, bind)))
            connecting.addTimeout(left, self._reactor)
            return cast("Connection", await maybe_deferred_to_future(connecting))
        except BlockedAddressError:
            raise
        except error.DNSLookupError as problem:
            raise CannotResolveHostError(f"no address found for {origin.host!r}") from problem
        except error.ConnectionRefusedError as problem:
            raise DownloadConnectionRefusedError(f"{origin.netloc} refused the connection") from problem
        except (error.TimeoutError, TimeoutError, CancelledError) as problem:
            raise DownloadTimeoutError(f"no connection to {origin.netloc} within its time") from problem
        except (error.ConnectError, ValueError, OSError) as problem:
            raise DownloadFailedError(f"no connection to {origin.netloc}: {problem}") from problem

    def _transfer(self, request: Request, message: bytes, watch: _Watch) -> Transfer:
        limits = self._options.limits
        body = request.meta.get("download_maxsize")
        if body is not None:
            limits = Limits(head=limits.head, interim=limits.interim, body=int(body))
        return Transfer(
            url=request.url.partition("#")[0],
            method=request.method,
            request=message,
            limits=limits,
            on_head=watch.head if watch.wanted(signals.headers_received) else None,
            on_body=watch.body if watch.wanted(signals.bytes_received) else None,
        )

    # ----------------------------------------------------------------------------------- the way back

    def _record(self, request: Request, transfer: Transfer, connection: Connection) -> None:
        sink = sink_of(self.crawler)
        if sink is None or not transfer.received or transfer.broken is not None:
            transfer.discard()
            if transfer.broken is not None:
                raise transfer.broken
            return
        request.meta["capture"] = sink(transfer.exchange(ip=connection.ip, tls=connection.tls), request)

    def _response(
        self, request: Request, transfer: Transfer, connection: Connection, watch: _Watch, body: bytes
    ) -> Response:
        head, cut = transfer.framer.head, transfer.truncated
        if head is None:
            raise self._failure(request, transfer)
        url = transfer.url
        if cut and not watch.stop:
            logger.warning("truncated (%s) %s: %s", cut, url, transfer.why)
        headers = Headers(head.fields)
        certificate = connection.certificate
        response = responsetypes.from_args(headers=headers, url=url, body=body)(
            url=url,
            status=head.status,
            headers=headers,
            body=body,
            flags=["download_stopped"] if watch.stop else [f"truncated:{cut}"] if cut else None,
            certificate=ssl.Certificate(certificate) if certificate is not None else None,  # type: ignore[no-untyped-call]
            ip_address=ip_address(connection.ip.partition("%")[0]) if connection.ip else None,
            protocol=f"HTTP/1.{head.minor}",
        )
        if watch.stop and watch.stop.fail:
            watch.stop.response = response
            raise watch.stop
        return response

    def _failure(self, request: Request, transfer: Transfer) -> Exception:
        """No head, no response: the error that says what happened, in the terms of Scrapy."""
        url, why = request.url, transfer.why
        if transfer.truncated == "time":
            return DownloadTimeoutError(f"{url} timed out: {why}")
        if transfer.truncated == "disconnect" and transfer.received:
            return ResponseDataLossError(f"{url} failed: cut off inside the head of the response, {why}")
        if transfer.truncated == "disconnect":
            return DownloadFailedError(f"{url} failed: no answer came, {why}")
        return DownloadFailedError(f"{url} failed: {why}")


class _ConnectionFactory(Factory):
    noisy = False

    def __init__(self, pool: Pool, key: Any) -> None:
        self._pool, self._key = pool, key

    def buildProtocol(self, addr: Any) -> Connection:
        return Connection(self._pool, self._key)


def _bind(value: str | tuple[str, int] | None) -> tuple[str, int] | None:
    return (value, 0) if isinstance(value, str) else value
