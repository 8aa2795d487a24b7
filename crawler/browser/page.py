"""Looking at a page: load it, scroll through it, and take down what is to be seen."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from crawler.browser.route import Traffic
from crawler.browser.session import HEIGHT, WIDTH
from pipelines.archive.scan import MAX_BLOCK

QUIET, BRIEFLY = 0.5, 0.15
"""Seconds without a request that count as quiet: after loading, and between two steps of scrolling."""

SCREENS = 20
"""Heights of the window that are scrolled through."""

TALLEST = 16_000
"""Pixels of a picture's height. Chromium paints no surface of more than 16,384."""

AFTERWARDS = 20.0
"""Seconds for the picture, and again for the DOM, whatever time the page took."""

_LANG = re.compile(
    rb"<html\b[^>]{0,2000}?\blang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})\b", re.IGNORECASE
)

_STEP = """height => {
  const before = scrollY;
  scrollBy({top: height, behavior: "instant"});
  return scrollY > before;
}"""

_HEIGHT = """() => Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0)"""

_FONTS = """() => Promise.race([document.fonts.ready.then(() => true), new Promise(done => setTimeout(done, 3000))])"""


@dataclass(slots=True)
class Seen:
    """What a page looked like."""

    dom: bytes | None = field(default=None, repr=False)
    picture: bytes | None = field(default=None, repr=False)
    height: int = 0
    """Of the picture."""


def language_of(payload: bytes) -> str:
    """The language that a page declares, for the browser to ask in."""
    found = _LANG.search(payload[:20_000])
    return found[1].decode("ascii") if found else "en-US"


async def look(page: Any, traffic: Traffic) -> Seen:
    """Open the page of ``traffic`` and take down its DOM and its picture. What could not be had is in its notes."""
    notes, seen = traffic.notes, Seen()
    try:
        await page.goto(traffic.url, wait_until="load", timeout=max(1.0, traffic.left * 1000))
    except Exception as error:
        if page.is_closed() or not _shows(page):
            notes.append(f"it could not be opened: {brief(error)}")
            return seen
        notes.append(f"it did not come to the end of loading: {brief(error)}")
    await traffic.quiet(QUIET)
    await _try("scrolling", _scroll(page, traffic), max(1.0, traffic.left + 2), notes)
    if not await traffic.quiet(QUIET):
        notes.append("its requests did not come to an end in time")
    await _try("waiting for its fonts", page.evaluate(_FONTS), 5, notes)
    seen.picture = await _try("its picture", _picture(page, seen, notes), AFTERWARDS, notes)
    dom = await _try("its DOM", page.content(), AFTERWARDS, notes)
    if dom is not None:
        seen.dom = dom.encode("utf-8", "replace")
        if len(seen.dom) > MAX_BLOCK:
            notes.append(f"its DOM of {len(seen.dom)} bytes is too large to be kept")
            seen.dom = None
    return seen


def _shows(page: Any) -> bool:
    return bool(page.url.startswith(("http:", "https:")))


async def _scroll(page: Any, traffic: Traffic) -> None:
    """Through the page and back, so that what waits to be seen comes."""
    for _ in range(SCREENS):
        if traffic.left <= 0 or not await page.evaluate(_STEP, HEIGHT):
            break
        await traffic.quiet(BRIEFLY)
    await page.evaluate("() => scrollTo({top: 0, behavior: 'instant'})")


async def _picture(page: Any, seen: Seen, notes: list[str]) -> bytes:
    height = int(await page.evaluate(_HEIGHT))
    seen.height = min(max(height, HEIGHT), TALLEST)
    if height > TALLEST:
        notes.append(f"its picture ends at {TALLEST} of {height} pixels")
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": seen.height}
    taken: bytes = await page.screenshot(
        full_page=True, clip=clip, type="png", animations="disabled", timeout=AFTERWARDS * 1000
    )
    return taken


async def _try(what: str, work: Any, seconds: float, notes: list[str]) -> Any:
    """What came of a step; a page that fails at one may still give the others."""
    try:
        return await asyncio.wait_for(work, seconds)
    except Exception as error:
        notes.append(f"{what} failed: {brief(error)}")
        return None


def brief(error: BaseException) -> str:
    """The first line of an error."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:300]
