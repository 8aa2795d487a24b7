"""Headline and alternative headline, with the site's name and section cut off.

Pages give the headline in up to five places, each for another reader: JSON-LD ``headline`` and ``h1`` for who reads the
article, ``og:title`` for who sees a link to it, ``title`` for search engines. What is glued on (site, section, author)
is cut where the page itself says what its site, section or author is called; never for a dash or colon alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from pipelines.text import jsonld, months
from pipelines.text.structured import Markup, plain

SEPARATORS = r"[|\-–—·•*~»«›<>/:：∙¦｜ㅣ│﹣－―,.]"
"""What stands between a headline and a site's name."""

_LAST = re.compile(
    rf"^(?P<head>.*\S)\s*(?P<sep>(?<=\s){SEPARATORS}+|[|｜ㅣ│:：\-–—]+|[.,](?=\s))\s*(?P<tail>[^|｜ㅣ│]*?\S)$"
)
_FIRST = re.compile(r"^(?P<tail>[^|｜:»]{2,60}?)\s*(?:[|｜:»]|\s[-–—·•»]\s)\s*(?P<head>\S.*)$")
_WORD = re.compile(r"[^\W_]+")
_BY = re.compile(r"^(?:by|von|par|por|di|door|av|af|от|автор)\s+", re.I)

_SOCIAL = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "title")

MIN_WORDS = 2
"""Words that must be left after a cut: a headline of one word with a site name is told by h1 or JSON-LD."""

MAX_BESIDE = 14
"""Letters that may stand beside a site's name in a segment that is cut (*Online*, *News*, *Deutschland*)."""

_BARS = "|｜ㅣ│"
_QUOTES = "\"'“”„‘’«»‹›"

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
    social = [affixes.cut(plain(value), pipes=True) for name in _SOCIAL if (value := page.first(name))]
    title = affixes.cut(page.title, pipes=True)
    shown = _shown(page, [ld, *social, title], affixes)
    chosen = _choose(ld, social, shown, title, affixes, _slug(page.url))
    if not (ld or shown) and (stated := page.first("itemprop:headline", "headline")):
        chosen = affixes.cut(plain(stated)) or chosen
    if social and _kicker(chosen, social[0]):
        chosen = social[0]
    declared = plain(jsonld.first(page.article.get("alternativeHeadline")) or "")
    others = [declared, shown, *social[:1], ld]
    alternative = next((o for o in others if o and key(o) != key(chosen) and not _part_of(o, chosen)), None)
    return Headline(headline=chosen or None, alternative=alternative if chosen else None)


def _part_of(a: str, b: str) -> bool:
    """Whether one is the other with something left out at an end (a kicker, a truncation)."""
    a, b = key(a), key(b)
    return a in b or b in a


def _kicker(text: str, rest: str) -> bool:
    """Whether a headline is another with a kicker before it (*Tides: Harbour walls raised*); an article is none."""
    if not rest or not text.casefold().endswith(rest.casefold()) or len(_WORD.findall(rest)) < MIN_WORDS:
        return False
    before = text[: -len(rest)].rstrip()
    if any(char in _QUOTES for char in before):
        return False
    return (
        bool(before) and (before[-1] in ":|/–—-." or len(_WORD.findall(before)) > 1) and text[-len(rest) - 1].isspace()
    )


def _choose(ld: str, social: list[str], shown: str, title: str, affixes: Affixes, slug: frozenset[str]) -> str:
    og = social[0] if social else ""
    if ld and not affixes.is_site(ld):
        agreed = bool(og) and key(og) == key(shown)
        if agreed and key(ld) != key(og):
            if len(ld) > 1.6 * len(og) and len(ld) > 120:
                return og  # a description in the wrong field
            if key(title) == key(og) and _told(og, slug) > _told(ld, slug) + 0.2:
                return og  # an old headline that only JSON-LD has kept
            if key(title) == key(ld):
                return og  # worded for search engines: title and JSON-LD; for readers: the page and its card
        ld = _whole(ld, [og, shown, title])
        return og if key(og) == key(ld) and not og.isupper() else ld
    if og and shown and key(og) != key(shown):
        # Without JSON-LD the two disagree: what stands on the page, unless it is no headline of this page
        return shown if _related(shown, og) or key(shown) == key(title) else og
    if og and not affixes.is_site(og):
        return og
    # Nothing but the page's title beside the h1: one that shares no words with it heads a part of the page
    if shown and (_related(shown, title) or len(_WORD.findall(title)) <= MIN_WORDS or affixes.is_site(title)):
        return shown
    return next((value for value in (*social[1:], title) if value and not affixes.is_site(value)), title)


def _slug(url: str) -> frozenset[str]:
    """The words of the address: mostly those of the first headline."""
    return frozenset(_WORD.findall(months.fold(unquote(urlsplit(url).path))))


def _told(text: str, slug: frozenset[str]) -> float:
    """The share of a headline's longer words that the address has."""
    words = [word for word in _WORD.findall(months.fold(text)) if len(word) >= 4]
    return sum(word in slug for word in words) / len(words) if words else 0.0


def _whole(text: str, others: list[str]) -> str:
    """The full form of a headline that a field's limit cut short with an ellipsis."""
    if text.endswith(("…", "...")):
        stem = key(text)
        for other in others:
            if key(other).startswith(stem) and len(key(other)) > len(stem):
                return other
    return text


def _related(a: str, b: str) -> bool:
    wa, wb = Counter(_WORD.findall(a.casefold())), Counter(_WORD.findall(b.casefold()))
    if not wa or not wb:
        return False
    shared = (wa & wb).total()
    return shared >= 0.5 * min(wa.total(), wb.total()) and shared >= 0.25 * max(wa.total(), wb.total())


def _shown(page: Markup, known: list[str], affixes: Affixes) -> str:
    """The ``h1`` that is the article's: the one that agrees best with what the page gives elsewhere."""
    best, best_rank = "", -1.0
    for number, heading in enumerate(page.headings[:20]):
        text = affixes.cut(heading.text)
        if not text or heading.home or len(text) > MAX_HEADLINE or affixes.is_site(text):
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
        """The segment is the site's name, or has it within and little else (*Mirror Online*, *news.ORF.at*)."""
        text = key(segment)
        if text in self.site:
            return True
        return any(
            (len(name) >= 3 and len(text) <= len(name) + MAX_BESIDE and _has(segment, name))
            or (len(text) >= 5 and text in name and len(name) <= 2.5 * len(text))
            for name in self.site
        )

    def cut(self, text: str, *, pipes: bool = False) -> str:
        """Without site, section and author at the end, or the site at the start.

        With ``pipes`` a short last segment after a vertical bar goes, whatever it says: in ``title`` and ``og:title``
        it is a site or section more often than not, and no style guide puts a bar into a headline.
        """
        for _ in range(5):
            match = _LAST.match(text)
            if not match:
                break
            tail, separator, head = match["tail"], match["sep"], match["head"]
            apart = text[match.start("sep") - 1].isspace() or separator in _BARS
            if len(_WORD.findall(head)) < MIN_WORDS and not _dense(head):
                break
            exact = key(tail) in self.site
            loose = apart and separator not in ":：.," and self.names_site(tail)
            other = apart and separator not in ":：.," and key(_BY.sub("", tail)) in self.other
            bar = pipes and separator in _BARS and len(tail.split()) <= 4 < len(head.split())
            if not (exact or loose or other or bar):
                break
            text = head.rstrip()
        match = _FIRST.match(text)
        if match and key(match["tail"]) in self.site and len(_WORD.findall(match["head"])) > MIN_WORDS:
            text = match["head"]
        return text


def _has(segment: str, name: str) -> bool:
    """Whether a site's name stands in a segment as whole words."""
    words = _WORD.findall(segment.casefold())
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
