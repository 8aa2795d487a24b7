"""A run that is opened, dropped at a bad moment, and opened again: the archive decides what there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BusyError, CaptureError, LedgerError
from pipelines.flow.live import LiveRun, open_run
from pipelines.flow.parse import Parsed, Task, parse
from pipelines.flow.run import Hooks
from pipelines.flow.verify import runs_of, verify_run
from pipelines.model import Provenance, Role
from pipelines.records.ledger import Ledger
from pipelines.workers import Workers
from tests.pipelines.archive.exchanges import make_exchange, sized
from tests.pipelines.flow import chores

HOST = "http://herald.example"
FURNITURE = "<p>Sign up for our weekly letter and never miss what the harbour has to tell.</p>"


def page(number: int, *, words: str = "", furniture: str = FURNITURE) -> bytes:
    """A page with an article of its own and furniture that all pages share."""
    paragraphs = "".join(
        f"<p>Paragraph {part} of story {number} tells how ship number {number * 7 + part} came in, {words} and what it"
        f" brought to pier {number + part}.</p>"
        for part in range(6)
    )
    title = f"Ship number {number} came in from the north"
    head = f'<!doctype html><html lang=en><title>{title}</title><meta property="og:type" content="article">'
    return f"{head}<body><article><h1>{title}</h1>{paragraphs}</article><aside>{furniture}</aside>".encode()


def url(number: int) -> str:
    return f"{HOST}/2026/story-{number}.html"


def opened(folder: Path, parser: Callable[[Task], Parsed] = parse, **changes: Any) -> LiveRun:
    values: dict[str, Any] = {
        "info": {"software": "a test"}, "workers": 1, "seconds": 20, "megabytes": 2048, "max_bytes": 10**9,
        "max_disk": 0, "preload": ("tests.pipelines.flow.chores",), "hooks": Hooks(parser=parser),
    }  # fmt: skip
    return open_run(folder, **{**values, **changes})


def take(
    live: LiveRun, *numbers: int, body: bytes | None = None, role: Role = Role.ARTICLE
) -> list[asyncio.Future[Parsed]]:
    """Capture pages."""
    provenance = Provenance(
        job="job", run=live.name, outlet="herald", role=role, method="feed", source_url=f"{HOST}/feed.xml"
    )
    return [
        live.run.capture(make_exchange(sized(body or page(number)), url=url(number)), provenance).parsed
        for number in numbers
    ]


def drop(live: LiveRun) -> None:
    """What a kill leaves: nothing is flushed, nothing committed, the lock is gone."""
    live.run.failure = CaptureError("dropped")  # so that it takes no outcome any more
    live.ledger.close(commit=False)
    live._workers.close(wait=False)
    live._lock.release()


async def finish(live: LiveRun) -> None:
    try:
        await asyncio.wait_for(live.finish(lambda: {}), 60)
    finally:
        live.close()


def play(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


@pytest.fixture(scope="module")
def workers() -> Any:
    pool = Workers(1)
    yield pool
    pool.close(wait=False)


def captures_of(folder: Path, workers: Workers) -> int:
    """How many captures the only run has, if all is well with it."""
    (run,) = runs_of(folder)
    verdict = verify_run(run, workers)
    assert verdict.findings == []
    assert not list(run.glob("*.open"))
    return verdict.captures


def unsealed(folder: Path) -> Path:
    (path,) = folder.glob("runs/*/*.open")
    return path


def test_a_run_that_is_not_disturbed(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2, 3)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 3
    (run,) = runs_of(tmp_path / "job")
    assert (run / "articles.jsonl").read_bytes().count(b"\n") == 3


def test_captures_behind_the_committed_length_are_taken_up(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2)
        live.run.commit()
        take(live, 3, 4, 5)
        drop(live)
        live = opened(tmp_path / "job")
        assert live.resumed
        assert [item.ref.url for item in live.recovered] == [url(3), url(4), url(5)]
        assert live.lost == []
        take(live, 6)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 6


def test_a_kill_before_anything_was_committed(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1)
        drop(live)
        live = opened(tmp_path / "job")
        assert [item.ref.url for item in live.recovered] == [url(1)]
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 1


@pytest.mark.parametrize("cut", [1, 60, 700])
def test_a_torn_tail_is_cut_off(tmp_path: Path, workers: Workers, cut: int) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1)
        live.run.commit()
        take(live, 2, 3)
        drop(live)
        path = unsealed(tmp_path / "job")
        path.write_bytes(path.read_bytes()[:-cut])
        live = opened(tmp_path / "job")
        assert [item.ref.url for item in live.recovered] == [url(2)]
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 2


def test_rubbish_at_the_end_is_cut_off(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1)
        live.run.commit()
        drop(live)
        with unsealed(tmp_path / "job").open("ab") as handle:
            handle.write(bytes(4096))
        live = opened(tmp_path / "job")
        assert live.recovered == []
        take(live, 2)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 2


def test_a_file_shorter_than_the_ledger_thinks(tmp_path: Path, workers: Workers) -> None:
    """After a power cut on a disk that lies: what the archive lost is to be fetched again."""

    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2, 3, 4, 5)
        live.run.commit()
        places = [ref.offset for _, ref, _ in live.ledger.unsettled(live.run.number)]
        drop(live)
        path = unsealed(tmp_path / "job")
        path.write_bytes(path.read_bytes()[: places[3] + 10])
        live = opened(tmp_path / "job")
        assert live.lost == [url(4), url(5)]
        assert live.recovered == []
        take(live, 4, 5)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 5


def test_lines_behind_the_committed_length_are_cut_off_and_made_again(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2)
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        take(live, 3)
        await asyncio.wait_for(live.run.drain(), 60)
        for lines in live.run._records.values():
            lines.flush()
        drop(live)
        (run,) = runs_of(tmp_path / "job")
        with (run / "articles.jsonl").open("ab") as handle:
            handle.write(b'{"torn":')
        (run / "rejections.jsonl").write_bytes(b"{}\n{}\n")
        (run / "changes.jsonl").write_bytes(b"{}\n")
        live = opened(tmp_path / "job")
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 3


def test_a_file_sealed_just_before_the_kill(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job", max_bytes=3000)
        take(live, 1)
        live.run.commit()
        take(live, 2, 3, 4, 5, 6, 7, 8)
        drop(live)
        assert len(list((tmp_path / "job").glob("runs/*/*.warc.gz"))) >= 2
        live = opened(tmp_path / "job", max_bytes=3000)
        assert [item.ref.url for item in live.recovered] == [url(number) for number in range(2, 9)]
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 8


def test_files_sealed_between_two_commits_are_known(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job", max_bytes=3000)
        take(live, *range(1, 9))
        live.run.commit()
        drop(live)
        live = opened(tmp_path / "job", max_bytes=3000)
        assert live.recovered == []
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 8


def test_what_was_learnt_of_a_site_is_taken_up_too(tmp_path: Path, workers: Workers) -> None:
    """Its note lies behind the committed length; records made before and after must be as if nothing had happened."""

    async def story() -> None:
        live = opened(tmp_path / "job")
        live.run.commit()
        parsed = take(live, *range(1, 11))
        await asyncio.wait(parsed, timeout=60)
        assert any(True for _ in live.ledger.memories(live.run.number)), "the site is known by now"
        drop(live)
        live = opened(tmp_path / "job")
        assert len(live.recovered) == 10
        take(live, 11, 12)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 12
    (run,) = runs_of(tmp_path / "job")
    assert b"weekly letter" not in (run / "articles.jsonl").read_bytes()


def test_dropped_again_and_again(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        for number in range(1, 6):
            live = opened(tmp_path / "job")
            take(live, 2 * number - 1)
            if number % 2:
                live.run.commit()
            take(live, 2 * number)
            drop(live)
        live = opened(tmp_path / "job")
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 10


def test_one_process_at_a_time(tmp_path: Path) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        with pytest.raises(BusyError):
            opened(tmp_path / "job")
        live.close()
        opened(tmp_path / "job").close()

    play(story())


def test_a_ledger_that_is_none(tmp_path: Path) -> None:
    """It is told, and the lock is let go."""

    async def story() -> None:
        opened(tmp_path / "job").close()
        ledger = (tmp_path / "job" / "ledger.sqlite3").read_bytes()
        (tmp_path / "job" / "ledger.sqlite3").write_bytes(b"this is no database, whatever its name may be" * 100)
        with pytest.raises(LedgerError):
            opened(tmp_path / "job")
        for path in (tmp_path / "job").glob("ledger.sqlite3*"):
            path.unlink()
        (tmp_path / "job" / "ledger.sqlite3").write_bytes(ledger)
        opened(tmp_path / "job").close()

    play(story())


def test_a_second_run_knows_the_first(tmp_path: Path, workers: Workers) -> None:
    """The same article again: in other furniture it is unchanged, with other words a new version."""

    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2, 3)
        await finish(live)
        await asyncio.sleep(1.1)  # runs are named by the second
        live = opened(tmp_path / "job")
        assert not live.resumed
        take(live, 1)
        take(live, 2, body=page(2, furniture="<p>Now with a box of its own.</p>"))
        take(live, 3, body=page(3, words="a day late,"))
        await finish(live)

    play(story())
    first, second = runs_of(tmp_path / "job")
    assert verify_run(first, workers).findings == []
    assert verify_run(second, workers).findings == []
    rejected = (second / "rejections.jsonl").read_text("utf-8")
    assert '"reason":"revisit"' in rejected
    assert '"reason":"unchanged"' in rejected
    articles = (second / "articles.jsonl").read_text("utf-8")
    assert articles.count("\n") == 1
    assert '"version":{"number":2,' in articles
    ledger = Ledger(tmp_path / "job" / "ledger.sqlite3")
    assert ledger.outcomes(2) == {"herald": {"article": 1, "revisit": 1, "unchanged": 1}}
    ledger.close(commit=False)


def test_a_mistake_in_the_parser_costs_its_page_at_most(tmp_path: Path) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job", chores.stumble)
        take(live, 1)
        take(live, 2, body=page(2, words="to stumble"))
        take(live, 3)
        await finish(live)

    play(story())
    (run,) = runs_of(tmp_path / "job")
    assert (run / "articles.jsonl").read_bytes().count(b"\n") == 2
    (line,) = (run / "rejections.jsonl").read_text("utf-8").splitlines()
    assert '"reason":"extract-error"' in line
    assert "RuntimeError: a mistake in the parser" in line


def test_a_page_that_fails_after_a_restart_is_told_as_before(tmp_path: Path) -> None:
    """With how it was found, which the archive knows and the ledger does not."""

    async def story() -> None:
        live = opened(tmp_path / "job", chores.stumble)
        take(live, 1, body=page(1, words="to stumble"))
        live.run.commit()
        drop(live)
        live = opened(tmp_path / "job", chores.stumble)
        assert live.recovered == []
        await finish(live)

    play(story())
    (run,) = runs_of(tmp_path / "job")
    (line,) = (run / "rejections.jsonl").read_text("utf-8").splitlines()
    assert '"reason":"extract-error"' in line
    assert f'"method":"feed","source_url":"{HOST}/feed.xml"' in line


def test_a_page_that_says_nothing_of_its_site_waits_for_what_others_say(tmp_path: Path, workers: Workers) -> None:
    """It came before its site was known, and would be read otherwise from the archive."""
    thin = f"<!doctype html><html lang=en><title>Nothing</title><body><article></article><aside>{FURNITURE}".encode()

    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 50, body=thin, role=Role.SECTION)
        take(live, *range(1, 13))
        take(live, 51, body=thin + b"<!-- another -->", role=Role.SECTION)
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 14


def test_a_site_that_says_nothing_at_all(tmp_path: Path, workers: Workers) -> None:
    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, body=b"")
        take(live, 2, body=b"<!doctype html><title>x</title>")
        await finish(live)

    play(story())
    assert captures_of(tmp_path / "job", workers) == 2
