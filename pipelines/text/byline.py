"""The byline that readers see: found by its markup, its links to author pages or its opening word."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import lxml.html

from pipelines.text import names
from pipelines.text.structured import Markup, text_of

MAX_BYLINE = 250
"""Characters of an element that may be a byline; more is a biography."""

MAX_LINE = 120
"""Characters of a line that is a byline and nothing else."""

_AFTER = re.compile(r"\s*(?:[|·•–—]|\d)")
"""What ends the names in a byline: a separator or a date."""

MAX_CANDIDATES = 120
"""Elements that are weighed; pages of lists have a byline for each entry."""

_NAMED = re.compile(r"uthor|yline|utor\b|autor|writer|reporter|redakt")
_LINKED = re.compile(
    r"/author|/autor|/staff/|/people/|/profil|/by/|/team/|/redak|/journalist|/writers/|/contributor|/newsteam/"
)

_JOINED = re.compile(r"\s*(?:,|&|and|und|et|y|e|en|og|och|ja|i|a|и|та|και|ve|dan|و)\s", re.I)
"""What joins a further name to a linked one."""

_LINES = ("p", "span", "div", "small", "em", "strong", "li", "b", "i", "address", "font")
_NOT_TEXT = frozenset(
    {
        "script",
        "style",
        "meta",
        "body",
        "html",
        "link",
        "img",
        "figure",
        "figcaption",
        "input",
        "svg",
        "article",
        "main",
        "head",
        "form",
        "section",
    }
)
_FURNITURE = frozenset({"aside", "footer", "nav", "figure", "figcaption"})
_FOREIGN = re.compile(
    r"comment|related|teaser|sidebar|footer|recommend|most-?read|popular|promo|widget|\bcard|latest|carousel|"
    r"caption|copyright|"
    r"kommentar|newsletter|read-?next|more-|trending|avatar|social|reply|responses",
    re.I,
)
_BIO = re.compile(r"\bbio\b|author-?(?:bio|box|info|desc)|about-?(?:the-)?author|-bio\b|bio-", re.I)
_AUTHOR_PAGE = re.compile(
    r"author|autor|redak|people|profil|journalist|person|staff|writer|reporter|contributor|newsteam|team|/by/|"
    r"[?&/]user",
    re.I,
)
_OPENING = re.compile(r"^(?:by|von|par|por|text|author|autor(?:in)?|door|автор|tekst)\b[:\s]", re.I)

LIKELY = 1.2
"""Rank of a place whose markup says author, in or outside the article's head."""

STRONG = 1.7
"""Rank from which a byline outweighs an organisation that JSON-LD names: marked as author, and no furniture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Byline:
    """Names found, with the address of each one's page, and how sure the place is."""

    people: tuple[tuple[str, str | None], ...]
    rank: float


def read(page: Markup) -> Byline:
    """The best byline of a page; without people where there is none."""
    marked = (element for element in page.speaking if element.tag == "h1" or _is_named(element))
    best = _best(list(itertools.islice(marked, MAX_CANDIDATES)))
    if best.people:
        return best
    opened = (e for e in page.tree.iter("h1", *_LINES) if e.tag == "h1" or (e.text and _OPENING.match(e.text.lstrip())))
    best = _best(list(itertools.islice(opened, MAX_CANDIDATES)))
    return best if best.people else _before_date(page)


def _before_date(page: Markup) -> Byline:
    """A line under the headline that is a name, right before a date."""
    under = itertools.dropwhile(lambda element: element.tag != "h1", page.tree.iter("h1", *_LINES))
    for element in itertools.islice(under, 1, MAX_UNDER):
        after = element.getnext()
        if after is None or not element.text or not _dated(after):
            continue
        line = text_of(element, apart=True)
        people = signed(line.rstrip(" |·•–—-,")) if len(line) <= MAX_LINE else []
        if people:
            return Byline(people=tuple((name, None) for name in people), rank=1.0)
    return Byline(people=(), rank=0.3)


def _dated(element: lxml.html.HtmlElement) -> bool:
    """Whether an element begins with a date."""
    return element.tag == "time" or bool(_DATE.match(text_of(element, apart=True)[:40]))


_DATE = re.compile(
    r"[|·•–—,\s-]*(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{1,2}\.? [^\W\d]{3,} \d{4}\b|[^\W\d]{3,} \d{1,2}, \d{4}\b)"
)

MAX_UNDER = 30
"""Elements under the headline among which a name may stand before a date."""


def signed(line: str) -> list[str]:
    """The names in a line under the text; none where it holds anything but names."""
    if line.isupper() or any(char in ".!?:" for char in _INITIAL.sub("", line)):
        return []
    found = names.part(line)
    whole = sum(len(names.key(name)) for name in found) >= 0.7 * len(names.key(line))
    return found if whole and all(_full(name) for name in found) else []


def _full(name: str) -> bool:
    """Whether a name has two to five words, each with a capital letter or in a script without capitals."""
    words = re.split(r"[\s-]+", name)
    return 2 <= len(words) <= 5 and all(word[:1].isupper() or word.lower() in _PARTICLES for word in words)


_INITIAL = re.compile(r"\b[^\W\d_]\.")


def _is_named(element: lxml.html.HtmlElement) -> bool:
    """Whether the element's attributes speak of an author."""
    label = " ".join(
        filter(None, map(element.get, ("class", "id", "rel", "itemprop", "data-testid", "data-component")))
    )
    return bool(_NAMED.search(label)) or (element.tag == "a" and bool(_LINKED.search(element.get("href") or "")))


def _best(elements: list[lxml.html.HtmlElement]) -> Byline:
    best = Byline(people=(), rank=0.3)
    since_headline = -1
    for number, element in enumerate(elements):
        if element.tag == "h1":
            since_headline = number if since_headline < 0 else since_headline
            continue
        if element.tag in _NOT_TEXT:
            continue
        rank = _rank(element) - 0.02 * (number - max(since_headline, 0))
        if since_headline >= 0:
            rank += 0.2
        if rank <= best.rank:
            continue
        text = text_of(element, apart=True)
        if not 2 <= len(text) <= MAX_BYLINE:
            continue
        people = _people(element, text, strong=rank >= STRONG)
        if people:
            best = Byline(people=tuple(people), rank=rank)
    return best


def _people(element: lxml.html.HtmlElement, text: str, *, strong: bool) -> list[tuple[str, str | None]]:
    """The links to author pages in a byline and the names beside them, else the names in its text."""
    links = [element] if element.tag == "a" else list(element.iter("a"))
    found: list[tuple[str, str | None]] = []
    for link in links[:20]:
        found += _linked(link)
    if not found:
        return [(n, None) for n in names.part(text) if _plausible(n, strong=strong)] if len(text) <= MAX_LINE else []
    line, holder = _whole(element, text)
    for link in [] if holder is element else list(holder.iter("a"))[:20]:
        found += _linked(link)
    found = list({names.key(name): (name, href) for name, href in reversed(found)}.values())[::-1]
    known = {names.key(name): href for name, href in found}
    first = text_of(links[0], apart=True)
    rest = line[line.find(first) + len(first) :] if first in line else ""
    if not _JOINED.match(rest):
        return found
    written = [n for n in names.part(first + _AFTER.split(rest)[0]) if _plausible(n, strong=False)]
    if known.keys() < {names.key(name) for name in written}:
        return [(name, known.get(names.key(name))) for name in written]
    return found


def _linked(link: lxml.html.HtmlElement) -> list[tuple[str, str | None]]:
    """The name in a link to an author's page."""
    href = link.get("href") or ""
    if "author" not in (link.get("rel") or "") and not _AUTHOR_PAGE.search(href):
        return []
    label = text_of(link, apart=True)
    if not label or len(label.split()) > names.MAX_WORDS + 2:
        return []
    return [(name, href) for name in names.part(label) if _plausible(name, strong=True)]


def _whole(element: lxml.html.HtmlElement, text: str) -> tuple[str, lxml.html.HtmlElement]:
    """The line that a link to an author stands in: *By Ann Lee and Meridia Press*, with one name linked."""
    for _ in range(2):
        parent = element.getparent()
        if element.tag not in ("a", "span", "b", "strong", "em", "font") or parent is None or parent.tag in _NOT_TEXT:
            break
        line = text_of(parent, apart=True)
        if len(line) > MAX_LINE:
            break
        element, text = parent, line
    return text, element


def _rank(element: lxml.html.HtmlElement) -> float:
    get = element.get
    label = f"{get('class') or ''} {get('id') or ''} {get('data-testid') or ''} {get('data-component') or ''}".lower()
    itemprop, rel = get("itemprop") or "", get("rel") or ""
    rank = 0.6
    if "author" in rel:
        rank += 1.0
    if "author" in itemprop:
        rank += 1.4
    if "byline" in label:
        rank += 0.9
    elif "author" in label or "autor" in label or "writer" in label:
        rank += 0.7
    elif element.tag == "a" and _AUTHOR_PAGE.search(get("href") or ""):
        rank += 0.5
    if "name" in label or "name" in itemprop or "fn" in label.split():
        rank += 0.3
    if element.tag != "a" and _OPENING.match((element.text or "").strip()):
        rank += 0.5
    for count, node in enumerate([element, *element.iterancestors()]):
        if count > 8 or node.tag in ("body", "html"):
            break
        own = f"{node.get('class') or ''} {node.get('id') or ''}"
        if node.tag in _FURNITURE or _FOREIGN.search(own):
            return rank - 1.6
        if _BIO.search(own):
            rank -= 0.4
        if node.tag in ("header",) or "header" in own.lower() or "meta" in own.lower():
            rank += 0.15
    return rank


def _plausible(name: str, *, strong: bool) -> bool:
    words = name.split()
    if len(words) < 2:
        return strong or not name.isascii()
    return sum(
        not word[:1].isascii() or word[:1].isupper() or word.lower() in _PARTICLES for word in words
    ) >= 0.7 * len(words)


_PARTICLES = frozenset(
    {
        "de",
        "da",
        "del",
        "della",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "zu",
        "al",
        "bin",
        "ter",
        "ten",
        "y",
        "e",
    }
)
