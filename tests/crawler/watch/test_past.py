"""The statistics: against sums done by hand, and their own meaning."""

from __future__ import annotations

import random

import pytest

from crawler.watch.past import (
    DAY,
    HOUR,
    WEEK,
    Pace,
    Row,
    chance_of_at_least,
    chance_of_at_most,
    chance_of_so_short,
    longest_silence,
)


def test_what_a_run_found_is_spread_over_the_time_before_it() -> None:
    pace = Pace([Row(at=0.0, first=True, fresh=40), Row(at=DAY, fresh=24), Row(at=3 * DAY, fresh=12)])
    assert pace.between(0, DAY) == 24
    assert pace.between(6 * HOUR, 12 * HOUR) == pytest.approx(6)
    assert pace.between(DAY, 2 * DAY) == pytest.approx(6)
    assert pace.between(-DAY, 9 * DAY) == 36, "a backlog is not counted"


def test_hourly_and_daily_runs_give_the_same_pace() -> None:
    hourly = Pace([Row(at=hour * HOUR, first=not hour, fresh=hour % 2) for hour in range(24 * 30)])
    daily = Pace([Row(at=day * DAY, first=not day, fresh=12) for day in range(30)])
    for start in (3, 11, 20):
        span = (start * DAY, (start + 2) * DAY)
        assert hourly.between(*span) == pytest.approx(daily.between(*span), abs=0.01)


def test_like_spans_lie_whole_weeks_before_and_in_the_known_past() -> None:
    rows = [Row(at=day * DAY, first=not day, fresh=day % 7) for day in range(29)]
    pace = Pace(rows)
    now = 28 * DAY
    assert len(pace.like(now - DAY, now)) == 3
    assert pace.like(now - DAY, now) == [pytest.approx(pace.between(now - DAY, now))] * 3
    assert len(pace.like(now - 8 * DAY, now)) == 1, "a span longer than a week is not compared with itself"
    assert pace.like(now - 8 * DAY, now)[0] == pytest.approx(pace.between(now - 2 * WEEK - 8 * DAY, now - 2 * WEEK))


def test_longest_silence() -> None:
    rows = [Row(at=0.0, first=True, fresh=9), *(Row(at=float(at), fresh=at in (2, 3, 9, 11)) for at in range(1, 20))]
    assert longest_silence(rows) == 6


def test_chance_of_silence() -> None:
    assert chance_of_at_most(0, [0, 0, 0, 0]) == pytest.approx(0.8**0.5)
    assert chance_of_at_most(0, [7, 7, 7, 7]) == pytest.approx(0.8**28.5)
    assert chance_of_at_most(0, [10]) > chance_of_at_most(0, [10, 10, 10, 10]), "one week is little to go by"
    assert chance_of_at_most(500, [5, 5]) == pytest.approx(1)


def test_chance_of_silence_is_as_rare_as_it_says() -> None:
    """Counts of one rate: a silence that should come once in a hundred spans does so."""
    rng = random.Random(3)
    hits, tries = 0, 4000
    for _ in range(tries):
        rate = rng.uniform(2, 9)
        counts = [sum(rng.random() < rate / 200 for _ in range(200)) for _ in range(5)]
        hits += chance_of_at_most(counts[0], counts[1:]) < 0.01
    assert hits / tries < 0.015


def test_binomial_tail() -> None:
    assert chance_of_at_least(0, 10, 0.3) == pytest.approx(1)
    assert chance_of_at_least(3, 3, 0.1) == pytest.approx(0.001)
    assert chance_of_at_least(2, 3, 0.5) == pytest.approx(0.5)
    assert chance_of_at_least(1, 1, 0.0) == 0
    assert chance_of_at_least(1500, 2000, 0.5) < 1e-50


def test_ranks() -> None:
    past = list(range(100, 1100, 10))
    assert chance_of_so_short([500, 600, 700, 550, 640], past) == pytest.approx(0.5, abs=0.1)
    assert chance_of_so_short([20, 30, 25, 40, 90], past) < 1e-3
    assert chance_of_so_short([20, 30, 25, 40, 90_000], past) > 1e-3, "one long text among few leaves doubt"
