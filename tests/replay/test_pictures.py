"""Photographs as a measure: what a browser asks of the gallery of rich pages, and whether a replay looks like it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from sampleweb import RichPage, SampleWeb
from tests.replay.conftest import scrapy
from tests.replay.pictures import Shot, differences, lacking, replayed, replayed_in_replayweb, shoot_all

pytestmark = pytest.mark.skipif(bool(lacking(pywb=True)), reason=lacking(pywb=True) or "")

KEYS = ("srcset", "css", "fonts", "lazy", "base", "app", "scroll", "consent", "odd")

ALIKE = 0.02
"""Share of pixels that may differ."""


@dataclass(frozen=True)
class Seen:
    pages: dict[str, RichPage]
    live: dict[str, Shot]
    shown: dict[str, Shot]
    """From an archive of the pages and all that they need."""
    bare: Shot
    """The page `css` of another port, from an archive that has nothing of what it needs."""
    framed: Shot
    """The page `app` in ReplayWeb.page."""
    apart: dict[str, float]
    """Key → difference of live and replayed; "bare" and "framed" as well; "pages": of two pages."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    job = tmp_path_factory.mktemp("pictures") / "job"
    with SampleWeb(rich=True, outlets=[]) as web, SampleWeb(rich=True, outlets=[]) as other:
        pages = {page.key: page for page in web.rich_pages}
        needed = {one.url: one for page in pages.values() for one in page.requisites}
        for url, one in needed.items():
            if one.flaky:
                with suppress(HTTPError):
                    urlopen(url)
        live = shoot_all(page.url for page in pages.values())
        app = pages["app"].url
        live_framed = shoot_all([app], framed=True)[app]
        bare = next(page.url for page in other.rich_pages if page.key == "css")
        scrapy(
            "archive", "--no-requisites", "--output", str(job), *(page.url for page in pages.values()), *needed, bare
        )
        without = f":{other.port}/"
    warc = _copied(job, tmp_path_factory.mktemp("copy"), lambda url: without not in url or url == bare)
    shown = replayed([warc], [*(page.url for page in pages.values()), bare])
    scrapy("wacz", str(job))
    [package] = job.rglob("*.wacz")
    framed = replayed_in_replayweb(package, [app])[app]
    pairs = {key: (live[page.url].png, shown[page.url].png) for key, page in pages.items()}
    pairs["framed"] = (live_framed.png, framed.png)
    pairs["bare"] = (live[pages["css"].url].png, shown[bare].png)
    pairs["pages"] = (live[pages["css"].url].png, live[pages["app"].url].png)
    yield Seen(
        pages=pages,
        live={key: live[page.url] for key, page in pages.items()},
        shown={key: shown[page.url] for key, page in pages.items()},
        bare=shown[bare],
        framed=framed,
        apart=dict(zip(pairs, differences(list(pairs.values())), strict=True)),
    )


def _copied(job: Path, folder: Path, wanted: Callable[[str], bool]) -> Path:
    """The captures of a run whose addresses are wanted, record by record, in a file of their own."""
    [run] = (job / "runs").iterdir()
    copy = folder / "copy.warc.gz"
    with copy.open("wb") as out:
        for line in (run / "index.cdxj").read_text("utf-8").splitlines():
            entry = json.loads(line.split(" ", 2)[2])
            if wanted(entry["url"]):
                data = (run / entry["filename"]).read_bytes()
                out.write(data[int(entry["offset"]) :][: int(entry["length"])])
    return copy


@pytest.mark.parametrize("key", KEYS)
def test_a_browser_asks_for_what_the_truth_says(seen: Seen, key: str) -> None:
    """No more and no less, but for the icons of its window."""
    page, live = seen.pages[key], seen.live[key]
    icons = {one.url for one in page.requisites if one.kind == "icon"}
    assert live.asked - icons - {page.url} == page.browser
    statuses = {one.url: one.status for one in live.requests}
    assert all(statuses[one.url] == one.status for one in page.requisites if one.browser)
    assert not [one for one in live.requests if one.error]
    failing = sum(1 for one in page.requisites if one.browser and one.status >= 400)
    assert len(live.console) == failing, live.console
    assert live.refused == ()


@pytest.mark.parametrize("key", KEYS)
def test_a_browser_shows_the_text(seen: Seen, key: str) -> None:
    page, live = seen.pages[key], seen.live[key]
    assert page.headline in live.title
    assert page.headline.lower() in live.text.lower()
    places = [live.text.find(text) for text in page.paragraphs_browser]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("key", KEYS)
def test_a_complete_archive_replays_alike(seen: Seen, key: str) -> None:
    assert seen.shown[key].unanswered == ()
    assert seen.shown[key].console == seen.live[key].console
    assert seen.apart[key] <= ALIKE
    assert all(text in seen.shown[key].text for text in seen.pages[key].paragraphs_browser)


def test_module_scripts_run_in_replayweb(seen: Seen) -> None:
    """They do not by pywb's own addresses, see docs/replay.md."""
    assert seen.framed.unanswered == ()
    assert seen.apart["framed"] <= ALIKE
    assert all(text in seen.framed.text for text in seen.pages["app"].paragraphs_browser)


def test_what_is_missing_is_noticed(seen: Seen) -> None:
    """Named, and seen: the words are there, the look is not."""
    missing = {url.rpartition("/")[2] for url in seen.bare.unanswered}
    assert {"main.css", "cdn.css", "inside.png", "attribute.png"} <= missing
    assert all(text in seen.bare.text for text in seen.pages["css"].paragraphs)
    assert seen.apart["bare"] > ALIKE
    assert seen.apart["pages"] > ALIKE
