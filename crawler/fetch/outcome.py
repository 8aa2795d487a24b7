"""What a response, and what was found in it, means for the frontier: while crawling, after a crash, when rebuilding."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawler.discovery import Discovered
from crawler.discovery.dates import too_old
from crawler.jobs import Outlet
from pipelines.errors import BroadsheetError
from pipelines.model import Candidate, Capture, CaptureRef

OVERLOADED = frozenset({429, 503})
"""Statuses by which a host asks for patience (RFC 6585, RFC 9110)."""

TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that may be gone in a while; 520 to 524 are those of large proxies."""

CUT = ("time", "disconnect")
"""Truncations that may not happen again."""

CUT_OFF = {
    "time": "cut off: it took longer than it may",
    "disconnect": "cut off: the connection ended before all of it had come",
    "length": "cut off: larger than DOWNLOAD_MAXSIZE allows",
}
"""What to say of a response that is not whole."""

NOT_WHOLE = "not whole: the lengths that it gives contradict each other or what came"
"""The same of one that ended for another reason."""

OURS = (
    BroadsheetError, CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError,
    IgnoreRequest, ResponseDataLossError,
)  # fmt: skip
"""Errors whose message says all by itself."""

ROBOTS, TDMREP = "robots", "tdmrep"
"""Methods of a robots.txt that was fetched to be obeyed, and of a tdmrep.json."""

BESIDE = (ROBOTS, TDMREP)
"""Methods of what is fetched beside the frontier, and is no address of it."""


def wanted(status: int, truncated: str | None) -> bool:
    """Is this what the address was asked for? If not, it is archived all the same, and tried again."""
    return status not in TRY_AGAIN and truncated not in CUT


def status_in_words(status: int) -> str:
    """Such as ``HTTP status 404 Not Found``."""
    try:
        return f"HTTP status {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP status {status}"


def explained(exception: BaseException, url: str) -> str:
    """What happened to an address, in one line that a person understands and that does not name the address."""
    text = " ".join(str(exception).split())
    for lead in (f"refused {url}: ", f"{url} "):
        text = text.removeprefix(lead)
    text = re.sub(r"^failed[:,] ", "", text)
    if not isinstance(exception, OURS) or not text:
        text = f"{type(exception).__name__}: {text}".removesuffix(": ")
    return text


def candidates_in(ref: CaptureRef, found: Discovered, outlet: Outlet | None) -> tuple[Candidate, ...]:
    """What was found in a page and is young enough for its outlet, by the time at which the page was fetched."""
    if outlet is None or outlet.limits.age is None or outlet.limits.backfill:  # which discovery has seen to
        return found.candidates
    now, age = datetime.fromisoformat(ref.date), outlet.limits.age
    return tuple(each for each in found.candidates if not too_old(each, now, age))


def candidate_of(capture: Capture) -> Candidate:
    """The candidate that a capture was once."""
    was = capture.provenance
    return Candidate(
        url=capture.ref.url,
        role=was.role,
        method=was.method or "unknown",
        outlet=was.outlet or "",
        source_url=was.source_url,
        title=was.title,
        date=was.date,
        depth=was.depth,
    )
