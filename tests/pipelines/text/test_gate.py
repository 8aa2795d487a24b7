"""Text quality on invented pages may rise, never fall unnoticed."""

import importlib.util
import json
from pathlib import Path

import pytest

from pipelines.model import Article

_SPEC = importlib.util.spec_from_file_location("text_gate", Path(__file__).with_name("gate.py"))
assert _SPEC is not None and _SPEC.loader is not None
gate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(gate)


@pytest.mark.parametrize("name", gate.cases())
def test_page_gives_exactly_its_text(name: str) -> None:
    result = gate.outcome(name)
    assert isinstance(result, Article), result
    assert result.text == (gate.FOLDER / name / "text.txt").read_text("utf-8").strip()


def test_scores_are_not_below_their_floors() -> None:
    floors = json.loads(gate.FLOORS.read_text())
    now = gate.scores()
    assert {key: now[key] for key in floors if now[key] < floors[key]} == {}


def test_same_bytes_give_the_same_record() -> None:
    for name in gate.cases():
        assert gate.outcome(name) == gate.outcome(name)
