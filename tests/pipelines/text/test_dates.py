from __future__ import annotations

import json
from datetime import UTC, date, datetime

import lxml.html
import pytest

from pipelines.model import Provenance
from pipelines.text import dates, instants, months, structured

CAPTURED = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-03-04T07:30:00+01:00", "2026-03-04T07:30:00+01:00"),
        ("2026-03-04T07:30:00.123Z", "2026-03-04T07:30:00+00:00"),
        ("2026-03-04T07:30+0100", "2026-03-04T07:30:00+01:00"),
        ("2026-03-04 07:30:00Z", "2026-03-04T07:30:00+00:00"),
        ("2026-03-04 07:30:00", "2026-03-04T07:30:00"),
        ("2026-03-04T07:30:00+01:00[Europe/Vienna]", "2026-03-04T07:30:00+01:00"),
        ("2026-03-04", "2026-03-04"),
        ("2026/03/04 07:30", "2026-03-04T07:30:00"),
        ("2026-03-04 07:30 PM", "2026-03-04T19:30:00"),
        ("20260304T073000Z", "2026-03-04T07:30:00+00:00"),
        ("20260304", "2026-03-04"),
        ("1772609400", "2026-03-04T07:30:00+00:00"),
        ("1772609400000", "2026-03-04T07:30:00+00:00"),
        ("Wed, 04 Mar 2026 07:30:00 GMT", "2026-03-04T07:30:00+00:00"),
        ("Wed Mar 04 2026 07:30:00 GMT+0100 (CET)", "2026-03-04T07:30:00+01:00"),
        ("Wed Mar  4 07:30:00 UTC 2026", "2026-03-04T07:30:00+00:00"),
        ("March 4, 2026 7:30 p.m. EDT", "2026-03-04T19:30:00-04:00"),
        ("Published at 07:30, 4 March 2026", "2026-03-04T07:30:00"),
        ("4. März 2026, 7:30 Uhr", "2026-03-04T07:30:00"),
        ("4 mars 2026 à 7h30", "2026-03-04T07:30:00"),
        ("4 марта 2026, 07:30 МСК", "2026-03-04T07:30:00+03:00"),
        ("2026年3月4日 7時30分", "2026-03-04T07:30:00"),
        ("04.03.2026 - Update: 05.03.2026", "2026-03-04"),
        ("4 March 2026", "2026-03-04"),
        ("3 hours ago", None),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("2026-13-45", None),
        ("soon", None),
        ("", None),
    ],
)
def test_what_a_text_states(text, iso):
    moment = instants.parse(text, "en")
    assert (moment.iso() if moment else None) == iso


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("4 March 2026", "en", 4),
        ("Mar. 4, 2026", "en", 4),
        ("4. März 2026", "de", 4),
        ("4 mars 2026", "fr", 4),
        ("1er mars 2026", "fr", 1),
        ("4 de marzo de 2026", "es", 4),
        ("4 de março de 2026", "pt", 4),
        ("4 marzo 2026", "it", 4),
        ("4 maart 2026", "nl", 4),
        ("4 marca 2026", "pl", 4),
        ("4. března 2026", "cs", 4),
        ("4 марта 2026 года", "ru", 4),
        ("4 березня 2026", "uk", 4),
        ("4 Μαρτίου 2026", "el", 4),
        ("4 Mart 2026", "tr", 4),
        ("4 مارس 2026", "ar", 4),
        ("٤ مارس ٢٠٢٦", "ar", 4),
        ("4. marts 2026", "da", 4),
        ("4. mars 2026", "no", 4),
        ("4 mars 2026", "sv", 4),
        ("4. maaliskuuta 2026", "fi", 4),
        ("2026年3月4日", "ja", 4),
        ("2026년 3월 4일", "ko", 4),
        ("2026 m. kovo 4 d.", "lt", 4),
        ("04/03/2026", "fr", 4),
        ("03/04/2026", "en-US", 4),
        ("04.03.2026", "de", 4),
    ],
)
def test_days_in_the_languages_of_the_news(text, language, day):
    found = months.find(text, language)
    assert found is not None
    assert found[0] == date(2026, 3, day)


def test_a_month_that_languages_share_is_told_by_the_page():
    assert months.find("4 listopada 2025", "pl")[0].month == 11
    assert months.find("4. listopada 2025", "hr")[0].month == 10


@pytest.mark.parametrize("text", ["4 Blumen 2026", "Route 4 2026", "2026 seats", "call 2026-99-99"])
def test_what_is_no_day(text):
    assert months.find(text) is None


UNKNOWN = Provenance()


def read(head: str = "", body: str = "", *, url: str = "https://gullpost.example/x", provenance: Provenance = UNKNOWN):
    tree = lxml.html.document_fromstring(f"<html lang='en'><head>{head}</head><body>{body}</body></html>")
    return dates.read(structured.gather(tree, url), captured=CAPTURED, provenance=provenance)


def ld(published: str, modified: str = "") -> str:
    node = {"@type": "NewsArticle", "datePublished": published, "dateModified": modified}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


PUBLISHED = '<meta property="article:published_time" content="{}">'


def test_order_of_sources():
    head = ld("2026-03-04T07:30:00+01:00") + PUBLISHED.format("2026-03-01T00:00:00Z")
    found = read(head, "<time datetime='2026-02-01'>x</time>", url="https://gullpost.example/2026/01/01/x")
    assert (found.published, found.source) == ("2026-03-04T07:30:00+01:00", "json-ld")
    found = read(PUBLISHED.format("2026-03-04T07:30:00Z"), "<time datetime='2026-02-01'>x</time>")
    assert (found.published, found.source) == ("2026-03-04T07:30:00+00:00", "meta:article:published_time")
    found = read(body="<h1>H</h1><time datetime='2026-03-04T07:30:00Z'>4 March</time>")
    assert found.source == "time"
    found = read(url="https://gullpost.example/2026/03/04/bridge")
    assert (found.published, found.raw, found.source) == ("2026-03-04", "2026/03/04", "url")
    found = read(body="<h1>H</h1><p>4 March 2026</p>")
    assert (found.published, found.source) == ("2026-03-04", "text")
    assert read(body="<h1>H</h1><p>Nothing</p>").published is None


def test_a_wall_clock_time_takes_the_offset_of_one_that_agrees():
    head = ld("2026-03-04T07:30:00") + PUBLISHED.format("2026-03-04T06:30:00Z")
    assert read(head).published == "2026-03-04T06:30:00+00:00"
    head = ld("2026-03-04T07:30:00") + PUBLISHED.format("2026-03-04T06:41:00Z")
    assert read(head).published == "2026-03-04T07:30:00"  # another event: no offset is invented


def test_a_day_takes_the_time_of_one_that_agrees():
    assert read(ld("2026-03-04") + PUBLISHED.format("2026-03-04T07:30:00Z")).published == "2026-03-04T07:30:00+00:00"
    assert read(ld("2026-03-04") + PUBLISHED.format("2026-02-01T07:30:00Z")).published == "2026-03-04"


@pytest.mark.parametrize("bad", ["2026-03-09T00:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01", "not yet"])
def test_impossible_dates_are_passed_over(bad):
    found = read(ld(bad) + PUBLISHED.format("2026-03-04T07:30:00Z"))
    assert (found.published, found.source) == ("2026-03-04T07:30:00+00:00", "meta:article:published_time")


def test_modification_is_told_only_where_there_was_one():
    assert read(ld("2026-03-04T07:30:00Z", "2026-03-04T09:00:00Z")).modified == "2026-03-04T09:00:00+00:00"
    assert read(ld("2026-03-04T07:30:00Z", "2026-03-04T07:30:20Z")).modified is None
    assert read(ld("2026-03-04T07:30:00Z", "2026-03-01T07:30:00Z")).modified is None


def test_time_elements_are_told_apart():
    body = (
        "<aside><time datetime='2026-03-05'>x</time></aside><article><h1>H</h1>"
        "<time class='updated' datetime='2026-03-04T09:00:00Z'>x</time>"
        "<time class='published' datetime='2026-03-03T09:00:00Z'>x</time></article>"
    )
    found = read(body=body)
    assert (found.published, found.modified) == ("2026-03-03T09:00:00+00:00", "2026-03-04T09:00:00+00:00")


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2026/03/04/bridge", "2026-03-04"),
        ("/2026/3/4/bridge", "2026-03-04"),
        ("/news/2026-03-04-bridge", "2026-03-04"),
        ("/bridge-20260304.html", "2026-03-04"),
        ("/2026/mar/04/bridge", "2026-03-04"),
        ("/2026/03/bridge", None),
        ("/2026/12", None),
        ("/story/120260304", None),
        ("/2027/03/04/bridge", None),
    ],
)
def test_the_day_in_an_address(path, day):
    assert read(url=f"https://gullpost.example{path}").published == day


def test_dates_in_application_state_when_nothing_else_tells():
    data = {"article": {"id": 7, "created_at": "2026-03-01", "publishedAt": "2026-03-04T07:30Z"}}
    state = f"<script>window.__STATE__ = {json.dumps(data)}</script>"
    assert read(body=f"<h1>H</h1>{state}").published == "2026-03-04T07:30:00+00:00"
    assert read(body=f"<h1>H</h1>{state}").source == "state"
    assert read(PUBLISHED.format("2026-03-02"), f"<h1>H</h1>{state}").published == "2026-03-02"
    pushed = r'<script>self.push([1,"{\"publishDate\":\"2026.03.04 07:30\"}"])</script>'
    assert read(body=f"<h1>H</h1>{pushed}").published == "2026-03-04T07:30:00"
    assert (
        read(body='<h1>H</h1><script>var a = {"publisher": "2026 Gull", "version": "2026-03-04"}</script>').published
        is None
    )


def test_the_feed_completes_a_day():
    said = Provenance(method="feed", date="Wed, 04 Mar 2026 07:30:00 +0100")
    assert read(PUBLISHED.format("2026-03-04"), provenance=said).published == "2026-03-04T07:30:00+01:00"
    assert read(PUBLISHED.format("2026-02-04"), provenance=said).published == "2026-02-04"
