"""Everything that can be checked in WARC files without network: framing, headers, digests, references.

Streaming: a block is hashed as it passes by, and of each record no more than its id is remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.archive.digests import ResponseHash, spelled, split
from pipelines.archive.http import parse_head, parse_request_head
from pipelines.archive.rules import header_faults, record_faults
from pipelines.archive.scan import OPEN, Record, form_of, scan
from pipelines.archive.stream import FramingError
from pipelines.errors import ArchiveError

_IDENTICAL = "/revisit/identical-payload-digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a file."""

    file: str
    offset: int
    rule: str
    """Its short name; docs/archive.md lists them."""
    detail: str
    advice: bool = False
    """The standard allows it; good practice does not."""


@dataclass(slots=True)
class _Known:
    """What is remembered of all records, to follow references."""

    ids: dict[str, tuple[str, int, str, str]] = field(default_factory=dict)
    """Record id → file, offset, type, payload digest."""
    references: list[tuple[str, int, str, str, str, str]] = field(default_factory=list)
    """File, offset, type, field, id referred to, payload digest."""


class _Hashes:
    """A record's digests, computed while its block passes by."""

    def __init__(self, record: Record) -> None:
        self.declared = {name: record.get(f"warc-{name}-digest") for name in ("block", "payload")}
        self.known = {name: split(digest) for name, digest in self.declared.items() if digest}
        self.http: ResponseHash | None = None
        self._sums: dict[str, Any] = {}
        for name, found in self.known.items():
            if found is not None:
                self._sums[name] = hashlib.new(found[0], usedforsecurity=False)
        kind = record.get("warc-type")
        self.is_http = record.get("content-type").lower().startswith("application/http")
        if self.is_http and kind in ("response", "request"):
            found = self.known.get("payload")
            parse = parse_head if kind == "response" else parse_request_head
            self.http = ResponseHash(found[0] if found else "sha1", framed=True, parse=parse)
            self._sums.pop("payload", None)
        elif kind == "revisit" or self.is_http:
            self._sums.pop("payload", None)  # it is the digest of what the record does not hold
        self._fed = [*self._sums.values()]

    def feed(self, data: bytes) -> None:
        for each in self._fed:
            each.update(data)
        if self.http is not None:
            self.http.feed(data)

    def faults(self) -> Iterator[tuple[str, str]]:
        found: dict[str, set[bytes]] = {name: {each.digest()} for name, each in self._sums.items()}
        if self.http is not None:
            found["payload"] = {self.http.end(), self.http.body.digest()}  # the standard's, and others' with framing
        for name, known in self.known.items():
            if known is not None and name in found and known[1] not in found[name]:
                true = spelled(min(found[name]), known[0])
                yield f"{name}-digest", f"{self.declared[name]} is declared, {true} is true"


def check(
    paths: Sequence[Path], *, on_record: Callable[[], None] = lambda: None, advice: bool = False
) -> Iterator[Problem]:
    """Problems of some files that belong together (references between them are followed).

    ``on_record`` is called for each record, for whoever counts. ``advice`` asks for what is allowed and not wise, too.
    Raises ``ArchiveError`` for a file that cannot be read.
    """
    known = _Known()
    for path in paths:
        for problem in _check_file(path, known, on_record):
            if advice or not problem.advice:
                yield problem
    for problem in _check_references(known):
        if advice or not problem.advice:
            yield problem


def _check_file(path: Path, known: _Known, on_record: Callable[[], None]) -> Iterator[Problem]:
    name = path.name.removesuffix(OPEN)
    errors: list[FramingError] = []
    hashes: dict[int, _Hashes] = {}
    first = True

    def tap(record: Record) -> Callable[[bytes], None]:
        hashes.clear()
        hashes[0] = _Hashes(record)
        return hashes[0].feed

    def told() -> Iterator[Problem]:
        for error in errors:
            yield Problem(file=name, offset=error.offset, rule=error.rule, detail=error.detail)
        errors.clear()

    try:
        packed = form_of(path) == "packed"
    except ArchiveError as error:
        if not path.is_file():
            raise
        yield Problem(file=name, offset=0, rule="form", detail=str(error))
        return
    for record in scan(path, limit=0, on_error=errors.append, tap=tap):
        yield from told()
        on_record()

        def problem(rule: str, detail: str, *, advice: bool = False, offset: int = record.offset) -> Problem:
            return Problem(file=name, offset=offset, rule=rule, detail=detail, advice=advice)

        kind = record.get("warc-type")
        if record.odd:
            yield problem("length", record.odd)
        if record.shared and not first:
            yield problem("member", "it shares its gzip member with other records")
        if first and kind != "warcinfo":
            yield problem("warcinfo", f"the file begins with a {kind} record", advice=True)
        first = False
        if not packed:  # FastWARC gives headers in a form of its own
            yield from (problem(rule, detail) for rule, detail in header_faults(record))
        hashed = hashes[0]
        for fault in record_faults(record, hashed.http if kind == "response" else None, name):
            yield problem(fault.rule, fault.detail, advice=fault.advice)
        yield from (problem(rule, detail) for rule, detail in hashed.faults())
        yield from _remember(record, name, known)
    yield from told()


def _remember(record: Record, name: str, known: _Known) -> Iterator[Problem]:
    kind, digest = record.get("warc-type"), record.get("warc-payload-digest")
    record_id = record.get("warc-record-id")
    if record_id in known.ids:
        file, offset, *_ = known.ids[record_id]
        detail = f"{record_id} is also the id of the record at {offset} in {file}"
        yield Problem(file=name, offset=record.offset, rule="id-twice", detail=detail)
    known.ids[record_id] = (name, record.offset, kind, digest)
    for reference in ("warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id"):
        if target := record.get(reference):
            known.references.append((name, record.offset, kind, reference, target, digest))


def _check_references(known: _Known) -> Iterator[Problem]:
    answered = {target for _, _, kind, name, target, _ in known.references if kind == "request"}
    for file, offset, kind, name, target, digest in known.references:
        found = known.ids.get(target)
        if found is None:
            # A request without its response is a loss; all else may lie in files that are not here.
            advice = not (kind in ("request", "response") and name == "warc-concurrent-to")
            detail = f"{name} names {target}, which is not in these files"
            yield Problem(file=file, offset=offset, rule="reference", detail=detail, advice=advice)
            continue
        if kind == "response" and found[2] == "request":
            answered.add("response at " + f"{file} {offset}")
        if kind == "revisit" and name == "warc-refers-to":
            if found[2] not in ("response", "resource"):
                detail = f"it refers to a {found[2]} record"
                yield Problem(file=file, offset=offset, rule="revisit", detail=detail)
            elif digest and found[3] and split(digest) != split(found[3]):
                detail = f"payload digest {digest} is not that of the record referred to, {found[3]}"
                yield Problem(file=file, offset=offset, rule="revisit", detail=detail)
    for record_id, (file, offset, kind, _) in known.ids.items():
        if (
            kind in ("response", "revisit")
            and record_id not in answered
            and f"response at {file} {offset}" not in answered
        ):
            detail = "no request belongs to it"
            yield Problem(file=file, offset=offset, rule="no-request", detail=detail, advice=True)
