"""Records from WARC files: in order, whatever the number of workers; the same for a run as the run's own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.writer import WarcWriter
from pipelines.errors import ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import warc_files
from pipelines.flow.parse import parse
from pipelines.flow.rebuild import Parts, rebuild
from pipelines.flow.verify import runs_of
from pipelines.model import Article, Provenance, Role
from pipelines.text.refine import Options
from pipelines.workers import Workers
from tests.pipelines.archive.exchanges import make_exchange, sized
from tests.pipelines.flow import chores
from tests.pipelines.flow.test_live import finish, opened, page, take, url


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(3, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


@pytest.fixture
def one() -> Iterator[Workers]:
    pool = Workers(1, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


@pytest.fixture
def warc(tmp_path: Path) -> Callable[..., Path]:
    """A WARC of pages as anybody's crawler may have written it: without notes of site memory."""

    def make(*numbers: int, folder: str = "warcs", body: bytes | None = None) -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        writer = WarcWriter(tmp_path / folder, prefix="x", info={"software": "a test"}, reserve=0)
        for number in numbers:
            exchange = make_exchange(sized(body or page(number)), url=url(number))
            writer.write(exchange, Provenance(role=Role.ARTICLE, outlet="herald"))
        assert writer.position is not None
        name = writer.position[0]
        writer.seal()
        return tmp_path / folder / name

    return make


def made(files: list[Path], workers: Workers, **options: Any) -> tuple[list[Any], Counts]:
    counts = Counts()
    return list(extract(files, workers, counts=counts, options=Options(), **options)), counts


def test_order_is_that_of_the_file_not_of_the_workers(
    warc: Callable[..., Path], workers: Workers, one: Workers
) -> None:
    files = [warc(*range(12))]
    slow, counts = made(files, workers, parser=chores.dawdle)
    assert [each.outcome.url for each in slow] == [url(number) for number in range(12)]
    assert counts.captures == 12
    alone, _ = made(files, one)
    assert [each.line for each in slow] == [each.line for each in alone]


def test_order_is_that_of_the_files_as_given(warc: Callable[..., Path], workers: Workers) -> None:
    first, second = warc(1, 2, folder="b"), warc(3, 4, folder="a")
    found, _ = made([first, second], workers)
    assert [each.outcome.url for each in found] == [url(1), url(2), url(3), url(4)]


def test_more_captures_than_are_sent_ahead(warc: Callable[..., Path], one: Workers) -> None:
    found, counts = made([warc(*range(80))], one)
    assert [each.outcome.url for each in found] == [url(number) for number in range(80)]
    assert counts.articles == 80


def test_an_article_twice_is_a_duplicate(warc: Callable[..., Path], workers: Workers) -> None:
    found, counts = made([warc(1, 2, 1)], workers)
    assert [type(each.outcome).__name__ for each in found] == ["Article", "Article", "Rejection"]
    assert counts.rejections == {"duplicate": 1}


def test_learning_makes_no_difference_to_the_order(warc: Callable[..., Path], workers: Workers) -> None:
    files = [warc(*range(12))]
    with_memory, _ = made(files, workers)
    without, _ = made(files, workers, learning=False)
    assert [each.outcome.url for each in with_memory] == [each.outcome.url for each in without]
    assert all(isinstance(each.outcome, Article) for each in with_memory)
    assert all(each.outcome.extraction.site_memory_digest for each in with_memory)
    assert not any(each.outcome.extraction.site_memory_digest for each in without)


def test_damage_is_counted_once_and_the_rest_is_read(warc: Callable[..., Path], workers: Workers) -> None:
    path = warc(1, 2, 3)
    whole, _ = made([path], workers)
    data = bytearray(path.read_bytes())
    at = whole[1].capture.ref.offset + 120
    data[at : at + 30] = bytes(30)
    path.write_bytes(data)
    found, counts = made([path], workers)
    assert [each.outcome.url for each in found] == [url(1), url(3)]
    assert len(counts.damaged) == 1
    assert path.name in counts.damaged[0]


def test_the_files_a_person_means(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.warc.gz", "a.warc", "c.warc.gz.open", "sub/d.warc.zst", "e.cdxj", "f.warc.txt"):
        (tmp_path / name).write_bytes(b"")
    names = [path.name for path in warc_files([tmp_path, tmp_path / "a.warc"])]
    assert names == ["a.warc", "b.warc.gz", "c.warc.gz.open", "d.warc.zst"]
    for wrong in (tmp_path / "nowhere", tmp_path / "sub" / "nothing"):
        with pytest.raises(ConfigError):
            warc_files([wrong])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no WARC file"):
        warc_files([tmp_path / "empty"])


# ---------------------------------------------------------------------- rebuild


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job of two runs, the second with a revisit, an unchanged article and a new version."""

    async def story() -> None:
        live = opened(tmp_path / "job")
        take(live, 1, 2, 3)
        await finish(live)
        await asyncio.sleep(1.1)
        live = opened(tmp_path / "job")
        take(live, 1)
        take(live, 2, body=page(2, furniture="<p>Now with a box of its own.</p>"))
        take(live, 3, body=page(3, words="a day late,"))
        take(live, 4)
        await finish(live)

    asyncio.run(story())
    return tmp_path / "job"


def test_rebuild_gives_every_run_its_bytes_again(job: Path, one: Workers) -> None:
    before = {run.name: (run / "articles.jsonl").read_bytes() for run in runs_of(job)}
    for path in job.glob("ledger.sqlite3*"):
        path.unlink()
    parts = Parts(parser=parse, discover=lambda provenance: None, taken=lambda ledger, capture, found: None)
    runs = list(rebuild(job, one, parts))
    assert {run.run: run.changed for run in runs} == dict.fromkeys(before, ())
    assert {run.name: (run / "articles.jsonl").read_bytes() for run in runs_of(job)} == before
    live_again = shutil.copytree(job, job.parent / "copy")
    assert len(runs_of(live_again)) == 2
