# ruff: noqa: E501 (invented pages read better on one line)
"""What belongs to the text and what does not, rule by rule, on one invented page with one thing changed."""

from __future__ import annotations

import json

import lxml.html
import pytest

from pipelines.text.reading import Reading, read

P = tuple(
    f"<p>{text}</p>"
    for text in (
        "The harbour board met on Monday evening to decide what becomes of the north wall after the storm.",
        "Engineers had found eleven cracks in it, three of them below the water line at low tide.",
        "Repairs will begin in April, and the fishing boats move to the inner basin until then.",
        "The province pays two thirds of the cost, the town has set aside the rest in its budget.",
        "In the autumn divers will look at the wall again, before the ferries change to winter times.",
    )
)
URL = "https://www.tidewell.example/harbour/wall"


def reading(body: str, head: str = "") -> Reading:
    html = f"<html><head><title>North wall to be mended</title>{head}</head><body><article><h1>North wall to be mended</h1><div>{body}</div></article></body></html>"
    return read(lxml.html.document_fromstring(html), URL)


def reasons(body: str, head: str = "") -> dict[str, str | None]:
    return {block.text: block.drop for block in reading(body, head).blocks}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        # a line that is half a link: kept if it says or announces something
        ("<p>The Tidewell Mirror <a href=/m>reported on its front page:</a></p>", None),
        ("<p>(as told in <a href=/m>the board's own report of March</a> and plans)</p>", None),
        ("<div>Guide: <a href=/m>Harbours of the north</a> (Buy now)</div>", "read-more"),
        # invitations
        ("<p>Get the tide tables by post every month. Click <a href=/t>here</a> for more.</p>", "credit"),
        ("<p>If you would like to see the plans of the wall, click here!</p>", None),
        ("<p>To read the rest of this story, please log in.</p>", "credit"),
        ("<p>Hat dir dieser Artikel gefallen? Dann empfiehl ihn weiter.</p>", "credit"),
        ("<p>Titelbild: M. Aldred</p>", "caption"),
        ("<p>Her Vorbild: a wall that gave way a hundred years ago.</p>", None),
    ],
)
def test_lines_at_the_end(line: str, reason: str | None) -> None:
    text = " ".join(lxml.html.fromstring(line).text_content().split())
    assert reasons("".join(P) + line)[text] == reason


def test_the_line_under_the_first_picture_stays_if_the_description_says_it() -> None:
    line = "Reviewed at the harbour: Aldred's Tide Tables, price £23.99"
    body = f"<img src=a><p>{line}</p>{''.join(P)}"
    assert reasons(body)[line] == "caption"
    assert reasons(body, f'<meta name=description content="{line} The harbour board met">')[line] is None
    by = "By Orla Penhallow, harbour correspondent"
    assert reasons(f"<p>{by}</p>{''.join(P)}", f'<meta name=description content="{by}. The board met">')[by] == "label"


def test_short_paragraphs_under_a_subhead_are_text_short_lines_above_it_are_not() -> None:
    found = reasons(
        f"<p>Harbour news</p><h2>First division</h2><p>Tidewell 4, Marram 2</p><p>By Orla Penhallow</p>{''.join(P)}"
    )
    assert found["Tidewell 4, Marram 2"] is None and found["First division"] is None
    assert found["Harbour news"] == found["By Orla Penhallow"] == "label"


NAMED = [f"{n}. {name} breakwater" for n, name in enumerate(("Marram", "Dunsea", "Kelder", "Ousemouth"), 1)]


def test_lines_under_pictures_are_text_where_each_heads_a_paragraph_and_captions_in_a_row() -> None:
    pictures = [f"<img src=a><p>{line}</p>" for line in NAMED]
    listed = reasons(
        "".join(P) + "".join(picture + P[0].replace("Monday", str(n)) for n, picture in enumerate(pictures))
    )
    assert [listed[line] for line in NAMED] == [None] * 4
    row = reasons("".join(P) + P[0].replace("Monday", "Friday") * 4 + "".join(pictures))
    assert [row[line] for line in NAMED] == ["caption"] * 4


def test_readings_of_characters_are_not_read_out() -> None:
    ruby = "<p>港の<ruby>壁<rp>(</rp><rt>かべ</rt><rp>)</rp></ruby>が嵐でこわれたため、町は春から直しはじめると発表しました。</p>"
    assert "港の壁が嵐でこわれたため、町は春から直しはじめると発表しました。" in reasons(ruby * 2)


def body_of(*paragraphs: str) -> str:
    text = "\n".join(paragraph[3:-4] for paragraph in paragraphs)
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": "North wall to be mended", "articleBody": text})}</script>'


def test_a_body_that_only_json_ld_holds_outweighs_what_stands_beside_it() -> None:
    card = "<p>Orla Penhallow has written about the coast for twenty years. She keeps two boats and a goat, and has been round the island in both boats.</p>"
    assert reading(card, body_of(*P)).text.split("\n\n") == [text[3:-4] for text in P]
    # not where the elements hold some of it, nor where they hold plenty
    assert P[0][3:-4] in reading(card + P[0], body_of(*P)).text and "goat" in reading(card + P[0], body_of(*P)).text
    other = "".join(
        f"<p>Entry {n} of the diary tells at length of wind, rain, nets, gulls and the price of diesel.</p>"
        for n in range(14)
    )
    assert reading(other, body_of(*P)).text.startswith("Entry 0")


def test_the_signature_is_the_line_in_bold_right_under_the_text() -> None:
    text = "".join(P)
    assert reading(f"{text}<p><b>Ida Brandt</b></p>").signature == "Ida Brandt"
    assert reading(f"{text}<p>Ida Brandt</p>").signature is None
    assert reading(f"{text}<h3><b>Ida Brandt</b></h3>").signature is None
    assert reading(f"{text}<p>Tags</p><p><b>Ida Brandt</b></p>").signature is None
    assert reading("").signature is None


def test_a_price_is_no_time_of_day() -> None:
    priced, timed = "Marram to Dunsea: 49.95 crowns", "Marram to Dunsea: 19.45 tonight"
    found = reasons(P[0] + f"<p>{priced}</p><p>{timed}</p>" + "".join(P[1:]))
    assert found[priced] is None and found[timed] == "label"


def test_cells_that_are_links_stay_in_a_table_of_data_and_go_in_a_menu() -> None:
    clubs = "".join(
        f"<tr><td><a href=/{club}>{club}</a></td><td>{n} won</td><td>{n + 2} points</td></tr>"
        for n, club in enumerate(("Marram", "Dunsea", "Kelder"))
    )
    found = reasons(f"{P[0]}<table>{clubs}</table>{''.join(P[1:])}")
    assert found["Marram"] is found["2 won"] is None
    menu = "".join(
        f"<tr><td><a href=/{name}>{name} page</a></td></tr>"
        for name in ("Marram", "Dunsea", "Kelder", "Ouse", "Saltry", "Karu")
    )
    assert reasons(f"{P[0]}<table>{menu}</table>{''.join(P[1:])}")["Marram page"] == "links"


@pytest.mark.parametrize("line", ["Image 2 of 5", "Foto 3 von 12"])
def test_counters_of_galleries_are_captions(line: str) -> None:
    assert reasons(f"{P[0]}<p>{line}</p>{''.join(P[1:])}")[line] == "caption"
