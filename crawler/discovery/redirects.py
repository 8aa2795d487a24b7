"""Redirects, by status or by the page itself: one candidate with the same role, at the same depth."""

from __future__ import annotations

import contextlib
import re
from html import unescape
from typing import TYPE_CHECKING

from crawler.discovery.collect import Collector
from crawler.discovery.content import decode, without_comments
from crawler.discovery.urls import absolute, normalise, same_site
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

MAX_HOPS = 10
"""Redirects in a row that are followed; browsers allow 20, RFC 9309 five for robots.txt."""

MAX_REFRESH_DELAY = 10.0
"""Seconds. A longer refresh is a page that reloads itself, as front pages of newspapers do."""

_REFRESH_META = re.compile(
    r"""<meta\s(?=[^>]{0,1000}?http-equiv\s*=\s*["']?\s*refresh)[^>]{0,1000}?content\s*=\s*("[^"]{0,4000}"|'[^']{0,4000}'|[^\s>]{1,4000})""",
    re.IGNORECASE,
)
_REFRESH = re.compile(
    r"""^\s*(\d{0,9}(?:\.\d*)?)\s*[;,\s]\s*(?:url\s*=\s*)?["']?(.*?)["']?\s*$""", re.IGNORECASE | re.DOTALL
)
_HIDING = re.compile(r"<(/?)(script|noscript|template|textarea|title|style)\b", re.IGNORECASE)


def read_redirect(page: Fetched, outlet: Outlet) -> Discovered:
    """Where a 3xx response leads."""
    location = page.header("location")
    if not location:
        return Discovered(notes=(f"status {page.status} without a Location",))
    # A Location is ASCII by the standard; what is not was sent as UTF-8 and read as latin-1.
    raw = location.encode("latin-1", "replace")
    with contextlib.suppress(UnicodeDecodeError):
        location = raw.decode("utf-8")
    return _follow(page, outlet, location, "redirect")


def read_refresh(page: Fetched, outlet: Outlet) -> Discovered:
    """Where a page sends its reader by ``<meta http-equiv=refresh>`` or the Refresh header, if at once."""
    value = page.header("refresh")
    if not value and b"efresh" in page.payload[:65536].replace(b"REFRESH", b"refresh"):
        head = decode(page.payload[:65536], page.header("content-type"), page.encoding)
        meta = _REFRESH_META.search(_effective(without_comments(head)))
        value = unescape(meta[1].strip("\"'")) if meta else ""
    parts = _REFRESH.match(value) if value else None
    if not parts or not parts[2]:
        return Discovered()
    try:
        delay = float(parts[1] or 0)
    except ValueError:
        delay = 0.0
    target = absolute(parts[2], page.url)
    if delay > MAX_REFRESH_DELAY or (target and normalise(target) == normalise(page.url)):
        return Discovered()
    return _follow(page, outlet, parts[2], "meta-refresh")


def _effective(text: str) -> str:
    """Markup without what a browser that runs scripts takes no markup from."""
    kept: list[str] = []
    done, inside = 0, ""
    for tag in _HIDING.finditer(text):
        name = tag[2].lower()
        if not inside and not tag[1]:
            kept.append(text[done : tag.start()])
            inside = name
        elif inside == name and tag[1]:
            done, inside = tag.end(), ""
    if not inside:
        kept.append(text[done:])
    return "".join(kept)


def _follow(page: Fetched, outlet: Outlet, target: str, method: str) -> Discovered:
    found = Collector(page, outlet)
    # A consent wall or a counter may send the reader back to the page's own address, or to the front page.
    found.seen.clear()
    if page.hops >= MAX_HOPS:
        return found.done(f"{method}: not followed, {page.hops} in a row")
    url = absolute(target, page.url)
    if url is None:
        return found.done(f"{method} to what is no web address: {target[:200]!r}")
    anywhere = page.role in (Role.ROBOTS, Role.FEED, Role.SITEMAP, Role.REQUISITE)
    if not anywhere and not same_site(url, outlet):
        advice = 'to follow it, list its host under "hosts"'
        return found.done(f"{method} off the site, not followed: {url[:200]} ({advice})")
    found.add(url, page.role, method, deeper=0, own_site=False, keep_parameters=True)
    return found.done(f"{method} to {url[:200]}")
