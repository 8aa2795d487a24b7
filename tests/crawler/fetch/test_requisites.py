"""Who needs whom, and what is missing in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.discovery import Discovered
from crawler.fetch.frontier import Frontier
from crawler.fetch.requisites import Requisites
from pipelines.model import Candidate, Capture, CaptureRef, Provenance, Rejection, Role
from pipelines.records.ledger import Ledger
from pipelines.text.refine import refine

SITE = "https://a.example"
PAGE = f"{SITE}/page"


def ref_of(url: str) -> CaptureRef:
    return CaptureRef(
        filename="x", offset=0, length=1, record_id="r", url=url, date="2026-06-01T10:00:00Z", type="response",
        payload_digest=None,
    )  # fmt: skip


class World:
    """A ledger, and pages that are found and fetched in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open()

    def open(self) -> None:
        self.ledger = Ledger(self.path)
        self.frontier, self.requisites = Frontier.to_fill(self.ledger), Requisites(self.ledger)

    def found(self, page: str, *urls: str, role: Role = Role.REQUISITE, limit: int = 100, beyond: int = 0) -> list[str]:
        method = "requisite" if role is Role.REQUISITE else "redirect"
        candidates = tuple(
            Candidate(url=f"{SITE}/{url}", role=role, method=method, source_url=page, depth=1) for url in urls
        )
        found = self.requisites.note(page, Discovered(candidates=candidates, beyond=beyond), limit)
        self.frontier.add(found.candidates)
        return [each.url.removeprefix(f"{SITE}/") for each in found.candidates]

    def page(self, url: str = PAGE) -> None:
        self.frontier.add([Candidate(url=url, role=Role.ARTICLE, method="seed")])
        self.fetched(url)

    def fetched(self, *urls: str, status: int = 200, whole: bool = True) -> None:
        for url in urls:
            url = url if "://" in url else f"{SITE}/{url}"
            self.ledger.add_capture(1, ref_of(url), Provenance(role=Role.REQUISITE), status, whole=whole)
            self.ledger.execute("UPDATE frontier SET state = 2 WHERE url = ?", (url,))

    def ended(self, url: str, state: int, reason: str | None) -> None:
        self.ledger.execute("UPDATE frontier SET state = ?, reason = ? WHERE url = ?", (state, reason, f"{SITE}/{url}"))

    def missing(self, page: str = PAGE) -> list[tuple[str, str]]:
        return [(url.removeprefix(f"{SITE}/"), why) for url, why in self.requisites.missing(page)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ledger.sqlite")


def test_a_page_is_complete_when_all_that_it_needs_is_there(world: World) -> None:
    world.page()
    assert world.found(PAGE, "s.css", "i.png") == ["s.css", "i.png"]
    assert world.missing() == [("s.css", "not fetched yet"), ("i.png", "not fetched yet")]
    assert world.missing(f"{PAGE} #again") == world.missing()
    world.fetched("s.css", "i.png")
    assert world.missing() == []
    assert world.requisites.complete(PAGE)


@pytest.mark.parametrize(
    ("state", "reason", "status", "why"),
    [
        (0, None, None, "not fetched yet"),
        (0, "10 failures in a row", None, "not fetched: 10 failures in a row"),
        (1, None, None, "not fetched yet"),
        (2, None, 404, "404 Not Found"),
        (2, None, 599, "599"),
        (2, None, None, "not in the archive"),
        (3, "ConnectionRefused: no", None, "ConnectionRefused: no"),
        (3, "HTTP status 503", 503, "HTTP status 503"),
        (4, "RobotsDenied: no", None, "RobotsDenied: no"),
        (4, None, None, "refused"),
        (2, None, 200, ""),
        (2, None, 304, ""),
    ],
)
def test_why(world: World, state: int, reason: str | None, status: int | None, why: str) -> None:
    world.page()
    world.found(PAGE, "i.png")
    if status:
        world.fetched("i.png", status=status)
    world.ended("i.png", state, reason)
    assert world.missing() == ([("i.png", why)] if why else [])
    assert world.requisites.complete(PAGE) is not bool(why)


def test_an_address_that_scrapy_writes_otherwise(world: World) -> None:
    world.page()
    world.found(PAGE, "i?a='b'")
    world.ended("i?a='b'", 2, None)
    world.fetched("i?a=%27b%27")
    assert world.missing() == []


def test_what_was_cut_off_is_missing_and_the_last_word_counts(world: World) -> None:
    world.page()
    world.found(PAGE, "i.png")
    world.fetched("i.png", whole=False)
    assert world.missing() == [("i.png", "cut off")]
    world.fetched("i.png", status=503)
    world.fetched("i.png")
    assert world.missing() == []


def test_a_page_that_is_not_there_is_not_complete(world: World) -> None:
    assert not world.requisites.complete(PAGE)
    world.page()
    assert world.requisites.complete(PAGE)
    world.fetched(PAGE, status=404)
    assert not world.requisites.complete(PAGE)


def test_by_way_of_styles_frames_and_redirects_and_round_in_circles(world: World) -> None:
    world.page()
    world.found(PAGE, "s.css", "old.png")
    world.found(f"{SITE}/s.css", "more.css")
    world.found(f"{SITE}/more.css", "s.css", "f.woff2")
    world.found(f"{SITE}/old.png", "new.png")
    world.fetched("s.css", "more.css", "old.png", "new.png")
    assert world.missing() == [("f.woff2", "not fetched yet")]
    assert world.requisites.needed(PAGE) == [
        f"{SITE}/{name}" for name in ("old.png", "s.css", "new.png", "more.css", "f.woff2")
    ]


def test_a_page_that_sends_its_reader_on_needs_where_it_sends_him(world: World) -> None:
    world.page()
    world.found(PAGE, "onward", role=Role.ARTICLE)
    world.found(f"{SITE}/onward", "i.png")
    world.fetched("onward", status=404)
    assert world.missing() == [("onward", "404 Not Found"), ("i.png", "not fetched yet")]


def test_two_pages_that_need_the_same(world: World) -> None:
    other = f"{SITE}/other?utm_source=x"
    world.page()
    world.page(other)
    world.found(PAGE, "s.css", "a.png")
    world.found(other, "s.css", "b.png")
    world.found(f"{SITE}/s.css", "f.woff2")
    world.fetched("s.css", "a.png", "b.png")
    assert world.missing() == world.missing(other) == [("f.woff2", "not fetched yet")]


def test_what_a_page_no_longer_needs_is_forgotten_unless_nothing_is_found(world: World) -> None:
    world.page()
    world.found(PAGE, "a.png", "b.png")
    world.found(PAGE, "b.png", "c.png")
    world.found(PAGE)  # such as an answer 503
    assert [url for url, _ in world.missing()] == ["b.png", "c.png"]


def test_the_limit_holds_for_a_page_with_its_styles_and_frames(world: World) -> None:
    world.page()
    world.found(PAGE, "s.css", "frame", limit=5)
    assert world.found(f"{SITE}/s.css", "1", "2", limit=5) == ["1", "2"]
    assert world.found(f"{SITE}/frame", "3", "4", "5", limit=5) == ["3"]
    world.fetched("s.css", "frame", "1", "2", "3")
    assert world.missing() == [(PAGE.removeprefix(f"{SITE}/"), "2 more are beyond the limit")]
    assert not world.requisites.complete(PAGE)


def test_what_discovery_left_out_is_missing(world: World) -> None:
    world.page()
    world.found(PAGE, "1", limit=1, beyond=7)
    world.fetched("1")
    assert world.missing() == [("page", "7 more are beyond the limit")]


def test_where_a_requisite_moved_to_is_followed_at_the_limit(world: World) -> None:
    world.page()
    world.found(PAGE, "1", limit=1)
    moved = Candidate(url=f"{SITE}/2", role=Role.REQUISITE, method="redirect", source_url=f"{SITE}/1", depth=1)
    assert world.requisites.note(f"{SITE}/1", Discovered(candidates=(moved,)), 1).candidates == (moved,)


def test_a_kill_parts_nothing(world: World) -> None:
    world.page()
    world.ledger.commit()
    world.found(PAGE, "1", "2")
    world.ledger.close(commit=False)
    world.open()
    assert world.requisites.needed(PAGE) == []
    assert world.found(PAGE, "1", "2") == ["1", "2"]
    world.ledger.commit()
    world.ledger.close()
    world.open()
    assert world.missing() == [("1", "not fetched yet"), ("2", "not fetched yet")]


@pytest.mark.parametrize(
    ("status", "content_type", "detail"),
    [(200, "Image/PNG; x=y", "image/png"), (200, "text/html", "text/html"), (200, "", None),
     (404, "text/html", "status 404"), (302, "text/html", "status 302")],
)  # fmt: skip
def test_a_requisite_is_never_an_article(status: int, content_type: str, detail: str | None) -> None:
    text = b"<html><article><h1>Headline</h1>" + b"<p>Many words that would make an article of it, many words.</p>" * 20
    capture = Capture(
        ref=ref_of(f"{SITE}/f"), status=status, headers=(("Content-Type", content_type),), payload=text,
        provenance=Provenance(role=Role.REQUISITE),
    )  # fmt: skip
    outcome = refine(capture)
    assert isinstance(outcome, Rejection)
    assert (outcome.reason, outcome.detail) == ("requisite", detail)
