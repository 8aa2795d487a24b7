"""Backfills: the articles of a span, through paged listings and dated archives, and on from where they stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sampleweb import SampleWeb
from tests.crawler.conftest import Pages
from tests.crawler.shell import JobFile, job_file

Web = Callable[..., SampleWeb]
Job = Callable[..., JobFile]

DAY = timedelta(days=1)


def test_a_span_through_paged_listings_stopped_on_the_way(small_web: Web, new_job: Job) -> None:
    """Without sitemaps, at an outlet whose addresses bear dates, and whose archive has five pages."""
    web = small_web("faro")
    job = new_job(web)
    since, until = datetime(2026, 9, 10, tzinfo=UTC), datetime(2026, 9, 14, tzinfo=UTC)
    command = ("-a", f"since={since:%Y-%m-%d}", "-a", f"until={until:%Y-%m-%d}", "-a", "deny=/sitemap*")
    stopped = job.crawl(*command, "-s", "CLOSESPIDER_PAGECOUNT=11")
    assert stopped.status == 6, stopped
    ended = job.crawl(*command)
    assert ended.status == 0, ended
    (run,) = job.runs
    found = Counter(record["canonical_url"] for record in run.articles)
    truth = {item.canonical_url: item.published_at for item in web.articles()}
    inside = {url for url, at in truth.items() if at and since <= at < until}
    assert len(inside) >= 4
    assert {url: found[url] for url in inside} == dict.fromkeys(inside, 1)
    # A day in an address is a day in some time zone: those of the days beside the span come along, no others.
    dated = [at for url, at in truth.items() if at and url in found]
    assert [at for at in dated if not since - DAY <= at < until + DAY] == []
    asked = Counter(request.path for request in web.requests)
    assert asked["/archive/?page=4"] == 1, "back to the span"
    assert asked["/archive/?page=5"] == 0, "and not beyond"
    articles = {path: count for path, count in asked.items() if path.count("/") > 2 and "-09-" in path}
    assert len(articles) < len(truth) / 2
    assert set(articles.values()) == {1}


def archive_of_days(pages: Pages, article: Any) -> dict[str, date]:
    """A site whose home page names nothing: a page for each day, with two pages of stories without dates."""
    stories: dict[str, date] = {}
    pages.pages["/"] = article("Welcome to the archive")
    for number in range(40):
        day = date(2026, 1, 1) + timedelta(days=number)
        folder = f"/archive/{day:%Y/%m/%d}/"
        for part in (1, 2):
            path = f"/story/a-tale-of-the-harbour-{number * 2 + part}"
            stories[path] = day
            pages.pages[path] = article(f"Tale {number * 2 + part} of the harbour")
            links = f"<h2><a href='{path}'>A tale of the harbour office</a></h2>"
            more = f"<a href='{folder}page/2/'>2</a><a href='/archive/{day - DAY:%Y/%m/%d}/'>the day before</a>"
            pages.pages[folder if part == 1 else f"{folder}page/2/"] = f"<html><body>{links}{more}".encode()
    return stories


def test_a_span_through_the_days_of_an_archive(pages: Pages, article: Any, tmp_path: Any) -> None:
    stories = archive_of_days(pages, article)
    job = job_file(tmp_path, [("one", f"{pages.base}/")])
    with job.path.open("a", encoding="utf-8") as file:
        file.write('archives = ["/archive/{yyyy}/{mm}/{dd}/"]\n')
    command = ("-a", "since=2026-01-10", "-a", "until=2026-01-13", "-a", "allow=/story/*")
    stopped = job.crawl(*command, "-s", "CLOSESPIDER_PAGECOUNT=6")
    assert stopped.status == 6, stopped
    ended = job.crawl(*command)
    assert ended.status == 0, ended
    asked = Counter(pages.asked)
    fetched = {path for path in asked if path in stories}
    days = [date(2026, 1, 9) + timedelta(days=number) for number in range(5)]
    assert fetched == {path for path, day in stories.items() if day in days}
    assert {path for path in asked if path.startswith("/archive/")} == {
        f"/archive/{day:%Y/%m/%d}/{page}" for day in days for page in ("", "page/2/")
    }
    assert len(fetched) == 10
    assert {asked[path] for path in fetched} == {1}


def test_after_a_usual_run_and_for_another_span(small_web: Web, new_job: Job) -> None:
    """What waits from the usual run is not of the span; the sources are read again, and not only if they changed."""
    web = small_web("faro")
    job = new_job(web)
    usual = job.crawl("-a", "deny=/sitemap*", "-a", "pages=1")
    assert usual.status == 0, usual
    truth = {item.canonical_url: item.published_at for item in web.articles()}
    for first in (10, 18):
        known = len(web.requests)
        since, until = datetime(2026, 9, first, tzinfo=UTC), datetime(2026, 9, first + 3, tzinfo=UTC)
        ended = job.crawl("-a", f"since={since:%Y-%m-%d}", "-a", f"until={until:%Y-%m-%d}", "-a", "deny=/sitemap*")
        assert ended.status == 0, ended
        asked = {request.path for request in web.requests[known:]}
        found = [at for url, at in truth.items() if at and any(url.endswith(path) for path in asked - {"/"})]
        inside = [at for at in truth.values() if at and since <= at < until]
        assert inside and set(inside) <= set(found)
        assert [at for at in found if not since - DAY <= at < until + DAY] == []
