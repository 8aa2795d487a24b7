"""What reader and writer share."""

from __future__ import annotations

from dataclasses import dataclass


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
