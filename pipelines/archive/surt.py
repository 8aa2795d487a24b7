"""Sort-friendly URI reordering: the key under which an index keeps a URL (``com,example)/path?query``).

Replay software looks a page up by this key, so it must come out as the Internet Archive's canonicalisation has it,
which pywb and others follow, peculiarities included. Written from its documented rules and Google's for URLs, and
compared with the PyPI package ``surt`` as a black box: that one is under the AGPL, and was last released in 2019.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import idna

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(/{0,2})")
_WWW = re.compile(r"www\d*\.")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_BREAKS = str.maketrans("", "", "\t\r\n")

_PATH_SESSION = re.compile(
    r"(.*/)(?:\((?:[a-z]\([0-9a-z]{24}\))+\)|\([0-9a-z]{24}\))/([^?]+\.aspx.*)", re.IGNORECASE | re.DOTALL
)
"""ASP.NET puts the session into the path, as ``(S(…))``."""

_QUERY_SESSIONS = tuple(
    re.compile(rf"(.*){pattern}(?:&(.*))?\Z", re.IGNORECASE | re.DOTALL)
    for pattern in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]+&cftoken=[^&]+",
    )
)


def surt(url: str) -> str:
    """The key of a URL. One without an authority (``urn:``, ``dns:``) is its own, in lower case."""
    url = url.strip().translate(_BREAKS)
    if not url:
        return "-"
    scheme = _SCHEME.match(url)
    if scheme is None or (not scheme[2] and scheme[1].lower() not in _DEFAULT_PORTS):
        return url if url.startswith("filedesc") else _lower(url)
    rest, _, _ = url[scheme.end() :].partition("#")
    rest, mark, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    key = _host(authority, scheme[1].lower()) + ")" + _path(slash + path)
    query = _query(query) if mark else ""
    return f"{key}?{query}" if query else key


def _host(authority: str, scheme: str) -> str:
    host = authority.rpartition("@")[2]
    bracket = host.rfind("]")
    name, colon, port = host.rpartition(":") if host.rfind(":") > bracket else (host, "", "")
    name = unquote_to_bytes(name).decode("utf-8", "replace")
    if name.startswith("["):
        name = name.strip("[]").lower()
    else:
        name = _ascii(re.sub(r"\.{2,}", ".", name).strip(".")).lower()
        name = _WWW.sub("", _dotted(name), count=1) if _WWW.match(name) else _dotted(name)
        name = ",".join(reversed(name.split(".")))
    return f"{name}:{port}" if colon and port and port != _DEFAULT_PORTS.get(scheme) else name


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except ValueError:
        return _escape(name.encode("utf-8", "replace"))


def _dotted(name: str) -> str:
    """An IPv4 address in its usual form, where its last part stands for several (as ``inet_aton`` has it)."""
    parts = name.split(".")
    if not name.isascii() or len(parts) >= 4 or not all(part.isdecimal() and len(part) < 11 for part in parts):
        return name
    *first, last = map(int, parts)
    missing = 4 - len(first)
    if last >= 256**missing:
        return name
    return ".".join(map(str, [*first, *last.to_bytes(missing, "big")]))


def _path(path: str) -> str:
    kept: list[bytes] = []
    for segment in _unescape(path).split(b"/")[1:]:
        if segment == b".." and kept:
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    plain = "/" + _escape(b"/".join(segment for segment in kept if segment))
    session = _PATH_SESSION.fullmatch(plain)
    return _lower(session[1] + session[2] if session else plain)


def _query(query: str) -> str:
    plain = _escape(_unescape(query))
    for pattern in _QUERY_SESSIONS:
        if found := pattern.match(plain):
            plain = found[1] + (found[2] or "")
    return "&".join(sorted(_lower(plain).split("&"), key=lambda each: each.partition("=")))


def _unescape(text: str) -> bytes:
    """Percent-encoding undone until there is none."""
    data = text.encode("utf-8", "replace")
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return data


def _escape(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 < byte < 0x7F and byte not in b"#%" else f"%{byte:02x}" for byte in data)


def _lower(text: str) -> str:
    """Lower case of ASCII letters only."""
    return text.encode("utf-8", "replace").lower().decode("utf-8")
