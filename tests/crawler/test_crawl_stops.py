"""A crawl that is stopped or killed, and started again: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.flow.verify import verify_run
from pipelines.workers import Workers
from sampleweb import SampleWeb
from tests.crawler.conftest import Pages
from tests.crawler.shell import JobFile, job_file, processes_of, scrapy, until

Web = Callable[..., SampleWeb]
Job = Callable[..., JobFile]

IN_FLIGHT = 16
"""Most pages that one kill may cost a second fetch: those that were on their way, or not yet committed."""


def requested(web: SampleWeb, number: int) -> Callable[[], bool]:
    return lambda: len(web.requests) >= number


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(2)
    yield pool
    pool.close(wait=False)


def assert_whole(web: SampleWeb, job: JobFile, workers: Workers) -> None:
    """The job has every article once, in one run, and its files agree with each other."""
    (run,) = job.runs
    got = Counter(record["canonical_url"] for record in run.articles)
    assert [address for address, number in got.items() if number > 1] == []
    captured = {record["url"] for record in run.articles + run.rejections}
    lost = [item.url for item in web.articles() if not captured & {item.url, *item.aliases}]
    assert lost == []
    counts = run.summary["counts"]
    assert counts["captures"] == counts["articles"] + sum(counts["rejections"].values())
    assert (counts["articles"], counts["waiting"]) == (len(run.articles), 0)
    assert not list(run.folder.glob("*.open"))
    verdict = verify_run(run.folder, workers)  # the records are what the archive gives, line by line
    assert verdict.findings == []
    assert verdict.captures == counts["captures"]


def refetched(web: SampleWeb) -> int:
    times = Counter((request.host, request.path) for request in web.requests if request.path != "/robots.txt")
    return sum(number - 1 for number in times.values())


def test_a_signal_ends_it_in_order(small_web: Web, new_job: Job, workers: Workers) -> None:
    web = small_web("halvern")
    job = new_job(web, delay=0.02)
    with job.crawling() as process:
        until(requested(web, 30))
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.wait(30) == 6
        assert time.monotonic() - began < 20
        assert until(lambda: not processes_of(process.pid), 20)
    before = len(web.requests)
    ended = job.crawl()
    assert ended.status == 0, ended
    assert before < len(web.requests), "there was something left to do"
    assert refetched(web) <= 2, "one page at most was on its way, and one is fetched again for its cookie"
    assert_whole(web, job, workers)


def test_three_kills(small_web: Web, new_job: Job, workers: Workers, tmp_path: Path) -> None:
    """SIGKILL to the one process that the user started: early, in the middle, and towards the end."""
    web = small_web("halvern")
    job = new_job(web, delay=0.02)
    for after in (4, 25, 55):
        with job.crawling() as process:
            until(lambda after=after: len(web.requests) >= after or process.poll() is not None)
            process.kill()
            process.wait()
            assert until(lambda process=process: not processes_of(process.pid), 20), "workers must not outlive it"
    ended = job.crawl()
    assert ended.status == 0, ended
    assert refetched(web) <= 3 * IN_FLIGHT + 2
    assert_whole(web, job, workers)
    (run,) = job.runs
    extracted = scrapy("extract", *run.warcs, "-o", tmp_path / "again.jsonl")
    assert extracted.status == 0, extracted
    assert (tmp_path / "again.jsonl").read_bytes() == (run.folder / "articles.jsonl").read_bytes()


def test_kills_at_any_moment(small_web: Web, new_job: Job, workers: Workers) -> None:
    """Two more, by the clock: during the start as well as the end; and with archive files of 60 KB."""
    chance = random.Random(4)
    web = small_web("halvern")
    job = new_job(web, delay=0.005)
    for _ in range(2):
        with job.crawling("-s", "BROADSHEET_WARC_BYTES=60000") as process:
            try:
                process.wait(chance.uniform(1.2, 3.0))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            else:
                assert process.returncode == 0
                break
    ended = job.crawl("-s", "BROADSHEET_WARC_BYTES=60000")
    assert ended.status == 0, ended
    if len(job.runs) == 1:
        assert_whole(web, job, workers)
    else:  # the last kill came after the last commit
        assert [verify_run(run.folder, workers).findings for run in job.runs] == [[], []]


def test_a_second_process_ends_at_once(small_web: Web, new_job: Job) -> None:
    web = small_web("halvern")
    job = new_job(web, delay=0.3)
    with job.crawling() as process:
        until(requested(web, 2))
        second = job.crawl("-s", "LOG_LEVEL=ERROR")
        assert second.status == 5, second
        assert "Traceback" not in second.err
        assert str(process.pid) in second.err
        assert second.seconds < 20
        assert process.poll() is None, "the first one goes on"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 6


def test_disk_limit(small_web: Web, new_job: Job, workers: Workers) -> None:
    """It stops with a status of its own and goes on when there is room."""
    web = small_web("halvern")
    job = new_job(web)
    ended = job.crawl("-s", "BROADSHEET_MAX_DISK=150000")
    assert ended.status == 4, ended
    assert "Stopped: " in ended.out
    assert "BROADSHEET_MAX_DISK" in ended.out
    again = job.crawl()
    assert again.status == 0, again
    assert_whole(web, job, workers)
    assert "Traceback" not in ended.err


def test_what_was_to_be_tried_again_is_so_after_a_kill(
    pages: Pages, article: Callable[..., bytes], tmp_path: Path
) -> None:
    """A page that could not be had before the kill is not taken for one that was."""
    pages.pages["/"] = b"<!doctype html><title>Home</title><h2><a href=/late.html>A page that comes late</a></h2>"
    pages.pages["/late.html"] = (500, {}, b"<p>come back later</p>")
    job = job_file(tmp_path, [("one", f"{pages.base}/")], delay=0.7)  # so the address is committed before it is asked
    with job.crawling() as process:
        until(lambda: "/late.html" in pages.asked)
        time.sleep(0.1)  # archived, but not committed: that is due after half a second
        process.kill()
        process.wait()
    pages.pages["/late.html"] = article("The late page came after all")
    ended = job.crawl()
    assert ended.status == 0, ended
    (run,) = job.runs
    assert [record["headline"] for record in run.articles] == ["The late page came after all"]
    assert pages.asked.count("/late.html") == 2


def test_a_run_that_was_killed_as_it_began_still_asks_what_is_due(
    pages: Pages, article: Callable[..., bytes], tmp_path: Path
) -> None:
    names = ["/news/2026/05/first-story-of-the-day-1001", "/news/2026/05/second-story-of-the-day-1002"]
    pages.pages |= {name: article(name) for name in names}
    job = job_file(tmp_path, [("small", f"{pages.base}/")])
    for number, listed in enumerate((names[:1], names)):
        pages.pages["/"] = "".join(f'<h2><a href="{name}">A story to read</a></h2>' for name in listed).encode()
        if number:  # all that a kill before the first commit leaves: a run with a name
            with closing(sqlite3.connect(job.folder / "ledger.sqlite3")) as ledger:
                ledger.execute("INSERT INTO run (name, started) SELECT '29990101T000000Z', ended FROM run")
                ledger.commit()
        ended = job.crawl()
        assert ended.status == 0, ended
        assert [record["url"] for record in job.runs[-1].articles] == [pages.base + listed[-1]]
