"""Lines of JSON and their schema."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pipelines import model
from pipelines.errors import CaptureError, DiskFullError, LedgerError
from pipelines.records import jsonl
from pipelines.records.jsonl import Lines, as_dict, encode
from pipelines.records.schema import field_docs, schema

from .test_settle import article


def test_encoding_is_compact_utf8_in_field_order():
    line = encode(article(1))
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert list(json.loads(line))[:3] == ["schema_version", "id", "url"]
    assert "Straße" in encode({"text": "Straße"}).decode()


def test_a_lone_surrogate_does_not_break_the_line():
    assert json.loads(encode({"text": "a\ud800b"})) == {"text": "a?b"}


def test_opening_cuts_to_what_was_committed(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = Lines(path)
    lines.append(b"one\n")
    lines.sync()
    kept = lines.length
    lines.append(b"two\n")
    lines.sync()
    lines.close()
    Lines(path, keep=kept).close()
    assert path.read_bytes() == b"one\n"


def test_a_full_disk_leaves_whole_lines(tmp_path, monkeypatch):
    lines = Lines(tmp_path / "a.jsonl")
    lines.append(b"one\n")
    lines.sync()
    real = jsonl.os.pwrite

    def full(fd, data, offset):
        if offset > 5:
            raise OSError(28, "No space left on device")
        return real(fd, data[:2], offset)

    monkeypatch.setattr(jsonl.os, "pwrite", full)
    lines.append(b"two\n")
    with pytest.raises(DiskFullError):
        lines.sync()
    assert lines.path.read_bytes() == b"one\n"
    monkeypatch.undo()
    lines.sync()  # space is back: the line was kept
    assert lines.path.read_bytes() == b"one\ntwo\n"


def test_a_file_shorter_than_committed_is_not_gone_on_with(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"one")
    with pytest.raises(LedgerError, match="rebuild"):
        Lines(tmp_path / "a.jsonl", keep=4)


def test_a_failed_wait_for_the_disk_is_final(tmp_path, monkeypatch):
    lines = Lines(tmp_path / "a.jsonl")

    def broken(fd):
        raise OSError(5, "Input/output error")

    lines.append(b"one\n")
    monkeypatch.setattr(jsonl.os, "fdatasync", broken)
    with pytest.raises(CaptureError):
        lines.sync()
    monkeypatch.undo()
    with pytest.raises(CaptureError):
        lines.sync()


def test_the_published_schema_is_the_generated_one():
    for record in (model.Article, model.Rejection, model.Change):
        published = Path(f"docs/schema/{record.__name__.lower()}.schema.json")
        assert json.loads(published.read_text()) == schema(record), "python -m pipelines.records.schema docs/schema"


def test_records_validate_and_others_do_not():
    validator = Draft202012Validator(schema(model.Article))
    good = as_dict(article(1))
    validator.validate(good)
    for broken in ({**good, "text": None}, {**good, "extra": 1}, {k: v for k, v in good.items() if k != "warc"}):
        assert list(validator.iter_errors(broken))


def test_every_field_that_is_no_plain_name_is_described():
    assert "ISO 8601" in field_docs(model.Article)["date_published"]
