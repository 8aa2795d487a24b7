"""A sentence is found in whatever form a page has it, and not where it is not."""

from __future__ import annotations

import json

import pytest

from pipelines.text.traces import Traces

HEAD = "Flood reaches the old town of Kelmstad"
FIRST = "The river rose on Monday by four metres, and the mayor’s house was cut off from the bridge."
TEXT = f"{FIRST} Nobody was hurt.\n\n“We were lucky,” said the café’s owner on the evening of the second day."
RUSSIAN = "Вода поднялась на четыре метра за одну ночь, и мост закрыли для всех до утра вторника."
CHINESE = "河水在星期一上涨了四米，市长的房子与大桥之间的联系完全中断。"

FOUND = {
    "markup inside": "<p>The river rose on <a href='/x'>Monday</a> by <b>four</b>\n metres, and the mayor&rsquo;s",
    "markup as text": "<description>&lt;p&gt;The river rose on Monday by &amp;quot;four metres, and the mayor’s house",
    "CDATA": "<![CDATA[The river rose <i>on</i> Monday by four metres, and the mayor's house was cut off]]>",
    "an attribute": f'<meta content="{HEAD}" name="twitter:title">',
    "capitals": f"<h2>{HEAD.upper()}</h2>",
    "JSON": json.dumps({"body": f"a\n{TEXT}"}),
    "JSON in a script": f"<script>var a = {json.dumps({'title': HEAD})};</script>",
    "cut short": f"<p>{FIRST[:60]}…</p>",
    "from the middle": f"<p>… {TEXT[-90:]}</p>",
    "soft hyphens": FIRST.replace("river", "ri\u00adver"),
    "decomposed": "“We were lucky,” said the cafe\u0301’s owner on the evening of the second day.",
}

NOT = {
    "its address": '<a href="/2026/flood-reaches-the-old-town-of-kelmstad">more</a>',
    "an address with blanks": '<a href="/q=Flood+reaches+the+old+town+of+Kelmstad">%20Flood%20reaches%20the%20old</a>',
    "a part of a headline": "<h2>Flood reaches the old town of Varn</h2>",
    "another story": "<p>The river rose on Tuesday by four metres, and nobody was hurt.</p>",
    "a short sentence": "<p>Nobody was hurt.</p>",
    "nothing": "",
}


@pytest.fixture(scope="module")
def traces() -> Traces:
    made = Traces()
    made.add([HEAD, None, "News"], TEXT)
    made.add([], RUSSIAN)
    made.add(["洪水抵达凯尔姆斯塔德老城"], CHINESE)
    return made


@pytest.mark.parametrize("form", FOUND)
def test_found(traces: Traces, form: str) -> None:
    assert traces.of(f"<html><body>{'Something else. ' * 9}{FOUND[form]}<p>And more.</p>")


@pytest.mark.parametrize("form", NOT)
def test_not_found(traces: Traces, form: str) -> None:
    assert traces.of(f"<html><body>{'Something else. ' * 9}{NOT[form]}<p>And more.</p>") == set()


@pytest.mark.parametrize("text", [RUSSIAN, CHINESE, "<b>洪水抵达凯尔姆斯塔德老城</b>", json.dumps(RUSSIAN)])
def test_other_scripts(traces: Traces, text: str) -> None:
    assert traces.of(f"<p>{text}")


def test_wherever_it_stands(traces: Traces) -> None:
    for before in range(20):
        assert traces.of("x" * before + FIRST[:55])


def test_many_short_ones() -> None:
    made = Traces()
    for number in range(60):
        made.add([f"Mayor of Kelmstad number {number} resigns"], "")
    for number in (0, 59):
        for before in range(10):
            assert len(made.of(f"{'x' * before} Mayor of Kelmstad number {number} resigns today")) == 1


def test_who_tells_it_again_and_who_quotes_it(traces: Traces) -> None:
    assert traces.retold(traces.of(TEXT))
    assert not traces.retold(traces.of(HEAD))


def test_what_others_say_too_is_dropped() -> None:
    made = Traces()
    made.add([HEAD], TEXT)
    made.drop(made.of(HEAD))
    assert made.of(HEAD) == set()
    assert made.of(FIRST)
