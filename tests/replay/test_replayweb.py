"""ReplayWeb.page, in a real browser, shows what a run's WACZ holds, and needs nothing but it."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.replay.conftest import Archive, run
from tests.replay.origin import LATER
from tests.replay.showroom import Showroom

pytestmark = pytest.mark.usefixtures("chromium")

GARBLED = {
    "extension", "extension-padded", "extension-gzip", "extension-long", "extension-long-gzip", "deflate", "zstd",
}  # fmt: skip
"""What ReplayWeb.page does not take apart, see docs/replay.md: size lines with anything but digits, and codings but
gzip and br."""

SHOWN = ("chunked", "gzip", "gzip-chunked", "brotli", "http-1.0", "hints", "twice-b", "twice-chunked-b", "trailers")
"""Looked at as a reader sees them."""


SEARCHES = {
    "Headline of brotli": "Headline of brotli",
    "passengers of the gzip-chunked line": "Headline of gzip-chunked",
    "zyzzyva": None,
}
"""Words of a headline, of a text and of neither, and the title that is to come first."""

BROWSERS_OWN = (".googleapis.com", ".google.com")
"""Chromium asks for these by itself, whatever it shows."""


@dataclass
class Seen:
    run: dict[str, Any]
    later: dict[str, Any]
    not_modified: dict[str, Any]
    refused: list[str]


@pytest.fixture(scope="module")
def seen(
    archive: Archive, not_modified: Archive, chromium: str, node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Seen:
    folder = tmp_path_factory.mktemp("browser")
    packages = {
        "run.wacz": archive.packages[0], "later.wacz": archive.packages[1], "304.wacz": not_modified.packages[0],
    }  # fmt: skip
    index, later = archive.index(), archive.index(1)

    def at(url: str, lands: str | None = None) -> dict[str, str]:
        found = {"url": url, "timestamp": {**later, **index}[url]["timestamp"]}
        return found | ({"lands": lands} if lands else {})

    bodies = [url for url, reading in archive.readings.items() if not reading.location and url in index]
    story = "http://unchanged.example/story"
    with Showroom(node_modules / "replaywebpage", packages) as room:
        visits = [
            {
                "source": room.base + "run.wacz",
                "pages": len(archive.articles),
                "searches": SEARCHES | {headline: headline for headline in archive.articles.values()},
                "fetches": [at(url) for url in bodies],
                "renders": [at(url) for url in archive.articles]
                + [at(url) for url in archive.of_origin(*SHOWN)]
                + [at(archive.origin + "moved", lands="/landed")],
                "screenshots": str(folder / "run"),
            },
            {"source": room.base + "later.wacz", "fetches": [at(archive.origin + LATER)]},
            {
                "source": room.base + "304.wacz",
                "pages": 1,
                "fetches": [{"url": story, "timestamp": "20260303083000"}],
                "renders": [{"url": story, "timestamp": "20260303083000"}],
            },
        ]
        task = {
            "modules": str(node_modules / "browse.js"), "browser": chromium, "profile": str(folder / "profile"),
            "base": room.base, "proxy": room.proxy, "visits": visits,
        }  # fmt: skip
        found = json.loads(run(["node", Path(__file__).with_name("browse.mjs")], stdin=json.dumps(task), seconds=150))
        shutil.rmtree(folder / "profile", ignore_errors=True)
        return Seen(*found, refused=room.refused)


def test_articles_are_listed_and_found_by_headline_and_text(archive: Archive, seen: Seen) -> None:
    assert len(seen.run["pages"]) >= len(archive.articles)
    for words, title in (SEARCHES | {headline: headline for headline in archive.articles.values()}).items():
        assert seen.run["searches"][words][:1] == ([title] if title else []), words


def test_articles_of_every_outlet_are_shown(archive: Archive, seen: Seen) -> None:
    """In eight languages, chunked and gzipped, in UTF-8 and windows-1251."""
    for url, headline in archive.articles.items():
        assert headline in seen.run["rendered"][url]["text"], url


@pytest.mark.parametrize("name", SHOWN)
def test_responses_of_every_kind_are_shown(archive: Archive, seen: Seen, name: str) -> None:
    shown = seen.run["rendered"][archive.origin + name]
    page = "twice-chunked" if name.startswith("twice-c") else name.removesuffix("-b")
    assert shown["title"] == f"Headline of {page}"
    assert shown["text"].startswith(f"Headline of {page}")
    assert shown["text"].endswith(f"End of {page}.")


def test_a_chain_of_redirects_leads_to_its_page(archive: Archive, seen: Seen) -> None:
    assert "End of landed." in seen.run["rendered"][archive.origin + "moved"]["text"]


def test_bodies_are_what_was_sent(archive: Archive, seen: Seen) -> None:
    wrong = set()
    for url, found in seen.run["fetched"].items():
        expected = archive.readings[url]
        if (found["status"], base64.b64decode(found["body"])) != (expected.status, expected.body):
            wrong.add(url.removeprefix(archive.origin))
    assert wrong == GARBLED


def test_an_unchanged_page_is_shown_at_the_later_time(not_modified: Archive, seen: Seen) -> None:
    [(url, expected)] = not_modified.readings.items()
    assert base64.b64decode(seen.not_modified["fetched"][url]["body"]) == expected.body
    assert "End of unchanged." in seen.not_modified["rendered"][url]["text"]


def test_a_revisit_of_an_earlier_run_is_shown(archive: Archive, seen: Seen) -> None:
    """The later run's package by itself."""
    url = archive.origin + LATER
    assert base64.b64decode(seen.later["fetched"][url]["body"]) == archive.readings[url].body


def test_nothing_is_asked_of_the_network(seen: Seen) -> None:
    hosts = {target.rpartition("://")[2].partition("/")[0].partition(":")[0] for target in seen.refused}
    assert {host for host in hosts if not host.endswith(BROWSERS_OWN)} == set()
