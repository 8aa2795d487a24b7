"""What is remembered of an article between its captures."""

from __future__ import annotations

import dataclasses
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from pipelines.model import Article, mark
from pipelines.records.jsonl import encode

MANY_PARAGRAPHS = 200
"""Paragraph marks kept per article (4 bytes each): beyond that, the beginning decides."""

SAME_STORY = 0.3
"""Share of the shorter text's paragraphs found in the other, from which two texts under one canonical address
are taken for one story. Live blogs keep most of their paragraphs; a wrong canonical link shares none."""

SAME_HEADED, SAME_ANYWAY, ENOUGH = 0.5, 0.8, 3
"""The same where only the look of the addresses speaks for it: under the same headline, and under another one, which
takes three paragraphs at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An article as its last version left it, and when it was last seen."""

    id: str
    run: int
    """The last run that settled a capture of the article itself."""
    number: int
    first_seen: str
    text: str
    """Digest of the text."""
    headline: str | None
    metadata: str
    """Digest of authors, dates and keywords."""
    paragraphs: tuple[int, ...]
    """The mark of each paragraph."""
    left_out: tuple[int, ...] = ()
    """Marks of what was no paragraph for no other reason than what is known of the site."""
    seen: str | None = None
    """Date of the last capture that showed it."""
    missing: str | None = None
    """Date of the first capture since then that showed it gone."""
    missed: int = 0
    """The run of that capture."""
    gone: bool = False
    """Whether its deletion is recorded."""
    soft: bool = False
    """Whether the last page with status 200 at its address said that it is not there."""
    address: str | None = None
    """Where it was last seen, if that is not the address it is known by."""

    def to_json(self) -> str:
        """Without what is as by default, and without the marks, which take the most room."""
        given = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default and field.name not in MARKS
        }
        return json.dumps(given, sort_keys=True)  # ASCII: a headline may hold half a surrogate pair

    @classmethod
    def from_json(cls, text: str) -> Known:
        """Read back; those of 1.0 bring their paragraphs."""
        values = json.loads(text)
        return cls(**{**values, "paragraphs": tuple(values.get("paragraphs", ()))})


MARKS = ("paragraphs", "left_out")


def known_of(article: Article, run: int, key: str, left_out: tuple[int, ...] = ()) -> Known:
    """An article as its first version is remembered; ``left_out`` marks what site memory kept out of its text."""
    about = encode([article.authors, article.date_published, article.keywords, article.article_section])
    return Known(
        id=article.id,
        run=run,
        number=1,
        first_seen=article.warc.date,
        text=article.extraction.text_digest,
        headline=_headline(article),
        metadata=f"{zlib.crc32(about):08x}",
        paragraphs=marks(article.text),
        left_out=left_out[:MANY_PARAGRAPHS],
        seen=article.warc.date,
        address=None if article.url == key else article.url,
    )


def storable(value: str) -> str:
    """As SQLite and the records can hold it: UTF-8 knows no lone surrogates."""
    return value.encode("utf-8", "replace").decode()


def _headline(article: Article) -> str | None:
    return None if article.headline is None else storable(article.headline)


def marks(text: str) -> tuple[int, ...]:
    return tuple(mark(part) for part in text.split("\n\n")[:MANY_PARAGRAPHS])


def change_of(known: Known, now: Known) -> str | None:
    """What differs between two versions."""
    if known.text != now.text and not read_otherwise(known, now):
        return "text"
    if known.headline != now.headline:
        return "headline"
    return "metadata" if known.metadata != now.metadata else None


def read_otherwise(known: Known, now: Known) -> bool:
    """Whether two texts differ in nothing but what site memory left out of one of them: the page did not change there,
    more is known of its site."""
    before, after = set(known.paragraphs), set(now.paragraphs)
    gone, come = before - after, after - before
    if not (gone or come) or max(len(known.paragraphs), len(now.paragraphs)) >= MANY_PARAGRAPHS:
        return False
    return gone <= set(now.left_out) and come <= set(known.left_out)


def same_story(known: Known, article: Article) -> bool:
    """Whether a page that names the address of a known article can be that article."""
    if known.text == article.extraction.text_digest or (known.headline and known.headline == _headline(article)):
        return True
    return _share(known, article) >= SAME_STORY


def surely_same(known: Known, article: Article) -> bool:
    """Whether a page whose address only looks like that of a known article proves to be that article."""
    if known.text == article.extraction.text_digest:
        return True
    share = _share(known, article)
    if known.headline and known.headline == _headline(article):
        return share >= SAME_HEADED
    return share >= SAME_ANYWAY and len(known.paragraphs) >= ENOUGH and article.text.count("\n\n") >= ENOUGH - 1


def _share(known: Known, article: Article) -> float:
    ours, theirs = set(marks(article.text)), set(known.paragraphs)
    return len(ours & theirs) / max(1, min(len(ours), len(theirs)))


# ---------------------------------------------------------------------- small, for the ledger


def packed(paragraphs: tuple[int, ...]) -> bytes:
    """Four bytes a paragraph."""
    return struct.pack(f"<{len(paragraphs)}I", *paragraphs)


def unpacked(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data)


def raw(value: str) -> bytes | str:
    """A digest or UUID in half its room; anything else as it is."""
    try:
        data = bytes.fromhex(value.replace("-", ""))
    except ValueError:
        return value
    return data if unraw(data) == value else value


def unraw(value: Any) -> str:
    if isinstance(value, str):
        return value
    digits: str = value.hex()
    if len(digits) != 32:
        return digits
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
