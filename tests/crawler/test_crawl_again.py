"""A job that runs again and again while the sample web's clock goes on."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sampleweb import Event, Request, SampleWeb
from tests.crawler.shell import Ended, JobFile, Run, job_file, scrapy

OUTLETS = ("halvern", "birken")


@dataclass
class Pass:
    """One run of the job."""

    ended: Ended
    run: Run
    requests: list[Request]
    articles: dict[str, Any]
    """What is true at that time, by canonical address."""


@dataclass
class Days:
    """A first run, one right after it, and one a day later."""

    job: JobFile
    passes: list[Pass]
    events: tuple[Event, ...]
    aliases: dict[str, str]
    """Path of an alias to that of the article, with the host."""

    def asked(self, number: int) -> Counter[tuple[str, str]]:
        return Counter((request.host, request.path) for request in self.passes[number].requests)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    folder = tmp_path_factory.mktemp("days")
    passes: list[Pass] = []
    with SampleWeb(outlets=OUTLETS) as web:
        job = job_file(folder, [(outlet.key, outlet.home) for outlet in web.outlets], name="daily")
        began = web.clock
        for hours in (0, 0, 24):
            web.advance(hours=hours)
            before = len(web.requests)
            ended = job.crawl()
            true = {item.canonical_url or item.url: item for item in web.articles()}
            passes.append(Pass(ended, job.runs[-1], web.requests[before:], true))
        aliases = {alias: item.url for item in web.articles() for alias in (item.url, *item.aliases)}
        return Days(job, passes, web.events(began, web.clock), aliases)


def articles_asked(days: Days, number: int) -> set[str]:
    """Articles whose address, or another address of theirs, was asked for."""
    paths = {(urlsplit(url).hostname, _target(url)): address for url, address in days.aliases.items()}
    return {paths[asked] for asked in days.asked(number) if asked in paths}


def _target(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def test_all_passes_are_complete(days: Days) -> None:
    assert [each.ended.status for each in days.passes] == [0, 0, 0], "\n".join(str(each.ended) for each in days.passes)
    assert len(days.job.runs) == 3
    assert all(each.run.summary["counts"]["waiting"] == 0 for each in days.passes)


def test_the_second_run_fetches_no_article_again(days: Days) -> None:
    assert articles_asked(days, 0)
    assert articles_asked(days, 1) == set()


def test_the_second_run_asks_the_sources_again_once(days: Days) -> None:
    asked = days.asked(1)
    assert set(asked.values()) == {1}
    assert {path for _, path in asked} >= {"/"}
    assert set(asked) <= set(days.asked(0)), "nothing is new, so nothing new is found"


def test_unchanged_payloads_become_revisits(days: Days) -> None:
    second = days.passes[1]
    fetched = [record for record in second.run.rejections if record["http"]["status"] in (200, 304)]
    assert fetched
    assert [r["url"] for r in fetched if r["warc"]["type"] != "revisit" and not r["url"].endswith("robots.txt")] == []
    originals = {
        record["warc"]["record_id"]: record["warc"]["payload_digest"]
        for record in days.passes[0].run.articles + days.passes[0].run.rejections
    }
    for record in fetched:
        if record["warc"]["type"] == "revisit":
            assert originals[record["warc"]["refers_to"]] == record["warc"]["payload_digest"]


def test_the_second_run_has_no_articles(days: Days) -> None:
    assert days.passes[1].run.articles == []
    assert (days.passes[1].run.folder / "articles.jsonl").read_bytes() == b""


def test_a_day_later_the_new_articles_are_found_and_no_others(days: Days) -> None:
    before, after = days.passes[0], days.passes[2]
    new = set(after.articles) - set(before.articles)
    assert len(new) >= 4
    got = {record["canonical_url"]: record for record in after.run.articles}
    assert sorted(new - set(got)) == []
    known = set(before.articles)
    again = [address for address in got if address in known]
    edited = {event.url for event in days.events if event.kind == "edit"}
    assert set(again) <= edited
    assert all(got[address]["version"]["number"] == 1 for address in new)


def test_each_run_and_the_whole_job_hold(days: Days) -> None:
    ended = scrapy("verify", days.job.folder)
    assert ended.status == 0, ended
    assert ended.out.count("all is well") == 3


def test_no_article_is_in_the_job_twice(days: Days) -> None:
    times = Counter(
        record["canonical_url"]
        for each in days.passes
        for record in each.run.articles
        if record["version"]["number"] == 1
    )
    assert [address for address, number in times.items() if number > 1] == []


def test_extract_over_one_run_and_over_all_gives_their_records(days: Days, tmp_path: Path) -> None:
    last = days.passes[2].run
    assert scrapy("extract", *last.warcs, "-o", tmp_path / "last.jsonl").status == 0
    assert (tmp_path / "last.jsonl").read_bytes() == (last.folder / "articles.jsonl").read_bytes()
    assert (tmp_path / "last.rejections.jsonl").read_bytes() == (last.folder / "rejections.jsonl").read_bytes()
    warcs = [path for each in days.passes for path in each.run.warcs]
    assert scrapy("extract", *warcs, "-o", tmp_path / "all.jsonl").status == 0
    for name, theirs in (("all.jsonl", "articles.jsonl"), ("all.rejections.jsonl", "rejections.jsonl")):
        together = b"".join((each.run.folder / theirs).read_bytes() for each in days.passes)
        assert (tmp_path / name).read_bytes() == together


def test_a_rebuild_knows_again_when_articles_are_due(days: Days, tmp_path: Path) -> None:
    copy = tmp_path / days.job.folder.name
    shutil.copytree(days.job.folder, copy)
    (copy / "ledger.sqlite3").unlink()
    ended = scrapy("rebuild", copy)
    assert ended.status == 0, ended
    assert due(copy) == due(days.job.folder)
    assert len(due(copy)) > 10


def due(folder: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as ledger:
        sql = "SELECT key, base, due, vain FROM frontier WHERE base IS NOT NULL ORDER BY key"
        return ledger.execute(sql).fetchall()
