"""tdmrep.json: when it is asked for, what an answer means and for how long; nothing of it keeps an article back."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.fetch.frontier import Frontier
from crawler.fetch.middleware import RobotsDenied
from crawler.fetch.tdmrep import DAY, PATIENCE, WEEK, TdmFiles, TdmrepMiddleware
from pipelines import clock
from pipelines.errors import CaptureError, DiskFullError
from pipelines.model import Candidate, Role
from pipelines.records.ledger import Ledger
from pipelines.text.hostfiles import TDMREP_PATH, TdmRules
from tests.crawler.conftest import Pages, story
from tests.crawler.shell import job_file

HOST = "https://a.example"
PAGE = f"{HOST}/story.html"
RULES = json.dumps([{"location": "/", "tdm-reservation": 1, "tdm-policy": "/policy.json"}]).encode()


class World:
    """The middleware, with a downloader that answers what the test puts into ``answers``, and a clock."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.ledger = Ledger(path)
        frontier = Frontier.to_fill(self.ledger)
        self.answers: list[Any] = []
        self.asked: list[Request] = []
        self.files = TdmFiles(self.ledger)
        crawler: Any = SimpleNamespace(
            settings=Settings({"BROADSHEET_TDMREP": True, **settings}),
            broadsheet=SimpleNamespace(frontier=frontier, tdm_files=self.files),
            engine=SimpleNamespace(download_async=self._download),
        )
        self._middleware = TdmrepMiddleware(crawler)

    async def _download(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if answer is ...:
            await asyncio.sleep(60)  # a robots.txt that does not come
        if isinstance(answer, Exception):
            raise answer
        return Response(request.url, **answer)

    def meets(self, *requests: tuple[str, Role]) -> list[Any]:
        """What comes of requests that are made together: None where they go on."""

        async def all_of_them() -> list[Any]:
            made = (
                Request(url, meta={"candidate": Candidate(url=url, role=role, method="feed", outlet="a")})
                for url, role in requests
            )
            return await asyncio.gather(*map(self._middleware.process_request, made), return_exceptions=True)

        return asyncio.run(all_of_them())

    def known(self, *answers: Any) -> Any:
        """What is known after an article, whose host answered so."""
        self.answers += answers
        assert self.meets((PAGE, Role.ARTICLE)) == [None]
        assert self.answers == []
        return self.files.of(HOST)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "ledger.sqlite3")
    yield made
    made.ledger.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1_700_000_000.0]
    monkeypatch.setattr(clock, "now", lambda: time[0])
    return time


def ok(body: bytes = RULES, **headers: str) -> dict[str, Any]:
    return {"status": 200, "body": body, "headers": {name.replace("_", "-"): value for name, value in headers.items()}}


def test_articles_of_a_host_wait_for_one_answer(world: World) -> None:
    world.answers = [ok()]
    assert world.meets((PAGE, Role.ARTICLE), (f"{HOST}/other.html", Role.ARTICLE)) == [None, None]
    (asked,) = world.asked
    assert asked.url == HOST + TDMREP_PATH
    assert asked.meta["download_timeout"] == PATIENCE
    assert asked.meta["candidate"].role is Role.ROBOTS and asked.meta["candidate"].method == "tdmrep"
    assert world.files.of(HOST).of(PAGE) == (1, f"{HOST}/policy.json")


def test_nothing_else_asks(world: World, tmp_path: Path) -> None:
    others = [role for role in Role if role is not Role.ARTICLE]
    assert world.meets(*((PAGE, role) for role in others)) == [None] * len(others)
    off = World(tmp_path / "off.sqlite3", BROADSHEET_TDMREP=False)
    assert off.meets((PAGE, Role.ARTICLE)) == [None]
    assert world.asked == off.asked == []
    off.ledger.close()


@pytest.mark.parametrize(
    ("answer", "known", "lasts"),
    [
        (ok(), "rules", DAY),
        (ok(Cache_Control="public, max-age=60"), "rules", DAY),
        (ok(Cache_Control="max-age=259200"), "rules", 3 * DAY),
        (ok(Cache_Control="max-age=31536000"), "rules", WEEK),
        (ok(gzip.compress(RULES), Content_Encoding="gzip"), "rules", DAY),
        (ok(b"\xef\xbb\xbf" + RULES), "rules", DAY),
        (ok(b"[]"), "rules", DAY),
        (ok(b"<html>Welcome</html>"), "none", WEEK),
        (ok(b"\x1f\x8b\x08" + bytes(50), Content_Encoding="gzip"), None, DAY),
        (ok() | {"flags": ["truncated:time"]}, None, DAY),
        ({"status": 404}, "none", WEEK),
        ({"status": 403}, "none", WEEK),
        ({"status": 304}, None, DAY),
        ({"status": 429}, None, DAY),
        ({"status": 503}, None, DAY),
        (DownloadTimeoutError("too slow"), None, DAY),
        (RobotsDenied("disallowed"), None, DAY),
    ],
)
def test_what_an_answer_means_and_for_how_long(
    world: World, now: list[float], answer: Any, known: str | None, lasts: float
) -> None:
    found = world.known(answer)
    assert ("rules" if isinstance(found, TdmRules) else found) == known
    now[0] += lasts - 1
    world.known()
    now[0] += 1
    assert world.known({"status": 404}) == "none"
    assert len(world.asked) == 2


def test_redirects_are_followed_and_policies_are_relative_to_where_they_end(world: World) -> None:
    moved = {"status": 301, "headers": {"Location": "https://rights.example/tdm/rules.json"}}
    assert world.known(moved, ok(RULES.replace(b"/policy", b"policy"))).of(PAGE) == (
        1, "https://rights.example/tdm/policy.json",
    )  # fmt: skip
    assert [request.url for request in world.asked] == [HOST + TDMREP_PATH, "https://rights.example/tdm/rules.json"]


def test_redirects_without_end_lead_nowhere(world: World) -> None:
    moved = {"status": 302, "headers": {"Location": TDMREP_PATH}}
    assert world.known(*[moved] * 4) == "none"


@pytest.mark.parametrize("where", ["http://[::1", "mailto:rights"])
def test_redirects_to_no_address_keep_no_article_back(world: World, where: str) -> None:
    assert world.known({"status": 302, "headers": {"Location": where}}) is None


def test_an_article_is_not_kept_for_longer_wherever_its_host_leads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.fetch.tdmrep.PATIENCE", 0.05)
    assert world.known({"status": 302, "headers": {"Location": "https://silent.example/"}}, ...) is None
    assert len(world.asked) == 2


def test_what_is_known_outlives_the_process(world: World, tmp_path: Path) -> None:
    world.known(ok())
    world.ledger.commit()
    world.ledger.execute("COMMIT")  # so that another may write
    again = World(tmp_path / "ledger.sqlite3")
    assert again.known().of(PAGE) == (1, f"{HOST}/policy.json")
    again.ledger.close()


def test_an_answer_that_found_no_room_is_asked_for_again(world: World) -> None:
    world.answers = [DiskFullError("no room"), ok()]
    (problem,) = world.meets((PAGE, Role.ARTICLE))
    assert isinstance(problem, CaptureError)
    assert world.meets((PAGE, Role.ARTICLE)) == [None]
    assert len(world.asked) == 2


def test_a_crawl_does_not_ask_where_robots_txt_forbids(pages: Pages, tmp_path: Path) -> None:
    job = job_file(tmp_path, [("herald", f"{pages.base}/")])
    pages.pages |= {
        "/": b'<a href="/first-long-story.html">The pier is open again after the storm</a>',
        "/first-long-story.html": story("The pier is open again after the storm"),
        TDMREP_PATH: (200, {"Content-Type": "application/json"}, RULES),
        "/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /.well-known/\n"),
    }
    assert job.crawl().status == 0
    (record,) = job.runs[0].articles
    assert TDMREP_PATH not in pages.asked
    assert (record["rights"]["robots_txt"], record["rights"]["tdm_file"]) == ("rules", None)
