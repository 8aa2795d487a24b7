"""Home and section pages: what is taken for an article, a section, a next page, a feed, and what for none."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crawler.discovery.likeness import is_junk, is_media, looks_like_section, twin_of
from crawler.jobs import Limits, Outlet
from pipelines.model import Role

SITE = "https://news.example"


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head><meta charset=utf-8><title>News</title>{head}</head><body>{body}</body></html>"


def link(href: str, text: str = "") -> str:
    return f'<a href="{href}">{text}</a>'


HEADLINE = "Council votes to rebuild the old bridge"


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("/2026/03/05/bridge", ""),
        ("/2026/3/5/bridge.html", "Bridge"),
        ("/world/council-votes-to-rebuild-bridge", ""),
        ("/world/council_votes_to_rebuild_bridge.html", ""),
        ("/a/33098122.html", "Bridge"),
        ("/news/world-europe-66012345", ""),
        ("/article/7f9c24e5aa01b3c4", ""),
        ("/wort/0f0e0d0c-1111-2222-3333-444455556666", ""),
        ("/news.php?id=3118", ""),
        ("/index.php?option=com&id=3118", ""),
        ("/?p=3118", HEADLINE),
        ("/go/3118", HEADLINE),
        ("/story", HEADLINE),
        ("/новости/совет-решил-судьбу-моста", ""),
        ("/n/5", "橋の再建を市議会が可決した"),
        ("/about/press/council-votes-to-rebuild-the-bridge-2026-03-05", ""),
        ("council-votes-to-rebuild-bridge", ""),
        ("//www.news.example/council-votes-to-rebuild-bridge", ""),
    ],
)
def test_articles(ask: Any, href: str, text: str) -> None:
    for role in (Role.HOME, Role.SECTION):
        found = ask(page(f"<main><ul><li>{link(href, text)}</li></ul></main>"), role)
        assert len(found.urls(Role.ARTICLE)) == 1, found.notes
        assert found.candidates[0].method == role
        assert found.candidates[0].title == (text or None)


@pytest.mark.parametrize(
    ("href", "text"),
    [
        ("/login", HEADLINE),
        ("/user/logout?next=/2026/03/05/a", HEADLINE),
        ("/account/subscribe-to-our-long-newsletter", HEADLINE),
        ("/share/2026/03/05/bridge", HEADLINE),
        ("/2026/03/05/bridge?share=facebook", HEADLINE),
        ("/2026/03/05/bridge?replytocom=5#respond", HEADLINE),
        ("/wp-content/uploads/2026/03/05/bridge.jpg", HEADLINE),
        ("/2026/03/05/the-budget-in-full.pdf", HEADLINE),
        ("/2026/03/05/", "5"),
        ("/2026/03/", "March"),
        ("/calendar/2026/03", "March"),
        ("/?date=2026-03-05", "5"),
        ("/search?q=bridge", HEADLINE),
        ("/privacy", "Privacy"),
        ("/author/jane-doe", "Jane Doe"),
        ("/tag/bridge", "Bridge"),
        ("/politics", "Politics"),
        ("/a/b/c/a/b/c/a/b/c/a/b/c/council-votes-to-rebuild-bridge", HEADLINE),
        ("/x?a=1&b=2&c=3&d=4&e=5", HEADLINE),
        ("/?sort=date", HEADLINE),
        ("/?type=video", HEADLINE),
        ("/", HEADLINE),
        ("/#comments", HEADLINE),
        ("#top", HEADLINE),
        ("", HEADLINE),
        ("javascript:go('/2026/03/05/bridge')", HEADLINE),
        ("mailto:a@news.example", HEADLINE),
        ("data:text/html,x", HEADLINE),
        ("https://other.example/2026/03/05/bridge", HEADLINE),
        ("https://www.facebook.com/sharer.php?u=https://news.example/2026/03/05/bridge", HEADLINE),
        ("http://127.0.0.1:6379/2026/03/05/bridge", HEADLINE),
    ],
)
def test_no_articles(ask: Any, href: str, text: str) -> None:
    found = ask(page(f"<main>{link(href, text)}</main>"), Role.HOME)
    assert found.urls(Role.ARTICLE) == []


def test_in_the_order_of_the_page_and_once_each(ask: Any) -> None:
    body = (
        "<article><a href='/2026/03/05/two'><img alt='A bridge'></a>"
        "<h2><a href='/2026/03/05/two#c'>Second</a></h2></article>"
        "<article><a href='/2026/03/05/one?utm_source=home'>First of them all today</a></article>"
    )
    found = ask(page(body), Role.HOME, depth=0)
    assert found.urls(Role.ARTICLE) == ["/2026/03/05/two", "/2026/03/05/one"]
    assert [each.title for each in found.candidates[:2]] == ["A bridge", "First of them all today"]
    assert {each.depth for each in found.candidates} == {1}


def test_the_place_decides(ask: Any) -> None:
    anchor = link("/middle-east", "Middle East")
    assert ask(page(f"<nav>{anchor}</nav>"), Role.HOME).urls(Role.SECTION) == ["/middle-east"]
    assert ask(page(f"<div class='main-nav'>{anchor}</div>"), Role.HOME).urls(Role.SECTION) == ["/middle-east"]
    assert ask(page(f"<div role=navigation>{anchor}</div>"), Role.HOME).urls(Role.SECTION) == ["/middle-east"]
    assert ask(page(f"<article><h2>{anchor}</h2></article>"), Role.HOME).urls(Role.ARTICLE) == ["/middle-east"]
    assert ask(page(f"<ul class='tags'><li>{anchor}</li></ul>"), Role.HOME).urls(Role.SECTION) == []
    wrapped = f"<div class='page has-menu no-nav tags-politics'><p>{link('/the-bridge-falls', 'It fell')}</p></div>"
    assert ask(page(wrapped), Role.HOME).urls(Role.ARTICLE) == []
    wrapped = f"<div class='page has-menu no-nav tags-politics'><h2>{link('/the-bridge-falls', 'It fell')}</h2></div>"
    assert ask(page(wrapped), Role.HOME).urls(Role.ARTICLE) == ["/the-bridge-falls"]


def test_sections(ask: Any) -> None:
    body = (
        f"<p>{link('/obituaries/', 'Obituaries')}</p>"
        f"<nav>{link('/world/', 'World')}{link('/world/asia', 'Asia')}{link('/archive/', 'All')}</nav>"
        f"<footer>{link('/privacy', 'Privacy')}{link('/world?x=1', 'World')}</footer>"
    )
    assert ask(page(body), Role.HOME).urls(Role.SECTION) == ["/world/", "/world/asia", "/archive/", "/obituaries/"]
    assert ask(page(body), Role.SECTION, depth=2).urls(Role.SECTION) != []
    assert ask(page(body), Role.SECTION, depth=3).urls(Role.SECTION) == []
    none = Outlet(name="news", home=f"{SITE}/", limits=Limits(depth=0))
    assert ask(page(body), Role.HOME, outlet=none).urls(Role.SECTION) == []


def test_sections_are_bounded(ask: Any) -> None:
    body = "".join(link(f"/topic/{chr(97 + n % 26)}{chr(97 + n // 26)}", "Topic") for n in range(600))
    assert len(ask(page(body), Role.HOME).urls(Role.SECTION)) == 200


# ---------------------------------------------------------------- paging

WORLD = f"{SITE}/world/"


@pytest.mark.parametrize(
    ("url", "anchors", "following"),
    [
        (WORLD, [("/world/?page=2", "2"), ("/world/?page=3", "3")], "/world/?page=2"),
        (WORLD, [("/world/page/3/", "3"), ("/world/page/2/", "2")], "/world/page/2/"),
        (f"{WORLD}page/2/", [("/world/page/1/", "1"), ("/world/page/3/", "3"), ("/world/", "1")], "/world/page/3/"),
        (f"{WORLD}?page=2", [("/world/?page=1", "1"), ("/world/?page=3", "")], "/world/?page=3"),
        (WORLD, [("/world/2", "2")], "/world/2"),
        (WORLD, [("/world/2", "Next page »")], "/world/2"),
        (WORLD, [("?paged=2", "Older posts")], "/world/?paged=2"),
        (WORLD, [("/world/?start=20", "Weiter")], "/world/?start=20"),
        (WORLD, [("/world?cursor=abc", "Load more")], "/world?cursor=abc"),
        (WORLD, [("/world?cursor=abc", "ещё")], "/world?cursor=abc"),
        (f"{SITE}/world/index.html", [("/world/page2.html", "2")], "/world/page2.html"),
        (f"{SITE}/", [("/?page=2", "2")], "/?page=2"),
        (f"{SITE}/", [("/page/2", "2")], "/page/2"),
    ],
)
def test_next_page(ask: Any, url: str, anchors: list[tuple[str, str]], following: str) -> None:
    found = ask(page("".join(link(*each) for each in anchors)), Role.SECTION, url=url, depth=1)
    assert found.urls(method="pagination") == [following]
    assert found.candidates[0].depth == 2
    assert ask(page("".join(link(*each) for each in anchors)), Role.SECTION, url=url, depth=3).urls() == []


def test_declared_next_page(ask: Any) -> None:
    for head, body in [("<link rel=next href='/world/x'>", ""), ("", "<a rel='nofollow next' href='/world/x'>x</a>")]:
        assert ask(page(body, head), Role.SECTION, url=WORLD).urls(method="pagination") == ["/world/x"]


@pytest.mark.parametrize(
    ("url", "href", "text"),
    [
        (WORLD, "/world/123", HEADLINE),
        (f"{SITE}/", "/?p=123", HEADLINE),
        (f"{WORLD}page/5/", "/world/page/4/", "4"),
        (WORLD, "/sport/page/2/", "2"),
        (WORLD, "/world/more-on-this", "More"),
    ],
)
def test_no_next_page(ask: Any, url: str, href: str, text: str) -> None:
    found = ask(page(link(href, text)), Role.SECTION, url=url)
    assert found.urls(method="pagination") == []


def test_small_numbers_are_articles_too(ask: Any) -> None:
    assert ask(page(link("/world/123", HEADLINE)), Role.SECTION, url=WORLD).urls(Role.ARTICLE) == ["/world/123"]


# ---------------------------------------------------------------- feeds


def test_feeds(ask: Any) -> None:
    head = """
        <link rel="alternate" type="application/rss+xml" title="All" href="/rss.xml">
        <link rel="alternate" type="application/atom+xml; charset=utf-8" href="https://feeds.example/news">
        <link rel="alternate" type="application/feed+json" href="feed.json">
        <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/5">
        <link rel="alternate" type="application/rss+xml" title="Comments on this" href="/a/feed/">
        <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
        <link rel="alternate" hreflang="fr" href="/fr/">
        <link rel="stylesheet" type="application/rss+xml" href="/style.xml">
    """
    found = ask(page(link("/sport/rss", "RSS") + link("https://other.example/rss.xml", "RSS"), head), Role.HOME)
    assert found.urls(Role.FEED) == ["/rss.xml", "https://feeds.example/news", "/feed.json", "/sport/rss"]
    assert found.candidates[0].method == "autodiscovery"
    assert found.candidates[0].title == "All"
    assert found.urls(Role.SECTION) == []


def test_feeds_are_guessed_only_where_none_is_known(ask: Any) -> None:
    assert ask(page(""), Role.HOME).urls(Role.FEED, "guess") == ["/rss.xml", "/feed", "/rss"]
    assert ask(page(""), Role.SECTION).urls(Role.FEED) == []
    known = Outlet(name="news", home=f"{SITE}/", feeds=(f"{SITE}/x.xml",))
    assert ask(page(""), Role.HOME, outlet=known).urls(Role.FEED) == []


# ---------------------------------------------------------------- twins


@pytest.mark.parametrize(
    ("twin", "plain"),
    [
        ("/2026/03/05/a/amp", "/2026/03/05/a"),
        ("/2026/03/05/a/amp/", "/2026/03/05/a"),
        ("/amp/2026/03/05/a", "/2026/03/05/a"),
        ("/2026/03/05/a.amp.html", "/2026/03/05/a.html"),
        ("/2026/03/05/a.amp", "/2026/03/05/a"),
        ("/2026/03/05/a?amp=1", "/2026/03/05/a"),
        ("/2026/03/05/a?x=1&outputType=amp", "/2026/03/05/a?x=1"),
        ("/2026/03/05/a/print", "/2026/03/05/a/"),
        ("https://m.news.example/2026/03/05/a", "https://news.example/2026/03/05/a"),
    ],
)
def test_twins_are_left_out_if_the_page_is_there(ask: Any, twin: str, plain: str) -> None:
    both = page(link(twin, HEADLINE) + link(plain, HEADLINE))
    assert ask(both, Role.HOME).urls(Role.ARTICLE) == [plain.removeprefix(SITE)]
    alone = ask(page(link(twin, HEADLINE)), Role.HOME).urls(Role.ARTICLE)
    assert alone == [twin.removeprefix(SITE)]


def test_what_is_no_twin() -> None:
    for url in ("/camp/a", "/stamp", "/a/amplifier", "/blueprint", "/print-media-in-crisis", "/a?example=1"):
        assert twin_of(SITE + url) is None


# ---------------------------------------------------------------- addresses


def test_likeness() -> None:
    assert is_media(f"{SITE}/a.JPG?w=5")
    assert not is_media(f"{SITE}/a.html")
    assert not is_media(f"{SITE}/jpg")
    assert is_junk(f"{SITE}/Login/")
    assert not is_junk(f"{SITE}/login-fails-at-the-bank")
    assert looks_like_section(f"{SITE}/de/politik/")
    assert looks_like_section(f"{SITE}/politics/index.html")
    assert not looks_like_section(f"{SITE}/")
    assert not looks_like_section(f"{SITE}/politics?x=1")
    assert not looks_like_section(f"{SITE}/a/33098122.html")


def test_base_and_relative_links(ask: Any) -> None:
    found = ask(page(link("b-c-d-e"), "<base href='/x/'>"), Role.SECTION, url=f"{SITE}/y/z")
    assert found.urls(Role.ARTICLE) == ["/x/b-c-d-e"]
    found = ask(page(link("b-c-d-e"), "<base href='http://127.0.0.1:6379/x/'>"), Role.SECTION)
    assert found.candidates == ()
    assert "1 links on other hosts" in found.notes
    found = ask(page(link("b-c-d-e"), "<base href='javascript:x'>"), Role.SECTION, url=f"{SITE}/y/z")
    assert found.urls(Role.ARTICLE) == ["/y/b-c-d-e"]


def test_allow_and_deny(ask: Any) -> None:
    outlet = Outlet(name="news", home=f"{SITE}/", allow=("/2026/*",), deny=("*/video/*",), feeds=("x",))
    body = link("/2026/03/05/a") + link("/2025/03/05/a") + link("/2026/03/05/video/a") + link("/world/", "World")
    found = ask(page(body), Role.HOME, outlet=outlet)
    assert found.urls() == ["/2026/03/05/a", "/world/"]
    assert "2 links left out by the job's allow and deny" in found.notes


def test_charset(ask: Any) -> None:
    body = page(link("/2026/03/05/a", "Größe")).replace("utf-8", "iso-8859-1").encode("latin-1")
    assert ask(body, Role.HOME).candidates[0].title == "Größe"
    body = page(link("/2026/03/05/a", "Новости")).replace("<meta charset=utf-8>", "").encode("windows-1251")
    headers = (("content-type", "text/html; charset=windows-1251"),)
    assert ask(body, Role.HOME, headers=headers).candidates[0].title == "Новости"
    body = page(link("/2026/03/05/a", "ニュース")).replace("utf-8", "shift_jis").encode("shift_jis")
    assert ask(body, Role.HOME).candidates[0].title == "ニュース"


# ---------------------------------------------------------------- hostile


def test_links_are_bounded(ask: Any) -> None:
    body = page("".join(link(f"/2026/03/05/story-{n}") for n in range(6000)))
    found = ask(body, Role.HOME)
    assert len(found.urls(Role.ARTICLE)) == 5000
    assert "only the first 5000 links" in found.notes


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"<a href=/x/{n}>x</a>" for n in range(500_000)),
        "<div>" + "word " * 2**20,
        "<font><b><i>" * 70_000,
        "<div><a href=/x>" * 50_000,
        "<" * 2_000_000,
        "<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">x",
        "<p " + " ".join(f"a{n}='x>'" for n in range(500)) + ">x",
        '<p title="' + "t" * 5 * 2**20 + '">x',
        "<!--" * 200_000,
        "<script>" * 50_000,
        "<meta http-equiv=refresh " * 50_000,
        "<svg><math><mi><table>" * 20_000,
        "".join(f"<a href='/x-{n}?{'k=1&' * 1000}'>x</a>" for n in range(1000)),
        "<a href='/a-b-c-d'>" + "w " * 2_000_000,
        "<div class='" + "nav-" * 100_000 + "'>" + "<a href=/x>x</a>" * 1000,
        "<a href='" + "%" * 1_000_000 + "'>x</a>",
    ],
)
def test_hostile_pages_take_no_time(ask: Any, body: str) -> None:
    start = time.process_time()
    ask(page(body), Role.HOME)
    ask(page(body), Role.ARTICLE)
    assert time.process_time() - start < 5.0


def test_odd_links_do_not_hide_good_ones(ask: Any) -> None:
    odd = ["http://[", "//", "ht\ntp://127.0.0.1/x", "http://a..b/", "http://news.example:99999/", "\x00http://x/", " ",
           "http://\u2100.example/", "\ud83d", "x" * 100_000, "http://u:p@h/", "about:blank", "%"]  # fmt: skip
    body = "".join(link(href, "odd") + link(f"/2026/03/05/good-{n}") for n, href in enumerate(odd))
    found = ask(page(body), Role.HOME)
    assert found.urls(Role.ARTICLE) == [f"/2026/03/05/good-{n}" for n in range(len(odd))]


def test_a_link_in_several_spellings_is_fetched_once(ask: Any) -> None:
    links = (
        "<a href='http://news.example/world/a-story-of-the-day'><img src=x></a>",
        "<h2><a href='https://www.news.example/world/a-story-of-the-day/?utm_source=home'>A story of the day</a></h2>",
        "<a href='/world/a-story-of-the-day/'>3 comments</a>",
        "<h2><a href='http://news.example/news.php?id=3118'>Another story of the day</a></h2>",
        "<h2><a href='/news.php?id=3119'>Yet another story of the day</a></h2>",
        "<h2><a href='http://news.example/news.php?id=3119'>Yet another story of the day</a></h2>",
    )
    for order in (links, links[::-1]):
        found = ask(f"<html><body>{''.join(order)}", Role.SECTION, url="https://news.example/world/")
        assert sorted(found.urls(Role.ARTICLE)) == [
            "/news.php?id=3119", "/world/a-story-of-the-day/", "http://news.example/news.php?id=3118",
        ]  # fmt: skip
        titles = {each.url: each.title for each in found.candidates}
        assert titles["https://news.example/world/a-story-of-the-day/"] == "A story of the day"
