"""What a takedown takes away: what is wished, and what has been found of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.records.identity import loose
from pipelines.text.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be taken down."""

    urls: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    everywhere: bool = False
    """Other articles go, too, if a page of theirs holds a headline or a sentence; they may be fetched again."""


@dataclass(slots=True)
class Stretch:
    """Records that lie together in a WARC file and go together."""

    offset: int
    length: int
    said: list[dict[str, str]] = field(default_factory=list)
    """What they were: type, id, date, digest."""


@dataclass(slots=True)
class Found:
    """All that a takedown takes away, in one job."""

    wish: Wish
    addresses: dict[str, str] = field(default_factory=dict)
    """Loose form → address, of what is taken down."""
    besides: dict[str, str] = field(default_factory=dict)
    """The same of other articles that go for what their pages hold."""
    keys: list[str] = field(default_factory=list)
    """By which the ledger knows the articles."""
    hosts: set[str] = field(default_factory=set)
    """Of outlets."""
    warcs: dict[Path, list[Stretch]] = field(default_factory=dict)
    stops: dict[Path, int] = field(default_factory=dict)
    """Of files that are not sealed, how far they are whole."""
    captures: list[tuple[str, str, int]] = field(default_factory=list)
    """Run, file and offset of each capture that goes."""
    own: int = 0
    """Captures of the articles themselves."""
    others: dict[str, int] = field(default_factory=dict)
    """Address of a list, feed or sitemap → captures of it that go."""
    left: dict[str, int] = field(default_factory=dict)
    """Address of another article → captures that hold a headline or a sentence, and stay."""
    lists: dict[str, int] = field(default_factory=dict)
    """The same of lists, where other articles of the site say what they hold."""
    memories: set[str] = field(default_factory=set)
    """Sites of which the memory has the beginning of such a sentence."""
    retold: list[str] = field(default_factory=list)
    """Addresses of other articles that have the same text."""
    lines: dict[Path, list[tuple[int, int]]] = field(default_factory=dict)
    """Records file → offset and length of the lines that go."""
    ends: dict[Path, int] = field(default_factory=dict)
    """Records file → bytes of it that are committed."""
    articles: list[str] = field(default_factory=list)
    """Ids of the article records that go."""
    titles: list[int] = field(default_factory=list)
    """Rows of the frontier whose title holds a headline."""
    damaged: list[str] = field(default_factory=list)
    """Records that cannot be read, so that nobody knows what they hold."""
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Addresses of which nothing was found, and those nearest to them."""

    @property
    def records(self) -> int:
        """WARC records that go."""
        return sum(len(stretch.said) for stretches in self.warcs.values() for stretch in stretches)

    @property
    def bytes(self) -> int:
        """Of them, as they lie in their files."""
        return sum(stretch.length for stretches in self.warcs.values() for stretch in stretches)

    def __bool__(self) -> bool:
        return bool(self.warcs or self.lines or self.keys)


class Condemned:
    """What goes, as it comes to light: addresses and outlets, what their articles say, and records that show it."""

    def __init__(self, wish: Wish, besides: Iterable[str] = ()) -> None:
        """``besides``: addresses of other articles that go, too."""
        self.found = Found(wish=wish, besides={loose(url): url for url in besides})
        self.outlets = frozenset(wish.outlets)
        self.asked = {loose(url): url for url in wish.urls}
        """Loose form → address, as it was asked for."""
        self.traces = Traces()
        self.ids: set[str] = set()
        """Of records that go."""
        self.shown: set[str] = set()
        """Of those, what shows an article or holds what it says: what repeats it goes, too. A request for consent does
        not, though it may have been met at all addresses."""
        self.theirs: dict[str, set[str]] = {}
        """Host → what other articles there say of it, too."""
        self.met: Counter[str] = Counter()
        """What was found under each address that was asked for, by its loose form, and of each outlet."""
        self.named: dict[str, str] = {}
        """Loose form of an address of an article → that of the address by which it was asked for."""

    def add(self, url: str, asked: str) -> bool:
        """Take an address for one of what was asked for by another; false if it is known."""
        plain = loose(url)
        if plain in self.found.addresses:
            return False
        self.found.addresses[plain] = url
        self.named[plain] = asked
        return True

    def meets(self, url: str) -> bool:
        """Whether an address is one of those that go."""
        plain = loose(url)
        if plain not in self.found.addresses:
            return plain in self.found.besides
        self.met[self.named[plain]] += 1
        return True

    def is_gone(self, url: str) -> bool:
        """The same, without counting it."""
        plain = loose(url)
        return plain in self.found.addresses or plain in self.found.besides

    def is_own(self, url: str) -> bool:
        """Whether an address is one of what is taken down."""
        return loose(url) in self.found.addresses

    def is_out(self, outlet: str | None) -> bool:
        """Whether an outlet goes."""
        if outlet is None or outlet not in self.outlets:
            return False
        self.met[outlet] += 1
        return True
