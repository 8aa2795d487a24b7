"""The lines of a robots.txt, as fields and as groups (RFC 9309, section 2.2)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_BYTES = 512 * 1024
"""RFC 9309 asks for 500 KiB at least; Google stops there too."""

MAX_LINE = 16_663
"""Characters of a line that are read: as many as Google reads. No address that we fetch is half as long."""

_DISALLOW = frozenset({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})
_AGENT = frozenset({"user-agent", "useragent", "user agent"})
_SITEMAP = frozenset({"sitemap", "site-map", "sitemaps"})
_DELAY = frozenset({"crawl-delay", "crawldelay", "crawl delay"})
_SIGNAL = frozenset({"content-signal", "content-usage"})
_LICENSE = frozenset({"license"})
"""Of RSL 1.0; like sitemaps, licences are for all and belong to no group."""
_KNOWN = _DISALLOW | _AGENT | _SITEMAP | _DELAY | _SIGNAL | _LICENSE | {"allow"}
_PREFIXES = ("disallow", "allow", "user-agent", "sitemap", "site-map")
"""Fields that Google takes for what they begin with: ``Disallowed``, ``User-agents``."""
_LINE = re.compile(r"\r\n|\r|\n")
_MARKUP = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|\?xml)\b", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z_-]+")


@dataclass(frozen=True, slots=True)
class Group:
    """The rules for some user agents: field (``allow``, ``disallow``, ``delay``, ``signal``) and value."""

    agents: frozenset[str]
    rules: tuple[tuple[str, str], ...]


def product_token(user_agent: str) -> str:
    """``Broadsheet`` of ``Broadsheet/1.0 (+https://…)``, in lower case: letters, ``_`` and ``-`` from the start."""
    found = _TOKEN.match(user_agent.strip())
    return found.group().lower() if found else ""


def decode(body: bytes) -> str:
    """The text of a robots.txt, at most ``MAX_BYTES``; nothing of a page that came in its place."""
    cut = len(body) > MAX_BYTES
    body = body[:MAX_BYTES]
    if cut:  # the last line may be half a rule
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r"), 0)]
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = body.decode("utf-16", "replace")
    else:
        for byte in codecs.BOM_UTF8:  # half a BOM is none of the text either
            body = body.removeprefix(bytes((byte,)))
        text = body.decode("utf-8", "robots-octets")
    return "" if _MARKUP.match(text) else text


def _octets(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 as their escapes: rules are octets (RFC 9309), in whatever charset they were written."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"%{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("robots-octets", _octets)


def fields(text: str) -> Iterable[tuple[str, str]]:
    """Lines as field and value; what is no field that we know is left out."""
    for line in _LINE.split(text):
        line = line[:MAX_LINE].partition("#")[0].strip(" \t\f\v\x00\ufeff")
        if not line:
            continue
        field, colon, value = line.partition(":")
        field = " ".join(field.lower().split())
        if field not in _KNOWN and " " not in field:
            field = next((known for known in _PREFIXES if field.startswith(known)), field)
        if not colon or field not in _KNOWN:
            # Google takes a blank for a missing colon, if that leaves exactly two words.
            words = line.split()
            if len(words) != 2 or words[0].lower() not in _KNOWN:
                continue
            field, value = words[0].lower(), words[1]
        name = (
            "disallow" if field in _DISALLOW
            else "agent" if field in _AGENT
            else "sitemap" if field in _SITEMAP
            else "delay" if field in _DELAY
            else "signal" if field in _SIGNAL
            else "license" if field in _LICENSE
            else "allow"
        )  # fmt: skip
        yield name, value.strip()


def read_groups(text: str) -> Iterable[Group]:
    """The groups, in order; rules before the first ``User-agent`` line are in none."""
    agents: set[str] = set()
    rules: list[tuple[str, str]] = []
    ruled = False
    for field, value in fields(text):
        if field in ("sitemap", "license"):
            continue
        if field == "agent":
            if ruled:
                yield Group(frozenset(agents), tuple(rules))
                agents, rules, ruled = set(), [], False
            token = "*" if re.match(r"\*(?:\s|$)", value) else product_token(value)
            if token:
                agents.add(token)
            continue
        ruled = True
        # "Disallow:" with nothing after it forbids nothing, and "Allow:" allows nothing more.
        if agents and value:
            rules.append((field, value))
    if agents:
        yield Group(frozenset(agents), tuple(rules))
