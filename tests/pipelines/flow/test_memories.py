"""Which site memory holds at which place of a run's WARC files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.flow.memories import EVERYWHERE, Memories, wants_memory
from pipelines.model import Role
from pipelines.text.sites import SiteMemory

SITE = "herald.example"


def memory(pages: int) -> SiteMemory:
    return SiteMemory(site=SITE, pages=pages)


@pytest.fixture
def memories() -> Iterator[Memories]:
    made = Memories()
    yield made
    made.close()


def test_there_is_none_for_an_unknown_site(memories: Memories) -> None:
    memories.add(SITE, ("a.warc.gz", 100), memory(8))
    assert memories.at("other.example", ("a.warc.gz", 200)) is None
    assert memories.latest("other.example") is None
    assert memories.file(None) is None


@pytest.mark.parametrize(
    ("place", "pages"),
    [
        (("a.warc.gz", 0), 8),  # before the first: it was held back for it
        (("a.warc.gz", 99), 8),
        (("a.warc.gz", 101), 8),
        (("a.warc.gz", 499), 8),
        (("a.warc.gz", 501), 16),
        (("a.warc.gz", 10**12), 16),
        (("b.warc.gz", 0), 16),
        (("b.warc.gz", 51), 32),
        (("c.warc.gz", 0), 32),
    ],
)
def test_the_last_one_noted_before_a_capture_holds(memories: Memories, place: tuple[str, int], pages: int) -> None:
    for at, number in ((("b.warc.gz", 50), 32), (("a.warc.gz", 100), 8), (("a.warc.gz", 500), 16)):  # in any order
        memories.add(SITE, at, memory(number))
    found = memories.at(SITE, place)
    assert found is not None
    assert found.pages == pages
    latest = memories.latest(SITE)
    assert latest is not None
    assert latest.pages == 32


def test_what_holds_everywhere(memories: Memories) -> None:
    memories.add(SITE, EVERYWHERE, memory(8))
    assert memories.at(SITE, ("a.warc.gz", 0)) == memory(8)


def test_a_worker_reads_it_from_a_file(memories: Memories) -> None:
    memories.add(SITE, ("a.warc.gz", 100), memory(8))
    path = memories.file(memory(8))
    assert path is not None
    assert SiteMemory.from_json(path.read_text("utf-8")) == memory(8)
    assert path.stem == memory(8).digest
    memories.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("role", "status", "wanted"),
    [
        (Role.ARTICLE, 200, True),
        (Role.SECTION, 200, True),
        (Role.ARTICLE, 404, False),
        (Role.ARTICLE, 304, False),
        (Role.HOME, 200, False),
        (Role.FEED, 200, False),
        (Role.ROBOTS, 200, False),
    ],
)
def test_only_what_may_be_an_article_is_refined_with_memory(role: Role, status: int, wanted: bool) -> None:
    assert wants_memory(role, status) is wanted
