"""How a robots.txt is fetched: redirects, half a file, one that cannot be unpacked, time-outs."""

from __future__ import annotations

import asyncio
import gzip
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.fetch.middleware import RobotsMiddleware
from crawler.fetch.robots import FRESH, FRESH_FAILURE, RobotsCache, lifetime

BASE = "https://a.example"
CLOSED = b"User-agent: *\nDisallow: /\n"


def ask(*answers: Any) -> tuple[Any, list[str]]:
    """The policy that comes of answers (status, headers, body, flags) or errors, and what was asked for."""
    asked: list[str] = []
    waiting = list(answers)

    async def download(request: Request) -> Response:
        asked.append(request.url)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body, *flags = answer
        return Response(request.url, status=status, headers=headers, body=body, flags=flags)

    crawl = SimpleNamespace(robots=RobotsCache())
    crawler: Any = SimpleNamespace(
        settings=Settings({"ROBOTSTXT_OBEY": True, "USER_AGENT": "Broadsheet"}),
        broadsheet=crawl,
        engine=SimpleNamespace(download_async=download),
    )
    return asyncio.run(RobotsMiddleware(crawler)._fetch(BASE, Request(f"{BASE}/page"))), asked


def to(target: str) -> tuple[int, dict[str, str], bytes]:
    return 301, {"Location": target}, b""


def test_redirects_are_followed_to_other_hosts_and_speak_for_the_first() -> None:
    policy, asked = ask(to("/r.txt"), to("https://b.example/x"), to("//c.example/robots.txt"), (200, {}, CLOSED))
    assert asked == [f"{BASE}/robots.txt", f"{BASE}/r.txt", "https://b.example/x", "https://c.example/robots.txt"]
    assert not policy.can_fetch(f"{BASE}/page", "Broadsheet")


def test_five_redirects_and_no_more() -> None:
    policy, asked = ask(*(to(f"/{number}") for number in range(5)), (200, {}, CLOSED))
    assert (policy.verdict, len(asked)) == ("rules", 6)
    policy, asked = ask(*(to(f"/{number}") for number in range(6)))
    assert (policy.verdict, len(asked)) == ("allow-all", 6)


@pytest.mark.parametrize(
    ("answer", "verdict", "seconds"),
    [
        ((301, {}, b""), "allow-all", FRESH),
        (to("ftp://a.example/robots.txt"), "disallow-all", FRESH_FAILURE),
        (to("http://[::1"), "disallow-all", FRESH_FAILURE),
        (to("mailto:robots"), "disallow-all", FRESH_FAILURE),
        ((404, {}, CLOSED), "allow-all", FRESH),
        ((200, {}, CLOSED[:-6], "truncated:time"), "disallow-all", FRESH_FAILURE),
        ((200, {}, CLOSED[:-6], "truncated:disconnect"), "disallow-all", FRESH_FAILURE),
        ((200, {}, CLOSED, "truncated:length"), "rules", FRESH),
        ((404, {}, b"", "truncated:disconnect"), "allow-all", FRESH),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(CLOSED)), "rules", FRESH),
        ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\xff" + b"\xff" * 90), "disallow-all", FRESH_FAILURE),
        ((200, {"Content-Encoding": "odd"}, b"\x00\x01\x02"), "disallow-all", FRESH_FAILURE),
        ((404, {"Content-Encoding": "odd"}, b"\x00\x01\x02"), "allow-all", FRESH),
        ((503, {"Retry-After": "3600"}, b""), "disallow-all", 3600.0),
        ((503, {"Retry-After": "soon"}, b""), "disallow-all", FRESH_FAILURE),
        ((429, {"Retry-After": "999999999"}, b""), "disallow-all", FRESH),
        (TimeoutError("slow"), "disallow-all", FRESH_FAILURE),
    ],
)
def test_answers(answer: Any, verdict: str, seconds: float) -> None:
    policy, _ = ask(answer, OSError("no handler"))
    assert policy.verdict == verdict
    assert lifetime(policy) == seconds
    if verdict == "rules":
        assert not policy.can_fetch(f"{BASE}/page", "Broadsheet")
