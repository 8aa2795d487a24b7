"""From a lexicon file and a random generator to a story: headline, lede, paragraphs, lists, tables.

A lexicon (`en.txt`, `de.txt` ...) holds phrases with slots:

    {place} {place2} {org} {org2}     story-wide names; with forms: {place.in} {org.gen}; {org_c} capitalised
    {p1} {p1s} {r1}                   a person, the surname, the role (p2, p3 likewise)
    {p1:said/said}                    a word by the gender of that person
    {12-48}  {=1990-2010}             a number, with and without thousands grouping
    {a|b|c}                           one of these
    {day}                             the weekday of publication
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources

_SLOT = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(=?)(\d+)-(\d+)\Z")


@dataclass(slots=True)
class Topic:
    """What stories about one thing draw on: heads, ledes, facts, subheads, items, captions."""

    key: str
    lines: dict[str, list[str]] = field(default_factory=dict)

    def of(self, kind: str) -> list[str]:
        return self.lines.get(kind, [])

    @property
    def section(self) -> str:
        return self.of("section")[0]

    @property
    def keywords(self) -> tuple[str, ...]:
        return tuple(word.strip() for word in self.of("kw")[0].split(";"))


@dataclass(slots=True)
class Lexicon:
    """All phrases of one language."""

    language: str
    grouping: str = ","
    lists: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    generic: Topic = field(default_factory=lambda: Topic("generic"))


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


@cache
def lexicon(language: str) -> Lexicon:
    """Read `<language>.txt`."""
    source = resources.files(__package__).joinpath(f"{language}.txt").read_text("utf-8")
    lex = Lexicon(language)
    target: list[str] | Topic = []
    for line in source.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, _, rest = line[1:].partition(" ")
            if name == "grouping":
                lex.grouping = {"space": "\u00a0", "none": ""}.get(rest, rest)
            elif name == "topic":
                target = lex.topics[rest] = Topic(rest)
            elif name == "generic":
                target = lex.generic
            else:
                target = lex.lists[name] = []
        elif isinstance(target, Topic):
            kind, _, text = line.partition(": ")
            target.lines.setdefault(kind, []).append(text)
        else:
            target.append(line)
    return lex


class Writer:
    """Writes stories in one language; never the same paragraph twice."""

    def __init__(self, language: str) -> None:
        self.lex = lexicon(language)
        self._seen: set[str] = set()

    def draft(
        self, rng: random.Random, when: datetime, *, length: int, topic: str | None = None
    ) -> Draft:
        """A story of `length` paragraphs, published at `when`."""
        key = topic or rng.choice(sorted(self.lex.topics))
        subject = self.lex.topics[key]
        scene, lines = self._outline(rng, when, subject)
        ideas = self._ideas(rng, subject)
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
            quote=self._fresh(scene, self.lex.generic.of("say")),
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
        scene = _Scene(self.lex, rng, when)
        generic = self.lex.generic
        base = self.draft(rng, when, length=1)
        lines = [self._fresh(scene, generic.of("live")) for _ in range(updates)]
        heads = [scene.fill(rng.choice(generic.of("livesub"))) for _ in range(updates)]
        return Draft(
            headline=self._fresh(scene, generic.of("livehead")), headline2=base.headline2,
            standfirst=base.standfirst, paragraphs=tuple(lines), subheads=tuple(heads), items=(),
            quote=base.quote, table=(), caption=base.caption, flash=base.flash,
            section=base.section, keywords=base.keywords, additions=base.additions,
            caption2=base.caption2,
        )

    def _outline(
        self, rng: random.Random, when: datetime, subject: Topic
    ) -> tuple[_Scene, dict[str, str]]:
        """The lines that must agree with each other (and be new): names and numbers are shared."""
        for attempt in range(300):
            scene = _Scene(self.lex, rng, when)
            heads = rng.sample(subject.of("head"), 2)
            caps = rng.sample(subject.of("cap"), 2)
            chosen = {
                "head": heads[0], "head2": heads[1], "cap": caps[0], "cap2": caps[1],
                **{kind: rng.choice(subject.of(kind)) for kind in ("lede", "stand", "flash")},
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

    def _ideas(self, rng: random.Random, subject: Topic) -> Iterator[str]:
        """Facts of the topic, with quotes and background between them; endless."""
        while True:
            facts = rng.sample(subject.of("fact"), len(subject.of("fact")))
            say = rng.sample(self.lex.generic.of("say"), len(self.lex.generic.of("say")))
            context = rng.sample(self.lex.generic.of("ctx"), len(self.lex.generic.of("ctx")))
            for fact, quote, background in zip(facts, say, context, strict=False):
                yield fact
                if rng.random() < 0.7:
                    yield quote
                if rng.random() < 0.6:
                    yield background

    def _paragraph(self, scene: _Scene, ideas: Iterator[str], sentences: int) -> str:
        for _ in range(50):
            text = " ".join(scene.fill(next(ideas)) for _ in range(sentences))
            if text not in self._seen:
                self._seen.add(text)
                return text
        raise AssertionError(f"{self.lex.language}: no fresh paragraph left")

    def _fresh(self, scene: _Scene, patterns: list[str]) -> str:
        """One of `patterns`, filled so that it was not written before."""
        for _ in range(300):
            text = scene.fill(scene.rng.choice(patterns))
            if text not in self._seen:
                self._seen.add(text)
                return text
        raise AssertionError(f"{self.lex.language}: no fresh line left in {patterns[0]!r}")


class _Scene:
    """The names that stay the same through one story."""

    def __init__(self, lex: Lexicon, rng: random.Random, when: datetime) -> None:
        self.lex, self.rng = lex, rng
        self.genders: dict[str, bool] = {}
        self.names: dict[str, str] = {}
        people = rng.sample(lex.lists["people"], 3)
        roles = rng.sample(lex.lists["roles"], 3)
        for number, (person, role) in enumerate(zip(people, roles, strict=True), 1):
            name, gender = person.split("|")
            woman = gender == "f"
            forms = role.split("|")
            self.genders[f"p{number}"] = woman
            self.names |= {
                f"p{number}": name,
                f"p{number}s": name.split(" ")[-1],
                f"r{number}": forms[-1] if woman else forms[0],
            }
        self.names["day"] = lex.lists["days"][when.weekday()]
        self._shared: dict[str, str] = {}
        for name, kind in (("place", "places"), ("org", "orgs")):
            first, second = self.rng.sample(self.lex.lists[kind], 2)
            for key, entry in ((name, first), (name + "2", second)):
                forms = entry.split("|")
                self.names[key] = forms[0]
                for form in forms[1:]:
                    label, _, text = form.partition("=")
                    self.names[f"{key}.{label}"] = text

    def fill(self, pattern: str, *, shared: bool = False) -> str:
        """Replace the slots of `pattern`; `shared` gives equal choices equal outcomes, so that
        a headline and its lede name the same number."""

        def slot(match: re.Match[str]) -> str:
            if shared and ("|" in match[1] or _RANGE.match(match[1])):
                return self._shared.setdefault(match[1], self._slot(match[1]))
            return self._slot(match[1])

        text = pattern
        while _SLOT.search(text):  # inner slots first
            text = _SLOT.sub(slot, text)
        return re.sub(r"  +", " ", text).strip()

    def _slot(self, slot: str) -> str:
        if "|" in slot:
            return self.rng.choice(slot.split("|"))
        span = _RANGE.match(slot)
        if span:
            number = self.rng.randint(int(span[2]), int(span[3]))
            if span[1] or number < 1000:
                return str(number)
            return f"{number:,}".replace(",", self.lex.grouping)
        name, colon, forms = slot.partition(":")
        if colon and name in self.genders:
            return forms.split("/")[1 if self.genders[name] else 0]
        base, _, wish = name.partition("_")
        value = self.names.get(base)
        if value is None:  # a form that needs no entry of its own is the plain name
            value = self.names[base.split(".")[0]]
        return value[0].upper() + value[1:] if wish == "c" else value
