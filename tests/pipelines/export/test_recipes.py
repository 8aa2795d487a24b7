"""The snippets of docs/recipes.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.model import Author
from tests.pipelines.export.made import add_run, exported, story
from tests.pipelines.flow.test_sources import foreign

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text("utf-8")
SNIPPETS = {
    f"{title} {number}": (kind, code)
    for title, section in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M)
    for number, (kind, code) in enumerate(re.findall(r"```(python|sql|sh)\n(.*?)```", section, re.S), 1)
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
    exported(place / "job", place / "data" / "lines", format="jsonl.zst")
    exported(place / "job", place / "data" / "news", format="parquet", duplicates=True)
    exported(place / "job", place / "data" / "set", format="datasets", drop_duplicates=True)
    exported(place / "job", place / "data" / "search", format="bulk", latest_versions=True)
    foreign(place / "archives/a.warc.gz", 1, 2)
    foreign(place / "archives/b.warc.gz", 3)
    return place


EXPECTED: dict[str, Any] = {
    "DuckDB 1": [("herald", 1, 15.0), ("post", 1, 2.0)],
    "DuckDB 2": [("Ada Holm", 3), ("Ben Ost", 1)],
    "DuckDB 3": [("herald", "Bridge", 1)],
    "pandas 1": lambda names: set(names["articles"]["domain"]) == {"herald.example"} and names["by_week"].sum() == 15,
    "polars 1": lambda names: names["outlets"].rows() == [("herald", 1, 15.0), ("post", 1, 2.0)],
    "Arrow, in constant memory 1": lambda names: names["words"] == 30,
    "Hugging Face datasets 1": lambda names: (names["articles"].num_rows, names["english"].num_rows) == (2, 2),
    "datatrove 1": lambda names: names["words"] == 64,
    "Spark 1": lambda names: (
        sorted(row.id for row in names["spark"].read.parquet("data/spark").select("id").collect())
        == sorted(json.loads(line)["id"] for file in names["files"] for line in names["articles"](file))
    ),
}
WANTS = {"polars 1": ("polars",), "datatrove 1": ("datatrove", "orjson"), "Spark 1": ("pyspark",)}
"""What is not in the development lock."""


def test_every_snippet_is_tried() -> None:
    assert set(SNIPPETS) == {*EXPECTED, "Elasticsearch and OpenSearch 1"}


@pytest.mark.parametrize("name", EXPECTED)
def test_snippet(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(place / "cache"))
    kind, code = SNIPPETS[name]
    for module in WANTS.get(name, ()):
        pytest.importorskip(module, reason=f"wants {module}")
    if "Spark" in name:
        if not shutil.which("java"):
            pytest.skip("wants Java")
        monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    if kind == "sql":
        import duckdb

        assert duckdb.sql(code).fetchall() == EXPECTED[name]
        return
    if "datasets" in name:
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", place / "cache")
    names: dict[str, Any] = {}
    exec(code, names)
    try:
        assert EXPECTED[name](names)
    finally:
        if "spark" in names:
            names["spark"].stop()


# ---------------------------------------------------------------------- the bulk API


class Index:
    """Takes a bulk request apart as Elasticsearch's reference has it, and answers as it does."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.full = False
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = index.bulk(self.path, self.headers["Content-Type"], body)
                data = json.dumps(answer, separators=(",", ":")).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def bulk(self, path: str, media_type: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path != "/articles/_bulk" or media_type != "application/x-ndjson":
            return 406, {"error": f"{path} {media_type}"}
        if not body.endswith(b"\n") or len(body) > 100 << 20:
            return 400, {"error": "no newline at the end, or too large"}
        items = []
        lines = iter(body.split(b"\n")[:-1])
        for line in lines:
            action = json.loads(line)
            if list(action) != ["index"] or set(action["index"]) != {"_id"} or len(action["index"]["_id"]) > 512:
                return 400, {"error": f"no action: {line!r}"}
            document = json.loads(next(lines, b"null"))
            if not isinstance(document, dict) or any(name.startswith("_") for name in document):
                return 400, {"error": f"no document behind {line!r}"}
            status = 429 if self.full else 200 if action["index"]["_id"] in self.documents else 201
            items.append({"index": {"_id": action["index"]["_id"], "status": status}})
            if not self.full:
                self.documents[action["index"]["_id"]] = document
        return 200, {"took": 1, "errors": self.full, "items": items}


@pytest.fixture
def index() -> Iterator[Index]:
    found = Index()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_bulk_files_are_sent_piece_by_piece(place: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    _, code = SNIPPETS["Elasticsearch and OpenSearch 1"]
    monkeypatch.setenv("SERVER", f"http://127.0.0.1:{index.server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def sent() -> str:
        script = code.replace("-l 2000", "-l 4")
        assert script != code
        return subprocess.run(["bash", "-euc", script], cwd=place, check=True, timeout=60, capture_output=True).stdout

    assert sent() == sent() == b""
    assert sorted(place.glob("piece.*")) == [place / "piece.aa", place / "piece.ab"]
    assert index.documents == {
        record["id"]: record
        for file in (place / "job/runs").glob("*/articles.jsonl")
        for record in map(json.loads, file.open("rb"))
    }
    assert list(index.documents) == ["id-1", "id-2", "id-3"]
    index.full = True
    assert sent().count(b" was not taken: ") == 2
