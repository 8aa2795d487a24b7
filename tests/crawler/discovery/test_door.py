"""The door: seeds, redirects, robots.txt, and what is read as what."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.discovery import Fetched, discover, seeds
from crawler.jobs import Outlet
from pipelines.model import Role

SITE = "https://news.example"
HTML = "<html><body><p>Hello</p></body></html>"


def test_seeds() -> None:
    outlet = Outlet(
        name="news",
        home=f"{SITE}/en/",
        feeds=(f"{SITE}/rss",),
        sitemaps=(f"{SITE}/s.xml",),
        sections=(f"{SITE}/world",),
    )
    assert [(each.url, each.role, each.method, each.depth, each.outlet) for each in seeds(outlet)] == [
        (f"{SITE}/robots.txt", Role.ROBOTS, "seed", 0, "news"),
        (f"{SITE}/en/", Role.HOME, "seed", 0, "news"),
        (f"{SITE}/rss", Role.FEED, "seed", 0, "news"),
        (f"{SITE}/s.xml", Role.SITEMAP, "seed", 0, "news"),
        (f"{SITE}/world", Role.SECTION, "seed", 0, "news"),
    ]


def test_values_go_to_a_worker_and_back() -> None:
    page = Fetched(url=f"{SITE}/", payload=b"<a href='/2026/03/05/a'>x</a>", role=Role.HOME)
    found = discover(pickle.loads(pickle.dumps(page)), Outlet(name="n", home=f"{SITE}/"))
    assert pickle.loads(pickle.dumps(found)) == found
    assert "payload" not in repr(page)


def test_workers_do_without_scrapy() -> None:
    code = "import sys, crawler.discovery, crawler.jobs; sys.exit(bool({'scrapy', 'twisted'} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("role", list(Role))
def test_redirect(ask: Any, status: int, role: Role) -> None:
    found = ask(HTML, role, status=status, headers=(("LOCATION", "/b?utm_source=x#y"),), url=f"{SITE}/a", depth=2)
    (only,) = found.candidates
    assert (only.url, only.role, only.method) == (f"{SITE}/b?utm_source=x", role, "redirect")
    assert (only.depth, only.source_url, only.outlet) == (2, f"{SITE}/a", "news")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("https://news.example/a", "/a"),  # a consent wall leads back to where one came from
        ("/", "/"),
        ("b", "/b"),
        ("/b c", "/b%20c"),
        ("/Ã¤", "/%C3%A4"),  # UTF-8, as latin-1 reads it
        ("/\xe4", "/%C3%A4"),
        ("http://www.news.example/a", "http://www.news.example/a"),
    ],
)
def test_locations(ask: Any, location: str, url: str) -> None:
    found = ask("", Role.ARTICLE, status=302, headers=(("Location", location),), url=f"{SITE}/a")
    assert found.urls() == [url]


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://[", "javascript:x"])
def test_redirects_to_nowhere(ask: Any, location: str) -> None:
    found = ask("", Role.ARTICLE, status=302, headers=(("Location", location),))
    assert found.candidates == ()
    assert found.notes


def test_redirects_off_the_site(ask: Any) -> None:
    headers = (("Location", "https://other.example/x"),)
    for role in (Role.HOME, Role.SECTION, Role.ARTICLE):
        found = ask("", role, status=302, headers=headers)
        assert found.candidates == ()
        assert 'list its host under "hosts"' in found.notes
    for role in (Role.FEED, Role.SITEMAP, Role.ROBOTS):
        assert ask("", role, status=302, headers=headers).urls() == ["https://other.example/x"]
    outlet = Outlet(name="news", home=f"{SITE}/", hosts=("other.example",))
    assert ask("", Role.HOME, status=302, headers=headers, outlet=outlet).urls() == ["https://other.example/x"]


def test_redirects_end(ask: Any) -> None:
    headers = (("Location", "/b"),)
    assert ask("", Role.ARTICLE, status=302, headers=headers, hops=9).urls() == ["/b"]
    found = ask("", Role.ARTICLE, status=302, headers=headers, hops=10)
    assert found.candidates == ()
    assert "10 in a row" in found.notes


def test_redirects_to_what_the_job_denies(ask: Any) -> None:
    outlet = Outlet(name="news", home=f"{SITE}/", deny=("/video/*",))
    assert ask("", Role.ARTICLE, status=302, headers=(("Location", "/video/1"),), outlet=outlet).candidates == ()


@pytest.mark.parametrize(
    "head",
    [
        '<meta http-equiv="refresh" content="0; url=/b">',
        "<META HTTP-EQUIV=REFRESH CONTENT='0;URL=/b'>",
        '<meta content="3;url=&#47;b" http-equiv="Refresh">',
        """<meta http-equiv=refresh content="0; url='/b'">""",
        '<meta http-equiv="refresh" content="0, /b">',
        '<meta http-equiv="refresh" content="0;/b">',
        "<script>x</script><!-- y --><meta http-equiv='refresh' content='1;url=/b'>",
    ],
)
def test_refresh(ask: Any, head: str) -> None:
    for role in (Role.HOME, Role.SECTION, Role.ARTICLE, Role.FEED):
        (only,) = ask(f"<html><head>{head}</head></html>", role, url=f"{SITE}/a", depth=1).candidates
        assert (only.url, only.role, only.method, only.depth) == (f"{SITE}/b", role, "meta-refresh", 1)


def test_refresh_header(ask: Any) -> None:
    assert ask(HTML, Role.ARTICLE, headers=(("Refresh", "0; url=/b"),), url=f"{SITE}/a").urls() == ["/b"]
    assert ask(HTML, Role.ARTICLE, headers=(("Refresh", "0; url=file:///etc/x"),)).candidates == ()


@pytest.mark.parametrize(
    "head",
    [
        '<meta http-equiv="refresh" content="300">',
        '<meta http-equiv="refresh" content="300; url=/b">',
        '<meta http-equiv="refresh" content="0; url=/a">',
        '<meta http-equiv="refresh" content="0; url=">',
        '<meta http-equiv="refresh" content="">',
        '<meta http-equiv="refresh">',
        '<noscript><meta http-equiv="refresh" content="0; url=/b"></noscript>',
        '<!-- <meta http-equiv="refresh" content="0; url=/b"> -->',
        '<script>\'<meta http-equiv="refresh" content="0; url=/b">\'</script>',
        '<meta name="x" content="0; url=/b"><p>refresh</p>',
    ],
)
def test_no_refresh(ask: Any, head: str) -> None:
    assert ask(f"<html><head>{head}</head></html>", Role.ARTICLE, url=f"{SITE}/a").candidates == ()


# ---------------------------------------------------------------- robots.txt


def test_robots(ask: Any) -> None:
    text = f"Sitemap: {SITE}/a.xml\nSitemap: /b.xml\nSitemap: https://maps.example/news.xml\nSitemap: file:///x\n"
    found = ask(text, Role.ROBOTS, url=f"{SITE}/robots.txt")
    assert found.urls(Role.SITEMAP, "robots") == ["/a.xml", "/b.xml", "https://maps.example/news.xml"]
    assert {each.depth for each in found.candidates} == {0}


def test_robots_without_sitemaps(ask: Any) -> None:
    for status in (200, 404):
        assert ask("", Role.ROBOTS, url=f"{SITE}/robots.txt", status=status).urls() == ["/sitemap.xml"]
    assert ask("", Role.ROBOTS, url=f"{SITE}/robots.txt", status=503).urls() == []
    outlet = Outlet(name="news", home=f"{SITE}/", sitemaps=(f"{SITE}/s.xml",))
    assert ask("", Role.ROBOTS, url=f"{SITE}/robots.txt", outlet=outlet).urls() == []


# ---------------------------------------------------------------- what is read, and what is not


@pytest.mark.parametrize("status", [0, 204, 206, 304, 400, 404, 410, 429, 500, 503])
def test_errors_lead_nowhere(ask: Any, status: int) -> None:
    body = "" if status in (204, 206) else "<a href='/2026/03/05/a'>x</a>"
    assert ask(body, Role.HOME, status=status).candidates == ()


def test_articles_lead_nowhere(ask: Any) -> None:
    assert ask("<html><a href='/2026/03/05/a'>x</a></html>", Role.ARTICLE).candidates == ()
    assert ask("<rss><channel><item><link>/a</link></item></channel></rss>", Role.ARTICLE).candidates == ()
    assert ask(b"\x89PNG", Role.REQUISITE).candidates == ()


def test_a_home_page_that_is_a_feed(ask: Any) -> None:
    feed = "<rss version='2.0'><channel><item><link>/a</link></item></channel></rss>"
    assert ask(feed, Role.HOME).urls() == ["/a"]
    assert ask(feed, Role.SECTION, headers=(("Content-Type", "text/html"),)).urls() == ["/a"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"\xff\xfe", b"\xfe\xff\x00<", b"<", b"&", b"{", b"[", b"<?xml", b"<!--", b"<!DOCTYPE", b"\x1f\x8b",
     b"<rss", b"<urlset>", b"<html", b"\xef\xbb\xbf", b"\x80" * 1000, bytes(range(256)) * 20, b"<a href=x",
     b"<rss><channel><item>", b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='http://['/></entry></feed>"],
)  # fmt: skip
def test_nothing_raises(ask: Any, body: bytes, role: Role) -> None:
    for status in (200, 301, 404):
        ask(body, role, status=status)
        ask(body, role, status=status, url="http://[bad", encoding="hex_codec")
