"""What a run's revisits refer to and earlier runs of its job hold: copied, so that a package stands by itself."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pipelines.archive.cdxj import timestamp
from pipelines.archive.fields import CONTENT_TYPE as WARC_FIELDS
from pipelines.archive.fields import encode_fields
from pipelines.archive.record import member, warc_date
from pipelines.archive.scan import scan
from pipelines.errors import RecordError

ORIGINALS = "-originals.warc.gz"
"""How the file of a package is called, after its run, that holds records of earlier runs."""

logger = logging.getLogger(__name__)

Address = tuple[str, str]
"""URL and timestamp, as an index has them."""


def write_originals(
    run: Path,
    warcs: Sequence[Path],
    out: Path,
    *,
    created: datetime,
    on_error: Callable[[RecordError], None] | None = None,
) -> int:
    """Write to ``out`` the records that revisits in these files of a run refer to and none of the files holds, byte for
    byte as the job's other runs have them. Gives their number; without any, nothing is written.

    Only the index of the other runs is read, and of their WARC files only these records.
    """
    wanted = _referred_to(warcs, on_error)
    number = 0
    for other in sorted((path for path in run.parent.iterdir() if path != run), reverse=True):
        if not wanted:
            break
        for address, (path, offset, length) in _places(other, wanted):
            with path.open("rb") as source, out.open("ab") as target:
                if not number:
                    target.write(_info(run, out, created))
                source.seek(offset)
                target.write(source.read(length))
            number += 1
            wanted.discard(address)
    for url, moment in sorted(wanted):
        logger.warning("%s: no run of the job holds %s of %s, to which a revisit refers", run.name, url, moment)
    return number


def _referred_to(warcs: Sequence[Path], on_error: Callable[[RecordError], None] | None) -> set[Address]:
    held: set[str] = set()
    referred: dict[str, Address] = {}
    for path in warcs:
        for record in scan(path, limit=0, on_error=on_error):
            held.add(record.uri("warc-record-id"))
            if record.get("warc-type") == "revisit":
                moment = timestamp(record.get("warc-refers-to-date"))
                referred[record.uri("warc-refers-to")] = (record.uri("warc-refers-to-target-uri"), moment)
    return {address for record_id, address in referred.items() if record_id not in held}


def _places(run: Path, wanted: set[Address]) -> Iterator[tuple[Address, tuple[Path, int, int]]]:
    """Where a run holds what is wanted: file, offset and length. Nothing if it has no index."""
    index = run / "index.cdxj"
    if not index.exists():
        return
    found: set[Address] = set()
    with index.open(encoding="utf-8") as lines:
        for line in lines:
            _, moment, fields = line.split(" ", 2)
            entry = json.loads(fields)
            address = (entry["url"], moment)
            if address in wanted and address not in found and entry.get("mime") != "warc/revisit":
                found.add(address)
                yield address, (run / entry["filename"], int(entry["offset"]), int(entry["length"]))


def _info(run: Path, out: Path, created: datetime) -> bytes:
    """A warcinfo record that says what this file is."""
    said = {
        "format": "WARC file version 1.1",
        "description": f"Records of earlier runs, copied as they are: revisits of run {run.name} refer to them",
    }
    record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{run.name} {out.name} {created.isoformat()}").urn
    fields = [("WARC-Date", warc_date(created)), ("WARC-Filename", out.name)]
    return member("warcinfo", record_id, fields, WARC_FIELDS, encode_fields(said))
