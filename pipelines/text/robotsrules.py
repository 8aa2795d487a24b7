"""Which rule of a robots.txt wins for an address (RFC 9309, section 2.2.2, as Google's parser reads it).

A rule matches from the start of path and query; ``*`` stands for anything, ``$`` at the end for the end. The longest
rule that matches wins, in its escaped form, wildcards counted; of two as long, the one that allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_SPECIAL = str.maketrans({"*": "%2A", "$": "%24"})
"""Characters that a rule must escape to mean themselves."""
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_STARS = re.compile(r"\*+")
_INDEX = "/index.htm"
_IN_QUERY = ":/?@[]"
"""Reserved characters that stand in a query escaped or not, and mean the same (RFC 9309 has ``?baz=https://…``)."""


@dataclass(frozen=True, slots=True)
class _Rule:
    allows: bool
    pattern: str
    parts: tuple[str, ...]
    """Between the stars."""
    ends: bool
    """The last part is the end of the address."""

    def matches(self, target: str) -> bool:
        parts = self.parts
        if not target.startswith(parts[0]):
            return False
        if len(parts) == 1:
            return not self.ends or len(target) == len(parts[0])
        at = len(parts[0])
        for part in parts[1:-1]:
            at = target.find(part, at)
            if at < 0:
                return False
            at += len(part)
        if self.ends:
            return len(target) - len(parts[-1]) >= at and target.endswith(parts[-1])
        return target.find(parts[-1], at) >= 0


class Pattern:
    """A path as a rule has it, by itself; an empty one matches all."""

    def __init__(self, text: str) -> None:
        self._rule = _rule(False, escaped(text))

    def matches(self, target: str) -> bool:
        """Whether it matches an address in one of its ``targets``."""
        return self._rule.matches(target)


class Rules:
    """The rules of one robots.txt for one crawler: pairs of ``allow`` or ``disallow`` and a pattern."""

    def __init__(self, rules: Iterable[tuple[str, str]]) -> None:
        made = [_rule(field == "allow", each) for field, value in rules for each in _with_folder(field, escaped(value))]
        made.sort(key=lambda rule: (-len(rule.pattern), not rule.allows))
        self._rules = made
        self._plain = tuple(rule.parts[0] for rule in made if len(rule.parts) == 1 and not rule.ends)
        self._special = [rule for rule in made if len(rule.parts) > 1 or rule.ends]

    def allow(self, url: str) -> bool:
        """Whether an address may be fetched."""
        best: _Rule | None = None
        for target in targets(url):
            # Most files have plain rules by the hundred, none of which matches: one look tells.
            for rule in self._rules if target.startswith(self._plain) else self._special:
                if rule.matches(target):
                    if best is None or (len(rule.pattern), rule.allows) > (len(best.pattern), best.allows):
                        best = rule
                    break
        return best is None or best.allows


def _rule(allows: bool, pattern: str) -> _Rule:
    ends = pattern.endswith("$")
    body = _STARS.sub("*", pattern.removesuffix("$")).replace("$", "%24")
    return _Rule(allows, pattern, tuple(body.split("*")), ends)


def _with_folder(field: str, pattern: str) -> Iterable[str]:
    """A rule; with one that allows a folder's index page, the folder itself, as that is the same page."""
    yield pattern
    folder, slash, last = pattern.rpartition("/")
    if field == "allow" and (slash + last).startswith(_INDEX):
        yield f"{folder}/$"


def escaped(text: str) -> str:
    """Path and query, or a rule, in the form in which they are compared.

    What is not ASCII, or cannot stand in an address, is escaped; escapes of what needs none are undone; all others
    are in capitals. A ``%`` that begins no escape is one of itself.
    """

    def one(found: re.Match[str]) -> str:
        digits = found[1]
        if digits is None:
            return "%25"
        value = int(digits, 16)
        return chr(value) if value in _UNRESERVED else f"%{digits.upper()}"

    return quote(_ESCAPE.sub(one, text) if "%" in text else text, safe=_SAFE, errors="replace")


def target_of(url: str) -> str:
    """What rules are matched with: path and query of an address, without its fragment."""
    rest = url.partition("#")[0].partition("://")[2]
    start = re.search(r"[/?]", rest)
    target = rest[start.start() :] if start else ""
    return target if target.startswith("/") else f"/{target}"


def targets(url: str) -> Iterable[str]:
    """The forms of an address that a rule may mean: as it is, its query with reserved characters plain, and escaped."""
    target = escaped(target_of(url)).translate(_SPECIAL)
    yield target
    path, mark, query = target.partition("?")
    if not mark:
        return
    forms = {target}
    for plain in (True, False):
        changed = query
        for character in _IN_QUERY:
            code = f"%{ord(character):02X}"
            changed = changed.replace(code, character) if plain else changed.replace(character, code)
        if (form := f"{path}?{changed}") not in forms:
            forms.add(form)
            yield form
