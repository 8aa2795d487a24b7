"""Near-duplicates: the same story over outlets, found by MinHash and proven by what the texts have in common.

Texts are compared by their shingles: five words in a row, or five letters in scripts that are written without spaces.
MinHash with locality-sensitive hashing names pairs that may be alike; two texts are taken for the same only if their
true Jaccard similarity is ``ALIKE`` or more. The first of a cluster is its head, and every other member is alike to
the head itself, not to some neighbour's neighbour. Versions of one article are never duplicates of each other.

The same texts in the same order always give the same clusters.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

ALIKE = 0.8
"""Jaccard similarity from which two texts are the same story."""

SHINGLE = 5

PERMUTATIONS = 128
BANDS, ROWS = 21, 6
"""Of the signature. A pair at .8 is named with probability .998, one at .5 with .28, one at .2 with .001."""

SEED = 8259
"""Of the permutations: signatures are kept between exports."""

MOST_HEADS = 100
"""Heads that one text is compared with: those it shares most bands with."""

CACHED = 4096
"""Sets of shingles that are kept at hand, a few kilobytes each."""

_WORD = re.compile(
    r"[\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0f00\u0f18-\u0f39\u0f71-\u109f\u1780-\u17d3]+"
)
"""Letters and digits with the vowel signs that Indic, Thai, Arabic and Hebrew writing puts on them."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""


def shingles(text: str) -> list[str]:
    """The shingles of a text, with repetitions. A text shorter than one is one; without any word there is none."""
    text = text.lower()
    words = _WORD.findall(text)
    if 3 * len(_UNSPACED.findall(text)) > len(text):
        letters = "".join(words)
        return [letters[at : at + SHINGLE] for at in range(max(1, len(letters) - SHINGLE + 1))] if letters else []
    if len(words) <= SHINGLE:
        return [" ".join(words)] if words else []
    return list(map(" ".join, zip(*(words[start:] for start in range(SHINGLE)), strict=False)))


def jaccard(one: str, other: str) -> float:
    """The share of shingles that two texts have in common."""
    these, those = set(shingles(one)), set(shingles(other))
    return len(these & those) / len(these | those) if these or those else 0.0


def signature(text: str) -> bytes | None:
    """The band keys of a text (``BANDS`` times 8 bytes); None where there is nothing to compare."""
    numpy, minhash = _libraries()
    found = shingles(text)
    if not found:
        return None
    made = minhash(num_perm=PERMUTATIONS, seed=SEED)
    made.update(found)
    rows = numpy.array(made.digest()[: BANDS * ROWS], numpy.uint64).reshape(BANDS, ROWS)
    keys: bytes = (rows @ _mix()).astype("<u8").tobytes()
    return keys


@lru_cache(maxsize=1)
def _libraries() -> tuple[Any, Any]:
    try:
        import numpy
        from rensa import RMinHash
    except ImportError:
        raise ConfigError("duplicates need rensa and numpy: pip install -e '.[export]' in the checkout") from None
    return numpy, RMinHash


@lru_cache(maxsize=1)
def _mix() -> np.ndarray[Any, Any]:
    """Odd numbers by which the rows of a band are told apart in its key."""
    numpy, _ = _libraries()
    made = (hashlib.sha256(bytes([row])).digest()[:8] for row in range(ROWS))
    return numpy.array([int.from_bytes(seed, "little") | 1 for seed in made], numpy.uint64)  # type: ignore[no-any-return]


class Clusters:
    """Texts in the order in which they may be heads: the first of a cluster is its head."""

    def __init__(self) -> None:
        self._articles, self._addresses, self._digests = array("q"), array("q"), array("q")
        self._bands = bytearray()
        self._fixed = bytearray()

    def __len__(self) -> int:
        return len(self._articles)

    def add(self, *, article: int, address: int, digest: int, bands: bytes | None, fixed: bool = False) -> None:
        """Take the next text.

        ``article`` is the same for versions of one article, ``address`` for one canonical address, ``digest`` for one
        text (64 bits of a hash of each will do). What is ``fixed`` is a head whatever else there is.
        """
        self._articles.append(article)
        self._addresses.append(address)
        self._digests.append(digest)
        # Without a signature a text must not meet others: a key of its own in each band.
        self._bands += bands or b"".join(
            hashlib.blake2b(b"%d %d" % (len(self), band), digest_size=8).digest() for band in range(BANDS)
        )
        self._fixed.append(fixed)

    def solve(self, text_of: Callable[[int], str]) -> Iterator[int]:
        """The head of each text, in order; of a head, itself. ``text_of`` gives a text by its number."""
        numpy, _ = _libraries()

        @lru_cache(maxsize=CACHED)
        def marks(number: int) -> Any:
            found = shingles(text_of(number))
            return numpy.unique(numpy.fromiter(map(hash, found), numpy.int64, len(found)))

        def alike(one: int, other: int) -> bool:
            these, those = marks(one), marks(other)
            if min(len(these), len(those)) < ALIKE * max(len(these), len(those), 1):
                return False
            common = len(numpy.intersect1d(these, those, assume_unique=True))
            return bool(common >= ALIKE * (len(these) + len(those) - common))

        starts, buckets = self._shared()
        same: dict[int, list[int]] = {}
        near: dict[int, list[int]] = {}
        for number in range(len(self)):
            digest, shared = self._digests[number], buckets[starts[number] : starts[number + 1]].tolist()
            head = None
            if not self._fixed[number]:
                head = next((other for other in same.get(digest, ()) if self._apart(number, other)), None)
                if head is None:
                    met = Counter(other for bucket in shared for other in near.get(bucket, ()))
                    tried = sorted(other for other, _ in met.most_common(MOST_HEADS))
                    head = next((o for o in tried if self._apart(number, o) and alike(number, o)), None)
            if head is None:
                same.setdefault(digest, []).append(number)
                for bucket in shared:
                    near.setdefault(bucket, []).append(number)
            yield number if head is None else head

    def _apart(self, one: int, other: int) -> bool:
        """Whether two texts are of different articles, so that one may be a duplicate of the other.

        The same text at the same address in two chains of versions is one page that two jobs have.
        """
        if self._articles[one] == self._articles[other]:
            return False
        return self._addresses[one] != self._addresses[other] or self._digests[one] == self._digests[other]

    def _shared(self) -> tuple[Any, Any]:
        """The buckets in which each text is not alone: where those of a text start, and their numbers."""
        numpy, _ = _libraries()
        keys = numpy.frombuffer(bytes(self._bands), "<u8").reshape(-1, BANDS)
        texts, buckets, made = [], [], 0
        for band in range(BANDS):
            column = numpy.ascontiguousarray(keys[:, band])
            order = numpy.argsort(column, kind="stable")
            ordered = column[order]
            again = ordered[1:] == ordered[:-1]
            shared = numpy.zeros(len(order), bool)
            shared[1:] |= again
            shared[:-1] |= again
            first = numpy.concatenate(([True], ~again)) if len(order) else shared
            numbers = numpy.cumsum(first)
            texts.append(order[shared].astype(numpy.int32))
            buckets.append((numbers[shared] + made).astype(numpy.int64))
            made += len(order) + 1
        who, where = numpy.concatenate(texts), numpy.concatenate(buckets)
        order = numpy.argsort(who, kind="stable")
        starts = numpy.searchsorted(who[order], numpy.arange(len(self) + 1))
        return starts, where[order]
