"""What differs between two texts, paragraph by paragraph. The same texts always give the same edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from difflib import SequenceMatcher

from pipelines.model import Edit, mark

MOST_PAIRS = 250_000
"""Paragraphs before times paragraphs after that are aligned; texts beyond that are compared as heaps of paragraphs."""

MOST_CHANGED = 2_500
"""The same within one stretch that changed, where paragraphs are paired by their words."""

MOST_WORDS = 400
"""Of a paragraph, that are compared to pair it."""

ALIKE = 0.4
"""Share of words in common from which a paragraph is taken for another one's new wording."""


def edits(before: str, after: str, left_out: Container[int] = ()) -> tuple[Edit, ...]:
    """The edits that make one text of the other, in the order of reading.

    ``left_out`` marks lines that are known by now for furniture: that the text before has them is no edit.
    """
    return tuple(_without(_edits(before, after), left_out))


def _without(found: Iterable[Edit], left_out: Container[int]) -> Iterator[Edit]:
    for edit in found:
        if edit.before is None or mark(edit.before) not in left_out:
            yield edit
        elif edit.after is not None:
            yield _added(edit.paragraph, edit.after)


def _edits(before: str, after: str) -> list[Edit]:
    old, new = before.split("\n\n"), after.split("\n\n")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    rest, other = old[start : len(old) - end], new[start : len(new) - end]
    if len(rest) * len(other) > MOST_PAIRS:
        return _heaps(rest, other, start)
    found: list[Edit] = []
    matcher = SequenceMatcher(None, rest, other, autojunk=False)
    for op, i, j, m, n in matcher.get_opcodes():
        if op != "equal":
            found += _stretch(rest[i:j], other[m:n], start + i, start + m)
    return found


def _heaps(old: list[str], new: list[str], start: int) -> list[Edit]:
    """Without regard to order: what moved has not changed."""
    found = []
    for op, these, those in (("removed", old, new), ("added", new, old)):
        spare = Counter(those)
        for number, text in enumerate(these, start + 1):
            if spare[text] > 0:
                spare[text] -= 1
            else:
                found.append(_removed(number, text) if op == "removed" else _added(number, text))
    return found


def _stretch(old: list[str], new: list[str], i: int, m: int) -> list[Edit]:
    """One stretch that changed: each paragraph with its new wording, if it has one."""
    if len(old) * len(new) > MOST_CHANGED:
        pairs: dict[int, int] = {}
    else:
        pairs = _pairs([_words(text) for text in old], [_words(text) for text in new])
    found: list[Edit] = []
    written = 0
    for number, text in enumerate(old):
        if number not in pairs:
            found.append(_removed(i + number + 1, text))
            continue
        partner = pairs[number]
        found += [_added(m + place + 1, new[place]) for place in range(written, partner)]
        found.append(Edit(op="changed", paragraph=m + partner + 1, before=text, after=new[partner]))
        written = partner + 1
    return found + [_added(m + place + 1, new[place]) for place in range(written, len(new))]


def _pairs(old: list[Counter[str]], new: list[Counter[str]]) -> dict[int, int]:
    """The pairing that keeps the order and has most in common."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    share = [[_alike(one, other) for other in new] for one in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = share[i][j] + best[i + 1][j + 1] if share[i][j] >= ALIKE else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs = {}
    i = j = 0
    while i < len(old) and j < len(new):
        if share[i][j] >= ALIKE and best[i][j] == share[i][j] + best[i + 1][j + 1]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _words(text: str) -> Counter[str]:
    """Words; of scripts without spaces, the characters."""
    words = text.split()
    return Counter((words if 15 * len(words) > len(text) else text)[:MOST_WORDS])


def _alike(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _added(number: int, text: str) -> Edit:
    return Edit(op="added", paragraph=number, before=None, after=text)


def _removed(number: int, text: str) -> Edit:
    return Edit(op="removed", paragraph=number, before=text, after=None)
