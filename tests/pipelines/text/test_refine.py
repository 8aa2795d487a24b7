# ruff: noqa: E501 (invented pages read better on one line)
"""The door: records, rejections, thin pages, hostile pages."""

import dataclasses
import pickle
import time
import uuid

import pytest

from pipelines.model import Article, Capture, CaptureRef, Outcome, Provenance, Rejection, Role
from pipelines.text.refine import Options, explain, failed, observe, refine, refine_closely

P = (
    "<p>The council agreed on Tuesday evening to rebuild the old bridge before winter.</p>",
    "<p>Work is to begin in October and will close the river road for six weeks, engineers said.</p>",
    "<p>It will cost two million crowns, of which the province pays half.</p>",
)
TAGGED = '<meta property="og:type" content="article">'


def capture(html: str | bytes, **values: object) -> Capture:
    payload = html.encode() if isinstance(html, str) else html
    ref = CaptureRef(
        filename="a.warc.gz", offset=7, length=99, record_id="urn:uuid:5f3c", url="https://www.news.example/bridge",
        date="2026-09-16T12:00:00Z", type="response", payload_digest="sha1:X",
    )  # fmt: skip
    defaults: dict[str, object] = {"status": 200, "headers": (("Content-Type", "text/html; charset=utf-8"),)}
    return Capture(ref=ref, payload=payload, **{**defaults, **values})  # type: ignore[arg-type]


def page(body: str, head: str = "", title: str = "Council to rebuild bridge") -> str:
    return f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def article(html: str) -> Article:
    result = refine(capture(html))
    assert isinstance(result, Article), result
    return result


def reason(html: str | bytes, **values: object) -> str:
    result = refine(capture(html, **values))
    assert isinstance(result, Rejection), result
    return result.reason


def test_record() -> None:
    found = article(page(f"<article><h1>Council to rebuild bridge</h1>{''.join(P)}</article>"))
    assert found.text.split("\n\n") == [text[3:-4] for text in P]
    assert found.headline == "Council to rebuild bridge"
    assert found.id == str(uuid.uuid5(uuid.NAMESPACE_URL, "urn:uuid:5f3c"))
    assert found.version.number == 1 and found.version.previous_id is None and found.version.change is None
    assert found.version.first_seen == "2026-09-16T12:00:00Z"
    assert found.warc.offset == 7 and found.http.status == 200 and found.publisher.domain == "news.example"
    assert found.extraction.options_digest == Options().digest and found.extraction.site_memory_digest is None
    assert found.language == "en"


@pytest.mark.parametrize("date", ["20x6-09-16T12:00:00Z", "", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_dates_of_captures_that_cannot_be_cost_no_article(date: str) -> None:
    told = page(f"<article><h1>Council to rebuild bridge</h1>{''.join(P)}<time>16 September 2026</time></article>")
    given = capture(
        told.replace("<head>", '<head><meta property="article:published_time" content="2026-09-16T10:00:00Z">')
    )
    found = refine(dataclasses.replace(given, ref=dataclasses.replace(given.ref, date=date)))
    assert isinstance(found, Article) and found.date_published == "2026-09-16T10:00:00+00:00"


@pytest.mark.parametrize("count", [3, 300])
def test_plain_synthetic_pages_are_articles(count: int) -> None:
    words = ["amber", "falcon", "ridge", "copper", "lantern", "meadow", "thistle", "harbour", "granite", "willow"]
    texts = [f"Report 5, paragraph {n}: {' '.join(words[n % 7 :] + words[: n % 5])}." for n in range(count)]
    html = f"<title>Crash page 5</title><article><h1>Crash page 5</h1>{''.join(f'<p>{t}</p>' for t in texts)}</article>"
    assert article(html).text == "\n\n".join(texts)


@pytest.mark.parametrize(
    "head",
    [
        TAGGED,
        '<meta property="article:published_time" content="2026-09-16T10:00:00Z">',
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Council to rebuild bridge"}</script>',
    ],
)
def test_a_flash_gives_exactly_its_line(head: str) -> None:
    body = f"""<div><h2>Accessibility links</h2><ul><li><a href=#a>Skip to main content</a></li></ul></div>
    <main><div class=category><a href=/x>Breaking News</a></div><article><h1>Council to rebuild bridge</h1>
    <time datetime="2026-09-16T10:00:00Z">10:00</time>{P[0]}</article></main>
    <div class=notice><p>This station has been declared unwelcome. You could face fines for sharing what it says.</p>
    </div><div>XS</div><div>SM</div><div>MD</div><div>LG</div>"""
    assert article(page(body, head)).text == P[0][3:-4]


def test_no_paragraph_no_text_and_never_the_menus() -> None:
    body = """<div><h2>Accessibility links</h2></div><main><h1>Council to rebuild bridge</h1></main>
    <div class=notice><p>This station has been declared unwelcome. You could face fines for sharing what it says.</p>
    <p>If you hold a permit from inland please note that you could be fined for contacting us at any time.</p></div>
    <div>XS</div><div>SM</div><div>MD</div><div>LG</div>"""
    assert reason(page(body, TAGGED)) == "no-text"


def test_lists_quotes_tables_and_subheads_stay_in_order() -> None:
    body = f"""<article><h1>Council to rebuild bridge</h1>{P[0]}<h2>What it costs</h2><ul><li>Steel: one million</li>
    <li>Labour: half a million</li></ul>{P[1]}<blockquote><p>It will hold a hundred years.</p></blockquote>
    <table><tr><th>Year</th><th>Trains</th></tr><tr><td>2025</td><td>410</td></tr></table>{P[2]}</article>"""
    assert article(page(body)).text.split("\n\n")[1:10] == [
        "What it costs", "Steel: one million", "Labour: half a million", P[1][3:-4],
        "It will hold a hundred years.", "Year", "Trains", "2025", "410",
    ]  # fmt: skip
    plain = refine(capture(page(body)), None, Options(tables=False))
    assert isinstance(plain, Article) and "410" not in plain.text


LINKS = "".join(
    f'<div class=card><h3><a href="/{n}">A headline of some length, number {n}</a></h3></div>' for n in range(30)
)
TEASERS = "".join(
    f'<li><h3><a href="/{n}">A headline of some length, number {n}</a></h3><p>What the story number {n} is about in short.</p></li>'
    for n in range(14)
)


@pytest.mark.parametrize(
    ("expected", "html"),
    [
        ("section", page(f"<h1>Politics</h1>{LINKS}", title="Politics")),
        ("section", page(f"<h1>Politics</h1><ul>{TEASERS}</ul>", title="Politics")),
        ("gallery", page("<h1>Autumn light</h1><div class=photo-gallery>" + "<figure><img src=a><figcaption>1/14 Photo: Agency</figcaption></figure>" * 14 + "</div>")),
        ("video", page("<h1>Evening report</h1><div class=video-player><video src=a></video></div><p>02:41</p>")),
        ("soft-404", page("<h1>Page not found</h1><p>Sorry, we could not find the page you were looking for.</p>", title="Page not found")),
        ("consent-wall", page("<h1>Your choice</h1><div class=consent><p>Please choose whether you accept cookies before you go on reading.</p></div>")),
        ("login-wall", page("<h1>Welcome back</h1><form><p>Please log in to go on.</p><input name=u><input type=password></form>")),
        ("bot-challenge", page('<h1>Checking your browser</h1><form id="challenge-form"></form>', title="Just a moment...")),
        ("empty-shell", page('<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div><script src="/app.js"></script>', title="App")),
        ("no-text", page("<main><h1>Council to rebuild bridge</h1></main>", TAGGED)),
    ],
)  # fmt: skip
def test_what_is_no_article(expected: str, html: str) -> None:
    assert reason(html) == expected


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ("http-status", {"status": 404}),
        ("http-status", {"status": 503}),
        ("redirect", {"status": 301, "headers": (("Location", "https://news.example/new"),)}),
        ("robots", {"provenance": Provenance(role=Role.ROBOTS)}),
        ("feed", {"provenance": Provenance(role=Role.FEED)}),
        ("sitemap", {"provenance": Provenance(role=Role.SITEMAP)}),
        ("section", {"provenance": Provenance(role=Role.HOME)}),
        ("truncated", {"truncated": "length"}),
        ("empty-body", {"payload": b"  \n"}),
        ("undecodable", {"headers": (("Content-Encoding", "gzip"),), "payload": bytes(range(256))}),
        ("not-html", {"headers": (("Content-Type", "image/png"),)}),
        ("not-html", {"payload": bytes(range(256)) * 40}),
        ("feed", {"payload": b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>'}),
        ("sitemap", {"payload": b'<?xml version="1.0"?><!-- x --><urlset></urlset>'}),
    ],
)
def test_captures_that_are_no_pages(expected: str, values: dict[str, object]) -> None:
    html = page(f"<article><h1>Council to rebuild bridge</h1>{''.join(P)}</article>")
    found = refine(dataclasses.replace(capture(html), **values))  # type: ignore[arg-type]
    assert isinstance(found, Rejection) and found.reason == expected
    if expected == "redirect":
        assert found.detail == "https://news.example/new"
    if values.get("status") == 404:
        assert found.detail == "404 Not Found"


def test_failure_is_an_outcome() -> None:
    found = failed(capture("").ref, Provenance(outlet="x"), "took too long")
    assert found.reason == "extract-error" and found.detail == "took too long" and found.outlet == "x"


def test_unexpected_errors_become_rejections(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Outcome:
        raise RuntimeError("surprise")

    monkeypatch.setattr("pipelines.text.refine._refine", broken)
    assert reason(page("<p>x</p>")) == "extract-error"


HOSTILE = {
    "attributes": "<p " + " ".join(f"a{n}=x" for n in range(50_000)) + ">text</p>",
    "cells": "<table>" + "<tr><td>a cell of the table</td></tr>" * 10_000 + "</table>",
    "depth": "<div>" * 3_000 + P[0] + "</div>" * 3_000,
    "bold": "<p>" + "<b>" * 3_000 + "text" + "</b>" * 3_000 + "</p>",
    "line": "<p>" + "word " * 200_000 + "</p>",
    "links": '<a href="/x">a link to some page</a> ' * 30_000,
    "pictures": ("<img src=x>" + P[0]) * 3_000,
    "unclosed": "<div><p>open " * 10_000,
    "zeros": "\0" * 1_000,
    "json": '<script type="application/ld+json">' + "[" * 50_000 + "</script>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_soon_and_in_an_outcome(name: str) -> None:
    start = time.process_time()
    html = page(f"<article><h1>Council to rebuild bridge</h1>{HOSTILE[name]}{''.join(P)}</article>")
    assert isinstance(refine(capture(html)), Article | Rejection)
    observe(capture(html))
    assert time.process_time() - start < 10


def test_values_travel_to_workers() -> None:
    html = page(f"<article><h1>Council to rebuild bridge</h1>{''.join(P)}</article>")
    outcome, _, seen = refine_closely(capture(html), observing=True)
    assert outcome == refine(capture(html)) and seen == observe(capture(html))
    for value in (outcome, seen, Options(), capture(html)):
        assert pickle.loads(pickle.dumps(value)) == value


def test_everything_left_out_has_a_reason() -> None:
    body = f"<nav><a href=/>Home page of the news</a></nav><article><h1>Council to rebuild bridge</h1>{''.join(P)}</article>"
    removed = explain(capture(page(body)))
    assert {(entry.reason, entry.text) for entry in removed} == {
        ("outside", "Home page of the news"), ("headline", "Council to rebuild bridge"),
    }  # fmt: skip
