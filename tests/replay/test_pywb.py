"""pywb replays our files, with an index of its own and with ours."""

from __future__ import annotations

import gzip
import http.client
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
import zstandard

from tests.replay.conftest import Archive, Reading, run, serving

pytestmark = pytest.mark.usefixtures("tools")

INDEXES = ("ours", "theirs")
"""Collections: with the run's index.cdxj as it is, and with the one that pywb makes."""

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "deflate": zlib.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}

NOT_EXACT = {"extension-long", "extension-long-gzip", "trailers", "zstd"}
"""What pywb does not take apart: size lines over 64 bytes, fields behind the last chunk, zstd. See docs/replay.md."""


@dataclass
class Pywb:
    port: int

    def get(self, path: str) -> Reading:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            coding = response.getheader("Content-Encoding", "")
            with suppress(OSError, zlib.error, EOFError, brotli.error, zstandard.ZstdError):
                body = DECODERS[coding](body) if coding in DECODERS else body
            return Reading(body, response.status, response.getheader("Location"))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def pywb(
    archive: Archive, not_modified: Archive, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pywb]:
    folder = tmp_path_factory.mktemp("pywb")
    warcs = [*archive.warcs, *not_modified.warcs]
    run([tools / "wb-manager", "init", "theirs"], cwd=folder)
    run([tools / "wb-manager", "add", "theirs", *warcs], cwd=folder)
    ours = folder / "collections" / "ours"
    (ours / "archive").mkdir(parents=True)
    (ours / "indexes").mkdir()
    for warc in warcs:
        shutil.copy(warc, ours / "archive")
    for number, source in enumerate((*archive.runs, *not_modified.runs)):
        shutil.copy(source / "index.cdxj", ours / "indexes" / f"{number}.cdxj")
    with serving(folder) as port:
        yield Pywb(port)


def _at(archive: Archive, url: str) -> str:
    return {**archive.index(), **(archive.index(1) if archive.runs[1:] else {})}[url]["timestamp"]


@pytest.mark.parametrize("index", INDEXES)
def test_every_capture_replays_as_it_was(archive: Archive, pywb: Pywb, index: str) -> None:
    """Sample articles, codings, redirects, revisits within a run and over runs: status and body, byte for byte."""
    wrong = {}
    for url, expected in archive.readings.items():
        found = pywb.get(f"/{index}/{_at(archive, url)}id_/{url}")
        if (found.status, found.body) != (expected.status, expected.body):
            wrong[url.removeprefix(archive.origin)] = f"{found.status}, {len(found.body)} of {len(expected.body)} bytes"
    assert set(wrong) == NOT_EXACT, wrong


@pytest.mark.parametrize("index", INDEXES)
def test_pages_replay_for_a_reader(archive: Archive, pywb: Pywb, index: str) -> None:
    """With links rewritten, as a browser gets them."""
    for url, headline in archive.articles.items():
        found = pywb.get(f"/{index}/{_at(archive, url)}mp_/{url}")
        assert found.status == 200
        assert b"wombat" in found.body, "not rewritten"
        readable = found.body.decode("utf-8", "replace") + found.body.decode("windows-1251", "replace")
        assert headline in readable, url


@pytest.mark.parametrize("index", INDEXES)
def test_redirects_lead_through_the_archive(archive: Archive, pywb: Pywb, index: str) -> None:
    for url, expected in archive.readings.items():
        if expected.location:
            found = pywb.get(f"/{index}/{_at(archive, url)}mp_/{url}")
            assert found.status == expected.status
            within = f"/{index}/{_at(archive, url)}mp_/"
            assert found.location and urlsplit(found.location).path.startswith(within), found.location
            assert found.location.endswith(expected.location)
    url, hops = archive.origin + "moved", 0
    found = pywb.get(f"/{index}/{_at(archive, url)}mp_/{url}")
    while found.location:
        found, hops = pywb.get(found.location[found.location.index(f"/{index}/") :]), hops + 1
        assert hops < 10
    assert found.status == 200
    assert b"End of landed." in found.body


@pytest.mark.parametrize("moment", ["20260302083000", "20260303083000"])
def test_an_unchanged_page_replays_at_both_times(not_modified: Archive, pywb: Pywb, moment: str) -> None:
    [(url, expected)] = not_modified.readings.items()
    found = pywb.get(f"/ours/{moment}id_/{url}")
    assert (found.status, found.body) == (200, expected.body)


def test_what_is_not_archived_is_not_found(archive: Archive, pywb: Pywb) -> None:
    assert pywb.get(f"/ours/2026id_/{archive.origin}never").status == 404


def test_what_pywb_makes_of_long_size_lines_and_trailers(archive: Archive, pywb: Pywb) -> None:
    """Known, and told in docs/replay.md: the page is there, with chunk framing or trailer fields in its text."""
    for name, stray in (("extension-long", b'signature="0123'), ("trailers", b"Server-Timing: app")):
        url = archive.origin + name
        found = pywb.get(f"/ours/{_at(archive, url)}id_/{url}")
        assert b"End of " + name.encode() in found.body
        assert stray in found.body
