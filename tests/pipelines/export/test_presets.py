"""Published filters as presets: what they take, and what is told of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.export.plan import Plan
from pipelines.export.presets import PRESETS, broken
from pipelines.export.where import fields
from pipelines.model import Article
from pipelines.records.jsonl import encode
from pipelines.text.quality import signals
from tests.pipelines.export.made import add_run, exported, ids, plain, story

PROSE = (
    "The council met on Monday to talk about the old bridge, which has been closed since the flood of last winter.",
    "Engineers told the members that the piers could be mended, but that the deck would have to be replaced.",
    "“We have waited for long enough,” said the mayor, who wants the work to begin before the summer.",
    "A vote is expected in March, and the county has promised to pay half of what the new deck will cost.",
)
GOOD = "\n\n".join(PROSE)


def measured(number: int, text: str) -> Article:
    return dataclasses.replace(story(number, text), word_count=len(text.split()), quality=signals(text))


BAD = {
    "gopher: too few words": PROSE[0],
    "gopher: too many hashes": GOOD.replace(" the ", " # the "),
    "gopher: too many lines end in an ellipsis": GOOD.replace(".\n", "…\n"),
    "gopher: too many words without letters": "\n\n".join(" ".join("17 the 2026" for _ in range(9)) for _ in range(3)),
    "gopher: lines repeat": "\n\n".join([*PROSE, *PROSE]),
    "gopher: 5-grams repeat": GOOD + " " + PROSE[0].lower() + " " + PROSE[1],
    "c4: lorem ipsum": GOOD + "\n\nLorem ipsum dolor sit amet.",
    "c4: curly brackets": GOOD + "\n\nfunction () { return true }",
    "c4: too few sentences in the lines it keeps": GOOD.replace(".", ",").replace("”", ""),
    "fineweb: too few lines end a sentence": GOOD.replace(".", ""),
    "fineweb: too many short lines": "\n\n".join([*PROSE, *(f"Photo of bridge number {n}." for n in range(12))]),
}


@pytest.mark.parametrize("reason", BAD)
def test_what_a_rule_takes(reason: str) -> None:
    name = reason.partition(":")[0]
    assert broken(plain(measured(1, GOOD)), PRESETS) is None
    assert broken(plain(measured(1, BAD[reason])), [name]) == reason


def test_rules_are_about_fields_of_the_record() -> None:
    known = fields()
    for name, preset in PRESETS.items():
        assert preset.source
        for rule in preset.rules:
            assert known[rule.field] in (int, float), (name, rule)
            assert (rule.least is None) != (rule.most is None)


def test_counts_are_told(tmp_path: Path) -> None:
    texts = [GOOD, BAD["gopher: too few words"], PROSE[1], BAD["c4: lorem ipsum"], BAD["gopher: lines repeat"]]
    add_run(tmp_path / "job", "20260301T000000Z", [measured(n, text) for n, text in enumerate(texts, 1)])
    done = exported(tmp_path / "job", tmp_path / "out", presets=("c4", "gopher"))
    assert ids(tmp_path / "out") == [1]
    assert done.left_out == {"gopher: too few words": 2, "gopher: lines repeat": 1, "c4: lorem ipsum": 1}
    manifest = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert manifest["options"]["presets"] == ["gopher", "c4"]
    assert {name: preset["left_out"] for name, preset in manifest["presets"].items()} == {"gopher": 3, "c4": 1}
    few = manifest["presets"]["gopher"]["rules"][0]
    assert few == {"left_out_if": "word_count < 50", "words": "too few words", "left_out": 2}
    exported(tmp_path / "job", tmp_path / "set", format="datasets", presets=("gopher",))
    card = (tmp_path / "set" / "README.md").read_text("utf-8")
    assert "Filtered by the rules of gopher (Rae et al. 2021" in card and ": 3 left out." in card


def test_records_of_before_are_measured(tmp_path: Path) -> None:
    """Presets and --where take of a record of schema 1.1 what they would take of it today."""
    old = []
    for number, text in enumerate((GOOD, BAD["gopher: lines repeat"]), 1):
        record = plain(measured(number, text)) | {"schema_version": "1.1"}
        del record["quality"]
        old.append(encode(record))
    add_run(tmp_path / "job", "20260301T000000Z", []).write_bytes(b"".join(old))
    exported(tmp_path / "job", tmp_path / "out", presets=("gopher",))
    assert ids(tmp_path / "out") == [1]
    exported(tmp_path / "job", tmp_path / "other", where="quality.dup_line_frac >= 0.3")
    assert ids(tmp_path / "other") == [2]
    assert next((tmp_path / "out").glob("*.jsonl")).read_bytes() == old[0]


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ConfigError, match="no preset 'goofer'; there are: gopher, c4, fineweb"):
        Plan(format="jsonl", presets=("gopher", "goofer"))


def test_an_export_of_before_there_were_presets_goes_on() -> None:
    plan = Plan(format="jsonl")
    before = json.loads(plan.as_json())
    del before["presets"]
    assert plan.differs(json.dumps(before)) == []
    assert Plan(format="jsonl", presets=("c4",)).differs(json.dumps(before)) == ["--preset: none"]
