"""URLs: read as a browser would, brought to one form, and told apart by site.

Two questions are kept apart. ``absolute`` answers *where does this lead*: the result can be fetched and
means what was written. ``normalise`` answers *is this the same page*: it also drops what only tells the
publisher how the reader came. Neither raises; both give None for what is no http(s) URL.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import idna

from crawler.discovery.words import TRACKING

if TYPE_CHECKING:
    from crawler.jobs import Outlet

MAX_URL = 8_192
"""Characters. Servers refuse more (nginx and Apache at 8 KiB by default), so it cannot be a page."""

ANYWHERE = "*"
"""As a host of an outlet: every host. For one-off runs, which follow redirects anywhere; no job can say it."""

DEFAULT_PORTS = {"http": 80, "https": 443}

TRACKING_PREFIXES = ("utm_", "mtm_", "piwik_", "hsa_", "fb_action_", "oly_", "at_custom", "at_link")
SESSION = frozenset({"phpsessid", "jsessionid", "aspsessionid", "cfid", "cftoken"})
"""Parameters that name the visitor's session."""

_CONTROL = dict.fromkeys(map(ord, "\t\n\r"))
_EDGE = "".join(map(chr, range(0x21)))
_PLAIN = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,24}/"
    r"(?:(?!\.)[A-Za-z0-9._~-]+/)*(?:(?!\.)[A-Za-z0-9._~-]+)?(?:\?[A-Za-z0-9._~=&+-]+)?"
)
"""A URL in normal form that needs no work; nine in ten of those met."""
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?|[a-z0-9_]")
_SESSION_SEGMENT = re.compile(r";(?:jsessionid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/!$&'()*+,;=:@%~"
_QUERY_SAFE = _PATH_SAFE + "?"


def absolute(href: str, base: str | None = None) -> str | None:
    """The http(s) URL that `href` on the page at `base` leads to, without its fragment; None if it leads to none."""
    if _PLAIN.fullmatch(href) and len(href) <= MAX_URL:
        return href
    href = href.strip(_EDGE).translate(_CONTROL)
    if not href or len(href) > MAX_URL or (href[:2] == "//" and not href.strip("/")):
        return None
    scheme = _SCHEME.match(href)
    if scheme and scheme.group()[:-1].lower() not in DEFAULT_PORTS:
        return None
    # WHATWG: a backslash is a slash, except in query and fragment.
    head, mark, tail = re.match(r"([^?#]*)([?#]?)(.*)", href, re.DOTALL).groups()  # type: ignore[union-attr]
    href = head.replace("\\", "/") + mark + tail
    try:
        return _rebuild(urljoin(base, href) if base else href)
    except (ValueError, UnicodeError):  # an unclosed bracket, a port out of range, a host that IDNA refuses
        return None


def normalise(url: str) -> str | None:
    """The form under which the frontier knows a page. Idempotent; None for what is no http(s) URL."""
    found = absolute(url)
    return None if found is None else identity(found)


def identity(url: str) -> str:
    """``normalise`` for a URL that ``absolute`` gave."""
    if ";" in url:
        url = _SESSION_SEGMENT.sub("", url)
    head, mark, query = url.partition("?")
    if not mark:
        return url
    kept = "&".join(part for part in query.split("&") if part and not is_tracking(part.partition("=")[0]))
    return f"{head}?{kept}" if kept else head


def spelling_free(url: str) -> str:
    """A URL in normal form without what spells the same page differently on nearly all sites: scheme, ``www.``, the
    slash at the end of the path. Good to compare links of one page, of which one is fetched anyway; no key of a page.
    """
    head, mark, query = url.partition("?")
    return head.partition("://")[2].removeprefix("www.").rstrip("/") + mark + query


def is_tracking(name: str) -> bool:
    """Whether a query parameter tells only how the reader came, or which session this is."""
    name = (unquote_to_bytes(name).decode("latin-1") if "%" in name else name).lower()
    return name in TRACKING or name in SESSION or name.startswith(TRACKING_PREFIXES)


def _rebuild(url: str) -> str | None:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or "@" in parts.netloc:
        # A link with a name and password in it is a mistake or a trap; it would also put them in the archive.
        return None
    host = _host(parts.hostname or "")
    if not host:
        return None
    port = "" if parts.port in (None, DEFAULT_PORTS[scheme]) else f":{parts.port}"
    path = _without_dots(_quoted(parts.path, _PATH_SAFE)) or "/"
    query = f"?{_quoted(parts.query, _QUERY_SAFE)}" if parts.query else ""
    built = f"{scheme}://{host}{port}{path}{query}"
    return built if len(built) <= MAX_URL else None


@lru_cache(maxsize=4096)
def _host(name: str) -> str | None:
    """A host name or address as DNS and sockets know it; None if it cannot be one."""
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    if "%" in name:
        name = unquote_to_bytes(name).decode("utf-8")
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode("ascii")
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # Browsers read 127.1, 0x7f.0.0.1 and 2130706433 as addresses; nobody writes them in good faith.
        return str(ipaddress.IPv4Address(name))
    return name


def _quoted(text: str, safe: str) -> str:
    """Percent-encoding in normal form: escapes in upper case, none where none is needed, one where one is."""

    def escape(found: re.Match[str]) -> str:
        digits = found.group(1)
        if digits is None:
            return "%25"
        value = int(digits, 16)
        return chr(value) if value in _UNRESERVED else f"%{digits.upper()}"

    if "%" in text:
        text = _ESCAPE.sub(escape, text)
    return quote(text, safe=safe, errors="replace")


def _without_dots(path: str) -> str:
    """Dot segments resolved (RFC 3986, 5.2.4); empty segments mean something to some servers and stay."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


# ---------------------------------------------------------------- sites


def same_site(url: str, outlet: Outlet) -> bool:
    """Whether a URL (as ``absolute`` gives it) belongs to the outlet.

    It does if its host is that of the home page without ``www.``, a subdomain of it, or one listed in the
    job (or a subdomain of that). Addresses match exactly. The port must be that of the home page; 80 and 443 are one.
    """
    return _belongs(_authority(url), outlet.home, outlet.hosts)


def host_of(url: str) -> str:
    """The host of a URL as ``absolute`` gives it, without port."""
    return _split(_authority(url))[0]


def _authority(url: str) -> str:
    start = url.find("://") + 3
    end = url.find("/", start)
    return url[start:end] if end > 0 else url[start:]


def _split(authority: str) -> tuple[str, str]:
    host, colon, port = authority.rpartition(":")
    return (host, port) if colon and not port.endswith("]") else (authority, "")


@lru_cache(maxsize=4096)
def _belongs(authority: str, home: str, hosts: tuple[str, ...]) -> bool:
    host, port = _split(authority)
    for entry in (_authority(home), *hosts):
        if entry == ANYWHERE:
            return True
        known, known_port = _split(entry)
        known = known.removeprefix("www.")
        if port != known_port:
            continue
        if host == known:
            return True
        if not _is_address(known) and host.endswith(f".{known}"):
            return True
    return False


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.rpartition(".")[2].isdigit()
