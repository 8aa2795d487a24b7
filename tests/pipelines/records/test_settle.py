"""Versions and duplicates, decided in order."""

import dataclasses

import pytest

from pipelines.model import (
    Article,
    Rejection,
    Version,
    mark,
)  # fmt: skip
from pipelines.records.history import LedgerHistory
from pipelines.records.known import Known
from pipelines.records.ledger import Ledger
from pipelines.records.settle import Seen, Settled, Settler
from tests.pipelines.records.stories import TEXT, Memory, article


@pytest.fixture
def history(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    yield LedgerHistory(ledger)
    ledger.close()


def test_a_new_article_is_version_one(history):
    assert Settler(history, 1).settle(article(1)) == Settled(article(1), key="https://herald.example/bridge")


def test_the_same_article_twice_in_a_run_is_a_duplicate(history):
    settler = Settler(history, 1)
    settler.settle(article(1))
    twin = settler.settle(article(2, url="https://herald.example/amp/bridge")).outcome
    assert isinstance(twin, Rejection)
    assert (twin.reason, twin.detail) == ("duplicate", "of id-1 in this run")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"text": TEXT + "\n\nThe mayor was pleased."}, "text"),
        ({"headline": "Bridge approved at last"}, "headline"),
        ({"authors": ()}, "metadata"),
    ],
)
def test_a_change_in_a_later_run_is_a_new_version(history, changes, kind):
    Settler(history, 1).settle(article(1))
    settled, known, *_ = Settler(history, 2).settle(article(2, **changes))
    assert isinstance(settled, Article)
    assert settled.version == Version(number=2, previous_id="id-1", first_seen="2026-03-01", change=kind)
    assert known is not None and known.known.id == "id-1"
    third, *_ = Settler(history, 3).settle(article(3, text=TEXT + "\n\nSo was the council."))
    assert third.version == Version(number=3, previous_id="id-2", first_seen="2026-03-01", change="text")


def test_an_unchanged_article_in_a_later_run_is_no_new_version(history):
    Settler(history, 1).settle(article(1))
    settled, *_ = Settler(history, 2).settle(article(2))
    assert isinstance(settled, Rejection)
    assert settled.reason == "unchanged"


def test_another_story_under_a_used_address_is_a_new_article(history):
    Settler(history, 1).settle(article(1))
    other = article(2, "Rain fell on the coast.\n\nRoads were closed.", headline="Storm on the coast")
    settled, known, *_ = Settler(history, 2).settle(other)
    assert settled == other
    assert known == Seen(key="https://herald.example/bridge", known=None, new=True)
    again, *_ = Settler(history, 3).settle(dataclasses.replace(other, id="id-3"))
    assert again.reason == "unchanged"


def test_what_an_earlier_run_refused_is_refused_without_it(history):
    """A canonical link that is wrong on all pages: run 2 alone must come to what it came to beside run 1."""
    home = "https://herald.example/"
    Settler(history, 1).settle(article(1, canonical_url=home))
    story = {"text": "Rain fell on the coast.\n\nRoads were closed.", "headline": "Storm", "canonical_url": home}
    second = [article(2, url=home + "a", **story), article(3, url=home + "b", **story)]
    live = [Settler(history, 2).settle(each) for each in second]
    noted = {each.warc.record_id: made.seen for each, made in zip(second, live, strict=True)}
    alone = Settler(Memory(), 2, noted.get)
    assert [alone.settle(each).outcome for each in second] == [made.outcome for made in live]


def test_a_wrong_canonical_link_eats_no_article(history):
    settler = Settler(history, 1)
    settler.settle(article(1, canonical_url="https://herald.example/all"))
    other = article(
        2, "Rain fell on the coast.", headline="Storm", url="https://herald.example/storm",
        canonical_url="https://herald.example/all",
    )  # fmt: skip
    assert settler.settle(other)[0] == other


def test_what_the_archive_notes_stands_in_for_the_history(history):
    Settler(history, 1).settle(article(1))
    edited = article(2, TEXT + "\n\nThe mayor was pleased.")
    settled, known, *_ = Settler(history, 2).settle(edited)
    assert known is not None
    noted = {"urn:uuid:2": Seen.from_json(known.to_json())}

    assert Settler(Memory(), 2, noted.get).settle(edited)[0] == settled


def test_rejections_pass(history):
    rejection = Rejection(
        schema_version="1.0", id="x", url="u", reason="section", detail=None, outlet=None, warc=article(1).warc,
        http=None, discovery=article(1).discovery,
    )  # fmt: skip
    assert Settler(history, 1).settle(rejection) == Settled(rejection)


def test_known_round_trip():
    known = Known(
        id="1", run=1, number=1, first_seen="d", text="t", headline=None, metadata="m", paragraphs=(), gone=True,
        missing="e",
    )  # fmt: skip
    assert Known.from_json(known.to_json()) == known
    old = '{"id":"1","run":1,"number":1,"first_seen":"d","text":"t","headline":"h","metadata":"m","paragraphs":[1,2]}'
    assert Known.from_json(old).paragraphs == (1, 2)


def test_half_a_surrogate_pair_stops_nobody(history):
    odd = article(1, headline="half a \ud83d", canonical_url="https://herald.example/\ud83d")
    settled, *_ = Settler(history, 1).settle(odd)
    assert settled == odd
    changed, seen, *_ = Settler(history, 2).settle(
        article(2, headline="half a \ud83d!", canonical_url=odd.canonical_url)
    )
    assert changed.version.number == 2
    assert Seen.from_json(seen.to_json().encode().decode()).known.headline == "half a ?"


NOTE = "Our reporters are on the Herald line every day."


@pytest.mark.parametrize(
    ("before", "left_before", "after", "left_after", "outcome"),
    [
        (f"{TEXT}\n\n{NOTE}", (), TEXT, (NOTE,), "unchanged"),
        (TEXT, (NOTE,), f"{TEXT}\n\n{NOTE}", (), "unchanged"),
        (f"{TEXT}\n\n{NOTE}", (), TEXT, (), "article"),
        (TEXT, (), f"{TEXT}\n\n{NOTE}", (), "article"),
        (f"{TEXT}\n\n{NOTE}", (), f"{TEXT}\n\nThe council has changed its mind.", (NOTE,), "article"),
    ],
)
def test_what_more_is_known_of_a_site_makes_no_version(history, before, left_before, after, left_after, outcome):
    Settler(history, 1).settle(article(1, before), tuple(map(mark, left_before)))
    now = article(2, after)
    settled = Settler(history, 2).settle(now, tuple(map(mark, left_after)))
    assert getattr(settled.outcome, "reason", "article") == outcome
    assert settled.seen is not None
    notes = {now.warc.record_id: Seen.from_json(settled.seen.to_json())}
    alone = Settler(Memory(), 1, notes.get).settle(now, tuple(map(mark, left_after)))
    assert alone.outcome == settled.outcome
    if outcome == "unchanged":
        again = Settler(history, 3).settle(article(3, after), tuple(map(mark, left_after))).outcome
        assert again.reason == "unchanged"
