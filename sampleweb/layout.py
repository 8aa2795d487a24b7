"""How an editor lays out a draft: which elements, in which order, furniture between them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from sampleweb.model import Block
from sampleweb.prose import Draft


def article_blocks(draft: Draft, rng: random.Random, kind: str) -> tuple[Block, ...]:
    """The body of an article. Briefs, flashes and teasers are paragraphs and nothing else."""
    if kind == "flash":
        return (Block(kind="p", text=draft.flash),)
    if kind in ("brief", "teaser"):
        return tuple(Block(kind="p", text=text) for text in draft.paragraphs)
    blocks: list[Block] = []
    last = len(draft.paragraphs) - 1
    spots = {
        "related": rng.choice((0, 1, 2)),
        "newsletter": rng.choice((1, 2, -1)),
        "ad": rng.choice((2, 3, -1)),
        "h2": rng.choice((1, 2, 2)),
        "h2b": rng.choice((4, 5)),
        "list": rng.choice((2, 3, -1, -1)),
        "quote": rng.choice((3, 4, -1)),
        "table": rng.choice((4, -1, -1)),
        "pull": rng.choice((2, 3, -1)),
        "embed": rng.choice((3, -1)),
        "readmore": rng.choice((last, -1)),
        "figure": rng.choice((3, -1)),
    }
    for number, text in enumerate(draft.paragraphs):
        if number and number == spots["h2"] and last > 3:
            blocks.append(Block(kind="h2", text=draft.subheads[0]))
        if number == spots["h2b"] and last > 5 and spots["h2"] < spots["h2b"]:
            blocks.append(Block(kind="h2", text=draft.subheads[1]))
        blocks.append(Block(kind="p", text=text, link=_phrase(text, rng)))
        if number == spots["list"]:
            blocks.append(Block(kind="li", rows=tuple((item,) for item in draft.items)))
        if number == spots["quote"]:
            blocks.append(Block(kind="quote", text=draft.quote))
        if number == spots["table"]:
            blocks.append(Block(kind="table", rows=draft.table))
        if number == spots["pull"] and ". " in text:  # a part of the paragraph, never all of it
            blocks.append(Block(kind="pull", text=_sentence(text)))
        if number == spots["figure"] and number < last:
            blocks.append(Block(kind="figure", text=draft.caption2))
        for furniture in ("related", "newsletter", "ad", "embed", "readmore"):
            if number == spots[furniture] and number <= last:
                blocks.append(Block(kind=furniture))
    return tuple(blocks)


def live_blocks(draft: Draft, times: Sequence[datetime], shown: int) -> tuple[Block, ...]:
    """The first `shown` updates of a live blog, the newest on top."""
    blocks: list[Block] = []
    for number in reversed(range(shown)):
        blocks.append(Block(kind="update", text=draft.subheads[number], label=f"{times[number]:%H:%M}"))
        blocks.append(Block(kind="p", text=draft.paragraphs[number]))
    return tuple(blocks)


def _phrase(text: str, rng: random.Random) -> str:
    """Two words in the middle of a paragraph that carry a link, in every third or so."""
    words = text.split(" ")
    if rng.random() > 0.35 or len(words) < 9:
        return ""
    start = rng.randrange(3, len(words) - 4)
    phrase = " ".join(words[start : start + 2])
    return phrase if text.count(phrase) == 1 and phrase.replace(" ", "").isalpha() else ""


def _sentence(text: str) -> str:
    """The first sentence, as a pull quote repeats it."""
    head, dot, _ = text.partition(". ")
    return head + dot.strip()
