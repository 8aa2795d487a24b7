"""``scrapy extract`` over what others archived, into parts: what wget makes of the sample web gives its articles."""

from __future__ import annotations

import errno
import shutil
import subprocess
import zipfile
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy.cmdline import execute

from crawler.commands.extract import wanted_of
from pipelines.archive.wanted import Wanted
from pipelines.errors import ConfigError
from sampleweb import SampleWeb
from tests.crawler.shell import read_lines, scrapy


@pytest.mark.skipif(not shutil.which("wget"), reason="wget is not installed")
def test_a_warc_of_wget_and_a_wacz_of_it(tmp_path: Path, small_web: Callable[..., SampleWeb]) -> None:
    web = small_web("halvern")
    truth = {page.url: page for page in web.truth() if page.outcome == "article"}
    (tmp_path / "urls").write_text("\n".join(truth))
    command = ["wget", "--quiet", "--no-proxy", "--input-file=urls", "--warc-file=theirs", "--output-document=all"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    (tmp_path / "in").mkdir()
    (tmp_path / "theirs.warc.gz").rename(tmp_path / "in/theirs.warc.gz")
    with zipfile.ZipFile(tmp_path / "in/packed.wacz", "w") as package:
        package.write(tmp_path / "in/theirs.warc.gz", "archive/data.warc.gz")
    (tmp_path / "in/torn.warc.gz").write_bytes(b"this was a WARC")

    (tmp_path / "list").write_text("packed.wacz\ntheirs.warc.gz\ntorn.warc.gz\n")
    host = urlsplit(web.outlets[0].home).hostname

    options = ["--host", host, "--mime", "text/html", "-o", f"{tmp_path}/parts/"]
    first = scrapy("extract", "--paths", tmp_path / "list", "--prefix", f"{tmp_path}/in/", "--jobs", 2, *options)
    assert first.status == 3, first
    assert "failed: " in first.err
    assert "torn.warc.gz is no WARC file" in first.err
    assert "2 of 3 files\n" in first.err
    whole, packed = sorted((tmp_path / "parts/articles").iterdir(), key=lambda path: path.name, reverse=True)
    assert _texts(whole) == _texts(packed) == {url: page.text for url, page in truth.items()}

    (tmp_path / "in/torn.warc.gz").unlink()
    again = scrapy("extract", tmp_path / "in/*", "--jobs", 1, *options)
    assert again.status == 0, again
    assert "2 of 2 files were done before" in again.err
    assert f"{2 * len(truth)} articles" in again.err


def _texts(path: Path) -> dict[str, str]:
    return {record["url"]: record["text"] for record in read_lines(path)}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"since": "lately"}, "--since takes a date"),
        ({"since": "2026-02-01", "until": "2026-02-01T00:00Z"}, "must come before"),
        ({"host": ["https://a.example/"]}, "--host takes"),
        ({"mime": ["html"]}, "--mime takes"),
    ],
)
def test_filters_that_cannot_be(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        wanted_of(Namespace(**{"host": [], "mime": [], "since": None, "until": None, **options}))


def test_filters() -> None:
    options = Namespace(
        host=["B.example.", "a.example"], mime=["Text/*"], since="2026-02-01", until="2026-02-01T03+02:00"
    )
    assert wanted_of(options) == Wanted(
        hosts=("a.example", "b.example"),
        mimes=("text/*",),
        since=datetime(2026, 2, 1, tzinfo=UTC),
        until=datetime(2026, 2, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("options", [("--engine", "dask"), ("--format", "parquet")])
def test_parts_are_no_single_file(tmp_path: Path, options: tuple[str, str]) -> None:
    (tmp_path / "a.warc.gz").touch()
    ended = scrapy("extract", tmp_path / "a.warc.gz", "-o", tmp_path / "x.jsonl", *options)
    assert ended.status == 2, ended
    assert "name a folder" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.warc.gz"]


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 4, "scrapy extract: no room for "),
        (KeyboardInterrupt(), 6, "interrupted: give the same command again\n"),
    ],
)
def test_a_full_disk_and_ctrl_c_leave_no_file(
    error: BaseException,
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty.warc").touch()

    def raised(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("crawler.commands.extract.extract", raised)
    with pytest.raises(SystemExit) as ended:
        execute(["scrapy", "extract", str(tmp_path / "empty.warc"), "-o", str(tmp_path / "out.jsonl"), "--jobs", "1"])
    assert ended.value.code == status
    assert capsys.readouterr().err.startswith(told)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.warc"]
