"""A run of ``scrapy archive`` as it stands, on the gallery of rich pages: shown again, it asks for nothing else and
looks as the live pages did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sampleweb import RichPage, SampleWeb
from tests.replay.conftest import run, scrapy
from tests.replay.pictures import Shot, differences, lacking, replayed, shoot_all

pytestmark = pytest.mark.skipif(bool(lacking(pywb=True)), reason=lacking(pywb=True) or "")

ALIKE = 0.02
"""Share of pixels that may differ."""

SCRIPTED = ("app", "scroll", "consent")
"""Pages of which a part comes by scripts: without a browser, what those ask for is not in the archive."""


@dataclass(frozen=True)
class Again:
    pages: dict[str, RichPage]
    live: dict[str, Shot]
    shown: dict[str, Shot]
    apart: dict[str, float]
    package: Path


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Again]:
    job = tmp_path_factory.mktemp("archived") / "job"
    with SampleWeb(rich=True, outlets=[]) as web:
        pages = {page.key: page for page in web.rich_pages}
        urls = [page.url for page in pages.values()]
        scrapy("archive", "--output", str(job), "-s", "ROBOTSTXT_OBEY=1", *urls)  # the flaky one answers from now on
        live = shoot_all(urls)
    [folder] = (job / "runs").iterdir()
    package = folder / f"{folder.name}.wacz"
    shown = replayed(package, urls)
    apart = differences([(live[url].png, shown[url].png) for url in urls])
    yield Again(
        pages=pages,
        live={key: live[page.url] for key, page in pages.items()},
        shown={key: shown[page.url] for key, page in pages.items()},
        apart=dict(zip(pages, apart, strict=True)),
        package=package,
    )


def in_vain(again: Again, key: str) -> set[str]:
    """What a replayed page asked for and the archive has not, but for what robots.txt does not want archived."""
    disallowed = {one.url for one in again.pages[key].requisites if one.disallowed}
    return set(again.shown[key].unanswered) - disallowed


@pytest.mark.parametrize("key", ["srcset", "css", "fonts", "lazy", "base", "odd"])
def test_a_page_without_scripts_of_its_own_is_shown_as_it_was(again: Again, key: str) -> None:
    assert in_vain(again, key) == set()
    assert again.apart[key] <= ALIKE
    assert all(text in again.shown[key].text for text in again.pages[key].paragraphs_browser)


@pytest.mark.parametrize("key", SCRIPTED)
def test_of_a_page_made_by_scripts_only_what_they_ask_for_is_missing(again: Again, key: str) -> None:
    page = again.pages[key]
    assert in_vain(again, key) <= {one.url for one in page.requisites if one.browser_only}
    assert {urlsplit(one.url).path for one in page.requisites if one.plain and one.browser} <= {
        urlsplit(url).path for url in again.shown[key].asked
    }


def test_the_package_of_the_run_is_accepted(again: Again, tools: Path) -> None:
    assert "Validation succeeded" in run([tools / "wacz", "validate", "--file", again.package])
