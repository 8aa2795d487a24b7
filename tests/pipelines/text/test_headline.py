# ruff: noqa: E501 (invented pages read better on one line)
from __future__ import annotations

import lxml.html
import pytest

from pipelines.text import headline, structured
from pipelines.text.headline import Affixes

URL = "https://www.gullpost.example/politics/bridge-stays-closed-over-winter-4711"
AFFIXES = Affixes.of(URL, ["The Gull Post", "GP"], ["Politics", "Local News"], ["Ida Brandt"])


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Bridge stays closed over winter | The Gull Post", "Bridge stays closed over winter"),
        ("Bridge stays closed over winter - The Gull Post", "Bridge stays closed over winter"),
        ("Bridge stays closed over winter – Politics – The Gull Post", "Bridge stays closed over winter"),
        ("Bridge stays closed over winter | Local News | Gull Post Online", "Bridge stays closed over winter"),
        ("Bridge stays closed over winter - gullpost.example", "Bridge stays closed over winter"),
        ("Bridge stays closed over winter • The Gull Post • by Ida Brandt", "Bridge stays closed over winter"),
        ("The Gull Post: Bridge stays closed over winter", "Bridge stays closed over winter"),
        ("橋は冬の間閉鎖へ：The Gull Post", "橋は冬の間閉鎖へ"),
        # real headlines keep their dashes, colons and names
        ("Bridge closed - and nobody knows why", "Bridge closed - and nobody knows why"),
        ("Mayor: The Gull Post was right", "Mayor: The Gull Post was right"),
        ("Storm warning: stay at home, council says", "Storm warning: stay at home, council says"),
        ("Winter – a season for Politics lovers", "Winter – a season for Politics lovers"),
        ("Politics", "Politics"),
        ("Self-help | The Gull Post", "Self-help"),
    ],
)
def test_only_known_names_are_cut(title, cut):
    assert AFFIXES.cut(title) == cut


def test_a_bar_cuts_a_short_end_in_page_titles_only():
    text = "Bridge stays closed over winter | Something Else"
    assert AFFIXES.cut(text, pipes=True) == "Bridge stays closed over winter"
    assert AFFIXES.cut(text) == text
    assert AFFIXES.cut("Opinion | Why the bridge must open again soon", pipes=True).startswith("Opinion | Why")


def read(html: str) -> headline.Headline:
    page = structured.gather(lxml.html.document_fromstring(html), URL)
    return headline.read(page, site_names=["The Gull Post"], sections=["Politics"], people=[])


def page(*, ld: str = "", og: str = "", title: str = "", h1: str = "") -> str:
    script = f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"{ld}"}}</script>' if ld else ""
    meta = f'<meta property="og:title" content="{og}">' if og else ""
    return f"<html><head><title>{title}</title>{meta}{script}</head><body>{h1}</body></html>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (page(ld="Bridge stays closed", og="No way across", h1="<h1>Bridge stays closed</h1>"), "Bridge stays closed"),
        # JSON-LD cut short by a length limit
        (page(ld="Bridge stays closed over…", og="Bridge stays closed over winter"), "Bridge stays closed over winter"),
        # JSON-LD kept an old headline that page, title, link and address have left behind
        (
            page(
                ld="Engineers look at old structure",
                og="Bridge stays closed over winter",
                title="Bridge stays closed over winter | The Gull Post",
                h1="<h1>Bridge stays closed over winter</h1>",
            ),
            "Bridge stays closed over winter",
        ),
        # no JSON-LD: what the page shows, if it is about the same
        (page(og="Bridge stays closed", h1="<h1>Bridge stays closed until May</h1>"), "Bridge stays closed until May"),
        (page(og="Bridge stays closed until May", h1="<h1>Our newsletter</h1>"), "Bridge stays closed until May"),
        # an h1 that is the logo
        (
            page(title="Bridge stays closed | The Gull Post", h1='<h1><a href="/">Gull</a></h1>'),
            "Bridge stays closed",
        ),
        (page(title="The Gull Post", h1="<h1>Bridge stays closed</h1>"), "Bridge stays closed"),
        (page(og="Bridge &amp;quot;stays&amp;quot; closed"), 'Bridge "stays" closed'),
    ],
)
def test_which_headline_is_believed(html, expected):
    assert read(html).headline == expected


def test_the_alternative_is_another_headline():
    assert read(page(ld="Bridge stays closed", og="No way across")).alternative == "No way across"
    assert read(page(ld="Bridge stays closed", og="Bridge stays closed - The Gull Post")).alternative is None
    assert read(page(og="Bridge stays closed", h1="<h1>River: Bridge stays closed</h1>")).alternative is None


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # a kicker that the card leaves out, glued on in JSON-LD or in the h1
        (page(ld="River: Bridge stays closed", og="Bridge stays closed"), "Bridge stays closed"),
        (page(og="Bridge stays closed", h1="<h1>On the river Bridge stays closed</h1>"), "Bridge stays closed"),
        # no kicker: an article, part of a word, what somebody said, what the card says too
        (page(og="Bridge stays closed", h1="<h1>The Bridge stays closed</h1>"), "The Bridge stays closed"),
        (page(og="bridge stays closed", h1="<h1>Footbridge stays closed</h1>"), "Footbridge stays closed"),
        (page(og="Bridge stays closed", h1="<h1>“A shame”: Bridge stays closed</h1>"), "“A shame”: Bridge stays closed"),
        (page(ld="River: Bridge closed", og="River: Bridge closed", h1="<h1>Bridge closed</h1>"), "River: Bridge closed"),
        # worded for search engines in JSON-LD and title, for readers in h1 and card
        (
            page(
                ld="Bridge closure 2026: all you need to know",
                title="Bridge closure 2026: all you need to know | The Gull Post",
                og="No way across before May",
                h1="<h1>No way across before May</h1>",
            ),
            "No way across before May",
        ),
        # no JSON-LD, no h1: a headline stated for machines before a card with something at its end
        (
            page(og="Bridge stays closed-Region").replace("</head>", '<meta name="headline" content="Bridge stays closed"></head>'),
            "Bridge stays closed",
        ),
    ],
)  # fmt: skip
def test_kickers_and_wordings_for_search_engines(html, expected):
    assert read(html).headline == expected
