"""Looks of real pages: those of the sample web, in their own templates and in others."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from crawler.watch.looks import Look, Usual, look_of, strange
from sampleweb import DEFAULT_CLOCK, Incident
from sampleweb.newsroom import newsroom
from sampleweb.outlets import BY_KEY
from sampleweb.site import Site
from sampleweb.templates import RENDER

NOW = DEFAULT_CLOCK + timedelta(days=2)


def looks(key: str, template: str | None = None, number: int = 16) -> list[Look]:
    """Of an outlet's last articles, in its own template or in another."""
    incidents = [Incident(outlet=key, kind="redesign", start=DEFAULT_CLOCK, detail=template)] if template else ()
    site = Site(BY_KEY[key], newsroom(26)[key], 8080, incidents)
    stories = [story for story in newsroom(26)[key] if story.current(NOW) and story.kind != "stub"][-number:]
    return [look_of(site.respond(site.archive.path(story), "consent=yes", NOW).body) for story in stories]


@pytest.mark.parametrize("key", BY_KEY)
def test_an_outlets_pages_look_alike_and_redesigned_ones_do_not(key: str) -> None:
    usual = Usual()
    assert not any(usual.take(look, 0.0) for look in looks(key))
    for template in RENDER:
        if template != BY_KEY[key].template:
            assert all(usual.is_strange(look) for look in looks(key, template, 4)), template


def test_little_is_said_of_few_or_bare_pages() -> None:
    page = look_of(b'<html><body class="a b c d e f g h"><div><ul><li><ol><li><div><table><tr><td></body></html>')
    usual = Usual()
    for _ in range(3):
        usual.learn(page)
    assert usual.kept(page) is None
    bare = Usual()
    for _ in range(9):
        bare.learn(look_of(b"<p>Text</p>"))
    assert bare.kept(page) is None
    assert not bare.is_strange(page)


def test_numbers_in_names_and_quotes_do_not_count() -> None:
    one, other = (look_of(text) for text in (b'<div id="post-1"  class="Big x">', b"<div ID='post-2' class='big x'>"))
    assert one == other
    assert look_of("<div class=a><div class='b'>".encode("utf-16"))


def test_slow_change_is_followed_and_what_is_kept_stays_small() -> None:
    names = list(range(30))
    usual = Usual()
    for step in range(400):
        if step % 10 == 9:  # one name in thirty is another from now on
            names[step // 10 % 30] = 1000 + step
        assert not usual.take(Look(frozenset(names), frozenset(range(20))), float(step))
    assert len(usual.names) <= 96
    assert len(usual.marks) == 8
    again = Usual.from_json(usual.to_json())
    assert again == usual


def test_a_new_look_is_learnt_beside_the_old_one() -> None:
    old, new = Look(frozenset(range(9)), frozenset(range(9))), Look(frozenset(range(50, 59)), frozenset(range(60, 69)))
    usual = Usual()
    for _ in range(6):
        usual.take(old, 1.0)
    assert [usual.take(new, at) for at in (2.0, 3.0, 4.0, 5.0)] == [True] * 4
    assert [mark[0] for mark in usual.streak] == [2.0, 3.0, 4.0, 5.0]
    assert all(a[0] <= b[0] for a, b in pairwise(usual.marks))
    usual.adopt()
    assert not usual.is_strange(new)
    assert usual.is_strange(old)
    assert strange(0.0, 0.0)
    assert not strange(0.0, 0.9), "new class names alone are no redesign"
