"""The lives of articles over real runs: recorded, made again from the WARC files, and told."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from crawler.commands import extract, history
from pipelines import clock
from pipelines.errors import ConfigError
from pipelines.flow.life import jobs_in, lives
from pipelines.flow.live import LiveRun
from pipelines.flow.rebuild import rebuild
from pipelines.flow.verify import runs_of, verify_run
from pipelines.model import SCHEMA_VERSION, Change, Outcome, Provenance, Role
from pipelines.records.ledger import Ledger
from pipelines.workers import Workers
from tests.pipelines.archive.exchanges import make_exchange, sized
from tests.pipelines.flow.test_live import HOST, drop, finish, opened, page, url
from tests.pipelines.flow.test_rebuild import PARTS, RECORDS, contents, forget, rebuilt

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
GONE = sized(b"<p>Gone.</p>", b"HTTP/1.1 410 Gone\r\nContent-Type: text/html\r\n")
NOT_FOUND = sized(b"<p>No such page.</p>", b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n")
HOMEWARD = sized(b"", b"HTTP/1.1 302 Found\r\nLocation: /?from=story\r\n").replace(b"?from=story", b"")
SAME = b"HTTP/1.1 304 Not Modified\r\n\r\n"
TWIN = HOST.replace("://", "://www.") + "/2026/story-5.html?utm_source=letter"

RUNS: list[list[tuple[str, bytes]]] = [
    [(url(number), sized(page(number))) for number in range(1, 6)],
    [(url(1), sized(page(1, words="a day late,"))), (url(2), NOT_FOUND), (url(3), SAME), (url(4), GONE),
     (TWIN, sized(page(5, furniture="<p>And a box.</p>")))],
    [(url(1), SAME), (url(2), HOMEWARD), (url(3), NOT_FOUND), (url(4), sized(page(4)))],
    [(url(1), sized(page(1))), (url(2), sized(page(2, words="with some luck,"))), (url(3), SAME), (TWIN, GONE)],
]  # fmt: skip

CHANGES = [
    [],
    [("version", url(1), 2), ("deletion", url(4), 1)],
    [("deletion", url(2), 1), ("restoration", url(4), 1)],
    [("version", url(1), 3), ("restoration", url(2), 2), ("deletion", url(5), 1)],
]


def capture(live: LiveRun, exchanges: list[tuple[str, bytes]]) -> None:
    provenance = Provenance(job="job", run=live.name, outlet="herald", role=Role.ARTICLE, method="feed")
    for address, response in exchanges:
        live.run.capture(make_exchange(response, url=address, started=clock.utcnow()), provenance)


async def play(folder: Path, *, kill: bool) -> list[tuple[Outcome, Change | None]]:
    told: list[tuple[Outcome, Change | None]] = []
    for number, exchanges in enumerate(RUNS):
        clock.pretend(START + timedelta(hours=number))
        live = opened(folder)
        object.__setattr__(live.run._hooks, "settled", lambda outcome, change: told.append((outcome, change)))
        capture(live, exchanges[:2])
        if kill and number:  # settled, its notes in the WARC, and not committed
            await asyncio.wait_for(live.run.drain(), 60)
            live.run._writer.sync()
            for lines in live.run._records.values():
                lines.flush()
            drop(live)
            live = opened(folder)
            assert live.resumed
            assert len(live.recovered) == 2
        capture(live, exchanges[2:])
        await finish(live)
    return told


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lives") / "job"
    try:
        told = asyncio.run(play(folder, kill=False))
    finally:
        clock.pretend(None)
    assert sum(change is not None for _, change in told) == sum(map(len, CHANGES))
    yield folder


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


def changes(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "changes.jsonl").read_text("utf-8").splitlines()]


def short(run: Path) -> list[tuple[str, str, int]]:
    return [(each["kind"], each["canonical_url"], each["number"]) for each in changes(run)]


def tables(job: Path) -> dict[str, list[Any]]:
    ledger = Ledger(job / "ledger.sqlite3")
    names = ("article", "alias", "version", "change")
    rows = {name: list(ledger.execute(f"SELECT * FROM {name}")) for name in names}
    ledger.close(commit=False)
    return rows


def test_each_run_records_what_changed(job: Path, workers: Workers) -> None:
    runs = runs_of(job)
    assert [short(run) for run in runs] == CHANGES
    for run, expected in zip(runs, CHANGES, strict=True):
        verdict = verify_run(run, workers)
        assert (verdict.findings, verdict.notes, verdict.changes) == ([], [], len(expected))
        named = {entry["name"] for entry in json.loads((run / "run.json").read_bytes())["files"]}
        assert set(RECORDS) <= named
    edited = changes(runs[1])[0]
    assert {edit["op"] for edit in edited["diff"]} == {"changed"}
    assert len(edited["diff"]) == 6
    assert "came in,  and" not in edited["diff"][0]["after"]
    back = changes(runs[3])[0]
    assert [(edit["before"], edit["after"]) for edit in back["diff"]] == [
        (edit["after"], edit["before"]) for edit in edited["diff"]
    ], "a page that is again what it was is a version, not a revisit"
    deleted = changes(runs[2])[0]
    assert (deleted["http"]["status"], deleted["http"]["location"]) == (302, "/")
    assert (deleted["last_seen"][:13], deleted["missing_since"][:13]) == ("2026-03-02T08", "2026-03-02T09")


def test_all_is_made_again_from_the_archive(job: Path, workers: Workers, tmp_path: Path) -> None:
    copy = tmp_path / "job"
    shutil.copytree(job, copy)
    before, ledger = contents(copy), tables(copy)
    forget(copy)
    for run in runs_of(copy):
        (run / "changes.jsonl").unlink()
    assert [run.changed for run in rebuilt(copy, workers)] == [("changes.jsonl",)] * 4
    assert contents(copy) == before
    assert tables(copy) == ledger
    assert [run.changed for run in rebuild(copy, workers, PARTS)] == [()] * 4


def test_a_kill_between_notes_and_commit_changes_nothing(job: Path, workers: Workers, tmp_path: Path) -> None:
    copy = tmp_path / "job"
    try:
        asyncio.run(play(copy, kill=True))
    finally:
        clock.pretend(None)
    assert [short(run) for run in runs_of(copy)] == CHANGES
    for run in runs_of(copy):
        assert verify_run(run, workers).findings == []
    before, ledger = contents(copy), tables(copy)
    forget(copy)
    assert [run.changed for run in rebuilt(copy, workers)] == [()] * 4
    assert contents(copy) == before
    assert tables(copy) == ledger


def test_extract_gives_the_changes_too(job: Path, tmp_path: Path) -> None:
    runs = runs_of(job)
    command = extract.Command()
    command.settings = Settings({"BROADSHEET_PARSE_SECONDS": 20, "BROADSHEET_PARSE_MEGABYTES": 2048})
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    opts = parser.parse_args(["--output", str(tmp_path / "x.jsonl"), "--jobs", "1"])
    (tmp_path / "x.changes.jsonl").write_text("of another time\n")
    command.run([str(runs[0])], opts)
    assert not (tmp_path / "x.changes.jsonl").exists()
    command.run([str(run) for run in runs], opts)
    assert (tmp_path / "x.changes.jsonl").read_bytes() == b"".join((run / "changes.jsonl").read_bytes() for run in runs)


def test_what_is_wrong_with_changes_is_found(job: Path, workers: Workers, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs_of(job)[1], run)
    path = run / "changes.jsonl"
    whole = path.read_bytes()
    first, second = whole.splitlines(keepends=True)
    for broken, rules in (
        (whole.replace(b'"number":2', b'"number":3'), {"seal", "differs"}),
        (first, {"seal", "differs"}),
        (whole + second, {"seal", "differs", "twice"}),
        (b"{\n" + second, {"seal", "differs", "json"}),
        (None, {"seal", "missing"}),
    ):
        if broken is None:
            path.unlink()
        else:
            path.write_bytes(broken)
        assert {finding.rule for finding in verify_run(run, workers).findings} == rules


def test_records_of_an_older_schema_are_compared_by_outcome(job: Path, workers: Workers, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs_of(job)[1], run)
    (run / "changes.jsonl").unlink()
    (run / "run.json").unlink()
    for name in RECORDS[:2]:
        old = (run / name).read_text("utf-8").replace(f'"{SCHEMA_VERSION}"', '"1.0"').replace(',"location":null', "")
        (run / name).write_text(old, "utf-8")
    verdict = verify_run(run, workers)
    assert verdict.findings == []
    assert any("5 records are of schema 1.0" in note for note in verdict.notes)
    assert any("before there was changes.jsonl" in note for note in verdict.notes)
    path = run / "rejections.jsonl"
    path.write_text(path.read_text("utf-8").replace('"reason":"http-status"', '"reason":"section"', 1), "utf-8")
    assert {finding.rule for finding in verify_run(run, workers).findings} == {"differs"}


# ---------------------------------------------------------------------- the life of an article


def test_the_life_of_an_article(job: Path) -> None:
    (life,), near = lives(job, url(1))
    assert near == []
    assert [(event.kind, event.number, event.change) for event in life.events] == [
        ("first", 1, None), ("version", 2, "text"), ("version", 3, "text"),
    ]  # fmt: skip
    assert all(event.word_count for event in life.events)
    assert (life.looks, life.versions, life.deleted) == (4, 3, False)
    assert life.last_look is not None and life.last_look == life.last_seen
    (other,), _ = lives(job, url(2))
    assert [(event.kind, event.number) for event in other.events] == [("first", 1), ("deletion", 1), ("restoration", 2)]
    (missing,), _ = lives(job, url(3))
    assert (missing.deleted, missing.missing_since) == (False, None), "seen again after one 404"


@pytest.mark.parametrize(
    "address",
    [url(5), TWIN, TWIN.replace("http:", "https:"), url(5) + "#comments", url(5) + "/?fbclid=x",
     url(5).replace("://", "://m.")],
)  # fmt: skip
def test_any_of_its_addresses_will_do(job: Path, address: str) -> None:
    (life,), _ = lives(job, address)
    assert life.addresses == (url(5), TWIN)
    assert life.looks == 3
    assert life.deleted


def run_history(capsys: pytest.CaptureFixture[str], place: Path, address: str, **options: Any) -> tuple[int, str, str]:
    command = history.Command()
    command.run([address], argparse.Namespace(**{"job": str(place), "json": False, **options}))
    said = capsys.readouterr()
    return command.exitcode, said.out, said.err


def test_history_tells_it(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run_history(capsys, job.parent, url(1))
    assert (status, err) == (0, "")
    assert "3 versions; looked at 4 times, last 2026-03-02 11:00 UTC" in out
    assert "2026-03-02 09:00 UTC  new version: version 2, its text changed" in out
    assert "{+a day late,+}" in out.replace(" +}", "+}").replace("{+ ", "{+")
    assert "\x1b" not in out
    status, out, _ = run_history(capsys, job, url(2))
    assert "deleted: version 1, status 302, missing since 2026-03-02 09:00 UTC, last seen 2026-03-02 08:00 UTC" in out
    assert "there again: version 2, its text changed" in out


def test_history_in_colour(job: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, out, _ = run_history(capsys, job, url(1))
    assert "\x1b[32m" in out, "green for what was put in"
    assert "{+" not in out
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = run_history(capsys, job, url(1))
    assert "\x1b[32m" not in out
    assert "{+" in out


def test_history_as_json(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run_history(capsys, job, url(4), json=True)
    (life,) = json.loads(out)
    assert [event["kind"] for event in life["events"]] == ["first", "deletion", "restoration"]
    assert life["events"][1]["record"] == changes(runs_of(job)[1])[1]


def test_an_address_that_is_not_known(job: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = run_history(capsys, job, HOST + "/2026/story-7.html")
    assert (status, out) == (1, "")
    assert "is no article that" in err
    assert url(5) in err
    assert run_history(capsys, job, "https://elsewhere.example/")[2].count("\n") == 1, "nothing near"
    assert run_history(capsys, tmp_path, url(1))[0] == 2
    with pytest.raises(ConfigError):
        jobs_in(tmp_path)


def test_a_life_whose_records_are_gone(job: Path, tmp_path: Path) -> None:
    copy = tmp_path / "job"
    shutil.copytree(job, copy)
    shutil.rmtree(copy / "runs")
    (life,), _ = lives(copy, url(1))
    assert life.versions == 3
    assert [event.kind for event in life.events] == ["first"]
