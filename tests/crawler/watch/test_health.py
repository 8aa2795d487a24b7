"""The rules, on made-up histories of hourly, daily and irregular runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from crawler.watch.health import Finding, judge, remember, verdict
from crawler.watch.looks import Look
from crawler.watch.past import DAY, HOUR, Row
from crawler.watch.standing import RobotsSeen, Seen, SourceSeen, Standing

START = 1_780_272_000.0  # 2026-06-01, a Monday, 00:00 UTC
HOME, FEED, SITEMAP = "https://paper.example/", "https://paper.example/feed", "https://paper.example/sitemap.xml"

OLD = Look(frozenset(range(12)), frozenset(range(100, 116)))
NEW = Look(frozenset(range(500, 512)), frozenset(range(600, 616)))
HASHED = Look(frozenset(range(900, 912)), OLD.tags)  # class names made anew, the same page otherwise


@dataclass
class Paper:
    """An outlet that is run again and again. ``change`` alters what a run shows."""

    every: float = 2 * HOUR
    weekday: int = 4
    weekend: int = 1
    seed: int = 1
    change: Callable[[Seen, float], None] = lambda seen, day: None
    standing: Standing = field(default_factory=Standing)
    rows: list[Row] = field(default_factory=list)
    told: list[tuple[float, Finding]] = field(default_factory=list)
    """When a finding was new, in days."""
    verdicts: list[str] = field(default_factory=list)

    def live(self, days: float) -> Paper:
        rng = random.Random(self.seed)
        published = list(self._published(rng, days))
        at = START
        while at <= START + days * DAY:
            number = sum(at - self.every < each <= at for each in published)
            self._run(at, number, rng)
            at += self.every
        return self

    def _published(self, rng: random.Random, days: float) -> Iterator[float]:
        for day in range(int(days) + 1):
            number = self.weekend if day % 7 >= 5 else max(1, self.weekday + rng.choice((-1, 0, 0, 1)))
            yield from (START + day * DAY + rng.uniform(6, 20) * HOUR for _ in range(number))

    def _run(self, at: float, number: int, rng: random.Random) -> None:
        first = not self.rows
        number = 40 if first else number
        row = Row(
            at=at, first=first, new=number, fresh=0 if first else number, pages=number, articles=number,
            words=[rng.randint(150, 900) for _ in range(number)], told={HOME: number} if number and not first else {},
            missing={"author": missing} if (missing := sum(rng.random() < 0.15 for _ in range(number))) else {},
        )  # fmt: skip
        seen = Seen(
            row=row,
            sources=[SourceSeen(url=url, role=role) for url, role in ((HOME, "home"), (FEED, "feed"))],
            robots=RobotsSeen(fetched=at, digest="a", allowed=True),
            answered=True,
            looks=[("article", OLD, False)] * min(number, 6),
        )
        self.change(seen, (at - START) / DAY)
        self.standing.take(seen)
        self.rows.append(row)
        self.rows = [each for each in self.rows if at - each.at < 35 * DAY]
        findings = judge(self.standing, self.rows, home=HOME)
        self.told += [((at - START) / DAY, each) for each in findings if each.key not in self.standing.open]
        remember(self.standing, findings)
        self.verdicts.append(verdict(self.standing, findings))
        self.standing = Standing.from_json(self.standing.to_json())

    @property
    def kinds(self) -> list[str]:
        return [finding.kind for _, finding in self.told]


def from_day(start: float, change: Callable[[Seen], None], end: float = 1e9) -> Callable[[Seen, float], None]:
    return lambda seen, day: change(seen) if start <= day < end else None


@pytest.mark.parametrize(("every", "weekday", "weekend"), [
    (4 * HOUR, 4, 1), (4 * HOUR, 1, 0), (6 * HOUR, 30, 10), (DAY, 4, 1), (DAY, 60, 20), (7 * DAY, 4, 1),
])  # fmt: skip
def test_nothing_is_wrong_for_two_months(every: float, weekday: int, weekend: int) -> None:
    """Weekends, small outlets and rare runs raise no alarm."""
    paper = Paper(every=every, weekday=weekday, weekend=weekend).live(60)
    assert paper.told == []
    assert paper.verdicts[0] == "learning"
    assert paper.verdicts[-1] == "healthy"


def test_runs_at_odd_times_raise_no_alarm() -> None:
    paper = Paper(weekday=8, weekend=3)
    rng = random.Random(5)
    published = list(paper._published(rng, 50))
    at, before = START, START
    while at < START + 50 * DAY:
        paper._run(at, sum(before < each <= at for each in published), rng)
        before, at = at, at + rng.choice((0.5, 1, 7, 20, 60, 90)) * HOUR
    assert paper.told == []


def test_each_weekend_off_is_no_silence_and_an_outage_is() -> None:
    paper = Paper(every=2 * HOUR, weekday=6, weekend=0)
    paper.change = from_day(37.0, _silence)  # from a Wednesday on
    paper.live(41)
    assert paper.kinds == ["silent"]
    day, finding = paper.told[0]
    assert 38 < day < 40.5, "a weekend is three days from Friday evening; a Wednesday is none"
    assert "are usual; the site answers" in finding.cause
    assert "nothing new for 4 days where" in judge(paper.standing, paper.rows)[0].cause


def _silence(seen: Seen) -> None:
    seen.row.new = seen.row.fresh = seen.row.pages = seen.row.articles = 0
    seen.row.words, seen.row.told, seen.row.missing, seen.looks = [], {}, {}, []


def test_a_small_outlet_may_be_silent_for_days() -> None:
    """One article a day: three days without are no proof, nine are."""
    paper = Paper(every=4 * HOUR, weekday=1, weekend=1)
    paper.change = from_day(30, _silence, 33)
    assert paper.live(40).told == []
    paper = Paper(every=4 * HOUR, weekday=1, weekend=1)
    paper.change = from_day(30, _silence)
    assert paper.live(42).kinds == ["silent"]


def test_half_as_many_as_usual() -> None:
    def fewer(seen: Seen) -> None:
        number = seen.row.fresh // 5
        seen.row.new = seen.row.fresh = number

    paper = Paper(every=2 * HOUR, weekday=60, weekend=40)
    paper.change = from_day(30, fewer)
    paper.live(34)
    assert paper.kinds == ["silent"]
    assert paper.told[0][0] < 31.5
    assert "are usual" in paper.told[0][1].cause


def test_a_dead_feed() -> None:
    def dead(seen: Seen) -> None:
        seen.sources = [seen.sources[0], SourceSeen(url=FEED, role="feed", trouble="404")]

    paper = Paper()
    paper.change = from_day(10, dead)
    paper.live(30)
    assert paper.kinds == ["feed-gone"]
    day, finding = paper.told[0]
    assert day == pytest.approx(10 + 2 / 24)
    assert finding.since == START + 10 * DAY
    assert finding.cause.startswith("the feed /feed answers 404 since 2026-06-11 00:00 UTC; articles ")
    assert finding.cause.endswith("the home page only")
    assert paper.verdicts[-1] == "healthy", "articles come all the same: after two weeks that is the new normal"


def test_one_of_many_feeds_that_told_nothing_is_no_loss() -> None:
    def dead(seen: Seen, trouble: str | None) -> None:
        seen.sources = [*seen.sources, SourceSeen(url=f"{FEED}/sport", role="feed", trouble=trouble)]

    paper = Paper(every=3 * HOUR)
    paper.change = lambda seen, day: dead(seen, "404" if day >= 10 else None)
    assert paper.live(14).told == []


def test_a_blip_is_no_alarm() -> None:
    def blip(seen: Seen) -> None:
        _down("503")(seen)

    paper = Paper()
    paper.change = from_day(12, blip, 12 + 1.9 / 24)
    assert paper.live(14).told == []


def _down(reason: str) -> Callable[[Seen], None]:
    def down(seen: Seen) -> None:
        _silence(seen)
        seen.answered, seen.trouble = False, reason
        seen.sources = [SourceSeen(url=each.url, role=each.role, trouble=reason) for each in seen.sources]

    return down


@pytest.mark.parametrize(("reason", "words"), [
    ("503", "every request ends in 503 since 2026-06-13 00:00 UTC"),
    ("the connection is refused", "the site cannot be reached since 2026-06-13 00:00 UTC: the connection is refused"),
    ("robots.txt cannot be had (500)", "robots.txt cannot be had (500) since"),
])  # fmt: skip
def test_a_site_that_is_down(reason: str, words: str) -> None:
    paper = Paper()
    paper.change = from_day(12, _down(reason), 14)
    paper.live(20)
    assert paper.kinds == ["site-down"], "what follows from it is not told besides"
    assert paper.told[0][0] == pytest.approx(12 + 2 / 24)
    assert words in paper.told[0][1].cause
    assert paper.verdicts[-1] == "healthy"


def test_a_daily_run_says_at_once_that_a_site_is_down() -> None:
    paper = Paper(every=DAY)
    paper.change = from_day(12, _down("503"))
    paper.live(13)
    assert paper.told[0][0] == 12


def test_a_site_that_never_answered_is_told_in_the_first_run() -> None:
    paper = Paper(change=lambda seen, day: _down("404")(seen)).live(0)
    assert "it has never answered" in paper.told[0][1].cause


def test_robots_that_shut_us_out() -> None:
    def shut(seen: Seen) -> None:
        _silence(seen)
        seen.sources, seen.answered = [], False
        seen.robots = RobotsSeen(fetched=seen.row.at, digest="b", allowed=False)

    paper = Paper()
    paper.change = from_day(12, shut, 15)
    paper.live(20)
    assert paper.kinds == ["robots-changed"]
    assert paper.told[0][0] == 12
    assert paper.told[0][1].cause == "robots.txt disallows everything since 2026-06-13 00:00 UTC"
    assert paper.told[0][1].evidence["before"] == "a"


def test_robots_that_shut_out_most_articles_and_a_change_that_does_not_matter() -> None:
    def seen_as(digest: str, blocked: int) -> Callable[[Seen], None]:
        return lambda seen: setattr(
            seen, "robots", RobotsSeen(fetched=seen.row.at, digest=digest, allowed=True, blocked=blocked, sampled=20)
        )

    paper = Paper()
    paper.change = from_day(9, seen_as("b", 0))
    assert paper.live(11).told == []
    paper = Paper()
    paper.change = from_day(9, seen_as("b", 18))
    assert [each.cause for _, each in paper.live(11).told] == [
        "robots.txt disallows 18 of 20 of the last articles' addresses since 2026-06-10 00:00 UTC"
    ]


def _look(look: Look, before: bool = False) -> Callable[[Seen], None]:
    return lambda seen: setattr(seen, "looks", [("article", look, before)] if seen.row.new else [])


def test_a_redesign() -> None:
    paper = Paper()
    paper.change = from_day(12, _look(NEW))
    paper.live(30)
    assert paper.kinds == ["redesign"]
    assert 12 < paper.told[0][0] < 14
    assert "100 % of their usual design is gone" in paper.told[0][1].cause
    assert paper.verdicts[-1] == "healthy", "after two weeks it is the usual design"


def test_a_page_that_was_as_usual_before_proves_a_redesign_alone() -> None:
    paper = Paper()
    paper.change = from_day(12, lambda seen: setattr(seen, "looks", [("article", NEW, True)]))
    paper.live(12.1)
    assert paper.told[0][0] == 12


def test_class_names_made_anew_are_no_redesign_nor_is_one_odd_page() -> None:
    paper = Paper()
    paper.change = from_day(12, _look(HASHED))
    assert paper.live(20).told == []
    paper = Paper()
    paper.change = lambda seen, day: _look(NEW if 12 <= day < 12.5 else OLD)(seen) if seen.row.new else None
    paper.weekday = 2
    kinds = paper.live(20).kinds
    assert kinds in ([], ["redesign"])
    assert paper.standing.redesign is None, "usual pages end it"


def test_a_field_that_goes_missing_names_the_redesign_behind_it() -> None:
    def undated(seen: Seen) -> None:
        _look(NEW)(seen)
        if seen.row.articles:
            seen.row.missing["date"] = seen.row.articles

    paper = Paper(weekday=8)
    paper.change = from_day(12, undated)
    paper.live(15)
    assert set(paper.kinds) == {"redesign", "fields-missing"}
    finding = next(each for _, each in paper.told if each.kind == "fields-missing")
    assert "have no date, usually 0%; its pages look different since" in finding.cause
    assert finding.evidence["field"] == "date"


def test_pages_that_are_articles_no_more() -> None:
    def walled(seen: Seen) -> None:
        row = seen.row
        if row.articles:
            row.bad, row.articles, row.words = {"consent-wall": row.articles}, 0, []
            row.new = row.fresh = 0
            row.missing = {}

    paper = Paper(weekday=8)
    paper.change = from_day(22, walled)
    paper.live(24)
    assert paper.kinds[0] == "rejections-up"
    assert paper.told[0][0] < 23
    assert "are no articles (consent-wall: " in paper.told[0][1].cause


def test_texts_that_become_short() -> None:
    def short(seen: Seen) -> None:
        seen.row.words = [word // 8 for word in seen.row.words]

    paper = Paper(weekday=8)
    paper.change = from_day(20, short)
    paper.live(23)
    assert paper.kinds == ["shorter-texts"]
    assert paper.told[0][0] < 22
    assert "words (median), usually" in paper.told[0][1].cause


def test_what_stands_and_the_rows_survive_their_json() -> None:
    paper = Paper()
    paper.change = from_day(3, _down("503"))
    paper.live(4)
    assert Standing.from_json(paper.standing.to_json()) == paper.standing
    assert all(Row.from_json(row.to_json()) == row for row in paper.rows)
    assert len(paper.rows[-1].to_json()) < 200


def test_json_of_a_newer_version_can_be_read() -> None:
    text = Row(at=1.0, new=2).to_json().replace("}", ',"later":1}')
    assert Row.from_json(text).new == 2
