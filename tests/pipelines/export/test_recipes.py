"""The snippets of docs/recipes.md, run as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.model import Author
from tests.pipelines.export.made import add_run, exported, story

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text("utf-8")
SNIPPETS = {
    f"{title} {number}": (kind, code)
    for title, section in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
    for number, (kind, code) in enumerate(re.findall(r"```(python|sql)\n(.*?)```", section, re.S), 1)
}
TEXT = "The harbour council met on Monday and voted for the new bridge, on which work starts in spring."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("recipes")
    holm = (Author(name="Ada Holm"), Author(name="Ben Ost"))
    add_run(place / "job", "1", [
        story(1, TEXT, headline="Bridge", date_published="2026-03-02T10:00:00Z"),
        story(2, TEXT, outlet="post", date_published="2026-03-02T12:00:00Z"),
        story(3, "Another story.", outlet="post", authors=holm, date_published="2026-04-03", word_count=2),
    ])  # fmt: skip
    exported(place / "job", place / "data" / "news", format="parquet", duplicates=True)
    exported(place / "job", place / "data" / "set", format="datasets", drop_duplicates=True)
    exported(place / "job", place / "data" / "search", format="bulk", latest_versions=True)
    return place


EXPECTED: dict[str, Any] = {
    "DuckDB 1": [("herald", 1, 15.0), ("post", 1, 2.0)],
    "DuckDB 2": [("Ada Holm", 3), ("Ben Ost", 1)],
    "DuckDB 3": [("herald", "Bridge", 1)],
    "pandas 1": lambda names: set(names["articles"]["domain"]) == {"herald.example"} and names["by_week"].sum() == 15,
    "Arrow, in constant memory 1": lambda names: names["words"] == 30,
    "Hugging Face datasets 1": lambda names: (names["articles"].num_rows, names["english"].num_rows) == (2, 2),
}


def test_every_snippet_is_tried() -> None:
    assert set(SNIPPETS) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_snippet(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(place / "cache"))
    kind, code = SNIPPETS[name]
    if kind == "sql":
        import duckdb

        assert duckdb.sql(code).fetchall() == EXPECTED[name]
        return
    if "datasets" in name:
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", place / "cache")
    names: dict[str, Any] = {}
    exec(code, names)
    assert EXPECTED[name](names)


def test_the_bulk_file_has_an_action_and_a_source_for_each_article(place: Path) -> None:
    lines = [json.loads(line) for line in (place / "data/search/articles-0001-001.bulk.ndjson").open("rb")]
    assert (
        [line["index"]["_id"] for line in lines[::2]]
        == [line["id"] for line in lines[1::2]]
        == ["id-1", "id-2", "id-3"]
    )
