"""Files as Common Crawl's news crawl writes them: with StormCrawler, in the forms that it had over the years.

What is known of them: https://github.com/commoncrawl/news-crawl, issues 11, 30, 31, 42 and 66, and the WARC module of
StormCrawler. Bodies are stored decoded; until May 2019 the headers still said what coding they had come in.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.reader import records
from pipelines.archive.wanted import Wanted
from pipelines.flow.extract import Counts, Extracted, extract
from pipelines.model import Article, Capture
from pipelines.text.refine import Options
from pipelines.workers import Workers
from tests.pipelines.flow.test_live import page, url
from tests.pipelines.flow.test_sources import foreign

HTML = "Content-Type: text/html; charset=utf-8"
MASKED = f"{HTML}\r\nX-Crawler-Transfer-Encoding: chunked\r\nX-Crawler-Content-Encoding: br"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close(wait=False)


class File:
    """Written record by record, in the order of fields that StormCrawler has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        info = "isPartOf: CC-NEWS\r\nformat: WARC File Format 1.0\r\nrobots: checked via crawler-commons\r\n"
        self._member(
            f"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: 2026-07-14T11:00:03Z\r\nWARC-Filename: {path.name}\r\n"
            f"WARC-Record-ID: {_id()}\r\nContent-Type: application/warc-fields\r\nContent-Length: {len(info)}\r\n",
            info.encode(),
        )

    def response(self, number: int, head: str, body: bytes | None = None, *, more: str = "", tail: bytes = b"") -> None:
        body = page(number) if body is None else body
        block = f"{head.replace('LENGTH', str(len(body)))}\r\n\r\n".encode() + body
        self._member(
            f"WARC/1.0\r\nWARC-Record-ID: {_id()}\r\nContent-Length: {len(block)}\r\n{_date(number)}"
            f"WARC-Type: response\r\nWARC-IP-Address: 2001:db8::{number}\r\nWARC-Target-URI: {url(number)}\r\n"
            f"Content-Type: application/http; msgtype=response\r\n{more}WARC-Payload-Digest: {_digest(body)}\r\n"
            f"WARC-Block-Digest: {_digest(block)}\r\n",
            block,
            tail,
        )

    def resource(self, number: int) -> None:
        """What is written where headers were not kept."""
        self._member(
            f"WARC/1.0\r\nWARC-Record-ID: {_id()}\r\nContent-Length: {len(page(number))}\r\n{_date(number)}"
            f"WARC-Type: resource\r\nWARC-Target-URI: {url(number)}\r\nContent-Type: text/html; charset=UTF-8\r\n",
            page(number),
        )

    def request(self, number: int, version: str = " HTTP/1.1") -> None:
        block = f"GET /2026/story-{number}.html{version}\r\nUser-Agent: CCBot/3.1\r\nHost: herald.example\r\n\r\n"
        self._beside("request", "application/http; msgtype=request", number, block)

    def metadata(self, number: int, fields: str) -> None:
        self._beside("metadata", "application/warc-fields", number, fields)

    def _beside(self, kind: str, media_type: str, number: int, block: str) -> None:
        """A record that says of which address it is, and not of which response."""
        self._member(
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {_id()}\r\nContent-Length: {len(block)}\r\n"
            f"{_date(number)}WARC-Target-URI: {url(number)}\r\nContent-Type: {media_type}\r\n",
            block.encode(),
        )

    def _member(self, head: str, block: bytes, tail: bytes = b"") -> None:
        with self.path.open("ab") as handle:
            handle.write(gzip.compress(head.encode() + b"\r\n" + block + b"\r\n\r\n" + tail))


def _id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _date(number: int) -> str:
    return f"WARC-Date: 2026-03-{number + 1:02}T08:30:00Z\r\n"


def _digest(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data).digest()).decode()}"


def made(path: Path) -> File:
    """A file with one article in each form there is."""
    file = File(path)
    file.response(0, f"HTTP/1.1 200 OK\r\n{HTML}\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked")
    file.response(1, f"HTTP/1.1 200 OK\r\n{HTML}\r\nContent-Encoding: br\r\nContent-Length: 411")
    file.request(2, " HTTP/2")
    file.response(2, f"HTTP/2 200 \r\n{HTML.lower()}\r\ncontent-encoding: deflate")
    file.request(3, version="")
    file.response(3, f"HTTP/1.1 200 \r\n{MASKED}\r\nX-Crawler-Content-Length: 977\r\nContent-Length: LENGTH")
    file.request(4)
    file.response(4, f"HTTP/1.1 200 \r\n{MASKED}", more="WARC-Protocol: h2,TLS_1_3,TLS_AES_128_GCM_SHA256\r\n")
    file.response(5, f"HTTP/1.1 200 OK\r\n{HTML}", more="WARC-Protocol: h2\r\nWARC-Protocol: tls/1.3\r\n")
    file.response(6, f"HTTP/1.1 200 OK\r\n{HTML}", tail=bytes(37))
    file.resource(7)
    return file


def read(path: Path, workers: Workers, **options: Any) -> tuple[dict[str, Extracted], Counts]:
    counts = Counts()
    found = list(extract([path], workers, counts=counts, options=Options(), **options))
    return {made.outcome.url: made for made in found}, counts


def test_each_form_gives_its_article(tmp_path: Path, workers: Workers) -> None:
    made(tmp_path / "CC-NEWS-20260714110003-00012.warc.gz")
    found, counts = read(tmp_path / "CC-NEWS-20260714110003-00012.warc.gz", workers)
    plain, _ = read(foreign(tmp_path / "plain.warc.gz", *range(8)), workers)
    assert (counts.captures, counts.articles, counts.damaged) == (8, 8, [])
    assert list(found) == list(plain) == [url(number) for number in range(8)]
    for address, of_theirs in found.items():
        ours, theirs = plain[address].outcome, of_theirs.outcome
        assert isinstance(ours, Article)
        assert isinstance(theirs, Article)
        for name in ("text", "headline", "language", "word_count", "date_published", "authors"):
            assert getattr(theirs, name) == getattr(ours, name), (address, name)
        assert theirs.http.status == 200
        assert theirs.http.mime == "text/html"
        assert theirs.discovery.method is None


def test_a_body_that_was_cut_says_so(tmp_path: Path) -> None:
    file = File(tmp_path / "a.warc.gz")
    for number, reason in enumerate(("length", "time", "disconnect")):
        head = f"HTTP/1.1 200 OK\r\n{MASKED}\r\nContent-Length: LENGTH"
        file.response(number, head, page(number)[:700], more=f"WARC-Truncated: {reason}\r\n")
    found = [item for item in records(file.path) if isinstance(item, Capture)]
    assert [(item.truncated, len(item.payload)) for item in found] == [
        ("length", 700), ("time", 700), ("disconnect", 700)
    ]  # fmt: skip


def test_what_is_told_of_a_page_is_not_told_of_another(tmp_path: Path) -> None:
    """StormCrawler writes ``metadata`` between request and response, or behind the response if there are no requests.
    Only the address tells what it is of, and its ``discoveryDate`` is not the date that a feed gave."""
    file = File(tmp_path / "a.warc.gz")
    head, told = f"HTTP/1.1 200 OK\r\n{MASKED}", "discoveryDate: 2026-01-01T00:00:00.000Z\r\n"
    for number in (0, 1):
        file.request(number)
        file.metadata(number, f"via: https://herald.example/feed-{number}\r\nfetchTimeMs: {number}\r\n{told}")
        file.response(number, head)
    file.response(2, head)
    file.response(3, head)
    file.metadata(3, f"via: https://herald.example/feed-3\r\n{told}")
    found = [item.provenance for item in records(file.path) if isinstance(item, Capture)]
    assert [each.source_url for each in found] == [
        "https://herald.example/feed-0", "https://herald.example/feed-1", None, "https://herald.example/feed-3"
    ]  # fmt: skip
    assert [each.fetch_ms for each in found] == [0, 1, None, None]
    assert {each.date for each in found} == {None}


def test_filters_know_their_media_types(tmp_path: Path) -> None:
    file = made(tmp_path / "a.warc.gz")
    file.response(9, "HTTP/1.1 200 \r\ncontent-type: image/png", b"\x89PNG")
    found = [item.ref.url for item in records(file.path, wanted=Wanted(mimes=("text/html",)))]
    assert found == [url(number) for number in range(8)]
