"""JSON-LD, canonical addresses, access and licence, language."""

from __future__ import annotations

import json

import lxml.html
import pytest

from pipelines.text import access, canonical, jsonld, language, structured

URL = "https://www.gullpost.example/news/bridge-stays-closed-48213"


def page(head: str = "", body: str = "", url: str = URL) -> structured.Markup:
    return structured.gather(lxml.html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>"), url)


@pytest.mark.parametrize(
    ("script", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('\n <!-- {"a": 1} -->', {"a": 1}),
        ('//<![CDATA[\n{"a": 1}\n//]]>', {"a": 1}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('{"a": 1} {"b": 2}', {"a": 1}),
        ("{", None),
        ("", None),
        ("[" * 100_000, None),
        (" " * 100_000 + "x", None),
    ],
)
def test_json_ld_is_repaired(script, value):
    assert jsonld.parse(script) == value


def article(*nodes: dict, h1: str = "") -> object:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)
    return page(scripts, f"<h1>{h1}</h1>").article.get("headline")


def test_the_article_among_others():
    here = {"@type": "NewsArticle", "headline": "Here", "url": URL}
    there = {"@type": "NewsArticle", "headline": "There", "url": "https://www.gullpost.example/news/other-1"}
    assert article(there, here) == "Here"
    assert article(there, {"@type": "NewsArticle", "headline": "Shown"}, h1="Shown") == "Shown"
    assert article({"@graph": [there, here]}) == "Here"
    assert article({"@type": "WebPage", "mainEntity": here}) == "Here"
    assert article({"@type": ["Article", "NewsArticle"], "headline": "Both"}) == "Both"
    assert article({"@type": "https://schema.org/ReportageNewsArticle", "headline": "Long"}) == "Long"
    assert article({"@type": "ItemList", "itemListElement": [there]}) is None


FETCHED = "https://www.gull-post.co.uk/news/bridge-stays-closed-48213?utm_source=feed"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.gull-post.co.uk/news/bridge-stays-closed-48213",
        "http://gull-post.co.uk/news/bridge-stays-closed-48213/",
        "https://m.gull-post.co.uk/news/bridge-stays-closed-48213",
        "https://www.gull-post.co.uk/48213",
        "/politics/bridge-stays-closed",
    ],
)
def test_plausible_canonical_addresses(address):
    found = canonical.read(page(f'<link rel="canonical" href="{address}">', url=FETCHED))
    assert found == address or found.endswith(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.gull-post.co.uk/",
        "https://www.gull-post.co.uk/news/another-story-99999",
        "https://www.other-post.co.uk/news/bridge-stays-closed-48213",
        "https://gull-post.co.uk.evil.com/news/bridge-stays-closed-48213",
        "http://127.0.0.1/news/bridge-stays-closed-48213",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/news/bridge-stays-closed-48213",
        "http://user:pass@www.gull-post.co.uk/news/bridge-stays-closed-48213",
        "http://www.gull-post.co.uk:6379/news/bridge-stays-closed-48213",
        "javascript:alert(1)",
        "http://[::1",
    ],
)
def test_implausible_canonical_addresses(address):
    assert canonical.read(page(f'<link rel="canonical" href="{address}">', url=FETCHED)) == FETCHED


def test_canonical_of_variants():
    head = '<link rel="canonical" href="https://www.gull-post.co.uk/news/bridge-stays-closed">'
    assert canonical.read(page(head, url="https://amp.gull-post.co.uk/news/bridge-stays-closed/amp")).endswith("closed")
    cache = "https://www-gull--post-co-uk.cdn.ampproject.org/c/s/www.gull-post.co.uk/news/bridge-stays-closed"
    assert canonical.read(page(head, url=cache)) == "https://www.gull-post.co.uk/news/bridge-stays-closed"


@pytest.mark.parametrize(
    ("head", "free"),
    [
        ('<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":"False"}</script>', False),
        ('<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":true}</script>', True),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","hasPart":{"isAccessibleForFree":"http://schema.org/False"}}</script>',
            False,
        ),
        ('<meta property="article:content_tier" content="locked">', False),
        ('<meta property="article:content_tier" content="free">', True),
        ('<meta property="article:content_tier" content="metered">', None),
        ("", None),
    ],
)
def test_access(head, free):
    assert access.is_accessible_for_free(page(head)) is free


def test_licence():
    cc = "https://creativecommons.org/licenses/by/4.0/"
    assert access.license_of(page(body=f'<a rel="license" href="{cc}">CC</a>')) == cc
    assert (
        access.license_of(page(f'<script type="application/ld+json">{{"@type":"Article","license":"{cc}"}}</script>'))
        == cc
    )
    assert access.license_of(page(body=f'<a href="{cc}">a licence the story is about</a>')) is None


GERMAN = (
    "Die Brücke bleibt nach Angaben der Stadt auch im Winter für den Verkehr gesperrt, weil die Arbeiten an den "
    "Pfeilern noch nicht fertig sind und das Geld fehlt."
)
ENGLISH = (
    "The bridge will stay closed over the winter because the work on its piers has not been finished, and the town "
    "says that there is no money for more of it."
)


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        (ENGLISH, ["en-GB"], "en"),
        (GERMAN, ["de"], "de"),
        (GERMAN, [], "de"),
        (GERMAN, ["en"], "de"),  # a template's lang
        (GERMAN, ["en", "de_AT"], "de"),
        ("", ["fr_FR"], "fr"),
        ("Kurz", ["fr"], "fr"),
        ("Мост закрыт на зиму, потому что работы ещё не закончены, и денег на них нет", [], "ru"),
        ("Міст закрито на зиму, бо роботи ще не закінчено, і грошей на них немає", ["ru", "uk"], "uk"),
        ("橋は冬の間閉鎖される。", [], "ja"),
        ("这座桥将在冬季关闭。", ["zh-Hans"], "zh"),
        ("Η γέφυρα μένει κλειστή", [], "el"),
        ("גשר סגור", ["he-IL"], "he"),
        ("1234", [], None),
        ("Ko te piriti ka kati tonu i te takurua", ["mi"], "mi"),
    ],
)
def test_language(text, declared, found):
    assert language.identify(text, declared=declared) == found


@pytest.mark.parametrize(
    ("tag", "normal"),
    [("en_us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("ua", "uk"), ("x", None), ("", None), ("de-DE.UTF-8", "de-DE")],
)
def test_tags(tag, normal):
    assert language.normalise(tag) == normal
