"""Texts compared paragraph by paragraph."""

from __future__ import annotations

import random
import time

import pytest

from pipelines.model import Edit, mark
from pipelines.records.diff import edits

WORDS = ["harbour", "council", "bridge", "ship", "vote", "spring", "mayor"]


def applied(before: str, found: tuple[Edit, ...]) -> list[str]:
    """The text after, made from the text before and the edits."""
    lines: list[str | None] = list(before.split("\n\n"))
    removed = {edit.paragraph for edit in found if edit.op == "removed"}
    kept = [text for number, text in enumerate(lines, 1) if number not in removed]
    for edit in found:
        if edit.op == "added":
            kept.insert(edit.paragraph - 1, edit.after)
        elif edit.op == "changed":
            assert kept[edit.paragraph - 1] == edit.before
            kept[edit.paragraph - 1] = edit.after
    return [text or "" for text in kept]


def test_each_edit_says_where_and_what() -> None:
    before = "The council met on Monday.\n\nIt voted.\n\nWork starts in spring."
    after = "The council met on Tuesday.\n\nWork starts in spring.\n\nThe mayor was pleased."
    assert edits(before, after) == (
        Edit(op="changed", paragraph=1, before="The council met on Monday.", after="The council met on Tuesday."),
        Edit(op="removed", paragraph=2, before="It voted.", after=None),
        Edit(op="added", paragraph=3, before=None, after="The mayor was pleased."),
    )
    assert edits(before, before) == ()


def test_a_paragraph_that_shares_no_words_is_no_new_wording() -> None:
    assert [edit.op for edit in edits("It rained all day.", "Ferries stayed in port.")] == ["removed", "added"]


def test_scripts_without_spaces() -> None:
    before, after = "市議會星期一開會並通過了新橋的計畫。", "市議會星期二開會並通過了新橋的計畫。"
    assert [edit.op for edit in edits(before, after)] == ["changed"]


@pytest.mark.parametrize("seed", range(30))
def test_the_edits_make_one_text_of_the_other(seed: int) -> None:
    chance = random.Random(seed)
    old = [" ".join(chance.choices(WORDS, k=6)) for _ in range(12)]
    new = [chance.choice([text, text + " again", "quite new"]) for text in old if chance.random() < 0.8]
    new[3:6] = chance.sample(new[3:6], k=len(new[3:6]))
    new.insert(chance.randrange(len(new) + 1), "put in")
    assert applied("\n\n".join(old), edits("\n\n".join(old), "\n\n".join(new))) == new


def test_what_is_known_for_furniture_by_now_was_not_taken_out() -> None:
    letter = "Sign up for our letter and never miss a ship."
    before = f"One.\n\n{letter}\n\nTwo."
    assert edits(before, "One.\n\nThree.", {mark(letter)}) == (
        Edit(op="removed", paragraph=3, before="Two.", after=None),
        Edit(op="added", paragraph=2, before=None, after="Three."),
    )
    assert edits(before, f"One.\n\n{letter}!\n\nTwo.", {mark(letter)}) == (
        Edit(op="added", paragraph=2, before=None, after=letter + "!"),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["x"] * 3000, ["y"] + ["x"] * 2999 + ["z"]),
        ([f"p {number}" for number in range(20_000)], [f"q {number}" for number in range(20_000)]),
        (list("ab" * 250), list("ba" * 250)),
        (["word " * 50_000] * 40, ["word other " * 30_000] * 40),
    ],
    ids=["all alike", "nothing alike", "in turns", "long"],
)
def test_no_text_takes_long(before: list[str], after: list[str]) -> None:
    start = time.process_time()
    edits("\n\n".join(before), "\n\n".join(after))
    assert time.process_time() - start < 3
