"""What the pages of an outlet usually look like, and whether a page still does.

A page's look is the names it gives its parts (classes and ids) and the order of its tags, both as sets of small
numbers. What most pages of an outlet share is its usual look; a redesign takes nearly all of that away at once, while a
page of an odd kind (a gallery, a live report) keeps the frame. Sites that name their classes anew with each release
keep the order of tags, so both must be gone.

Regular expressions over the first part of the body, no parsing: this runs in the process of the crawl.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 300_000
"""Of a body that are looked at; heads and menus stand in front."""

MOST_KEPT = 96
"""Features of each sort kept of a usual look: those with the smallest numbers, so that every page is sampled alike."""

FEWEST_PAGES = 4
"""Pages that a usual look rests on."""

FULL = 40
"""Pages after which all counts are halved, so that slow change is followed."""

SHARED = 0.7
"""Share of the pages that must have a feature for it to be part of the usual look."""

FEWEST_SHARED = 6
"""Features of a sort that must be shared for it to say anything."""

NAMES_GONE, TAGS_GONE = 0.35, 0.65
"""A page is strange if it has less than these shares of the usual names and orders of tags."""

MARKS = 8
"""Last pages of which it is remembered whether they were strange."""

_NAMES = re.compile(rb"\b(?:class|id)\s*=\s*(?:\"([^\">]{1,400})\"|'([^'>]{1,400})')", re.IGNORECASE)
_TAGS = re.compile(rb"<([a-zA-Z][a-zA-Z0-9]{0,15})[\s/>]")
_DIGITS = re.compile(rb"\d+")
_INLINE = frozenset(b"p br a b i em strong span wbr sup sub meta link".split())
"""Tags that come with the text, not with the design."""


@dataclass(frozen=True, slots=True)
class Look:
    """One page."""

    names: frozenset[int]
    tags: frozenset[int]


def look_of(body: bytes) -> Look:
    """The look of a page, given its decoded body."""
    head = body[:MOST_BYTES]
    if b"\x00" in head[:64]:  # UTF-16 and the like
        head = head.replace(b"\x00", b"")
    names = {
        zlib.crc32(_DIGITS.sub(b"0", name.lower())[:40])
        for found in _NAMES.finditer(head)
        for name in (found[1] or found[2]).split()
    }
    tags = [tag for tag in (found[1].lower() for found in _TAGS.finditer(head)) if tag not in _INLINE]
    runs = {zlib.crc32(b" ".join(tags[at : at + 4])) for at in range(len(tags) - 3)}
    return Look(frozenset(names), frozenset(runs))


@dataclass(slots=True)
class Usual:
    """What the pages of one kind (articles, the home page) usually look like, and what came lately."""

    pages: int = 0
    names: dict[int, int] = field(default_factory=dict)
    tags: dict[int, int] = field(default_factory=dict)
    marks: list[tuple[float, int, int]] = field(default_factory=list)
    """Of the last pages: when, and how much of the usual names and tags they had, in per cent."""
    following: Usual | None = None
    """What the strange pages look like: the usual look of tomorrow."""

    def take(self, look: Look, at: float) -> bool:
        """Compare a page, then learn it. Gives whether it looks strange."""
        kept = self.kept(look)
        odd = kept is not None and strange(*kept)
        if kept is not None:
            names, tags = kept
            self.marks = [*self.marks, (at, round(100 * names), round(100 * tags))][-MARKS:]
        if odd:
            self.following = self.following or Usual()
            self.following.learn(look)
        else:
            self.learn(look)
        return odd

    def is_strange(self, look: Look) -> bool:
        kept = self.kept(look)
        return kept is not None and strange(*kept)

    def learn(self, look: Look) -> None:
        self.pages += 1
        for counts, features in ((self.names, look.names), (self.tags, look.tags)):
            for feature in features:
                counts[feature] = counts.get(feature, 0) + 1
        if self.pages >= FULL:
            self.pages //= 2
            self.names, self.tags = ({key: n // 2 for key, n in part.items()} for part in (self.names, self.tags))
        self.names, self.tags = _sampled(self.names), _sampled(self.tags)

    def kept(self, look: Look) -> tuple[float, float] | None:
        """Shares of the usual names and tags that a page has; None while too little is known."""
        if self.pages < FEWEST_PAGES:
            return None
        shares: list[float | None] = []
        for counts, features in ((self.names, look.names), (self.tags, look.tags)):
            usual = [feature for feature, count in counts.items() if count >= SHARED * self.pages]
            if len(usual) < FEWEST_SHARED:
                shares.append(None)
            else:
                shares.append(sum(feature in features for feature in usual) / len(usual))
        names, tags = shares
        if tags is None:
            return None
        return (tags if names is None else names), tags

    @property
    def streak(self) -> list[tuple[float, int, int]]:
        """The last marks, as long as they are strange."""
        found = []
        for mark in reversed(self.marks):
            if not strange(mark[1] / 100, mark[2] / 100):
                break
            found.append(mark)
        return found[::-1]

    def usual_again(self, number: int) -> bool:
        """Whether so many of the last pages looked as usual."""
        return not any(strange(names / 100, tags / 100) for _, names, tags in self.marks[-number:])

    def adopt(self) -> None:
        """Take the new look for the usual one."""
        if self.following is not None:
            self.pages, self.names, self.tags = self.following.pages, self.following.names, self.following.tags
        self.following, self.marks = None, []

    def to_json(self) -> dict[str, Any]:
        value: dict[str, Any] = {
            "pages": self.pages,
            "names": list(self.names.items()),
            "tags": list(self.tags.items()),
        }
        if self.marks:
            value["marks"] = self.marks
        if self.following:
            value["following"] = self.following.to_json()
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Usual:
        return cls(
            pages=value["pages"],
            names=_counts(value["names"]),
            tags=_counts(value["tags"]),
            marks=[(at, names, tags) for at, names, tags in value.get("marks", ())],
            following=cls.from_json(value["following"]) if "following" in value else None,
        )


def strange(names: float, tags: float) -> bool:
    """Whether a page that has these shares of the usual look has another one."""
    return names < NAMES_GONE and tags < TAGS_GONE


def _sampled(counts: dict[int, int]) -> dict[int, int]:
    """The features with the smallest numbers; of those seen once or never again, as many as fit."""
    alive = sorted(key for key, count in counts.items() if count > 0)
    if len(alive) <= MOST_KEPT:
        return {key: counts[key] for key in alive}
    often = max(counts.values())
    common = [key for key in alive if 2 * counts[key] >= often][:MOST_KEPT]
    rest = [key for key in alive if 2 * counts[key] < often][: MOST_KEPT - len(common)]
    return {key: counts[key] for key in sorted(common + rest)}


def _counts(pairs: Iterable[Iterable[int]]) -> dict[int, int]:
    return dict(pairs)  # type: ignore[arg-type]
