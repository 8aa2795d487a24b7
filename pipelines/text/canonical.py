"""The article's own address, as far as the page can be believed."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from pipelines.text import jsonld
from pipelines.text.structured import Markup

_SECOND_LEVEL = frozenset(
    {
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gov",
        "gv",
        "mil",
        "ne",
        "net",
        "nic",
        "or",
        "org",
        "in",
        "go",
        "k12",
        "web",
        "id",
        "asso",
        "nom",
    }
)
"""Labels under which country domains are given to sites: ``example.co.uk``."""

_VARIANT = re.compile(r"(?:^|[/._-])(?:amp|print|drucken|m|mobile|html5)(?=$|[/._-])", re.I)


def site(host: str) -> str:
    """The registrable part of a host name, near enough without a list of suffixes."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) <= 2:
        return ".".join(labels)
    keep = 3 if len(labels[-1]) == 2 and (labels[-2] in _SECOND_LEVEL or len(labels[-2]) <= 2) else 2
    return ".".join(labels[-keep:])


def read(page: Markup) -> str:
    """``rel=canonical``, else ``og:url``, else the JSON-LD address if plausible; else the address fetched."""
    stated = [*page.links.get("canonical", ())[:2], *page.meta.get("og:url", ())[:1], *jsonld.addresses(page.article)]
    for value in stated:
        address = _absolute(page.url, value)
        if address and plausible(address, page.url):
            return address
    return page.url


def _absolute(base: str, value: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, value.strip()))
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.port not in (None, 80, 443, urlsplit(base).port)
        ):
            return None
    except ValueError:
        return None
    return urlunsplit(parts._replace(fragment=""))


def plausible(address: str, fetched: str) -> bool:
    """Whether an address can be of the page that was fetched: a public host of the same site, no home page, and not
    an address that shares nothing with the one fetched."""
    there, here = urlsplit(address), urlsplit(fetched)
    host, own = there.hostname or "", here.hostname or ""
    if host != own and (
        not _public(host) or (site(host) != site(own) and not _cache_of(host, here.hostname or "", here.path))
    ):
        return False
    if there.path.strip("/") == "" and not there.query:
        return here.path.strip("/") == "" and not here.query
    if there.path.rstrip("/") == here.path.rstrip("/"):
        return True
    return _alike(there.path + "?" + there.query, here.path + "?" + here.query)


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".invalid", ".test", ".example"))


def _cache_of(host: str, own: str, path: str) -> bool:
    """An AMP cache: ``www-example-com.cdn.ampproject.org`` and ``google.com/amp/s/www.example.com/…``."""
    if own.endswith(".cdn.ampproject.org"):
        return (
            own.split(".", maxsplit=1)[0].replace("--", "\0").replace("-", ".").replace("\0", "-").endswith(site(host))
        )
    return own.startswith("www.google.") and path.startswith("/amp/") and host in path


def _alike(there: str, here: str) -> bool:
    """Addresses of one article share its number or most of its slug's words."""
    there, here = _VARIANT.sub("", there.lower()), _VARIANT.sub("", here.lower())
    numbers = set(re.findall(r"\d{5,}", there)) & set(re.findall(r"\d{5,}", here))
    if numbers:
        return True
    words, own = set(re.findall(r"[^\W_]{3,}", there)), set(re.findall(r"[^\W_]{3,}", here))
    return bool(words) and len(words & own) >= 0.5 * min(len(words), len(own))
