"""Quality signals against values worked out by hand and, on any text, against the definitions written plainly."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.model import Quality
from pipelines.records.schema import field_docs
from pipelines.text.quality import SAMPLE, signals
from pipelines.text.words import words

PAGE = Path(__file__).parents[3] / "docs" / "quality.md"


def test_a_text_by_hand() -> None:
    """Seven words on two lines; 34 characters with the line break between them."""
    text = "The BRIDGE is shut...\n\n• 12 days #2"
    found = signals(text)
    assert (found.num_lines, found.num_sentences) == (2, 2)
    assert found.mean_word_length == round((3 + 6 + 2 + 4 + 2 + 4 + 1) / 7, 6)
    assert found.hash_to_word_ratio == found.ellipsis_to_word_ratio == 0.125  # by the 8 tokens, • is one
    assert found.frac_no_alph_words == 0.375  # •, 12, #2
    assert found.frac_all_caps_words == 0.125
    assert found.frac_unique_words == 1
    assert found.unigram_entropy == round(math.log(7), 6)
    assert found.num_stop_words == 1  # the; "is" is none of Gopher's
    assert found.stop_word_fraction == round(2 / 7, 6)
    assert found.frac_lines_start_with_bulletpoint == found.frac_lines_end_with_ellipsis == 0.5
    assert found.line_punct_ratio == 0.5
    assert found.short_line_ratio == 1
    assert found.list_ratio == round(1 / 7, 6)
    assert found.frac_chars_uppercase == round(7 / 34, 6)
    assert found.frac_chars_digit == round(3 / 34, 6)
    assert found.dup_line_frac == found.frac_chars_top_2gram == found.frac_chars_dupe_5grams == 0


def test_what_is_told_again() -> None:
    found = signals("one two three four five six\n\none two three four five\n\none two three four five six")
    # Six words of 3, 3, 5, 4, 4 and 3 letters: 22, 19 and 22 of 63.
    assert found.frac_chars_top_2gram == round(3 * 6 / 63, 6)
    assert found.frac_chars_top_4gram == round(3 * 15 / 63, 6)
    assert found.frac_chars_dupe_5grams == 1
    assert found.frac_chars_dupe_6grams == round(2 * 22 / 63, 6)  # "two three four five six one" is there once
    assert found.frac_chars_dupe_7grams == 0
    assert found.dup_line_frac == round(1 / 3, 6)
    assert found.dup_line_char_frac == round(27 / (27 + 23 + 27 + 2), 6)
    assert found.char_dup_ratio == round(27 / (27 + 23 + 27), 6)


def test_the_lines_c4_keeps() -> None:
    lines = [
        "The council met on Monday. It voted.",  # two sentences
        'The mayor said: "We are glad."',
        "Four words are few.",
        "This line just goes on...",
        "No mark ends this line",
        "Please enable JavaScript to read this.",
        "By reading on you accept the use of cookies.",
        "A word of " + "x" * 1_001 + " is too long.",
        "The bridge will be built in spring.[12]",
    ]
    found = signals("\n\n".join(lines))
    assert found.c4_num_sentences == 4
    assert found.frac_lines_javascript == round(1 / 9, 6)
    assert signals("Lorem Ipsum {x}").lorem_ipsum == round(1 / 15, 6)
    assert signals("Lorem Ipsum {x}").curly_bracket == round(2 / 15, 6)


@pytest.mark.parametrize(
    ("text", "punctuated"),
    [
        ("He said: “No.”", 1),
        ("Er sagte: „Nein!“", 1),
        ("«Non.»", 1),
        ("पुल बंद है।", 1),
        ("橋は閉鎖された。」", 1),
        ("هل أغلق الجسر؟", 1),
        ("“Bridge”", 0),
        ("And so on…", 0),
    ],
)
def test_what_ends_a_line(text: str, punctuated: int) -> None:
    assert signals(text).line_punct_ratio == punctuated


def test_no_definition_no_value() -> None:
    chinese = signals("市议会周一开会。\n\n会议决定明年春天重建大桥，费用由全市共同承担。")
    nothing = {name for name, value in asdict(chinese).items() if value is None}
    assert {"mean_word_length", "num_stop_words", "frac_chars_top_2gram", "list_ratio"} <= nothing
    assert (chinese.language, chinese.num_lines, chinese.line_punct_ratio) == ("zh", 2, 1)
    empty = asdict(signals(""))
    assert {name for name, value in empty.items() if value is not None} == {
        "language_score", "num_lines", "num_sentences", "c4_num_sentences",
    }  # fmt: skip
    swahili_like = signals("Qwerty asdf zxcv uiop hjkl bnm wert sdfg.")
    assert swahili_like.mean_word_length is not None


def test_stop_words_are_those_of_the_language() -> None:
    german = signals("Der Rat hat am Montag für die neue Brücke gestimmt, und die Arbeiten beginnen im Frühling.")
    assert german.language == "de"
    assert german.num_stop_words == 7  # der hat am für die und im
    assert (
        signals("The council has voted to build a bridge that the town wants, and with it a road.").num_stop_words == 5
    )


def plainly(text: str) -> dict[str, float]:
    """The definitions that are computed in a clever way, in the plain way."""
    normal = [word.lower() for word in words(text)]
    total = sum(map(len, normal))
    found = {
        "frac_chars_uppercase": sum(map(str.isupper, text)),
        "frac_chars_digit": sum(map(str.isdecimal, text)),
        "unigram_entropy": sum(-c / len(normal) * math.log(c / len(normal)) for c in Counter(normal).values()),
    }
    size = len(re.sub("\n+", "\n", text.strip("\n")))
    for name in ("frac_chars_uppercase", "frac_chars_digit"):
        found[name] = found[name] / size if size else 0
    for n in range(2, 11):
        grams = [tuple(normal[at : at + n]) for at in range(len(normal) - n + 1)]
        counts = Counter(grams)
        if n <= 4:
            gram, number = counts.most_common(1)[0] if counts else ((), 0)
            found[f"frac_chars_top_{n}gram"] = sum(map(len, gram)) * number / total if number > 1 else 0
        else:
            twice = {at + step for at, gram in enumerate(grams) if counts[gram] > 1 for step in range(n)}
            found[f"frac_chars_dupe_{n}grams"] = sum(len(normal[at]) for at in twice) / total if twice else 0
    return found


@given(st.lists(st.sampled_from(["a", "The", "bridge", "é", "12", "Ümlaut", "\n\n"]), max_size=60))
def test_as_defined(pieces: list[str]) -> None:
    text = " ".join(pieces).strip()
    text = re.sub(r" *\n\n *", "\n\n", text)
    found = asdict(signals(text))
    for name, value in plainly(text).items():
        assert found[name] is None or found[name] == pytest.approx(value, abs=1e-6), name


@given(st.text(max_size=300))
def test_any_text_has_signals(text: str) -> None:
    shares = [value for name, value in asdict(signals(text)).items() if name.startswith(("frac_lines", "dup", "line"))]
    assert all(value is None or 0 <= value <= 1 for value in shares)


def test_the_length_is_bounded() -> None:
    text = "The bridge was closed on Monday. " * (SAMPLE // 30)
    assert signals(text) == signals(text[:SAMPLE]) == signals(text, counted=words(text))


def test_each_signal_is_described() -> None:
    docs, page = field_docs(Quality), PAGE.read_text("utf-8")
    for field in fields(Quality):
        assert "Source: " in docs[field.name], field.name
        assert f"`{field.name}`" in page, field.name
