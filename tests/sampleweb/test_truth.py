"""The truth is true: what it expects stands on the pages, is reachable, and is all different."""

from __future__ import annotations

import gzip
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import quote, urljoin, urlsplit

import pytest

from sampleweb import Expected, SampleWeb

CHARSETS = {"zarech": "windows-1251"}
SAFE = "%/:?=&-._~"
SCRIPTS = {"ru": "\u0400-\u04ff", "el": "\u0370-\u03ff", "ar": "\u0600-\u06ff"}


@dataclass
class Visit:
    """A page as a plain client saw it."""

    status: int
    url: str
    body: bytes = field(repr=False)


class Client:
    """Follows redirects and keeps cookies."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, url: str) -> Visit:
        try:
            with self._opener.open(url, timeout=10) as response:
                return Visit(response.status, response.url, response.read())
        except urllib.error.HTTPError as error:
            return Visit(error.code, error.url or url, error.read())


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


@pytest.fixture(scope="module")
def pages(web: SampleWeb) -> list[tuple[Expected, Visit]]:
    client = Client()
    return [(item, client.get(item.url)) for item in web.truth() if item.outcome != "disallowed"]


def seen_text(item: Expected, visit: Visit) -> str:
    """The page without tags, space collapsed."""
    html = visit.body.decode(CHARSETS.get(item.outlet, "utf-8"))
    html = re.sub(r"(?s)<(script|style|title).*?</\1>|<head.*?</head>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def test_there_is_enough_of_everything(web: SampleWeb) -> None:
    counts = Counter(item.outlet for item in web.articles())
    assert len(counts) == 8 and min(counts.values()) >= 30
    languages = {item.language for item in web.articles()}
    assert languages == {"en", "de", "es", "ru", "el", "ar"}
    kinds = Counter(item.kind for item in web.articles() if item.outlet == "halvern")
    assert kinds["brief"] >= 6 and kinds["flash"] >= 6
    outcomes = {item.outcome for item in web.truth()}
    assert outcomes >= {
        "article",
        "section",
        "gallery",
        "video",
        "soft-404",
        "consent-wall",
        "bot-challenge",
        "empty-shell",
        "http-error",
        "no-text",
        "static",
        "disallowed",
    }
    only = {item.only_via for item in web.articles()} - {None}
    assert only == {"rss", "atom", "json", "news-sitemap", "gz-sitemap", "sitemap", "page-3", "home"}
    assert {item.kind for item in web.articles()} == {
        "article",
        "brief",
        "flash",
        "liveblog",
        "teaser",
        "wire",
    }


def test_each_language_is_written_in_its_script(web: SampleWeb) -> None:
    for item in web.articles():
        letters = SCRIPTS.get(item.language or "", "a-zäöüßáéíóúñüA-ZÄÖÜÁÉÍÓÚÑ")
        share = len(re.findall(f"[{letters}]", item.text)) / len(re.findall(r"[^\W\d_]", item.text))
        assert share > 0.97, item.url
        assert not re.search(r"[{}]|  | [.,;:!?](\s|$)", item.text), item.text


def test_every_page_is_as_expected(pages: list[tuple[Expected, Visit]]) -> None:
    for item, visit in pages:
        assert visit.status == item.status, item.url
        assert visit.url == item.url


def test_every_paragraph_stands_on_its_page_in_order(pages: list[tuple[Expected, Visit]]) -> None:
    checked = 0
    for item, visit in pages:
        if item.outcome != "article":
            continue
        text, spot = seen_text(item, visit), 0
        for paragraph in (item.headline or "", *item.paragraphs):
            found = text.find(" ".join(paragraph.split()), spot)
            assert found >= 0, (item.url, paragraph)
            spot = found
            checked += 1
    assert checked > 1500


def test_no_two_articles_have_the_same_text_but_the_wire(web: SampleWeb) -> None:
    texts = Counter(item.text for item in web.articles() if not item.wire)
    assert texts.most_common(1)[0][1] == 1
    wire = [item for item in web.articles() if item.wire]
    assert len({item.outlet for item in wire}) == 3 and len({item.text for item in wire}) == 1
    paragraphs = Counter(p for i in web.articles() if not i.wire for p in i.paragraphs if len(p) > 120)
    assert paragraphs.most_common(1)[0][1] == 1


def test_aliases_lead_to_the_article(web: SampleWeb) -> None:
    client = Client()
    for item in web.articles()[::7]:
        for alias in item.aliases:
            visit = client.get(alias)
            assert visit.status == 200
            assert visit.url == item.url or f'rel="canonical" href="{item.url}"'.encode() in visit.body


def test_the_seed_outlet_has_the_furniture_of_the_seed(pages: list[tuple[Expected, Visit]]) -> None:
    for item, visit in pages:
        if item.outlet != "halvern" or item.outcome != "article":
            continue
        text = seen_text(item, visit)
        for line in ("Accessibility links", "Breaking News", "has been declared", "XS SM MD LG"):
            assert line in text, (item.url, line)
        assert b'alt="16x9 Image"' in visit.body
        for line in item.boilerplate:
            assert line not in item.paragraphs


def reach(client: Client, home: str, *, feeds: bool, sitemaps: bool, pages: bool) -> set[str]:
    """Every address on the site that a crawler would find, robots.txt obeyed."""
    host = urlsplit(home).netloc
    queue, seen = [home], set()
    if sitemaps:
        robots = client.get(urljoin(home, "/robots.txt")).body.decode()
        queue += re.findall(r"(?m)^Sitemap: (\S+)", robots)
    while queue:
        url = queue.pop()
        if url in seen or urlsplit(url).netloc != host or "/intern/" in url:
            continue
        seen.add(url)
        visit = client.get(url)
        seen.add(visit.url)
        body = gzip.decompress(visit.body) if url.endswith(".gz") else visit.body
        text = body.decode("utf-8", "replace")
        found = re.findall(r"<loc>([^<]+)<|<link>([^<]+)<|\"url\": \"([^\"]+)\"", text)
        for link in re.findall(r"(?i)<(link|a)\b[^>]*?href=\"([^\"#]+)\"", text):
            found.append((link[1],))
        for group in found:
            target = quote(urljoin(url, unescape(next(part for part in group if part))), safe=SAFE)
            if ("/feeds/" in target and not feeds) or (not pages and not is_machine(target)):
                seen.add(target)
                continue
            queue.append(target)
    return seen


def is_machine(url: str) -> bool:
    return url.endswith((".xml", ".gz", ".json"))


def test_everything_is_reachable_from_the_home_page(web: SampleWeb) -> None:
    client = Client()
    for outlet in web.outlets:
        found = reach(client, outlet.home, feeds=True, sitemaps=True, pages=True)
        for item in web.truth():
            skipped = item.outcome in ("disallowed", "static") or item.kind in ("tag", "author")
            if item.outlet == outlet.key and not skipped:
                assert found & {item.url, *item.aliases}, item
    assert not web.canary_hits


def test_single_discovery_kinds_are_single(web: SampleWeb) -> None:
    client = Client()
    for item in web.articles():
        if item.only_via in (None, "home", "page-3"):
            continue
        home = next(o.home for o in web.outlets if o.key == item.outlet)
        feeds = item.only_via in ("rss", "atom", "json")
        found = reach(client, home, feeds=not feeds, sitemaps=feeds, pages=True)
        assert not found & {item.url, *item.aliases}, item.only_via


def test_the_canary_is_linked_and_forbidden(web: SampleWeb) -> None:
    client = Client()
    for outlet in web.outlets:
        assert b'"/intern/rota.html"' in client.get(outlet.home).body
        assert b"Disallow: /intern/" in client.get(outlet.home + "robots.txt").body
