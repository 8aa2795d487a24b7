"""Which addresses may be of one page, by the look of them.

The page itself must say so too before they are taken for one (``pipelines.records.settle``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

_LABELS = re.compile(r"(?:(?:www|m|mobile|amp|print)\.)+(?=[^.]+\.[^.])")
_CACHE = re.compile(r"[^/]+\.cdn\.ampproject\.org/[cv]/(?:s/)?([^/]+\..*)")
_VIEWER = re.compile(r"(?:www\.)?google\.[a-z.]+/amp/(?:s/)?([^/]+\..*)")
_SEGMENTS = frozenset({"amp", "print", "printversion"})
_ENDING = re.compile(r"[._-](?:amp|print)(?=\.html?$)|[.-](?:amp|print)$", re.IGNORECASE)
_MARKERS = re.compile(
    r"(?:amp|print|printable|mobile)(?:=.*)?|outputtype=amp|view=(?:amp|print|mobile)|(?:utm|mtm|piwik|pk|at|ns|hsa|wt)_.*"
    r"|(?:fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_ga|_gl|xtor|cmp|cmpid|ocid|srsltid"
    r"|phpsessid|jsessionid)(?:=.*)?",
    re.IGNORECASE,
)
"""Parameters that ask for another form of the page, or tell how the reader came."""

_FRONT = re.compile(r"/?(?:(?:index|default|home)(?:\.\w{2,5})?/?)?", re.IGNORECASE)

SPELLINGS = ("https://{}", "http://{}", "https://www.{}", "http://www.{}")


@lru_cache(maxsize=4096)
def loose(url: str) -> str:
    """An address without what one page's addresses differ in: scheme, ``www.`` and the hosts, folders, endings and
    parameters of AMP, print and mobile pages, tracking, the last slash. The loose form of a loose form is itself.
    """
    rest = url.partition("#")[0].partition("://")[2]
    while (inner := _CACHE.fullmatch(rest) or _VIEWER.fullmatch(rest)) is not None:
        rest = inner.group(1)
    head, _, query = rest.partition("?")
    host, _, path = head.partition("/")
    host = host.lower()
    host = host.removesuffix(":443" if url.startswith("https:") else ":80")
    host = _LABELS.sub("", host, count=1) if _LABELS.match(host) else host
    segments = path.split("/")
    kept = [part for part in segments if part.lower() not in _SEGMENTS] if any(segments) else []
    if not any(kept):  # a story about /amp itself
        kept = segments
    path = "/".join(kept).rstrip("/")
    while (short := _ENDING.sub("", path).rstrip("/")) != path:
        path = short
    parts = sorted(part for part in query.split("&") if part and not _MARKERS.fullmatch(part))
    return f"{host}/{path}".rstrip("/") + (f"?{'&'.join(parts)}" if parts else "")


def spellings(plain: str) -> tuple[str, ...]:
    """The plainest addresses of which ``plain`` is the loose form: nearly all canonical addresses are one of them."""
    head, mark, query = plain.partition("?")
    return tuple(form.format(head + slash + mark + query) for form in SPELLINGS for slash in ("", "/"))


def leads_home(url: str, location: str | None) -> bool:
    """Whether a redirect sends the reader of a page to the front page of its site."""
    if location is None:
        return False
    try:
        target, own = urlsplit(urljoin(url, location.strip())), urlsplit(url)
        here, there = loose(f"http://{own.netloc}/"), loose(f"http://{target.netloc}/")
    except ValueError:
        return False
    return (
        target.scheme in ("http", "https")
        and here == there
        and _FRONT.fullmatch(target.path) is not None
        and _FRONT.fullmatch(own.path) is None
        and "?" not in loose(target.geturl())
    )
