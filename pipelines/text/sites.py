"""Site memory: what a site repeats, learnt from its own pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ENOUGH_PAGES = 8
"""Pages of an unknown site that the live crawl observes before it refines the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one page tells about its site."""

    page: str
    """Identifies the article: pages of the same article count once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """What is known of a site."""

    site: str
    pages: int = 0
    digest: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.to_json().encode()).hexdigest())

    def to_json(self) -> str:
        """Canonical JSON: equal memories give equal text."""
        value = {"site": self.site, "pages": self.pages}
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> SiteMemory:
        value: dict[str, Any] = json.loads(text)
        return cls(site=value["site"], pages=value["pages"])


def site_of(url: str) -> str:
    """The host of an address without ``www.``, with its port where that is not the scheme's own."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return ""
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{host}:{port}" if port and port != default else host


def learn(site: str, previous: SiteMemory | None, observations: Iterable[Observation]) -> SiteMemory:
    """The memory of a site, enlarged by what was observed since."""
    pages = {observation.page for observation in observations}
    return SiteMemory(site=site, pages=(previous.pages if previous else 0) + len(pages))
