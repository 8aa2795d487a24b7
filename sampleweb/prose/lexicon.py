"""The phrases of a language, from a text file.

A lexicon (`en.txt`, `de.txt` ...) holds phrases with slots:

    {place} {place2} {org} {org2}     story-wide names; with forms: {place.in} {org.gen}; {org_c} capitalised
    {p1} {p1s} {r1}                   a person, the surname, the role (p2, p3 likewise)
    {p1:said/said}                    a word by the gender of that person
    {12-48}  {=1990-2010}             a number, with and without thousands grouping
    {a|b|c}                           one of these
    {day}                             the weekday of publication

`pair: 00 10 21` in a topic says which lede a headline goes with: the first two headlines with the
first lede, the third with the second. `@counted five` keeps numbers to those that Russian counts
like five, so that the noun after them is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources


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
    counted: str = ""
    lists: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    generic: Topic = field(default_factory=lambda: Topic("generic"))


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
            elif name == "counted":
                lex.counted = rest
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
