"""Records that fill a stretch to the byte, and are records to every reader."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from pipelines.archive.blank import CONTENT_TYPE, LEAST, PIECE, fill, write_over
from pipelines.archive.check import check
from pipelines.archive.record import member
from pipelines.archive.scan import scan
from pipelines.errors import ArchiveError

ID = "urn:uuid:00000000-0000-4000-8000-000000000000"
SAID = {
    "reason": "asked by the author",
    "records": [{"type": "response", "id": ID, "date": "2026-03-02T08:30:00Z"}] * 4,
}


def filled(form: str, length: int) -> bytes:
    return fill(
        form, length, name="a.warc.gz 0", takedown="20260302T083000000000Z", date="2026-03-02T09:00:00Z", said=SAID
    )


def unpacked(data: bytes) -> list[bytes]:
    parts = []
    while data:
        unpacker = zlib.decompressobj(31)
        parts.append(unpacker.decompress(data) + unpacker.flush())
        assert unpacker.eof
        data = unpacker.unused_data
    return parts


LENGTHS = (*range(365, 1500), *range(65_530, 65_620), *range(131_070, 131_100), *range(99_990, 100_020))


@pytest.mark.parametrize("form", ["gzip", "plain"])
def test_every_length(form: str) -> None:
    for length in LENGTHS:
        data = filled(form, length)
        assert len(data) == length
        (record,) = unpacked(data) if form == "gzip" else [data]
        head, _, block = record.partition(b"\r\n\r\n")
        assert head.startswith(b"WARC/1.1\r\n")
        assert f"Content-Length: {len(block) - 4}".encode() in head
        assert block.endswith(b"\r\n\r\n")
        assert json.loads(block)["takedown"] == "20260302T083000000000Z"


def test_it_says_all_where_there_is_room() -> None:
    for length, known in ((2000, {"takedown", "date", "reason", "records"}), (400, {"takedown", "date"})):
        (record,) = unpacked(filled("gzip", length))
        assert json.loads(record.partition(b"\r\n\r\n")[2]).keys() >= known


def test_where_there_is_none() -> None:
    with pytest.raises(ArchiveError, match="too few"):
        filled("gzip", 100)


@pytest.mark.parametrize("length", [PIECE + 1, PIECE + LEAST, 2 * PIECE, 2 * PIECE + 77])
def test_a_long_stretch_is_several_records(length: int) -> None:
    data = filled("gzip", length)
    assert len(data) == length
    parts = unpacked(data)
    assert max(map(len, parts)) <= PIECE
    assert len({part.partition(b"WARC-Record-ID")[2][:60] for part in parts}) == len(parts) > 1


def test_readers_take_it_for_a_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    kinds = [("warcinfo", "a"), ("metadata", "b" * 3000), ("metadata", "c" * 900), ("metadata", "d")]
    members = [
        member(
            kind, f"{ID[:-1]}{number}", [("WARC-Date", "2026-03-02T08:30:00Z")], "text/plain", bytes(block * 9, "ascii")
        )
        for number, (kind, block) in enumerate(kinds)
    ]
    path.write_bytes(b"".join(members))
    offset, length = len(members[0]), len(members[1]) + len(members[2])
    whole = filled("gzip", length)
    write_over(path, [(offset, whole)])
    data = path.read_bytes()
    assert data == members[0] + whole + members[3]
    assert [record.get("content-type") for record in scan(path)] == ["text/plain", CONTENT_TYPE, "text/plain"]
    assert list(check([path])) == []
    found = list(ArchiveIterator(io.BytesIO(data), parse_http=False))
    assert [record.headers.get("WARC-Target-URI", "") for record in found][1] == "urn:takedown:20260302T083000000000Z"
    write_over(path, [(offset, filled("gzip", length))])
    assert path.read_bytes() == data
