"""When sources and articles are asked for again, lived through hour by hour."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from crawler.fetch.frontier import Frontier
from crawler.fetch.schedule import DAY, HOUR, OUTDONE, RETIRED_AFTER, Schedule
from crawler.jobs import Limits
from pipelines.model import Candidate, CaptureRef, Change, Provenance, Role
from pipelines.records.ledger import Ledger
from pipelines.text.refine import failed
from tests.pipelines.records.stories import article

HOST = "https://a.example/"
FEED, MAP, HOME, SECTION = HOST + "feed", HOST + "map.xml", HOST, HOST + "world/"
START = datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp()


class News:
    """An outlet of four sources, crawled every hour. ``lists`` is what each source shows."""

    def __init__(self, path, **limits) -> None:
        self.ledger, self.time, self.limits = Ledger(path), START, Limits(**limits)
        self.lists: dict[str, list[str]] = {FEED: [], MAP: [], HOME: [], SECTION: []}
        self.updated: dict[str, float] = {}
        self.answers: dict[str, int] = {}
        self.asked: list[str] = []
        self.reasons: dict[str, str] = {}
        """Of pages that are no articles."""
        self.changes: dict[str, Change] = {}
        self.published: dict[str, str] = {}

    def run(self) -> list[str]:
        """One run; gives what was asked for, in order."""
        schedule = Schedule(self.ledger, limits=lambda _: self.limits, now=lambda: self.time, since=self.time)
        frontier = Frontier(
            self.ledger, delay=lambda _: 0.0, per_host=lambda _: 1, pages=lambda _: 1000,
            call_later=lambda _: None, clock=lambda: self.time, now=lambda: self.time, since=self.time,
            schedule=schedule, on_demand=False,
        )  # fmt: skip
        frontier.begin()
        frontier.open(None)
        roles = {FEED: Role.FEED, MAP: Role.SITEMAP, HOME: Role.HOME, SECTION: Role.SECTION}
        for url, role in roles.items():
            depth = int(url == SECTION)
            frontier.add([Candidate(url=url, role=role, method="seed", outlet="a", depth=depth)])
        asked = []
        while (request := frontier.next_request()) is not None:
            row, host = request.meta["frontier"]
            asked.append(request.url)
            status = self.answers.get(request.url, 200)
            frontier.captured(row, status, ('"1"', None))
            if request.url in roles and status == 200:
                frontier.add(self._listed(request.url))
            elif request.url in roles:
                frontier.tells_nothing(request.url)  # as the crawl says of a page in which it finds nothing
            else:
                schedule.settled(self._outcome(request.url, status), self.changes.get(request.url))
            frontier.release(row, host)
        schedule.settle_sources()
        self.asked = asked
        return asked

    def hours(self, number: int) -> list[list[str]]:
        """So many runs, an hour apart, the first in an hour."""
        asked = []
        for _ in range(number):
            self.time += HOUR
            asked.append(self.run())
        return asked

    def _listed(self, source: str) -> list[Candidate]:
        return [
            Candidate(
                url=HOST + name, role=Role.ARTICLE, method="feed", outlet="a", source_url=source,
                updated=format_datetime(datetime.fromtimestamp(at, UTC)) if (at := self.updated.get(name)) else None,
            )
            for name in self.lists[source]
        ]  # fmt: skip

    def _outcome(self, url: str, status: int):
        date = datetime.fromtimestamp(self.time, UTC).isoformat()
        ref = CaptureRef(
            filename="x", offset=0, length=1, record_id="r", url=url, date=date, type="response", payload_digest=None
        )
        name = url.removeprefix(HOST)
        if status == 200 and name not in self.reasons:
            page = article(1, url=url)
            published = self.published.get(name)
            return dataclasses.replace(
                page, url=url, date_published=published, warc=dataclasses.replace(page.warc, date=date)
            )
        outcome = failed(ref, Provenance(), "")
        http = dataclasses.replace(article(1).http, status=status)
        return dataclasses.replace(outcome, reason=self.reasons.get(name, "http-status"), http=http)


@pytest.fixture
def news(tmp_path):
    return News(tmp_path / "l.sqlite3")


def everywhere(news: News, *names: str) -> None:
    for shown in news.lists.values():
        shown[:0] = names


def times(asked: list[list[str]], url: str) -> int:
    return sum(url in run for run in asked)


def test_a_run_with_nothing_new_asks_each_due_source_once(news):
    everywhere(news, "old")
    assert set(news.run()) == {FEED, MAP, HOME, SECTION, HOST + "old"}
    assert [sorted(run) for run in news.hours(1)] == [sorted([FEED, MAP, HOME, HOST + "old"])]
    assert [sorted(run) for run in news.hours(3)] == [sorted([FEED, MAP, HOME])] * 3


def test_the_source_that_is_first_keeps_being_asked_and_the_others_ever_less(news):
    everywhere(news, "old")
    news.run()
    asked = []
    for day in range(10):
        for part in range(3):
            everywhere(news, f"story-{day}-{part}")
            asked += news.hours(8)
    in_first_runs = [url for run in asked[::8] for url in run if "story" in url]
    assert len(in_first_runs) >= 30, "each article is there in the first run after it came"
    assert times(asked, FEED) == 240
    assert times(asked, HOME) < 40
    assert times(asked, MAP) < 40
    assert times(asked, SECTION) < 12


def test_what_only_one_source_tells_keeps_that_source_awake(news):
    everywhere(news, "old")
    news.run()
    for number in range(12):
        everywhere(news, f"common-{number}")
        news.lists[HOME].insert(0, f"home-only-{number}")
        news.hours(7)
    asked = news.hours(24)
    assert times(asked, HOME) >= 23
    assert times(asked, FEED) >= 23
    assert times(asked, MAP) < 12


def grown(news: News) -> None:
    """The feed leads, and the others know it."""
    everywhere(news, "old")
    news.run()
    for number in range(OUTDONE + 9):
        everywhere(news, f"grown-{number}")
        news.hours(8)
    assert times(news.hours(4), HOME) < 4


def test_when_the_leading_source_is_gone_the_others_stand_in_within_the_run(news):
    grown(news)
    news.answers[FEED] = 404
    everywhere(news, "late")
    news.time += HOUR
    asked = news.run()
    assert asked[0] == FEED
    assert {HOME, MAP, SECTION, HOST + "late"} <= set(asked)
    everywhere(news, "later")
    (asked,) = news.hours(1)
    assert HOST + "later" in asked


def test_others_stand_in_once_for_a_source_that_stays_gone(news):
    grown(news)
    news.answers[FEED] = 404
    assert times(news.hours(1), SECTION) == 1
    assert times(news.hours(24 * 6), SECTION) <= 6


def test_a_source_that_is_gone_for_a_week_is_retired(news):
    grown(news)
    news.answers[FEED] = 404
    asked = news.hours(int(RETIRED_AFTER / HOUR) + 48)
    assert times(asked, FEED) < 16
    assert times(news.hours(14 * 24), FEED) == 0
    (reason,) = news.ledger.execute(
        "SELECT source.reason FROM source JOIN frontier USING (id) WHERE key = ?", (FEED,)
    ).fetchone()
    assert reason.startswith("retired: status 404 since 2026-06-")


def test_a_source_that_was_run_over_has_the_others_asked(news):
    grown(news)
    news.lists[FEED] = [f"flood-{number}" for number in range(9)]
    news.lists[SECTION] = [f"flood-{number}" for number in range(12)]
    news.time += HOUR
    asked = news.run()
    assert {SECTION, HOME, HOST + "flood-11"} <= set(asked)


def test_articles_are_looked_at_again_by_the_schedule(news):
    everywhere(news, "story")
    news.run()
    asked = [number for number, run in enumerate(news.hours(24 * 31), 1) if HOST + "story" in run]
    assert asked == [1, 6, 24, 7 * 24, 30 * 24]


@pytest.mark.parametrize("seconds", [0, 2, 61, 299, 301, 1800, 3590])
def test_a_look_that_comes_a_little_early_is_not_made_twice(news, seconds):
    everywhere(news, "story")
    news.published["story"] = datetime.fromtimestamp(START - 3600 + seconds, UTC).isoformat()
    news.run()
    asked = [number for number, run in enumerate(news.hours(24 * 31), 1) if HOST + "story" in run]
    assert len(asked) in (4, 5)
    assert all(later - sooner > 1 for sooner, later in pairwise(asked))


def test_an_article_that_is_old_when_it_is_found_is_not_treated_as_new(news):
    everywhere(news, "story", "ancient")
    news.published["story"] = datetime.fromtimestamp(START - 2 * DAY, UTC).isoformat()
    news.published["ancient"] = "2025-01-01"
    news.run()
    asked = news.hours(24 * 6)
    assert [number for number, run in enumerate(asked, 1) if HOST + "story" in run] == [5 * 24]
    assert times(asked, HOST + "ancient") == 0


def test_an_announced_update_is_looked_at_at_once_and_once(news):
    everywhere(news, "story")
    news.run()
    news.hours(9)
    news.updated["story"] = news.time + HOUR / 2
    asked = news.hours(6)
    assert [HOST + "story" in run for run in asked] == [True, False, False, False, False, False]


def test_a_source_that_always_announces_is_believed_less_and_less(news):
    news.limits = Limits(revisit=())
    everywhere(news, "story")
    news.run()
    news.reasons["story"] = "unchanged"
    asked = []
    for _ in range(24 * 10):
        news.updated["story"] = news.time + HOUR
        asked += news.hours(1)
    assert times(asked, HOST + "story") <= 12


def test_a_modification_date_that_lies_ahead_is_none(news):
    everywhere(news, "story")
    news.run()
    news.hours(9)
    news.updated["story"] = news.time + 5 * HOUR
    assert times(news.hours(2), HOST + "story") == 0


def test_a_page_that_is_gone_is_looked_at_by_the_next_run_and_at_its_usual_times_when_it_counts_as_deleted(news):
    everywhere(news, "story")
    news.run()
    news.hours(6)
    news.answers[HOST + "story"] = 404
    asked = news.hours(18)
    assert HOST + "story" in asked[-1]
    (asked,) = news.hours(1)
    assert HOST + "story" in asked
    news.changes[HOST + "story"] = change("deletion")
    (asked,) = news.hours(1)
    assert HOST + "story" in asked
    del news.changes[HOST + "story"]
    assert times(news.hours(24 * 40), HOST + "story") == 2  # of 7 and 30 days: it may come back


def test_an_outlet_that_is_gone_altogether_is_asked_by_each_run_and_wakes_when_it_is_back(news):
    everywhere(news, "story")
    news.run()
    news.hours(3)
    news.answers = dict.fromkeys((FEED, MAP, HOME, SECTION), 404)
    assert all(HOME in run for run in news.hours(40))
    assert times(news.hours(24), FEED) < 4
    news.answers = {}
    (asked,) = news.hours(1)
    assert {FEED, MAP, HOME} <= set(asked)


def test_a_run_that_goes_on_after_a_while_asks_its_sources_once_more(news):
    everywhere(news, "story")
    news.run()
    began = START + HOUR
    news.time = began
    for row in news.ledger.execute("SELECT id FROM frontier").fetchall():
        news.ledger.execute("UPDATE frontier SET seen = ?, due = ? WHERE id = ?", (began, began, *row))
    for minutes, woken in ((5, 0), (60, 4)):  # the story was looked at in this run: once is enough
        now = began + 60 * minutes
        schedule = Schedule(news.ledger, limits=lambda _: news.limits, now=lambda now=now: now, since=began)
        assert schedule.wake(resumed=True) == woken


def test_a_clock_that_was_ahead_puts_nothing_to_sleep(news):
    everywhere(news, "story")
    news.time += 365 * DAY
    news.run()
    news.ledger.execute("INSERT INTO run (name, started, ended) VALUES ('1', '', '2027-06-02T10:00:00Z')")
    news.time -= 365 * DAY
    asked = news.hours(3)
    assert {FEED, MAP, HOME} <= set(asked[0])
    assert times(asked, HOST + "story") == 1


def test_a_page_that_leads_elsewhere_is_not_asked_for_ever(news):
    everywhere(news, "story")
    news.run()
    news.answers[HOST + "story"] = 301
    assert times(news.hours(24 * 31), HOST + "story") <= 9


def test_bounds_are_kept(tmp_path):
    news = News(tmp_path / "l.sqlite3", poll_min=timedelta(hours=4), poll_max=timedelta(days=2))
    everywhere(news, "old")
    news.run()
    asked = news.hours(24 * 8)
    assert times(asked, FEED) == 48
    assert times(asked, SECTION) >= 4


def test_an_outlet_that_is_not_in_this_run_sleeps(news):
    everywhere(news, "story")
    news.run()
    limits, news.limits = news.limits, None
    assert news.hours(1) == [[]]
    news.limits = limits
    assert FEED in news.hours(1)[0]


def change(kind: str) -> Change:
    fields = {field.name: None for field in dataclasses.fields(Change)}
    return Change(**{**fields, "kind": kind, "diff": ()})
