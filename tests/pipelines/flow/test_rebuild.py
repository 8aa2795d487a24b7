"""Ledger and records again from the WARC files: of runs that ended, of runs that were killed, and through kills."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import BusyError, ConfigError
from pipelines.flow import rebuild as module
from pipelines.flow.parse import parse
from pipelines.flow.rebuild import Parts, Rebuilt, rebuild
from pipelines.flow.verify import runs_of, verify_run
from pipelines.records.ledger import Ledger
from pipelines.workers import Workers
from tests.pipelines.flow.test_live import captures_of, drop, finish, opened, page, play, take, unsealed, url

PARTS = Parts(parser=parse, discover=lambda provenance: None, taken=lambda ledger, capture, found: None)
RECORDS = ("articles.jsonl", "rejections.jsonl", "changes.jsonl")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


async def two_runs(folder: Path) -> None:
    """The second with a revisit, an unchanged article and a new version."""
    live = opened(folder)
    take(live, 1, 2, 3)
    await finish(live)
    await asyncio.sleep(1.1)
    live = opened(folder)
    take(live, 1)
    take(live, 2, body=page(2, furniture="<p>Now with a box of its own.</p>"))
    take(live, 3, body=page(3, words="a day late,"))
    take(live, 4)
    await finish(live)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    asyncio.run(two_runs(tmp_path / "job"))
    return tmp_path / "job"


def forget(job: Path) -> None:
    for path in job.glob("ledger.sqlite3*"):
        path.unlink()


def contents(job: Path) -> dict[str, bytes]:
    """All that is derived, but for the ledger."""
    names = (*RECORDS, "index.cdxj")
    return {f"{run.name}/{name}": (run / name).read_bytes() for run in runs_of(job) for name in names}


def rebuilt(job: Path, workers: Workers) -> list[Rebuilt]:
    runs = list(rebuild(job, workers, PARTS))
    assert not list(job.rglob("*.part*"))
    assert not list(job.glob("ledger.sqlite3-*"))
    return runs


def test_every_run_has_its_bytes_again(job: Path, workers: Workers) -> None:
    before = contents(job)
    forget(job)
    runs = rebuilt(job, workers)
    assert [(run.changed, run.waiting) for run in runs] == [((), False), ((), False)]
    assert contents(job) == before
    ledger = Ledger(job / "ledger.sqlite3")
    assert ledger.outcomes(2) == {"herald": {"article": 2, "revisit": 1, "unchanged": 1}}
    assert not list(ledger.execute("SELECT * FROM run WHERE ended IS NULL"))
    ledger.close(commit=False)


def test_records_that_were_lost_come_back(job: Path, workers: Workers) -> None:
    before = contents(job)
    first, second = runs_of(job)
    (first / "articles.jsonl").unlink()
    (first / "index.cdxj").unlink()
    (second / "rejections.jsonl").write_bytes(b"{}\n")
    assert [run.changed for run in rebuilt(job, workers)] == [("articles.jsonl",), ("rejections.jsonl",)]
    assert contents(job) == before


def test_the_summary_names_the_records_as_they_are_now(job: Path, workers: Workers) -> None:
    """As where an older version made them. What the summary says of WARC files is left as it is."""
    summary = runs_of(job)[1] / "run.json"
    told = json.loads(summary.read_bytes())
    for entry in told["files"]:
        if entry["name"] == "articles.jsonl" or ".warc" in entry["name"]:
            entry["sha256"] = entry["name"]
    summary.write_text(json.dumps(told), "utf-8")
    rebuilt(job, workers)
    (note,) = json.loads(summary.read_bytes())["rebuilt"]
    assert note["before"] == {"articles.jsonl": "articles.jsonl"}
    findings = verify_run(runs_of(job)[1], workers).findings
    seals = [each.file for each in findings if each.rule == "seal"]
    assert seals == [entry["name"] for entry in told["files"] if ".warc" in entry["name"]]
    rebuilt(job, workers)
    assert len(json.loads(summary.read_bytes())["rebuilt"]) == 1


def test_nothing_to_rebuild(tmp_path: Path, workers: Workers) -> None:
    with pytest.raises(ConfigError):
        list(rebuild(tmp_path, workers, PARTS))


def test_not_while_a_run_is_working(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1)
        live.run.commit()
        with pytest.raises(BusyError):
            list(rebuild(tmp_path / "job", workers, PARTS))
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 1


# ---------------------------------------------------------------------- a killed run


@pytest.mark.parametrize("cut", [0, 1, 60, 700])
@pytest.mark.parametrize("keep", [True, False], ids=["with its ledger", "ledger lost"])
def test_a_killed_run_goes_on(tmp_path: Path, workers: Workers, cut: int, keep: bool) -> None:
    """Whatever the kill has torn, a closing record alone included: what is whole is taken, the rest is cut off."""

    async def killed() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2)
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        take(live, 3, 4)
        drop(live)
        path = unsealed(tmp_path / "job")
        path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])

    async def goes_on() -> None:
        live = opened(tmp_path / "job")
        assert live.resumed
        assert live.recovered == []
        take(live, 5)
        await finish(live)

    play(killed())
    if not keep:
        forget(tmp_path / "job")
    (run,) = runs_of(tmp_path / "job")
    before = (run / "articles.jsonl").read_bytes()
    assert before
    (made,) = rebuilt(tmp_path / "job", workers)
    whole = 3 if cut else 4
    assert (made.run, made.waiting, made.changed, made.counts.captures) == (run.name, True, (), whole)
    assert (run / "articles.jsonl").read_bytes() == before, "the next start cuts it"
    ledger = Ledger(tmp_path / "job" / "ledger.sqlite3")
    assert [ref.url for _, ref, _ in ledger.unsettled(1)] == [url(number) for number in range(1, whole + 1)]
    length = ledger.file_length(1, unsealed(tmp_path / "job").name.removesuffix(".open"))
    assert (length < unsealed(tmp_path / "job").stat().st_size) == (cut > 0)
    assert [ledger.file_length(1, name) for name in RECORDS] == [0, 0, 0]
    ledger.close(commit=False)
    play(goes_on())
    assert captures_of(tmp_path / "job", workers) == whole + 1


def test_a_killed_run_after_one_that_ended(job: Path, workers: Workers) -> None:
    """It goes on with what the earlier runs knew."""

    async def killed() -> None:
        await asyncio.sleep(1.1)
        live = opened(job)
        take(live, 2, body=page(2, furniture="<p>And another box.</p>"))
        take(live, *range(10, 20))
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        drop(live)

    async def goes_on() -> None:
        live = opened(job)
        assert live.resumed
        await finish(live)

    play(killed())
    before = (runs_of(job)[2] / "articles.jsonl").read_bytes()
    forget(job)
    assert [run.waiting for run in rebuilt(job, workers)] == [False, False, True]
    play(goes_on())
    third = runs_of(job)[2]
    assert verify_run(third, workers).findings == []
    assert (third / "articles.jsonl").read_bytes() == before
    assert '"reason":"unchanged"' in (third / "rejections.jsonl").read_text("utf-8")


def test_of_two_killed_runs_the_last_goes_on(tmp_path: Path, workers: Workers) -> None:
    """The first can never be gone on with (its ledger was thrown away): its whole captures have their outcomes."""

    async def killed(number: int) -> None:
        live = opened(tmp_path / "job")
        take(live, number, number + 1)
        live.run.commit()
        drop(live)
        path = next(iter(sorted(tmp_path.glob("job/runs/*/*.open"))[-1:]))
        path.write_bytes(path.read_bytes()[:-60])
        forget(tmp_path / "job")
        await asyncio.sleep(1.1)

    async def goes_on() -> None:
        live = opened(tmp_path / "job")
        assert live.resumed
        assert live.folder == runs_of(tmp_path / "job")[1]
        await finish(live)

    play(killed(1))
    play(killed(3))
    first, second = rebuilt(tmp_path / "job", workers)
    assert (first.waiting, first.counts.captures) == (False, 1)
    assert (second.waiting, second.counts.captures) == (True, 1)
    play(goes_on())
    for run in runs_of(tmp_path / "job"):
        assert verify_run(run, workers).findings == []
        lines = [line for name in RECORDS for line in (run / name).read_bytes().splitlines()]
        assert len(lines) == 1


# ---------------------------------------------------------------------- rebuild itself is killed


def test_a_kill_between_records_and_ledger(job: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records are new, the ledger is the old one: nothing is worse than before, and it can be done again."""
    before, ledger = contents(job), (job / "ledger.sqlite3").read_bytes()
    first = runs_of(job)[0]
    (first / "articles.jsonl").write_bytes(b"{}\n")

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_settle_old", killed)
        with pytest.raises(KeyboardInterrupt):
            list(rebuild(job, workers, PARTS))
    assert contents(job) == before
    assert (job / "ledger.sqlite3").read_bytes() == ledger
    assert [run.changed for run in rebuilt(job, workers)] == [(), ()]


def test_all_is_on_the_disk_first_and_the_ledger_last(
    job: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append(Path(f"/proc/self/fd/{fd}").readlink().name) or fsync(fd))
    monkeypatch.setattr(Path, "replace", lambda self, to: steps.append(f"-> {to.name}") or replace(self, to))
    runs = [run.run for run in rebuilt(job, workers)]
    steps = steps[steps.index("articles.jsonl.part") :]
    names = ("articles.jsonl", "rejections.jsonl", "changes.jsonl", "index.cdxj")
    assert steps == [
        *(f"{name}.part" for _ in runs for name in names),
        "ledger.sqlite3.part",
        *(f"-> {name}" for _ in runs for name in names),
        *runs,
        "-> ledger.sqlite3",
        "job",
    ]


def test_an_error_leaves_everything_as_it_was(job: Path, workers: Workers) -> None:
    before, ledger = contents(job), (job / "ledger.sqlite3").read_bytes()

    def taken(ledger: Ledger, capture: object, found: object) -> None:
        raise RuntimeError("the frontier is full")

    with pytest.raises(RuntimeError):
        list(rebuild(job, workers, Parts(parser=parse, discover=PARTS.discover, taken=taken)))
    assert contents(job) == before
    assert (job / "ledger.sqlite3").read_bytes() == ledger
    assert not list(job.rglob("*.part*"))


def test_what_an_old_ledger_left_in_its_log_is_no_part_of_the_new_one(job: Path, workers: Workers) -> None:
    old = sqlite3.connect(job / "ledger.sqlite3", isolation_level=None)
    old.execute("INSERT INTO run (name, started) VALUES ('x', 'x')")
    wal = (job / "ledger.sqlite3-wal").read_bytes()
    assert wal
    old.close()
    (job / "ledger.sqlite3-wal").write_bytes(wal)  # as a kill leaves it
    rebuilt(job, workers)
    ledger = Ledger(job / "ledger.sqlite3")
    assert [name for (name,) in ledger.execute("SELECT name FROM run")] == [run.name for run in runs_of(job)]
    ledger.close(commit=False)


def test_a_ledger_that_is_none_is_replaced(job: Path, workers: Workers) -> None:
    forget(job)
    (job / "ledger.sqlite3").write_bytes(b"this is no database, whatever its name may be" * 100)
    (job / "ledger.sqlite3-wal").write_bytes(b"nor is this")
    rebuilt(job, workers)
    Ledger(job / "ledger.sqlite3").close()
