"""Backfills: which addresses can lie in a span of time, and how listings are followed to it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.discovery import seeds
from crawler.discovery.spans import archive_of, expand, may_lie, span_of_date, span_of_url
from crawler.fetch.outcome import candidates_in
from crawler.jobs import Limits, Outlet
from pipelines.model import Candidate, CaptureRef, Role

SITE = "https://news.example"
JANUARY = Limits(since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2026, 2, 1, tzinfo=UTC))
OUTLET = Outlet(name="news", home=f"{SITE}/", limits=JANUARY)
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@pytest.mark.parametrize(
    ("url", "days"),
    [
        ("/2026/01/05/", 1),
        ("/2026/1/5", 1),
        ("/archive/2026-01-05", 1),
        ("/archiv/20260105.html", 1),
        ("/archive/2026/01/05/index.php", 1),
        ("/archive/2026/01/05/page/3/", 1),
        ("/world/2026/01/", 31),
        ("/2026-02", 28),
        ("/2024/", 366),
        ("/archive?date=2026-01-05", 1),
        ("/archive?section=world&d=20260105", 1),
        ("/archive?m=202601", 31),
        ("/archive?year=2026&month=1&day=5", 1),
        ("/archive?month=12&year=2025&page=2", 31),
        ("/archive?year=2025", 365),
        ("/2026/01/05/a-slug", None),
        ("/2026/01/05?id=3118", None),
        ("/a-slug-2026", None),
        ("/archive/2026-13-05", None),
        ("/2026/02/30/", None),
        ("/archive?month=1", None),
        ("/archive?year=26&month=1", None),
        ("/archive?year=2026&month=14", None),
        ("/archive?date=yesterday", None),
        ("/story?id=20260105", None),
        ("/", None),
    ],
)
def test_archive_pages(url: str, days: int | None) -> None:
    found = archive_of(SITE + url)
    if days is None:
        assert found is None
    else:
        assert found is not None
        hours = (found[1] - found[0]).total_seconds() / 3600
        assert hours == days * 24 + 26  # a day begins in the east of the earth and ends in the west


@pytest.mark.parametrize(
    ("raw", "start", "end"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00", "2026-01-05T10:00:01"),
        ("2026-01-05T10:00+05:30", "2026-01-05T04:30:00", "2026-01-05T04:30:01"),
        ("Mon, 05 Jan 2026 10:00:00 GMT", "2026-01-05T10:00:00", "2026-01-05T10:00:01"),
        ("2026-01-05T10:00:00", "2026-01-04T20:00:00", "2026-01-05T22:00:00"),
        ("2026-01-05", "2026-01-04T10:00:00", "2026-01-06T12:00:00"),
        ("2026-01", "2025-12-31T10:00:00", "2026-02-01T12:00:00"),
        ("2026", "2025-12-31T10:00:00", "2027-01-01T12:00:00"),
    ],
)
def test_what_a_date_can_mean(raw: str, start: str, end: str) -> None:
    found = span_of_date(raw)
    assert found is not None
    assert [each.replace(tzinfo=None).isoformat() for each in found] == [start, end]


def test_what_is_no_date() -> None:
    assert span_of_date("soon") is None
    assert span_of_date(None) is None
    assert span_of_url(f"{SITE}/2026/a-slug") is None
    assert span_of_url(f"{SITE}/2026/01/a-slug") == archive_of(f"{SITE}/2026/01/")


@pytest.mark.parametrize(
    ("url", "method", "date", "updated", "wanted"),
    [
        ("/a", "feed", "2026-01-31T23:59:59Z", None, True),
        ("/a", "feed", "2026-02-01T00:00:00Z", None, False),  # until is not in it
        ("/a", "feed", "2026-01-01T00:00:00Z", None, True),  # since is
        ("/a", "feed", "2025-12-31T23:59:58Z", None, False),
        ("/a", "feed", "2026-02-01", None, True),  # somewhere it still was January
        ("/a", "feed", "2026-02-02", None, False),
        ("/a", "feed", "2025-12-31", None, True),
        ("/a", "feed", "2025-12-30", None, False),
        ("/a", "feed", "2026-01-05", "2026-03-05", True),
        ("/a", "feed", "2026-03-05T10:00Z", "2026-03-05T10:00Z", True),  # when it was changed; published before
        ("/a", "feed", "2025-12-05T10:00Z", "2025-12-05T10:00Z", False),
        ("/a", "sitemap", "2026-03-05T10:00Z", None, True),
        ("/a", "sitemap", "2025-12-05T10:00Z", None, False),
        ("/2026/03/05/a", "sitemap", "2026-03-05", "2026-03-05", False),  # the address tells
        ("/2026/01/05/a", "sitemap", "2026-03-05", "2026-03-05", True),
        ("/2025/11/a", "sitemap", "2026-03-05", "2026-03-05", False),
        ("/2026/01/a", "home", None, None, True),
        ("/2026/03/05/a", "feed", "2026-01-05", None, True),  # the feed tells better
        ("/a", "home", None, None, True),  # nothing is known
        ("/a", "feed", "soon", None, True),
    ],
)
def test_may_lie(url: str, method: str, date: str | None, updated: str | None, wanted: bool) -> None:
    candidate = Candidate(url=SITE + url, role=Role.ARTICLE, method=method, date=date, updated=updated)
    assert may_lie(candidate, JANUARY) is wanted


def test_half_spans() -> None:
    old = Candidate(url=f"{SITE}/2020/01/05/a", role=Role.ARTICLE, method="home")
    new = dataclasses.replace(old, url=f"{SITE}/2026/01/05/a")
    since, until = Limits(since=datetime(2025, 1, 1, tzinfo=UTC)), Limits(until=datetime(2025, 1, 1, tzinfo=UTC))
    assert [may_lie(each, since) for each in (old, new)] == [False, True]
    assert [may_lie(each, until) for each in (old, new)] == [True, False]


def test_the_source_tells_of_what_tells_nothing() -> None:
    silent = Candidate(url=f"{SITE}/a", role=Role.ARTICLE, method="section")
    assert may_lie(silent, JANUARY, archive_of(f"{SITE}/2026/01/05/"))
    assert not may_lie(silent, JANUARY, archive_of(f"{SITE}/2026/03/05/"))
    told = dataclasses.replace(silent, url=f"{SITE}/2026/01/05/a")
    assert may_lie(told, JANUARY, archive_of(f"{SITE}/2026/03/05/"))


# ---------------------------------------------------------------- sitemaps


def test_sitemaps_of_other_times_are_left_out(ask: Any) -> None:
    rows = [
        ("/sitemap-2025-11.xml", ""),
        ("/sitemap-2025-12.xml", ""),
        ("/sitemap-2026-01.xml", ""),
        ("/sitemap-2026-03.xml", ""),
        ("/2026/01/05/sitemap.xml", ""),
        ("/2026/03/05/sitemap.xml", ""),
        ("/year-2026.xml", ""),
        ("/year-2024.xml", ""),
        ("/old.xml", "2025-06-01"),
        ("/sport.xml", "2026-03-05T10:00:00Z"),
        ("/news.xml", ""),
    ]
    body = "".join(
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</sitemap>"
        for loc, changed in rows
    )
    found = ask(f"<sitemapindex {NS}>{body}</sitemapindex>", Role.SITEMAP, url=f"{SITE}/s.xml", outlet=OUTLET)
    assert sorted(found.urls()) == [
        "/2026/01/05/sitemap.xml", "/news.xml", "/sitemap-2025-12.xml", "/sitemap-2026-01.xml", "/sport.xml",
        "/year-2026.xml",
    ]  # fmt: skip
    assert "5 links to sitemaps of another time" in found.notes


def test_the_number_of_a_part_is_no_year(ask: Any) -> None:
    body = "".join(f"<sitemap><loc>/part-{number}.xml</loc></sitemap>" for number in (1, 2, 1999, 2000, 2001))
    found = ask(f"<sitemapindex {NS}>{body}</sitemapindex>", Role.SITEMAP, url=f"{SITE}/s.xml", outlet=OUTLET)
    assert len(found.candidates) == 5
    urls = "".join(f"<url><loc>/story-number-{name}</loc></url>" for name in ("one", "two"))
    found = ask(f"<urlset {NS}>{urls}</urlset>", Role.SITEMAP, url=f"{SITE}/part-2001.xml", outlet=OUTLET)
    assert len(found.candidates) == 2


def test_a_sitemap_of_a_month_dates_its_entries(ask: Any) -> None:
    body = f"<urlset {NS}><url><loc>/a-b-c-d</loc></url><url><loc>/2026/01/05/</loc></url></urlset>"
    found = ask(body, Role.SITEMAP, url=f"{SITE}/sitemap-2026-01.xml", outlet=OUTLET)
    assert found.urls(Role.ARTICLE) == ["/a-b-c-d"]
    assert found.urls(Role.SECTION, "archive") == ["/2026/01/05/"]
    assert ask(body, Role.SITEMAP, url=f"{SITE}/sitemap-2025-08.xml", outlet=OUTLET).urls(Role.ARTICLE) == []


# ---------------------------------------------------------------- feeds


def test_feeds_are_followed_back_to_the_span(ask: Any) -> None:
    def feed(*dates: str) -> str:
        items = [
            {"url": f"/story-{number}", "date_published": f"{date}T12:00:00Z"} for number, date in enumerate(dates)
        ]
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, "next_url": "/f.json?page=9"})

    def ask_feed(*dates: str, depth: int) -> Any:
        return ask(feed(*dates), Role.FEED, url=f"{SITE}/f.json?page=8", outlet=OUTLET, depth=depth)

    found = ask_feed("2026-03-01", "2026-02-10", "2026-02-05", depth=50)
    assert (found.urls(Role.ARTICLE), found.urls(Role.FEED, "archive")) == ([], ["/f.json?page=9"])
    found = ask_feed("2026-01-03", "2026-01-02", "2025-12-28", "2025-12-27", depth=50)
    assert found.urls(Role.ARTICLE) == ["/story-0", "/story-1"]
    assert found.urls(Role.FEED) == ["/f.json?page=9"]
    found = ask_feed("2025-12-20", "2025-12-19", "2025-12-18", depth=1)
    assert found.candidates == ()
    assert "what follows is not read" in found.notes
    assert ask_feed("2026-03-01", depth=1).urls(Role.FEED, "pagination") == ["/f.json?page=9"]
    assert ask_feed("2026-03-01", depth=50).urls(Role.FEED) == []  # one date is no evidence


# ---------------------------------------------------------------- listings


def listing(*hrefs: str, more: str = "") -> str:
    return "<html><body>" + "".join(f"<h2><a href='{href}'>A story of some length</a></h2>" for href in hrefs) + more


NEXT = "<a rel=next href='/world/page/9/'>older</a>"


def test_days_of_the_span_are_sections(ask: Any) -> None:
    links = (
        "<nav><a href='/2025/12/'>December</a><a href='/2026/01/'>January</a><a href='/2026/03/'>March</a>"
        "<a href='/2026/01/05/'>5</a><a href='/2026/03/05/'>5</a><a href='/archive?date=2026-01-09'>9</a>"
        "<a href='/archive?date=2026-03-09'>9</a><a href='/login?date=2026-01-09'>9</a></nav>"
    )
    found = ask(listing(more=links), Role.SECTION, url=f"{SITE}/archive/", outlet=OUTLET, depth=7)
    assert found.urls(Role.SECTION, "archive") == ["/2025/12/", "/2026/01/", "/2026/01/05/", "/archive?date=2026-01-09"]
    assert found.urls(Role.SECTION) == found.urls(Role.SECTION, "archive")
    normal = ask(listing(more=links), Role.SECTION, url=f"{SITE}/archive/")
    assert [url for url in normal.urls() if "2026" in url or "2025" in url] == []


def test_a_day_page_dates_its_links_and_is_paged(ask: Any) -> None:
    more = "<a href='/2026/01/06/'>6</a> <a href='/2026/01/05/page/2/'>2</a> <a href='/2026/01/05/2/'>3</a>"
    page = listing("/world/a-story-of-some-length", more=more)
    found = ask(page, Role.SECTION, url=f"{SITE}/2026/01/05/", outlet=OUTLET, depth=7)
    assert found.urls(Role.ARTICLE) == ["/world/a-story-of-some-length"]
    assert "/2026/01/05/page/2/" in found.urls(Role.SECTION, "archive")
    assert "/2026/01/06/" in found.urls(Role.SECTION, "archive")
    beside = ask(page.replace("/2026/01/05/2/", "/"), Role.SECTION, url=f"{SITE}/2026/02/03/", outlet=OUTLET, depth=7)
    assert beside.urls(Role.ARTICLE) == []


def test_a_listing_is_followed_back_to_the_span(ask: Any) -> None:
    def urls(depth: int, *days: str) -> list[str]:
        page = listing(*(f"/{day}/a-story-of-some-length" for day in days), more=NEXT)
        found = ask(page, Role.SECTION, url=f"{SITE}/world/page/8/", outlet=OUTLET, depth=depth)
        return found.urls(Role.SECTION, "archive" if depth > 3 else "pagination")

    march = ("2026/03/03", "2026/03/02", "2026/03/01")
    assert urls(70, *march) == ["/world/page/9/"]
    assert urls(1, *march) == ["/world/page/9/"]
    assert urls(70, "2026/01/03", "2026/01/02", "2025/12/20") == ["/world/page/9/"]
    assert urls(70, "2025/12/20", "2025/12/19", "2025/12/18") == []
    assert urls(1, "2025/12/20", "2025/12/19", "2025/12/18") == []
    assert urls(70, "2026/03/03", *(f"2025/12/{day}" for day in range(10, 14))) == []  # beside the list: what is new
    assert urls(70, "2026/03/03") == []  # too little to go by


def test_teasers_date_their_links(ask: Any) -> None:
    def teaser(slug: str, when: str) -> str:
        return (
            f"<li class=teaser><div><h3><a href='/world/{slug}-of-the-day'>The story {slug} of the day</a></h3></div>"
            f"<p>Words <a href='/world/{slug}-of-the-day#c'>3 comments</a></p><time datetime='{when}'>then</time></li>"
        )

    teasers = teaser("one", "2026-03-05T10:00:00Z") + teaser("two", "2026-01-05") + teaser("three", "2025-12-05")
    undated = "<h2><a href='/world/undated-story-of-the-day'>A story about it</a></h2>"
    page = f"<html><body><main><ul>{teasers}</ul>{undated}"
    found = ask(page, Role.SECTION, url=f"{SITE}/world/", outlet=OUTLET)
    assert found.urls(Role.ARTICLE) == ["/world/two-of-the-day", "/world/undated-story-of-the-day"]
    assert found.candidates[0].date == "2026-01-05"
    normal = ask(page, Role.SECTION, url=f"{SITE}/world/")
    assert len(normal.urls(Role.ARTICLE)) == 4
    assert {each.date for each in normal.candidates} == {None}


def test_undated_links_go_with_a_page_of_another_time(ask: Any) -> None:
    days = ("2026/03/03", "2026/03/02", "2026/03/01")
    page = listing(*(f"/{day}/a-story-of-some-length" for day in days), "/world/undated-story-of-the-day")
    assert ask(page, Role.HOME, outlet=OUTLET).urls(Role.ARTICLE) == []
    assert ask(listing("/world/undated-story-of-the-day"), Role.HOME, outlet=OUTLET).urls(Role.ARTICLE) != []


def test_redirects(ask: Any) -> None:
    def target(url: str, to: str) -> list[str]:
        headers = (("Location", to),)
        return ask("", Role.ARTICLE, url=SITE + url, status=301, headers=headers, outlet=OUTLET).urls()

    assert target("/2026/01/05/a", "/2026/03/05/a") == ["/2026/03/05/a"]  # it is of the span; its address moved
    assert target("/go/5", "/2026/03/05/a") == []
    assert target("/go/5", "/2026/01/05/a") == ["/2026/01/05/a"]
    assert target("/go/5", "/a") == ["/a"]


# ---------------------------------------------------------------- patterns of archive pages


def test_patterns() -> None:
    end = datetime(2026, 1, 3, tzinfo=UTC)
    limits = Limits(since=datetime(2026, 1, 1, tzinfo=UTC), until=end)
    days = expand("/archive/{yyyy}/{mm}/{dd}/", limits, end)
    assert days == [
        "/archive/2026/01/03/", "/archive/2026/01/02/", "/archive/2026/01/01/", "/archive/2025/12/31/",
    ]  # fmt: skip
    assert expand("/a?y={yyyy}&m={m}&d={d}", limits, end)[-2:] == ["/a?y=2026&m=1&d=1", "/a?y=2025&m=12&d=31"]
    assert expand("/a/{yyyy}-{mm}", limits, end) == ["/a/2026-01", "/a/2025-12"]
    assert expand("/a/{yyyy}", limits, end) == ["/a/2026", "/a/2025"]
    assert expand("/a/{yyyy}", Limits(until=end), end) == []


def test_patterns_are_seeds_of_a_backfill_only() -> None:
    outlet = dataclasses.replace(OUTLET, archives=("/archive/{yyyy}/{mm}/{dd}/", "https://old.news.example/{yyyy}/{m}"))
    found = [each for each in seeds(outlet) if each.method == "archive"]
    assert {each.role for each in found} == {Role.SECTION}
    assert len(found) == 33 + 3
    assert f"{SITE}/archive/2026/01/31/" in {each.url for each in found}
    assert "https://old.news.example/2026/1" in {each.url for each in found}
    open_end = dataclasses.replace(outlet, limits=Limits(since=JANUARY.since))
    assert len(seeds(open_end, datetime(2026, 1, 1, 12, tzinfo=UTC))) == 2 + 3 + 2
    assert len(seeds(open_end)) == 2
    assert len(seeds(dataclasses.replace(outlet, limits=Limits()), datetime.now(UTC))) == 2


def test_age_does_not_count_in_a_backfill(ask: Any) -> None:
    ref = CaptureRef(
        filename="x", offset=0, length=1, record_id="x", url=SITE, date="2026-03-05T10:00:00Z", type="response",
        payload_digest=None,
    )  # fmt: skip
    outlet = dataclasses.replace(OUTLET, limits=dataclasses.replace(JANUARY, age=timedelta(days=2)))
    page = listing("/2026/01/05/a-story-of-some-length")
    found = ask(page, Role.HOME, outlet=outlet)
    assert [each.role for each in candidates_in(ref, found, outlet)].count(Role.ARTICLE) == 1
