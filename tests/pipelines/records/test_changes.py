"""The life of an article over runs: versions, deletions, restorations. Each story is also read again from its notes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.model import Change, Discovery, Edit, Outcome, mark
from pipelines.records.known import known_of
from pipelines.records.ledger import MIGRATIONS
from pipelines.records.settle import Seen, Settled, Settler
from tests.pipelines.records.stories import KEY, TEXT, Job, Memory, again, gone, kinds, story

OTHER = "Rain fell on the coast.\n\nRoads were closed.\n\nThe ferry stayed in port."
EDITED = TEXT + "\n\nThe mayor was pleased."
AMP = "https://herald.example/amp/bridge"
HOME = gone(302, reason="redirect", location="/")


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    made = Job(tmp_path)
    yield made
    made.check()
    made.close()


def change(settled: Settled) -> Change:
    assert settled.change is not None
    return settled.change


# ---------------------------------------------------------------------- when an article counts as deleted


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([[gone(410)]], [["http-status+deletion"]]),
        ([[gone(404)], [gone(404)]], [["http-status"], ["http-status+deletion"]]),
        ([[gone(404)], [gone(410)]], [["http-status"], ["http-status+deletion"]]),
        ([[gone(404), gone(404), gone(404)]], [["http-status"] * 3]),
        ([[gone(404)], [story()], [gone(404)]], [["http-status"], ["unchanged"], ["http-status"]]),
        ([[gone(404)], [again()], [gone(404)]], [["http-status"], ["revisit"], ["http-status"]]),
        ([[gone(404)], [gone(503)], [gone(404)]], [["http-status"], ["http-status"], ["http-status+deletion"]]),
        ([[gone(status)] for status in (500, 503, 401, 403, 429, 451, 400)], [["http-status"]] * 7),
        ([[HOME], [HOME]], [["redirect"], ["redirect+deletion"]]),
        ([[HOME], [gone(404)]], [["redirect"], ["http-status+deletion"]]),
        ([[gone(301, reason="redirect", location="/news/")]] * 3, [["redirect"]] * 3),
        ([[gone(301, reason="redirect", location="https://elsewhere.example/")]] * 3, [["redirect"]] * 3),
        ([[gone(301, reason="redirect", location="http://herald.example/bridge")]] * 3, [["redirect"]] * 3),
        ([[gone(200, reason="soft-404")], [gone(200, reason="soft-404")]], [["soft-404"], ["soft-404+deletion"]]),
        ([[gone(200, reason="soft-404")], [again(200)]], [["soft-404"], ["revisit+deletion"]]),
        ([[gone(200, reason="soft-404")], [again()]], [["soft-404"], ["revisit+deletion"]]),
        ([[gone(200, reason="no-text")]] * 3, [["no-text"]] * 3),
        ([[gone(200, reason="consent-wall")]] * 3, [["consent-wall"]] * 3),
        ([[gone(410)], [gone(410)], [gone(404)]], [["http-status+deletion"], ["http-status"], ["http-status"]]),
        ([[gone(404, "https://herald.example/never-seen")]] * 3, [["http-status"]] * 3),
        ([[gone(410), story()]], [["http-status+deletion", "unchanged+restoration"]]),
        ([[story(), gone(410), story()]], [["unchanged", "http-status+deletion", "duplicate+restoration"]]),
        ([[story(EDITED), gone(410), story()]], [["v2", "http-status+deletion", "duplicate+restoration"]]),
    ],
)
def test_deletions(job: Job, runs: list[list[Outcome]], expected: list[list[str]]) -> None:
    job.run(story())
    found = [kinds(job.run(*run)) for run in runs]
    assert [[word.replace("v2+version", "v2") for word in run] for run in found] == expected


def test_two_misses_within_half_an_hour_may_be_one_outage(job: Job) -> None:
    job.run(story(), minute=0)
    assert kinds(job.run(gone(404), minute=60)) == ["http-status"]
    assert kinds(job.run(gone(404), minute=80)) == ["http-status"]
    (last,) = job.run(gone(404), minute=95)
    assert change(last).missing_since is not None
    assert change(last).missing_since[:16] == "2026-03-01T01:00"


def test_what_a_deletion_says(job: Job) -> None:
    (first,) = job.run(story(), minute=0)
    job.run(again(), minute=60)
    job.run(again(), minute=120)
    job.run(gone(404), minute=180)
    (last,) = job.run(gone(404), minute=240)
    made = change(last)
    assert (made.kind, made.number, made.change, made.diff) == ("deletion", 1, None, None)
    assert (made.article_id, made.previous_id) == (first.outcome.id, None)
    assert (made.canonical_url, made.headline, made.outlet) == (KEY, "Bridge approved", "herald")
    assert made.first_seen == first.outcome.warc.date
    assert made.last_seen is not None and made.missing_since is not None
    assert (made.last_seen[11:16], made.missing_since[11:16]) == ("02:00", "03:00")
    assert made.warc == last.outcome.warc
    assert made.http is not None and made.http.status == 404


@pytest.mark.parametrize("back", [story(), again(), again(200)], ids=["read anew", "304", "as the archive has it"])
def test_a_deleted_article_that_is_back(job: Job, back: Outcome) -> None:
    job.run(story())
    job.run(gone(410))
    (made,) = job.run(back)
    assert change(made).kind == "restoration"
    assert (change(made).change, change(made).diff, change(made).number) == (None, None, 1)
    assert change(made).missing_since is not None
    assert kinds(job.run(again())) == ["revisit"], "once"
    assert kinds(job.run(gone(410))) == ["http-status+deletion"], "it can be deleted again"


def test_a_deleted_article_that_is_back_with_another_text_is_one_record(job: Job) -> None:
    (first,) = job.run(story())
    job.run(gone(410))
    (back,) = job.run(story(EDITED))
    made = change(back)
    assert kinds([back]) == ["v2+restoration"]
    assert (made.change, made.number, made.previous_id) == ("text", 2, first.outcome.id)
    assert made.diff == (Edit(op="added", paragraph=4, before=None, after="The mayor was pleased."),)


def test_a_twin_that_is_gone_deletes_nothing(job: Job) -> None:
    job.run(story(), story(url=AMP, canonical=KEY))
    for _ in range(3):
        assert kinds(job.run(gone(410, AMP))) == ["http-status"]
    assert kinds(job.run(gone(410))) == ["http-status+deletion"]


def test_an_article_only_ever_met_at_another_address_is_deleted_there(job: Job) -> None:
    job.run(story(url=AMP, canonical=KEY))
    assert kinds(job.run(gone(410, AMP))) == ["http-status+deletion"]


def test_an_article_that_moved_is_one_article_and_no_deletion(job: Job) -> None:
    new = "https://herald.example/2026/the-bridge-of-march"
    led = Discovery(method="redirect", source_url=KEY, title=None, date=None)
    assert kinds(job.run(story())) == ["v1"]
    assert kinds(job.run(story(url=new, discovery=led))) == ["unchanged"]
    assert kinds(job.run(story(EDITED, new, discovery=led))) == ["v2+version"]
    assert kinds(job.run(story(OTHER, f"{new}-2", headline="Storm", discovery=led))) == ["v1"], "that proves nothing"


@pytest.mark.parametrize(("killed", "expected"), [(False, "unchanged"), (True, "v1")])
def test_an_article_that_moved_over_several_addresses(job: Job, killed: bool, expected: str) -> None:
    """It is one article, unless the run is killed on the way: then it is new, and for every later reader, too."""
    way = [KEY, *(f"https://herald.example/{folder}/bridge" for folder in ("a", "b", "2026"))]
    led = [Discovery(method="redirect", source_url=source, title=None, date=None) for source in way]
    hops = [
        gone(301, reason="redirect", location=way[1]),
        replace(gone(301, way[1], reason="redirect", location=way[2]), discovery=led[0]),
        replace(gone(301, way[2], reason="redirect", location=way[3]), discovery=led[1]),
    ]
    assert kinds(job.run(story())) == ["v1"]
    assert kinds(job.run(*hops, story(url=way[3], discovery=led[2]), killed=killed)[3:]) == [expected]
    assert kinds(job.run(story(EDITED, way[3]))) == ["v2+version"], "its new address is known"
    assert kinds(
        job.run(*hops, story(OTHER, f"{way[3]}-2", headline="Storm", discovery=led[2]), killed=killed)[3:]
    ) == ["v1"]


def test_an_address_that_tells_another_story_now_deletes_nothing(job: Job) -> None:
    job.run(story())
    assert kinds(job.run(story(OTHER, headline="Storm"))) == ["v1"]
    assert kinds(job.run(gone(410))) == ["http-status+deletion"]
    old = list(job.ledger.execute("SELECT canonical FROM article WHERE canonical > ? AND canonical < ?",
                                  (KEY + " ", KEY + "!")))  # fmt: skip
    assert len(old) == 1, "the story that stood there is kept for its history"


# ---------------------------------------------------------------------- versions


def test_what_a_version_says(job: Job) -> None:
    (first,) = job.run(story(), minute=0)
    job.run(again(), minute=60)
    new = "The harbour council met on Tuesday.\n\nWork starts in spring.\n\nThe mayor was pleased."
    (second,) = job.run(story(new, headline="Bridge approved at last"), minute=120)
    made = change(second)
    assert (made.kind, made.change, made.number) == ("version", "text", 2)
    assert (made.article_id, made.previous_id) == (second.outcome.id, first.outcome.id)
    assert (made.headline, made.previous_headline) == ("Bridge approved at last", "Bridge approved")
    assert made.last_seen is not None and made.last_seen[11:16] == "01:00"
    assert made.missing_since is None
    assert made.diff == (
        Edit(op="changed", paragraph=1, before=TEXT.split("\n\n")[0], after="The harbour council met on Tuesday."),
        Edit(op="removed", paragraph=2, before="It voted for the new bridge.", after=None),
        Edit(op="added", paragraph=3, before=None, after="The mayor was pleased."),
    )


@pytest.mark.parametrize(
    ("edit", "kind"), [({"headline": "Bridge, at last"}, "headline"), ({"authors": ()}, "metadata")]
)
def test_without_a_change_of_text_the_diff_is_empty(job: Job, edit: dict[str, object], kind: str) -> None:
    job.run(story())
    (made,) = job.run(story(**edit))
    assert (change(made).change, change(made).diff) == (kind, ())


def test_each_version_is_compared_with_the_one_before(job: Job) -> None:
    job.run(story())
    job.run(story(EDITED))
    (back,) = job.run(story())
    assert change(back).number == 3
    assert change(back).diff == (Edit(op="removed", paragraph=4, before="The mayor was pleased.", after=None),)
    rows = job.ledger.execute("SELECT number, run FROM version ORDER BY number").fetchall()
    assert rows == [(1, 1), (2, 2)]


def test_a_line_that_is_known_for_furniture_by_now(job: Job) -> None:
    """No change by itself, and none beside another; the ledger remembers the text as it is read now."""
    letter = "Sign up for our letter."
    known = (mark(letter),)
    job.run(story(TEXT + "\n\n" + letter))
    assert kinds(job.run(story(), story(), left_out=known)) == ["unchanged", "duplicate"]
    assert kinds(job.run(story(TEXT + "\n\n" + letter))) == ["unchanged"], "and if it is not known again"
    (edited,) = job.run(story(EDITED), left_out=known)
    assert change(edited).diff == (Edit(op="added", paragraph=4, before=None, after="The mayor was pleased."),)


def test_where_the_old_records_are_gone_there_is_no_diff(tmp_path: Path) -> None:
    job = Job(tmp_path, keep_records=False)
    job.run(story())
    (made,) = job.run(story(EDITED))
    assert (change(made).change, change(made).diff) == ("text", None)
    job.check()
    job.close()


def test_notes_of_before_there_were_changes(job: Job) -> None:
    """They hold no text; and deletions that no note tells of are not invented by a reader."""
    job.run(story())
    made = job.run(story(EDITED), gone(410))
    note = made[0].seen
    assert note is not None and note.known is not None
    old = Seen(key=note.key, known=note.known)
    reader = Settler(Memory(), 1, {made[0].outcome.warc.record_id: old}.get)
    found = [reader.settle(each) for each, _ in job.runs[1]]
    assert [each.outcome for each in found] == [each.outcome for each in made]
    assert change(found[0]).diff is None
    assert found[1].change is None


def test_a_ledger_of_before_there_were_changes(tmp_path: Path) -> None:
    """What it knows is in JSON, and stays there until it changes."""
    now = known_of(story(), 1, KEY)
    values = {"id": "0b6f6e3e-0000-5000-8000-000000000001", "run": 1, "number": 1, "first_seen": "2026-03-01",
              "text": now.text, "headline": now.headline, "metadata": now.metadata,
              "paragraphs": list(now.paragraphs)}  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as old:
        old.executescript(MIGRATIONS[0])
        old.execute("PRAGMA user_version = 1")
        old.execute("INSERT INTO run VALUES (1, 'run-1', '', '', 'complete')")
        old.execute("INSERT INTO article VALUES (?, ?, 1, 1, ?, ?)",
                    (KEY, values["id"], values["first_seen"], json.dumps(values)))  # fmt: skip
    job = Job(tmp_path)
    job.runs.append([])
    assert kinds(job.run(story())) == ["unchanged"]
    shorter, last = TEXT.rpartition("\n\n")[::2]
    assert kinds(job.run(story(shorter), left_out=(mark(last),))) == ["unchanged"]
    assert job.ledger.execute("SELECT digests FROM article").fetchone() == ("",)
    assert kinds(job.run(story())) == ["unchanged"]
    assert kinds(job.run(story(url="https://m.herald.example/bridge"))) == ["unchanged"]
    job.run(gone(404))
    (deleted,) = job.run(gone(404))
    assert (change(deleted).kind, change(deleted).article_id) == ("deletion", values["id"])
    assert change(deleted).first_seen == "2026-03-01"
    (back,) = job.run(story(EDITED))
    assert (change(back).kind, change(back).number, change(back).diff) == ("restoration", 2, None)
    (edited,) = job.run(story())
    assert change(edited).diff is not None
    job.close()
