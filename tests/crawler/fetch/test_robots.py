"""robots.txt: a table of what may be fetched, and what the absence of the file means."""

from __future__ import annotations

import pickle
import time

import pytest
from protego import Protego

from crawler.fetch.robots import (
    FRESH,
    FRESH_FAILURE,
    MAX_CRAWL_DELAY,
    RobotsCache,
    RobotsPolicy,
    lifetime,
    origin_of,
    product_token,
    retry_after,
)
from pipelines.text.robotstxt import MAX_BYTES

UA = "Broadsheet/1.0 (+https://example.org/bot)"
SITE = "https://news.example"


def policy(text: str | bytes) -> RobotsPolicy:
    return RobotsPolicy.from_response(200, text.encode() if isinstance(text, str) else text)


TWICE = "User-agent: broadsheet\nDisallow: /a\n\nUser-agent: broadsheet\nDisallow: /b"
STARS = "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /b"

# name, robots.txt, path, may it be fetched
TABLE: list[tuple[str, str | bytes, str, bool]] = [
    # ---- the file as a whole
    ("empty", "", "/a", True),
    ("only a comment", "# Disallow: /", "/a", True),
    ("nothing disallowed", "User-agent: *\nDisallow:\n", "/a", True),
    ("nothing disallowed, with blanks", "User-agent: *\nDisallow:   \n", "/a", True),
    ("all disallowed", "User-agent: *\nDisallow: /\n", "/a", False),
    ("all disallowed, root", "User-agent: *\nDisallow: /\n", "/", False),
    ("all disallowed, but robots.txt", "User-agent: *\nDisallow: /\n", "/robots.txt", True),
    ("robots.txt somewhere else is a page", "User-agent: *\nDisallow: /\n", "/x/robots.txt", False),
    ("an HTML page", "<!DOCTYPE html><html><body>\nUser-agent: *\nDisallow: /\n", "/a", True),
    ("an HTML page after a comment", "<!-- x -->\n<html>\nUser-agent: *\nDisallow: /", "/a", True),
    ("BOM", b"\xef\xbb\xbfUser-agent: *\nDisallow: /a", "/a", False),
    ("UTF-16", "User-agent: *\nDisallow: /a".encode("utf-16"), "/a", False),
    ("binary", b"\x80\x00\xff" * 50, "/a", True),
    ("latin-1", "User-agent: *\n# caf\xe9\nDisallow: /a".encode("latin-1"), "/a", False),
    ("CR ends a line", "User-agent: *\rDisallow: /a\rAllow: /a/b", "/a/c", False),
    ("CR LF ends a line", "User-agent: *\r\nDisallow: /a\r\n", "/a", False),
    ("U+2028 ends no line", "User-agent: *\nDisallow: /x\u2028Disallow: /a\n", "/a", True),
    ("form feed ends no line", "User-agent: *\nDisallow: /x\fDisallow: /a\n", "/a", True),
    ("NUL at the start", "\x00User-agent: *\nDisallow: /a", "/a", False),
    ("no newline at the end", "User-agent: *\nDisallow: /a", "/a", False),
    # ---- lines
    ("odd case", "uSeR-AgEnT: *\ndIsAlLoW: /a", "/a", False),
    ("blanks everywhere", "  User-agent  :  *  \n\t Disallow\t:\t/a\t", "/a", False),
    ("comment after the value", "User-agent: * # all\nDisallow: /a # no", "/a", False),
    ("comment right after the value", "User-agent: *\nDisallow: /a#x", "/a", False),
    ("colon forgotten", "User-agent *\nDisallow /a", "/a", False),
    ("colon forgotten, three words", "User-agent: *\nDisallow /a /b", "/a", True),
    ("dissallow", "User-agent: *\nDissallow: /a", "/a", False),
    ("disalow", "User-agent: *\nDisalow: /a", "/a", False),
    ("useragent", "Useragent: *\nDisallow: /a", "/a", False),
    ("user agent", "User agent: *\nDisallow: /a", "/a", False),
    ("unknown field", "User-agent: *\nNoindex: /a", "/a", True),
    # ---- groups
    ("rules before any group", "Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", True),
    ("blank lines do not end a group", "User-agent: *\n\n\nDisallow: /a", "/a", False),
    ("blank lines between agents", "User-agent: x\n\nUser-agent: *\nDisallow: /a", "/a", False),
    ("own group beats *", "User-agent: *\nDisallow: /\nUser-agent: broadsheet\nDisallow: /b", "/a", True),
    ("own group beats *, other order", "User-agent: broadsheet\nDisallow: /b\nUser-agent: *\nDisallow: /", "/a", True),
    ("own group without rules", "User-agent: *\nDisallow: /\nUser-agent: broadsheet\nDisallow:", "/a", True),
    ("another's group", "User-agent: otherbot\nDisallow: /", "/a", True),
    ("agent in odd case", "User-agent: BROADSheet\nDisallow: /a", "/a", False),
    ("agent with a version", "User-agent: Broadsheet/2.1\nDisallow: /a", "/a", False),
    ("agent with words after it", "User-agent: broadsheet crawler\nDisallow: /a", "/a", False),
    ("agent that only begins so", "User-agent: broad\nDisallow: /a", "/a", True),
    ("agent that ours begins", "User-agent: broadsheets\nDisallow: /a", "/a", True),
    ("agent inside a browser's name", "User-agent: Mozilla/5.0 (Broadsheet)\nDisallow: /a", "/a", True),
    ("agents share a group", "User-agent: x\nUser-agent: broadsheet\nUser-agent: y\nDisallow: /a", "/a", False),
    ("groups of an agent are merged: 1", TWICE, "/a", False),
    ("groups of an agent are merged: 2", TWICE, "/b", False),
    ("groups of * are merged", STARS, "/a", False),
    ("own groups are apart from *", "User-agent: broadsheet\nDisallow: /b\nUser-agent: *\nDisallow: /a", "/a", True),
    ("a sitemap ends no agents", "User-agent: broadsheet\nSitemap: /x\nUser-agent: y\nDisallow: /a", "/a", False),
    ("unknown lines end no agents", "User-agent: broadsheet\nHello: x\nUser-agent: y\nDisallow: /a", "/a", False),
    ("a delay does end the agents", "User-agent: *\nCrawl-delay: 5\nUser-agent: badbot\nDisallow: /", "/a", True),
    ("* with words after it", "User-agent: * all\nDisallow: /a", "/a", False),
    ("* glued to a word", "User-agent: *bot\nDisallow: /a", "/a", True),
    # ---- which rule wins
    ("prefix", "User-agent: *\nDisallow: /fish", "/fish.html", False),
    ("prefix of a segment", "User-agent: *\nDisallow: /fish", "/fishheads/yummy", False),
    ("prefix, case matters", "User-agent: *\nDisallow: /fish", "/Fish.asp", True),
    ("prefix, not inside", "User-agent: *\nDisallow: /fish", "/catfish", True),
    ("folder", "User-agent: *\nDisallow: /fish/", "/fish", True),
    ("folder, inside", "User-agent: *\nDisallow: /fish/", "/fish/salmon", False),
    ("longest wins: allow", "User-agent: *\nDisallow: /p\nAllow: /p/x", "/p/x/1", True),
    ("longest wins: disallow", "User-agent: *\nAllow: /p\nDisallow: /p/x", "/p/x/1", False),
    ("order does not matter", "User-agent: *\nAllow: /p/x\nDisallow: /p", "/p/x/1", True),
    ("a tie allows", "User-agent: *\nDisallow: /page\nAllow: /page", "/page", True),
    ("a tie allows, other order", "User-agent: *\nAllow: /page\nDisallow: /page", "/page", True),
    ("longer by a wildcard", "User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", False),
    ("allow the root only", "User-agent: *\nAllow: /$\nDisallow: /", "/", True),
    ("allow the root only, a page", "User-agent: *\nAllow: /$\nDisallow: /", "/a", False),
    # ---- wildcards
    ("*", "User-agent: *\nDisallow: /*.php", "/x/index.php?a=b", False),
    ("* at the end is nothing", "User-agent: *\nDisallow: /fish*", "/fish", False),
    ("* in the middle", "User-agent: *\nDisallow: /fish*.php", "/fishheads/catfish.php?p=1", False),
    ("* in the middle, case", "User-agent: *\nDisallow: /fish*.php", "/Fish.PHP", True),
    ("$", "User-agent: *\nDisallow: /*.php$", "/filename.php", False),
    ("$ with a query", "User-agent: *\nDisallow: /*.php$", "/filename.php?x", True),
    ("$ with a slash", "User-agent: *\nDisallow: /*.php$", "/filename.php/", True),
    ("$ inside is a character", "User-agent: *\nDisallow: /a$b", "/a$bc", False),
    ("** is *", "User-agent: *\nDisallow: /a**b", "/axb", False),
    ("a query", "User-agent: *\nDisallow: /*?", "/a?x=1", False),
    ("no query", "User-agent: *\nDisallow: /*?", "/a", True),
    ("a query key", "User-agent: *\nDisallow: /*?print=", "/a?print=1", False),
    ("the fragment does not count", "User-agent: *\nDisallow: /*frag", "/a#frag", True),
    ("many stars", "User-agent: *\nDisallow: /" + "*a" * 200 + "b", "/" + "a" * 2000, True),
    # ---- percent-encoding
    ("escape of a plain letter in the rule", "User-agent: *\nDisallow: /%61", "/a", False),
    ("escape of a plain letter in the URL", "User-agent: *\nDisallow: /a", "/%61", False),
    ("escapes in different case", "User-agent: *\nDisallow: /%c3%a4", "/%C3%A4", False),
    ("UTF-8 in the rule", "User-agent: *\nDisallow: /ä", "/%C3%A4", False),
    ("UTF-8 in the URL", "User-agent: *\nDisallow: /%C3%A4", "/ä", False),
    ("Cyrillic", "User-agent: *\nDisallow: /новости", "/новости/1", False),
    ("an escaped slash is no slash", "User-agent: *\nDisallow: /a/b", "/a%2Fb", True),
    ("an escaped slash in both", "User-agent: *\nDisallow: /a%2fb", "/a%2Fb", False),
    ("an escaped star is no wildcard", "User-agent: *\nDisallow: /a%2Ab", "/axb", True),
    # ---- patterns without a slash
    ("without a slash", "User-agent: *\nDisallow: fish", "/fish", True),
    ("star first", "User-agent: *\nDisallow: *fish", "/x/fish", False),
    # ---- the file as a whole, odder
    ("two BOMs", b"\xef\xbb\xbf\xef\xbb\xbfUser-agent: *\nDisallow: /a", "/a", False),
    ("half a BOM", b"\xef\xbbUser-agent: *\nDisallow: /a", "/a", False),
    ("BOM in the middle", b"User-agent: *\n\xef\xbb\xbfDisallow: /a", "/a", False),
    ("HTML page after a BOM", b"\xef\xbb\xbf<html>\nUser-agent: *\nDisallow: /", "/a", True),
    ("XML in its place", "<?xml version='1.0'?>\nUser-agent: *\nDisallow: /", "/a", True),
    ("markup further down", "User-agent: *\nDisallow: /a\n<html>", "/a", False),
    ("rules in a piece of markup", "<div>\nUser-agent: *\nDisallow: /a", "/a", False),
    ("LF CR", "User-agent: *\n\rDisallow: /a", "/a", False),
    ("CR CR LF", "User-agent: *\r\r\nDisallow: /a", "/a", False),
    ("a long comment", "User-agent: *\n# " + "x" * 100_000 + "\nDisallow: /a", "/a", False),
    ("a line is read to its 16,663rd character", "User-agent: *\nDisallow: /" + "*a" * 10_000 + "b", "/" + "a" * 9000,
     False),
    ("an octet that is no UTF-8, elsewhere", b"# caf\xe9\nUser-agent: *\nDisallow: /caf\xc3\xa9", "/caf%C3%A9", False),
    ("an octet that is no UTF-8, in a rule", b"User-agent: *\nDisallow: /caf\xe9", "/caf%E9", False),
    ("another character of that octet", b"User-agent: *\nDisallow: /caf\xe9", "/caf%C3%A9", True),
    # ---- lines, odder
    ("tabs after the colon", "User-agent:\t*\nDisallow:\t/a", "/a", False),
    ("a tab for the colon", "User-agent\t*\nDisallow\t/a", "/a", False),
    ("two colons", "User-agent: *\nDisallow:: /a", "/a", True),
    ("no colon, and one in the path", "User-agent: *\nDisallow /a:b", "/a:b", False),
    ("a colon in the path", "User-agent: *\nDisallow: /a:b", "/a:b", False),
    ("Disallowed", "User-agent: *\nDisallowed: /a", "/a", False),
    ("Allowed", "User-agent: *\nDisallow: /\nAllowed: /a", "/a", True),
    ("User-agents", "User-agents: *\nDisallow: /a", "/a", False),
    ("a blank in the path", "User-agent: *\nDisallow: /a b", "/a%20b", False),
    # ---- groups, odder
    ("an agent line without an agent", "User-agent:\nDisallow: /", "/a", True),
    ("an agent line without an agent, in a group", "User-agent: *\nUser-agent:\nDisallow: /a", "/a", False),
    ("an empty rule ends the agents", "User-agent: *\nDisallow:\nUser-agent: x\nDisallow: /", "/a", True),
    ("an empty allow", "User-agent: *\nAllow:\nDisallow: /a", "/a", False),
    ("an unknown line between agent and rule", "User-agent: broadsheet\nHost: x\nDisallow: /a", "/a", False),
    ("a delay and rules", "User-agent: broadsheet\nCrawl-delay: 3\nDisallow: /a", "/a", False),
    ("agent with a star after it", "User-agent: Broadsheet*\nDisallow: /a", "/a", False),
    ("beginning of our agent with a star", "User-agent: broad*\nDisallow: /a", "/a", True),
    ("agent with a number after it", "User-agent: broadsheet2\nDisallow: /a", "/a", False),
    ("agent with more after a dash", "User-agent: broadsheet-images\nDisallow: /a", "/a", True),
    ("a browser's group", "User-agent: Mozilla\nDisallow: /", "/a", True),
    # ---- which rule wins, odder
    ("* at the end makes a rule longer", "User-agent: *\nDisallow: /a*\nAllow: /a", "/ab", False),
    ("$ makes a rule longer", "User-agent: *\nAllow: /p$\nDisallow: /p", "/p", True),
    ("a tie with a wildcard", "User-agent: *\nAllow: /*a\nDisallow: /ba", "/ba", True),
    ("lengths are those of the escapes", "User-agent: *\nDisallow: /abcde\nAllow: /*ä", "/abcdeä", True),
    ("an index page allows its folder", "User-agent: *\nDisallow: /\nAllow: /x/index.html", "/x/", True),
    ("an index.htm allows its folder", "User-agent: *\nDisallow: /\nAllow: /x/index.htm", "/x/", True),
    ("and nothing else in it", "User-agent: *\nDisallow: /\nAllow: /x/index.html", "/x/y", False),
    ("an index page forbids no folder", "User-agent: *\nDisallow: /x/index.html", "/x/", True),
    # ---- wildcards, odder
    ("$ is no character at the end", "User-agent: *\nDisallow: /a$", "/a$b", True),
    ("$$ is a character and the end", "User-agent: *\nDisallow: /a$$", "/a$", False),
    ("$$ and no end", "User-agent: *\nDisallow: /a$$", "/a$b", True),
    ("only $", "User-agent: *\nDisallow: $", "/a", True),
    ("only *", "User-agent: *\nDisallow: *", "/a", False),
    ("*$", "User-agent: *\nDisallow: /a*$", "/abc", False),
    ("* may be nothing", "User-agent: *\nDisallow: /a*b$", "/ab", False),
    ("the end is not used twice", "User-agent: *\nDisallow: /aba*aba$", "/abaaba", False),
    ("the end does not overlap", "User-agent: *\nDisallow: /aba*aba$", "/aba", True),
    ("$ with an empty query", "User-agent: *\nDisallow: /a$", "/a?", True),
    ("an empty query", "User-agent: *\nDisallow: /a?", "/a?", False),
    ("no path", "User-agent: *\nDisallow: /$", "", False),
    ("no path, but a query", "User-agent: *\nDisallow: /?x", "?x", False),
    ("an escaped $ is a character", "User-agent: *\nDisallow: /a%24", "/a$b", False),
    ("an escaped * is a character", "User-agent: *\nDisallow: /a%2Ab", "/a*b", False),
    # ---- paths
    ("two slashes", "User-agent: *\nDisallow: /a//b", "/a//b", False),
    ("two slashes are not one", "User-agent: *\nDisallow: /a/b", "/a//b", True),
    ("two slashes first", "User-agent: *\nDisallow: //x", "//x/y", False),
    ("two slashes first are not one", "User-agent: *\nDisallow: /x", "//x/y", True),
    ("an address in place of a path", "User-agent: *\nDisallow: https://news.example/a", "/a", True),
    ("parameters of a segment", "User-agent: *\nDisallow: /a;b", "/a;b/c", False),
    # ---- percent-encoding, odder
    ("~", "User-agent: *\nDisallow: /%7Ejoe/", "/~joe/x", False),
    ("~, other way", "User-agent: *\nDisallow: /~joe/", "/%7ejoe/x", False),
    ("a % that is no escape", "User-agent: *\nDisallow: /100%", "/100%25", False),
    ("a % that is no escape, in both", "User-agent: *\nDisallow: /a%zz", "/a%zz", False),
    ("+ is no blank", "User-agent: *\nDisallow: /a+b", "/a%20b", True),
    ("an escaped ? begins no query", "User-agent: *\nDisallow: /a?b", "/a%3Fb", True),
    ("an escaped ? in the rule", "User-agent: *\nDisallow: /a%3Fb", "/a?b", True),
    ("an escaped &", "User-agent: *\nDisallow: /*&b=", "/a?x=1%26b=2", True),
    ("an address in a query, escaped in the URL", "User-agent: *\nDisallow: /r?to=https://", "/r?to=https%3A%2F%2Fx.ex",
     False),
    ("an address in a query, escaped in the rule", "User-agent: *\nDisallow: /r?to=https%3A%2F%2F", "/r?to=https://x.ex",
     False),
    ("an address in a query, by wildcard", "User-agent: *\nDisallow: /*to=https://", "/r?to=https%3A%2F%2Fx.ex", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "allowed"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_table(text: str | bytes, path: str, allowed: bool) -> None:
    assert policy(text).can_fetch(SITE + path, UA) is allowed


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 150
    assert len({row[0] for row in TABLE}) == len(TABLE)


PROTEGO_DEPARTS = {
    # the file as a whole
    "an HTML page", "an HTML page after a comment", "HTML page after a BOM", "XML in its place", "BOM", "two BOMs",
    "half a BOM", "BOM in the middle", "UTF-16", "NUL at the start",
    # lines
    "U+2028 ends no line", "form feed ends no line", "a line is read to its 16,663rd character", "Disallowed",
    "Allowed", "User-agents",
    # groups
    "agent with a version", "agent with words after it", "agent with a number after it", "agent that only begins so",
    "beginning of our agent with a star", "* with words after it", "* glued to a word", "unknown lines end no agents",
    # rules
    "$ is no character at the end", "an index.htm allows its folder", "an escaped ? begins no query",
    "an escaped ? in the rule", "an escaped &", "an address in a query, escaped in the URL",
    "an address in a query, escaped in the rule", "an address in a query, by wildcard",
}  # fmt: skip
"""Cases in which Protego, given the text that we read, says something else. ``docs/robots.md`` tells them."""


def test_where_protego_departs() -> None:
    """If this fails after an upgrade, Protego has changed: see whether the matching need still be ours."""
    found = set()
    for name, text, path, allowed in TABLE:
        body = text.encode() if isinstance(text, str) else text
        try:
            said = Protego.parse(body.decode("utf-8", "replace")).can_fetch(SITE + path, UA)
        except ValueError:
            said = None
        if said is not allowed:
            found.add(name)
    assert found == PROTEGO_DEPARTS


# ---------------------------------------------------------------- no file


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_unavailable_allows_all(status: int) -> None:
    assert RobotsPolicy.from_response(status, b"User-agent: *\nDisallow: /").can_fetch(f"{SITE}/a", UA)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_without_end_allows_all(status: int) -> None:
    assert RobotsPolicy.from_response(status).can_fetch(f"{SITE}/a", UA)


@pytest.mark.parametrize("status", [304, 429, 500, 502, 503, 504, 520, 599, 0, 100])
def test_unreachable_disallows_all(status: int) -> None:
    unreachable = RobotsPolicy.from_response(status, b"", retry_after=30.0)
    assert not unreachable.can_fetch(f"{SITE}/a", UA)
    assert unreachable.can_fetch(f"{SITE}/robots.txt", UA)
    assert unreachable.crawl_delay(UA) is None
    assert unreachable.sitemaps == ()


def test_no_answer_disallows_all() -> None:
    assert not RobotsPolicy.from_failure("timeout").can_fetch(f"{SITE}/a", UA)
    assert RobotsPolicy.from_failure("timeout").reason == "timeout"


def test_an_address_that_is_none_is_not_fetched() -> None:
    assert not policy("User-agent: *\nDisallow: /x").can_fetch("http://[", UA)


# ---------------------------------------------------------------- size


def test_half_a_mebibyte_is_read_and_no_more() -> None:
    rule = b"Disallow: /early\n"
    head = b"User-agent: *\n" + b"# pad pad pad\n" * 35_000 + rule
    assert len(head) > 480_000
    assert not policy(head + b"# pad\n" * 400_000).can_fetch(f"{SITE}/early", UA)
    late = b"User-agent: *\n" + b"#" * MAX_BYTES + b"\nDisallow: /late\n"
    assert policy(late).can_fetch(f"{SITE}/late", UA)


def test_a_rule_that_is_cut_in_half_is_no_rule() -> None:
    head = b"User-agent: *\nDisallow: /x\n"
    filler = b"#" * (MAX_BYTES - len(head) - len(b"\nDisallow: /")) + b"\n"
    cut = policy(head + filler + b"Disallow: /private/\n")
    assert cut.can_fetch(f"{SITE}/a", UA)
    assert not cut.can_fetch(f"{SITE}/x", UA)


# ---------------------------------------------------------------- what else it says


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        ("1,5", 1.5),
        ("0", 0.0),
        ("86400", MAX_CRAWL_DELAY),
        ("1000000000", MAX_CRAWL_DELAY),
        ("1e9", MAX_CRAWL_DELAY),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_crawl_delay_is_bounded(value: str, seconds: float | None) -> None:
    assert policy(f"User-agent: *\nCrawl-delay: {value}\nRequest-rate: 0/0\n").crawl_delay(UA) == seconds


def test_crawl_delay_is_the_groups() -> None:
    text = "User-agent: *\nCrawl-delay: 9\n\nUser-agent: broadsheet\nCrawl-delay: 2\nDisallow: /x\n"
    assert policy(text).crawl_delay(UA) == 2.0
    assert policy(text).crawl_delay("other") == 9.0
    assert policy("User-agent: *\nDisallow: /x").crawl_delay(UA) is None


def test_sitemaps_stand_outside_groups() -> None:
    text = (
        "Sitemap: https://news.example/a.xml\nUser-agent: x\nSITEMAP : /b.xml\nDisallow: /\n"
        "Site-map: /c.xml\nSitemap:\nSitemap: /b.xml"
    )
    assert policy(text).sitemaps == ("https://news.example/a.xml", "/b.xml", "/c.xml")


def test_content_signals_are_kept_as_written() -> None:
    text = "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\nContent-Usage: tdm=n\n"
    assert policy(text).signals("https://example.org/a", UA).content_signal == "search=yes, ai-train=no; tdm=n"
    assert policy("User-agent: *\nAllow: /").signals("https://example.org/a", UA).content_signal is None


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        (UA, "broadsheet"),
        ("Broadsheet", "broadsheet"),
        ("News-Bot_x 2.0", "news-bot_x"),
        ("Bot2/1", "bot"),
        ("", ""),
        ("/x", ""),
    ],
)
def test_product_token(user_agent: str, token: str) -> None:
    assert product_token(user_agent) == token


# ---------------------------------------------------------------- kept


def test_a_policy_survives_pickle_and_row() -> None:
    before = policy("User-agent: *\nDisallow: /a\nSitemap: /s.xml")
    before.can_fetch(f"{SITE}/a", UA)
    for after in (pickle.loads(pickle.dumps(before)), RobotsPolicy.from_row(before.to_row())):
        assert after == before
        assert hash(after) == hash(before)
        assert after.sitemaps == ("/s.xml",)
        assert not after.can_fetch(f"{SITE}/a", UA)
    assert "rules" in repr(before)


def test_a_verdict_from_the_future_forbids() -> None:
    assert not RobotsPolicy.from_row(("maybe", "", "", None)).can_fetch(f"{SITE}/a", UA)


def test_cache_is_good_for_a_day() -> None:
    cache = RobotsCache()
    cache.put(f"{SITE}/a?b", policy(""), 1000.0)
    assert cache.get(f"{SITE}/other", 1000.0 + FRESH - 1) == policy("")
    assert cache.get(f"{SITE}/other", 1000.0 + FRESH) is None
    assert cache.get(f"{SITE}/other", 999.0) is None  # a clock that was set back
    assert cache.stale(f"{SITE}/other") == policy("")
    assert cache.get("http://news.example/", 1000.0) is None
    assert cache.get("https://news.example:8443/", 1000.0) is None
    assert cache.stale("http://news.example/") is None


def test_failures_are_asked_again_soon() -> None:
    assert lifetime(RobotsPolicy.from_failure("reset")) == FRESH_FAILURE
    assert lifetime(RobotsPolicy.from_response(503, b"", 3600.0)) == 3600.0
    assert lifetime(RobotsPolicy.from_response(429, b"", 1.0)) == FRESH_FAILURE
    assert lifetime(RobotsPolicy.from_response(503, b"", 1e9)) == FRESH
    assert lifetime(RobotsPolicy.from_response(404)) == FRESH


def test_cache_is_kept_and_bounded() -> None:
    cache = RobotsCache(max_hosts=2)
    for number in range(3):
        cache.put(f"https://h{number}.example/", RobotsPolicy.from_response(404), float(number))
    assert len(cache) == 2
    again = RobotsCache()
    again.put("https://h2.example/", RobotsPolicy.from_failure("younger"), 9.0)
    again.restore(cache.rows())
    assert len(again) == 2
    assert again.stale("https://h2.example/") == RobotsPolicy.from_failure("younger")
    assert again.stale("https://h1.example/") == RobotsPolicy.from_response(404)


def test_origin() -> None:
    assert origin_of("HTTPS://News.Example:8443/a?b") == "https://news.example:8443"


# ---------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        ("120", 120.0),
        (b" 120 ", 120.0),
        ("1.5", 1.5),
        ("-1", None),
        ("99999999999999999999999999", 86_400.0),
        ("Thu, 01 Jan 1970 00:20:00 GMT", 200.0),
        ("Thursday, 01-Jan-70 00:20:00 GMT", 200.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400.0),
        ("Thu, 99 Jan 1970 00:00:00 GMT", None),
        ("²", None),
        ("+120", None),
        ("1e3", None),
        ("120, 60", None),
        ("Thu Jan  1 00:20:00 1970", 200.0),
        ("Thu, 01 Jan 1970 01:20:00 +0100", 200.0),
        ("Thu, 01 Jan 99999 00:20:00 GMT", None),
        ("1970-01-01T00:20:00Z", None),
        ("nan", None),
    ],
)
def test_retry_after(value: str | bytes | None, seconds: float | None) -> None:
    assert retry_after(value, now=1000.0) == seconds


def test_a_date_without_a_zone_is_in_gmt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    try:
        assert retry_after("Thu, 01 Jan 1970 00:20:00", now=1000.0) == 200.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_retry_after_with_a_bound() -> None:
    assert retry_after("5000", 0.0, bound=60.0) == 60.0


def test_how_long_an_origin_is_closed_for() -> None:
    cache = RobotsCache()
    assert cache.closed_for("https://a.example/x", 1000.0) == 0
    cache.put("https://a.example/", RobotsPolicy.from_response(503, retry_after=3600.0), 1000.0)
    assert cache.closed_for("https://a.example/x", 4599.0) == 1
    assert cache.closed_for("https://a.example/x", 4601.0) == 0
    cache.put("https://b.example/", RobotsPolicy.from_response(200, b"User-agent: *\nDisallow: /"), 1000.0)
    assert cache.closed_for("https://b.example/x", 1001.0) == 0
