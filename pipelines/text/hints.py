"""What a page says of its text in other places: headline, description, the body in JSON-LD. Evidence, never text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from pipelines.text import jsonld
from pipelines.text.structured import Markup, plain

MIN_BODY = 200
"""Characters of a JSON-LD ``articleBody`` that is worth comparing with; shorter ones are teasers."""

SHINGLE = 4
"""Words that are compared at once: four in a row seldom meet by chance."""

_HOLDS_BODY = etree.XPath("boolean(.//*[@itemprop='articleBody'])")
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|\w+")
_AFFIX = re.compile(r"\s[|–—-]\s|\s::\s|\s[»•·]\s|\s?｜\s?|\s?\|\s?")


def key(text: str) -> str:
    """A text by its words alone, for comparison."""
    return " ".join(_WORD.findall(text.casefold()))


def shingles(text: str) -> frozenset[str]:
    """The runs of words in a text."""
    words = _WORD.findall(text.casefold())
    return (
        frozenset(" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1)))
        if words
        else (frozenset())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Evidence for finding the body and cleaning it."""

    heads: frozenset[str]
    """What the headline may be, by words."""
    described: tuple[str, ...]
    """The page's descriptions of itself, by words."""
    body: frozenset[str]
    """Shingles of the body that JSON-LD gives; empty where it gives none."""
    evidence: str
    """Letters for what says that the page is an article: J (JSON-LD type), O (Open Graph type), P (publication time),
    B (``articleBody`` in microdata)."""

    def tells(self, text: str) -> bool:
        """Whether a description begins as a text does."""
        words = key(text)
        return len(words) >= 20 and any(words.startswith(own[:60]) or own.startswith(words) for own in self.described)

    def share_in_body(self, text: str) -> float:
        """How much of a text the JSON-LD body holds."""
        own = shingles(text)
        return len(own & self.body) / len(own) if own and self.body else 0.0


def hints_of(markup: Markup) -> Hints:
    """The hints of a page."""
    heads = {key(value) for name in ("og:title", "twitter:title") for value in markup.meta.get(name, ())}
    heads.add(key(jsonld.first(markup.article.get("headline")) or ""))
    heads.add(key(markup.title))
    heads.update(key(part) for part in _AFFIX.split(markup.title) if len(part) > 20)
    heads.discard("")
    own = [key(heading.text) for heading in markup.headings]
    longest = max(heads, key=len, default="")
    # The site's name may be an h1 as well; on some sites the headlines of sections are.
    site = {key(part) for part in _AFFIX.split(markup.title)} - {key(markup.title)}
    for head in own:
        if head in longest or longest in head:
            if 2 * len(head) > len(longest) or head not in site:
                heads.add(head)
        elif len(own) == 1:
            heads.add(head)
    names = ("og:description", "description", "twitter:description")
    described = {key(plain(value)) for name in names for value in markup.meta.get(name, ())[:1]}
    described.add(key(plain(jsonld.first(markup.article.get("description")) or "")))
    body = article_body(markup)
    return Hints(
        heads=frozenset(heads),
        described=tuple(sorted(text for text in described if len(text) >= 20)),
        body=shingles(body) if len(body) >= MIN_BODY else frozenset(),
        evidence="".join(
            letter
            for letter, holds in (
                ("J", bool(markup.article)),
                ("O", (markup.first("og:type") or "").lower() in ("article", "news", "newsarticle")),
                ("P", bool(markup.first("article:published_time", "og:article:published_time"))),
                ("B", bool(_HOLDS_BODY(markup.tree))),
            )
            if holds
        ),
    )


def article_body(markup: Markup) -> str:
    """The body in JSON-LD, as plain text."""
    body = markup.article.get("articleBody")
    if isinstance(body, list):
        body = "\n".join(part for part in body if isinstance(part, str))
    return _untag(body) if isinstance(body, str) else ""


def _untag(text: str) -> str:
    return plain(re.sub(r"<br\s*/?>|</p>|</h\d>|</li>", " ", text, flags=re.I)) if "<" in text or "&" in text else text
