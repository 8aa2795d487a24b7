"""Feeds: every dialect, what is broken in them, and what is meant to harm."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from pipelines.model import Role

RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>
<link>https://news.example/</link>{}</channel></rss>"""
ITEM = "<item><title>{0} in the news</title><link>https://news.example/{0}</link></item>"
ITEMS = "".join(ITEM.format(name) for name in ("a", "b", "c"))
ENTITIES = '<!DOCTYPE rss [<!ENTITY x "{}"><!ENTITY y "&x;&x;&x;">]>'


def test_rss2(ask: Any) -> None:
    found = ask(
        RSS.format(
            "<item><title>A &amp; <![CDATA[B]]></title><link>https://news.example/a?utm_source=rss&amp;id=1</link>"
            "<guid isPermaLink='false'>17</guid><pubDate>Thu, 05 Mar 2026 10:00:00 GMT</pubDate></item>"
            "<item><guid>https://news.example/b</guid>"
            "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-03-04</dc:date></item>"
            "<item><title>No link</title><guid isPermaLink='false'>https://news.example/no</guid></item>"
        ),
        Role.FEED,
        url="https://news.example/feeds/rss.xml",
        depth=1,
    )
    first, second = found.candidates
    assert first.url == "https://news.example/a?id=1"
    assert (first.title, first.date) == ("A & B", "Thu, 05 Mar 2026 10:00:00 GMT")
    assert (first.role, first.method, first.depth, first.outlet) == (Role.ARTICLE, "feed", 2, "news")
    assert first.source_url == "https://news.example/feeds/rss.xml"
    assert (second.url, second.date) == ("https://news.example/b", "2026-03-04")
    assert found.notes.startswith("feed: 3 items (rss20)")


@pytest.mark.parametrize(
    "body",
    [
        '<rss version="0.91"><channel>' + ITEMS + "</channel></rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/'
        'rss-0.91.dtd"><rss version="0.91"><channel>' + ITEMS + "</channel></rss>",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        + ITEMS
        + "</rdf:RDF>",
        '<feed xmlns="http://www.w3.org/2005/Atom">'
        + "".join(
            f'<entry><link rel="edit" href="/x"/><link rel="alternate" href="/{name}"/><updated>2026</updated></entry>'
            for name in "abc"
        )
        + "</feed>",
        '<feed xmlns="http://purl.org/atom/ns#" version="0.3">'
        + "".join(f'<entry><link rel="alternate" type="text/html" href="/{name}"/></entry>' for name in "abc")
        + "</feed>",
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/x/">'
        + "".join(f'<entry><link href="../{name}"/></entry>' for name in "abc")
        + "</feed>",
        '<feed xmlns="http://www.w3.org/2005/Atom">'
        + "".join(f"<entry><id>https://news.example/{name}</id></entry>" for name in "abc")
        + "</feed>",
        RSS.format("".join(f"<item><link>/{name}</link></item>" for name in "abc")),
        RSS.format("".join(f"<item><link>\n  /{name}\n</link></item>" for name in "abc")),
        RSS.format("".join(f"<item><link><![CDATA[/{name}]]></link></item>" for name in "abc")),
        RSS.format(ITEMS * 20),
    ],
)
def test_dialects(ask: Any, body: str) -> None:
    assert ask(body, Role.FEED, url="https://news.example/feed").urls() == ["/a", "/b", "/c"]


def test_json_feed(ask: Any) -> None:
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "next_url": "/feed.json?page=2",
        "items": [
            {"id": "1", "url": "https://news.example/a", "title": "A", "date_published": "2026-03-05T10:00:00Z"},
            {"id": "https://news.example/b", "date_modified": "2026-03-04"},
            {"id": "3", "external_url": "/c"},
            {"id": "4"},
            {"id": 5, "url": ["x"]},
            "x",
        ],
    }
    found = ask(json.dumps(data), Role.FEED, url="https://news.example/feed.json")
    assert found.urls(Role.ARTICLE) == ["/a", "/b", "/c"]
    assert found.urls(Role.FEED, "pagination") == ["/feed.json?page=2"]
    assert (found.candidates[0].title, found.candidates[0].date) == ("A", "2026-03-05T10:00:00Z")


@pytest.mark.parametrize(
    "body", ['{"items": 5}', '{"items": [', '{"items":' + "[" * 100_000, '{"items": [1e999, NaN]}']
)
def test_json_that_is_no_feed(ask: Any, body: str) -> None:
    found = ask(body, Role.FEED)
    assert found.candidates == ()
    assert "feed" in found.notes


def test_feedburner_says_where_the_item_is(ask: Any) -> None:
    body = RSS.format(
        '<item xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"><link>https://feeds.example/~r/x/1</link>'
        "<f:origLink>https://news.example/a</f:origLink></item>"
    )
    assert ask(body, Role.FEED).urls() == ["/a"]


def test_paging(ask: Any) -> None:
    body = RSS.format(
        '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="next" href="/feed?paged=2"/>'
        '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="self" href="/feed"/>' + ITEMS
    )
    assert ask(body, Role.FEED, url="https://news.example/feed").urls(Role.FEED) == ["/feed?paged=2"]
    assert ask(body, Role.FEED, url="https://news.example/feed", depth=3).urls(Role.FEED) == []


def test_other_hosts_and_odd_schemes_are_counted(ask: Any) -> None:
    odd = ["javascript:1", "file:///etc/rpc", "http://127.0.0.1:6379/", "http://[", "https://other.example/x"]
    body = RSS.format("".join(f"<item><link>{link}</link></item>" for link in odd) + ITEMS)
    found = ask(body, Role.FEED)
    assert found.urls() == ["/a", "/b", "/c"]
    assert "3 links no web address" in found.notes
    assert "2 links on other hosts" in found.notes


# ---------------------------------------------------------------- broken


def test_charsets(ask: Any) -> None:
    item = "<item><title>Größe</title><link>https://news.example/a</link></item>"
    head = '<?xml version="1.0" encoding="{}"?><rss version="2.0"><channel>'
    for declared, real in [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "iso-8859-1"),
        ("utf-8", "cp1252"),
        ("windows-1251", "utf-8"),
        ("hex_codec", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-8", "utf-16"),
    ]:
        body = (head.format(declared) + item + "</channel></rss>").encode(real)
        (only,) = ask(body, Role.FEED).candidates
        assert only.title == "Größe", (declared, real)


def test_control_characters(ask: Any) -> None:
    body = RSS.format("<description>a\x00b\x0b\x1f\x7f</description>" + ITEMS)
    assert ask(body, Role.FEED).urls() == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    "broken",
    [
        "<title>Fish & chips &nbsp; &bogus; &</title>",
        "<title>1 < 2</title>",
        "<description><p>never closed<br></description>",
        "<item><link>/a</link><description><p>never <b>closed<br></description></item>",
        "<item><link>/a</link><dc:date>2026-03-05</dc:date></item>",
        "<title>&#0; &#x1F600;</title>",
        "<undeclared:thing/>",
        "<x a=1 b>y</x>",
    ],
)
def test_what_is_not_well_formed_is_mended(ask: Any, broken: str) -> None:
    found = ask(RSS.format(broken + ITEMS), Role.FEED)
    assert found.urls() == ["/a", "/b", "/c"]
    assert "mended" in found.notes


def test_undeclared_prefixes_are_taken_for_what_they_are_meant_to_be(ask: Any) -> None:
    (only,) = ask(RSS.format("<item><link>/a</link><dc:date>2026-03-05</dc:date></item>"), Role.FEED).candidates
    assert only.date == "2026-03-05"


def test_bare_ampersands_in_links(ask: Any) -> None:
    body = RSS.format("<item><link>https://news.example/a?b=1&c=2&copy=3</link></item>")
    assert ask(body, Role.FEED).urls() == ["/a?b=1&c=2&copy=3"]
    body = RSS.format("<item><link><![CDATA[https://news.example/a?b=1&c=2]]></link></item><title>&</title>")
    assert ask(body, Role.FEED).urls() == ["/a?b=1&c=2"]


def test_junk_before_the_feed(ask: Any) -> None:
    for junk in ("\n\n  ", "<!-- made by a machine -->\n", "\ufeff", "<b>Warning</b>: something in line 3\n"):
        assert ask(junk + RSS.format(ITEMS), Role.FEED).urls() == ["/a", "/b", "/c"], junk


def test_cut_anywhere(ask: Any) -> None:
    whole = RSS.format("".join(ITEM.format(f"story-{number}") for number in range(8)))
    good = {f"/story-{number}" for number in range(8)}
    for end in range(0, len(whole), 7):
        found = ask(whole[:end], Role.FEED)
        assert set(found.urls(Role.ARTICLE)) <= good, whole[end - 40 : end]
        assert len(found.urls(Role.ARTICLE)) >= whole[:end].count("</item>")


def test_titles_are_plain_and_short(ask: Any) -> None:
    title = "<![CDATA[<b>Big</b> news\n\u202e &amp; more" + "x" * 5000 + "]]>"
    (only,) = ask(RSS.format(f"<item><title>{title}</title><link>/a</link></item>"), Role.FEED).candidates
    assert only.title is not None
    assert only.title.startswith("Big news & more")
    assert len(only.title) <= 500


def test_html_in_place_of_a_feed(ask: Any) -> None:
    body = (
        '<html><head><link rel=alternate type="application/rss+xml" href="/real.xml"></head><a href="/world/rss">W</a>'
    )
    found = ask(body, Role.FEED, url="https://news.example/rss")
    assert found.urls() == ["/real.xml", "/world/rss"]
    assert "expected a feed" in found.notes


def test_nothing(ask: Any) -> None:
    for body in (b"", b"  \n", b"\x00\xff" * 100, b"hello", b"{}"):
        found = ask(body, Role.FEED)
        assert found.candidates == ()
        assert "nothing read" in found.notes


# ---------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "doctype",
    [
        ENTITIES.format("lol" * 10),
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:6379/">%p;]>',
        "<!-- <rss> -->" + ENTITIES.format("x"),
        '<?xml version="1.0"?>\n<!-- x -->' + ENTITIES.format("x").replace("ENTITY", "entity"),
    ],
)
def test_entities_are_refused(ask: Any, doctype: str) -> None:
    found = ask(doctype + RSS.format(f"<title>&x;</title>{ITEMS}").split("?>", 1)[1], Role.FEED)
    assert found.candidates == ()
    assert "refused: it declares entities" in found.notes
    found = ask((doctype + RSS.format(ITEMS).split("?>", 1)[1]).encode("utf-16"), Role.FEED)
    assert found.candidates == ()


def test_a_story_about_entities_is_read(ask: Any) -> None:
    body = RSS.format("<item><title><![CDATA[What <!ENTITY does]]></title><link>/a</link></item>")
    assert ask(body, Role.FEED).urls() == ["/a"]


@pytest.mark.parametrize(
    "body",
    [
        "<rss><channel>" + "<a>" * 200_000,
        "<rss><channel><b x>" + "<a>" * 200_000,
        "<rss><channel>" + "<" * 1_000_000,
        "<rss><channel " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/></rss>",
        "<rss><channel " + " ".join(f"a{n}=1" for n in range(100_000)) + ">",
        "<rss><channel>" + "&x;<" * 200_000,
        "<rss>" + "<![CDATA[" * 100_000,
        "<!--" * 200_000 + "<rss>",
        "<?xml " + "a" * 1_000_000,
    ],
    ids=[
        "deep",
        "deep and broken",
        "<<<",
        "attributes",
        "bare attributes",
        "entities",
        "cdata",
        "comments",
        "declaration",
    ],
)
def test_hostile_feeds_take_no_time(ask: Any, body: str) -> None:
    start = time.process_time()
    assert ask(body, Role.FEED).candidates == ()
    assert time.process_time() - start < 3.0


def test_a_huge_title_harms_no_items(ask: Any) -> None:
    assert ask(RSS.format("<title>" + "t" * 10 * 2**20 + "</title>" + ITEMS), Role.FEED).urls() == ["/a", "/b", "/c"]
