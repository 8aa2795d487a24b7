"""The dates that a listing shows beside its links: ``time`` elements, each of which speaks for its teaser."""

from __future__ import annotations

from collections import Counter

from lxml import html

from crawler.discovery.dates import parse_date

MAX_TIMES = 2_000
"""``time`` elements that are looked at on one page."""

_CLIMB = 8
"""Elements that a teaser may be above its date."""


def dates_beside(root: html.HtmlElement) -> dict[html.HtmlElement, str]:
    """The date of each link that stands in a teaser with one: the largest element that holds no other date."""
    times: list[html.HtmlElement] = []
    within: Counter[html.HtmlElement] = Counter()
    for element in root.iter("time"):
        if len(times) >= MAX_TIMES:
            break
        if parse_date(element.get("datetime") or ""):
            times.append(element)
            within.update(_above(element))
    found: dict[html.HtmlElement, str] = {}
    for element in times:
        teaser = element
        for node in _above(element):
            if within[node] > 1 or node.tag in ("body", "html", "main"):
                break
            teaser = node
        for link in teaser.iter("a"):
            found[link] = (element.get("datetime") or "").strip()
    return found


def _above(element: html.HtmlElement) -> list[html.HtmlElement]:
    """The ancestors of an element within reach, the nearest first."""
    found: list[html.HtmlElement] = []
    node = element.getparent()
    while node is not None and len(found) < _CLIMB:
        found.append(node)
        node = node.getparent()
    return found
