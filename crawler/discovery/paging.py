"""The next page of a listing: ``rel=next``, ``?page=2``, ``/page/2/``, and plain "older" or "load more" links."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.discovery.words import MORE

_IN_QUERY = re.compile(
    r"(?:^|&)(page|paged|p|pg|pagina|seite|pn|pagenum|page_number|strona|sida)=(\d{1,4})(?=&|$)", re.IGNORECASE
)
_OFFSET = re.compile(r"(?:^|&)(?:start|offset|from|skip|first|begin)=(\d{1,6})(?=&|$)", re.IGNORECASE)
_IN_PATH = re.compile(
    r"/(?:page|seite|pagina|p|pg|strana|strona|sida|stranitsa)[/-]?(\d{1,4})/?(?:\.html?|\.php)?$|/(\d{1,3})/?$",
    re.IGNORECASE,
)
_ARROWS = " \t\n»›→>…."


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in a series: the address without its number, and the number."""

    stem: str
    number: int


def place_of(url: str) -> Place:
    """The series that an address belongs to; page 1 if it names no number."""
    head, _, query = url.partition("?")
    if query:
        found = _IN_QUERY.search(query)
        if found:
            rest = (query[: found.start()] + query[found.end() :]).strip("&")
            return Place(_stem(head, rest), int(found[2]))
        found = _OFFSET.search(query)
        if found:
            rest = (query[: found.start()] + query[found.end() :]).strip("&")
            return Place(_stem(head, rest), 1 + int(found[1]))
    found = _IN_PATH.search(head)
    if found:
        return Place(_stem(head[: found.start()], query), int(found[1] or found[2]))
    return Place(_stem(head, query), 1)


def _stem(head: str, query: str) -> str:
    head = re.sub(r"/(?:index\.\w{2,5})?$", "", head)
    return f"{head}?{query}" if query else head


def says_more(text: str) -> bool:
    """Whether a link's words promise more of the same list."""
    return len(text) <= 40 and (text.strip(_ARROWS).lower() in MORE or (bool(text.strip()) and not text.strip("»›→> ")))
