"""Home and section pages: links to articles, to sections, to the next page, and to feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import html

from crawler.discovery.collect import ARCHIVE, Collector
from crawler.discovery.content import one_line
from crawler.discovery.likeness import (
    ARTICLE,
    is_junk,
    is_waste,
    looks_like_section,
    names_id,
    segments_of,
    text_weight,
    twin_of,
    url_weight,
)
from crawler.discovery.markup import base_of, parsed
from crawler.discovery.paging import UNNUMBERED, Place, next_number, place_of
from crawler.discovery.spans import Span, archive_of, around, span_of_date, span_of_url, touches
from crawler.discovery.teasers import dates_beside
from crawler.discovery.urls import absolute, identity, same_site, spelling_free
from crawler.discovery.values import Discovered, Fetched
from crawler.discovery.words import words
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

MAX_LINKS = 5_000
"""Links that are looked at on one page. The front pages of large papers have 300 to 1,500."""

MAX_HREF = 2_000
"""Characters of a link. No article is told apart by more; search engines stop there too."""

MAX_SECTIONS = 200
"""Sections taken from one page. More is a tag cloud or an archive."""

MAX_FEEDS = 20
"""Feeds taken from one page."""

WELL_KNOWN_FEEDS = ("/rss.xml", "/feed", "/rss")
"""Asked for once, last of all, where a home page declares no feed."""

FEED_TYPES = words(
    "application/rss+xml application/atom+xml application/rdf+xml application/feed+json application/x-rss+xml"
)

_LOOSE_FEED_TYPES = words("text/xml application/xml application/json text/rss+xml")
_FEED_URL = re.compile(
    r"(?:/(?:rss|feed|feeds|atom)/?|\.(?:rss|atom|rdf)|(?:rss|atom|feed)[^/?]*\.xml)(?:$|\?)", re.IGNORECASE
)
_COMMENTS = re.compile(r"/comments?/|[?&]comments?=|-comments\b", re.IGNORECASE)
_OF_COMMENTS = re.compile(r"\bcomment|\bkommentar|\bcomentario|коммента|комента", re.IGNORECASE)

_ABOVE = 14
"""Ancestors of a link that are looked at for its place on the page."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5"})
_APART = frozenset({"nav", "foot", "share", "tags"})
"""Places that are not the list of news, and count against a link."""

_PLACES = {"nav": "nav", "footer": "foot", "header": "head", "aside": "aside", "article": "article", "menu": "nav"}
_PLACE_NAMES = re.compile(
    r"(?P<foot>(?:\w+[-_]+)?(?:footer|colophon|site-?info)(?:[-_]+\w+)*)"
    r"|(?P<nav>(?!has|with|no[-_]|is[-_]|page|body|layout)(?:\w+[-_]+){0,2}"
    r"(?:nav|navbar|navigation|menu|submenu|mainnav|subnav|topnav|breadcrumbs?)(?:[-_]+\w+)*)"
    r"|(?P<share>(?:\w+[-_]+)?(?:share|sharing|social)(?:[-_]*(?:links|buttons|bar|icons|media|tools|list))?)"
    r"|(?P<tags>(?:\w+[-_]+)?(?:tags|tag[-_]?(?:list|cloud|links)))",
    re.IGNORECASE,
)
"""Class names, ids and roles that tell a place, each as a whole word: ``tags-politics`` on a teaser tells none."""


@dataclass(slots=True)
class _Link:
    """All that a page says of one address, over all its links there."""

    url: str
    text: str = ""
    place: int = -9
    nav: bool = True
    """Every link to it stands in navigation."""
    tag: bool = True
    """Every link to it stands among tags or share buttons."""
    date: str | None = None
    """In a backfill: what the ``time`` element beside it says."""

    @property
    def span(self) -> Span | None:
        """When the article appeared, by the teaser, else by the address."""
        return span_of_date(self.date) or span_of_url(self.url)


def read_listing(page: Fetched, outlet: Outlet) -> Discovered:
    """The links of a page, sorted by what they look like."""
    found = Collector(page, outlet)
    root = parsed(page, found)
    if root is None:
        return found.done("page: no HTML in it")
    base = base_of(root, page.url)
    deeper, backfill = page.depth < outlet.limits.depth, outlet.limits.backfill
    place = _archive_place(page.url) if backfill and archive_of(page.url) else place_of(page.url)
    feeds = _feeds(root, base, found, outlet)
    if page.role is Role.FEED:
        return found.done(f"expected a feed, found a page that names {feeds}")
    if page.role is Role.SITEMAP:
        return found.done("expected a sitemap, found a page")
    links, following, periods = _links(root, base, found, outlet, place)
    kept = [link for link in _without_twins(links) if _weight(link, page.url) >= ARTICLE]
    spans = [span for link in kept if (span := link.span)] if backfill else []
    found.span = found.span or around(spans)
    articles = sections = 0
    for link in kept:
        articles += found.add(link.url, Role.ARTICLE, str(page.role), title=one_line(link.text), date=link.date)
    for url in periods:
        found.add(url, Role.SECTION, ARCHIVE)
    method = found.onward(spans)
    if method:
        for url in following:
            found.add(url, Role.SECTION, method)
    if deeper:
        for link in sorted(links.values(), key=lambda each: not each.nav):
            if sections < MAX_SECTIONS and _may_be_section(link):
                sections += found.add(link.url, Role.SECTION, str(page.role), title=one_line(link.text, 100))
    if page.role is Role.HOME and not feeds and not outlet.feeds:
        for path in WELL_KNOWN_FEEDS:
            found.add(absolute(path, page.url), Role.FEED, "guess")
    return found.done(f"page: {len(links)} addresses, {articles} articles, {sections} sections, {feeds} feeds")


def _feeds(root: html.HtmlElement, base: str, found: Collector, outlet: Outlet) -> int:
    """Feeds that the page declares (on whatever host, as many are hosted elsewhere), then those it links to."""
    count = 0
    if found.page.depth > outlet.limits.depth:
        return count
    for element in root.iter("link", "a"):
        if count >= MAX_FEEDS:
            break
        href = element.get("href")
        if not href or len(href) > MAX_HREF:
            continue
        kind = (element.get("type") or "").partition(";")[0].strip().lower()
        declared = kind in FEED_TYPES or (
            element.tag == "link" and kind in _LOOSE_FEED_TYPES and _FEED_URL.search(href) is not None
        )
        if element.tag == "link":
            if not declared or "alternate" not in (element.get("rel") or "").lower().split():
                continue
        elif not declared and not _FEED_URL.search(href):
            continue
        url = absolute(href, base)
        title = one_line(element.get("title"), 200)
        of_comments = url and (_COMMENTS.search(url) or (title and _OF_COMMENTS.search(title)))
        if url and not of_comments and (declared or not is_junk(url)):
            count += found.add(url, Role.FEED, "autodiscovery", title=title, own_site=not declared)
    return count


def _archive_place(url: str) -> Place:
    """The place of a dated archive page: /2026/01/05 is no page five of /2026/01."""
    place = place_of(url)
    return place if archive_of(place.stem) == archive_of(url) else Place(url.rstrip("/"), 1)


def _links(
    root: html.HtmlElement, base: str, found: Collector, outlet: Outlet, place: Place
) -> tuple[dict[str, _Link], list[str], list[str]]:
    """Every address of the outlet that the page links to, with its evidence; the next pages of this listing; and, in a
    backfill, the pages of a dated archive that can list what lies in its span."""
    links: dict[str, _Link] = {}
    periods: dict[str, None] = {}
    dates = dates_beside(root) if outlet.limits.backfill else {}
    own = archive_of(found.page.url) if outlet.limits.backfill else None
    following: dict[str, int] = {}
    names: dict[str, str] = {}
    count = 0
    for element in root.iter("a", "area", "link"):
        href = element.get("href")
        rel = (element.get("rel") or "").lower().split()
        if not href or (element.tag == "link" and "next" not in rel):
            continue
        count += 1
        if count > MAX_LINKS:
            found.note(f"page: only the first {MAX_LINKS} links were read")
            break
        if href[0] == "#":
            continue
        raw = absolute(href, base) if len(href) <= MAX_HREF else None
        if raw is None:
            found.left_out["no web address"] += 1
            continue
        url = identity(raw)
        if not same_site(url, outlet):
            found.left_out["on other hosts"] += 1
            continue
        text = _text_of(element) if element.tag != "link" else ""
        if outlet.limits.backfill and (period := archive_of(url)) and period != own:
            if touches(period, outlet.limits) and not is_waste(url):
                periods[url] = None
            continue
        number = next_number(url, text, "next" in rel, place)
        if number:
            following.setdefault(url, number)
            continue
        if element.tag == "link" or is_junk(url):
            continue
        where, score = _standing(element, names)
        link = links.setdefault(url, _Link(url))
        link.nav &= where in ("nav", "foot", "head")
        link.tag &= where in ("share", "tags")
        link.place = max(link.place, score)
        link.date = link.date or dates.get(element)
        if text_weight(text) > text_weight(link.text) or not link.text:
            link.text = text
    ordered = sorted(following, key=lambda url: following[url])
    links = _one_spelling(links, found.page.url)
    return links, ordered[:1] if ordered and following[ordered[0]] < UNNUMBERED else ordered[:3], list(periods)


def _one_spelling(links: dict[str, _Link], page: str) -> dict[str, _Link]:
    """Links without those that stand there in another spelling, too: with or without ``www.``, slash at the end, TLS.

    That of the page's own origin stays, else the first. Path and query must be the same: a number there is a page.
    """
    origin = page[: page.find("/", page.find("://") + 3)]
    kept: dict[str, _Link] = {}
    for link in links.values():
        key = spelling_free(link.url)
        other = kept.get(key)
        if other is None:
            kept[key] = link
            continue
        if link.url.startswith(f"{origin}/") and not other.url.startswith(f"{origin}/"):
            other.url = link.url
        other.nav &= link.nav
        other.tag &= link.tag
        other.place = max(other.place, link.place)
        other.date = other.date or link.date
        if text_weight(link.text) > text_weight(other.text) or not other.text:
            other.text = link.text
    return {link.url: link for link in kept.values()}


def _text_of(element: html.HtmlElement) -> str:
    text = " ".join("".join(element.itertext()).split()) if len(element) else (element.text or "").strip()
    if not text:
        text = element.get("title") or element.get("aria-label") or ""
        if not text:
            for image in element.iter("img"):
                text = image.get("alt") or ""
                break
    return text[:2000]


def _standing(element: html.HtmlElement, names: dict[str, str]) -> tuple[str, int]:
    """Where a link stands (``nav``, ``foot``, ``share`` …) and what that counts for."""
    where, score = "", 0
    if any(child.tag in _HEADINGS for child in element):
        score = 2
    node = element.getparent()
    for _ in range(_ABOVE):
        if node is None:
            break
        tag = node.tag if isinstance(node.tag, str) else ""
        if tag in _HEADINGS:
            score = max(score, 2)
        if tag == "article":
            score = max(score, 1) if score < 2 else 3
            break
        label = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('role') or ''}"[:300]
        spot = _PLACES.get(tag, "")
        if not spot and len(label) > 2 and tag != "body":
            if label not in names:
                hits = (_PLACE_NAMES.fullmatch(word) for word in label.split())
                names[label] = next((hit.lastgroup or "" for hit in hits if hit), "")
            spot = names[label]
        if spot and not where:
            where = spot
        if where in _APART:
            break
        node = node.getparent()
    if where in _APART:
        score -= 3
    return where, score


def _weight(link: _Link, page: str) -> int:
    """All evidence together. A facet of the page itself (same path, other query) is no article for its words."""
    weight = url_weight(link.url)
    if weight <= -9 or (_is_facet(link.url, page) and not names_id(link.url)):
        return -9
    return weight + text_weight(link.text) + link.place


def _is_facet(url: str, page: str) -> bool:
    path, mark, _ = url.partition("?")
    return bool(mark) and path.rstrip("/") == page.partition("?")[0].rstrip("/")


def _may_be_section(link: _Link) -> bool:
    url = link.url
    if link.tag or "?" in url or not segments_of(url):
        return False
    short = len(segments_of(url)) <= (4 if link.nav else 3)
    return looks_like_section(url) or (short and url_weight(url) > -3 and text_weight(link.text) < ARTICLE)


def _without_twins(links: dict[str, _Link]) -> list[_Link]:
    """Links in the page's order, without AMP and print twins of one that is there too."""
    kept = []
    for link in links.values():
        plain = twin_of(link.url)
        if plain is None or not ({plain, plain.rstrip("/"), f"{plain.rstrip('/')}/"} & links.keys()):
            kept.append(link)
    return kept
