"""The requests of one page: each is held by the browser until it has its answer here."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

from crawler.browser.wire import BROWSER, Answer, Ask, Unanswered, Wire
from pipelines.archive.writer import target_uri
from pipelines.model import Candidate, Role

logger = logging.getLogger(__name__)

MOST_MISSING = 200
"""What is missing of one page is listed up to here; the rest is counted."""

MOST_LOADS = 3
"""Times that a page may load itself again: some set a cookie and do so, some never end."""

STALE = 10.0
"""Seconds after which an answer is waited for no longer: streams, and questions that are held open."""

REQUEST_SECONDS = 30.0
"""Seconds that a request waits for its host's turn at most."""


class Devtools(Protocol):
    """A session of the browser's debugging protocol."""

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of one page."""

    seconds: float = 60.0
    requests: int = 1000
    bytes: int = 200_000_000


@dataclass(slots=True)
class _Flight:
    begun: float | None = None
    """When its host's turn came."""


@dataclass(slots=True)
class Traffic:
    """What one page asks for, and what came of it. ``page``: the answer to give for the page itself, if it has been
    fetched already; ``outlet`` and ``depth`` are those of the page."""

    wire: Wire
    url: str
    bounds: Bounds
    page: Answer | None = None
    outlet: str = ""
    depth: int = 0
    frame: str | None = None
    """The main frame."""
    counts: Counter[str] = field(default_factory=Counter)
    """``fetched``, ``archived``, ``failed``, ``refused``; ``bytes`` handed over."""
    missing: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closed: bool = False
    _loads: int = 0
    _flights: dict[int, _Flight] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)
    _begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the page's time is over."""
        return self.bounds.seconds - (time.monotonic() - self._begun)

    async def quiet(self, seconds: float) -> bool:
        """Wait until for so long, from now on, nothing was asked for and nothing is awaited; False if the time is over
        before."""
        since = time.monotonic()
        while self.left > 0:
            now = time.monotonic()
            waiting = any(flight.begun is None or now - flight.begun < STALE for flight in self._flights.values())
            if not waiting and now - max(self._last, since) >= seconds:
                return True
            await asyncio.sleep(0.05)
        return False

    async def paused(self, event: dict[str, Any], devtools: Devtools) -> None:
        """Answer one request (``Fetch.requestPaused``)."""
        number, flight = id(event), _Flight()
        self._flights[number] = flight
        self._last = time.monotonic()
        url: str = event["request"]["url"]
        try:
            try:
                ask = _ask(event)
                answer = await self._answer(ask, event, flight)
            except Unanswered as problem:
                self._miss(url, str(problem), "refused" if problem.code == "BlockedByClient" else "failed")
                await devtools.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": problem.code})
                return
            if answer.status >= 400:
                self._miss(ask.url, f"HTTP status {answer.status}")
            if answer.cut:
                self._miss(ask.url, f"cut off ({answer.cut})")
            self.counts["archived" if answer.archived else "fetched"] += 1
            self.counts["bytes"] += len(answer.body)
            await devtools.send("Fetch.fulfillRequest", _fulfilment(event["requestId"], ask, answer))
        finally:
            del self._flights[number]
            self._last = time.monotonic()

    async def _answer(self, ask: Ask, event: dict[str, Any], flight: _Flight) -> Answer:
        if not ask.url.startswith(("http://", "https://")):
            raise Unanswered("BlockedByClient", "no http(s) address")
        if self.closed:
            raise Unanswered("Aborted", "the page's time was over")
        navigates = ask.kind == "Document" and event.get("frameId") == self.frame
        if navigates and (given := self._navigate(ask, event)) is not None:
            return given
        if self.counts["asked"] >= self.bounds.requests:
            raise Unanswered("BlockedByClient", f"over the limit of {self.bounds.requests} requests")
        if self.counts["bytes"] >= self.bounds.bytes:
            raise Unanswered("BlockedByClient", f"over the limit of {self.bounds.bytes} bytes")
        self.counts["asked"] += 1
        candidate = Candidate(
            url=ask.url, role=Role.REQUISITE, method=BROWSER, outlet=self.outlet, source_url=self.url, depth=self.depth
        )

        def begun() -> None:
            if self.closed:
                raise Unanswered("Aborted", "the page's time was over")
            flight.begun = time.monotonic()

        return await self.wire.answer(ask, candidate, seconds=min(REQUEST_SECONDS, max(0.0, self.left)), begun=begun)

    def _navigate(self, ask: Ask, event: dict[str, Any]) -> Answer | None:
        """The main frame wants a document: the page itself, which is here, or to go away, which it may not."""
        if event.get("redirectedRequestId"):
            return None
        if target_uri(ask.url) != target_uri(self.url) or ask.method != "GET":
            self.notes.append(f"it wanted to go on to {ask.url}")
            raise Unanswered("Aborted", "the page wanted to go on to it")
        self._loads += 1
        if self._loads > MOST_LOADS:
            raise Unanswered("Aborted", "the page loads itself again and again")
        return self.page if self._loads == 1 else None

    def _miss(self, url: str, why: str, kind: str | None = None) -> None:
        if kind is not None:
            self.counts[kind] += 1
        if len(self.missing) < MOST_MISSING:
            self.missing.append((url, why))
        else:
            self.counts["unlisted"] += 1
        logger.debug("%s: not had: %s: %s", self.url, url, why)


def _ask(event: dict[str, Any]) -> Ask:
    request = event["request"]
    body = b""
    if request.get("hasPostData"):
        entries = request.get("postDataEntries") or []
        if not entries or any("bytes" not in entry for entry in entries):  # a file, or more than the protocol tells
            raise Unanswered("BlockedByClient", f"the body of its {request['method']} request is not at hand")
        body = b"".join(base64.b64decode(entry["bytes"]) for entry in entries)
    return Ask(
        url=request["url"], kind=event.get("resourceType", ""), method=request["method"], headers=request["headers"],
        body=body,
    )  # fmt: skip


def _fulfilment(request_id: str, ask: Ask, answer: Answer) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in answer.headers]
    if ask.method != "HEAD":
        headers.append({"name": "Content-Length", "value": str(len(answer.body))})
    return {
        "requestId": request_id,
        "responseCode": answer.status,
        "responseHeaders": headers,
        "body": base64.b64encode(answer.body).decode("ascii"),
    }
