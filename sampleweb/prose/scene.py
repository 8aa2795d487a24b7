"""One story's names, and the filling of its phrases."""

from __future__ import annotations

import random
import re
from datetime import datetime

from sampleweb.prose.lexicon import Lexicon

_SLOT = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(=?)(\d+)-(\d+)\Z")


class Scene:
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
        self._met: set[str] = set()
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
            number = self._number(int(span[2]), int(span[3]), free=bool(span[1]))
            if span[1] or number < 1000:
                return str(number)
            return f"{number:,}".replace(",", self.lex.grouping)
        name, colon, forms = slot.partition(":")
        if colon and name in self.genders:
            return forms.split("/")[1 if self.genders[name] else 0]
        base, _, wish = name.partition("_")
        if base in self.genders:
            self._met.add(base)
        elif base[:-1] in self.genders and base[:-1] not in self._met:
            base = base[:-1]  # nobody is called by the surname before being introduced
            self._met.add(base)
        value = self.names.get(base)
        if value is None:  # a form that needs no entry of its own is the plain name
            value = self.names[base.split(".")[0]]
        return value[0].upper() + value[1:] if wish == "c" else value

    def _number(self, low: int, high: int, *, free: bool) -> int:
        """From `low` to `high`; where the language wants it, one that counts like five."""
        if free or self.lex.counted != "five":
            return self.rng.randint(low, high)
        fitting = [n for n in range(low, high + 1) if not 1 <= n % 10 <= 4 or 11 <= n % 100 <= 14]
        return self.rng.choice(fitting or range(low, high + 1))
