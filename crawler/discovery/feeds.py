"""Feeds: RSS in all its versions, Atom and JSON Feed, to candidates.

feedparser reads XML, strictly, after ``repair`` has mended what is broken; JSON Feed is read here, as feedparser 6 does
not know it. The payload is given, so nothing is fetched; entity declarations are refused before.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import feedparser

from crawler.discovery.announced import later
from crawler.discovery.collect import Collector
from crawler.discovery.content import decode, one_line, xml_text
from crawler.discovery.repair import well_formed
from crawler.discovery.spans import span_of_date
from crawler.discovery.urls import absolute
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

MAX_ITEMS = 10_000
"""Items that are taken from one feed. The longest seen in the wild (podcast archives) have some thousands."""

MAX_FEED = 16 * 2**20
"""Bytes of a feed that are read. The longest archives of podcasts have some 10 MB."""

_TAG = re.compile(r"<[A-Za-z/!][^>]{0,1000}>")
_PAGING = ("next", "prev-archive")
"""RFC 5005: the next page of a paged feed, the archive before this one."""


def read_feed(page: Fetched, outlet: Outlet) -> Discovered:
    """The items of an RSS or Atom feed, in the feed's order, and the feed's next page."""
    found = Collector(page, outlet)
    text, refusal = xml_text(page.payload[:MAX_FEED], page.header("content-type"), page.encoding)
    if refusal:
        return found.done(f"feed refused: {refusal}")
    if len(page.payload) > MAX_FEED:
        found.note(f"feed: only the first {MAX_FEED} bytes were read")
    try:
        body, problem = well_formed(text)
    except ValueError as error:
        return found.done(f"feed refused: {error}")
    if problem:
        found.note(f"feed: {problem}")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": page.url}
    try:
        parsed = feedparser.parse(body, response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # what its date and markup code happens to raise
        return found.done(f"feed: feedparser failed: {type(error).__name__}: {error}")
    entries = parsed.entries[:MAX_ITEMS]
    dates: list[str | None] = []
    for entry in entries:
        link = _link_of(entry, atom=str(parsed.version).startswith("atom"))
        published, updated, created = (
            one_line(dict.get(entry, key), 64) for key in ("published", "updated", "created")
        )
        dates.append(published or updated or created)
        found.add(
            absolute(link, page.url) if link else None,
            Role.ARTICLE,
            "feed",
            title=_plain(dict.get(entry, "title")),
            date=dates[-1],
            updated=later(updated, published or created),
        )
    for link in dict.get(parsed.feed, "links", ()):
        if link.get("rel") in _PAGING:
            _next_page(found, absolute(link.get("href", ""), page.url), dates)
    return found.done(f"feed: {len(entries)} items ({parsed.version or 'unknown version'})")


def read_json_feed(page: Fetched, outlet: Outlet) -> Discovered:
    """The items of a JSON Feed (jsonfeed.org, 1 and 1.1)."""
    found = Collector(page, outlet)
    if len(page.payload) > MAX_FEED:
        return found.done(f"json feed refused: more than {MAX_FEED} bytes")
    try:
        data = json.loads(decode(page.payload, page.header("content-type"), page.encoding), parse_int=float)
    except (ValueError, RecursionError) as error:
        return found.done(f"json feed: not JSON: {one_line(str(error), 200)}")
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        return found.done("json feed: it has no list of items")
    dates: list[str | None] = []
    for item in items[:MAX_ITEMS]:
        if not isinstance(item, dict):
            continue
        link = next((v for k in ("url", "external_url", "id") if isinstance(v := item.get(k), str) and v), "")
        if link == item.get("id") and "://" not in link:
            continue  # an id need not be an address
        published, updated = (
            one_line(value, 64) if isinstance(value := item.get(key), str) else None
            for key in ("date_published", "date_modified")
        )
        dates.append(published or updated)
        title = item.get("title")
        found.add(
            absolute(link, page.url),
            Role.ARTICLE,
            "feed",
            title=_plain(title) if isinstance(title, str) else None,
            date=dates[-1],
            updated=later(updated, published),
        )
    following = data.get("next_url")
    if isinstance(following, str):
        _next_page(found, absolute(following, page.url), dates)
    return found.done(f"feed: {len(items)} items (JSON Feed)")


def _next_page(found: Collector, url: str | None, dates: list[str | None]) -> None:
    """Follow a feed to its next page: a few, or in a backfill until the items lie before its span."""
    spans = [span for span in map(span_of_date, dates) if span]
    method = found.onward(spans)
    if method:
        found.add(url, Role.FEED, method, own_site=False)


def _link_of(entry: Any, atom: bool) -> str:
    """Where an item leads: behind FeedBurner's counter if it says so, the HTML alternate, an address as Atom id."""
    for key in ("feedburner_origlink", "pheedo_origlink"):
        if origin := dict.get(entry, key):
            return str(origin)
    for link in dict.get(entry, "links", ()):
        if link.get("rel") == "alternate" and link.get("type", "text/html") in ("text/html", "application/xhtml+xml"):
            return str(link.get("href") or "")
    if link := dict.get(entry, "link"):
        return str(link)
    name = str(dict.get(entry, "id") or "")
    return name if atom and name.startswith(("http://", "https://")) else ""


def _plain(title: str | None) -> str | None:
    """A title without the markup that some feeds put in it."""
    if title and ("<" in title or "&" in title):
        title = unescape(_TAG.sub("", title[:10_000]))
    return one_line(title)
