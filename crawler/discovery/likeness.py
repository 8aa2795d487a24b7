"""Whether an address, and the link that bears it, look like an article, a section or neither.

General evidence only, nothing by site: dates and numbers in the path, slugs, the link's words, and where on the page
it stands. Each rule is a weight; an article is what reaches ``ARTICLE``. The weights favour recall: a page taken for
an article by mistake costs one request and ends as a rejection, an article not taken is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from crawler.discovery.dates import date_in_url
from crawler.discovery.words import DULL, JUNK, MEDIA, SECTIONS

ARTICLE = 3
"""Weight from which a link is taken for an article."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_IDS = re.compile(
    r"(?:^|[-_./a-z])(\d{5,})(?:$|[-_.])|(?:^|[-_.])[0-9a-f]{12,}(?:$|[-_.])|[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE
)
_ID_QUERY = re.compile(
    r"(?:^|&)(?:id|p|aid|nid|artid|articleid|article|article_id|newsid|news_id|news|story|storyid|itemid|item|doc|docid|n|sid"
    r"|idnews)=\d{2,}(?:&|$)",
    re.IGNORECASE,
)
_JUNK_QUERY = re.compile(
    r"(?:^|&)(?:share|replytocom|login|logout|print|sort|order|orderby|filter|set_language|s|q|query|search|returnurl|redirect"
    r"|redirect_to|return|next|back|add-to-cart)(?:=|&|$)",
    re.IGNORECASE,
)
_DATE_QUERY = re.compile(r"(?:^|&)(?:date|day|month|year|cal|calendar)(?:=|&|$)", re.IGNORECASE)
_PAGE_EXTENSION = re.compile(r"\.(?:s?html?|php|aspx?|jsp|jhtml|cms|ece|htm)$", re.IGNORECASE)
_INDEX = re.compile(r"^(?:index|default|home|start)\.\w{2,5}$", re.IGNORECASE)
_ONLY_DATE = re.compile(r"/(?:19|20)\d\d(?:/(?:0?[1-9]|1[0-2])(?:/(?:0?[1-9]|[12]\d|3[01]))?)?/?$")

_AMP_QUERY = re.compile(
    r"(?:^|&)(?:amp(?:=[^&]*)?|outputType=amp|print(?:=[^&]*)?|view=print|printable=[^&]*)(?=&|$)", re.IGNORECASE
)


def segments_of(url: str) -> list[str]:
    """The parts of the path that are not empty, decoded."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return [unquote(part) for part in path.split("/") if part]


def query_of(url: str) -> str:
    """The query without its question mark."""
    return url.partition("?")[2]


def is_media(url: str) -> bool:
    """Whether the path ends as pictures, sound, documents and programs do."""
    last = url.partition("?")[0].rpartition("/")[2]
    stem, dot, extension = last.rpartition(".")
    return bool(dot and stem) and extension.lower() in MEDIA


def names_id(url: str) -> bool:
    """Whether the query names an article's number, as in ``news.php?id=3118``."""
    return _ID_QUERY.search(query_of(url)) is not None


@lru_cache(maxsize=8192)
def is_junk(url: str) -> bool:
    """Whether nothing is to be read there, on the face of the address: log-ins, shares, sort orders, calendars."""
    # A date without a slug is a day of the archive: an endless calendar, and nothing that is not listed elsewhere.
    calendar = _ONLY_DATE.search(url.partition("?")[0]) or _DATE_QUERY.search(query_of(url))
    return bool(calendar) or is_waste(url)


def is_waste(url: str) -> bool:
    """The same without calendars, in which a backfill looks for its days."""
    segments = [part.lower() for part in segments_of(url)]
    if any(part in JUNK for part in segments) or is_media(url):
        return True
    query = query_of(url)
    if query and (_JUNK_QUERY.search(query) or query.count("&") > 3):
        return True
    return _repeats(segments)


def _repeats(segments: list[str]) -> bool:
    """Whether a path runs in circles, as relative links on a page that answers everything do."""
    return len(segments) > 12 or any(segments.count(part) > 3 for part in set(segments))


@lru_cache(maxsize=8192)
def url_weight(url: str) -> int:
    """How much the address alone looks like an article."""
    segments = segments_of(url)
    query = query_of(url)
    if not segments:
        return 3 if names_id(url) else -9
    last = segments[-1]
    if _INDEX.match(last) and not query:
        segments = segments[:-1]
        if not segments:
            return -9
        last = segments[-1]
    weight = 0
    if date_in_url(url):
        weight += 3
    stem = _PAGE_EXTENSION.sub("", last)
    if stem != last and not _INDEX.match(last):
        weight += 1
    longest = max((stem, *segments[-3:-1]), key=lambda part: len(_WORD.findall(part)))
    words = len(_WORD.findall(longest))
    weight += 3 if words >= 4 else 2 if words == 3 else 1 if words == 2 else 0
    if any(_IDS.search(part) for part in (stem, *segments[-2:-1])) or names_id(url):
        weight += 3
    elif re.fullmatch(r"\D{0,3}\d{3,4}", stem) and len(segments) > 1:
        weight += 1
    lowered = [part.lower() for part in segments]
    if any(part in DULL for part in lowered):
        weight -= 3
    if lowered[-1] in SECTIONS or lowered[-1] in DULL:
        weight -= 4
    return weight


def text_weight(text: str) -> int:
    """How much a link's words look like a headline."""
    if not text:
        return 0
    words = len(_WORD.findall(text)) + len(_WIDE.findall(text)) // 2
    return 3 if words >= 4 else 1 if words == 3 else 0


@lru_cache(maxsize=8192)
def looks_like_section(url: str) -> bool:
    """Whether the address alone looks like a section: a short path of plain words."""
    if is_junk(url) or query_of(url):
        return False
    segments = [part.lower() for part in segments_of(url)]
    if segments and _INDEX.match(segments[-1]):
        segments = segments[:-1]
    if not segments or len(segments) > 4 or any(part in DULL for part in segments):
        return False
    if any(part in SECTIONS for part in segments[-1:]):
        return True
    last = segments[-1]
    return url_weight(url) <= 0 and len(segments) <= 2 and not re.search(r"\d{3}|\.", last) and len(last) <= 20


def twin_of(url: str) -> str | None:
    """For an address that looks like an AMP, print or mobile twin, the page it would be a twin of."""
    head, _, query = url.partition("?")
    plain_query = _AMP_QUERY.sub("", query).strip("&")
    scheme, _, rest = head.partition("://")
    host, slash, path = rest.partition("/")
    plain_host = re.sub(r"^(?:amp|m|mobile|print)\.", "", host)
    plain = re.sub(r"(?:^|(?<=/))(?:amp|print|printversion)(?:/|$)", "", path, flags=re.IGNORECASE)
    plain = re.sub(r"\.(?:amp|print)(\.html?)$", r"\1", plain, flags=re.IGNORECASE)
    plain = re.sub(r"[.-](?:amp|print)$", "", plain, flags=re.IGNORECASE)
    if (plain_host, plain, plain_query) == (host, path, query):
        return None
    return f"{scheme}://{plain_host}{slash}{plain}" + (f"?{plain_query}" if plain_query else "")
