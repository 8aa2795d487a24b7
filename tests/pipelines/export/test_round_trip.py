"""What goes into an export comes out of it: values, types and nulls of every field."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet
import pytest
import zstandard

from pipelines.export.columns import published, schema
from tests.pipelines.export.made import add_run, anything, exported, plain

DERIVED = {"published_at", "published_date"}
SNAPSHOT = Path(__file__).parents[3] / "docs" / "schema" / "article.parquet.txt"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records with every optional field null, with none, and with anything between; some of schema 1.0."""
    job = tmp_path_factory.mktemp("round") / "job"
    records = [anything(1, null=True), anything(2, null=False), *(anything(number) for number in range(3, 150))]
    file = add_run(job, "20260301T000000Z", records[:100])
    older = [json.loads(line) for line in file.open("rb")]
    for record in older[::2]:
        del record["rights"], record["quality"]
        if record["http"]["location"] is None:
            del record["http"]["location"]
        record["schema_version"] = "1.0"
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in older), "utf-8", "replace")
    add_run(job, "20260302T000000Z", records[100:])
    return job


@pytest.fixture(scope="module")
def expected(job: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for file in sorted(job.glob("runs/*/articles.jsonl")):
        for line in file.open("rb"):
            record = json.loads(line)
            record["http"].setdefault("location", None)
            record.setdefault("rights", None)
            record.setdefault("quality", None)
            found[record["id"]] = record
    return found


def test_the_columns_are_those_that_are_published() -> None:
    """A change of the record shows here: `python -m pipelines.export.columns > docs/schema/article.parquet.txt`."""
    columns = schema(duplicates=True).to_string(show_field_metadata=False, show_schema_metadata=False)
    assert columns == SNAPSHOT.read_text("utf-8").rstrip("\n")


def test_every_field_is_null_and_not_null_somewhere(expected: dict[str, dict[str, Any]]) -> None:
    seen: dict[str, set[bool]] = {}

    def look(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                look(f"{name}.{key}", inner)
        else:
            seen.setdefault(name, set()).add(value is None)

    for record in expected.values():
        look("", record)
    # A group is null in records from before it, and counted by its fields in all others.
    assert {name for name, found in seen.items() if found == {True}} == {".version.previous_id", ".rights", ".quality"}
    assert {".headline", ".http.location", ".warc.refers_to", ".license"} <= {n for n, f in seen.items() if len(f) == 2}


def test_parquet_has_what_the_records_have(job: Path, expected: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    done = exported(job, tmp_path / "out", format="parquet")
    assert done.rows == len(expected)
    found = 0
    for file in (tmp_path / "out").rglob("*.parquet"):
        table = pyarrow.parquet.ParquetFile(file).read()
        assert table.schema.equals(schema())
        for row in table.to_pylist():
            check_derived(row)
            assert {name: value for name, value in row.items() if name not in DERIVED} == expected[row["id"]]
            found += 1
    assert found == len(expected)


def check_derived(row: dict[str, Any]) -> None:
    moment = {"2026-03-02T23:30:00-05:00": datetime(2026, 3, 3, 4, 30, tzinfo=UTC)}.get(row["date_published"])
    assert row["published_at"] == moment
    known = row["date_published"] not in (None, "odd")
    assert row["published_date"] == (date(2026, 3, 2) if known else None)


def test_partitions_are_read_by_others(job: Path, expected: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    import duckdb

    out = tmp_path / "out"
    exported(job, out, format="parquet")
    # Here the folders tell the outlet, so their column must be that of the files.
    table = pyarrow.dataset.dataset(out, format="parquet", partitioning="hive", exclude_invalid_files=True).to_table()
    assert {row["id"]: row["outlet"] for row in table.to_pylist()} == {k: v["outlet"] for k, v in expected.items()}
    files = f"read_parquet('{out}/**/*.parquet', hive_partitioning = true)"
    rows = duckdb.sql(f"SELECT id, outlet, month FROM {files}").fetchall()
    assert {name: outlet for name, outlet, _ in rows} == {k: v["outlet"] for k, v in expected.items()}
    assert {month for _, _, month in rows} == {"2026-03"}


def test_datasets_opens_the_folder(
    job: Path, expected: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    from datasets import load_dataset
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    exported(job, tmp_path / "out", format="datasets", duplicates=True)
    found = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert found.features.arrow_schema.equals(schema(duplicates=True), check_metadata=False)
    assert found.num_rows == len(expected)
    for row in found:
        assert row.pop("cluster_id") is not None
        row.pop("duplicate_of")
        at = row["published_at"]
        check_derived(row | {"published_at": at and at.astimezone(UTC)})
        assert {name: value for name, value in row.items() if name not in DERIVED} == expected[row["id"]]
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    for what in ("## Licence and rights", "## How to cite", "## How to ask for removal", "Φωνή / b=1 | "):
        assert what in card


@pytest.mark.parametrize("format", ["jsonl", "jsonl.gz", "jsonl.zst", "bulk"])
def test_lines_are_the_bytes_of_the_runs(job: Path, tmp_path: Path, format: str) -> None:
    exported(job, tmp_path / "out", format=format)
    (file,) = (tmp_path / "out").glob("articles*")
    data = file.read_bytes()
    if format == "jsonl.gz":
        data = gzip.decompress(data)
    if format == "jsonl.zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    if format == "bulk":
        lines = data.splitlines(keepends=True)
        assert [json.loads(line) for line in lines[::2]] == [
            {"index": {"_id": json.loads(line)["id"]}} for line in lines[1::2]
        ]
        data = b"".join(lines[1::2])
    assert data == b"".join(file.read_bytes() for file in sorted(job.glob("runs/*/articles.jsonl")))


@pytest.mark.parametrize(
    ("text", "at", "day"),
    [
        (None, None, None),
        ("2026-03-02", None, 20514),
        ("2026-03-02T10:00", None, 20514),
        ("2026-03-02T00:30:00.250+02:00", 1772404200250, 20514),
        ("1969-12-31T23:59:59Z", -1000, -1),
        ("yesterday", None, None),
    ],
)
def test_no_instant_is_made_up(text: str | None, at: int | None, day: int | None) -> None:
    assert published(text) == (at, day)


def test_a_record_is_what_it_was(job: Path) -> None:
    """The maker itself: the same number gives the same record."""
    assert plain(anything(7)) == plain(anything(7))
