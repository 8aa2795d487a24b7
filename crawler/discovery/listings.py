"""Home and section pages: links to articles, to sections, to the next page, and to feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree, html

from crawler.discovery.collect import Collector
from crawler.discovery.content import MAX_HTML, decode, one_line
from crawler.discovery.likeness import (
    ARTICLE,
    is_junk,
    looks_like_section,
    segments_of,
    text_weight,
    twin_of,
    url_weight,
)
from crawler.discovery.paging import Place, place_of, says_more
from crawler.discovery.urls import absolute, normalise, same_site
from crawler.discovery.values import Discovered, Fetched
from crawler.discovery.words import words
from pipelines.model import Role

if TYPE_CHECKING:
    from crawler.jobs import Outlet

MAX_LINKS = 5_000
"""Links that are looked at on one page. The front pages of large papers have 300 to 1,500."""

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

_ABOVE = 14
"""Ancestors of a link that are looked at for its place on the page."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5"})
_PLACES = {"nav": "nav", "footer": "foot", "header": "head", "aside": "aside", "article": "article", "menu": "nav"}
_PLACE_NAMES = re.compile(
    r"(?P<foot>\bfooter|\bcolophon\b|\bsite-?info)"
    r"|(?P<nav>\bnav(?:bar|igation)?\b|\bmenu|\bbreadcrumb|\bmainnav|\bsubnav|-nav\b|\btopics?-?bar)"
    r"|(?P<share>\bshar(?:e|ing)\b|\bsocial)|(?P<tags>\btag-?(?:cloud|list)|\btags\b)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Link:
    """All that a page says of one address, over all its links there."""

    url: str
    text: str = ""
    place: int = 0
    nav: bool = True
    """Every link to it stands in navigation."""


def read_listing(page: Fetched, outlet: Outlet) -> Discovered:
    """The links of a page, sorted by what they look like."""
    found = Collector(page, outlet)
    root = _parsed(page, found)
    if root is None:
        return found.done("page: no HTML in it")
    base = _base(root, page.url)
    place = place_of(page.url)
    deeper = page.depth < outlet.limits.depth
    feeds = _feeds(root, base, found, outlet)
    if page.role is Role.FEED:
        return found.done(f"expected a feed, found a page that names {feeds}")
    if page.role is Role.SITEMAP:
        return found.done("expected a sitemap, found a page")
    links, following = _links(root, base, found, outlet, place)
    articles = sections = 0
    for link in _without_twins(links):
        if _weight(link, place) >= ARTICLE:
            articles += found.add(link.url, Role.ARTICLE, str(page.role), title=one_line(link.text))
    if deeper:
        for url in following:
            found.add(url, Role.SECTION, "pagination")
        for link in sorted(links.values(), key=lambda each: not each.nav):
            if sections < MAX_SECTIONS and _may_be_section(link, place):
                sections += found.add(link.url, Role.SECTION, str(page.role), title=one_line(link.text, 100))
    if page.role is Role.HOME and not feeds and not outlet.feeds:
        for path in WELL_KNOWN_FEEDS:
            found.add(absolute(path, page.url), Role.FEED, "guess")
    return found.done(f"page: {len(links)} addresses, {articles} articles, {sections} sections, {feeds} feeds")


def _parsed(page: Fetched, found: Collector) -> html.HtmlElement | None:
    if len(page.payload) > MAX_HTML:
        found.note(f"page: only the first {MAX_HTML} bytes were read")
    text = decode(page.payload[:MAX_HTML], page.header("content-type"), page.encoding).replace("\x00", "")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return root


def _base(root: html.HtmlElement, url: str) -> str:
    for element in root.iter("base"):
        if href := element.get("href"):
            return absolute(href, url) or url
    return url


def _feeds(root: html.HtmlElement, base: str, found: Collector, outlet: Outlet) -> int:
    """Feeds that the page declares (on whatever host, as many are hosted elsewhere), then those it links to."""
    count = 0
    if found.page.depth > outlet.limits.depth:
        return count
    for element in root.iter("link", "a"):
        if count >= MAX_FEEDS:
            break
        href = element.get("href")
        if not href or len(href) > 2000:
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
        if url and not _COMMENTS.search(url) and (declared or not is_junk(url)):
            title = one_line(element.get("title"), 100)
            count += found.add(url, Role.FEED, "autodiscovery", title=title, own_site=not declared)
    return count


def _links(
    root: html.HtmlElement, base: str, found: Collector, outlet: Outlet, place: Place
) -> tuple[dict[str, _Link], list[str]]:
    """Every address of the outlet that the page links to, with its evidence; and the next pages of this listing."""
    links: dict[str, _Link] = {}
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
        raw = absolute(href, base)
        url = normalise(raw) if raw else None
        if url is None:
            continue
        if not same_site(url, outlet):
            found.left_out["on other hosts"] += 1
            continue
        text = _text_of(element) if element.tag != "link" else ""
        number = _next_page(url, text, "next" in rel, place)
        if number:
            following.setdefault(url, number)
            continue
        if element.tag == "link" or is_junk(url):
            continue
        where, score = _standing(element, names)
        if where in ("share", "tags"):
            continue
        link = links.setdefault(url, _Link(url))
        link.nav &= where in ("nav", "foot", "head")
        link.place = max(link.place, score)
        if text_weight(text) > text_weight(link.text) or not link.text:
            link.text = text
    ordered = sorted(following, key=lambda url: following[url])
    return links, ordered[:1] if ordered and following[ordered[0]] < 10**6 else ordered[:3]


def _next_page(url: str, text: str, is_next: bool, here: Place) -> int:
    """The number of a later page of the same listing; a million if it has none but says "next"; else 0."""
    there = place_of(url)
    if there.stem == here.stem and there.number > here.number:
        return there.number
    if is_next or ("?" in url and says_more(text)):
        return 10**6 if (there != here and there.number != 1) or is_next else 0
    return 0


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
                hit = _PLACE_NAMES.search(label)
                names[label] = (hit.lastgroup or "") if hit else ""
            spot = names[label]
        if spot and not where:
            where = spot
        if where in ("nav", "foot", "share", "tags"):
            break
        node = node.getparent()
    if where in ("nav", "foot"):
        score -= 3
    return where, score


def _weight(link: _Link, here: Place) -> int:
    """All evidence together. A facet of the page itself (same path, other query) is never an article by its words."""
    weight = url_weight(link.url)
    if weight <= -9:
        return weight
    if place_of(link.url).stem == here.stem:
        return min(weight, 0)
    return weight + text_weight(link.text) + link.place


def _may_be_section(link: _Link, here: Place) -> bool:
    url = link.url
    if place_of(url).stem == here.stem or not segments_of(url):
        return False
    if looks_like_section(url):
        return True
    short = "?" not in url and len(segments_of(url)) <= 4
    return link.nav and short and url_weight(url) > -3 and text_weight(link.text) <= 2


def _without_twins(links: dict[str, _Link]) -> list[_Link]:
    """Links in the page's order, without AMP and print twins of one that is there too."""
    kept = []
    for link in links.values():
        plain = twin_of(link.url)
        if plain is None or not ({plain, plain.rstrip("/"), f"{plain.rstrip('/')}/"} & links.keys()):
            kept.append(link)
    return kept
