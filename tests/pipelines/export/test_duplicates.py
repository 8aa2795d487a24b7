"""Near-duplicates: found over outlets, kept apart from versions, the earliest first."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.records.duplicates import ALIKE, jaccard, shingles, signature
from tests.pipelines.export.made import add_run, again, exported, lines, story

CHANCE = random.Random(11)
WORDS = [f"w{number}" for number in range(3000)]
WIRE = " ".join(CHANCE.choices(WORDS, k=300))
CUT = " ".join(WIRE.split()[:270])  # 266 of 296 shingles
OTHER = " ".join(WIRE.split()[:200])  # 196 of them


def told(tmp_path: Path, **options: bool) -> dict[int, tuple[int | None, int]]:
    """Of each article what it is a duplicate of, and its cluster."""
    exported(tmp_path / "job", tmp_path / "out", duplicates=True, **options)

    def number(name: str | None) -> int | None:
        return None if name is None else int(name.removeprefix("id-"))

    found = lines(tmp_path / "out")
    return {number(r["id"]): (number(r["duplicate_of"]), number(r["cluster_id"])) for r in found}  # type: ignore[misc]


def test_the_earliest_is_the_head_over_outlets(tmp_path: Path) -> None:
    assert jaccard(WIRE, CUT) > ALIKE > jaccard(WIRE, OTHER)
    add_run(tmp_path / "job", "1", [
        story(1, CUT, date_published="2026-03-02T12:00:00Z"),
        story(2, WIRE, outlet="post", date_published="2026-03-02T12:00:00+02:00"),
        story(3, WIRE, outlet="times", date_published="2026-03-02T11:00:00Z"),
        story(4, OTHER, outlet="echo", date_published="2026-03-01"),
    ])  # fmt: skip
    assert told(tmp_path) == {1: (2, 2), 2: (None, 2), 3: (2, 2), 4: (None, 4)}


def test_versions_of_one_article_are_no_duplicates(tmp_path: Path) -> None:
    first = story(1, WIRE)
    add_run(tmp_path / "job", "1", [first, again(first, 2, CUT)])
    add_run(tmp_path / "job", "2", [
        story(3, CUT, outlet="post", date_published="2026-03-05"),
        story(4, CUT + " more words", canonical_url=first.canonical_url),  # an address that was used again
        story(5, WIRE, canonical_url=first.canonical_url, date_published="2026-03-04"),  # what another job has, too
    ])  # fmt: skip
    found = told(tmp_path)
    assert found[1] == (None, 1)
    assert found[2] == (None, 2)
    assert found[3][0] in (1, 2)
    assert found[4] == (None, 4)
    assert found[5] == (1, 1)


def test_what_comes_later_finds_what_is_exported(tmp_path: Path) -> None:
    """Heads stay heads, even if an earlier telling comes to be known."""
    job = tmp_path / "job"
    add_run(job, "1", [story(1, WIRE, date_published="2026-03-09")])
    assert told(tmp_path) == {1: (None, 1)}
    add_run(job, "2", [story(2, CUT, outlet="post", date_published="2026-03-01"), story(3, OTHER)])
    assert told(tmp_path) == {1: (None, 1), 2: (1, 1), 3: (None, 3)}


def test_dropped(tmp_path: Path) -> None:
    add_run(tmp_path / "job", "1", [story(1, WIRE), story(2, CUT, outlet="post"), story(3, OTHER)])
    done = exported(tmp_path / "job", tmp_path / "out", drop_duplicates=True, where="outlet != 'none'")
    assert [line["id"] for line in lines(tmp_path / "out")] == ["id-1", "id-3"]
    assert done.left_out == {"duplicate": 1}
    add_run(tmp_path / "job", "2", [story(4, CUT, outlet="times")])
    done = exported(tmp_path / "job", tmp_path / "out", drop_duplicates=True, where="outlet != 'none'")
    assert (done.rows, done.left_out) == (2, {"duplicate": 2})


def test_texts_without_words_meet_nothing(tmp_path: Path) -> None:
    add_run(tmp_path / "job", "1", [story(1, "–"), story(2, "…", outlet="post"), story(3, "", outlet="times")])
    assert {head for head, _ in told(tmp_path).values()} == {None}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("A b c, d e. F", ["a b c d e", "b c d e f"]),
        ("Two words", ["two words"]),
        ("", []),
        ("東京は晴れ、です", ["東京は晴れ", "京は晴れで", "は晴れです"]),
        ("ข่าววันนี้", ["ข่าวว", "่าววั", "าววัน", "ววันน", "วันนี", "ันนี้"]),
        ("आज का मौसम साफ़ है। कल", ["आज का मौसम साफ़ है", "का मौसम साफ़ है कल"]),
    ],
)
def test_shingles(text: str, made: list[str]) -> None:
    assert shingles(text) == made


def test_signatures_are_the_same_everywhere() -> None:
    """They are kept between exports, so another release of the library must not change them unseen."""
    found = signature("One two three four five six seven.")
    assert found is not None
    assert len(found) == 21 * 8
    assert found[:8].hex() == "b690628bbd6f15f2"
    assert signature(WIRE) == signature(WIRE.upper())
    assert signature("–") is None
