"""Verifying runs that did not come to their end, and files that are not what they should be."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.flow.verify import Verdict, runs_of, verify_run
from pipelines.workers import Workers
from tests.pipelines.flow.test_live import drop, finish, opened, play, take, unsealed


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close(wait=False)


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("complete")

    async def story() -> None:
        live = opened(folder / "job")
        take(live, 1, 2, 3, 1)
        await finish(live)

    play(story())
    return runs_of(folder / "job")[0]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two captures with their outcomes, two without, a torn one."""
    folder = tmp_path_factory.mktemp("killed")

    async def story() -> None:
        live = opened(folder / "job")
        take(live, 1, 2)
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        take(live, 3, 4, 5)
        drop(live)
        path = unsealed(folder / "job")
        path.write_bytes(path.read_bytes()[:-60])

    play(story())
    return runs_of(folder / "job")[0]


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], Path]:
    def make(run: Path) -> Path:
        return Path(shutil.copytree(run, tmp_path / run.name))

    return make


def rules(verdict: Verdict) -> set[tuple[str, str]]:
    return {(finding.file, finding.rule) for finding in verdict.findings}


# ---------------------------------------------------------------------- what is not what it should be


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b"{}", b'{"files": 3}', b'{"files": [{"name": "x"}]}', b"\xff\xfe", b"[" * 99999],
    ids=lambda content: repr(content[:20]),
)
def test_a_broken_run_json_is_a_finding(
    complete: Path, copy: Callable[[Path], Path], workers: Workers, content: bytes
) -> None:
    run = copy(complete)
    (run / "run.json").write_bytes(content)
    assert rules(verify_run(run, workers)) == {("run.json", "seal")}


def test_a_seal_of_a_file_elsewhere(complete: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    run = copy(complete)
    (run / "run.json").write_text(json.dumps({"files": [{"name": "../../etc/passwd", "sha256": ""}]}), "utf-8")
    assert rules(verify_run(run, workers)) == {("../../etc/passwd", "seal")}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"\n", "json"),
        (b"{", "json"),
        (b"\xff\n", "json"),
        (b"[" * 99999 + b"\n", "json"),
        (b"3\n", "record"),
        (b"{}\n", "record"),
        (b'{"url": "http://x.example/", "warc": 3}\n', "record"),
        (b'{"url": "http://x.example/", "warc": {"filename": "x"}}\n', "record"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_a_line_that_is_no_record_is_a_finding(
    complete: Path, copy: Callable[[Path], Path], workers: Workers, line: bytes, rule: str
) -> None:
    run = copy(complete)
    with (run / "articles.jsonl").open("ab") as handle:
        handle.write(line)
    verdict = verify_run(run, workers)
    (found,) = (finding for finding in verdict.findings if finding.rule == rule)
    assert (found.file, found.place) == ("articles.jsonl", 4)


@pytest.mark.parametrize(
    ("field", "value"),
    [("offset", -1), ("offset", "0"), ("offset", 1 << 70), ("filename", "../x"), ("filename", None), ("record_id", 3)],
)
def test_a_pointer_to_nowhere_is_a_finding(
    complete: Path, copy: Callable[[Path], Path], workers: Workers, field: str, value: object
) -> None:
    run = copy(complete)
    path = run / "articles.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    record = json.loads(first)
    record["warc"][field] = value
    path.write_bytes(b"".join([json.dumps(record).encode() + b"\n", *others]))
    found = {(finding.rule, finding.place) for finding in verify_run(run, workers).findings}
    assert ("record", 1) in found


def test_an_index_that_is_no_text(complete: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    run = copy(complete)
    (run / "index.cdxj").write_bytes(b"\xff\xfe\n")
    assert ("index.cdxj", "index") in rules(verify_run(run, workers))


def test_a_warc_that_is_none(complete: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    run = copy(complete)
    (run / "other.warc.gz").write_bytes(b"this is no WARC file")
    found = rules(verify_run(run, workers))
    assert ("other.warc.gz", "form") in found
    assert (run.name, "records") in found


def test_without_run_json(complete: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    """All else is checked as if it were there."""
    run = copy(complete)
    (run / "run.json").unlink()
    verdict = verify_run(run, workers)
    assert verdict.findings == []
    assert verdict.complete
    assert "run.json" in verdict.notes[0]
    path = run / "rejections.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert (run.name, "counts") in rules(verify_run(run, workers))


# ---------------------------------------------------------------------- runs that have not come to their end


def test_a_killed_run_is_no_finding(killed: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    verdict = verify_run(killed, workers)
    assert verdict.findings == []
    assert not verdict.complete
    assert (verdict.captures, verdict.articles, verdict.rejections) == (4, 2, 0)
    assert verdict.notes == ["not complete: 2 captures wait for their outcome; start the crawl again"]
    run = copy(killed)
    with (run / "articles.jsonl").open("ab") as handle:
        handle.write(b'{"url":"http://her')
    assert verify_run(run, workers).findings == []


def test_what_a_killed_run_has_is_checked(killed: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    run = copy(killed)
    path = run / "articles.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first.replace(b"Ship number 1", b"Shop number 1") + second)
    assert rules(verify_run(run, workers)) == {("articles.jsonl", "differs")}
    path.write_bytes(second + first)
    assert ("articles.jsonl", "differs") in rules(verify_run(run, workers))
    path.write_bytes(first + second + b"{}\n" * 3)
    assert ("articles.jsonl", "record") in rules(verify_run(run, workers))
    assert (run.name, "counts") in rules(verify_run(run, workers))


def test_damage_before_the_torn_end_is_a_finding(killed: Path, copy: Callable[[Path], Path], workers: Workers) -> None:
    run = copy(killed)
    (path,) = run.glob("*.open")
    data = bytearray(path.read_bytes())
    at = json.loads((run / "articles.jsonl").read_bytes().splitlines()[1])["warc"]["offset"]
    data[at + 300 : at + 310] = bytes(10)
    path.write_bytes(data)
    assert {("articles.jsonl", "pointer"), (run.name, "counts")} & rules(verify_run(run, workers))


def test_a_run_that_is_working(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        (run,) = runs_of(tmp_path / "job")
        verdict = await asyncio.to_thread(verify_run, run, workers)
        assert (verdict.findings, verdict.complete, verdict.files) == ([], False, 0), "nothing is captured yet"
        take(live, 1, 2, 3)
        verdict = await asyncio.to_thread(verify_run, run, workers)
        assert (verdict.findings, verdict.complete, verdict.captures) == ([], False, 3)
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        take(live, 4)
        verdict = await asyncio.to_thread(verify_run, run, workers)
        assert (verdict.findings, verdict.articles, verdict.captures) == ([], 3, 4)
        await finish(live)
        verdict = await asyncio.to_thread(verify_run, run, workers)
        assert (verdict.findings, verdict.complete, verdict.notes) == ([], True, [])

    play(story())
