"""Pages opened in a real browser: what it may do, what is kept of it, and what is left after a kill."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings
from warcio.archiveiterator import ArchiveIterator

from crawler.browser.find import BrowserMissing, find_browser
from pipelines.archive.reader import captures
from pipelines.flow.verify import verify_run
from pipelines.workers import Workers
from tests.crawler.browser.site import TITLE, Site
from tests.crawler.shell import PRIVATE, Ended, Run, read_lines, scrapy, started, until

try:
    EXECUTABLE = find_browser(Settings())
except BrowserMissing as error:
    pytest.skip(str(error), allow_module_level=True)

QUICK = ("-s", "DOWNLOAD_DELAY=0.01", "-s", "BROADSHEET_REQUISITE_DELAY=0.01", "-s", "BROADSHEET_BROWSER_PAGES=1")


@dataclass
class Seen:
    """A finished run of two pages: one that is empty without its scripts, and one that needs none."""

    site: Site
    ended: Ended
    job: Path

    @property
    def run(self) -> Run:
        (folder,) = (self.job / "runs").iterdir()
        return Run(folder)

    @property
    def visits(self) -> dict[str, dict[str, Any]]:
        return {
            line["url"].removeprefix(self.site.base): line for line in read_lines(self.run.folder / "browser.jsonl")
        }

    @property
    def records(self) -> dict[str, Any]:
        return {line["url"].removeprefix(self.site.base): line for line in self.run.articles}

    @property
    def tried(self) -> dict[str, Any]:
        """What the page's scripts have found."""
        dom = next(
            found.payload.decode()
            for path in self.run.warcs
            for found in captures(path)
            if found.ref.type == "resource" and found.ref.url.endswith("/shell")
        )
        return json.loads(unescape(dom.partition('data-tried="')[2].partition('"')[0]))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    job = tmp_path_factory.mktemp("browser") / "job"
    site = Site()
    try:
        urls = (f"{site.base}/shell", f"{site.base}/plain")
        mode = ("-s", "BROADSHEET_BROWSER_MODE=always")
        yield Seen(site, scrapy("archive", *urls, "--output", job, *PRIVATE, *QUICK, *mode), job)
    finally:
        site.close()


def test_it_ends_with_what_can_be_had(seen: Seen) -> None:
    assert seen.ended.status == 3, "a part of a page lies with a host that is not there"
    assert "Traceback" not in seen.ended.err


def test_an_empty_shell_gives_one_article_made_from_its_dom(seen: Seen) -> None:
    record = seen.records["/shell"]
    assert record["headline"] == TITLE
    assert len(record["text"].split("\n\n")) == 4
    assert record["warc"]["type"] == "resource"
    assert record["discovery"]["method"] == "browser"
    reasons = [line["reason"] for line in seen.run.rejections if line["url"].endswith("/shell")]
    assert reasons == ["empty-shell"]


def test_an_article_seen_in_the_browser_is_a_duplicate(seen: Seen) -> None:
    assert seen.records["/plain"]["warc"]["type"] == "response"
    others = [line for line in seen.run.rejections if line["url"].endswith("/plain")]
    assert [(line["reason"], line["warc"]["type"]) for line in others] == [("duplicate", "resource")]


def test_its_requests_are_answered_as_on_the_web(seen: Seen) -> None:
    tried = seen.tried
    assert tried["redirect"] == [True, "/story.json"]
    assert tried["post"] == {"method": "POST", "body": '{"a":"ü"}'}
    assert tried["cookies"] == ["one=1", "two=2"]
    assert tried["cors"] == {"custom": "1"}
    assert tried["head"] == [200, 0]
    assert tried["range"] == [206, 4]
    assert tried["coded"] == 1000
    assert tried["worker"] == len(TITLE)
    assert tried["style"] == "rgb(1, 2, 3)"
    assert tried["language"] == "de"


def test_what_a_page_may_not_do_is_refused(seen: Seen) -> None:
    tried = seen.tried
    assert [tried[name] for name in ("closed", "socket", "service", "file", "name")] == ["failed"] * 5
    assert tried["rtc"] == "undefined"
    asked = {path for _, path in seen.site.asked}
    assert not asked & {"/popup", "/elsewhere", "/closed/picture.png", "/socket", "/service.js"}
    assert any("/elsewhere" in note for note in seen.visits["/shell"]["notes"])


def test_what_is_missing_is_told_with_its_reason(seen: Seen) -> None:
    missing = dict(seen.visits["/shell"]["missing"])
    assert missing[f"{seen.site.base}/missing.png"] == "HTTP status 404"
    assert missing[f"{seen.site.base}/closed/picture.png"].startswith("RobotsDenied")
    assert missing["http://127.0.0.9:1/x.png"].startswith("RobotsUnavailable")
    assert missing["http://name.invalid/"].startswith(("RobotsUnavailable", "CannotResolve"))


def test_nothing_is_asked_for_twice_in_a_run(seen: Seen) -> None:
    twice = {ask: number for ask, number in seen.site.asked.items() if number > 1 and "robots" not in ask[1]}
    # The module and the script that asks for its head; where a script was led to, and the frontier after it.
    assert set(twice) <= {("GET", "/words.js"), ("GET", "/story.json?moved")}
    assert set(twice.values()) == {2}
    assert ("GET", "/lazy.png") in seen.site.asked


def test_the_browser_says_who_it_is(seen: Seen) -> None:
    agent = seen.site.headers["/cookies"]["User-Agent"]
    assert " Chrome/" in agent
    assert " Broadsheet/" in agent
    assert "User-Agent" in seen.site.headers["/shell"]
    assert "Chrome" not in seen.site.headers["/shell"]["User-Agent"], "the page was fetched before, by the crawl"


def test_dom_and_picture_are_marked_and_tied_to_the_page(seen: Seen) -> None:
    page = next(line for line in seen.run.rejections if line["reason"] == "empty-shell")["warc"]["record_id"]
    records: dict[str, Any] = {}
    about: dict[str, str] = {}
    for path in seen.run.warcs:
        with path.open("rb") as handle:
            for record in ArchiveIterator(handle):
                headers = record.rec_headers
                if record.rec_type == "resource" and headers["WARC-Target-URI"].endswith("/shell"):
                    records[headers["WARC-Target-URI"].removesuffix(f"{seen.site.base}/shell")] = headers
                elif record.rec_type == "metadata":
                    about[headers["WARC-Concurrent-To"]] = record.content_stream().read().decode()
    assert set(records) == {"urn:dom:", "urn:fullPage:"}
    for headers in records.values():
        assert headers["WARC-Concurrent-To"] == f"<{page}>"
        assert "software: Chromium/" in about[headers["WARC-Record-ID"]]
        assert "viewport: 1280x800" in about[headers["WARC-Record-ID"]]
    assert "discoveryMethod: browser" in about[records["urn:dom:"]["WARC-Record-ID"]]


def test_the_picture_shows_the_whole_page(seen: Seen) -> None:
    said = {line["url"].removeprefix(seen.site.base): line for line in seen.run.summary["browser"]["screenshots"]}
    assert set(said) == {"/shell", "/plain"}
    data = (seen.run.folder / said["/shell"]["name"]).read_bytes()
    assert {line["name"] for line in said.values()} <= {line["name"] for line in seen.run.summary["files"]}
    width, height = (int.from_bytes(data[place : place + 4]) for place in (16, 20))
    assert width == 1280
    assert height > 5000
    assert seen.run.summary["browser"]["pages"] == 2


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with closing(Workers(1, seconds=20, megabytes=2048)) as pool:
        yield pool


def test_the_archive_gives_the_same_records_again(seen: Seen, workers: Workers) -> None:
    verdict = verify_run(seen.run.folder, workers)
    assert verdict.findings == []
    assert verdict.complete
    assert verdict.articles == 2


def test_a_killed_visit_is_made_again_and_no_browser_is_left(tmp_path: Path, workers: Workers) -> None:
    site, wrapper, noted = Site(), tmp_path / "browser", tmp_path / "pid"
    wrapper.write_text(f'#!/bin/sh\necho $$ > "{noted}"\nexec "{EXECUTABLE}" "$@"\n', "utf-8")
    wrapper.chmod(0o755)
    site.slow = 30.0
    arguments = (
        "archive", f"{site.base}/shell", "--output", tmp_path / "job", *PRIVATE, *QUICK,
        "-s", "BROADSHEET_BROWSER_MODE=auto", "-s", f"BROADSHEET_BROWSER={wrapper}",
    )  # fmt: skip
    try:
        with started(*arguments) as process:
            until(lambda: site.asked["GET", "/story.json"])
            browser = int(noted.read_text())
            os.kill(process.pid, signal.SIGKILL)
            until(lambda: not _lives(browser), 20)
        site.slow = 0.0
        ended = scrapy(*arguments)
        assert ended.status == 3, ended
        (folder,) = (tmp_path / "job" / "runs").iterdir()
        assert [line["warc"]["type"] for line in Run(folder).articles] == ["resource"]
        assert verify_run(folder, workers).findings == []
    finally:
        site.close()


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
