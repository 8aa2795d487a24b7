"""Dates as readers see them: ``time`` elements, elements named after dates, lines around the headline."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import lxml.html

from pipelines.text import instants
from pipelines.text.structured import Markup, text_of

_PUBLISHED = (
    "publish",
    "pubdate",
    "posted",
    "created",
    "entry-date",
    "itemprop:datepublished",
    "post-date",
    "veroeffentlicht",
    "erschienen",
    "release",
)
MODIFIED = ("modif", "updat", "aktualis", "changed", "edited", "stand")
_FOREIGN = (
    "comment",
    "related",
    "teaser",
    "sidebar",
    "footer",
    "recommend",
    "mostread",
    "most-read",
    "popular",
    "promo",
    "widget",
    "latest",
    "nav",
    "ticker",
    "more-",
)
MAX_STATE = 2_000_000
"""Characters of a script that are searched."""

_STATE = re.compile(
    r"\\?\"(?:(?P<published>(?:date|first)?[-_]?publi(?:sh|cation)\w*|pub[-_]?date|deploy[-_]?(?:dt|date))|"
    r"created?[-_]?(?:at|date|dt)|"
    r"reg[-_]?(?:dt|date))\\?\"\s*:\s*\\?\"(?P<value>\d{4}[-./]?\d\d[-./]?\d\d[^\"\\]{0,25})\\?\"",
    re.I,
)

MAX_HOLDERS = 150
"""Elements with a telling class that are read for a date."""

MAX_LINE = 80
"""Characters of a line that states a date; in longer ones a date is part of the story."""


def visible(page: Markup) -> Iterator[tuple[str, str]]:
    """``time`` elements, best first: labelled as publication, in the article's head, in page order."""
    ranked = []
    for number, element in enumerate(page.times[:40]):
        if any(word in element.label for word in MODIFIED) and not any(word in element.label for word in _PUBLISHED):
            continue
        rank = 0.0 - 0.1 * number + (2.0 if any(word in element.label for word in _PUBLISHED) else 0.0)
        rank += _place(element.element)
        ranked.append((rank, element))
    ranked.sort(key=lambda pair: -pair[0])
    for _, element in ranked:
        if element.value:
            yield "time", element.value
        if element.text:
            yield "time", element.text


_HOLDERS = frozenset({"span", "div", "p", "li", "small", "em", "abbr", "dd", "a", "b", "i", "td", "strong", "h6"})
_LABELLED = re.compile(r"date|time|publish|datum|fecha|byline|meta|posted|info", re.I)


def state(page: Markup) -> Iterator[tuple[str, str]]:
    """Dates in the data that a page's own scripts are started with, publication before creation; the first object of
    such data is the article that the page is for."""
    created = []
    for script in page.tree.iter("script"):
        text = script.text
        if not text or script.get("src") or len(text) > MAX_STATE or "ld+json" in (script.get("type") or ""):
            continue
        for match in itertools.islice(_STATE.finditer(text), 20):
            if match["published"]:
                yield "state", match["value"]
            else:
                created.append(match["value"])
    for value in created:
        yield "state", value


def lines(page: Markup) -> Iterator[tuple[str, str]]:
    """Elements whose class speaks of a date, then the short texts around the headline."""
    ranked: list[tuple[float, str]] = []
    number = 0
    for element in page.speaking:
        if element.tag not in _HOLDERS:
            continue
        label = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}".lower()
        if not _LABELLED.search(label):
            continue
        number += 1
        if number > MAX_HOLDERS:
            break
        text = text_of(element, apart=True)
        if not 6 <= len(text) <= instants.MAX_TEXT:
            if element.get("content"):
                text = element.get("content")
            else:
                continue
        rank = -0.05 * number
        if "datepublished" in label:
            rank += 3.0
        if any(word in label for word in MODIFIED) or _UPDATED.match(text):
            rank -= 0.5
        if any(word in label for word in _PUBLISHED):
            rank += 0.7
        if "date" in label or "datum" in label:
            rank += 0.5
        rank += _place(element)
        ranked.append((rank, text))
    ranked.sort(key=lambda pair: -pair[0])
    for _, text in ranked:
        yield "text", text
    yield from _around_headline(page)


def _around_headline(page: Markup) -> Iterator[tuple[str, str]]:
    """Short texts that hold a year, those after the headline first, furniture last."""
    after: list[str] = []
    before: list[str] = []
    furniture: list[str] = []
    passed = False
    for element in page.tree.iter():
        tag = element.tag
        if not isinstance(tag, str) or tag in ("script", "style", "title", "meta", "option", "noscript"):
            continue
        if tag == "h1":
            passed = True
        for text in (element.text, element.tail):
            if (
                text
                and ("20" in text or "19" in text)
                and len(text) < 400
                and _YEAR.search(text)
                and len(" ".join(text.split())) <= MAX_LINE
            ):
                place = furniture if _in_furniture(element) else after if passed else before
                if len(place) < 40:
                    place.append(text)
    lines = [
        text.strip()
        for text in (*after[:12], *before[:12], *after[12:], *furniture)
        if "©" not in text and "opyright" not in text
    ]
    yield from (("text", text) for text in sorted(lines, key=lambda text: bool(_UPDATED.match(text))))


_UPDATED = re.compile(
    r"(?:last )?(?:updated|modified|edited|reviewed)|(?:zuletzt )?(?:aktualisiert|geändert)|mis à jour|actualizad|"
    r"aggiornat|обновлено",
    re.I,
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|年|년")


def _in_furniture(element: lxml.html.HtmlElement) -> bool:
    return _place(element) < 0


def _place(element: lxml.html.HtmlElement) -> float:
    """Where an element stands: below 0 in furniture, above in the article's head or body."""
    rank = 0.0
    for count, node in enumerate([element, *element.iterancestors()]):
        if count > 9 or node.tag in ("body", "html"):
            break
        own = f"{node.get('class') or ''} {node.get('id') or ''}".lower()
        if node.tag in ("aside", "footer", "nav") or any(word in own for word in _FOREIGN):
            return -3.0
        rank += 0.4 if node.tag in ("article", "main", "header") else 0.0
    return rank
