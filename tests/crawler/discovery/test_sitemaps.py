"""Sitemaps: every form, the newest first, what is broken in them, and what is meant to harm."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest

from crawler.discovery.sitemaps import gunzip
from pipelines.model import Role

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
MAP = "https://news.example/sitemap.xml"


def urlset(*locs: str, lastmod: str = "2026-03-05") -> str:
    entries = "".join(f"<url><loc>{loc}</loc><lastmod>{lastmod}</lastmod></url>" for loc in locs)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NS}>{entries}</urlset>'


STORIES = tuple(f"https://news.example/2026/03/story-number-{name}" for name in ("one", "two", "three"))
PATHS = [story.removeprefix("https://news.example") for story in STORIES]


@pytest.mark.parametrize(
    "body",
    [
        urlset(*STORIES),
        urlset(*STORIES).replace(f" {NS}", ""),
        urlset(*STORIES).replace(NS, 'xmlns="http://www.google.com/schemas/sitemap/0.84"'),
        urlset(*(f"\n  <![CDATA[ {story} ]]>\n " for story in STORIES)),
        urlset(*(story.replace("story", "<!-- x -->story") for story in STORIES)),
        urlset(*STORIES, lastmod="yesterday"),
        urlset(*STORIES, STORIES[0], STORIES[0] + "?utm_source=sitemap"),
        urlset(*PATHS),
        "\ufeff\n" + urlset(*STORIES),
        "<!-- hello -->" + urlset(*STORIES).split("?>")[1],
        urlset(*STORIES).replace("</lastmod>", "</lastmod><x:image xmlns:x='i'><x:loc>https://news.example/i</x:loc></x:image>"),
        '<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9">'
        + "".join(f"<s:url><s:loc>{story}</s:loc></s:url>" for story in STORIES)
        + "</s:urlset>",
        "\n".join(STORIES),
        "\r\n".join(("", *STORIES, "not an address", "ftp://news.example/x")),
    ],
)  # fmt: skip
def test_forms(ask: Any, body: str) -> None:
    for payload in (body.encode(), gzip.compress(body.encode())):
        found = ask(payload, Role.SITEMAP, url=MAP)
        assert found.urls() == PATHS
        assert {each.role for each in found.candidates} == {Role.ARTICLE}
        assert {each.method for each in found.candidates} == {"sitemap"}


def test_news(ask: Any) -> None:
    body = (
        f"<urlset {NS} {NEWS}><url><loc>https://news.example/politics</loc><n:news><n:publication><n:name>N</n:name>"
        "<n:language>en</n:language></n:publication><n:publication_date>2026-03-05T10:00:00Z</n:publication_date>"
        "<n:title>It &amp; happened</n:title></n:news></url></urlset>"
    )
    (only,) = ask(body, Role.SITEMAP, url=MAP, depth=1).candidates
    assert (only.method, only.role, only.depth) == ("news-sitemap", Role.ARTICLE, 2)
    assert (only.title, only.date) == ("It & happened", "2026-03-05T10:00:00Z")


def test_newest_first(ask: Any) -> None:
    dates = {
        "a": "2026-03-01",
        "b": "2026-03-05T10:00+05:00",
        "c": "2026-03-05T10:00:00Z",
        "d": "soon",
        "e": "2026-03-04",
    }
    body = f"<urlset {NS}>" + "".join(
        f"<url><loc>https://news.example/the-story-of-{name}</loc><lastmod>{date}</lastmod></url>"
        for name, date in dates.items()
    )
    found = ask(body + "</urlset>", Role.SITEMAP, url=MAP)
    assert [url[-1] for url in found.urls()] == ["c", "b", "e", "a", "d"]
    assert found.candidates[0].date == "2026-03-05T10:00:00Z"


def test_pages_and_sections(ask: Any) -> None:
    body = urlset("https://news.example/", "https://news.example/politics/", "https://news.example/a.jpg", STORIES[0])
    found = ask(body, Role.SITEMAP, url=MAP)
    assert found.urls(Role.SECTION) == ["/politics/"]
    assert found.urls(Role.ARTICLE) == [PATHS[0]]


def index(*locs: str) -> str:
    return f"<sitemapindex {NS}>" + "".join(f"<sitemap><loc>{loc}</loc></sitemap>" for loc in locs) + "</sitemapindex>"


def test_index(ask: Any) -> None:
    body = index(
        "/tag-sitemap.xml",
        "/sitemap-2024-11.xml",
        "/sitemap-2026-02.xml",
        "/news.xml",
        "/sitemap-2025.xml",
        "https://other.example/sitemap.xml",
        MAP,
    )
    found = ask(body, Role.SITEMAP, url=MAP)
    assert found.urls(Role.SITEMAP) == [
        "/news.xml", "/sitemap-2026-02.xml", "/sitemap-2025.xml", "/sitemap-2024-11.xml", "/tag-sitemap.xml",
    ]  # fmt: skip
    assert {each.depth for each in found.candidates} == {1}
    assert "1 links on other hosts" in found.notes


def test_index_by_date(ask: Any) -> None:
    body = (
        f"<sitemapindex {NS}><sitemap><loc>/a.xml</loc><lastmod>2026-01-01</lastmod></sitemap>"
        "<sitemap><loc>/b.xml</loc><lastmod>2026-03-01</lastmod></sitemap></sitemapindex>"
    )
    assert ask(body, Role.SITEMAP, url=MAP).urls() == ["/b.xml", "/a.xml"]


def test_indexes_are_followed_three_deep(ask: Any) -> None:
    assert ask(index("/a.xml"), Role.SITEMAP, url=MAP, depth=2).urls() == ["/a.xml"]
    found = ask(index("/a.xml"), Role.SITEMAP, url=MAP, depth=3)
    assert found.urls() == []
    assert "nested too deep" in found.notes


def test_a_sitemap_elsewhere_may_split_itself_up_there(ask: Any) -> None:
    body = index("https://maps.example/1.xml", "https://third.example/2.xml")
    assert ask(body, Role.SITEMAP, url="https://maps.example/sitemap.xml").urls() == ["https://maps.example/1.xml"]
    found = ask(
        urlset(STORIES[0], "https://maps.example/story-of-the-day"), Role.SITEMAP, url="https://maps.example/1.xml"
    )
    assert found.urls() == [PATHS[0]]


def test_other_hosts_and_odd_schemes(ask: Any) -> None:
    odd = ("http://127.0.0.1:6379/x", "file:///etc/issue", "http://[", "https://other.example/a-b-c")
    found = ask(urlset(*odd, *STORIES), Role.SITEMAP, url=MAP)
    assert found.urls() == PATHS


def test_cut_anywhere(ask: Any) -> None:
    whole = urlset(*STORIES)
    for end in range(0, len(whole), 3):
        found = ask(whole[:end], Role.SITEMAP, url=MAP)
        assert set(found.urls()) <= set(PATHS), whole[end - 50 : end]


def test_something_else(ask: Any) -> None:
    assert "found a page" in ask("<html><body><a href=/a-b-c-d>x</a></body></html>", Role.SITEMAP).notes
    assert ask("<html><body><a href=/a-b-c-d>x</a></body></html>", Role.SITEMAP).candidates == ()
    assert "neither XML nor" in ask("hello", Role.SITEMAP).notes
    rss = "<rss version='2.0'><channel><item><link>https://news.example/a</link></item></channel></rss>"
    assert ask(rss, Role.SITEMAP).urls() == ["/a"]
    assert ask(urlset(*STORIES), Role.FEED).urls() == PATHS


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE urlset [<!ENTITY x "y">]>',
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE urlset [<!ENTITY % p SYSTEM "http://127.0.0.1:6379/">%p;]>',
    ],
)
def test_entities_are_refused(ask: Any, doctype: str) -> None:
    found = ask(doctype + urlset(*STORIES, "&x;").split("?>")[1], Role.SITEMAP)
    assert found.candidates == ()
    assert "refused" in found.notes


def test_entities_are_not_resolved(ask: Any) -> None:
    body = f"<urlset {NS}><url><loc>https://news.example/&undeclared;a-b-c-d</loc></url></urlset>"
    assert all("undeclared" not in url for url in ask(body, Role.SITEMAP, url=MAP).urls())


def test_gzip() -> None:
    data = gzip.compress(b"x" * 1000)
    assert gunzip(b"plain") == (b"plain", "")
    assert gunzip(data) == (b"x" * 1000, "")
    assert gunzip(data, 10) == (b"x" * 10, "only the first 10 unpacked bytes were read")
    assert gunzip(data[:-9])[1] == "the gzip stream is cut off"
    assert gunzip(b"\x1f\x8bnonsense")[1].startswith("broken gzip")


def test_a_gzip_bomb_takes_no_time(ask: Any) -> None:
    start = time.process_time()
    assert ask(gzip.compress(b" " * 2**28), Role.SITEMAP).candidates == ()
    assert time.process_time() - start < 5.0


def test_fifty_thousand_entries(ask: Any) -> None:
    body = urlset(*(f"https://news.example/2026/03/05/story-number-{number}?utm_source=x" for number in range(50_010)))
    start = time.process_time()
    found = ask(body, Role.SITEMAP, url=MAP)
    assert len(found.candidates) == 50_000
    assert "only the first 50000 entries" in found.notes
    assert time.process_time() - start < 10.0


def test_deep_nesting_is_refused(ask: Any) -> None:
    found = ask("<urlset>" + "<a>" * 200_000, Role.SITEMAP)
    assert found.candidates == ()
    found = ask(f"<urlset {NS}><url><loc>{STORIES[0]}</loc></url>" + "<a>" * 200_000 + "</urlset>", Role.SITEMAP)
    assert "not well-formed" in found.notes
