"""Answers to a browser's requests: what the run's archive holds already, else what the crawl fetches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response

from crawler.discovery.urls import normalise
from crawler.fetch.guard import BlockedAddressError
from crawler.fetch.outcome import OVERLOADED, wanted
from crawler.fetch.robots import retry_after
from pipelines import clock
from pipelines.archive.reader import open_capture
from pipelines.archive.writer import target_uri
from pipelines.errors import ArchiveError
from pipelines.model import Candidate, Capture, CaptureRef, Provenance, Role
from pipelines.records.ledger import State
from pipelines.text.decode import decode_body

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl

BROWSER = "browser"
"""Method of what a browser asked for, and of the pages that it made."""

PER_HOST = 6
"""Requests of browsers in flight to one host: as many as browsers make."""

TRIES = 2
"""Times that something is asked for that may be there in a while."""

MOST_KNOWN = 200_000
"""Addresses remembered with the place of their capture, some 60 MB."""

SETTLED_KINDS = frozenset({"Image", "Stylesheet", "Script", "Font", "Media"})
"""What a page needs whatever asks for it: the frontier need not fetch it again. What scripts ask for, and documents,
may be wanted as something else."""

ASKED_BY_SCRIPT = frozenset({"XHR", "Fetch", "EventSource"})

_VOLATILE = frozenset(
    {"user-agent", "referer", "cookie", "origin", "accept-language", "cache-control", "pragma", "priority"}
)
"""Request headers that do not tell one question of a script from another; besides those that begin with ``sec-``."""

_FRAMING = frozenset({
    "content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive", "trailer", "upgrade",
    "critical-ch",
})  # fmt: skip
"""Response headers that are not true of a decoded body, or would have the browser ask again."""

Key = tuple[str, str]
"""An address, and how it was asked for."""


class Unanswered(Exception):
    """A request that gets no answer. ``code`` is Chromium's word for it, the message a person's."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of the browser."""

    url: str
    kind: str
    """Chromium's type of resource: ``Document``, ``Image``, ``XHR`` …"""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def key(self) -> Key | None:
        """Under which an answer may serve again; None where each request is another."""
        named = {name.lower(): value for name, value in self.headers.items()}
        if self.method != "GET" or self.body or named.keys() & {"range", "if-none-match", "if-modified-since"}:
            return None
        if self.kind not in ASKED_BY_SCRIPT:
            return target_uri(self.url), ""
        told = sorted(item for item in named.items() if item[0] not in _VOLATILE and not item[0].startswith("sec-"))
        return target_uri(self.url), f"{self.kind} {told}"

    @property
    def origin(self) -> str | None:
        return next((value for name, value in self.headers.items() if name.lower() == "origin"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser gets."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    """Without content coding."""
    cut: str | None = None
    archived: bool = False
    """It was in the archive already."""

    def fits(self, ask: Ask) -> bool:
        """Whether it may be shown to the origin that asks: it may have been given to a request without one."""
        if ask.origin is None or ask.url.startswith(f"{ask.origin}/"):
            return True
        allowed = {value.strip() for name, value in self.headers if name.lower() == "access-control-allow-origin"}
        return bool(allowed & {"*", ask.origin})


class Wire:
    """Fetches for browsers, in turn with the rest of the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._known: dict[Key, CaptureRef] = {}
        self._took: dict[str, CaptureRef] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._hosts: dict[str, asyncio.Semaphore] = {}

    @property
    def _crawl(self) -> Crawl:
        crawl: Crawl = self._crawler.broadsheet  # type: ignore[attr-defined]
        return crawl

    @property
    def stopping(self) -> bool:
        """The crawl ends: nothing may be fetched or written any more."""
        engine = self._crawler.engine
        slot = engine._slot if engine is not None else None
        return slot is None or slot.closing is not None or self._crawl.failure is not None

    def captured(self, ref: CaptureRef, provenance: Provenance, status: int) -> None:
        """Take note of what is in the archive: it need not be fetched again in this run."""
        if provenance.method == BROWSER:
            self._took[ref.url] = ref
        elif wanted(status, None):
            self._remember((ref.url, ""), ref)

    def _remember(self, key: Key, ref: CaptureRef) -> None:
        self._known[key] = ref
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def answer(self, ask: Ask, candidate: Candidate, *, seconds: float, begun: Callable[[], None]) -> Answer:
        """The answer to a request; ``begun`` is called when the host's turn has come. Raises ``Unanswered``."""
        url, key = target_uri(ask.url), ask.key
        lock = self._locks.setdefault(url, asyncio.Lock())
        async with lock:  # two that ask for the same at the same time get the same
            if (answer := self._archived(ask)) is not None:
                return answer
            deadline = time.monotonic() + seconds
            claim = None
            if key == (url, "") and ask.kind in SETTLED_KINDS:
                claim = await self._claim(ask.url, deadline)
                if claim is None and (answer := self._archived(ask)) is not None:
                    return answer
            host = urlsplit(ask.url).netloc.rpartition("@")[2].lower()
            try:
                async with self._hosts.setdefault(host, asyncio.Semaphore(PER_HOST)):
                    return await self._tried(ask, key, candidate, host, deadline, begun)
            finally:
                if claim is not None:
                    self._unclaim(claim)

    def _archived(self, ask: Ask) -> Answer | None:
        ref = self._known.get(ask.key) if ask.key is not None else None
        answer = self.read(ref) if ref is not None else None
        return answer if answer is not None and answer.fits(ask) else None

    async def _claim(self, url: str, deadline: float) -> int | None:
        """Keep the frontier from fetching what is being fetched for a browser, until ``_unclaim``; and the other way
        round: wait while the frontier does. Gives the row that was claimed, if there is one."""
        frontier, ledger = self._crawl.frontier, self._crawl.live.ledger
        while time.monotonic() < deadline and not self.stopping:
            sql = "SELECT id, state, host, role FROM frontier WHERE key = ?"
            row = ledger.execute(sql, (normalise(url),)).fetchone()
            if row is None or row[3] != Role.REQUISITE:
                return None
            number, state, host, _ = row
            if state == State.WAITING:
                ledger.execute("UPDATE frontier SET state = 1 WHERE id = ?", (number,))
                frontier.hosts[host].fresh = False
                return int(number)
            if state != State.TAKEN or number not in frontier.hosts[host].flying:
                return None
            await asyncio.sleep(0.05)
        return None

    def _unclaim(self, number: int) -> None:
        """What came to nothing is the frontier's again, which will say why."""
        if self._crawl.live.run.failure is not None:
            return
        ledger, frontier = self._crawl.live.ledger, self._crawl.frontier
        sql = "UPDATE frontier SET state = 0 WHERE id = ? AND state = 1 RETURNING host"
        row = ledger.execute(sql, (number,)).fetchone() if not self.stopping else None
        if row is not None:
            frontier.hosts[row[0]].fresh = False
            frontier.hosts.offer(frontier.hosts[row[0]])

    async def _tried(
        self, ask: Ask, key: Key | None, candidate: Candidate, host: str, deadline: float, begun: Callable[[], None]
    ) -> Answer:
        """Fetch, and once more what may be there in a while."""
        answer = None
        for _ in range(TRIES if key is not None else 1):
            try:
                await self.turn(host, deadline)
            except Unanswered:
                if answer is None:
                    raise
                return answer  # the host wants more patience than the page has
            begun()
            answer = await self._fetch(ask, key, candidate, host)
            if wanted(answer.status, answer.cut):
                break
        assert answer is not None
        return answer

    def read(self, ref: CaptureRef) -> Answer | None:
        """What the archive holds; None if it cannot be had whole."""
        try:
            capture = self._payload(open_capture(self._crawl.live.folder, ref))
            body = _decoded(capture.headers, capture.payload)
        except (ArchiveError, ValueError):
            return None
        if capture.truncated or not capture.status:
            return None
        return Answer(status=capture.status, headers=_honest(capture.headers), body=body, archived=True)

    def _payload(self, capture: Capture) -> Capture:
        """A capture with its payload, if that lies in an earlier run. Raises ``ArchiveError``."""
        if capture.ref.type != "revisit" or capture.payload:
            return capture
        live = self._crawl.live
        row = live.ledger.execute(
            "SELECT c.filename, c.offset, c.length, c.record_id, c.url, c.date, c.type, c.payload_digest, run.name"
            " FROM capture c JOIN run ON run.id = c.run WHERE c.payload_digest = ? AND c.type = 'response'"
            " ORDER BY c.id DESC LIMIT 1",
            (capture.ref.payload_digest,),
        ).fetchone()
        if row is None:
            raise ArchiveError(f"{capture.ref.url}: no run holds what it repeats")
        names = ("filename", "offset", "length", "record_id", "url", "date", "type", "payload_digest")
        ref = CaptureRef(**dict(zip(names, row, strict=False)))
        original = open_capture(live.folder.parent / row[8], ref)
        if capture.status == 304:
            return replace(original, ref=capture.ref)
        return replace(capture, payload=original.payload)

    async def turn(self, name: str, deadline: float) -> None:
        """Wait for a host's turn, as the pages of the crawl do. Raises ``Unanswered`` if it does not come in time."""
        hosts = self._crawl.frontier.hosts
        while True:
            host = hosts[name]
            if self.stopping:
                raise Unanswered("Aborted", "the crawl was stopped")
            if host.given_up:
                raise Unanswered("Failed", f"{name} is left alone: {host.given_up}")
            now = time.monotonic()
            if host.ready <= now:
                host.ready = now + host.pause(requisite=True)
                return
            if host.ready > deadline:
                raise Unanswered("TimedOut", "its host's turn did not come in time")
            await asyncio.sleep(host.ready - now)

    async def _fetch(self, ask: Ask, key: Key | None, candidate: Candidate, host: str) -> Answer:
        assert self._crawler.engine is not None
        meta = {"candidate": candidate, "dont_merge_cookies": True}
        url = target_uri(ask.url)
        self._took.pop(url, None)
        try:
            # An answer to HEAD cannot be replayed, for its headers are not true of what is there: GET tells the same.
            method = "GET" if ask.method == "HEAD" else ask.method
            request = Request(
                ask.url, method=method, headers=dict(ask.headers), body=ask.body, meta=meta, dont_filter=True
            )
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            raise _unanswered(error) from error
        ref = self._took.pop(target_uri(request.url), None)
        cut = next((flag.partition(":")[2] for flag in response.flags if flag.startswith("truncated:")), None)
        if response.status in OVERLOADED:
            self._crawl.frontier.hold(host, retry_after(response.headers.get("Retry-After"), clock.now()))
        if ref is not None and key is not None and wanted(response.status, cut):
            self._remember(key, ref)
            if ask.kind in SETTLED_KINDS:
                self._settle(candidate, ref, response)
        headers = _headers(response)
        try:
            body = _decoded(headers, response.body)
        except ValueError as error:
            raise Unanswered("ContentDecodingFailed", f"its body cannot be decoded: {error}") from error
        body = b"" if ask.method == "HEAD" else body
        return Answer(status=response.status, headers=_honest(headers, ask.method), body=body, cut=cut)

    def _settle(self, candidate: Candidate, ref: CaptureRef, response: Response) -> None:
        """Tell the frontier that a requisite need not be fetched any more in this run."""
        frontier, ledger = self._crawl.frontier, self._crawl.live.ledger
        frontier.add([candidate])
        row = ledger.execute("SELECT role FROM frontier WHERE key = ?", (normalise(candidate.url),)).fetchone()
        if row is not None and row[0] == Role.REQUISITE:
            frontier.recovered(Capture(ref=ref, status=response.status, headers=_headers(response), payload=b""))


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )


def _decoded(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A body without content coding. What is not declared to be coded stays as it is. Raises ``ValueError``."""
    coding = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    return decode_body(body, coding) if coding else body


def _honest(headers: Iterable[tuple[str, str]], method: str = "GET") -> tuple[tuple[str, str], ...]:
    """Headers that are true of a decoded body. That of an answer to HEAD tells its length as it was sent."""
    framing = _FRAMING - {"content-length"} if method == "HEAD" else _FRAMING
    return tuple((name, value) for name, value in headers if name.lower() not in framing)


def _unanswered(error: Exception) -> Unanswered:
    codes: dict[type[Exception], str] = {
        CannotResolveHostError: "NameNotResolved",
        DownloadConnectionRefusedError: "ConnectionRefused",
        DownloadTimeoutError: "TimedOut",
        BlockedAddressError: "AddressUnreachable",
        IgnoreRequest: "BlockedByClient",
    }
    code: Any = next((code for kind, code in codes.items() if isinstance(error, kind)), "Failed")
    return Unanswered(code, f"{type(error).__name__}: {error}")
