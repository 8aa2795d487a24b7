"""When the article was published and last modified: which of the page's statements is believed.

JSON-LD and meta elements come first because they alone tell instants; what readers see comes after, the address last.
A statement that lacks time or offset is completed by another that agrees with it, never by assumption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from pipelines.model import Provenance
from pipelines.text import datelines, instants, jsonld
from pipelines.text.instants import Moment
from pipelines.text.structured import Markup, plain

PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "itemprop:datepublished", "parsely-pub-date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "sailthru.date", "article:published", "article.published", "og:published_time",
    "published_time",
    "publish-date", "publishdate", "publish_date", "publication_date", "pubdate", "published-date",
    "date.published", "dc.date.issued",
    "dcterms.issued", "dc.date.created", "dcterms.created", "dcterms.date", "dc.date", "article:publish_date",
    "article_date_original", "originalpublicationdate", "itemprop:datecreated", "datetime", "date", "timestamp",
    "cdate", "citation_publication_date",
    "citation_online_date", "bt:pubdate", "vr:published_time", "last-published", "displaydate", "gtm-published",
    "article:created",
)  # fmt: skip
"""Meta elements of the publication date, the most specific first."""

MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "itemprop:datemodified",
    "article:modified", "article:updated_time",
    "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "modified_time", "date.modified",
    "article.updated", "revised",
)  # fmt: skip

_ANY_META = re.compile(
    r"pub.*(?:date|time)|(?:date|time).*pub|^(?:article|post|content|page|sw|news)[-_:.]?(?:pub)?(?:date|time)$|"
    r"created?[-_.]?(?:date|at|time)?$"
)
_URL_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:([/_.-])(0?[1-9]|1[0-2])\2|(0[1-9]|1[0-2]))(0?[1-9]|[12]\d|3[01])(?!\d)"
)
_URL_MONTH_NAME = re.compile(
    r"/((?:19|20)\d\d)/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/(\d{1,2})(?:/|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The dates of a page; raw as it stood there, source as in the record."""

    published: str | None = None
    raw: str | None = None
    source: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One place's word on a date."""

    source: str
    raw: str
    moment: Moment


def read(page: Markup, *, captured: datetime, provenance: Provenance) -> Dates:
    """The page's dates. ``captured`` bounds what is possible; the clock is never asked."""
    language = page.lang
    modified = list(_stated(_modified(page), captured, language))
    published = list(_stated(_declared(page), captured, language))
    if not published:
        published = list(_stated(datelines.visible(page), captured, language))
    if provenance.date and provenance.method != "sitemap":  # whose lastmod is when the page last changed
        published += _stated(
            [("feed" if provenance.method == "feed" else "discovery", provenance.date)], captured, language
        )
    written = _url_date(page.url)
    if written and instants.plausible(Moment(day=written[1]), captured):
        published.append(Statement(source="url", raw=written[0], moment=Moment(day=written[1])))
    if not published:
        published = list(_stated(datelines.state(page), captured, language))
    if not published:
        published = list(_stated(datelines.lines(page), captured, language))
    if not published:
        return Dates(modified=modified[0].moment.iso() if modified else None)
    best = published[0]
    if best.moment.precision < 2:
        others = published[1:] + (
            list(_stated(datelines.visible(page), captured, language)) if best.source != "time" else []
        )
        best = _completed(best, others, modified)
    last = next((m.moment for m in modified if _later(m.moment, best.moment)), None)
    return Dates(published=best.moment.iso(), raw=best.raw, source=best.source, modified=last.iso() if last else None)


def _later(modified: Moment, published: Moment) -> bool:
    """Whether a statement of modification says anything: systems that know of none repeat the publication, some to the
    second, some a few seconds off."""
    if modified.precision == 2 == published.precision:
        return modified.order() > published.order() + instants.SAME
    return modified.day > published.day or (modified.precision > published.precision and modified.day == published.day)


def _completed(best: Statement, others: list[Statement], modified: list[Statement]) -> Statement:
    """The statement with the time or the offset that another one adds to it."""
    for precision in (2, 1):
        if best.moment.precision >= precision:
            break
        for other in others:
            if other.moment.precision >= precision and instants.same(best.moment, other.moment):
                return other
    if best.moment.precision == 1:
        # A modification of the same minute, told with its offset: published and never touched since
        for other in modified:
            if other.moment.precision == 2 and instants.same(best.moment, other.moment):
                return Statement(source=best.source, raw=best.raw, moment=other.moment)
    return best


def _stated(
    values: Iterator[tuple[str, str]] | list[tuple[str, str]], captured: datetime, language: str
) -> Iterator[Statement]:
    for source, raw in values:
        moment = instants.parse(plain(raw), language)
        if moment and instants.plausible(moment, captured):
            yield Statement(source=source, raw=plain(raw), moment=moment)


def _declared(page: Markup) -> Iterator[tuple[str, str]]:
    for name in ("datePublished", "dateCreated", "uploadDate"):
        for value in jsonld.strings(page.article.get(name)):
            yield "json-ld", value
    for name in PUBLISHED_META:
        for value in page.meta.get(name, ())[:3]:
            yield f"meta:{name}", value
    for name, values in page.meta.items():
        if name not in PUBLISHED_META and _ANY_META.search(name) and "expir" not in name:
            for value in values[:1]:
                yield f"meta:{name}", value
    for node in page.nodes:
        if node is not page.article and jsonld.types(node) & (jsonld.ARTICLE_TYPES | jsonld.PAGE_TYPES):
            for value in jsonld.strings(node.get("datePublished")):
                if any(jsonld.same_page(a, page.url) for a in jsonld.addresses(node)):
                    yield "json-ld", value


def _modified(page: Markup) -> Iterator[tuple[str, str]]:
    for value in jsonld.strings(page.article.get("dateModified")):
        yield "json-ld", value
    for name in MODIFIED_META:
        for value in page.meta.get(name, ())[:1]:
            yield f"meta:{name}", value
    for element in page.times:
        if any(word in element.label for word in datelines.MODIFIED) and "publish" not in element.label:
            yield "time", element.value or element.text


def _url_date(url: str) -> tuple[str, date] | None:
    """The day in an address: ``/2024/05/03/``, ``-20240503``, ``/2024/may/03/``."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    for match in _URL_DATE.finditer(path):
        if match[4] and len(match[0]) != 8:
            continue
        try:
            return match[0], date(int(match[1]), int(match[3] or match[4]), int(match[5]))
        except ValueError:
            continue
    if named := _URL_MONTH_NAME.search(path.lower()):
        moment = instants.parse(f"{named[3]} {named[2]} {named[1]}", "en")
        return (named[0].strip("/"), moment.day) if moment else None
    return None
