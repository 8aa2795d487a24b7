"""A run as one WACZ file, its articles listed with headline and text for replay to search."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines import VERSION
from pipelines.archive.wacz import Page, build
from pipelines.archive.writer import OPEN
from pipelines.errors import ArchiveError, RecordError
from pipelines.flow.files import warc_files
from pipelines.flow.originals import ORIGINALS, write_originals


def package(
    run: Path,
    out: Path,
    *,
    key: bytes | None = None,
    created: datetime | None = None,
    on_error: Callable[[RecordError], None] | None = None,
) -> None:
    """Write the WACZ of a run. ``key`` is a PEM private key to sign with. Damaged records are told to ``on_error``;
    without one they are raised.

    What its revisits refer to in earlier runs of the job is put in, so that the package replays by itself.

    Raises ``ArchiveError`` while the run is not sealed, ``ConfigError`` for a key that cannot be used.
    """
    files = warc_files([run])
    unsealed = [path.name for path in files if path.name.endswith(OPEN)]
    if unsealed:
        raise ArchiveError(
            f"the run is not complete, {unsealed[0]} is still open: let the crawl go on to its end first"
        )
    created = created or datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="broadsheet-wacz-") as scratch:
        originals = Path(scratch) / f"{run.name}{ORIGINALS}"
        if write_originals(run, files, originals, created=created, on_error=on_error):
            files = [*files, originals]
        build(
            files,
            pages(run),
            out,
            created=created,
            title=f"{run.parent.parent.name} {run.name}",
            software=f"Broadsheet {VERSION}",
            key=key,
            on_error=on_error,
        )


def pages(run: Path) -> Iterator[Page]:
    """The articles of a run as replay lists them."""
    path = run / "articles.jsonl"
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            record = json.loads(line)
            title = record["headline"] or record["url"]
            yield Page(
                url=record["url"], date=record["warc"]["date"], title=title, text=record["text"], id=record["id"]
            )
