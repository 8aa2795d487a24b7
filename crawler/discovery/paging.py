"""The next page of a listing: ``rel=next``, ``?page=2``, ``/page/2/``, and plain "older" or "load more" links."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.discovery.words import MORE

UNNUMBERED = 1_000_000
"""Stands for the number of a page that is declared to be the next and has none."""

_IN_QUERY = re.compile(
    r"(?:^|&)(?:page|paged|pg|pagina|seite|pn|pagenum|page_number|strona|sida|(p))=(\d{1,4})(?=&|$)", re.IGNORECASE
)
_OFFSET = re.compile(r"(?:^|&)(?:start|offset|from|skip|first|begin)=(\d{1,6})(?=&|$)", re.IGNORECASE)
_IN_PATH = re.compile(
    r"/(?:page|seite|pagina|pg|strana|strona|sida|stranitsa)[/-]?(\d{1,4})/?(?:\.html?|\.php)?$|/(?:p/?)?(\d{1,3})/?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\W*\w{0,12}\W{0,3}\d{1,4}\W*")
_ARROWS = " \t\n»›→>…."


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in a series: the address without its number, and the number."""

    stem: str
    number: int
    sure: bool = True
    """False where the number may as well be an article's (``?p=12``, ``/12``)."""


def place_of(url: str) -> Place:
    """The series that an address belongs to; page 1 if it names no number."""
    head, _, query = url.partition("?")
    if query:
        found = _IN_QUERY.search(query)
        if found:
            return Place(_stem(head, _without(query, found)), int(found[2]), found[1] is None)
        found = _OFFSET.search(query)
        if found:
            return Place(_stem(head, _without(query, found)), 1 + int(found[1]))
    found = _IN_PATH.search(head)
    if found:
        return Place(_stem(head[: found.start()], query), int(found[1] or found[2]), found[1] is not None)
    return Place(_stem(head, query), 1)


def next_number(url: str, text: str, declared: bool, here: Place) -> int:
    """The number of a later page of the listing at `here`; ``UNNUMBERED`` if it only says so; 0 if it is none."""
    there = place_of(url)
    promised = declared or says_more(text)
    if there.stem == here.stem and there.number > here.number:
        return there.number if there.sure or promised or not text or _NUMBER.fullmatch(text) else 0
    if there.stem == here.stem and there.number < here.number:
        return 0
    return UNNUMBERED if declared or (promised and "?" in url) else 0


def says_more(text: str) -> bool:
    """Whether a link's words promise more of the same list."""
    return len(text) <= 40 and (text.strip(_ARROWS).lower() in MORE or (bool(text.strip()) and not text.strip("»›→> ")))


def _without(query: str, found: re.Match[str]) -> str:
    return (query[: found.start()] + query[found.end() :]).strip("&")


def _stem(head: str, query: str) -> str:
    head = re.sub(r"/(?:index\.\w{2,5})?$", "", head)
    return f"{head}?{query}" if query else head
