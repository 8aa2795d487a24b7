"""Records from WARC files: in order, whatever the number of workers; the same for a run as the run's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive.reader import Item, records
from pipelines.archive.wanted import Wanted
from pipelines.archive.writer import WarcWriter
from pipelines.errors import ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import atomically, warc_files
from pipelines.flow.memories import MEMORY_TYPE
from pipelines.flow.shelf import Shelf
from pipelines.model import Article, Provenance, Role
from pipelines.records.known import Known
from pipelines.records.settle import Seen
from pipelines.text.refine import Options
from pipelines.text.sites import SiteMemory
from pipelines.workers import Workers
from tests.pipelines.archive.exchanges import make_exchange, sized
from tests.pipelines.flow import chores
from tests.pipelines.flow.test_live import HOST, page, url


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
    """A WARC of pages: as anybody's crawler may have written it, without notes of site memory, unless it is said of
    which job and run it is and what is noted (numbers are pages, all else are notes)."""

    def make(
        *items: int | SiteMemory | bytes,
        folder: str = "warcs",
        body: bytes | None = None,
        job: str | None = None,
        run: str | None = None,
    ) -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        writer = WarcWriter(tmp_path / folder, prefix=job or "x", info={"software": "a test"}, reserve=0)
        for item in items:
            if isinstance(item, int):
                exchange = make_exchange(sized(body or page(item)), url=url(item))
                writer.write(exchange, Provenance(role=Role.ARTICLE, outlet="herald", job=job, run=run))
            else:
                note = item.to_json().encode() if isinstance(item, SiteMemory) else item
                writer.write_metadata(HOST, MEMORY_TYPE, note)
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


def test_foreign_captures_stand_by_themselves(warc: Callable[..., Path], workers: Workers) -> None:
    found, counts = made([warc(1, 2, 1)], workers)
    assert [each.outcome.url for each in found] == [url(1), url(2), url(1)]
    assert counts.articles == 3


def test_what_a_host_says_counts_from_where_it_stands_in_its_file(tmp_path: Path, one: Workers) -> None:
    """For foreign captures; each file by itself. Of ours, what was noted counts."""
    robots = sized(b"User-agent: CCBot\nDisallow: /\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
    tdm = sized(b'[{"location": "/", "tdm-reservation": 0}]')
    for folder, job in (("a", None), ("b", None), ("c", "ours")):
        (tmp_path / folder).mkdir()
        writer = WarcWriter(tmp_path / folder, prefix=folder, info={"software": "a test"}, reserve=0)
        provenance = Provenance(job=job, run=RUN if job else None)
        places = [(url(1), sized(page(1)))]
        if folder != "b":
            places += [(f"{HOST}/robots.txt", robots), (f"{HOST}/.well-known/tdmrep.json", tdm)]
        for address, response in [*places, (url(2), sized(page(2)))]:
            writer.write(make_exchange(response, url=address), provenance)
        writer.seal()
    files = [next((tmp_path / folder).glob("*.warc.gz")) for folder in "abc"]
    found, _ = made(files, one, learning=False)
    rights = [each.outcome.rights for each in found if isinstance(each.outcome, Article)]
    assert [(each.robots_agents, each.tdm_reservation, each.verdict) for each in rights] == [
        (None, None, "unstated"), (("CCBot",), 0, "forbidden"), *[(None, None, "unstated")] * 4,
    ]  # fmt: skip


def test_an_article_twice_in_a_run_is_a_duplicate(warc: Callable[..., Path], workers: Workers) -> None:
    found, counts = made([warc(1, 2, 1, job="a", run=RUN)], workers)
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


# ---------------------------------------------------------------------- several jobs, and others' files


RUN, NEXT_RUN = "20260302T083000Z", "20260303T083000Z"


def digests(found: list[Any]) -> list[str | None]:
    return [each.outcome.extraction.site_memory_digest for each in found]


def memory(pages: int) -> SiteMemory:
    return SiteMemory(site="herald.example", pages=pages)


def test_jobs_that_began_in_the_same_second_are_two(warc: Callable[..., Path], workers: Workers) -> None:
    """And what one of them knows, the other does not."""
    found, counts = made([warc(1, 2, folder=job, job=job, run=RUN) for job in ("a", "b")], workers)
    assert counts.articles == 4
    assert [each.outcome.version.number for each in found] == [1, 1, 1, 1]


def test_runs_of_one_job_share_its_history(warc: Callable[..., Path], workers: Workers) -> None:
    files = [warc(1, 1, folder=run, job="a", run=run) for run in (RUN, NEXT_RUN)]
    files.append(warc(1, folder="b", job="b", run=NEXT_RUN))
    found, _ = made(files, workers)
    reasons = [getattr(each.outcome, "reason", "article") for each in found]
    assert reasons == ["article", "duplicate", "unchanged", "duplicate", "article"]


def test_pages_that_were_held_back_get_the_memory_of_their_own_run(warc: Callable[..., Path], workers: Workers) -> None:
    """What is noted behind a page is for it; what another job noted before it is not."""
    first, second, third = memory(8), memory(9), memory(10)
    files = [
        warc(1, 2, first, folder="a", job="a", run=RUN),
        warc(3, 4, second, folder="b", job="b", run=RUN),
        warc(third, 5, folder="c", job="b", run=NEXT_RUN),
    ]
    expected = [first.digest, first.digest, second.digest, second.digest, third.digest]
    assert digests(made(files, workers)[0]) == expected
    files.reverse()
    assert digests(made(files, workers)[0]) == [third.digest, second.digest, second.digest, first.digest, first.digest]


def test_a_note_in_a_file_without_captures(warc: Callable[..., Path], workers: Workers) -> None:
    other = warc(3, memory(9), folder="b", job="b", run=RUN)
    captures = warc(1, 2, folder="a", job="a", run=RUN)
    note = warc(memory(8), folder="a", job="a", run=RUN)
    assert digests(made([captures, note, other], workers)[0]) == [memory(8).digest] * 2 + [memory(9).digest]


def test_ours_and_foreign_files_together(warc: Callable[..., Path], workers: Workers) -> None:
    """The foreign ones' sites are learnt all the same, from foreign pages alone; ours keep to what they note."""
    foreign = warc(*range(12), folder="foreign")
    alone, _ = made([foreign], workers)
    ours = warc(20, 21, memory(8), folder="ours", job="a", run=RUN)
    bare = warc(*range(30, 42), folder="bare", job="a", run=NEXT_RUN)
    found, _ = made([ours, foreign, bare], workers)
    assert [each.line for each in found[2:14]] == [each.line for each in alone]
    assert all(digests(alone))
    assert digests(found[:2]) == [memory(8).digest] * 2
    assert digests(found[14:]) == [None] * 12, "a run without notes was not refined with any"


def test_a_note_that_cannot_be_read_is_told(warc: Callable[..., Path], workers: Workers) -> None:
    path = warc(b"{", 1, b'{"site": 3}', job="a", run=RUN)
    found, counts = made([path], workers)
    assert len(found) == 1
    assert len(counts.damaged) == 2
    assert path.name in counts.damaged[0]


def test_a_file_without_anything_that_is_wanted_is_read_once(
    warc: Callable[..., Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is damaged in it is told, once, as everywhere."""
    path = warc(1, 2)
    path.write_bytes(path.read_bytes() + b"torn")
    read: list[Path] = []

    def watched(path: Path, **options: Any) -> Iterator[Item]:
        read.append(path)
        return records(path, **options)

    monkeypatch.setattr("pipelines.flow.extract.records", watched)
    for since, found, times in ((datetime(2999, 1, 1, tzinfo=UTC), 0, 1), (None, 2, 3)):
        read.clear()
        captures, counts = made([path], workers, wanted=Wanted(since=since))
        assert (len(captures), len(counts.damaged)) == (found, 1)
        assert read == [path] * times


def test_reading_stops_where_it_is_told_to(warc: Callable[..., Path], workers: Workers) -> None:
    path = warc(1, 2, 3)
    whole, _ = made([path], workers)
    found, counts = made([path], workers, stops={path: whole[2].capture.ref.offset})
    assert [each.outcome.url for each in found] == [url(1), url(2)]
    assert counts.damaged == []


def test_what_is_remembered_of_articles_lies_on_a_shelf() -> None:
    shelf = Shelf()
    known = Known(
        id="1", run=0, number=1, first_seen="", text="", headline="half a \ud83d", metadata="", paragraphs=(1, 2)
    )
    ours, theirs = shelf.history("a"), shelf.history(None)
    ours.put("http://x.example/\ud83d", known)
    assert ours.get("http://x.example/\ud83d") == known
    assert theirs.get("http://x.example/\ud83d") is None
    assert shelf.told("urn:1") is None
    for seen in (Seen(key="k", known=None), Seen(key="k", known=known)):
        shelf.tell("urn:1", seen)
        assert shelf.told("urn:1") == seen
    shelf.close()


# ---------------------------------------------------------------------- files


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


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomically(path) as handle:
        handle.write(b"half of what")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    with atomically(path) as handle:
        handle.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append(Path(f"/proc/self/fd/{fd}").readlink().name) or fsync(fd))
    monkeypatch.setattr(Path, "replace", lambda self, to: steps.append(f"-> {to.name}") or replace(self, to))
    with atomically(tmp_path / "x") as handle:
        handle.write(b"new")
    assert steps == ["x.part", "-> x", tmp_path.name]
