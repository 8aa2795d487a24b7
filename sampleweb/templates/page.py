"""What a template gets: everything a page shows, nothing about servers or schedules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sampleweb.model import Revision, Story
from sampleweb.outlets import Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Knows:
    """What the article pages of a template tell about an article."""

    date: Literal["instant", "day"] = "instant"
    modified: bool = True
    section: bool = True
    keywords: bool = True
    paywall: bool = False  # whether isAccessibleForFree is stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A title and where it leads."""

    title: str
    href: str
    summary: str = ""
    date: datetime | None = None
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page to render. `kind` is article, list or plain."""

    outlet: Outlet
    words: dict[str, str]
    base: str  # http://127.0.0.2:8080
    kind: Literal["article", "list", "plain"]
    title: str
    canonical: str
    nav: tuple[Link, ...]
    latest: tuple[Link, ...] = ()
    # article
    story: Story | None = None
    revision: Revision | None = None
    published: datetime | None = None
    modified: datetime | None = None
    related: tuple[Link, ...] = ()
    tags: tuple[Link, ...] = ()
    authors: tuple[Link, ...] = ()
    amp: str = ""
    print: str = ""
    # list
    teasers: tuple[Link, ...] = ()
    next: str = ""
    previous: str = ""
    numbers: tuple[Link, ...] = ()
    feeds: tuple[tuple[str, str], ...] = ()  # media type, href
    more: tuple[Link, ...] = ()
    # plain
    body: str = ""

    def need(self) -> tuple[Story, Revision, datetime]:
        """The parts that an article page has."""
        assert self.story is not None and self.revision is not None
        assert self.published is not None
        return self.story, self.revision, self.published
