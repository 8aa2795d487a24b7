"""Addresses: what they lead to, when two are the same, and to whom they belong."""

from __future__ import annotations

import pytest

from crawler.discovery.urls import MAX_URL, absolute, host_of, identity, normalise, same_site, spelling_free
from crawler.jobs import Outlet

BASE = "https://news.example/world/index.html?x=1"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/a", "https://news.example/a"),
        ("a", "https://news.example/world/a"),
        ("../a", "https://news.example/a"),
        ("../../../a", "https://news.example/a"),
        ("?p=2", "https://news.example/world/index.html?p=2"),
        ("#top", "https://news.example/world/index.html?x=1"),
        ("//other.example/a", "https://other.example/a"),
        ("  /a \n", "https://news.example/a"),
        ("/a\tb\nc", "https://news.example/abc"),
        ("\\a\\b", "https://news.example/a/b"),
        ("http:\\\\h.example\\x", "http://h.example/x"),
        ("/a b", "https://news.example/a%20b"),
        ("/ä?ö=ü", "https://news.example/%C3%A4?%C3%B6=%C3%BC"),
        ("/новости/", "https://news.example/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/"),
        ("/%7ejoe/%c3%a4%2f", "https://news.example/~joe/%C3%A4%2F"),
        ("/100%", "https://news.example/100%25"),
        ('/"<>|^`{}', "https://news.example/%22%3C%3E%7C%5E%60%7B%7D"),
        ("/a#b", "https://news.example/a"),
        ("/a?", "https://news.example/a"),
        ("/a//b/", "https://news.example/a//b/"),
        ("/a/./b/../c", "https://news.example/a/c"),
        ("/a/%2e%2e/b", "https://news.example/b"),
        ("/a/..", "https://news.example/"),
        ("/.well-known/x", "https://news.example/.well-known/x"),
        ("HTTPS://News.Example:443", "https://news.example/"),
        ("http://news.example:80/", "http://news.example/"),
        ("http://news.example:8080/", "http://news.example:8080/"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example/"),
        ("http://[::0:1]:8080/", "http://[::1]:8080/"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("https:a", "https://news.example/world/a"),
    ],
)
def test_absolute(href: str, url: str) -> None:
    assert absolute(href, BASE) == url
    assert absolute(url) == url


@pytest.mark.parametrize(
    "href",
    [
        "",
        "  ",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<p>x",
        "mailto:a@b",
        "tel:+1",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "blob:http://x",
        "about:blank",
        "intent://x",
        "http://[",
        "http://[::1",
        "http://]/",
        "http://",
        "//",
        "http://a..b/",
        "http://../",
        "http://.",
        "http://news.example:99999/",
        "http://news.example:abc/",
        "http://" + "a" * 300 + ".example/",
        "http://%/",
        "http://%00/",
        "http://a b/",
        "http://\u2100.example/",
        "http://user:pa@ss@news.example/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://1.2.3.4.5/",
        "/" + "x" * MAX_URL,
    ],
)
def test_what_is_no_address(href: str) -> None:
    assert absolute(href, BASE) is None


def test_surrogates_do_no_harm() -> None:
    assert absolute("/\ud83d", BASE) == "https://news.example/%3F"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://n.example/a?utm_source=x&utm_medium=y", "https://n.example/a"),
        ("https://n.example/a?id=5&utm_source=x&page=2", "https://n.example/a?id=5&page=2"),
        ("https://n.example/a?fbclid=x#frag", "https://n.example/a"),
        ("https://n.example/a?UTM_Source=x", "https://n.example/a"),
        ("https://n.example/a?utm%5Fsource=x", "https://n.example/a"),
        ("https://n.example/a?&&b=1&", "https://n.example/a?b=1"),
        ("https://n.example/a?b=&c", "https://n.example/a?b=&c"),
        ("https://n.example/a?b=2&a=1", "https://n.example/a?b=2&a=1"),
        ("https://n.example/a?ref=home&source=x", "https://n.example/a?ref=home&source=x"),
        ("https://n.example/a;jsessionid=0f?x=1", "https://n.example/a?x=1"),
        ("https://n.example/a?PHPSESSID=0f", "https://n.example/a"),
        ("https://n.example/a;v=2", "https://n.example/a;v=2"),
        ("https://n.example/a?CMP=x&xtor=RSS-1&maca=en-rss", "https://n.example/a"),
        ("https://n.example/a?at_medium=x&at_custom1=y&attr=z", "https://n.example/a?attr=z"),
        ("https://n.example/a?q=a+b%20c", "https://n.example/a?q=a+b%20c"),
        ("https://n.example/a?gad_source=1&gclid=x&id=7", "https://n.example/a?id=7"),
        ("https://n.example/a?amp_js_v=0.1&usqp=mq331&amp_gsa=1", "https://n.example/a"),
        ("https://n.example/a?WT.mc_id=x&spMailingID=1&spUserID=2", "https://n.example/a"),
        ("https://n.example/a?utm_id=5#utm_source=x", "https://n.example/a"),
        ("HTTP://N.EXAMPLE:80/a?utm_source=", "http://n.example/a"),
    ],
)
def test_normalise(url: str, same: str) -> None:
    assert normalise(url) == same
    assert normalise(same) == same
    assert identity(same) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://n.example/news.php?id=3118", "https://n.example/news.php?id=3119"),
        ("https://n.example/?p=3118", "https://n.example/?p=3119"),
        ("https://n.example/a?page=1", "https://n.example/a?page=2"),
        ("https://n.example/a?lang=en", "https://n.example/a?lang=fr"),
        ("https://n.example/a?a=1&b=2", "https://n.example/a?b=2&a=1"),  # servers may read them in order
        ("https://n.example/a", "https://n.example/a/"),
        ("https://n.example/a", "http://n.example/a"),
        ("https://n.example/a", "https://www.n.example/a"),
        ("https://n.example/a", "https://m.n.example/a"),
        ("https://n.example/a", "https://n.example/amp/a"),
        ("https://n.example/a", "https://n.example/a?amp=1"),
        ("https://n.example/a", "https://n.example/a?print=1"),
        ("https://n.example/A", "https://n.example/a"),
        ("https://n.example/a%2Fb", "https://n.example/a/b"),
        ("https://n.example/a//b", "https://n.example/a/b"),
        ("https://n.example/a;v=1", "https://n.example/a;v=2"),
        ("https://n.example/a?id=", "https://n.example/a"),
        ("https://n.example/a?source=rss", "https://n.example/a"),  # it may choose the page
        ("https://n.example/a?cid=5", "https://n.example/a"),
        ("https://n.example/index.html", "https://n.example/"),
    ],
)
def test_what_may_be_two_pages_stays_two(one: str, other: str) -> None:
    """The page itself, or a redirect, tells later that they are one; an address alone does not."""
    assert normalise(one) != normalise(other)


def test_spelling_free() -> None:
    same = {"https://n.example/a", "http://n.example/a", "https://www.n.example/a/", "http://n.example/a/"}
    assert {spelling_free(url) for url in same} == {"n.example/a"}
    apart = {"https://n.example/a?id=1", "https://n.example/a?id=2", "https://n.example/A", "https://m.n.example/a"}
    assert len({spelling_free(url) for url in apart}) == 4


def test_normalise_what_is_no_address() -> None:
    assert normalise("mailto:a@b") is None
    assert normalise("") is None


def outlet(home: str, *hosts: str) -> Outlet:
    return Outlet(name="x", home=home, hosts=hosts)


@pytest.mark.parametrize(
    ("home", "hosts", "url", "same"),
    [
        ("https://www.n.example/", (), "https://n.example/a", True),
        ("https://www.n.example/", (), "http://www.n.example/a", True),
        ("https://www.n.example/", (), "https://sport.n.example/a", True),
        ("https://n.example/", (), "https://www.n.example", True),
        ("https://n.example/", (), "https://mn.example/", False),
        ("https://n.example/", (), "https://n.example.evil/", False),
        ("https://n.example/", (), "https://n.example:8443/", False),
        ("https://n.example:8443/", (), "https://n.example:8443/", True),
        ("https://n.example:8443/", (), "https://n.example/", False),
        ("https://sport.n.example/", (), "https://n.example/", False),
        ("http://127.0.0.1:80/", (), "http://127.0.0.1/", True),
        ("http://127.0.0.1:8000/", (), "http://127.0.0.1:8000/", True),
        ("http://127.0.0.1:8000/", (), "http://127.0.0.2:8000/", False),
        ("http://127.0.0.1/", (), "http://1.127.0.0.1.example/", False),
        ("http://[::1]:8000/", (), "http://[::1]:8000/", True),
        ("http://[::1]/", (), "http://[::1]/a", True),
        ("http://[::1]/", (), "http://[::2]/a", False),
        ("https://n.example/", ("m.example",), "https://www.m.example/", True),
        ("https://n.example/", ("m.example:81",), "https://m.example/", False),
        ("https://n.example/", ("m.example:81",), "https://m.example:81/", True),
    ],
)
def test_same_site(home: str, hosts: tuple[str, ...], url: str, same: bool) -> None:
    assert same_site(absolute(url) or "", outlet(absolute(home) or "", *hosts)) is same


def test_an_outlet_may_be_everywhere() -> None:
    assert same_site("http://other.example:81/", outlet("https://n.example/", "*"))
    assert not same_site("http://other.example:81/", outlet("https://n.example/"))


def test_host_of() -> None:
    assert host_of("https://n.example:8443/a:b") == "n.example"
    assert host_of("http://[::1]:80") == "[::1]"
