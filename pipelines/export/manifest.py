"""``export.json``: what an export holds, how it was asked for, what was left out, and where it comes from."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pipelines import VERSION, clock
from pipelines.export import rights
from pipelines.export.columns import day_of
from pipelines.export.plan import Plan
from pipelines.export.presets import told
from pipelines.export.sources import job_of
from pipelines.export.state import State
from pipelines.model import SCHEMA_VERSION


def manifest_of(state: State, plan: Plan, left_out: Counter[str]) -> dict[str, Any]:
    """The manifest, as JSON has it. ``left_out``: how many records are, by reason."""
    first, last, words, size = state.one(
        "SELECT min(day), max(day), coalesce(sum(words), 0), coalesce(sum(length), 0) FROM record"
        " WHERE part IS NOT NULL"
    )
    rows, written = state.one("SELECT coalesce(sum(rows), 0), coalesce(sum(bytes), 0) FROM part")
    signalled = state.rows(
        "SELECT said, count(*) FROM record LEFT JOIN rights ON rights.n = record.rights"
        " WHERE part IS NOT NULL GROUP BY 1"
    )
    files = state.rows("SELECT path, rows, bytes, sha256 FROM part ORDER BY path")
    sources = state.rows("SELECT path, taken FROM source ORDER BY id")
    return {
        "software": f"broadsheet {VERSION}",
        "schema_version": SCHEMA_VERSION,
        "made": clock.seconds(clock.utcnow()),
        "options": json.loads(plan.as_json()),
        "rows": rows,
        "words": words,
        "bytes": written,
        "json_bytes": size,
        "first_day": None if first is None else day_of(first).isoformat(),
        "last_day": None if last is None else day_of(last).isoformat(),
        "outlets": _counted(state, "outlet"),
        "languages": _counted(state, "language"),
        "rights": rights.counts(signalled),
        "left_out": dict(left_out.most_common()),
        "presets": told(plan.presets, left_out),
        "sources": [_named(Path(path)) | {"taken": taken} for path, taken in sources],
        "files": [dict(zip(("path", "rows", "bytes", "sha256"), row, strict=True)) for row in files],
    }


def _counted(state: State, column: str) -> dict[str, int]:
    sql = f"SELECT coalesce({column}, ''), count(*) FROM record WHERE part IS NOT NULL GROUP BY 1"
    return dict(state.rows(f"{sql} ORDER BY 2 DESC, 1"))


def _named(path: Path) -> dict[str, str]:
    """A source for the manifest, which is given away: by job and run, not by where it lies on this machine."""
    job = job_of(path)
    return {"file": path.name} if job is None else {"job": job.name, "run": path.parent.name}
