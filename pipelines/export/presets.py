"""Filters that others have published for training data, as lists of rules about the signals in ``quality``.

A rule whose signal is null takes nothing out: its definition does not hold for that text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rule:
    """What a record must not be."""

    words: str
    """What it is then, for people and for the counts."""
    field: str
    """Of the record, dotted."""
    least: float | None = None
    """The least value that is kept; None: any."""
    most: float | None = None
    """The greatest value that is kept; None: any."""

    @property
    def test(self) -> str:
        """The rule as ``--where`` would say it of what is left out."""
        return f"{self.field} < {self.least:g}" if self.least is not None else f"{self.field} > {self.most:.6g}"

    def breaks(self, record: dict[str, Any]) -> bool:
        """Whether a record, as read from JSON, is what the rule says it must not be; what is null is not."""
        value: Any = record
        for step in self.field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return False
        return (self.least is not None and value < self.least) or (self.most is not None and value > self.most)


@dataclass(frozen=True, slots=True)
class Preset:
    """A filter, as it was published."""

    source: str
    """Where, for people."""
    rules: tuple[Rule, ...]
    """In the order in which they are asked: a record counts for the first that it breaks."""


def _repeated(thresholds: dict[str, tuple[str, float]]) -> Iterable[Rule]:
    return (Rule(words, f"quality.{name}", most=most) for name, (words, most) in thresholds.items())


PRESETS = {
    "gopher": Preset(
        "Rae et al. 2021, Scaling Language Models: Insights from Training Gopher, A.1.1 and table A1",
        (
            Rule("too few words", "word_count", least=50),
            Rule("too many words", "word_count", most=100_000),
            Rule("words too short", "quality.mean_word_length", least=3),
            Rule("words too long", "quality.mean_word_length", most=10),
            Rule("too many hashes", "quality.hash_to_word_ratio", most=0.1),
            Rule("too many ellipses", "quality.ellipsis_to_word_ratio", most=0.1),
            Rule("too many bullet points", "quality.frac_lines_start_with_bulletpoint", most=0.9),
            Rule("too many lines end in an ellipsis", "quality.frac_lines_end_with_ellipsis", most=0.3),
            Rule("too many words without letters", "quality.frac_no_alph_words", most=0.2),
            Rule("too few stop words", "quality.num_stop_words", least=2),
            *_repeated({
                "dup_line_frac": ("lines repeat", 0.3),
                "dup_line_char_frac": ("characters in lines that repeat", 0.2),
                "frac_chars_top_2gram": ("one pair of words", 0.2),
                "frac_chars_top_3gram": ("one 3-gram", 0.18),
                "frac_chars_top_4gram": ("one 4-gram", 0.16),
                "frac_chars_dupe_5grams": ("5-grams repeat", 0.15),
                "frac_chars_dupe_6grams": ("6-grams repeat", 0.14),
                "frac_chars_dupe_7grams": ("7-grams repeat", 0.13),
                "frac_chars_dupe_8grams": ("8-grams repeat", 0.12),
                "frac_chars_dupe_9grams": ("9-grams repeat", 0.11),
                "frac_chars_dupe_10grams": ("10-grams repeat", 0.1),
            }),
        ),
    ),
    "c4": Preset(
        "Raffel et al. 2020, Exploring the Limits of Transfer Learning, JMLR 21:140, section 2.2",
        (
            Rule("lorem ipsum", "quality.lorem_ipsum", most=0),
            Rule("curly brackets", "quality.curly_bracket", most=0),
            Rule("too few sentences in the lines it keeps", "quality.c4_num_sentences", least=3),
        ),
    ),
    "fineweb": Preset(
        "Penedo et al. 2024, The FineWeb Datasets, 3.6",
        (
            Rule("too few lines end a sentence", "quality.line_punct_ratio", least=0.12),
            Rule("too many short lines", "quality.short_line_ratio", most=0.67),
            Rule("characters in lines that repeat", "quality.char_dup_ratio", most=0.1),
            Rule("too many lines for its words", "quality.list_ratio", most=0.3),
        ),
    ),
}  # fmt: skip
"""Names, in the order in which they are asked."""


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The presets of these names, in our order. Raises ``ConfigError`` for one that does not exist."""
    names = set(names)
    for name in sorted(names - PRESETS.keys()):
        raise ConfigError(f"there is no preset {name!r}; there are: {', '.join(PRESETS)}")
    return tuple(name for name in PRESETS if name in names)


def broken(record: dict[str, Any], names: Iterable[str]) -> str | None:
    """The first rule that a record breaks, as the counts have it: ``gopher: too few words``."""
    for name in names:
        for rule in PRESETS[name].rules:
            if rule.breaks(record):
                return f"{name}: {rule.words}"
    return None


def told(names: Iterable[str], left_out: dict[str, int]) -> dict[str, Any]:
    """For the manifest: source and rules of each preset, and what each rule has left out."""
    return {
        name: {
            "source": PRESETS[name].source,
            "left_out": sum(left_out.get(f"{name}: {rule.words}", 0) for rule in PRESETS[name].rules),
            "rules": [
                {"left_out_if": rule.test, "words": rule.words, "left_out": left_out.get(f"{name}: {rule.words}", 0)}
                for rule in PRESETS[name].rules
            ],
        }
        for name in names
    }
