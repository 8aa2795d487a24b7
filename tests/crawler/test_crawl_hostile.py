"""Pages that take a parser down must cost themselves at most."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crawler.conftest import Pages, story
from tests.crawler.shell import Ended, Run, scrapy


def attributes(number: int) -> bytes:
    return b"<!doctype html><title>Attributes</title><p " + b" ".join(b"a%d=1" % n for n in range(number)) + b">x</p>"


def nested(depth: int) -> bytes:
    return story("Deeply nested") + b"<div>" * depth + b"<p>deep down</p>" + b"</div>" * depth


def cells(number: int) -> bytes:
    return b"<!doctype html><title>Cells</title><table>" + b"<tr><td>1<td>2" * number + b"</table>"


HOSTILE = {
    "/attributes.html": attributes(200_000),
    "/nested.html": nested(100_000),
    "/cells.html": cells(50_000),
    "/line.html": b"<!doctype html><title>One line</title><p>" + b"word " * 1_000_000 + b"</p>",
    "/links.html": b"<!doctype html><title>Links</title>"
    + b"".join(b"<a href=/l/%d>l</a>" % n for n in range(100_000)),
    "/nothing.html": b"",
    "/binary.html": bytes(range(256)) * 2000,
}
DECENT = {f"/story-{number}.html": story(f"Decent story number {number} is told") for number in range(4)}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    server = Pages()
    server.pages = {
        **DECENT,
        **HOSTILE,
        "/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nAllow: /\n"),
    }
    urls = [f"{server.base}{path}" for pair in zip([*HOSTILE], [*DECENT] * 2, strict=False) for path in pair]
    ended = scrapy(
        "archive", "--list", "-", "--output", folder / "out", "-s", "ALLOW_PRIVATE_ADDRESSES=1",
        "-s", "DOWNLOAD_DELAY=0.01", "-s", "BROADSHEET_PARSE_SECONDS=1.5", "-s", "ROBOTSTXT_OBEY=0",
        stdin="\n".join(urls),
    )  # fmt: skip
    server.close()
    return ended, Run(next((folder / "out" / "runs").iterdir())), server.base


def test_it_ends_with_what_is_no_page_told(hostile: tuple[Ended, Run, str]) -> None:
    ended, run, base = hostile
    assert ended.status == 3, ended
    (line,) = (run.folder / "failures.txt").read_text("utf-8").splitlines()
    assert line == f"{base}/nothing.html\t# the answer is empty"
    assert ended.seconds < 60


def test_decent_pages_are_unaffected(hostile: tuple[Ended, Run, str]) -> None:
    _, run, base = hostile
    headlines = {record["url"]: record["headline"] for record in run.articles}
    for number in range(4):
        assert headlines[f"{base}/story-{number}.html"] == f"Decent story number {number} is told"


def test_each_hostile_page_has_an_outcome(hostile: tuple[Ended, Run, str]) -> None:
    _, run, base = hostile
    articles = {record["url"] for record in run.articles}
    rejected = {record["url"]: record["reason"] for record in run.rejections}
    for path in HOSTILE:
        assert (f"{base}{path}" in articles) != (f"{base}{path}" in rejected), path
    for record in run.rejections:
        if record["reason"] == "extract-error":
            assert record["detail"]
