"""What a site answers, before it is put on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An answer, before it is put on the wire."""

    status: int = 200
    content_type: str = "text/html"
    body: bytes = b""
    changed: datetime | None = None
    location: str = ""
    cookie: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0  # seconds before the answer begins
    framing: Literal["", "gzip", "chunked"] = ""  # whatever the outlet and the client say
    retry: int = 3600  # Retry-After of a 503: longer than a run may wait, it leaves the site alone
