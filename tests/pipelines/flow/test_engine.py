"""Parts: whole or not there, the same whoever makes them, and made once."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.archive.wanted import Wanted
from pipelines.errors import BusyError, ConfigError, DiskFullError
from pipelines.flow import engine
from pipelines.flow.engine import Part, Parts, Plan, StoppedError, by_pool, key_of, make
from pipelines.flow.extract import Counts, extract
from pipelines.flow.sources import Source, listed, sources
from pipelines.text.refine import Options
from pipelines.workers import Workers
from tests.pipelines.flow import chores
from tests.pipelines.flow.test_sources import Server, foreign, packed, server

__all__ = ["server"]  # a fixture

PLAN = Plan(seconds=20, megabytes=2048)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(2)
    yield pool
    pool.close(wait=False)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [foreign(tmp_path / f"in/{name}.warc.gz", *numbers) for name, numbers in (("a", range(5)), ("b", (7, 8)))]
    return [*made, packed(tmp_path / "in/c.wacz", made[0])]


def work(folder: Path, files: list[Path], workers: Workers, plan: Plan = PLAN) -> list[Part]:
    """What the command does."""
    told: list[Part] = []
    parts = Parts(folder, plan)
    try:
        by_pool([source for source in sources(files) if parts.done(source) is None], parts, workers, told=told.append)
    finally:
        parts.close()
    return sorted(told, key=lambda part: part.source)


def lines(folder: Path, kind: str = "articles") -> dict[str, bytes]:
    """By source."""
    marks = [json.loads(path.read_bytes()) for path in (folder / "done").iterdir()]
    return {Path(mark["source"]).name: (folder / kind / f"{mark['key']}.jsonl").read_bytes() for mark in marks}


def test_a_part_is_what_its_source_gives_alone(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    told = work(tmp_path / "out", files, workers)
    assert [part.counts.articles for part in told] == [5, 2, 5]
    found = lines(tmp_path / "out")
    for path in files[:2]:
        alone = extract([path], workers, counts=Counts(), options=Options())
        assert found[path.name] == b"".join(made.line for made in alone)
    assert found["c.wacz"] == found["a.warc.gz"]
    assert not (tmp_path / "out/.work").exists()


def test_what_is_done_is_not_done_again(
    tmp_path: Path, files: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    work(out, files[:1], workers)
    kept = {path: path.stat().st_ino for path in out.rglob("*a-*")}
    assert len(kept) == 3
    assert [part.source for part in work(out, files, workers)] == [str(path) for path in files[1:]]
    assert {path: path.stat().st_ino for path in out.rglob("*a-*")} == kept
    assert work(out, files, workers) == []

    foreign(files[1], 3)
    [again] = work(out, files, workers)
    assert (again.source, again.counts.articles) == (str(files[1]), 1)
    [marker] = out.glob("done/a-*")
    marker.write_bytes(b"{")
    assert [part.source for part in work(out, files, workers)] == [str(files[0])]


def test_a_marker_tells_what_came_of_it(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    files[0].write_bytes(files[0].read_bytes()[:-40])
    [part] = work(tmp_path / "out", files[:1], workers)
    parts = Parts(tmp_path / "out", PLAN)
    assert parts.done(Source(files[0])) == part
    assert len(part.counts.damaged) == 1
    parts.close()


def test_what_cannot_be_read_stops_nothing(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    files[1].write_bytes(b"no warc")
    files[2].write_bytes(b"PK no wacz")
    told = work(tmp_path / "out", [tmp_path / "in"], workers)
    assert [part.failure is None for part in told] == [True, False, False]
    assert set(lines(tmp_path / "out")) == {"a.warc.gz"}
    assert [part.source for part in work(tmp_path / "out", files, workers)] == [str(path) for path in files[1:]]


def test_parts_of_one_folder_are_of_one_plan(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    out = tmp_path / "out"
    work(out, files[:1], workers)
    with pytest.raises(ConfigError, match="learning was true"):
        work(out, files, workers, replace(PLAN, learning=False))
    with pytest.raises(ConfigError, match="wanted was"):
        work(out, files, workers, replace(PLAN, wanted=Wanted(hosts=("a.example",))))
    with pytest.raises(ConfigError, match="something else"):
        work(tmp_path / "in", files, workers)
    parts = Parts(out, PLAN)
    with pytest.raises(BusyError):
        Parts(out, PLAN)
    parts.close()


def test_explanations_have_parts_too(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    work(tmp_path / "out", files[:1], workers, replace(PLAN, explain=True))
    removed = [json.loads(line)["removed"] for line in lines(tmp_path / "out", "explain")["a.warc.gz"].splitlines()]
    assert len(removed) == 5
    assert all(any("weekly letter" in each["text"] for each in page) for page in removed)


def test_parts_as_parquet(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    """The records of the lines, in their order, and an empty file where there are none. A folder has one format."""
    pa = pytest.importorskip("pyarrow.parquet", reason="wants the extra export")
    from pipelines.export.columns import schema
    from pipelines.export.parts import table_of
    from pipelines.export.sources import sources as export_sources

    sources_of = [*files, foreign(tmp_path / "in/d.warc.gz", 1, mime="image/png", body=b"\x89PNG")]
    work(tmp_path / "lines", sources_of, workers)
    plan = replace(PLAN, table=table_of)
    work(tmp_path / "out", sources_of, workers, plan)
    made = sorted((tmp_path / "out/articles").iterdir())
    assert [path.suffix for path in made] == [".parquet"] * 4
    for path in made:
        table = pa.read_table(path)
        assert table.schema == schema()
        before = [json.loads(line) for line in (tmp_path / f"lines/articles/{path.stem}.jsonl").open("rb")]
        assert [row["id"] for row in table.to_pylist()] == [record["id"] for record in before]
        assert [row["warc"]["offset"] for row in table.to_pylist()] == [record["warc"]["offset"] for record in before]
    assert len(lines(tmp_path / "out", "rejections")["d.warc.gz"].splitlines()) == 1

    assert len(export_sources([tmp_path / "lines"])) == 4
    [marker] = tmp_path.glob("lines/done/b-*")
    marker.unlink()
    named = [source.path.name[:2] for source in export_sources([tmp_path / "lines"])]
    assert named == ["a-", "c-", "d-"], "a part that is not finished is not exported"
    with pytest.raises(ConfigError, match="has Parquet"):
        export_sources([tmp_path / "out"])
    with pytest.raises(ConfigError, match='format was "parquet"'):
        work(tmp_path / "out", files, workers)
    with pytest.raises(ConfigError, match='format was "jsonl"'):
        work(tmp_path / "lines", files, workers, plan)

    foreign(files[1], 3)
    assert [part.source for part in work(tmp_path / "out", sources_of, workers, plan)] == [str(files[1])]
    assert len(list((tmp_path / "out/articles").iterdir())) == 4


def test_a_table_that_cannot_be_made_leaves_no_part(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    def fails(lines: Path, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise DiskFullError("no room")

    with pytest.raises(DiskFullError):
        make(Source(files[0]), tmp_path / "out", replace(PLAN, table=fails), workers)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_a_part_that_was_stopped_leaves_nothing(tmp_path: Path, files: list[Path], workers: Workers) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        make(Source(files[0]), tmp_path / "out", PLAN, workers, stop=stop)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_no_room_ends_it(tmp_path: Path, files: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine, "sync", full)
    with pytest.raises(DiskFullError):
        work(tmp_path / "out", files, workers)
    assert lines(tmp_path / "out") == {}


def test_sources_of_one_name_have_parts_of_their_own(tmp_path: Path) -> None:
    keys = {key_of(Source(tmp_path / folder / "a.warc.gz")) for folder in "xy"}
    keys |= {key_of(Source(f"https://x.example/{name}")) for name in ("a.warc.gz", "a.warc.gz?v=2", "a.warc")}
    assert len(keys) == 5
    assert all(key.startswith("a-") and "/" not in key for key in keys)


def test_a_file_on_a_server_gives_the_same_part_and_is_read_once(
    tmp_path: Path, files: list[Path], workers: Workers, server: Server
) -> None:
    pytest.importorskip("fsspec", reason="wants the extra remote")
    work(tmp_path / "near", files[:1], workers)
    parts = Parts(tmp_path / "far", PLAN)
    by_pool(sources([f"{server.base}/in/a.warc.gz"]), parts, workers, told=lambda part: None)
    parts.close()
    assert lines(tmp_path / "far") == lines(tmp_path / "near")
    assert files[0].stat().st_size <= server.sent < 1.5 * files[0].stat().st_size


def test_an_object_store_gives_the_same_parts(
    tmp_path: Path, files: list[Path], workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials, as Common Crawl's is read: by pattern, folder and list. What is done is not read again."""
    server = pytest.importorskip("moto.server", reason="wants moto[server]")
    pytest.importorskip("s3fs", reason="wants s3fs")
    fsspec = pytest.importorskip("fsspec")
    boto3 = pytest.importorskip("boto3")
    store = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    client = boto3.client("s3")
    client.create_bucket(Bucket="news")
    for path in files:
        client.upload_file(str(path), "news", f"crawl/2026/{path.name}", ExtraArgs={"ACL": "public-read"})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setitem(fsspec.config.conf, "s3", {"anon": "true"})  # what FSSPEC_S3_ANON=true says
    (tmp_path / "paths").write_text("".join(f"crawl/2026/{path.name}\n" for path in files))
    found = sources(["s3://news/crawl/*/[abc]*.wa*"])
    assert [source.name for source in found] == ["a.warc.gz", "b.warc.gz", "c.wacz"]
    assert sources(["s3://news/crawl/"]) == sources(listed(str(tmp_path / "paths"), "s3://news/")) == found

    work(tmp_path / "near", files, workers)
    parts = Parts(tmp_path / "far", PLAN)
    by_pool(found[:1], parts, workers, told=lambda part: None)
    client.delete_object(Bucket="news", Key="crawl/2026/a.warc.gz")
    told: list[Part] = []
    by_pool([source for source in found if not parts.done(source)], parts, workers, told=told.append)
    parts.close()
    store.stop()
    assert [part.failure for part in told] == [None, None]
    assert lines(tmp_path / "far") == lines(tmp_path / "near")


# ---------------------------------------------------------------------- on a cluster


def test_a_cluster_makes_the_same_and_survives_a_killed_worker(tmp_path: Path, workers: Workers) -> None:
    """One of two workers is killed while both are busy: what it was working on is made by another, and once."""
    pytest.importorskip("distributed", reason="wants the extra dask")
    from pipelines.flow.cluster import by_dask, connected

    for name in "abcdef":
        foreign(tmp_path / f"in/{name}.warc.gz", *range(16))
    (tmp_path / "in/g.warc.gz").write_bytes(b"no warc")
    work(tmp_path / "pool", [tmp_path / "in"], workers)
    told: list[Part] = []
    killed: list[int] = []
    with connected(None, 2) as client:
        before = set(client.run(os.getpid).values())

        def tell(part: Part) -> None:
            told.append(part)
            if part.failure is None and not killed:
                busy = {address: tasks for address, tasks in client.processing().items() if tasks}
                killed.append(client.run(os.getpid, workers=[min(busy)])[min(busy)])
                os.kill(killed[0], signal.SIGKILL)

        parts = Parts(tmp_path / "dask", PLAN)
        by_dask(sources([tmp_path / "in"]), parts, client, told=tell)
        parts.close()
        after = set(client.run(os.getpid).values())

        # Pages have the limits that they have without Dask.
        slow = foreign(tmp_path / "slow.warc.gz", 1, body=b"<p>A word and <b>another</b>.</p>" * 200_000)
        by_dask(sources([slow]), Parts(tmp_path / "tight", replace(PLAN, seconds=0.3)), client, told=told.append)
        tables = Parts(tmp_path / "tables", replace(PLAN, table=chores.shortened))
        by_dask(sources([tmp_path / "in/a.warc.gz"]), tables, client, told=lambda part: None)
        tables.close()
    assert [path.read_bytes() for path in (tmp_path / "tables/articles").iterdir()] == [b"16 lines"]
    assert killed[0] in before
    assert killed[0] not in after
    assert told.pop().counts.rejections == {"extract-error": 1}
    [rejection] = lines(tmp_path / "tight", "rejections").values()
    assert b"parsing took longer than 0.3 s" in rejection
    assert sorted(part.source for part in told) == sorted(str(path) for path in (tmp_path / "in").iterdir())
    assert [Path(part.source).name for part in told if part.failure] == ["g.warc.gz"]
    assert sum(part.counts.articles for part in told) == 96
    for kind in ("articles", "rejections"):
        assert lines(tmp_path / "dask", kind) == lines(tmp_path / "pool", kind)
        assert len(list((tmp_path / "dask" / kind).iterdir())) == 6
