"""One article under all its addresses, two stories under two: by their look and by what the page bears out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.model import Article
from pipelines.records.identity import leads_home, loose, spellings
from tests.pipelines.records.stories import TEXT, Job, kinds, story

OTHER = "Rain fell on the coast.\n\nRoads were closed.\n\nThe ferry stayed in port."
LONGER = TEXT + "\n\nThe mayor was pleased.\n\nThe ferry goes on until then."
REWRITTEN = "A bridge at last, says the council.\n\nNobody asked what it will cost.\n\nWork starts in spring."
BRIDGE = "https://herald.example/2026/bridge.html"
MOBILE = "https://m.herald.example/2026/bridge.html"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    made = Job(tmp_path)
    yield made
    made.check()
    made.close()


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://herald.example/2026/bridge.html", "herald.example/2026/bridge.html"),
        ("http://www.Herald.example:80/2026/bridge.html/", "herald.example/2026/bridge.html"),
        ("https://m.herald.example/2026/bridge.html", "herald.example/2026/bridge.html"),
        ("https://amp.www.herald.example/2026/bridge.html", "herald.example/2026/bridge.html"),
        ("https://herald.example/amp/2026/bridge.html", "herald.example/2026/bridge.html"),
        ("https://herald.example/2026/bridge.amp.html", "herald.example/2026/bridge.html"),
        ("https://herald.example/2026/bridge.html?amp=1&utm_source=a&utm_medium=b", "herald.example/2026/bridge.html"),
        ("https://herald.example/2026/bridge.html?outputType=amp#top", "herald.example/2026/bridge.html"),
        ("https://herald.example/print/2026/bridge.html", "herald.example/2026/bridge.html"),
        ("https://www-herald-example.cdn.ampproject.org/c/s/www.herald.example/a", "herald.example/a"),
        ("https://www.google.com/amp/s/herald.example/a", "herald.example/a"),
        ("https://herald.example/story?b=2&id=7&fbclid=x", "herald.example/story?b=2&id=7"),
        ("https://herald.example/a/amp/", "herald.example/a"),
        ("https://herald.example/amp", "herald.example/amp"),
        ("https://herald.example/camp-amp", "herald.example/camp"),
        ("https://herald.example/camp", "herald.example/camp"),
        ("https://m.com/a", "m.com/a"),
        ("http://127.0.0.1:8080/a/", "127.0.0.1:8080/a"),
        ("https://herald.example/", "herald.example"),
        ("https://herald.example/?p=7", "herald.example?p=7"),
    ],
)
def test_the_loose_form_of_an_address(address: str, plain: str) -> None:
    assert loose(address) == plain
    assert {loose(each) for each in spellings(plain)} == {plain}


@pytest.mark.parametrize(
    ("location", "home"),
    [
        ("/", True), ("https://herald.example", True), ("http://www.herald.example/index.html", True),
        ("/?utm_source=gone", True), ("//herald.example/", True), ("/?p=7", False), ("/news/", False),
        ("https://elsewhere.example/", False), ("", False), ("http://[", False), (None, False), ("/2026/", False),
    ],
)  # fmt: skip
def test_what_counts_as_a_redirect_to_the_front_page(location: str | None, home: bool) -> None:
    assert leads_home(BRIDGE, location) is home
    assert not leads_home("http://herald.example/", "https://herald.example/")


def a(url: str = BRIDGE, text: str = TEXT, **changes: object) -> Article:
    return story(text, url, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "second", "expected"),
    [
        # One article: the page is met again at an address that only looks like the one it is known by.
        ("www", a("https://www.herald.example/2026/bridge.html"), "unchanged"),
        ("plain http", a("http://herald.example/2026/bridge.html"), "unchanged"),
        ("slash at the end", a(BRIDGE + "/"), "unchanged"),
        ("tracking", a(BRIDGE + "?utm_source=x&fbclid=1"), "unchanged"),
        ("AMP folder, no canonical link", a("https://herald.example/amp/2026/bridge.html"), "unchanged"),
        ("AMP host and edit", a("https://amp.herald.example/2026/bridge.html", LONGER), "v2+version"),
        ("AMP by parameter", a(BRIDGE + "?outputType=amp"), "unchanged"),
        ("AMP cache", a("https://herald-example.cdn.ampproject.org/c/s/herald.example/2026/bridge.html"), "unchanged"),
        ("mobile host", a(MOBILE), "unchanged"),
        ("print", a("https://herald.example/print/2026/bridge.html"), "unchanged"),
        ("new headline, nearly the same text", a(MOBILE, LONGER, headline="Done"),
         "v2+version"),
        ("canonical link in a new form", a(canonical="https://www.herald.example/2026/bridge"), "unchanged"),
        ("AMP with a right canonical link, rewritten", a("https://herald.example/amp/x", REWRITTEN, canonical=BRIDGE),
         "v2+version"),
        ("a rewrite under its own address and headline", a(text=REWRITTEN), "v2+version"),
        # Two: something else is served there.
        ("another story on the mobile host", a(MOBILE, OTHER, headline="Storm"), "v1"),
        ("same headline, another text, on the mobile host", a(MOBILE, OTHER), "v1"),
        ("same headline, another address", a("https://herald.example/2027/bridge.html", OTHER), "v1"),
        ("same text, another address", a("https://herald.example/2027/bridge.html"), "v1"),
        ("series: the parts differ in a number", a(BRIDGE + "?part=2", OTHER), "v1"),
        ("address used again", a(text=OTHER, headline="Storm"), "v1"),
        ("wrong canonical link", a("https://herald.example/2026/storm.html", OTHER, headline="Storm", canonical=BRIDGE),
         "v1"),
        ("AMP with a wrong canonical link", a("https://herald.example/amp/storm", OTHER, headline="Storm",
                                              canonical=BRIDGE), "v1"),
        ("a page of every day, with a canonical link of its day", a(text=OTHER, canonical="https://herald.example/d2"),
         "v1"),
        ("one short paragraph in common", a(MOBILE,
                                           "Work starts in spring.\n\nSo they say.\n\nWe wait.", headline="Opinion"),
         "v1"),
        ("another site altogether", a("https://courier.example/2026/bridge.html"), "v1"),
    ],
)  # fmt: skip
def test_who_is_who(job: Job, name: str, second: Article, expected: str) -> None:
    job.run(a())
    assert kinds(job.run(second)) == [expected]
    assert kinds(job.run(second)) == ["unchanged"], "and it stays so"


def test_in_one_run_the_twins_are_duplicates(job: Job) -> None:
    twins = [a("https://herald.example/amp/2026/bridge.html"), a(MOBILE),
             a(BRIDGE + "?utm_source=x")]  # fmt: skip
    assert kinds(job.run(a(), *twins)) == ["v1", "duplicate", "duplicate", "duplicate"]
    assert kinds(job.run(*twins)) == ["unchanged", "duplicate", "duplicate"]
    assert job.ledger.execute("SELECT count(*) FROM article").fetchone() == (1,)


def test_the_plain_page_after_its_twin(job: Job) -> None:
    """The twin came first, so the article is known by its address: found by the loose form that is kept for it."""
    amp = "https://amp.herald.example/2026/bridge.html?outputType=amp"
    job.run(a(amp))
    (made,) = job.run(a())
    assert kinds([made]) == ["unchanged"]
    assert made.key == amp
    assert kinds(job.run(a(text=LONGER))) == ["v2+version"]


def test_a_live_blog_stays_one_article(job: Job) -> None:
    lines = [f"At {hour} o'clock the water stood at {hour * 3} feet." for hour in range(12)]
    job.run(a(text="\n\n".join(lines[:6]), headline="Flood: the latest"))
    newer = a(text="\n\n".join(reversed(lines[4:])), headline="Flood: the water falls")
    assert kinds(job.run(newer)) == ["v2+version"]


def test_a_canonical_link_to_the_front_page_on_every_page(job: Job) -> None:
    home = "https://herald.example/"
    pages = [a(f"{home}{number}", f"Story {number} begins.\n\nStory {number} ends.", headline=f"Story {number}",
               canonical=home) for number in range(4)]  # fmt: skip
    assert kinds(job.run(*pages)) == ["v1"] * 4
    assert kinds(job.run(*reversed(pages))) == ["unchanged"] * 4


def test_a_changed_page_found_by_its_alias_in_a_later_run(job: Job) -> None:
    """The address is all that a run by itself would not know: the note says whose it is."""
    job.run(a(), a(BRIDGE + "?utm_source=x"))
    job.run(a())
    made = job.run(a(), a(BRIDGE + "?utm_source=x", LONGER))
    assert kinds(made) == ["unchanged", "duplicate"]
    assert kinds(job.run(a(BRIDGE + "?utm_source=x", LONGER))) == ["v2+version"]
