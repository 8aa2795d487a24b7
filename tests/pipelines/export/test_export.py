"""An export that grows, is cut short, is asked for otherwise."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from pipelines.errors import BusyError, ConfigError
from pipelines.export import columns, parts
from pipelines.export import export as export_module
from pipelines.export.plan import Plan
from pipelines.export.sources import sources
from pipelines.model import Article, Publisher
from pipelines.records.ledger import Lock
from tests.pipelines.export.made import add_run, again, exported, ids, lines, story
from tests.pipelines.records.stories import SILENT


@pytest.fixture
def job(tmp_path: Path) -> Path:
    job = tmp_path / "job"
    add_run(job, "1", [story(1), story(2, outlet="post")])
    add_run(job, "2", [story(3)])
    return job


def rows(output: Path) -> list[dict[str, Any]]:
    found = (pyarrow.parquet.ParquetFile(file).read().to_pylist() for file in sorted(output.rglob("*.parquet")))
    return [row for file in found for row in file]


def manifest(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "export.json").read_bytes())
    return found


def test_the_same_again_adds_only_what_is_new(job: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert exported(job, out).taken == 3
    before = {file.name: file.read_bytes() for file in out.glob("*.jsonl")}
    assert exported(job, out).parts == 0
    add_run(job, "3", [story(4)])
    (job / "runs" / "2" / "articles.jsonl").open("ab").write(line := parts.encode(story(5)))
    done = exported(job, out)
    assert (done.read, done.taken, done.parts, done.rows) == (2, 2, 1, 5)
    assert sorted(ids(out)) == [1, 2, 3, 4, 5]
    assert {name: (out / name).read_bytes() for name in before} == before
    assert line in b"".join(file.read_bytes() for file in out.glob("*.jsonl"))
    for file in manifest(out)["files"]:
        assert hashlib.sha256((out / file["path"]).read_bytes()).hexdigest() == file["sha256"]


def test_a_line_that_is_not_whole_waits(job: Path, tmp_path: Path) -> None:
    file = job / "runs" / "2" / "articles.jsonl"
    line = parts.encode(story(4))
    file.write_bytes(file.read_bytes() + line[:50])
    exported(job, tmp_path / "out")
    assert ids(tmp_path / "out") == [1, 2, 3]
    file.write_bytes(file.read_bytes() + line[50:])
    exported(job, tmp_path / "out")
    assert ids(tmp_path / "out") == [1, 2, 3, 4]


def test_of_a_run_that_works_only_what_is_committed(job: Path) -> None:
    with sqlite3.connect(job / "ledger.sqlite3") as db:
        db.execute("CREATE TABLE run (id, name)")
        db.execute("CREATE TABLE file (run, name, length)")
        db.execute("INSERT INTO run VALUES (1, '2')")
        db.execute("INSERT INTO file VALUES (1, 'articles.jsonl', 10)")
    assert [source.length for source in sources([job])] == [(job / "runs/1/articles.jsonl").stat().st_size, 10]


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_cut_short_it_is_of_use_and_goes_on(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """At each file it writes, before and after it is in place."""
    monkeypatch.setattr(export_module, "PART", 1)  # a file for each record
    at = 0
    real = export_module.sha256  # called when a file is in place, before that is noted
    out = tmp_path / "out"

    def torn(path: Path) -> str:
        nonlocal at
        at += 1
        if at % 2:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(export_module, "sha256", torn)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            exported(job, out, format=format)
        there = ids(out) if format == "jsonl" else [row["id"] for row in rows(out)]
        assert len(set(there)) == len(there) > 0
        assert not list(out.rglob("*.part"))
    exported(job, out, format=format)
    there = ids(out) if format == "jsonl" else [int(row["id"][3:]) for row in rows(out)]
    assert sorted(there) == [1, 2, 3]
    assert len(manifest(out)["files"]) == 3


def test_an_error_while_reading_changes_nothing(job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(export_module._Export, "_place", broken)
        with pytest.raises(KeyboardInterrupt):
            exported(job, tmp_path / "out")
    exported(job, tmp_path / "out")
    assert ids(tmp_path / "out") == [1, 2, 3]


def test_other_options_are_refused(job: Path, tmp_path: Path) -> None:
    exported(job, tmp_path / "out")
    with pytest.raises(ConfigError, match=r"exported otherwise \(--min-words: none; --since: none\)"):
        exported(job, tmp_path / "out", min_words=3, since="2026-01-01")
    with pytest.raises(ConfigError, match=r"--format: jsonl\W"):
        exported(job, tmp_path / "out", format="bulk")


def test_names_that_are_not_met_are_told(job: Path, tmp_path: Path) -> None:
    done = exported(job, tmp_path / "out", outlets=("herald", "Herald"), languages=("en", "english"))
    assert [line.partition(";")[0] for line in done.unmet] == [
        "no article met has the outlet 'Herald'",
        "no article met has the language 'english'",
    ]
    assert "there are: herald" in done.unmet[0] and "en" in done.unmet[1]


def test_what_a_person_adds_to_the_card_is_kept(job: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    folder = tmp_path / "set"
    exported(job, folder, format="datasets")
    assert "**Not said yet.**" in (folder / "README.md").read_text("utf-8")
    (folder / "CARD.md").write_text("Given away by the archive of Tarnmouth, tarn@archive.example.\n", "utf-8")
    for _ in range(2):
        exported(job, folder, format="datasets")
        card = (folder / "README.md").read_text("utf-8")
        assert "Given away by the archive of Tarnmouth" in card and "**Not said yet.**" not in card
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ConfigError, match="not empty and no export"):
        exported(job, tmp_path / "full")


def test_a_source_that_is_another_one_is_refused(job: Path, tmp_path: Path) -> None:
    exported(job, tmp_path / "out")
    file = job / "runs" / "2" / "articles.jsonl"
    file.write_bytes(file.read_bytes().replace(b"council", b"COUNCIL"))
    with pytest.raises(ConfigError, match="not the file that was exported"):
        exported(job, tmp_path / "out")


def test_two_at_a_time_are_refused(job: Path, tmp_path: Path) -> None:
    exported(job, tmp_path / "out")
    lock = Lock(tmp_path / "out" / ".state")
    try:
        with pytest.raises(BusyError):
            exported(job, tmp_path / "out")
    finally:
        lock.release()


def test_what_is_no_record_is_told_and_the_rest_taken(job: Path, tmp_path: Path) -> None:
    odd = [b"{torn\n", b"[]\n", b'{"schema_version":"2.0"}\n', b'{"schema_version":"1.0","id":"x"}\n']
    (job / "runs" / "2" / "articles.jsonl").open("ab").write(b"".join(odd))
    done = exported(job, tmp_path / "out")
    assert len(done.unreadable) == len(odd)
    assert done.left_out["unreadable"] == len(odd)
    assert ids(tmp_path / "out") == [1, 2, 3]


def test_what_is_named_twice_comes_once(job: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((job / "runs" / "1" / "articles.jsonl").read_bytes())
    done = export_module.export(
        sources([job, job / "runs" / "1", tmp_path, copy]), tmp_path / "out", Plan(format="jsonl")
    )
    assert (done.rows, done.left_out["repeated"]) == (3, 2)


def test_of_each_article_the_latest_version_even_when_it_comes_later(job: Path, tmp_path: Path) -> None:
    first = story(10)
    second, third = again(first, 11, "The council met again."), again(again(first, 11, ""), 12, "It met once more.")
    add_run(job, "3", [first, second])
    for format, there in (("jsonl", ids), ("parquet", lambda out: [int(row["id"][3:]) for row in rows(out)])):
        out = tmp_path / format
        exported(job, out, format=format, latest_versions=True)
        assert sorted(there(out)) == [1, 2, 3, 11]
    add_run(job, "4", [third])
    for format, there in (("jsonl", ids), ("parquet", lambda out: [int(row["id"][3:]) for row in rows(out)])):
        out = tmp_path / format
        done = exported(job, out, format=format, latest_versions=True)
        assert sorted(there(out)) == [1, 2, 3, 12]
        assert done.left_out == {"latest-versions": 2}
        assert done.rows == 4
        assert sum(file["rows"] for file in manifest(out)["files"]) == 4


ENGLISH, AUSTRIAN = story(1, language="en-GB", word_count=50), story(2, language="de-AT", outlet="post", word_count=9)
PLACED = story(3, date_published="2026-03-20T23:30:00-05:00", language=None, keywords=("Flood", "river"))
UNDATED = story(
    9, date_published=None, license="https://creativecommons.org/licenses/by/4.0/", headline='O\'Hara "won"'
)
PUBLISHED = dataclasses.replace(
    UNDATED, id="id-4", date_published="2026-02-27", publisher=Publisher(name=None, domain="b.example")
)


@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({"since": "2026-03-02"}, [1, 2, 3, 9]),
        ({"since": "2026-03-03"}, [3, 9]),  # what is not dated, by when it was first seen
        ({"until": "2026-03-02"}, [4]),
        ({"since": "2026-03-20", "until": "2026-03-21"}, [3]),  # by the day that the page writes
        ({"since": "2026-03-21T04:00:00Z"}, [3]),
        ({"since": "2026-03-21T05:00:00Z"}, []),
        ({"languages": ("en",)}, [1, 9, 4]),
        ({"languages": ("de", "EN-gb")}, [1, 2]),
        ({"outlets": ("post",)}, [2]),
        ({"min_words": 15}, [1, 3, 9, 4]),
        ({"where": "word_count > 10 and not outlet = 'post'"}, [1, 3, 9, 4]),
        ({"where": "keywords = 'Flood' or keywords in ('x', 'river')"}, [3]),
        ({"where": "language is null"}, [3]),
        ({"where": "language != 'de-AT'"}, [1, 9, 4]),  # null is neither equal nor unequal
        ({"where": "license is not null and publisher.domain = 'b.example'"}, [4]),
        ({"where": "headline contains 'o''HARA \"WON\"'"}, [9, 4]),
        (
            {"where": "authors.name contains 'ada' and (http.status = 200 or http.status >= 500) and word_count<=15"},
            [2, 3, 9, 4],
        ),
        ({"where": "is_accessible_for_free is null and version.number in (1, 2)"}, [1, 2, 3, 9, 4]),
        ({"where": "authors is null"}, "authors.name"),
        ({"where": "headlin = 'x'"}, "no field headlin; there is headline"),
        ({"where": "word_count > 'x'"}, "word_count is compared with a number"),
        ({"where": "headline = x"}, "headline is compared with a text in quotes"),
        ({"where": "word_count contains 3"}, "contains is for texts"),
        ({"where": "word_count > 3 word_count"}, "and, or or the end was expected"),
        ({"where": "(word_count > 3"}, r"at its end: \) is missing"),
        ({"where": "word_count"}, "one of = !="),
        ({"where": "; drop"}, "at '; drop': cannot be read"),
        ({"where": ""}, "name of a field"),
        ({"where": "(" * 100}, "too many brackets"),
        ({"since": "soon"}, "--since takes a day or an instant"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "is not before"),
        ({"min_words": -1}, "--min-words"),
        ({"format": "csv"}, "no format 'csv'"),
    ],
)
def test_filters(tmp_path: Path, options: dict[str, Any], there: list[int] | str) -> None:
    articles: list[Article] = [ENGLISH, AUSTRIAN, PLACED, UNDATED, PUBLISHED]
    add_run(tmp_path / "job", "1", articles)
    if isinstance(there, str):
        with pytest.raises(ConfigError, match=there):
            exported(tmp_path / "job", tmp_path / "out", **options)
        return
    done = exported(tmp_path / "job", tmp_path / "out", **options)
    assert ids(tmp_path / "out") == there
    assert done.left_out.total() == len(articles) - len(there)


def test_rights_are_respected_and_counted(tmp_path: Path) -> None:
    """Whatever forbids is left out, and so is a record of schema 1.1, which does not tell."""
    said = [
        {}, {"verdict": "forbidden", "forbidden_by": ("robots.txt", "meta-robots")},
        {"verdict": "permitted", "permitted_by": ("license",), "robots_txt": "rules"},
        {"archiving": "forbidden", "archiving_forbidden_by": ("x-robots-tag",)},
    ]  # fmt: skip
    job = tmp_path / "job"
    file = add_run(job, "1", [story(n, rights=dataclasses.replace(SILENT, **each)) for n, each in enumerate(said, 1)])  # type: ignore[arg-type]
    old = json.loads(parts.encode(story(5))) | {"schema_version": "1.1"}
    del old["rights"]
    file.open("ab").write(json.dumps(old).encode() + b"\n")

    exported(job, tmp_path / "open", respect_rights=True)
    assert sorted(ids(tmp_path / "open")) == [1, 3]
    found = manifest(tmp_path / "open")
    assert found["left_out"] == {"rights-mining": 1, "rights-archiving": 1, "rights-unknown": 1}
    assert found["rights"]["verdict"] == {"permitted": 1, "unstated": 1}
    exported(job, tmp_path / "where", where="rights.verdict = 'unstated'")
    assert sorted(ids(tmp_path / "where")) == [1, 4]
    exported(job, tmp_path / "where not", where="not rights.forbidden_by = 'robots.txt'")
    assert sorted(ids(tmp_path / "where not")) == []  # an empty list is neither equal nor unequal to anything

    exported(job, tmp_path / "all", format="datasets")
    rights = manifest(tmp_path / "all")["rights"]
    assert rights["verdict"] == {"unstated": 2, "forbidden": 1, "permitted": 1, "unknown": 1}
    assert rights["forbidden_by"] == {"robots.txt": 1, "meta-robots": 1} and rights["robots_txt_not_seen"] == 3
    card = (tmp_path / "all" / "README.md").read_text("utf-8")
    assert "| forbidden | 1 | 1 |" in card and "Mining is forbidden by robots.txt, by an AI agent's name (1)" in card


def test_an_export_that_was_begun_before_there_were_rights_goes_on(job: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(job, out)
    with sqlite3.connect(out / ".state" / "export.sqlite3") as state:
        plan = json.loads(state.execute("SELECT value FROM setting WHERE name = 'plan'").fetchone()[0])
        del plan["respect_rights"]
        state.execute("UPDATE setting SET value = ? WHERE name = 'plan'", (json.dumps(plan),))
        state.executescript("ALTER TABLE record DROP COLUMN rights; DROP TABLE rights; PRAGMA user_version = 1")
    state.close()
    add_run(job, "3", [story(4)])
    assert exported(job, out).taken == 1
    assert manifest(out)["rights"]["verdict"] == {"unknown": 3, "unstated": 1}
    with pytest.raises(ConfigError, match="--respect-rights"):
        exported(job, out, respect_rights=True)


def test_files_of_older_columns_are_written_again(job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, now = tmp_path / "out", columns.schema()
    older = pyarrow.schema([field for field in now if field.name not in ("rights", "quality")])
    with monkeypatch.context() as before:
        for module in (export_module, parts):
            before.setattr(module, "schema", lambda duplicates: older)
        exported(job, out, format="parquet")
        names = {file: file.read_bytes() for file in out.rglob("*.parquet")}
        assert {pyarrow.parquet.read_schema(file).equals(older) for file in names} == {True}
        assert exported(job, out, format="parquet").parts == 0
    (first, *_) = sorted(job.glob("runs/*/articles.jsonl"))
    first.rename(first.with_suffix(".away"))
    with pytest.raises(ConfigError, match=r"older record schema.* is gone: name a new folder"):
        exported(job, out, format="parquet")
    first.with_suffix(".away").rename(first)
    add_run(job, "3", [story(4)])
    done = exported(job, out, format="parquet")
    assert done.parts == done.files == len(names) + 1
    assert {pyarrow.parquet.read_schema(file).equals(now) for file in out.rglob("*.parquet")} == {True}
    assert names.keys() < set(out.rglob("*.parquet")) and done.rows == 4
    assert exported(job, out, format="parquet").parts == 0


def test_parts_and_row_groups_are_bounded_and_sorted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_run(tmp_path / "job", "1", [story(n, date_published=f"2026-03-{1 + n * 7 % 28:02}") for n in range(1, 25)])
    monkeypatch.setattr(parts, "GROUP", 5000)
    monkeypatch.setattr(export_module, "PART", 15_000)
    out = tmp_path / "out"
    exported(tmp_path / "job", out, format="parquet")
    files = [pyarrow.parquet.ParquetFile(file) for file in sorted(out.rglob("*.parquet"))]
    assert len(files) > 1
    assert all(file.num_row_groups > 1 for file in files)
    days = [row["published_date"] for file in files for row in file.read().to_pylist()]
    assert days == sorted(days)
    assert len(days) == 24


def test_sources_that_are_none(tmp_path: Path) -> None:
    for name in (tmp_path / "no", tmp_path):
        with pytest.raises(ConfigError):
            sources([name])
    (tmp_path / "job" / "runs").mkdir(parents=True)
    assert sources([tmp_path / "job"]) == []
    assert exported(tmp_path / "job", tmp_path / "out").rows == 0
    assert lines(tmp_path / "out") == []
