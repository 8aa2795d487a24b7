"""What reader and writer share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

DOM_URI, PICTURE_URI = "urn:dom:", "urn:fullPage:"
"""Before a page's address in the records of what a browser made of it: under the address itself, replay would show them
in place of what the server sent."""


@dataclass(frozen=True, slots=True)
class RevisitTarget:
    """The response that a revisit refers to."""

    record_id: str
    url: str
    date: str
    payload_digest: str | None = None
    """Of its payload, which a 304 answer confirms."""
    filename: str | None = None
    """Where it lies, if that is known: a reader then finds its payload without an index."""
    offset: int | None = None
    chunked: bool = False
    """Its body has chunk framing. pywb looks for framing where the revisit's own head says so, hence a revisit without
    it is written in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A metadata record that is not about how a page was found."""

    filename: str
    offset: int
    target_uri: str
    content_type: str
    block: bytes
    concurrent_to: str | None = None
    record_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a browser made of a page."""

    url: str
    made: datetime
    dom: bytes = field(repr=False)
    """The document as its scripts left it: HTML in UTF-8."""
    picture: bytes | None = field(default=None, repr=False)
    """The whole page as a PNG."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What made it, and how: software, viewport and the like."""
