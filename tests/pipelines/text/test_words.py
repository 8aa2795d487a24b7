from __future__ import annotations

import re
import unicodedata

import pytest

from pipelines.text.words import MARKS, words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one two", 2),
        ("It’s 3.5 metres", 3),
        ("図書館", 3),
        ("", 0),
        ("snake_case", 2),
        ("पुल सर्दियों में बंद रहेगा", 5),  # vowel signs stand within words
        ("সেতুটি শীতকালে বন্ধ থাকবে", 4),
        ("پل در زمستان بسته می\u200cماند", 5),  # a joiner, too
        ("שָׁלוֹם עוֹלָם", 2),
        ("cafe\u0301 noir", 2),  # decomposed
    ],
)
def test_words(text: str, count: int) -> None:
    assert len(words(text)) == count


def test_marks_are_marks_or_letters() -> None:
    """Nothing that ends a word is among them."""
    found = (chr(code) for code in range(0x20, 0x3000) if re.fullmatch(f"[{MARKS}]", chr(code)))
    assert {unicodedata.category(mark)[0] for mark in found if mark not in "\u200c\u200d"} <= {"M", "L", "C"}
