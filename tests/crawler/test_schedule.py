"""A job over eight days of the sample web's clock, in six runs, held against its truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.schedule import Judge, Plan, play
from sampleweb import DEFAULT_CLOCK, Incident
from tests.crawler.shell import scrapy

FIRST, QUIET, PUBLISHED, EDITED, DELETED, CONFIRMED = range(6)
AFTER = ("0:00", "0:05", "0:10", "32:00", "191:00", "192:00")
"""Hours and minutes at which the job is run: at first; nothing has happened; a story of halvern's is out (12:08); its
headline was edited (15:28); one of halvern's answers 410, one of foni's 404, each a week old, and halvern's feed is
gone; an hour later."""

SOURCES = ("feed", "sitemap", "home", "section")


class Shell:
    """Runs started as the tests start all commands."""

    def run(self, arguments: Sequence[str], log: Path, *, real: bool) -> dict[str, Any]:
        ended = scrapy(*arguments)
        log.write_text(str(ended), "utf-8")
        return {"status": ended.status, "cpu": 0.0, "wall": ended.seconds, "rss": 0}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    hours = (tuple(map(int, each.split(":"))) for each in AFTER)
    plan = Plan(
        outlets=("halvern", "foni"),
        clocks=tuple(DEFAULT_CLOCK + timedelta(hours=hour, minutes=minute) for hour, minute in hours),
        incidents=(Incident(outlet="halvern", kind="dead-feed", start=DEFAULT_CLOCK + timedelta(days=7)),),
        delay=0.01,
    )
    folder = tmp_path_factory.mktemp("schedule")
    return Judge(plan, folder, play(plan, folder, Shell(), show=False))


def test_all_runs_end_well(judge: Judge) -> None:
    assert [run.status for run in judge.runs] == [0] * len(AFTER)


def test_every_article_is_found_in_the_first_run_after_its_publication_and_once(judge: Judge) -> None:
    verdicts = judge.judge_new()
    assert [line for verdict in verdicts.values() for line in verdict.wrong] == []
    assert min(verdict.right for verdict in verdicts.values()) > 50
    assert [story.number for run, _, story, _ in judge.articles if run == PUBLISHED and story] == [3398]


def test_where_nothing_is_new_each_source_is_asked_once_and_nothing_is_sent(judge: Judge) -> None:
    quiet = judge.log[QUIET]
    assert {each.kind for each in quiet} <= {*SOURCES, "robots"} and quiet
    assert all(each.status == 304 and each.conditional for each in quiet)
    assert len({(each.host, each.path) for each in quiet}) == len(quiet)


def test_an_edit_is_a_version_of_its_kind_and_furniture_is_none(judge: Judge) -> None:
    verdict = judge.judge_versions()
    assert verdict.wrong == []
    assert verdict.right > 1
    (edited,) = (record for run, _, story, record in judge.articles if run == EDITED and story and story.number == 3398)
    assert (edited["version"]["number"], edited["version"]["change"]) == (2, "headline")


def test_what_is_due_is_looked_at(judge: Judge) -> None:
    verdict = judge.judge_revisits()
    assert verdict.wrong == []
    assert verdict.right > 20


def test_a_deletion_takes_one_look_at_410_and_two_at_404(judge: Judge) -> None:
    verdict = judge.judge_deletions()
    assert verdict.wrong == []
    deletions = {(run, outlet) for run, outlet, _, change in judge.changes if change["kind"] == "deletion"}
    assert {(DELETED, "halvern"), (CONFIRMED, "foni")} <= deletions


def test_what_a_dead_feed_does_not_tell_others_do(judge: Judge) -> None:
    answers = [each for each in judge.log[DELETED] if each.outlet == "halvern" and each.kind == "feed"]
    assert {each.status for each in answers} == {404}
    found = {
        story.number for run, outlet, story, _ in judge.articles if (run, outlet) == (DELETED, "halvern") and story
    }
    site = judge.truth.sites["halvern"]
    out = {s.number for s in site.archive.listed(judge.times[DELETED]) if s.published > judge.times[EDITED]}
    assert len(out) > 12 and found >= out  # more than the home page holds
