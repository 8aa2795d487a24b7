"""Headline and alternative headline, with the site's name and section cut off.

Pages give the headline in up to five places, each for another reader: JSON-LD ``headline`` and ``h1`` for who reads the
article, ``og:title`` for who sees a link to it, ``title`` for search engines. What is glued on (site, section, author) is cut
where the page itself says what its site, section or author is called; never for a dash or colon alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.text import jsonld
from pipelines.text.structured import Markup, plain

SEPARATORS = r"[|\-–—·•*~»«›<>/:：∙¦｜ㅣ│﹣－―,.]"
"""What stands between a headline and a site's name. Hyphen, colon, full stop and comma need a space after them or a known name."""

_LAST = re.compile(
    rf"^(?P<head>.*\S)\s*(?P<sep>(?<=\s){SEPARATORS}+|[|｜ㅣ│:：\-–—]+|[.,](?=\s))\s*(?P<tail>[^|｜ㅣ│]*?\S)$"
)
_FIRST = re.compile(r"^(?P<tail>[^|｜:»]{2,60}?)\s*(?:[|｜:»]|\s[-–—·•»]\s)\s*(?P<head>\S.*)$")
_WORD = re.compile(r"[^\W_]+")
_BY = re.compile(r"^(?:by|von|par|por|di|door|av|af|от|автор)\s+", re.I)

MIN_WORDS = 2
"""Words that must be left after a cut: a headline of one word with a site name is told by h1 or JSON-LD."""

MAX_HEADLINE = 400
"""Characters; longer texts in an ``h1`` are whole articles that lost their end tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The headline and the other one that the page shows, if any."""

    headline: str | None
    alternative: str | None


def key(text: str) -> str:
    """Letters and digits only, case folded: what remains the same in all ways to write a name."""
    return "".join(_WORD.findall(text.casefold()))


def read(page: Markup, *, site_names: Collection[str], sections: Collection[str], people: Collection[str]) -> Headline:
    """The page's headline. The names are what the page calls its site, sections and authors."""
    affixes = Affixes.of(page.url, site_names, sections, people)
    ld = affixes.cut(plain(jsonld.first(page.article.get("headline")) or ""))
    social = [affixes.cut(plain(value)) for name in ("og:title", "twitter:title") if (value := page.first(name))]
    title = affixes.cut(page.title)
    shown = _shown(page, [ld, *social, title], affixes)
    chosen = _choose(ld, social, shown, title, affixes)
    declared = plain(jsonld.first(page.article.get("alternativeHeadline")) or "")
    others = [declared, shown, *social[:1], ld]
    alternative = next((o for o in others if o and key(o) != key(chosen) and not _part_of(o, chosen)), None)
    return Headline(headline=chosen or None, alternative=alternative if chosen else None)


def _part_of(a: str, b: str) -> bool:
    """Whether one is the other with something left out at an end (a kicker, a truncation)."""
    a, b = key(a), key(b)
    return a in b or b in a


def _choose(ld: str, social: list[str], shown: str, title: str, affixes: Affixes) -> str:
    og = social[0] if social else ""
    if ld and not affixes.is_site(ld):
        whole = _whole(ld, [og, shown, title])
        return _recased(whole, [shown, og])
    if og and shown and key(og) != key(shown):
        # Without JSON-LD the two disagree: what stands on the page, unless it is no headline of this page
        return _recased(shown, []) if _related(shown, og) or _related(shown, title) else og
    if og and not affixes.is_site(og):
        return og
    if shown:
        return shown
    return next((value for value in (*social[1:], title) if value and not affixes.is_site(value)), title)


def _whole(text: str, others: list[str]) -> str:
    """The full form of a headline that a field's limit cut short with an ellipsis."""
    if text.endswith(("…", "...")):
        stem = key(text)
        for other in others:
            if key(other).startswith(stem) and len(key(other)) > len(stem):
                return other
    return text


def _recased(text: str, others: list[str]) -> str:
    """Another form with the same letters where this one is in capitals only."""
    if text.isupper() and len(text) > 12:
        return next((o for o in others if key(o) == key(text) and not o.isupper()), text)
    return text


def _related(a: str, b: str) -> bool:
    wa, wb = Counter(_WORD.findall(a.casefold())), Counter(_WORD.findall(b.casefold()))
    if not wa or not wb:
        return False
    if key(a) in key(b) or key(b) in key(a):
        return True
    return sum((wa & wb).values()) >= 0.5 * min(wa.total(), wb.total())


def _shown(page: Markup, known: list[str], affixes: Affixes) -> str:
    """The ``h1`` that is the article's: the one that agrees best with what the page gives elsewhere."""
    best, best_rank = "", -1.0
    for number, heading in enumerate(page.headings[:20]):
        text = affixes.cut(heading.text)
        if not text or len(text) > MAX_HEADLINE or affixes.is_site(text):
            continue
        words = Counter(_WORD.findall(text.casefold()))
        rank = 0.5 * heading.marked - 0.01 * number
        for other in known:
            if other:
                shared = Counter(_WORD.findall(other.casefold())) & words
                rank += 2.0 * (key(other) == key(text)) + shared.total() / max(1, words.total())
        if rank > best_rank:
            best, best_rank = text, rank
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class Affixes:
    """What may be glued to a headline on this page, as keys."""

    site: frozenset[str]
    other: frozenset[str]

    @classmethod
    def of(cls, url: str, sites: Collection[str], sections: Collection[str], people: Collection[str]) -> Affixes:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
        labels = host.split(".")
        names = {key(name) for name in sites} | {key(host)}
        if len(labels) >= 2:
            names |= {key(".".join(labels[i:])) for i in range(len(labels) - 1)}
            names |= {key(label) for label in labels[:-1] if len(label) >= 3 and label not in _COMMON_LABELS}
        path = [key(part) for part in urlsplit(url).path.split("/")[1:-1]]
        other = {key(name) for name in sections} | {key(name) for name in people} | {p for p in path if len(p) >= 3}
        return cls(site=frozenset(names - {""}), other=frozenset(other - {""}))

    def is_site(self, text: str) -> bool:
        return key(text) in self.site

    def names_site(self, segment: str) -> bool:
        """The segment is the site's name, or has it within and little else ("Mirror Online", "Top news | WELT")."""
        text = key(segment)
        if text in self.site:
            return True
        return any(
            (len(name) >= 3 and len(text) <= len(name) + 24 and _has(segment, name))
            or (len(text) >= 5 and text in name and len(name) <= 2.5 * len(text))
            for name in self.site
        )

    def cut(self, text: str) -> str:
        """Without site, section and author at the end, or the site at the start."""
        named = False
        for _ in range(5):
            match = _LAST.match(text)
            if not match:
                break
            tail, separator = match["tail"], match["sep"]
            spaced = text[match.start("sep") - 1].isspace() or separator in "|｜ㅣ│：:"
            is_site = self.names_site(tail) if spaced else key(tail) in self.site
            known = is_site or (key(_BY.sub("", tail)) in self.other and separator not in ",.:：")
            if not known or (len(_WORD.findall(match["head"])) < MIN_WORDS and not _dense(match["head"])):
                break
            named = named or is_site
            text = match["head"].rstrip()
        match = _FIRST.match(text)
        if match and key(match["tail"]) in self.site and len(_WORD.findall(match["head"])) > MIN_WORDS:
            text = match["head"]
        return text


def _has(segment: str, name: str) -> bool:
    """Whether a site's name stands in a segment as whole words."""
    words = [w for w in _WORD.findall(segment.casefold())]
    for start in range(len(words)):
        joined = ""
        for word in words[start:]:
            joined += word
            if joined == name:
                return True
            if len(joined) > len(name):
                break
    return False


def _dense(text: str) -> bool:
    """Scripts without spaces: one word may be a sentence."""
    return any("\u3040" <= char <= "\u9fff" or "\u0e00" <= char <= "\u0eff" for char in text)


_COMMON_LABELS = frozenset({"www", "news", "com", "org", "net", "gov", "edu", "amp", "blog", "mobile", "online"})
