"""Files of an export, each written beside its place and put there when it is whole and on the disk."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import zstandard

from pipelines.errors import CaptureError, DiskFullError
from pipelines.export.columns import arrow, published, record_schema, schema, with_dictionary
from pipelines.flow.files import part_of, put_in_place
from pipelines.records.jsonl import DISK_FULL, encode

GROUP = 16_000_000
"""Bytes of JSON that become one row group: what is held in memory at once, and what DuckDB skips or reads."""


class Row(NamedTuple):
    """A record on its way to a file."""

    line: bytes
    """As its run has it, newline and all."""
    id: str
    at: int | None = None
    day: int | None = None
    duplicate_of: str | None = None
    cluster_id: str | None = None


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears when it is whole. Raises ``DiskFullError`` or ``CaptureError``."""
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        put_in_place([path])
    except OSError as error:
        part.unlink(missing_ok=True)
        kind = DiskFullError if error.errno in {*DISK_FULL, errno.ENOSPC} else CaptureError
        raise kind(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


# ---------------------------------------------------------------------- lines


def write_lines(path: Path, rows: Iterable[Row], *, format: str, duplicates: bool) -> int:
    """Write one record a line; gives their number."""
    number = 0
    with whole(path) as handle, _compressed(handle, format) as out:
        for row in rows:
            if format == "bulk":
                out.write(encode({"index": {"_id": row.id}}))
            out.write(_noted(row) if duplicates else row.line)
            number += 1
    return number


@contextmanager
def _compressed(handle: IO[bytes], format: str) -> Iterator[Any]:
    if format == "jsonl.gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=handle, compresslevel=6, mtime=0) as out:
            yield out
    elif format == "jsonl.zst":
        with zstandard.ZstdCompressor(level=9).stream_writer(handle, closefd=False) as out:
            yield out
    else:
        yield handle


def _noted(row: Row) -> bytes:
    """The line with the two fields that tell of duplicates at its end, all else byte for byte."""
    noted = encode({"duplicate_of": row.duplicate_of, "cluster_id": row.cluster_id})
    return row.line.rstrip()[:-1] + b"," + noted[1:]


# ---------------------------------------------------------------------- tables


def write_table(path: Path, rows: Iterable[Row], *, duplicates: bool) -> int:
    """Write Parquet, in the order given; gives the number of rows."""
    pa = arrow()
    columns = schema(duplicates=duplicates)
    number = 0
    with (
        whole(path) as handle,
        pa.parquet.ParquetWriter(
            handle, columns, compression="zstd", use_dictionary=with_dictionary(columns), write_page_index=True
        ) as out,
    ):
        for group in _groups(rows):
            out.write_table(_table(group, columns), row_group_size=len(group))
            number += len(group)
            pa.default_memory_pool().release_unused()
    return number


def table_of(lines: Path, path: Path) -> int:
    """Write a file of articles, a line each, as Parquet, in its order; gives the number of rows."""

    def rows() -> Iterator[Row]:
        with lines.open("rb") as handle:
            for line in handle:
                record = json.loads(line)
                at, day = published(record["date_published"])
                yield Row(line, record["id"], at, day)

    return write_table(path, rows(), duplicates=False)


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for row in rows:
        if group and size + len(row.line) > GROUP:
            yield group
            group, size = [], 0
        group.append(row)
        size += len(row.line)
    if group:
        yield group


def _table(group: list[Row], columns: Any) -> Any:
    """Records as a table. Arrow reads the JSON itself, by our schema."""
    pa = arrow()
    data = b"".join(row.line for row in group)
    found = pa.json.read_json(
        io.BytesIO(data),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pa.json.ParseOptions(explicit_schema=record_schema(), unexpected_field_behavior="ignore"),
    )
    more = {
        "published_at": [row.at for row in group],
        "published_date": [row.day for row in group],
        "duplicate_of": [row.duplicate_of for row in group],
        "cluster_id": [row.cluster_id for row in group],
    }
    arrays = [
        found.column(field.name)
        if field.name not in more
        else pa.array(more[field.name], pa.int32()).cast(field.type)
        if field.name == "published_date"
        else pa.array(more[field.name], field.type)
        for field in columns
    ]
    return pa.table(arrays, schema=columns)
