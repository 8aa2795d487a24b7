"""How requests end: robots.txt that cannot be had, responses that are not what was wanted, pages that find no room."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.discovery import Discovered
from crawler.fetch.again import parts_of
from crawler.fetch.frontier import Frontier
from crawler.fetch.middleware import OutcomeMiddleware, RobotsDenied, RobotsMiddleware, RobotsUnavailable
from crawler.fetch.outcome import candidates_in, wanted
from crawler.fetch.robots import FRESH, RobotsCache
from crawler.jobs import Job, Limits, Outlet
from crawler.status import ExitStatus
from pipelines.errors import CaptureError, DiskFullError
from pipelines.model import Candidate, Capture, CaptureRef, Exchange, Provenance, Role
from pipelines.records.ledger import Ledger, Lock, State
from tests.crawler.conftest import Pages
from tests.crawler.shell import job_file, until

PAGE = "https://a.example/page"


class World:
    """The middlewares, with a frontier and a downloader that answers what the test puts into ``answers``."""

    def __init__(self, path: Path) -> None:
        self.ledger = Ledger(path)
        self.frontier = Frontier(
            self.ledger, delay=lambda _: 0.0, per_host=lambda _: 4, pages=lambda _: 100, call_later=lambda _: None
        )
        self.frontier.open(None)  # type: ignore[arg-type]
        self.answers: list[Any] = []
        self.asked: list[str] = []
        self.unkept: list[CaptureError] = []
        self.crawl = SimpleNamespace(frontier=self.frontier, robots=RobotsCache(), unkept=self.unkept.append)
        crawler: Any = SimpleNamespace(
            settings=Settings({"ROBOTSTXT_OBEY": True, "USER_AGENT": "Broadsheet"}),
            broadsheet=self.crawl,
            engine=SimpleNamespace(download_async=self._download),
        )
        self.robots, self.outcome = RobotsMiddleware(crawler), OutcomeMiddleware(crawler)

    async def _download(self, request: Request) -> Response:
        self.asked.append(request.url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Response(request.url, status=answer[0], body=answer[1])

    def request(self, url: str = PAGE) -> Request:
        self.frontier.add([Candidate(url=url, role=Role.ARTICLE, method="feed", outlet="a")])
        request = self.frontier.next_request()
        assert request is not None
        return request

    async def meet(self, *requests: Request) -> list[Any]:
        """What robots.txt says to requests that come together."""
        meetings = (self.robots.process_request(request) for request in requests)
        return await asyncio.gather(*meetings, return_exceptions=True)

    def state(self, url: str = PAGE) -> tuple[State, int]:
        row = self.ledger.execute("SELECT state, attempts FROM frontier WHERE url = ?", (url,)).fetchone()
        return State(row[0]), row[1]


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path / "ledger.sqlite3")
    yield made
    made.ledger.close()


# ------------------------------------------------------------------ robots.txt


@pytest.mark.parametrize("answer", [(503, b""), (429, b""), (500, b""), OSError("no such host"), TimeoutError("slow")])
def test_without_robots_txt_pages_wait_for_the_next_run(world: World, answer: Any) -> None:
    world.answers = [answer]
    request = world.request()
    (error,) = asyncio.run(world.meet(request))
    assert isinstance(error, RobotsUnavailable)
    world.outcome.process_exception(request, error)
    assert world.state() == (State.WAITING, 0)
    assert not world.frontier.has_pending_requests()
    assert "robots.txt" in world.frontier.given_up()["https://a.example"]
    assert world.frontier.failures() == []


def test_what_its_rules_do_not_want_is_refused(world: World) -> None:
    world.answers = [(200, b"User-agent: *\nDisallow: /page\n")]
    request = world.request()
    (error,) = asyncio.run(world.meet(request))
    assert isinstance(error, RobotsDenied)
    world.outcome.process_exception(request, error)
    assert world.state()[0] == State.REFUSED
    assert world.frontier.given_up() == {}


def test_pages_that_come_together_ask_once_and_later_ones_again_when_it_is_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.answers = [(200, b""), (200, b"User-agent: *\nDisallow: /\n")]

    async def meetings() -> list[Any]:
        said = await world.meet(world.request(), world.request(PAGE + "2"))
        said += await world.meet(world.request(PAGE + "3"))
        world.crawl.robots = RobotsCache()
        world.crawl.robots.restore([("https://a.example", -2 * FRESH, "rules", "", "", None)])
        return said + await world.meet(world.request(PAGE + "4"))

    said = asyncio.run(meetings())
    assert said[:3] == [None] * 3
    assert isinstance(said[3], RobotsDenied)
    assert world.asked == ["https://a.example/robots.txt"] * 2


def test_a_robots_txt_that_found_no_room_is_asked_for_again(world: World) -> None:
    world.answers = [DiskFullError("no room"), (200, b"")]

    async def meetings() -> list[Any]:
        first = world.request()
        (error,) = await world.meet(first)
        world.outcome.process_exception(first, error)
        return [error, *await world.meet(world.request(PAGE + "2"))]

    error, said = asyncio.run(meetings())
    assert isinstance(error, DiskFullError)
    assert said is None
    assert world.unkept == [error]
    assert world.state()[0] == State.TAKEN, "it waits again in the next process"


# ------------------------------------------------------------------ what is wanted


@pytest.mark.parametrize(
    ("status", "truncated", "kept"),
    [
        (200, None, True),
        (404, None, True),
        (301, None, True),
        (503, None, False),
        (500, None, False),
        (200, "length", True),
        (200, "time", False),
        (200, "disconnect", False),
    ],
)
def test_the_crawl_and_a_rebuild_agree_on_what_is_done(world: World, status: int, truncated: Any, kept: bool) -> None:
    assert wanted(status, truncated) is kept
    request = world.request()
    if kept:
        world.frontier.captured(request.meta["frontier"][0])  # as the sink does
    flags = [f"truncated:{truncated}"] if truncated else None
    world.outcome.process_response(request, Response(request.url, status=status, flags=flags))
    assert world.state()[0] == (State.DONE if kept else State.WAITING)
    rebuilt = f"{PAGE}/rebuilt"
    parts_of(None).taken(world.ledger, capture(rebuilt, status, truncated), None)
    assert world.state(rebuilt)[0] == (State.DONE if kept else State.WAITING)


def capture(url: str, status: int = 200, truncated: Any = None, **provenance: Any) -> Capture:
    ref = CaptureRef(
        filename="x.warc.gz", offset=0, length=1, record_id="<urn:uuid:0>", url=url, date="2026-03-10T00:00:00Z",
        type="response", payload_digest=None,
    )  # fmt: skip
    return Capture(
        ref=ref, status=status, headers=(), payload=b"", truncated=truncated, provenance=Provenance(**provenance)
    )


def test_a_rebuild_leaves_out_what_the_crawl_found_too_old(world: World) -> None:
    outlet = Outlet(name="a", home="https://a.example/", limits=Limits(age=timedelta(days=7)))
    dates = {f"{PAGE}/{day}": f"2026-{day}T00:00:00Z" for day in ("03-09", "01-01")}
    found = Discovered(
        candidates=tuple(Candidate(url=url, role=Role.ARTICLE, method="feed", date=dates[url]) for url in dates)
    )
    taken = capture("https://a.example/feed", outlet="a", role=Role.FEED, method="seed")
    assert [each.url for each in candidates_in(taken.ref, found, outlet)] == [f"{PAGE}/03-09"]
    parts_of(Job(name="a", output="out", outlets=(outlet,))).taken(world.ledger, taken, found)
    known = {url for (url,) in world.ledger.execute("SELECT url FROM frontier")}
    assert known == {"https://a.example/feed", f"{PAGE}/03-09"}


def test_a_rebuild_takes_a_robots_txt_for_no_address(world: World) -> None:
    taken = capture("https://a.example/robots.txt", 503, role=Role.ROBOTS, method="robots")
    parts_of(None).taken(world.ledger, taken, None)
    assert world.ledger.execute("SELECT url FROM frontier").fetchall() == []


# ------------------------------------------------------------------ whole crawls

HOME = b"<!doctype html><title>Home</title><h2><a href=/one-story.html>A story that is long enough</a></h2>"


def test_a_site_without_robots_txt_for_now_is_fetched_by_the_next_run(
    pages: Pages, article: Callable[..., bytes], tmp_path: Path
) -> None:
    pages.pages |= {"/robots.txt": (503, {}, b""), "/": HOME, "/one-story.html": article("The pier is open again")}
    job = job_file(tmp_path, [("one", f"{pages.base}/")])
    ended = job.crawl()
    assert ended.status == 3, ended
    assert "Left alone" in ended.out
    assert "robots.txt" in ended.out
    assert "/" not in pages.asked
    pages.pages["/robots.txt"] = b""
    ended = job.crawl()
    assert ended.status == 0, ended
    assert [record["headline"] for record in job.runs[-1].articles] == ["The pier is open again"]


def test_an_hour_of_patience_asked_for_ends_the_run(pages: Pages, tmp_path: Path) -> None:
    pages.pages |= {"/": HOME, "/one-story.html": (503, {"Retry-After": "3600"}, b"later")}
    ended = job_file(tmp_path, [("one", f"{pages.base}/")]).crawl()
    assert ended.status == 3, ended
    assert "asked to wait 3600 s" in ended.out


def test_a_page_that_found_no_room_is_told_and_fetched_by_the_next_start(
    pages: Pages, article: Callable[..., bytes], tmp_path: Path
) -> None:
    large = article("The pier is open again", extra=f"<!-- {os.urandom(1_200_000).hex()} -->")
    pages.pages |= {"/": HOME, "/one-story.html": large}
    job = job_file(tmp_path, [("one", f"{pages.base}/")])
    ended = job.crawl("-s", "BROADSHEET_MAX_DISK=900000")
    assert ended.status == 4, ended
    ended = job.crawl()
    assert ended.status == 0, ended
    (run,) = job.runs
    assert [record["headline"] for record in run.articles] == ["The pier is open again"]
    assert pages.asked.count("/one-story.html") == 2


def test_a_run_that_could_not_be_ended_is_not_complete(
    pages: Pages, article: Callable[..., bytes], tmp_path: Path
) -> None:
    """Here run.json cannot be written; and what failed before the stop is not forgotten."""
    pages.pages |= {"/": HOME + b"<h2><a href=/two-story.html>Another one that is long enough</a></h2>"}
    pages.pages |= {f"/{name}-story.html": article(f"The pier is open again, {name}") for name in ("one", "two")}
    job = job_file(tmp_path, [("one", f"{pages.base}/")], delay=1.0)
    with job.crawling() as process:
        until(lambda: "/" in pages.asked)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 6
    (folder,) = (job.folder / "runs").iterdir()
    (folder / "run.json.part").mkdir()
    ended = job.crawl()
    assert ended.status == 1, ended
    assert "Stopped: " in ended.out
    (folder / "run.json.part").rmdir()
    ended = job.crawl()
    assert ended.status == 0, ended
    (run,) = job.runs
    assert len(run.articles) == 2


def test_a_crawl_that_cannot_begin_lets_go_of_its_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's lock and processes, and without keeping the half of a transaction."""
    from crawler.crawl import Crawl

    spider = SimpleNamespace(outlet=lambda name, role: None)
    settings = Settings({"BROADSHEET_WORKERS": 1, "BROADSHEET_PARSE_SECONDS": 30, "BROADSHEET_PARSE_MEGABYTES": 500})
    crawler: Any = SimpleNamespace(settings=settings, spider=spider)
    job = Job(name="a", output=str(tmp_path), outlets=())

    def fails(self: Crawl) -> None:
        self.live.ledger.execute("INSERT INTO robots VALUES ('x', 0, 'rules', '', '', NULL)")
        raise ValueError("a mistake")

    async def begin() -> None:
        with pytest.raises(ValueError, match="a mistake"):
            Crawl(crawler, job)

    monkeypatch.setattr(Crawl, "_take_up", fails)
    asyncio.run(begin())
    Lock(tmp_path / "a").release()
    ledger = Ledger(tmp_path / "a" / "ledger.sqlite3")
    assert ledger.execute("SELECT * FROM robots").fetchall() == []
    ledger.close()


def test_what_is_found_while_the_engine_closes_wakes_nobody() -> None:
    from crawler.crawl import Crawl

    crawl = Crawl.__new__(Crawl)
    crawl.crawler = SimpleNamespace(engine=SimpleNamespace(_slot=None))  # type: ignore[assignment]
    assert crawl._call_later(0.0) is None


def test_what_is_no_response_is_let_go_of() -> None:
    from crawler.crawl import Crawl

    file: Any = BytesIO(b"no HTTP at all")
    exchange = Exchange(
        url=PAGE, started=datetime.now(UTC), elapsed=0.1, request=b"", response=file, response_length=14
    )
    assert Crawl.__new__(Crawl).capture(exchange, Request(PAGE)) is None
    assert file.closed


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_a_disk_that_is_full_at_the_end_is_told_as_that(number: str) -> None:
    from crawler.crawl import Crawl

    crawl = Crawl.__new__(Crawl)
    crawl.failure = None
    crawl._ended_by(OSError(getattr(errno, number), "no room", "index.cdxj"))
    assert ExitStatus.of(crawl.failure) == ExitStatus.DISK_FULL
