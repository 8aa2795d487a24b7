"""Which captures are wanted: told by the header of a record, before its block is kept, and by the head of its answer,
before the body is decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pipelines.archive.scan import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Hosts, time and media types; what is empty lets all pass."""

    hosts: tuple[str, ...] = ()
    """In lower case; hosts below them are wanted, too."""
    since: datetime | None = None
    until: datetime | None = None
    """Captured before this."""
    mimes: tuple[str, ...] = ()
    """In lower case, such as ``text/html`` or ``text/*``."""

    def record(self, record: Record) -> bool:
        """Whether its capture can be wanted, as far as the header of the record tells."""
        if self.hosts and not self._host(record.uri("warc-target-uri")):
            return False
        if self.since is None and self.until is None:
            return True
        date = _moment(record.get("warc-date"))
        if date is None:
            return False
        return (self.since is None or date >= self.since) and (self.until is None or date < self.until)

    def page(self, headers: Iterable[tuple[str, str]], record: Record) -> bool:
        """Whether it is wanted by its media type: as the server names it, else as the crawler has identified it."""
        if not self.mimes:
            return True
        sent = next((value for name, value in headers if name.lower() == "content-type"), "")
        mime = (sent or record.get("warc-identified-payload-type")).partition(";")[0].strip().lower()
        return any(mime == each or (each.endswith("/*") and mime.startswith(each[:-1])) for each in self.mimes)

    def _host(self, url: str) -> bool:
        try:
            host = (urlsplit(url.removeprefix("urn:dom:")).hostname or "").rstrip(".")
        except ValueError:
            return False
        return any(host == each or host.endswith(f".{each}") for each in self.hosts)


def _moment(text: str) -> datetime | None:
    """``WARC-Date``: in UTC, down to the year or the nanosecond."""
    text = text.strip().removesuffix("Z")
    whole, dot, fraction = text.partition(".")
    try:
        if len(whole) in (4, 7):  # WARC/1.1 lets a date end with the year or the month
            whole += "-01-01"[: 10 - len(whole)] if len(whole) == 4 else "-01"
        moment = datetime.fromisoformat(whole + (dot + fraction[:6] if dot else ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
