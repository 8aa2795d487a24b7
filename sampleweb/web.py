"""The sample web as one object: start it, set its clock, ask it for the truth."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

from sampleweb import truth
from sampleweb.clock import DEFAULT_CLOCK
from sampleweb.incidents import Incident
from sampleweb.model import Event, Expected, Request
from sampleweb.newsroom import newsroom
from sampleweb.outlets import OUTLETS
from sampleweb.rich import CDN, GALLERY, Gallery, RichPage
from sampleweb.server import HEADER_LIMIT, Served, Server
from sampleweb.site import Site
from sampleweb.sitemaps import CANARY

DEFAULT_SEED = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An outlet as a job file needs it."""

    key: str
    name: str
    home: str
    host: str
    language: str


class SampleWeb:
    """Eight invented outlets on loopback addresses, all at one port.

    `clock` is what the outlets take for now; `incidents` go wrong at their time (`SCENARIO` has
    one of each); `outlets` limits the web to some keys; `rich` adds the gallery of rich pages,
    which has a truth of its own (`rich_pages`).
    """

    def __init__(
        self,
        *,
        clock: datetime = DEFAULT_CLOCK,
        port: int = 0,
        seed: int = DEFAULT_SEED,
        incidents: Iterable[Incident] = (),
        outlets: Iterable[str] | None = None,
        rich: bool = False,
    ) -> None:
        self._clock = clock
        self._port = port
        self._seed = seed
        self._incidents = tuple(incidents)
        self._keys = tuple(outlets) if outlets is not None else None
        self._sites: dict[str, Site] = {}
        self._rich = rich
        self._gallery: Gallery | None = None
        self._hosts: dict[str, Served] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.requests: list[Request] = []

    # -- running -----------------------------------------------------------------------------

    def start(self) -> SampleWeb:
        """Bind all addresses and serve from a thread; returns when requests are answered."""
        if self._thread is not None:
            raise RuntimeError("already started")
        newsroom(self._seed)
        ready = threading.Event()
        failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(ready, failure), name="sampleweb", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            self._thread.join()
            self._thread = None
            raise failure[0]
        return self

    def stop(self) -> None:
        """Close everything; the log stays."""
        if self._thread is not None and self._loop is not None:
            loop, self._loop = self._loop, None
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> SampleWeb:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, ready: threading.Event, failure: list[BaseException]) -> None:
        loop = asyncio.new_event_loop()
        try:
            servers = loop.run_until_complete(self._bind())
        except BaseException as error:
            failure.append(error)
            loop.close()
            ready.set()
            return
        self._loop = loop
        ready.set()
        loop.run_forever()
        for server in servers:
            server.close()
        loop.run_until_complete(_cancel_all())
        loop.close()

    async def _bind(self) -> list[asyncio.Server]:
        """All hosts at one port: the wanted one, or one that is free on every address."""
        for attempt in range(20):
            servers: list[asyncio.Server] = []
            port = self._port
            try:
                wanted = [one for one in OUTLETS if self._keys is None or one.key in self._keys]
                for outlet in (*wanted, *((GALLERY, CDN) if self._rich else ())):
                    for host in (outlet.host, outlet.old_host):
                        if not host:
                            continue
                        server = await asyncio.start_server(
                            self._late_handler(outlet.key, host), host, port, limit=HEADER_LIMIT
                        )
                        servers.append(server)
                        port = server.sockets[0].getsockname()[1]
            except OSError:
                for server in servers:
                    server.close()
                if self._port or attempt == 19:
                    raise
                continue
            stories = newsroom(self._seed)
            self._port = port
            self._sites = {outlet.key: Site(outlet, stories[outlet.key], port, self._incidents) for outlet in wanted}
            self._hosts = dict(self._sites)
            if self._rich:
                self._gallery = Gallery(self._seed, port)
                self._hosts |= {one.key: self._gallery.host(one) for one in (GALLERY, CDN)}
            return servers
        raise AssertionError("unreachable")

    def _late_handler(self, key: str, host: str):  # type: ignore[no-untyped-def]
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            site = self._hosts[key]
            old = host != site.outlet.host
            server = Server(site, host, lambda: self._clock, self.requests.append, redirects=old)
            await server.handle(reader, writer)

        return handle

    # -- asking ------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port that all outlets listen on."""
        return self._port

    @property
    def outlets(self) -> tuple[Home, ...]:
        """Names and home pages."""
        return tuple(
            Home(
                key=key,
                name=site.outlet.name,
                home=f"{site.base}/",
                host=site.outlet.host,
                language=site.outlet.language,
            )
            for key, site in self._sites.items()
        )

    @property
    def gallery(self) -> Home:
        """Name and home page of the gallery of rich pages, which is none of the `outlets`."""
        home = self._rich_gallery().home
        return Home(key=GALLERY.key, name=GALLERY.name, home=f"{home}/", host=GALLERY.host, language=GALLERY.language)

    @property
    def rich_pages(self) -> tuple[RichPage, ...]:
        """The truth about the gallery: each page, what it says and what it needs."""
        return self._rich_gallery().pages

    def _rich_gallery(self) -> Gallery:
        if self._gallery is None:
            raise RuntimeError("no gallery: SampleWeb(rich=True), started")
        return self._gallery

    @property
    def clock(self) -> datetime:
        """Now, for the outlets."""
        return self._clock

    def set_clock(self, moment: datetime) -> None:
        """From now on it is `moment`."""
        self._clock = moment

    def advance(self, *, hours: float = 0, days: float = 0) -> datetime:
        """Let time pass."""
        self._clock += timedelta(hours=hours, days=days)
        return self._clock

    def truth(self, at: datetime | None = None) -> tuple[Expected, ...]:
        """What a crawl at that instant (now) should make of every page."""
        moment = at or self._clock
        return tuple(item for site in self._sites.values() for item in truth.expected(site, moment))

    def articles(self, at: datetime | None = None) -> tuple[Expected, ...]:
        """Of the truth, the articles."""
        return tuple(item for item in self.truth(at) if item.outcome == "article")

    def events(self, start: datetime, end: datetime) -> tuple[Event, ...]:
        """Publications, edits and deletions after `start` up to `end`, in order."""
        found = (e for site in self._sites.values() for e in truth.events(site, start, end))
        return tuple(sorted(found, key=lambda event: (event.at, event.url)))

    @property
    def canary_hits(self) -> tuple[Request, ...]:
        """Requests for pages that robots.txt forbids: none, of a polite crawler."""
        return tuple(r for r in self.requests if r.path.startswith(CANARY))


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
