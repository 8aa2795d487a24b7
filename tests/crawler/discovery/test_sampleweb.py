"""On the sample web, discovery from the home page leads to every article, over real HTTP on loopback."""

from __future__ import annotations

import gzip
import http.client
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from crawler.discovery import Fetched, discover, seeds
from crawler.discovery.urls import normalise
from crawler.fetch.robots import RobotsPolicy
from crawler.jobs import Limits, Outlet
from pipelines.model import Role
from sampleweb.web import SampleWeb


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb(port=0) as web:
        yield web


def get(url: str, role: Role, depth: int, hops: int) -> Fetched:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    headers = tuple(response.headers.items())
    return Fetched(url=url, status=response.status, headers=headers, payload=body, role=role, depth=depth, hops=hops)


def walk(outlet: Outlet, known: set[str]) -> set[str]:
    """All addresses that discovery gives; of the articles, those that truth does not know are looked at."""
    seen: set[str] = set()
    robots: RobotsPolicy | None = None
    waiting = deque((candidate, 0) for candidate in seeds(outlet))
    while waiting:
        candidate, hops = waiting.popleft()
        key = normalise(candidate.url)
        assert key is not None
        if key in seen or (robots and not robots.can_fetch(candidate.url, "Broadsheet/1.0")):
            continue
        seen.add(key)
        if candidate.role is Role.ARTICLE and key in known:
            continue
        page = get(candidate.url, candidate.role, candidate.depth, hops)
        if candidate.role is Role.ROBOTS and robots is None:
            robots = RobotsPolicy.from_response(page.status, page.payload)
        for following in discover(page, outlet).candidates:
            moved = following.method in ("redirect", "meta-refresh")
            waiting.append((following, hops + 1 if moved else 0))
    return seen


def test_every_article_is_found(web: SampleWeb) -> None:
    truth = web.articles()
    known = {normalise(url) or url for each in truth for url in (each.url, *each.aliases)}
    assert len(web.outlets) >= 5
    for home in web.outlets:
        outlet = Outlet(name=home.name, home=normalise(home.home) or "", limits=Limits(pages=10_000))
        found = walk(outlet, known)
        mine = [each for each in truth if each.url.startswith(outlet.home)]
        assert len(mine) >= 30
        missing = [each.url for each in mine if not any(normalise(url) in found for url in (each.url, *each.aliases))]
        assert missing == []
    assert web.canary_hits == ()
