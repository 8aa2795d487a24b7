"""The values the sample web is made of: stories, their revisions, what is expected of each page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

BlockKind = Literal[
    "p",
    "h2",
    "li",
    "quote",
    "table",  # text
    "update",  # head of a live-blog update: a time label (not text) and a subhead (text)
    "figure",
    "pull",
    "related",
    "newsletter",
    "embed",
    "readmore",
    "ad",
    "video",  # furniture
]
TEXT_KINDS = frozenset({"p", "h2", "li", "quote", "table", "update"})

Change = Literal["new", "text", "headline", "metadata", "furniture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One element of a body. `text` is plain; `rows` holds list items or table rows."""

    kind: BlockKind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    link: str = ""  # a piece of `text` that is rendered as a link
    label: str = ""  # credit of a figure, time of an update

    def paragraphs(self) -> tuple[str, ...]:
        """What this block adds to the expected text, in order."""
        if self.kind not in TEXT_KINDS:
            return ()
        if self.kind in ("li", "table"):
            return tuple(cell for row in self.rows for cell in row)
        return (self.text,) if self.text else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The state of a story from `at` on."""

    at: datetime
    change: Change
    headline: str
    standfirst: str
    blocks: tuple[Block, ...]
    keywords: tuple[str, ...]
    banner: str = ""  # furniture that an edit may change without touching the article

    def paragraphs(self) -> tuple[str, ...]:
        """The expected text: a visible standfirst, then every text block of the body."""
        body = tuple(text for block in self.blocks for text in block.paragraphs())
        return (self.standfirst, *body) if self.standfirst else body


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A story is taken down at `at`: 410, 404 or a redirect to the home page."""

    at: datetime
    how: Literal["gone", "missing", "home"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article from its publication on, through all edits, to its removal if there is one."""

    outlet: str
    number: int
    slug: str
    kind: str  # article, brief, flash, liveblog, teaser, wire
    section: str
    authors: tuple[str, ...]
    agency: str
    published: datetime
    revisions: tuple[Revision, ...]
    caption: str
    removal: Removal | None = None
    only_via: str = ""  # the single listing that names it; empty: all of them
    free: bool = True

    def current(self, now: datetime) -> Revision | None:
        """The revision a reader sees at `now`; None before publication and after removal."""
        if now < self.published or (self.removal is not None and now >= self.removal.at):
            return None
        return [revision for revision in self.revisions if revision.at <= now][-1]

    def modified(self, now: datetime) -> datetime | None:
        """When the article itself (not its furniture) was last edited, if it was."""
        edits = [r.at for r in self.revisions[1:] if r.at <= now and r.change != "furniture"]
        return edits[-1] if edits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a story: publication, edit, deletion."""

    at: datetime
    kind: Literal["publication", "edit", "deletion"]
    change: str  # of an edit: text, headline, metadata, furniture; of a deletion: gone, missing, home
    outlet: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line of the server's log."""

    time: datetime  # by the simulated clock
    monotonic: float  # by the real one, for politeness tests
    host: str
    method: str
    path: str
    status: int
    sent: int  # body bytes as sent
    conditional: bool
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a crawl should make of one page. See `truth.py` for the rules.

    `outcome` is "article" or the class of rejection: section, gallery, video, soft-404,
    consent-wall, bot-challenge, empty-shell, http-error, and "disallowed" for a page that
    robots.txt forbids and that must never be requested.
    """

    outlet: str
    url: str
    outcome: str
    kind: str
    aliases: tuple[str, ...] = ()
    status: int = 200
    canonical_url: str | None = None
    headline: str | None = None
    paragraphs: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    agency: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    published_at: datetime | None = None
    language: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    publisher: str | None = None
    is_accessible_for_free: bool | None = None
    only_via: str | None = None
    wire: bool = False
    boilerplate: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The expected text, paragraphs separated by blank lines."""
        return "\n\n".join(self.paragraphs)

    def agrees_on_date(self, value: str | None) -> bool:
        """Whether `value` is a right `date_published`: the same instant, or the day if the page
        knows only that (an instant learnt elsewhere, say from the feed, is right as well)."""
        if value is None or self.date_published is None:
            return value == self.date_published
        if len(self.date_published) == 10 and value[:10] == self.date_published:
            return True
        try:
            got = datetime.fromisoformat(value)
        except ValueError:
            return False
        return got.tzinfo is not None and got == self.published_at
