"""Site memory: what a site repeats, learnt from its own pages.

A page alone cannot tell whether a paragraph is the article's or stands under every article of the site. Many
different articles can: a block that keeps its place in the DOM *and* its text over them is furniture. That two pages
share a line means nothing (live reports, series, corrections do); so pages with mostly the same text count as one
article, and a block that the extractor took for text needs far more witnesses than one it had left out anyway.

Besides such blocks a memory holds the places where bodies were found, which decides on pages with hardly any text,
and the subtrees that never held any text, which need not be walked again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ENOUGH_PAGES = 8
"""Pages of an unknown site that the live crawl observes before it refines the first. On the public sites with
several pages, eight show nine tenths of the furniture that forty show."""

MAX_BLOCKS = 400
"""Blocks kept in a memory, the most frequent first: about 40 kB of JSON. Sites have 20 to 150 that matter."""

MAX_PLACES = 12
"""Places of bodies kept. A site has one to three templates; after a redesign the old ones fade out."""

MAX_PRUNED = 60
MAX_ARTICLES = 300
"""Articles remembered by fingerprint, so that one seen again is not counted again."""

LEFT_OUT_COUNT, LEFT_OUT_SHARE = 3, 0.1
"""Articles, and their share of all, that make a block furniture which the extractor mostly left out by itself."""

TAKEN_COUNT, TAKEN_SHARE = 5, 0.1
"""The same for a block that it mostly took for text; of the articles only those count whose headlines begin
differently, since the parts of a series may well share a paragraph."""

FEW_COUNT, FEW_SHARE = 3, 0.6
"""The same while few articles are known: then most of them have to agree."""

PRUNED_COUNT, PRUNED_SHARE = 8, 0.5
"""The same for subtrees without text that are not walked at all."""

SAME_ARTICLE = 0.6
"""Of the smaller page's paragraphs, the share that another page has too, if both are the same article."""

SAMPLE = 60
"""Letters of a block kept to explain a removal."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A block of a page: the digest of its place and text, whether it was taken for text, and how it begins."""

    digest: str
    taken: bool
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one page tells about its site."""

    page: str
    """Digest of the headline."""
    series: str
    """Digest of its first two words: the parts of a series begin alike."""
    blocks: tuple[Seen, ...]
    text: frozenset[str]
    """Digests of the paragraphs that were taken for text."""
    body: str | None
    """Where the body stood, if the page has enough text to be sure of it."""
    dead: frozenset[str]
    """Subtrees without text, outermost only."""
    live: frozenset[str]
    """Elements that hold text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """What is known of a site."""

    site: str
    pages: int = 0
    """Articles that the memory rests on."""
    blocks: Mapping[str, tuple[int, int, int, str]] = field(default_factory=dict)
    """By digest: articles that have the block, those in which it was taken for text, how many of them begin
    differently (as the parts of a series do not), how it begins."""
    bodies: Mapping[str, int] = field(default_factory=dict)
    """By place: articles whose body stood there."""
    dead: Mapping[str, int] = field(default_factory=dict)
    """By key: articles in which the subtree held no text; minus one where it ever held some."""
    articles: tuple[str, ...] = ()
    digest: str = field(init=False, compare=False)
    furniture: frozenset[str] = field(init=False, compare=False)
    """Digests of blocks that are furniture whatever the page."""
    suspects: frozenset[str] = field(init=False, compare=False)
    """Digests of blocks that are furniture as long as enough text is left without them."""
    pruned: frozenset[str] = field(init=False, compare=False)
    samples: frozenset[str] = field(init=False, compare=False)
    """How the known blocks begin: spares the digest of all others."""
    places: frozenset[str] = field(init=False, compare=False)
    """Where bodies are expected: places that a tenth of the articles, and three at least, agree on."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "digest", hashlib.sha256(self.to_json().encode()).hexdigest())
        furniture, suspects = set(), set()
        for name, (count, taken, ways, _) in self.blocks.items():
            if 2 * taken < count:
                if count >= LEFT_OUT_COUNT and count >= LEFT_OUT_SHARE * self.pages:
                    furniture.add(name)
            elif (ways >= TAKEN_COUNT and count >= TAKEN_SHARE * self.pages) or (
                ways >= FEW_COUNT and count >= FEW_SHARE * self.pages
            ):
                suspects.add(name)
        put(self, "furniture", frozenset(furniture))
        put(self, "samples", frozenset(self.blocks[name][3] for name in furniture | suspects))
        least_bodies = max(3, 0.1 * self.pages)
        put(self, "places", frozenset(name for name, count in self.bodies.items() if count >= least_bodies))
        put(self, "suspects", frozenset(suspects))
        least = max(PRUNED_COUNT, PRUNED_SHARE * self.pages)
        put(self, "pruned", frozenset(name for name, count in self.dead.items() if count >= least))

    def why(self, digest: str) -> str:
        """In words, why a block is taken for furniture."""
        count, taken, _, _ = self.blocks[digest]
        return f"stands on {count} of {self.pages} articles of {self.site}, left out of {count - taken}"

    def to_json(self) -> str:
        """Canonical JSON: equal memories give equal text."""
        value = {
            "site": self.site,
            "pages": self.pages,
            "blocks": {name: list(entry) for name, entry in self.blocks.items()},
            "bodies": dict(self.bodies),
            "dead": dict(self.dead),
            "articles": list(self.articles),
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> SiteMemory:
        value: dict[str, Any] = json.loads(text)
        return cls(
            site=value["site"],
            pages=value["pages"],
            blocks={name: (entry[0], entry[1], entry[2], entry[3]) for name, entry in value["blocks"].items()},
            bodies=value["bodies"],
            dead=value["dead"],
            articles=tuple(value["articles"]),
        )


def site_of(url: str) -> str:
    """The host of an address without ``www.``, with its port where that is not the scheme's own."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return ""
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{host}:{port}" if port and port != default else host


def learn(site: str, previous: SiteMemory | None, observations: Iterable[Observation]) -> SiteMemory:
    """The memory of a site, enlarged by what was observed since. The order of observations does not matter."""
    old = previous or SiteMemory(site=site)
    articles = _articles(observations, frozenset(old.articles))
    counts: Counter[str] = Counter({name: entry[0] for name, entry in old.blocks.items()})
    taken: Counter[str] = Counter({name: entry[1] for name, entry in old.blocks.items()})
    ways: Counter[str] = Counter({name: entry[2] for name, entry in old.blocks.items()})
    samples = {name: entry[3] for name, entry in old.blocks.items()}
    bodies: Counter[str] = Counter(old.bodies)
    dead: Counter[str] = Counter({name: count for name, count in old.dead.items() if count > 0})
    alive = {name for name, count in old.dead.items() if count < 0}
    begun: dict[str, set[str]] = {}
    for article in articles:
        for name, (was_taken, sample) in _blocks(article).items():
            counts[name] += 1
            taken[name] += was_taken
            samples.setdefault(name, sample)
            begun.setdefault(name, set()).add(article[0].series)
        bodies.update({page.body for page in article if page.body})
        alive.update(*(page.live for page in article))
        dead.update(set().union(*(page.dead for page in article)))
    ways.update({name: len(series) for name, series in begun.items()})
    kept = _most({name: count for name, count in counts.items() if count > 1}, MAX_BLOCKS)
    subtrees = _most({name: count for name, count in dead.items() if name not in alive and count > 1}, MAX_PRUNED)
    revoked = sorted(name for name in alive if name in dead or name in old.dead)[:MAX_PRUNED]
    fingerprints = [*(_fingerprint(article) for article in articles), *old.articles]
    return SiteMemory(
        site=site,
        pages=old.pages + len(articles),
        blocks={name: (counts[name], taken[name], ways[name], samples[name]) for name in kept},
        bodies={name: bodies[name] for name in _most(bodies, MAX_PLACES)},
        dead={name: dead[name] for name in subtrees} | dict.fromkeys(revoked, -1),
        articles=tuple(fingerprints[:MAX_ARTICLES]),
    )


Article = list[Observation]
"""The pages that show one article."""


def _articles(observations: Iterable[Observation], known: frozenset[str]) -> list[Article]:
    """Pages grouped by article: the same headline, or mostly the same paragraphs."""
    found: list[Article] = []
    texts: list[set[str]] = []
    order = sorted(set(observations), key=lambda page: (page.page, -len(page.text), sorted(page.text)))
    for page in order:
        for article, text in zip(found, texts, strict=True):
            shared = len(page.text & text)
            least = min(len(page.text), len(text))
            if (page.page and page.page == article[0].page) or (least > 1 and shared >= SAME_ARTICLE * least):
                article.append(page)
                text.update(page.text)
                break
        else:
            found.append([page])
            texts.append(set(page.text))
    return [article for article in found if _fingerprint(article) not in known]


def _fingerprint(article: Article) -> str:
    return article[0].page or min(article[0].text, default="")


def _blocks(article: Article) -> dict[str, tuple[bool, str]]:
    """The blocks of an article, each once; taken for text if it was on any of its pages."""
    found: dict[str, tuple[bool, str]] = {}
    for page in article:
        for seen in page.blocks:
            was, sample = found.get(seen.digest, (False, seen.sample))
            found[seen.digest] = (was or seen.taken, min(sample, seen.sample))
    return found


def _most(counts: Mapping[str, int], limit: int) -> list[str]:
    """The names with the highest counts; of equal ones those that sort first."""
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]
