"""The one door of discovery: a fetched page in, candidates out.

What a page is decides its content; what it was fetched for (its role) decides what is looked for in it. Nothing here
raises on bad input, opens a file or a socket, or looks at the clock.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from crawler.discovery.collect import ARCHIVE, Collector
from crawler.discovery.content import sniff
from crawler.discovery.feeds import read_feed, read_json_feed
from crawler.discovery.links import read_links
from crawler.discovery.listings import read_listing
from crawler.discovery.redirects import read_redirect, read_refresh
from crawler.discovery.requisites import read_requisites
from crawler.discovery.sitemaps import read_sitemap, read_text_sitemap, unpacked
from crawler.discovery.spans import expand
from crawler.discovery.urls import absolute
from crawler.discovery.values import Discovered, Fetched
from crawler.fetch.robots import RobotsPolicy
from pipelines.model import Candidate, Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

WELL_KNOWN_SITEMAP = "/sitemap.xml"
"""Asked for once where robots.txt names no sitemap. More guesses cost every small site requests for nothing."""


def seeds(outlet: Outlet, now: datetime | None = None) -> tuple[Candidate, ...]:
    """Where an outlet's discovery starts: robots.txt (for its sitemaps), the home page, and what the job lists.

    `now` is where a backfill ends that the job does not end; without it, the dated archive pages are left out.
    """
    limits = outlet.limits
    end = limits.until or now
    days = [day for pattern in outlet.archives for day in expand(pattern, limits, end)] if end else []
    listed = (
        *((absolute("/robots.txt", outlet.home), Role.ROBOTS),),
        (outlet.home, Role.HOME),
        *((url, Role.FEED) for url in outlet.feeds),
        *((url, Role.SITEMAP) for url in outlet.sitemaps),
        *((url, Role.SECTION) for url in outlet.sections),
    )
    found = [(url, role, "seed") for url, role in listed]
    found += [(absolute(day, outlet.home), Role.SECTION, ARCHIVE) for day in days]
    return tuple(Candidate(url=url, role=role, method=method, outlet=outlet.name) for url, role, method in found if url)


def discover(page: Fetched, outlet: Outlet) -> Discovered:
    """What a page leads to, the most promising first. Never raises for what the page holds."""
    try:
        return _discover(page, outlet)
    except (MemoryError, RecursionError):
        return Discovered(notes=("discovery gave up: the page needs too much memory or nests too deep",))


def _discover(page: Fetched, outlet: Outlet) -> Discovered:
    if 300 <= page.status < 400 and page.status != 304:
        return read_redirect(page, outlet)
    if page.role is Role.ROBOTS:
        return _read_robots(page, outlet)
    if not 200 <= page.status < 300:
        return Discovered(notes=(f"status {page.status}: nothing read",))
    if page.role is Role.REQUISITE:
        return read_requisites(page, outlet)
    page, problem = unpacked(page)
    found = _read(page, outlet)
    if page.role is Role.ARTICLE:
        found = _with_requisites(found, page, outlet)
    return replace(found, notes=(problem, *found.notes)) if problem else found


def _read(page: Fetched, outlet: Outlet) -> Discovered:
    kind = sniff(page.payload)
    if outlet.scope and kind == "html":
        refresh = read_refresh(page, outlet)
        return refresh if refresh.candidates else read_links(page, outlet)
    if page.role is Role.ARTICLE:
        return read_refresh(page, outlet) if kind == "html" else Discovered()
    match kind:
        case "feed":
            return read_feed(page, outlet)
        case "json-feed":
            return read_json_feed(page, outlet)
        case "sitemap":
            return read_sitemap(page, outlet)
        case "html":
            refresh = read_refresh(page, outlet)
            return refresh if refresh.candidates else read_listing(page, outlet)
        case "text" if page.role is Role.SITEMAP:
            return read_text_sitemap(page, outlet)
        case _:
            return Discovered(notes=(f"{kind} instead of a {page.role}: nothing read",))


def _with_requisites(found: Discovered, page: Fetched, outlet: Outlet) -> Discovered:
    """What was found in a page, and what it needs to be shown, if that is wanted."""
    needed = read_requisites(page, outlet)
    return Discovered(
        candidates=(*found.candidates, *needed.candidates),
        notes=(*found.notes, *needed.notes),
        beyond=needed.beyond,
    )


def _read_robots(page: Fetched, outlet: Outlet) -> Discovered:
    found = Collector(page, outlet)
    policy = RobotsPolicy.from_response(page.status, page.payload)
    for address in policy.sitemaps:
        # robots.txt may name a sitemap on any host (sitemaps.org, "cross submits"); its entries must be the outlet's.
        found.add(absolute(address, page.url), Role.SITEMAP, "robots", deeper=0, own_site=False)
    if not found.candidates and not outlet.sitemaps and policy.verdict != "disallow-all":
        found.add(absolute(WELL_KNOWN_SITEMAP, page.url), Role.SITEMAP, "guess", deeper=0)
    return found.done(f"robots.txt: {policy.reason}, {len(policy.sitemaps)} sitemaps named")


__all__ = ["Discovered", "Fetched", "discover", "seeds"]
