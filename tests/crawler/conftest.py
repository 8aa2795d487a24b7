"""One real crawl of the whole sample web, which many tests look at; and small webs for tests of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from sampleweb import Expected, Request, SampleWeb
from tests.crawler.shell import Ended, JobFile, Run, job_file
from tests.loopback import Answering, Loopback


@dataclass
class Crawled:
    """A finished crawl of the sample web, and what is true of it."""

    job: JobFile
    ended: Ended
    truth: tuple[Expected, ...]
    requests: tuple[Request, ...]
    canary_hits: tuple[Request, ...]
    port: int

    @cached_property
    def run(self) -> Run:
        (run,) = self.job.runs
        return run

    @cached_property
    def articles(self) -> list[dict[str, Any]]:
        return self.run.articles

    @cached_property
    def rejections(self) -> list[dict[str, Any]]:
        return self.run.rejections

    @cached_property
    def expected(self) -> dict[str, Expected]:
        """The articles there are, by canonical address."""
        return {item.canonical_url or item.url: item for item in self.truth if item.outcome == "article"}

    @cached_property
    def by_canonical(self) -> dict[str, dict[str, Any]]:
        return {record["canonical_url"]: record for record in self.articles}


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    folder = tmp_path_factory.mktemp("crawled")
    with SampleWeb() as web:
        job = job_file(folder, [(outlet.key, outlet.home) for outlet in web.outlets], name="all")
        ended = job.crawl()
        return Crawled(job, ended, web.truth(), tuple(web.requests), web.canary_hits, web.port)


@pytest.fixture
def small_web() -> Iterator[Callable[..., SampleWeb]]:
    """Sample webs of a few outlets; their port is free for nobody else while the test runs."""
    webs: list[SampleWeb] = []

    def make(*outlets: str, **options: Any) -> SampleWeb:
        webs.append(SampleWeb(outlets=outlets or ("halvern",), **options).start())
        return webs[-1]

    yield make
    for web in webs:
        web.stop()


class Pages(Loopback):
    """A server of hand-made pages: path to body, or to status, headers and body. It keeps what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        pages = self

        class Handler(Answering):
            def do_GET(self) -> None:
                pages.asked.append(self.path)
                answer = pages.pages.get(self.path, (404, {}, b"not here"))
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
                self.send_response(status)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)


@pytest.fixture
def pages() -> Iterator[Pages]:
    server = Pages()
    yield server
    server.close()


WORDS = (
    "The harbour office said on Monday that the ferry would return to its winter timetable a week early.",
    "Repairs to the pier had taken longer than planned, and three sailings a day will be left out until spring.",
    "Residents of the outer islands asked the council for a bus in its place, which it promised to discuss.",
    "A spokeswoman added that tickets already bought stay valid, and that refunds are paid at the counter.",
)


def story(title: str, *, extra: str = "") -> bytes:
    """A plain article page; ``extra`` goes to the end of its body."""
    paragraphs = "".join(f"<p>{title}. {words}</p>" for words in WORDS)
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
        f'<meta property="og:type" content="article"></head><body><article><h1>{title}</h1>{paragraphs}</article>'
        f"{extra}</body></html>"
    ).encode()


@pytest.fixture
def article() -> Callable[..., bytes]:
    return story


@pytest.fixture
def new_job(tmp_path: Path) -> Callable[..., JobFile]:
    """A job file for the outlets of a sample web."""

    def make(web: SampleWeb, **options: Any) -> JobFile:
        return job_file(tmp_path, [(outlet.key, outlet.home) for outlet in web.outlets], **options)

    return make
