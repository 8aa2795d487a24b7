"""Quality signals of a text, as those who make training data define them. They describe, and leave nothing out.

The record class ``Quality`` says of each what exactly it is and whose it is; ``docs/quality.md`` lists them. All are
reckoned from the text alone, in time linear in its length.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from pipelines.model import Quality
from pipelines.text.function_words import WORDS
from pipelines.text.language import Recognised, recognise
from pipelines.text.words import UNSPACED, words

SAMPLE = 200_000
"""Characters of the text that are looked at: a book's worth. It bounds the time that a text can take."""

SHORT_LINE = 30
"""Characters of a short line (FineWeb)."""

GOPHER_STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
"""Rae et al. 2021, A.1.1."""

C4_MIN_WORDS = 5
"""Words that C4 wants of a line (Raffel et al. 2020, JMLR 21:140, section 2.2)."""

C4_LONGEST_WORD = 1_000
"""Characters of a word for which C4 drops the line (its published code)."""

TERMINAL = ".!?。！？｡．‼⁇⁈⁉‽।॥؟۔።፧፨։။၊។៕᙮᠃᠉܀܁܂⸮﹒﹖﹗"
"""What ends a sentence: Unicode's Sentence_Terminal, in the scripts that news is written in."""

QUOTES = "\"'”’»«“‘›‹」』"
"""What may close a quotation: German and Danish close with what others open with."""

_CLOSING = QUOTES + ")）)】］]"
_ENDS = frozenset(TERMINAL)
_C4_ENDS = frozenset(TERMINAL + QUOTES)
_BULLETS = ("•", "-", "‣", "▶", "◀", "◦", "■", "□", "▪", "▫")
_ELLIPSES = ("...", "…")
_CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
_POLICY = re.compile(r"terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies")
_SENTENCE = re.compile(r"\b[^.!?。！？｡।॥؟۔።։။។]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_UPPER = bytes(range(ord("A"), ord("Z") + 1))
_DIGITS = b"0123456789"


def signals(text: str, found: Recognised | None = None, counted: Sequence[str] | None = None) -> Quality:
    """The signals of a text. What is known of it already may be given: what it was recognised as, and its words."""
    found = found or recognise(text)
    if counted is None or len(text) > SAMPLE:
        text = text[:SAMPLE]
        counted = words(text)
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    lowered = text.lower()
    tokens = text.split()
    size = sum(map(len, lines)) + max(0, len(lines) - 1)
    upper, digits, unspaced = _characters(text)
    spaced = 2 * unspaced <= len(counted)
    values: dict[str, Any] = {
        "language": found.language,
        "language_score": found.score,
        "num_lines": len(lines),
        "frac_chars_uppercase": _share(upper, size),
        "frac_chars_digit": _share(digits, size),
        "curly_bracket": _share(text.count("{") + text.count("}"), size),
        "lorem_ipsum": _share(lowered.count("lorem ipsum"), size),
        **_of_lines(lines, size, tokens, lowered, spaced),
    }
    if spaced:
        normal = list(map(str.lower, counted))
        values |= _of_tokens(text, tokens)
        values |= _of_words(normal, found.language)
        values |= _of_ngrams(normal)
        values["list_ratio"] = _share(len(lines) - 1, len(normal))
    return Quality(**values)


def _share(part: float, whole: float) -> float | None:
    """Rounded, so that records stay short and the same on any machine."""
    return round(part / whole, 6) if whole else None


def _characters(text: str) -> tuple[int, int, int]:
    """Upper-case letters and decimal digits of any script, and characters that are words of their own."""
    data = text.encode("utf-8", "surrogatepass")
    upper = len(data) - len(data.translate(None, _UPPER))
    digits = len(data) - len(data.translate(None, _DIGITS))
    unspaced = 0
    if not text.isascii():
        for char, number in Counter("".join(_NOT_ASCII.findall(text))).items():
            upper += number * char.isupper()
            digits += number * char.isdecimal()
            unspaced += number * (_UNSPACED.match(char) is not None)
    return upper, digits, unspaced


def _of_lines(lines: list[str], size: int, tokens: list[str], lowered: str, spaced: bool) -> dict[str, Any]:
    bullets = ellipses = ended = short = repeated = repeated_size = javascript = sentences = kept = 0
    seen: set[str] = set()
    has_javascript = "javascript" in lowered
    has_policy = _POLICY.search(lowered) is not None
    has_long = max(map(len, tokens), default=0) > C4_LONGEST_WORD and spaced
    for line in lines:
        if line in seen:
            repeated += 1
            repeated_size += len(line)
        seen.add(line)
        short += len(line) <= SHORT_LINE
        line = line.strip()
        bullets += line.startswith(_BULLETS)
        ellipses += line.endswith(_ELLIPSES)
        ended += line[-1] in _ENDS or line.rstrip(_CLOSING)[-1:] in _ENDS
        scripted = has_javascript and "javascript" in line.lower()
        javascript += scripted
        if "[" in line:
            line = _CITATION.sub("", line)
        found = len(_SENTENCE.findall(line))
        sentences += found
        if (
            line[-1:] in _C4_ENDS
            and not line.endswith(_ELLIPSES)
            and len(line.split() if spaced else line) >= C4_MIN_WORDS
            and not scripted
            and not (has_policy and _POLICY.search(line.lower()))
            and not (has_long and max(map(len, line.split())) > C4_LONGEST_WORD)
        ):
            kept += found
    number = len(lines)
    return {
        "frac_lines_start_with_bulletpoint": _share(bullets, number),
        "frac_lines_end_with_ellipsis": _share(ellipses, number),
        "line_punct_ratio": _share(ended, number),
        "short_line_ratio": _share(short, number),
        "dup_line_frac": _share(repeated, number),
        "dup_line_char_frac": _share(repeated_size, size),
        "char_dup_ratio": _share(repeated_size, size and size - number + 1),
        "frac_lines_javascript": _share(javascript, number),
        "num_sentences": sentences,
        "c4_num_sentences": kept,
    }


def _of_tokens(text: str, tokens: list[str]) -> dict[str, Any]:
    """Of words as they stand, with all that clings to them."""
    number = len(tokens)
    bare = sum(not any(map(str.isalpha, token)) for token in [token for token in tokens if not token.isalpha()])
    return {
        "hash_to_word_ratio": _share(text.count("#"), number),
        "ellipsis_to_word_ratio": _share(text.count("...") + text.count("…"), number),
        "frac_no_alph_words": _share(bare, number),
        "frac_all_caps_words": _share(sum(map(str.isupper, tokens)), number),
    }


def _of_words(normal: list[str], language: str | None) -> dict[str, Any]:
    """Of lower-cased words without punctuation."""
    number = len(normal)
    if not number:
        return {}
    counts = Counter(normal)
    repeated = sum(many * count * math.log(count) for count, many in Counter(counts.values()).items())
    known = WORDS.get("tl" if language == "fil" else language or "")
    values = {
        "mean_word_length": _share(sum(map(len, normal)), number),
        "frac_unique_words": _share(len(counts), number),
        "unigram_entropy": round(math.log(number) - repeated / number, 6),
    }
    if known is not None:
        values["stop_word_fraction"] = _share(sum(counts[word] for word in known if word in counts), number)
        values["num_stop_words"] = sum(word in counts for word in (GOPHER_STOP_WORDS if language == "en" else known))
    return values


def _of_ngrams(normal: list[str]) -> dict[str, Any]:
    """Characters in words that are told again: of the most frequent n-gram, and of all that are there twice."""
    values: dict[str, Any] = dict.fromkeys(NGRAMS.values(), 0.0 if normal else None)
    sizes = list(map(len, normal))
    before = [0, *accumulate(sizes)]
    # An n-gram that is there twice begins where a shorter one does: few places are left to look at.
    places: Sequence[int] = range(len(normal) - 1)
    grams: list[tuple[Any, ...]] = list(pairwise(normal))
    for n, name in NGRAMS.items():
        counts = Counter(grams)
        if len(counts) == len(grams):
            break
        twice = {place: gram for place, gram in zip(places, grams, strict=True) if counts[gram] > 1}
        if n <= 4:
            most = max(counts.values())
            place = next(place for place, gram in twice.items() if counts[gram] == most)
            values[name] = _share(most * (before[place + n] - before[place]), before[-1])
        else:
            told = end = 0
            for place in twice:
                told += before[place + n] - before[max(place, end)]
                end = place + n
            values[name] = _share(told, before[-1])
        places = [place for place in twice if place + 1 in twice]
        grams = [(twice[place], normal[place + n]) for place in places]
    return values


NGRAMS = {n: f"frac_chars_top_{n}gram" if n <= 4 else f"frac_chars_dupe_{n}grams" for n in range(2, 11)}
