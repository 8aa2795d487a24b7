"""Whether a page holds what an article says, in whatever form: markup, feeds, JSON, attributes.

Texts are compared by their letters and digits alone. Words joined by a hyphen, slash or the like stay joined, so that a
headline is not found in the address that was made of it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

PIECE = 40
"""Letters of a piece of a sentence. What is quoted from its start, or 80 letters from within, holds one."""

SENTENCE, HEAD = 24, 16
"""Letters that a sentence, and a headline, must have to tell an article; of letters beyond Latin and the like half."""

HEAD_WORDS = 3
"""Words that a headline must have, where words are set apart."""

GRAM = 16
"""Letters that a page and a piece must have in common before the whole piece is looked for."""

STEP, NARROW, MOST_SHORT = 24, 8, 50
"""A page is looked at every 24 letters, so that no piece of 39 is missed, and shorter ones are looked for one by one;
where there are more than 50 of these, every 8 letters, for all that have 23."""

RETOLD = 0.3
"""Share of an article's pieces from which another text tells it again."""

MANY, FEW_SENTENCES = 100, 4
"""Of more articles than that only headline, description and first sentences are looked for."""

_TOKEN = re.compile(r"[^\W_]+(?:[-\u2010\u2011_/+%=][^\W_]+)*")
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_END = re.compile(r"[.!?。！？…]+[\"'”»“’)\]]*\s+|[。！？]|\n+")
_ENTITY = re.compile(r"&(?:#\w+|\w+);")


def letters(text: str) -> str:
    """Letters and digits of a text, in lower case."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return "".join(_TOKEN.findall(text.lower()))


def forms(page: str) -> list[str]:
    """What a page says, as ``letters``: its text, and what its tags hold."""
    if "\\" in page:
        page = _ESCAPE.sub(_escaped, page).replace("\\/", "/").replace("\\n", " ").replace("\\", "")
    for _ in range(2):  # a feed holds markup as text
        if "&" in page and _ENTITY.search(page):
            page = html.unescape(page)
    page = page.replace("<![CDATA[", " ").replace("]]>", " ")
    tags = " ".join(tag for tag in _TAG.findall(page) if len(tag) > GRAM)
    return [letters(_TAG.sub(" ", page)), letters(tags)]


def _escaped(found: re.Match[str]) -> str:
    value = chr(int(found[1], 16))
    return " " if "\ud800" <= value <= "\udfff" else value


class Traces:
    """What is looked for: headlines, descriptions, sentences of some articles."""

    def __init__(self) -> None:
        self._pieces: dict[str, int] = {}
        """And which article says it, by number."""
        self._sizes: list[int] = []
        self._grams: dict[int, list[str]] = {}
        self._step = STEP
        self._short: list[str] = []
        """Headlines and sentences too short to be found in that way."""

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, heads: Iterable[str | None], text: str) -> None:
        """Look for an article: for what stands above it, whole, and for the sentences of its text."""
        self._sizes.append(0)
        for head in heads:
            if head and len(head.split()) >= (1 if _dense(head) else HEAD_WORDS):
                self._add(letters(head), HEAD)
        for number, sentence in enumerate(_END.split(text)):
            if number >= FEW_SENTENCES and len(self._sizes) > MANY:
                break
            found = letters(sentence)
            self._add(found[:PIECE], SENTENCE)
            for at in range(PIECE, len(found) - PIECE + 1, PIECE):
                self._add(found[at : at + PIECE], PIECE)

    def _add(self, piece: str, least: int) -> None:
        if len(piece) >= (least // 2 if _dense(piece) else least) and piece not in self._pieces:
            self._pieces[piece] = len(self._sizes) - 1
            self._sizes[-1] += 1
            self._grams.clear()

    def drop(self, pieces: Iterable[str]) -> None:
        """Do not look for these any more: others say them, too."""
        for piece in pieces:
            self._pieces.pop(piece, None)
        self._grams.clear()

    def retold(self, pieces: Iterable[str]) -> bool:
        """Whether who says so much tells one of the articles again, and does not just quote it."""
        told = Counter(self._pieces[piece] for piece in pieces)
        return any(number >= max(2, RETOLD * self._sizes[article]) for article, number in told.items())

    def of(self, page: str) -> set[str]:
        """The pieces that a page, or a text, holds."""
        return set().union(*(self.within(form) for form in forms(page)))

    def within(self, found: str) -> set[str]:
        """The pieces that are in some ``letters``."""
        if not self._grams:
            self._index()
        near = set(self._short)
        for at in range(0, len(found) - GRAM + 1, self._step):
            if (pieces := self._grams.get(hash(found[at : at + GRAM]))) is not None:
                near.update(pieces)
        return {piece for piece in near if piece in found}

    def _index(self) -> None:
        self._short, self._grams = [], {0: []}
        few = sum(len(piece) < GRAM + STEP - 1 for piece in self._pieces) <= MOST_SHORT
        self._step = STEP if few else NARROW
        for piece in self._pieces:
            if len(piece) < GRAM + self._step - 1:
                self._short.append(piece)
                continue
            for at in range(len(piece) - GRAM + 1):
                self._grams.setdefault(hash(piece[at : at + GRAM]), []).append(piece)


def _dense(text: str) -> bool:
    """Whether a text is in a script without blanks between words, such as Chinese, or Thai."""
    return sum("\u0e00" <= letter <= "\u0eff" or letter >= "\u1000" for letter in text) * 2 > len(text.replace(" ", ""))
