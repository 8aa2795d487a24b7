"""What feeds and sitemaps announce of changes, and when they only tell the time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.discovery import Fetched
from crawler.discovery.announced import later, rendered
from pipelines.model import Role

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
PUBLISHED, CHANGED = "Thu, 05 Mar 2026 10:00:00 GMT", "2026-03-05T12:30:00+01:00"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/a"/>{}</entry></feed>'
RSS = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:dcterms="http://purl.org/dc/terms/"><channel><item><link>/a</link>{}</item></channel></rss>'
)


@pytest.mark.parametrize(
    ("body", "date", "updated"),
    [
        (ATOM.format(f"<published>{PUBLISHED}</published><updated>{CHANGED}</updated>"), PUBLISHED, CHANGED),
        (ATOM.format(f"<updated>{CHANGED}</updated>"), CHANGED, CHANGED),
        (ATOM.format(f"<published>{CHANGED}</published><updated>{CHANGED}</updated>"), CHANGED, None),
        (ATOM.format(f"<published>{CHANGED}</published>"), CHANGED, None),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate>"), PUBLISHED, None),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate><atom:updated>{CHANGED}</atom:updated>"), PUBLISHED, CHANGED),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate><dcterms:modified>{CHANGED}</dcterms:modified>"),
         PUBLISHED, CHANGED),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate><dc:date>{CHANGED}</dc:date>"), PUBLISHED, CHANGED),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate><dc:date>2026-03-05T10:00:00Z</dc:date>"), PUBLISHED, None),
        (RSS.format(f"<pubDate>{PUBLISHED}</pubDate><dc:date>2026-03-05T09:00:00Z</dc:date>"), PUBLISHED, None),
        (RSS.format(f"<pubDate>soon</pubDate><dc:date>{CHANGED}</dc:date>"), "soon", CHANGED),
        (
            json.dumps({"version": "https://jsonfeed.org/version/1.1",
                        "items": [{"url": "/a", "date_published": PUBLISHED, "date_modified": CHANGED}]}),
            PUBLISHED, CHANGED,
        ),
        (
            json.dumps({"version": "https://jsonfeed.org/version/1.1",
                        "items": [{"url": "/a", "date_modified": CHANGED}]}),
            CHANGED, CHANGED,
        ),
        (f"<urlset {NS}><url><loc>/a</loc><lastmod>{CHANGED}</lastmod></url></urlset>", CHANGED, CHANGED),
        (f"<urlset {NS}><url><loc>/a</loc></url></urlset>", None, None),
        (f"<urlset {NS}><url><loc>/a</loc><n:news><n:publication_date>{PUBLISHED}</n:publication_date></n:news>"
         f"<lastmod>{CHANGED}</lastmod></url></urlset>", PUBLISHED, CHANGED),
        (f"<urlset {NS}><url><loc>/a</loc><lastmod>{CHANGED}</lastmod>"
         f"<n:news><n:publication_date>{CHANGED}</n:publication_date></n:news></url></urlset>", CHANGED, None),
        (f"<sitemapindex {NS}><sitemap><loc>/a</loc><lastmod>{CHANGED}</lastmod></sitemap></sitemapindex>",
         CHANGED, CHANGED),
    ],
)  # fmt: skip
def test_what_is_announced(ask: Any, body: str, date: str | None, updated: str | None) -> None:
    role = Role.SITEMAP if "sitemap" in body else Role.FEED
    (only,) = ask(body, role, url="https://news.example/source", fetched=NOON + timedelta(days=9)).candidates
    assert (only.url, only.date, only.updated) == ("https://news.example/a", date, updated)


def stamps(*minutes: float, count: int = 10) -> list[str]:
    return [(NOON + timedelta(minutes=each)).isoformat() for each in (minutes * count)[:count]]


@pytest.mark.parametrize(
    ("dates", "headers", "expected"),
    [
        (stamps(0), (), True),
        (stamps(-3, -3, -4), (), True),
        (stamps(0, count=9), (), False),  # too few to tell
        (stamps(0, count=18) + stamps(-600, -900, count=2), (), True),  # nearly all
        (stamps(0, count=18) + stamps(-600, -900, -1200, count=3), (), False),
        (stamps(-60), (), False),  # alike, but it may be when they were changed
        (stamps(-60), (("Date", "Thu, 05 Mar 2026 11:00:20 GMT"),), True),  # a server whose clock is slow
        (stamps(-60), (("Date", "Thu, 05 Mar 2026 12:00:00 GMT"), ("Age", "3590")), True),  # kept by a cache
        (stamps(-60), (("last-modified", "Thu, 05 Mar 2026 11:00:00 GMT"),), True),  # made once an hour
        (stamps(-60), (("Date", "noon"), ("Age", "x")), False),
        (stamps(*(-1500 * each for each in range(10))), (), False),
        (["2026-03-05"] * 12, (), True),  # a day is all that is said, and it is today
        (["2026-03-04"] * 12, (), False),
        (["soon"] * 12, (), False),
        ([], (), False),
    ],
)
def test_dates_of_rendering(dates: list[str], headers: tuple[tuple[str, str], ...], expected: bool) -> None:
    assert rendered(Fetched(url="https://news.example/s", headers=headers, fetched=NOON), dates) is expected


def test_without_a_time_of_fetching_nothing_is_guessed() -> None:
    assert not rendered(Fetched(url="https://news.example/s"), stamps(0))


@pytest.mark.parametrize("index", [True, False])
def test_a_sitemap_that_tells_the_time_announces_nothing(ask: Any, index: bool) -> None:
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    rows = "".join(
        f"<{inner}><loc>/story-{number}-of-the-day</loc><lastmod>{NOON.isoformat()}</lastmod></{inner}>"
        for number in range(12)
    )
    body = f"<{outer} {NS}>{rows}</{outer}>"
    found = ask(body, Role.SITEMAP, url="https://news.example/s.xml", fetched=NOON + timedelta(minutes=1))
    assert len(found.candidates) == 12
    assert {each.updated for each in found.candidates} == {None}
    assert {each.date for each in found.candidates} == {NOON.isoformat()}
    assert "announces no changes" in found.notes
    found = ask(body, Role.SITEMAP, url="https://news.example/s.xml", fetched=NOON + timedelta(hours=1))
    assert {each.updated for each in found.candidates} == {NOON.isoformat()}
    assert "announces no changes" not in found.notes


def test_a_feed_that_tells_the_time_announces_nothing(ask: Any) -> None:
    rows = "".join(
        f"<entry><link href='/{number}'/><published>2026-03-04T{number:02}:00Z</published>"
        f"<updated>{NOON.isoformat()}</updated></entry>"
        for number in range(12)
    )
    body = f'<feed xmlns="http://www.w3.org/2005/Atom">{rows}</feed>'
    found = ask(body, Role.FEED, url="https://news.example/f.xml", fetched=NOON)
    assert {each.updated for each in found.candidates} == {None}
    assert len({each.date for each in found.candidates}) == 12


def test_later() -> None:
    assert later(None, None) is None
    assert later("2026-03-05", "2026-03-04") == "2026-03-05"
    assert later("2026-03-05", "2026-03-05T10:00Z") is None
    assert later("today", "2026-03-05") == "today"
