"""The door of this package: a capture goes in, an article or a rejection comes out.

Pure: the same capture, memory and options give the same outcome, on any machine, at any time.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from pipelines import VERSION
from pipelines.model import (
    SCHEMA_VERSION,
    Article,
    Capture,
    CaptureRef,
    Discovery,
    Extraction,
    HttpFacts,
    Outcome,
    Provenance,
    Rejection,
    Role,
    Version,
    WarcPointer,
    mark,
)
from pipelines.text import language, metadata, rights
from pipelines.text.blocks import Block
from pipelines.text.observe import observe as look
from pipelines.text.page import No, Page, mime_of, open_page
from pipelines.text.places import digest, place
from pipelines.text.quality import signals
from pipelines.text.reading import Reading, body_of, read
from pipelines.text.sites import Observation, SiteMemory
from pipelines.text.verdict import verdict
from pipelines.text.words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may choose about extraction."""

    tables: bool = True
    """Keep tables that belong to the text, a cell a paragraph."""

    @property
    def digest(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Removed:
    """Something of a page that is no part of its article."""

    reason: str
    """Of those in ``docs/extraction.md``; of what site memory knows, in words."""
    place: str
    """The path to its element."""
    text: str


class Refined(NamedTuple):
    """What came of a page."""

    outcome: Outcome
    left_out: tuple[int, ...] = ()
    """Marks of the lines that are no part of the text for no other reason than what is known of the site."""
    observation: Observation | None = None


def refine(capture: Capture, memory: SiteMemory | None = None, options: Options = Options()) -> Outcome:
    """The article that a capture holds, or why it is none."""
    return refine_closely(capture, memory, options).outcome


def observe(capture: Capture) -> Observation | None:
    """What a page tells about its site; None where it tells nothing."""
    try:
        page = open_page(capture)
        return None if isinstance(page, No) else _observe(page, read(page.tree, capture.ref.url))
    except Exception:
        return None


def refine_closely(
    capture: Capture, memory: SiteMemory | None = None, options: Options = Options(), *, observing: bool = False
) -> Refined:
    """The same, with what site memory left out and, if asked for, what the page tells of its site; parsed once."""
    try:
        page = open_page(capture)
        if isinstance(page, No):
            return Refined(_reject(capture, page))
        reading = read(page.tree, capture.ref.url, memory, tables=options.tables)
        left_out = tuple(mark(block.text) for block in reading.blocks if block.drop == "site")
        refined = Refined(_refine(page, reading, memory, options), left_out)
    except Exception as error:
        return Refined(failed(capture.ref, capture.provenance, f"{type(error).__name__}: {error}"))
    if not observing:
        return refined
    try:  # by itself: what goes wrong here is no reason to lose the article
        untaught = memory is None and options.tables
        return refined._replace(observation=_observe(page, reading if untaught else read(page.tree, capture.ref.url)))
    except Exception:
        return refined


def explain(capture: Capture, memory: SiteMemory | None = None, options: Options = Options()) -> list[Removed]:
    """Why each thing of a page is no part of its article, in page order; empty for a page that is not parsed."""
    page = open_page(capture)
    if isinstance(page, No):
        return []
    reading = read(page.tree, capture.ref.url, memory, tables=options.tables)
    removed = [
        Removed(_reason(block, memory), place(block.element), block.text) for block in reading.blocks if block.drop
    ]
    for element in reading.skipped:
        removed.append(Removed("site: never held text", place(element), " ".join(element.text_content().split())))
    return removed


def _reason(block: Block, memory: SiteMemory | None) -> str:
    if block.drop == "site" and memory:
        return f"site: {memory.why(digest(block))}"
    return block.drop or ""


def failed(ref: CaptureRef, provenance: Provenance, message: str) -> Rejection:
    """The outcome of a capture on which the parser failed."""
    return Rejection(
        schema_version=SCHEMA_VERSION,
        id=_id(ref),
        url=ref.url,
        reason="extract-error",
        detail=message[:500],
        outlet=provenance.outlet,
        warc=_pointer(ref),
        http=None,
        discovery=_discovery(provenance),
    )


def _refine(page: Page, reading: Reading, memory: SiteMemory | None, options: Options) -> Outcome:
    capture = page.capture
    ref = capture.ref
    if capture.provenance.role is Role.HOME:
        return _reject(capture, No("section", "fetched as a home page"))
    if no := verdict(reading, listing=capture.provenance.role is Role.SECTION):
        return _reject(capture, no)
    text = reading.text
    about = metadata.read(
        reading.markup,
        url=ref.url,
        captured=_instant(ref.date),
        headers=capture.headers,
        provenance=capture.provenance,
        signature=reading.signature,
    )
    recognised, counted = language.recognise(text), words(text)
    return Article(
        schema_version=SCHEMA_VERSION,
        id=_id(ref),
        url=ref.url,
        canonical_url=about.canonical_url,
        headline=about.headline,
        alternative_headline=about.alternative_headline,
        description=about.description,
        text=text,
        authors=about.authors,
        date_published=about.date_published,
        date_published_raw=about.date_published_raw,
        date_published_source=about.date_published_source,
        date_modified=about.date_modified,
        language=language.identify(text, declared=about.declared_languages, found=recognised),
        article_section=about.article_section,
        keywords=about.keywords,
        publisher=about.publisher,
        image=about.image,
        is_accessible_for_free=about.is_accessible_for_free,
        license=about.license,
        word_count=len(counted),
        outlet=capture.provenance.outlet,
        warc=_pointer(ref),
        http=_http(capture),
        discovery=_discovery(capture.provenance),
        extraction=Extraction(
            software="broadsheet",
            version=VERSION,
            options_digest=options.digest,
            site_memory_digest=memory.digest if memory else None,
            text_digest=hashlib.sha256(text.encode()).hexdigest(),
        ),
        version=Version(number=1, previous_id=None, first_seen=ref.date, change=None),
        rights=rights.read(reading.markup, capture),
        quality=signals(text, recognised, counted),
    )


def _instant(date: str) -> datetime:
    """The capture's date; of a date that cannot be read or be right, one far off, which limits nothing."""
    never = datetime(9000, 1, 1, tzinfo=UTC)
    try:
        value = datetime.fromisoformat(date)
    except ValueError:
        return never
    if not 1900 < value.year < never.year:
        return never
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _observe(page: Page, reading: Reading) -> Observation | None:
    """Listings and other pages that are no article for a reason of their own are no witnesses; a page in which
    no text was found may still be an article, once the site is known."""
    role = page.capture.provenance.role
    if role is Role.HOME:
        return None
    no = verdict(reading, listing=role is Role.SECTION)
    return None if no and no.reason != "no-text" else look(reading, body_of(page.tree))


def _reject(capture: Capture, no: No) -> Rejection:
    return Rejection(
        schema_version=SCHEMA_VERSION,
        id=_id(capture.ref),
        url=capture.ref.url,
        reason=no.reason,
        detail=no.detail,
        outlet=capture.provenance.outlet,
        warc=_pointer(capture.ref),
        http=_http(capture),
        discovery=_discovery(capture.provenance),
    )


def _id(ref: CaptureRef) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ref.record_id))


def _pointer(ref: CaptureRef) -> WarcPointer:
    return WarcPointer(
        filename=ref.filename,
        offset=ref.offset,
        length=ref.length,
        record_id=ref.record_id,
        date=ref.date,
        payload_digest=ref.payload_digest,
        type=ref.type,
        refers_to=ref.refers_to,
    )


def _http(capture: Capture) -> HttpFacts:
    return HttpFacts(
        status=capture.status,
        mime=mime_of(capture.header("content-type")) or None,
        etag=capture.header("etag"),
        last_modified=capture.header("last-modified"),
        location=capture.header("location"),
    )


def _discovery(provenance: Provenance) -> Discovery:
    return Discovery(
        method=provenance.method,
        source_url=provenance.source_url,
        title=provenance.title,
        date=provenance.date,
    )
