"""From a lexicon file and a random generator to a story: headline, lede, paragraphs, lists, tables.

See `lexicon.py` for how phrases are written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sampleweb.prose.lexicon import Topic, lexicon
from sampleweb.prose.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The raw material of one story, all paragraphs distinct."""

    headline: str
    standfirst: str
    paragraphs: tuple[str, ...]
    subheads: tuple[str, ...]
    items: tuple[str, ...]
    quote: str
    table: tuple[tuple[str, ...], ...]
    caption: str
    flash: str
    section: str
    keywords: tuple[str, ...]
    headline2: str  # another headline for the same story, for edits
    additions: tuple[str, str]  # further paragraphs, for edits
    caption2: str


class Writer:
    """Writes stories in one language; never the same paragraph twice."""

    def __init__(self, language: str) -> None:
        self.lex = lexicon(language)
        self._seen: set[str] = set()

    def draft(self, rng: random.Random, when: datetime, *, length: int, topic: str | None = None) -> Draft:
        """A story of `length` paragraphs, published at `when`."""
        key = topic or rng.choice(sorted(self.lex.topics))
        subject = self.lex.topics[key]
        scene, lines = self._outline(rng, when, subject)
        quote = rng.choice(self.lex.generic.of("say"))
        ideas = self._ideas(rng, subject, quote)
        paragraphs = [lines["lede"]]
        while len(paragraphs) < length:
            paragraphs.append(self._paragraph(scene, ideas, rng.choice((1, 2, 2, 3))))
        column = self.lex.generic.of("col")[0].split("|")
        rows = tuple(
            (place.split("|")[0], str(rng.randint(11, 480)), str(rng.randint(11, 480)))
            for place in rng.sample(self.lex.lists["places"], 3)
        )
        return Draft(
            headline=lines["head"],
            headline2=lines["head2"],
            standfirst=lines["stand"],
            paragraphs=tuple(paragraphs),
            subheads=tuple(scene.fill(line) for line in rng.sample(subject.of("sub"), 2)),
            items=tuple(scene.fill(line) for line in rng.sample(subject.of("item"), 3)),
            quote=self._fresh(scene, [quote]),
            table=(tuple(column), *rows),
            caption=lines["cap"],
            flash=lines["flash"],
            section=subject.section,
            keywords=subject.keywords,
            additions=(self._paragraph(scene, ideas, 2), self._paragraph(scene, ideas, 1)),
            caption2=lines["cap2"],
        )

    def live(self, rng: random.Random, when: datetime, updates: int) -> Draft:
        """A live blog: `updates` paragraphs with as many subheads."""
        scene = Scene(self.lex, rng, when)
        generic = self.lex.generic
        base = self.draft(rng, when, length=1)
        lines = [self._fresh(scene, generic.of("live")) for _ in range(updates)]
        heads = [scene.fill(rng.choice(generic.of("livesub"))) for _ in range(updates)]
        return Draft(
            headline=self._fresh(scene, generic.of("livehead")),
            headline2=base.headline2,
            standfirst=base.standfirst,
            paragraphs=tuple(lines),
            subheads=tuple(heads),
            items=(),
            quote=base.quote,
            table=(),
            caption=base.caption,
            flash=base.flash,
            section=base.section,
            keywords=base.keywords,
            additions=base.additions,
            caption2=base.caption2,
        )

    def _outline(self, rng: random.Random, when: datetime, subject: Topic) -> tuple[Scene, dict[str, str]]:
        """The lines that must agree with each other (and be new): names and numbers are shared."""
        for attempt in range(300):
            scene = Scene(self.lex, rng, when)
            head, lede, head2 = self._head(rng, subject)
            caps = rng.sample(subject.of("cap"), 2)
            chosen = {
                "head": head,
                "lede": lede,
                "head2": head2,
                "cap": caps[0],
                "cap2": caps[1],
                **{kind: rng.choice(subject.of(kind)) for kind in ("stand", "flash")},
            }
            lines = {key: scene.fill(pattern, shared=True) for key, pattern in chosen.items()}
            new = [lines["lede"], lines["flash"]]
            if attempt < 200:  # headlines may come back after months, as they do
                new.append(lines["head"])
            distinct = lines["head"] != lines["head2"] and lines["cap"] != lines["cap2"]
            if distinct and not self._seen.intersection(new):
                self._seen.update(new)
                return scene, lines
        raise AssertionError(f"{self.lex.language}/{subject.key}: nothing new left to say")

    def _head(self, rng: random.Random, subject: Topic) -> tuple[str, str, str]:
        """A headline, the lede it goes with, and another headline for that lede."""
        heads, ledes = subject.of("head"), subject.of("lede")
        pairs = [(heads[int(pair[0])], ledes[int(pair[1])]) for pair in subject.of("pair")[0].split()]
        head, lede = rng.choice(pairs)
        others = [other for other, its in pairs if its == lede and other != head]
        known = self.lex.generic.of("known")[0]
        return head, lede, rng.choice(others) if others else f"{head}: {known}"

    def _ideas(self, rng: random.Random, subject: Topic, quote: str) -> Iterator[str]:
        """Facts of the topic, with quotes and background between them, none twice while it lasts."""
        while True:
            facts = _shuffled(rng, subject.of("fact"))
            say = _shuffled(rng, [line for line in self.lex.generic.of("say") if line != quote])
            context = _shuffled(rng, self.lex.generic.of("ctx"))
            while facts:
                yield facts.pop()
                if say and rng.random() < 0.7:
                    yield say.pop()
                if context and rng.random() < 0.6:
                    yield context.pop()
            yield from _shuffled(rng, say + context)

    def _paragraph(self, scene: Scene, ideas: Iterator[str], sentences: int) -> str:
        for _ in range(50):
            text = " ".join(scene.fill(next(ideas)) for _ in range(sentences))
            if text not in self._seen:
                self._seen.add(text)
                return text
        raise AssertionError(f"{self.lex.language}: no fresh paragraph left")

    def _fresh(self, scene: Scene, patterns: list[str]) -> str:
        """One of `patterns`, filled so that it was not written before."""
        for attempt in range(200):
            pattern = scene.rng.choice(patterns)
            if attempt > 100:  # a short phrase that has had its turn gets company
                pattern += " " + scene.rng.choice(self.lex.generic.of("ctx"))
            text = scene.fill(pattern)
            if text not in self._seen:
                self._seen.add(text)
                return text
        raise AssertionError(f"{self.lex.language}: no fresh line left in {patterns[0]!r}")


def _shuffled(rng: random.Random, lines: list[str]) -> list[str]:
    return rng.sample(lines, len(lines))
