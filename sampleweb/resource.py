"""What a site answers, before it is put on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An answer, before it is put on the wire."""

    status: int = 200
    content_type: str = "text/html"
    body: bytes = b""
    changed: datetime | None = None
    location: str = ""
    cookie: str = ""
