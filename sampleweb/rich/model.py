"""What is true of a rich page: what it says, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisite:
    """An address that a page needs.

    `plain`: an archiver without a browser must get it, for it stands in the markup or a stylesheet.
    `browser`: a browser asks for it that shows the page in 1280 x 800 at one device pixel per pixel
    and scrolls to its end, without the icons of its window. Neither: named, and good to have.
    """

    url: str
    kind: str  # image, style, font, script, icon, frame, manifest, sprite, data
    plain: bool = True
    browser: bool = True
    status: int = 200
    redirects: str = ""  # where a 302 leads
    disallowed: bool = False  # by robots.txt: must not be asked for by an archiver; `plain` is False
    flaky: bool = False  # answers 503 the first time

    @property
    def browser_only(self) -> bool:
        """Only scripts know of it."""
        return self.browser and not self.plain and not self.disallowed


@dataclass(frozen=True, slots=True, kw_only=True)
class RichPage:
    """A page and what an archiver should make of it, without and with a browser."""

    key: str
    url: str
    title: str  # of the window; also that of its links
    headline: str
    author: str
    published: datetime
    outcome: str  # "article", or the class of rejection of the page as it was sent
    paragraphs: tuple[str, ...]  # of the page as it was sent
    outcome_browser: str
    paragraphs_browser: tuple[str, ...]  # when its scripts have run, and all is scrolled into view
    requisites: tuple[Requisite, ...]
    decoys: tuple[str, ...] = ()  # look like addresses of requisites, and are none

    @property
    def plain(self) -> frozenset[str]:
        """What an archiver without a browser must get."""
        return frozenset(one.url for one in self.requisites if one.plain)

    @property
    def browser(self) -> frozenset[str]:
        """What a browser asks for."""
        return frozenset(one.url for one in self.requisites if one.browser)
