"""Sitemaps: urlset, index, Google News, plain text, gzipped or not, to candidates, the newest first.

Read as a stream by lxml with entities, network and DTDs off. ultimate-sitemap-parser parses only together with its own
fetching, and keeps a tree of the whole; advertools and the like need pandas.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lxml import etree

from crawler.discovery.announced import later
from crawler.discovery.collect import ARCHIVE, Collector
from crawler.discovery.content import MAX_XML, declares_entities, decode, one_line
from crawler.discovery.dates import parse_date, period_in_url
from crawler.discovery.likeness import is_media, looks_like_section
from crawler.discovery.spans import archive_of, span_of_date, span_of_source, touches
from crawler.discovery.urls import absolute, host_of
from crawler.discovery.values import Discovered, Fetched
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Limits, Outlet

MAX_ENTRIES = 50_000
"""Entries that are read from one sitemap: the limit of sitemaps.org."""

MAX_DEPTH = 3
"""Indexes inside indexes. sitemaps.org allows none; three are met."""

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_END = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:urlset|sitemapindex)\s*>", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_ENTRY_END = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:url|sitemap)\s*>", re.IGNORECASE)


class _Entry:
    """One <url> or <sitemap>."""

    __slots__ = ("date", "index", "loc", "news", "title", "updated")

    def __init__(
        self, loc: str, index: bool, date: str | None, updated: str | None, title: str | None, news: bool
    ) -> None:
        self.loc, self.index, self.date, self.updated, self.title, self.news = loc, index, date, updated, title, news


def gunzip(payload: bytes, limit: int = MAX_XML) -> tuple[bytes, str]:
    """The payload unpacked if it is gzip, up to `limit` bytes, and what was wrong with it (or nothing)."""
    if payload[:2] != b"\x1f\x8b":
        return payload, ""
    unpack = zlib.decompressobj(31)
    try:
        data = unpack.decompress(payload, limit)
    except zlib.error as error:
        return b"", f"broken gzip: {error}"
    if unpack.unconsumed_tail:
        return data, f"only the first {limit} unpacked bytes were read"
    return data, "" if unpack.eof else "the gzip stream is cut off"


def read_sitemap(page: Fetched, outlet: Outlet) -> Discovered:
    """Entries of an XML sitemap or index (the payload unpacked)."""
    found = Collector(page, outlet)
    payload = page.payload[:MAX_XML]
    if declares_entities(decode(payload[:1_048_576])):
        return found.done("sitemap refused: it declares entities")
    entries, problem = _entries(payload)
    if problem:
        found.note(f"sitemap: {problem}")
    _newest_first(entries)
    maps = articles = 0
    own_host = host_of(page.url)
    numbered = _numbered(entries) if outlet.limits.backfill else frozenset()
    for entry in entries:
        url = absolute(entry.loc, page.url)
        if entry.index:
            if page.depth >= MAX_DEPTH:
                found.left_out["to sitemaps nested too deep"] += 1
                continue
            # A sitemap that robots.txt named on another host may split itself up there.
            own_site = url is None or host_of(url) != own_host
            if outlet.limits.backfill and not _may_hold(entry, outlet.limits, numbered):
                found.left_out["to sitemaps of another time than the span"] += 1
                continue
            maps += found.add(url, Role.SITEMAP, "sitemap", date=entry.date, updated=entry.updated, own_site=own_site)
            continue
        if url is not None and is_media(url):
            found.left_out["to media files"] += 1
            continue
        if outlet.limits.backfill and not entry.news and url is not None and (period := archive_of(url)):
            if touches(period, outlet.limits):
                found.add(url, Role.SECTION, ARCHIVE)
            continue
        section = not entry.news and url is not None and looks_like_section(url)
        articles += found.add(
            url,
            Role.SECTION if section else Role.ARTICLE,
            "news-sitemap" if entry.news else "sitemap",
            title=entry.title,
            date=entry.date,
            updated=entry.updated,
        )
    kind = "index" if entries and entries[0].index else "sitemap"
    if page.role in (Role.FEED, Role.HOME, Role.SECTION):
        found.note(f"expected a {page.role}, found a sitemap")
    return found.done(f"{kind}: {len(entries)} entries, {maps} sitemaps and {articles} pages taken")


def read_text_sitemap(page: Fetched, outlet: Outlet) -> Discovered:
    """One address a line."""
    found = Collector(page, outlet)
    count = 0
    for line in decode(page.payload[:MAX_XML]).splitlines():
        if line.strip().lower().startswith(("http://", "https://")):
            count += 1
            if count > MAX_ENTRIES:
                found.note(f"sitemap: only the first {MAX_ENTRIES} entries were read")
                break
            url = absolute(line)
            if url is None or not is_media(url):
                found.add(url, Role.ARTICLE, "sitemap")
    return found.done(f"text sitemap: {count} entries" if count else "sitemap: neither XML nor a list of addresses")


def _entries(payload: bytes) -> tuple[list[_Entry], str]:
    entries: list[_Entry] = []
    payload, problem = _whole(payload)
    source = io.BytesIO(payload)
    try:
        walk = etree.iterparse(
            source,
            events=("end",),
            tag=("{*}url", "{*}sitemap"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=True,
            remove_comments=True,
            remove_pis=True,
        )
        for _, element in walk:
            entry = _entry(element)
            if entry:
                entries.append(entry)
            element.clear()
            parent = element.getparent()
            if parent is not None:
                while element.getprevious() is not None:
                    del parent[0]
            if len(entries) >= MAX_ENTRIES:
                problem = f"only the first {MAX_ENTRIES} entries were read"
                break
        log = walk.error_log
        if not problem and log:
            problem = f"not well-formed: {one_line(log[0].message, 200)} (line {log[0].line})"
    except (etree.XMLSyntaxError, ValueError) as error:
        problem = f"not well-formed: {one_line(str(error), 200)}"
    return entries, problem


def _whole(payload: bytes) -> tuple[bytes, str]:
    """The document from its first element to its last whole entry: half an address is a wrong address."""
    if payload[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in payload[:4]:
        payload = _DECLARATION.sub("", decode(payload), count=1).encode("utf-8", "replace")
    start = payload.find(b"<")
    if 0 < start < 4096:
        payload = payload[start:]
    if _END.search(payload, max(0, len(payload) - 65_536)):
        return payload, ""
    ends = [found.end() for found in _ENTRY_END.finditer(payload, max(0, len(payload) - 1_048_576))]
    return payload[: ends[-1] if ends else 0], "it is cut off; the entries before that were read"


def _entry(element: etree._Element) -> _Entry | None:
    loc = date = updated = title = None
    news = False
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = child.tag.rpartition("}")[2].lower()
        if name == "loc" and loc is None:
            if any(part.tag is etree.Entity for part in child):
                return None
            loc = _text(child)
        elif name == "lastmod":
            updated = updated or _text(child)
        elif name == "news":
            news = True
            for part in child.iter():
                if isinstance(part.tag, str):
                    inner = part.tag.rpartition("}")[2].lower()
                    if inner == "publication_date":
                        date = _text(part) or date
                    elif inner == "title":
                        title = _text(part)
    if not loc:
        return None
    date, updated = one_line(date, 64), one_line(updated, 64)
    return _Entry(loc, element.tag.endswith("sitemap"), date or updated, later(updated, date), one_line(title), news)


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext())).strip() if len(element) else (element.text or "").strip()


def _numbered(entries: list[_Entry]) -> frozenset[str]:
    """Shapes of addresses that differ in a number which is no year: 2001 of 3,000 parts is none either."""
    return frozenset(
        _DIGITS.sub("#", entry.loc) for entry in entries if _DIGITS.search(entry.loc) and not span_of_source(entry.loc)
    )


def _may_hold(entry: _Entry, limits: Limits, numbered: frozenset[str]) -> bool:
    """Whether a sitemap of an index can name articles of the span: by the time in its address and its last change."""
    changed = span_of_date(entry.updated)
    if changed and limits.since and changed[1] <= limits.since:
        return False
    period = span_of_source(entry.loc) if _DIGITS.sub("#", entry.loc) not in numbered else None
    return period is None or touches(period, limits)


def _newest_first(entries: list[_Entry]) -> None:
    """By date; then, of those without, what its address calls news before the rest, by the period in the address."""

    def key(entry: _Entry) -> tuple[datetime, bool, str]:
        moment = (parse_date(entry.date) if entry.date else None) or _LONG_AGO
        if not entry.index:
            return moment, entry.news, ""
        name = entry.loc.lower()
        fresh = any(word in name for word in ("news", "latest", "recent"))
        dull = any(word in name for word in ("tag", "author", "categor", "image", "video", "page-sitemap", "product"))
        return moment, fresh and not dull, "" if dull else period_in_url(entry.loc) or "0"

    entries.sort(key=key, reverse=True)


def unpacked(page: Fetched) -> tuple[Fetched, str]:
    """The page with its payload gunzipped, which servers of ``.xml.gz`` leave to the reader."""
    payload, problem = gunzip(page.payload)
    return (page if payload is page.payload else replace(page, payload=payload)), problem
