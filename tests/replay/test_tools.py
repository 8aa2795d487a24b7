"""Other people's readers read what Broadsheet wrote: indexers, validators, parsers."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from fastwarc.warc import ArchiveIterator as FastWarc
from warcio.archiveiterator import ArchiveIterator as Warcio

from tests.replay.conftest import Archive, run


def _ours(archive: Archive) -> list[str]:
    return sorted(line for folder in archive.runs for line in (folder / "index.cdxj").read_text("utf-8").splitlines())


def test_every_index_line_is_the_one_of_cdxj_indexer(tools: Path, archive: Archive) -> None:
    theirs = run([tools / "cdxj-indexer", "--sort", *archive.warcs]).splitlines()
    # Our notes are metadata records with a URN for a target: replay never asks for them, and our index is without.
    assert [line for line in theirs if not line.startswith("urn:")] == _ours(archive)


def test_answers_without_a_page_are_not_in_the_index(tools: Path, not_modified: Archive) -> None:
    """A 304 is in the archive, and in its place replay shows the capture that it confirms."""
    theirs = run([tools / "cdxj-indexer", "--sort", *not_modified.warcs]).splitlines()
    assert [json.loads(line.split(" ", 2)[2])["status"] for line in theirs] == ["200", "304"]
    assert _ours(not_modified) == theirs[:1]


def test_every_index_line_is_the_one_of_pywb(tools: Path, archive: Archive, tmp_path: Path) -> None:
    run([tools / "wb-manager", "init", "theirs"], cwd=tmp_path)
    run([tools / "wb-manager", "add", "theirs", *archive.warcs], cwd=tmp_path)
    theirs = (tmp_path / "collections/theirs/indexes/index.cdxj").read_text("utf-8").splitlines()
    # pywb writes SHA-1 without its name, "unk" where there is no Content-Type, and no status of revisits.
    ours = [line.replace('"digest": "sha1:', '"digest": "') for line in _ours(archive)]
    ours = [line.replace('"warc/revisit", "status": "200"', '"warc/revisit"') for line in ours]
    theirs = [line.replace('"mime": "unk", ', "") for line in theirs if not line.startswith("urn:")]
    assert sorted(theirs) == sorted(ours)


def test_wacz_validates(tools: Path, archive: Archive, not_modified: Archive) -> None:
    for package in (*archive.packages, *not_modified.packages):
        assert "Validation succeeded" in run([tools / "wacz", "validate", "--file", package])


def test_fastwarc_and_warcio_read_every_record(archive: Archive) -> None:
    for path in archive.warcs:
        with path.open("rb") as handle:
            fast = [(one.record_id, one.verify_block_digest()) for one in FastWarc(handle, parse_http=False)]
        with path.open("rb") as handle:
            slow = []
            for record in Warcio(handle, no_record_parse=True):
                while record.raw_stream.read(65536):
                    pass
                slow.append(record.rec_headers.get_header("WARC-Record-ID"))
        assert [one for one, _ in fast] == slow
        assert all(fits for _, fits in fast)


def test_everything_was_captured(archive: Archive) -> None:
    """What the other tests replay is there, and the revisits are revisits."""
    index = archive.index()
    later = archive.index(1)
    for url, reading in archive.readings.items():
        entry = (index | later)[url]
        assert entry.get("status") == str(reading.status), url
    [again, chunked] = archive.of_origin("twice-b", "twice-chunked-b")
    assert index[again]["mime"] == index[chunked]["mime"] == "warc/revisit"
    assert later[archive.origin + "twice-later"]["mime"] == "warc/revisit"


def test_a_package_holds_what_its_revisits_refer_to(archive: Archive) -> None:
    """A copy of the record that an earlier run has, byte for byte."""
    entry = archive.index()[archive.origin + "twice-a"]
    start = int(entry["offset"])
    original = (archive.runs[0] / entry["filename"]).read_bytes()[start : start + int(entry["length"])]
    with zipfile.ZipFile(archive.packages[1]) as package:
        [name] = [one for one in package.namelist() if one.endswith("-originals.warc.gz")]
        copied = package.read(name)
    assert copied.endswith(original)
    assert [one.headers["WARC-Type"] for one in FastWarc(io.BytesIO(copied))] == ["warcinfo", "response"]
    with zipfile.ZipFile(archive.packages[0]) as package:
        assert not [one for one in package.namelist() if one.endswith("-originals.warc.gz")]
