"""``scrapy export`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.cmdline import execute

from tests.crawler.conftest import Crawled
from tests.crawler.shell import ROOT, scrapy
from tests.pipelines.export.made import add_run, story


def test_a_crawl_becomes_a_dataset_without_wire_stories_told_twice(crawled: Crawled, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("export", crawled.job.folder, "--format", "datasets", "-o", out, "--drop-duplicates")
    ended = scrapy(*command)
    assert ended.status == 0, ended
    manifest = json.loads((out / "export.json").read_bytes())
    keep, dropped = manifest["rows"], manifest["left_out"]["duplicate"]
    assert keep + dropped == len(crawled.articles)
    assert f"{keep} articles in 1 files" in ended.out
    assert f"left out: {dropped} told before by another article\n" in ended.out
    # The agency's story, word for word in each outlet that takes the wire.
    headlines = [record["headline"] for record in crawled.articles]
    copies = {r["extraction"]["text_digest"] for r in crawled.articles if headlines.count(r["headline"]) > 1}
    assert dropped >= len(copies) > 0
    again = scrapy(*command)
    assert (again.status, again.out.splitlines()[0]) == (0, "nothing new")


def test_what_forbids_is_left_out_where_rights_are_respected(crawled: Crawled, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = scrapy("export", crawled.job.folder, "--format", "jsonl", "-o", out, "--respect-rights")
    assert ended.status == 0, ended
    there = [json.loads(line) for file in out.glob("*.jsonl") for line in file.open("rb")]
    assert {record["outlet"] for record in there} == {r["outlet"] for r in crawled.articles} - {"karu", "foni", "faro"}
    assert {record["rights"]["verdict"] for record in there} == {"permitted", "unstated"}
    manifest = json.loads((out / "export.json").read_bytes())
    assert manifest["left_out"] == {"rights-mining": len(crawled.articles) - len(there)}
    assert f"{manifest['left_out']['rights-mining']} forbidden for mining and training\n" in ended.out
    assert sum(manifest["rights"]["verdict"].values()) == len(there)
    assert set(manifest["rights"]["permitted_by"]) == {"content-signal"}


def test_exit_statuses(tmp_path: Path) -> None:
    file = add_run(tmp_path / "job", "1", [story(1)])
    file.open("ab").write(b"{}\n")
    ended = scrapy("export", tmp_path / "job", "--format", "jsonl", "-o", tmp_path / "out")
    assert (ended.status, "no record: " in ended.err, "1 unreadable" in ended.out) == (3, True, True)
    ended = scrapy("export", tmp_path / "job", "--format", "jsonl", "-o", tmp_path / "out", "--where", "nothing = 1")
    assert (ended.status, "no field nothing" in ended.err) == (2, True)
    ended = scrapy("export", tmp_path / "job", "--format", "jsonl", "-o", file)
    assert (ended.status, "is a file: name a folder" in ended.err) == (2, True)


def test_ctrl_c_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sources are being read, the database is open."""
    add_run(tmp_path / "job", "1", [story(1)])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.export.export._Export._take", interrupt)
    with pytest.raises(SystemExit) as ended:
        execute(["scrapy", "export", str(tmp_path / "job"), "--format", "jsonl", "-o", str(tmp_path / "out")])
    assert (ended.value.code, capsys.readouterr().err) == (6, "interrupted: the same command goes on\n")


def test_lines_need_no_extra(tmp_path: Path) -> None:
    """JSONL is exported without pyarrow; Parquet says what it needs."""
    add_run(tmp_path / "job", "1", [story(1)])
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['pyarrow', 'numpy', 'rensa']));"
        "from scrapy.cmdline import execute; execute(['scrapy', *sys.argv[1:]])"
    )
    for format, status, told in (("jsonl.zst", 0, ""), ("parquet", 2, "pip install -e '.[export]'")):
        command = ["export", tmp_path / "job", "--format", format, "-o", tmp_path / format]
        ended = subprocess.run(
            [sys.executable, "-c", script, *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, told in ended.stderr) == (status, True), ended.stderr
