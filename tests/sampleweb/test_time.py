"""The clock: outlets publish, edit, delete; bytes and validators follow what really changed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from sampleweb import DEFAULT_CLOCK, HORIZON, Expected, SampleWeb
from sampleweb.__main__ import main
from sampleweb.incidents import SCENARIO
from sampleweb.newsroom import newsroom
from sampleweb.outlets import BY_KEY, OUTLETS
from sampleweb.resource import Resource
from sampleweb.site import Site

PORT = 8080
COOKIE = "consent=yes"


def site(key: str, seed: int = 26) -> Site:
    return Site(BY_KEY[key], newsroom(seed)[key], PORT)


@pytest.mark.parametrize("outlet", [outlet.key for outlet in OUTLETS])
def test_the_same_seed_gives_the_same_bytes(outlet: str) -> None:
    newsroom.cache_clear()
    first = site(outlet)
    paths = [first.archive.path(s) for s in first.archive.listed(DEFAULT_CLOCK)] + ["/", "/robots.txt"]
    before = [first.respond(path, COOKIE, DEFAULT_CLOCK).body for path in paths]
    newsroom.cache_clear()
    second = site(outlet)
    assert before == [second.respond(path, COOKIE, DEFAULT_CLOCK).body for path in paths]
    other = site(outlet, seed=27)
    assert other.respond("/", "", DEFAULT_CLOCK).body != before[-2]


def test_nothing_is_online_before_its_time() -> None:
    here = site("halvern")
    story = next(s for s in here.archive.stories if s.published > DEFAULT_CLOCK and not s.removal)
    path = here.archive.path(story)
    before = story.published - timedelta(seconds=1)
    assert here.respond(path, "", before).status == 404
    assert here.respond(f"/go/{story.number}", "", before).status == 404
    assert path.encode() not in here.respond("/", "", before).body
    assert here.respond(path, "", story.published).status == 200
    assert path.encode() in here.respond("/", "", story.published).body


def test_outlets_go_on_for_thirty_days() -> None:
    with SampleWeb() as web:
        events = web.events(DEFAULT_CLOCK, HORIZON)
    kinds = Counter(event.kind for event in events)
    assert kinds["publication"] > 400 and kinds["edit"] > 100 and kinds["deletion"] > 10
    assert {e.change for e in events if e.kind == "edit"} == {"text", "headline", "metadata", "furniture"}
    assert {e.change for e in events if e.kind == "deletion"} == {"gone", "missing", "home"}
    days = Counter(e.at.date() for e in events if e.kind == "publication")
    weekdays = [n for day, n in days.items() if day.weekday() < 5 and day != DEFAULT_CLOCK.date()]
    weekends = [n for day, n in days.items() if day.weekday() >= 5]
    assert sum(weekends) / len(weekends) < 0.7 * sum(weekdays) / len(weekdays)
    outlets = Counter((e.outlet, e.at.date()) for e in events if e.kind == "publication")
    assert max(outlets.values()) <= 6


def test_events_and_truth_agree() -> None:
    end = DEFAULT_CLOCK + timedelta(days=6)
    with SampleWeb() as web:
        before = {item.url: item for item in web.articles()}
        after = {item.url: item for item in web.articles(end)}
        events = web.events(DEFAULT_CLOCK, end)
    published = {e.url for e in events if e.kind == "publication"}
    deleted = {e.url for e in events if e.kind == "deletion"}
    assert after.keys() == (before.keys() | published) - deleted
    edits: dict[str, set[str]] = {}
    for event in events:
        if event.kind == "edit":
            edits.setdefault(event.url, set()).add(event.change)
    for url in before.keys() & after.keys():
        assert (fingerprint(before[url]) != fingerprint(after[url])) == bool(edits.get(url, set()) - {"furniture"}), url


def fingerprint(item: Expected) -> tuple[object, ...]:
    return item.headline, item.paragraphs, item.keywords, item.date_modified


@pytest.mark.parametrize("outlet", [outlet.key for outlet in OUTLETS])
def test_last_modified_moves_whenever_the_bytes_do(outlet: str) -> None:
    here = Site(BY_KEY[outlet], newsroom(26)[outlet], PORT, SCENARIO)
    listed = here.archive.listed(DEFAULT_CLOCK)
    paths = [
        "/",
        here.section_path("politics"),
        here.page_path(here.section_path("archive"), 2),
        "/feeds/rss.xml",
        "/feeds/atom.xml",
        "/feeds/feed.json",
        "/sitemap.xml",
        "/sitemap-news.xml",
        "/sitemaps/articles.xml.gz",
        "/sitemap_index.xml",
        "/robots.txt",
        *(here.archive.path(story) for story in listed[:3]),
    ]
    last: dict[str, tuple[datetime, Resource]] = {}
    moved = 0
    for hours in range(0, 24 * 27, 9):
        now = DEFAULT_CLOCK + timedelta(hours=hours)
        for path in paths:
            answer = here.respond(path, COOKIE, now)
            if answer.status != 200:
                continue
            assert answer.changed is not None and answer.changed <= now, path
            if path in last:
                seen, old = last[path]
                assert old.changed is not None
                if answer.body != old.body:
                    moved += 1
                    assert answer.changed > seen or answer.changed > old.changed, (path, now)
                elif "feed" in path or "sitemap" in path:
                    assert answer.changed == old.changed, (path, now)
            last[path] = (now, answer)
    assert moved > 20


def test_an_article_page_changes_only_with_its_own_story() -> None:
    here = site("karu")
    for story in here.archive.listed(DEFAULT_CLOCK)[:20]:
        if story.removal:
            continue
        path = here.archive.path(story)
        states = {here.respond(path, "", DEFAULT_CLOCK + timedelta(hours=h)).body for h in range(0, 700, 25)}
        edits = [r for r in story.revisions if r.at > DEFAULT_CLOCK]
        assert len(states) <= 1 + len(edits)


def test_removed_stories_answer_as_they_should() -> None:
    seen = set()
    for outlet in OUTLETS:
        here = site(outlet.key)
        for story in here.archive.stories:
            if story.removal is None:
                continue
            answer = here.respond(here.archive.path(story), COOKIE, story.removal.at)
            assert answer.status == {"gone": 410, "missing": 404, "home": 302}[story.removal.how]
            seen.add(story.removal.how)
    assert seen == {"gone", "missing", "home"}


def test_the_command_lists_the_articles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--day", "10", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("Radio Halvern")
    assert 80 < len(lines) < 200
