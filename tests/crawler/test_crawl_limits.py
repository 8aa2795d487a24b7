"""Limits, mistakes in the command, and addresses that are not spoken to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sampleweb import SampleWeb
from tests.crawler.shell import JobFile, job_file, scrapy

Web = Callable[..., SampleWeb]
Job = Callable[..., JobFile]


def test_pages_and_outlet(small_web: Web, new_job: Job) -> None:
    web = small_web("halvern", "foni")
    job = new_job(web)
    ended = job.crawl("-a", "pages=8", "-a", "outlet=halvern")
    assert ended.status == 0, ended
    (run,) = job.runs
    assert {record["outlet"] for record in run.articles} == {"halvern"}
    assert {request.host for request in web.requests} == {"127.0.0.2"}
    pages = [request.path for request in web.requests if request.path.startswith("/a/")]
    assert 1 <= len(pages) <= 8


def test_deny_and_allow(small_web: Web, new_job: Job) -> None:
    web = small_web("halvern")
    job = new_job(web)
    ended = job.crawl("-a", "deny=/feeds/* /z/*", "-a", r"allow=re:^/a/[a-m]", "-a", "pages=8")
    assert ended.status == 0, ended
    asked = [request.path for request in web.requests]
    assert not [path for path in asked if path.startswith(("/feeds/", "/z/"))]
    pages = [path for path in asked if path.startswith("/a/")]
    assert pages
    assert [path for path in pages if not re.match(r"/a/[a-m]", path)] == []


def test_private_addresses_are_not_spoken_to_unless_allowed(small_web: Web, new_job: Job) -> None:
    web = small_web("halvern")
    job = new_job(web)
    ended = scrapy("crawl", "news", "-a", f"job={job.path}")
    assert web.requests == []
    assert "Traceback" not in ended.err
    assert ended.status == 3, ended
    assert "could not be fetched" in ended.out


# ---------------------------------------------------------------------- mistakes


MISTAKES = {
    "no such file": (["-a", "job=nowhere.toml"], "nowhere.toml"),
    "no job": ([], "which job?"),
    "unknown option": (["-a", "job={job}", "-a", "colour=red"], "colour"),
    "misspelt key": (["-a", "job={misspelt}"], "home"),
}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "misspelt.toml").write_text('[[outlets]]\nhoem = "http://127.0.0.1/"\n', "utf-8")
    good = job_file(folder, [("one", "http://127.0.0.1:9/")])
    return {"job": good.path, "misspelt": folder / "misspelt.toml"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_in_a_line(mistake: str, jobs: dict[str, Path]) -> None:
    arguments, named = MISTAKES[mistake]
    given = [argument.format(**jobs) for argument in arguments]
    ended = scrapy("crawl", "news", *given, "-s", "LOG_LEVEL=ERROR")
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    assert ended.out == ""
    (line,) = ended.err.strip().splitlines()
    assert named in line
    assert not (jobs["job"].parent / "out").exists(), "nothing was begun"


@pytest.mark.parametrize("arguments", [["crawl", "nosuch"], ["archive"]])
def test_commands_that_miss_something(arguments: list[Any]) -> None:
    ended = scrapy(*arguments, "-s", "LOG_LEVEL=ERROR")
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err


# ---------------------------------------------------------------------- files


def test_archives_are_split_and_still_whole(small_web: Web, new_job: Job) -> None:
    """With files so small that several are sealed between two commits."""
    job = new_job(small_web("halvern"))
    ended = job.crawl("-s", "BROADSHEET_WARC_BYTES=20000")
    assert ended.status == 0, ended
    (run,) = job.runs
    assert len(run.warcs) >= 8
    assert {record["warc"]["filename"] for record in run.articles} <= {path.name for path in run.warcs}
    verified = scrapy("verify", job.folder)
    assert verified.status == 0, verified
