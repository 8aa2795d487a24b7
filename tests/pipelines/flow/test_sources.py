"""WARC files wherever they lie: folders, patterns, packages, web servers; and what is wanted of them."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.archive import reader
from pipelines.archive.reader import records
from pipelines.archive.scan import Record, Warc, scan
from pipelines.archive.wanted import Wanted
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow import sources as module
from pipelines.flow.sources import Remote, Source, Spools, listed, sources
from tests.loopback import Answering, Loopback
from tests.pipelines.flow.test_live import page, url

HTML = "text/html; charset=utf-8"


def foreign(
    path: Path, *numbers: int, host: str = "http://herald.example", mime: str = HTML, body: bytes | None = None
) -> Path:
    """A WARC of pages as warcio writes it, without ``warcinfo``; page N is of day N."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        writer = WARCWriter(handle, gzip=path.suffix == ".gz")
        for number in numbers:
            head = StatusAndHeaders("200 OK", [("Content-Type", mime)] if mime else [], protocol="HTTP/1.1")
            address = url(number).replace("http://herald.example", host)
            day = {"WARC-Date": f"2026-03-{number + 1:02}T08:30:00Z"}
            block = io.BytesIO(body or page(number))
            writer.write_record(
                writer.create_warc_record(address, "response", block, http_headers=head, warc_headers_dict=day)
            )
    return path


def packed(path: Path, *warcs: Path, stored: bool = True) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for warc in warcs:
            archive.write(warc, f"archive/{warc.name}")
        archive.writestr("datapackage.json", "{}")
    return path


def read(path: Warc, wanted: Wanted | None = None) -> list[Any]:
    return list(records(path, wanted=wanted))


def contents(path: Warc, wanted: Wanted | None = None) -> list[tuple[str, bytes]]:
    return [(item.ref.url, item.payload) for item in read(path, wanted)]


# ---------------------------------------------------------------------- what is meant


def test_folders_patterns_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = foreign(tmp_path / "in/b.warc.gz", 1), foreign(tmp_path / "in/sub/a.warc", 2)
    package = packed(tmp_path / "in/c.wacz", first)
    for names in ([tmp_path / "in"], [f"file://{tmp_path}/in"], [f"{tmp_path}/in/*"]):
        assert [source.place for source in sources(names)] == sorted([first, second, package]), names
    monkeypatch.chdir(tmp_path)
    assert sources(["in/b.warc.gz", "in/../in/b.warc.gz"]) == [Source(first)], "one file is one source"
    for wrong in ("nowhere.warc", "*.warc", "in/*/nothing-*"):
        with pytest.raises(ConfigError, match=re.escape(wrong)):
            sources([wrong])


def test_lists_of_paths(tmp_path: Path) -> None:
    lines = "crawl-data/a.warc.gz\n\n# a remark\nhttps://else.example/b.warc.gz\n"
    (tmp_path / "plain").write_text(lines)
    (tmp_path / "paths.gz").write_bytes(gzip.compress(lines.encode()))
    for name in ("plain", "paths.gz"):
        found = listed(str(tmp_path / name), "https://data.example/")
        assert found == ["https://data.example/crawl-data/a.warc.gz", "https://else.example/b.warc.gz"]
    with pytest.raises(ConfigError, match="cannot read the list"):
        listed(str(tmp_path / "nowhere"))


def test_an_address_that_nothing_reads_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match="gopher://somewhere"):
        sources(["gopher://somewhere/a.warc.gz"])


@pytest.mark.parametrize("stored", [True, False])
def test_a_package_is_read_like_its_files(tmp_path: Path, stored: bool) -> None:
    files = [foreign(tmp_path / "a.warc.gz", 1, 2), foreign(tmp_path / "b.warc", 3)]
    [source] = sources([packed(tmp_path / "x.wacz", *files, stored=stored)])
    inside = source.warcs()
    assert [warc.name for warc in inside] == ["a.warc.gz", "b.warc"]
    assert [read(warc) for warc in inside] == [read(file) for file in files]


def test_a_package_without_warcs_or_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "broken.wacz").write_bytes(b"PK, but no more")
    for path in (packed(tmp_path / "empty.wacz"), tmp_path / "broken.wacz"):
        with pytest.raises(ArchiveError, match=path.name):
            Source(path).warcs()


# ---------------------------------------------------------------------- servers


class Server(Loopback):
    """Serves a folder, with parts of files or without, and fails when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.ranges, self.failures, self.sent = True, 0, 0
        self.cuts, self.lengths = 0, True
        """Answers that end in the middle; whether their length is told before."""
        server = self

        class Handler(Answering):
            def do_GET(self) -> None:
                path = folder / self.path.lstrip("/")
                if not path.is_file():
                    self.answer(404, b"")
                elif self.command == "GET" and server.failures:
                    server.failures -= 1
                    self.answer(503, b"")
                else:
                    self.file(path.read_bytes())

            do_HEAD = do_GET

            def file(self, data: bytes) -> None:
                asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if not (asked and server.ranges):
                    self.answer(200, data)
                    return
                end = min(int(asked[2] or len(data)), len(data) - 1)
                part = data[int(asked[1]) : end + 1]
                self.answer(206, part, {"Content-Range": f"bytes {asked[1]}-{end}/{len(data)}"})

            def answer(self, status: int, data: bytes, more: dict[str, str] | None = None) -> None:
                self.send_response(status)
                ranges = {"Accept-Ranges": "bytes" if server.ranges else "none"}
                cut = self.command == "GET" and server.cuts > 0
                length = {"Content-Length": str(len(data))} if server.lengths or not cut else {"Connection": "close"}
                for name, value in {**ranges, **length, **(more or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                if cut:
                    server.cuts -= 1
                    data = data[: len(data) // 2]
                    self.close_connection = True
                if self.command == "GET":
                    self.wfile.write(data)
                    server.sent += len(data)

        super().__init__(Handler)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    pytest.importorskip("fsspec", reason="wants the extra remote")
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    found = Server(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_on_a_server(tmp_path: Path, server: Server, ranges: bool) -> None:
    path = foreign(tmp_path / "a.warc.gz", *range(5))
    server.ranges = ranges
    [source] = sources([f"{server.base}/a.warc.gz"])
    [warc] = source.warcs()
    assert read(warc) == read(path)


def test_it_is_read_piece_by_piece(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1 << 16)
    path = foreign(tmp_path / "a.warc", *range(30))
    path.write_bytes(path.read_bytes() + bytes(1 << 20))
    first = next(iter(records(Remote(f"{server.base}/a.warc"))))
    assert first == next(iter(records(path)))
    assert server.sent < 400_000


def test_a_package_on_a_server(tmp_path: Path, server: Server) -> None:
    path = foreign(tmp_path / "a.warc.gz", 1, 2)
    packed(tmp_path / "x.wacz", path)
    [warc] = Source(f"{server.base}/x.wacz").warcs()
    assert read(warc) == read(path)


def test_failures_are_waited_out_and_told_in_the_end(tmp_path: Path, server: Server) -> None:
    path = foreign(tmp_path / "a.warc.gz", 1, 2)
    warc = Remote(f"{server.base}/a.warc.gz")
    server.failures = 2
    assert read(warc) == read(path)
    server.failures = 9
    with pytest.raises(ArchiveError, match=r"a\.warc\.gz: .*tried 3 times"):
        read(warc)
    with pytest.raises(ArchiveError, match="nowhere"):
        read(Remote(f"{server.base}/nowhere.warc.gz"))


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_is_dropped_loses_nothing(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, ranges: bool, lengths: bool
) -> None:
    """Not even where the answer seems to have come to its end, between two records of the file."""
    monkeypatch.setattr(module, "BLOCK", 1 << 12)
    path = foreign(tmp_path / "a.warc.gz", *range(9))
    whole = read(path)
    server.ranges, server.lengths = ranges, lengths
    server.cuts = 2
    assert read(Remote(f"{server.base}/a.warc.gz")) == whole
    server.cuts = 99
    with pytest.raises(ArchiveError, match=r"a\.warc\.gz: .*tried 3 times"):
        read(Remote(f"{server.base}/a.warc.gz"))


def test_what_was_read_is_kept_and_not_read_again(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.warc.gz", *range(9))
    spools = Spools()
    first = list(spools.items(path, lambda: records(path)))
    path.unlink()
    assert list(spools.items(path, lambda: records(path))) == first
    assert len(first) == 9
    spools.close()


# ---------------------------------------------------------------------- what is wanted


def test_hosts_times_and_types(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.warc.gz", *range(4))
    with path.open("ab") as handle:
        handle.write(foreign(tmp_path / "b.warc.gz", 1, host="https://news.other.example").read_bytes())
        handle.write(foreign(tmp_path / "c.warc.gz", 2, mime="image/png").read_bytes())
        handle.write(foreign(tmp_path / "d.warc.gz", 3, mime="").read_bytes())
    every = [item.ref for item in read(path)]
    assert len(every) == 7

    def left(**options: Any) -> list[int]:
        return [every.index(item.ref) for item in read(path, Wanted(**options))]

    assert left() == list(range(7))
    assert left(hosts=("other.example",)) == [4]
    assert left(hosts=("ther.example",)) == []
    assert left(hosts=("herald.example", "news.other.example")) == list(range(7))
    assert left(since=datetime(2026, 3, 3, tzinfo=UTC)) == [2, 3, 5, 6]
    assert left(until=datetime(2026, 3, 2, 8, 30, tzinfo=UTC)) == [0]
    assert left(mimes=("text/html",)) == left(mimes=("text/*", "application/xhtml+xml")) == [0, 1, 2, 3, 4]
    assert left(mimes=("image/*",)) == [5]


def test_what_is_not_wanted_is_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = foreign(tmp_path / "a.warc.gz", 1, 2)
    seen: list[Record] = []

    def watched(*arguments: Any, **options: Any) -> Iterator[Record]:
        for record in scan(*arguments, **options):
            seen.append(record)
            yield record

    monkeypatch.setattr(reader, "scan", watched)
    [item] = read(path, Wanted(until=datetime(2026, 3, 3, tzinfo=UTC)))
    assert item.ref.url == url(1)
    assert [len(record.block) for record in seen] == [seen[0].size, 0]


def test_a_revisit_finds_what_it_repeats_though_that_is_not_wanted(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.warc.gz", 1)
    [(_, payload)] = contents(path)
    with path.open("ab") as handle:
        writer = WARCWriter(handle, gzip=True)
        headers = StatusAndHeaders("200 OK", [("Content-Type", HTML)], protocol="HTTP/1.1")
        revisit = writer.create_revisit_record(
            url(1),
            "sha1:AAAA",
            url(1),
            "2026-03-02T08:30:00Z",
            http_headers=headers,
            warc_headers_dict={"WARC-Date": "2026-04-01T00:00:00Z"},
        )
        writer.write_record(revisit)
    assert contents(path, Wanted(since=datetime(2026, 4, 1, tzinfo=UTC))) == [(url(1), payload)]


# ---------------------------------------------------------------------- forms


def test_records_that_are_no_captures_are_passed_over(tmp_path: Path) -> None:
    """Conversions (as in Common Crawl's WET files) hold text without its page; a resource may be a page, or a log."""
    path = tmp_path / "a.warc"
    with path.open("wb") as handle:
        writer = WARCWriter(handle, gzip=False)
        for kind, address, mime in (
            ("conversion", url(1), "text/plain"),
            ("resource", url(2), "text/html"),
            ("resource", "metadata://gnu.org/software/wget/warc/wget.log", "text/plain"),
            ("resource", "http://herald.example/x.png", "image/png"),
        ):
            record = writer.create_warc_record(address, kind, io.BytesIO(page(1)), warc_content_type=mime)
            writer.write_record(record)
    assert contents(path) == [(url(2), page(1))]


def test_arc_files_are_named_as_such(tmp_path: Path) -> None:
    data = b"filedesc://x.arc 0.0.0.0 20040101000000 text/plain 77\n1 0 InternetArchive\nURL IP-address\n\nhttp://a/ "
    (tmp_path / "x.arc").write_bytes(data)
    (tmp_path / "x.arc.gz").write_bytes(gzip.compress(data))
    for name in ("x.arc", "x.arc.gz"):
        told: list[Any] = []
        with pytest.raises(ArchiveError, match="ARC file, the format before WARC"):
            list(records(tmp_path / name, on_error=told.append))
        assert not told
