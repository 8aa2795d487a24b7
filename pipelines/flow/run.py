"""A run of a job: exchanges in, WARCs and records out.

The order of durability is WARC, then JSONL, then one commit of the ledger that holds all their lengths. What is
behind those lengths when a run starts again was never committed: whole captures there are taken up from the
WARC (it is the log), lines of JSONL there are cut off and made again.

Everything here happens in one thread, that of the event loop; workers only parse.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.archive.digests import hash_exchange
from pipelines.archive.reader import open_capture
from pipelines.archive.writer import Note, Rendering, RevisitTarget, WarcWriter
from pipelines.errors import ArchiveError, BroadsheetError, CaptureError, DiskFullError, ExtractError
from pipelines.flow.files import CHANGES, RECORDS, records_name
from pipelines.flow.memories import HISTORY_TYPE, MEMORY_TYPE, Memories, wants_memory
from pipelines.flow.parse import Parsed, Task, parse
from pipelines.model import Article, Capture, CaptureRef, Change, Exchange, Outcome, Provenance, Role
from pipelines.records.history import LedgerHistory
from pipelines.records.jsonl import Lines, encode
from pipelines.records.ledger import Ledger
from pipelines.records.settle import Settler
from pipelines.text.page import mime_of
from pipelines.text.refine import Options, failed
from pipelines.text.sites import ENOUGH_PAGES, Observation, SiteMemory, learn, site_of
from pipelines.workers import Workers

logger = logging.getLogger(__name__)

MOST_HELD = 1000
"""Captures held back for want of site memory, over all sites; beyond that the fullest site makes do."""

READ_AGAIN = frozenset({"text/css", "text/html", "application/xhtml+xml", "image/svg+xml"})
"""Types of requisites that name others."""

LONGEST_HELD = 60.0
"""Seconds that a capture is held back at most: records behind it in the WARC wait for it too."""

OBSERVE_ALL, OBSERVE_EVERY = 64, 8
"""Every page of a site is observed until its memory rests on 64, then every eighth address, to notice a redesign."""


@dataclass(slots=True)
class Pending:
    """A capture on its way to an outcome."""

    row: int
    ref: CaptureRef
    provenance: Provenance
    site: str
    parsed: asyncio.Future[Parsed]
    """Done when the page has been parsed or held back: what was discovered in it is known."""
    outcome: Outcome | None = None
    left_out: tuple[int, ...] = ()


@dataclass(slots=True)
class Site:
    """What this run has seen of a site since its memory was last learnt."""

    observed: list[Observation] = field(default_factory=list)
    held: list[Pending] = field(default_factory=list)
    since: float | None = None
    """When the first of them was held back (the event loop's time)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a crawl adds to a run."""

    parser: Callable[[Task], Parsed] = parse
    """Called in a worker: a module-level function."""
    discover: Callable[[Provenance], Any] = lambda provenance: None
    """What the parser needs to discover addresses in a page fetched so; None where it shall not."""
    discovered: Callable[[CaptureRef, Provenance, Any], None] = lambda ref, provenance, found: None
    """Takes what was discovered, in the same transaction as the page itself."""
    settled: Callable[[Outcome, Change | None], None] = lambda outcome, change: None
    """Takes each outcome, and what it changed in the life of an article that was known before."""
    failed: Callable[[BroadsheetError], None] = lambda error: None
    """Told once, at the first failure; nothing is kept any more after it."""


class Run:
    """The open run of a job. Raises ``CaptureError`` where something could not be kept; the run must then stop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        number: int,
        folder: Path,
        writer: WarcWriter,
        workers: Workers,
        options: Options,
        hooks: Hooks,
    ) -> None:
        self.ledger, self.number, self.folder = ledger, number, folder
        self.failure: BroadsheetError | None = None
        self._writer, self._workers, self._options, self._hooks = writer, workers, options, hooks
        self._history = LedgerHistory(ledger, folder.parent)
        self._settler = Settler(self._history, number)
        self._records = {name: Lines(folder / name, keep=ledger.file_length(number, name)) for name in RECORDS}
        self._queue: deque[Pending] = deque()
        self._sites: dict[str, Site] = {}
        self._memories = Memories(folder / ".site-memory")
        self._inherited: dict[str, SiteMemory] = {}
        self._parsing = 0
        self._closed = False
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for site, filename, offset, text in ledger.memories(number):
            memory = SiteMemory.from_json(text)
            if filename is None or offset is None:
                self._inherited[site] = memory
            else:
                self._inherited.pop(site, None)
                self._memories.add(site, (filename, offset), memory)
        for row, ref, provenance in ledger.unsettled(number):
            self._enqueue(row, ref, provenance, wants_memory(provenance.role, 200))

    # ------------------------------------------------------------------ captures

    def capture(self, exchange: Exchange, provenance: Provenance, *, fresh: bool = False) -> Pending:
        """Write an exchange to the archive and send it on its way; ``fresh``: whole, even if it repeats an earlier one.

        ``DiskFullError`` says that this one did not fit; a smaller one still may.
        """
        self._check()
        try:
            hashes = hash_exchange(exchange)
            head = hashes[0].head
            status = head.status if head else 0
            site, remembers = site_of(exchange.url), wants_memory(provenance.role, status)
            if remembers:
                self._introduce(site, exchange.url)
            target = None if fresh else self._revisited(exchange, status, hashes[1])
            if target is not None and provenance.role is Role.REQUISITE and target.url != exchange.url:
                mime = mime_of(head.get("content-type")) if head else ""
                # A style sheet that stands at two addresses leads from each to others.
                target = None if mime in READ_AGAIN else target
            ref = self._writer.write(exchange, provenance, revisit_of=target, hashes=hashes)
        except BroadsheetError as error:
            if isinstance(error, DiskFullError) and self.ledger.failure is None:
                raise  # the archive took nothing of it, and nothing else was touched
            raise self._failing(error) from error
        chunked = head is not None and head.chunked
        return self._keep(ref, provenance, status, remembers, chunked=chunked, whole=exchange.truncated is None)

    def rendered(self, rendering: Rendering, provenance: Provenance, *, page: str | None) -> Pending:
        """Write what a browser made of a page, whose own record is ``page``, and send the DOM on its way."""
        self._check()
        try:
            self._introduce(site_of(rendering.url), rendering.url)
            ref, _ = self._writer.write_rendering(rendering, provenance, page=page)
        except BroadsheetError as error:
            if isinstance(error, DiskFullError) and self.ledger.failure is None:
                raise
            raise self._failing(error) from error
        return self._keep(ref, provenance, 200, wants_memory(provenance.role, 200), chunked=False, whole=True)

    def hurry(self) -> bool:
        """Have sites still unknown make do with the pages seen; gives whether pages were held back for want of more."""
        self._check()
        held = [name for name, site in self._sites.items() if site.held]
        try:
            for name in held:
                self._learn(name)
        except BroadsheetError as error:
            raise self._failing(error) from error
        return bool(held)

    def recover(self, found: Capture) -> None:
        """Take up a capture that the WARC holds and the ledger does not know of."""
        remembers = wants_memory(found.provenance.role, found.status)
        whole = found.truncated is None
        self._keep(found.ref, found.provenance, found.status, remembers, chunked=found.chunked, whole=whole)

    def _keep(
        self, ref: CaptureRef, provenance: Provenance, status: int, remembers: bool, *, chunked: bool, whole: bool
    ) -> Pending:
        try:
            row = self.ledger.add_capture(self.number, ref, provenance, status, chunked=chunked, whole=whole)
            return self._enqueue(row, ref, provenance, remembers)
        except BroadsheetError as error:
            raise self._failing(error) from error

    def recover_note(self, note: Note) -> None:
        """Take up a note that the WARC holds and the ledger does not know of."""
        if note.content_type == MEMORY_TYPE:
            text = note.block.decode()
            memory = SiteMemory.from_json(text)
            self._inherited.pop(memory.site, None)
            self.ledger.remember_site(memory.site, self.number, note.filename, note.offset, text)
            self._memories.add(memory.site, (note.filename, note.offset), memory)

    def _revisited(self, exchange: Exchange, status: int, digest: str) -> RevisitTarget | None:
        """The response that this one repeats, if there is one."""
        if exchange.truncated is not None or status not in (200, 304):
            return None
        if status == 304:  # an address that had the same payload as another from the first has no response of its own
            found = self.ledger.last_response(exchange.url) or self.ledger.last_repeated(exchange.url)
        else:
            found = self.ledger.payload(digest)
        if found is None:
            return None
        if status == 200:
            last = self.ledger.last_response(exchange.url)
            if last is not None and last.payload_digest != digest:
                return None  # it is again what it was before the last time: that is to be read, and is a change
        here = found.run == self.number  # files of other runs lie in other folders
        return RevisitTarget(
            record_id=found.record_id,
            url=found.url,
            date=found.date,
            payload_digest=found.payload_digest,
            filename=found.filename if here else None,
            offset=found.offset if here else None,
            chunked=bool(found.chunked),
        )

    def _enqueue(self, row: int, ref: CaptureRef, provenance: Provenance, remembers: bool) -> Pending:
        site = site_of(ref.url)
        pending = Pending(row, ref, provenance, site, self._loop.create_future())
        self._queue.append(pending)
        if ref.type == "revisit":  # a head and no body: not worth waking a process, or starting the first
            parsed = self._hooks.parser(Task(capture=ref, folder=self.folder, options=self._options))
            pending.outcome = parsed.outcome
            pending.parsed.set_result(parsed)
            self._loop.call_soon(self._settle_soon)
            return pending
        memory = self._memories.at(site, (ref.filename, ref.offset)) if remembers else None
        hold = remembers and memory is None
        state = self._sites.setdefault(site, Site())
        observe = remembers and (
            memory is None
            or memory.pages + len(state.observed) < OBSERVE_ALL
            or zlib.crc32(ref.url.encode("utf-8", "replace")) % OBSERVE_EVERY == 0
        )
        self._submit(
            pending,
            Task(
                capture=ref,
                folder=self.folder,
                memory=self._memories.file(memory),
                options=self._options,
                hold=hold,
                observe=observe,
                discover=self._hooks.discover(provenance),
            ),
        )
        return pending

    def _submit(self, pending: Pending, task: Task) -> None:
        try:
            future = self._workers.submit(self._hooks.parser, task)
        except RuntimeError as error:  # the pool has ended
            raise CaptureError(f"the parsing processes are gone: {error}") from error
        self._parsing += 1
        future.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._arrived, pending, done))

    # ------------------------------------------------------------------ outcomes

    def _arrived(self, pending: Pending, future: Future[Any]) -> None:
        """A worker has finished with a capture."""
        self._parsing -= 1
        self._changed.set()
        if future.cancelled() or self.failure or self._closed:
            pending.parsed.cancel()
            return
        try:
            try:
                parsed: Parsed = self._workers.result(future)
            except ExtractError as error:
                parsed = Parsed(outcome=failed(pending.ref, self._provenance(pending), str(error)))
            if parsed.discovered is not None:
                self._hooks.discovered(pending.ref, pending.provenance, parsed.discovered)
            self._take(pending, parsed)
            if not pending.parsed.done():
                pending.parsed.set_result(parsed)
            self._settle()
        except Exception as error:  # ours, the disk's or a mistake: the run cannot go on as if nothing were
            logger.debug("while %s was settled", pending.ref.url, exc_info=True)
            self._failing(error)
            if not pending.parsed.done():
                pending.parsed.cancel()

    def _provenance(self, pending: Pending) -> Provenance:
        """As the archive has it: of what an earlier process captured, the ledger knows only a part."""
        try:
            return open_capture(self.folder, pending.ref).provenance
        except ArchiveError:
            return pending.provenance

    def _take(self, pending: Pending, parsed: Parsed) -> None:
        site = self._sites[pending.site]
        pending.outcome, pending.left_out = parsed.outcome, parsed.left_out
        if parsed.observation is not None:
            site.observed.append(parsed.observation)
        if parsed.outcome is None:
            memory = self._memories.at(pending.site, (pending.ref.filename, pending.ref.offset))
            if memory is None:
                site.held.append(pending)
                site.since = site.since or self._loop.time()
            else:  # learnt while this page was being observed
                self._release(pending, memory)
        known = self._memories.latest(pending.site)
        if len(site.observed) >= (max(ENOUGH_PAGES, known.pages) if known else ENOUGH_PAGES):
            self._learn(pending.site)
        elif sum(len(other.held) for other in self._sites.values()) > MOST_HELD:
            self._learn(max(self._sites, key=lambda name: len(self._sites[name].held)))

    def _settle_soon(self) -> None:
        """Settle what was parsed in this process, as if a worker had finished with it."""
        self._changed.set()
        if self.failure or self._closed:
            return
        try:
            self._settle()
        except Exception as error:
            self._failing(error)

    def _settle(self) -> None:
        """Write the outcomes that all before them in the WARC are done."""
        while self._queue and (outcome := self._queue[0].outcome) is not None:
            pending = self._queue.popleft()
            settled, seen, change, key = self._settler.settle(outcome, pending.left_out)
            if seen is not None:
                note = seen.to_json().encode()
                self._writer.write_metadata(pending.ref.url, HISTORY_TYPE, note, concurrent_to=pending.ref.record_id)
            line = encode(settled)
            place = self._records[records_name(settled)].append(line)
            if isinstance(settled, Article):
                assert key is not None
                self._history.place_version(key, self.number, place, len(line))
            self.ledger.settle_capture(pending.row, "article" if isinstance(settled, Article) else settled.reason)
            if change is not None:
                line = encode(change)
                place = self._records[CHANGES].append(line)
                self._history.place_change(change.canonical_url, self.number, place, len(line))
            self._hooks.settled(settled, change)

    # ------------------------------------------------------------------ site memory

    def _introduce(self, site: str, url: str) -> None:
        """Note in the WARC what earlier runs learnt of a site, before its first page in this one."""
        memory = self._inherited.get(site)
        if memory is not None:
            self._note(site, url, memory)
            del self._inherited[site]

    def _note(self, site: str, url: str, memory: SiteMemory) -> None:
        text = memory.to_json()
        note = self._writer.write_metadata(url, MEMORY_TYPE, text.encode())
        self.ledger.remember_site(site, self.number, note.filename, note.offset, text)
        self._memories.add(site, (note.filename, note.offset), memory)

    def _learn(self, name: str) -> None:
        site = self._sites[name]
        known = self._memories.latest(name)
        memory = learn(name, known, site.observed)
        site.observed = []
        if known is None or memory.digest != known.digest:
            url = site.held[0].ref.url if site.held else f"http://{name}/"
            self._note(name, url, memory)
        held, site.held, site.since = site.held, [], None
        for pending in held:
            chosen = self._memories.at(name, (pending.ref.filename, pending.ref.offset))
            assert chosen is not None
            self._release(pending, chosen)

    def _release(self, pending: Pending, memory: SiteMemory) -> None:
        self._submit(
            pending,
            Task(capture=pending.ref, folder=self.folder, memory=self._memories.file(memory), options=self._options),
        )

    # ------------------------------------------------------------------ durability

    def commit(self) -> None:
        """Make durable what has been captured and settled: WARC, then JSONL, then the ledger."""
        self._check()
        try:
            overdue = self._loop.time() - LONGEST_HELD
            for name in [name for name, site in self._sites.items() if site.since and site.since < overdue]:
                self._learn(name)
            self._writer.sync()
            for lines in self._records.values():
                lines.sync()
            for name, length in self._writer.lengths.items():
                self.ledger.set_file(self.number, name, length)
            for name, lines in self._records.items():
                self.ledger.set_file(self.number, name, lines.length)
            self.ledger.commit()
        except BroadsheetError as error:
            raise self._failing(error) from error

    @property
    def parsing(self) -> bool:
        """Whether workers are busy with captures whose addresses are not known yet."""
        return self._parsing > 0

    def seal(self) -> None:
        """End the archive's file; nothing is written to this run any more."""
        self._writer.seal()

    async def drain(self) -> None:
        """Wait until every capture has its outcome; sites still unknown make do with the pages seen."""
        try:
            while self._queue and not self.failure:
                if self._parsing == 0:
                    for name in [name for name, site in self._sites.items() if site.held]:
                        self._learn(name)
                self._changed.clear()
                await self._changed.wait()
            for name, site in self._sites.items():
                if site.observed and not self.failure:
                    memory = learn(name, self._memories.latest(name), site.observed)
                    self.ledger.remember_site(name, self.number, None, None, memory.to_json())
        except BroadsheetError as error:
            raise self._failing(error) from error
        if self.failure:
            raise self.failure

    def close(self) -> None:
        """Commit, and let go of the files. What was not committed is cut off or taken up by the next start."""
        try:
            if not self.failure:
                self.commit()
        finally:
            self._closed = True
            for lines in self._records.values():
                lines.close()
            self._writer.close()
            self._memories.close()

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _failing(self, error: Exception) -> BroadsheetError:
        """Failed is final: what is in the ledger's open transaction may be half a step, and is never committed."""
        if self.failure is None:
            self.failure = (
                error if isinstance(error, CaptureError) else CaptureError(f"{type(error).__name__}: {error}")
            )
            self._changed.set()
            self._hooks.failed(self.failure)
        return self.failure
