"""The whole of ``metadata.read`` on invented pages: that the fields come together, and that nothing breaks it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import lxml.html
import pytest

from pipelines.model import Author, Provenance
from pipelines.text import metadata, structured

CAPTURED = datetime(2026, 3, 5, 12, tzinfo=UTC)
URL = "https://www.tidewell-courier.co.uk/news/harbour-wall-2026/03/04/story-77120"

UNKNOWN = Provenance()


def read(html: str, url: str = URL, provenance: Provenance = UNKNOWN, headers=()) -> metadata.Metadata:
    tree = lxml.html.document_fromstring(html)
    before = lxml.html.tostring(tree)
    page = structured.gather(tree, url)
    found = metadata.read(page, url=url, captured=CAPTURED, headers=headers, provenance=provenance)
    assert lxml.html.tostring(tree) == before
    assert metadata.read(page, url=url, captured=CAPTURED, headers=headers, provenance=provenance) == found
    return found


FULL = (
    """<html lang="en-GB"><head><title>Harbour wall gives way after storm | News | Tidewell Courier</title>
<meta property="og:title" content="Harbour wall gives way after storm - Tidewell Courier">
<meta property="og:site_name" content="Tidewell Courier"><meta property="og:locale" content="en_GB">
<meta property="og:description" content="Two boats lost &amp;amp; nobody hurt.">
<meta property="og:image" content="/media/wall.jpg">
<meta name="news_keywords" content="storms, harbour">
<link rel="canonical" href="/news/harbour-wall-2026/03/04/story-77120">
<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">
<script type="application/ld+json">"""
    + json.dumps(
        {
            "@graph": [
                {"@type": "NewsMediaOrganization", "@id": "#pub", "name": "Tidewell Courier"},
                {"@type": "Person", "@id": "#a", "name": "Orla Penhallow", "url": "/people/orla"},
                {
                    "@type": "NewsArticle",
                    "headline": "Harbour wall gives way after storm",
                    "alternativeHeadline": "The night the sea came in",
                    "author": [{"@id": "#a"}, {"@type": "Organization", "name": "Tidewell Press Agency"}],
                    "publisher": {"@id": "#pub"},
                    "datePublished": "2026-03-04T07:30:00+00:00",
                    "dateModified": "2026-03-04T09:00:00Z",
                    "articleSection": "News",
                    "isAccessibleForFree": "False",
                },
            ]
        }
    )
    + """</script></head><body><h1>Harbour wall gives way after storm</h1><p>Text.</p></body></html>"""
)


def test_a_page_that_tells_everything():
    found = read(FULL)
    assert found.headline == "Harbour wall gives way after storm"
    assert found.alternative_headline == "The night the sea came in"
    assert found.description == "Two boats lost & nobody hurt."
    assert found.authors == (
        Author(name="Orla Penhallow", url="https://www.tidewell-courier.co.uk/people/orla"),
        Author(name="Tidewell Press Agency", type="Organization"),
    )
    assert [author.name for author in found.authors if author.type == "Organization"] == ["Tidewell Press Agency"]
    assert (found.date_published, found.date_published_raw, found.date_published_source) == (
        "2026-03-04T07:30:00+00:00",
        "2026-03-04T07:30:00+00:00",
        "json-ld",
    )
    assert found.date_modified == "2026-03-04T09:00:00+00:00"
    assert (found.language, found.declared_languages) == ("en", ("en-GB",))
    assert found.article_section == ("News",)
    assert found.keywords == ("storms", "harbour")
    assert (found.publisher.name, found.publisher.domain) == ("Tidewell Courier", "tidewell-courier.co.uk")
    assert found.canonical_url == URL
    assert found.image == "https://www.tidewell-courier.co.uk/media/wall.jpg"
    assert found.is_accessible_for_free is False
    assert found.license == "https://creativecommons.org/licenses/by/4.0/"


def test_a_page_that_tells_nothing():
    found = read("<html><body><p>Words.</p></body></html>", url="https://example.org/x/1")
    assert found.headline is None
    assert found.authors == ()
    assert found.date_published is None
    assert found.canonical_url == "https://example.org/x/1"
    assert found.is_accessible_for_free is None


def test_what_the_feed_said_fills_the_gaps():
    said = Provenance(method="feed", title="A headline", date="Wed, 04 Mar 2026 07:30:00 +0100")
    found = read("<html><body><p>Words.</p></body></html>", provenance=said)
    assert found.headline == "A headline"
    assert (found.date_published, found.date_published_source) == ("2026-03-04T07:30:00+01:00", "feed")


@pytest.mark.parametrize(
    "html",
    [
        "<html>",
        "<p>",
        '<script type="application/ld+json">{"@graph": [[[[',
        '<script type="application/ld+json">null</script>',
        '<script type="application/ld+json">{"@type": 7, "author": {"name": {"name": {"name": []}}}}</script>',
        '<script type="application/ld+json">{"@type":"NewsArticle","author":5,"keywords":{},"datePublished":[],'
        '"image":[[[]]],"url":{"@id":3},"headline":{"a":1},"publisher":[null],"articleSection":[{}]}</script>',
        '<link rel="canonical" href="http://[::1"><meta property="og:image" content="http://[bad">'
        '<a rel="author" href="//[">X Y</a>',
        '<meta name="date" content="99999999999999999999"><meta name="pubdate" content="0000-00-00">',
        "<h1>" + "<span>" * 300 + "deep" + "</span>" * 300 + "</h1>",
        '<html lang=""><meta property="og:locale" content="???"><time datetime="T">soon</time>',
    ],
)
def test_nothing_on_a_page_breaks_it(html):
    read(html)


def test_a_site_name_is_what_the_title_adds():
    page = "<html><title>{}</title><body><h1>Boats return to harbour</h1></body></html>"
    assert read(page.format("Boats return to harbour | The Evening Gull")).publisher.name == "The Evening Gull"
    assert read(page.format("Evening Gull :: Boats return to harbour")).publisher.name == "Evening Gull"
    assert read(page.format("Boats return to harbour")).publisher.name is None


@pytest.mark.parametrize("url", ["", "http://[::1", "https://example.org", "http://example.org/%ff?q=1#f"])
def test_odd_addresses(url):
    assert read("<h1>Boats return to harbour</h1>", url=url).canonical_url.partition("#")[0] == url.partition("#")[0]


@pytest.mark.parametrize(
    "html",
    [
        "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">x",
        "<h1>x</h1>" + '<a href="/tag/x">y</a> ' * 20_000,
        "<title>" + " - " * 20_000 + "</title><h1>" + "a | " * 20_000 + "</h1>",
        '<p class="date">' + "2024 " * 50_000,
        "<time datetime=2024-01-01>x</time>" * 10_000,
        "<span class=byline>" + "By a and " * 20_000 + "</span>",
    ],
)
def test_hostile_pages_take_no_time(html):
    begun = time.process_time()
    read(html)
    assert time.process_time() - begun < 2  # seconds, for two readings; they take .01 to .3
