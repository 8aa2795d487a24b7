from __future__ import annotations

import json

import lxml.html
import pytest

from pipelines.text import authors, byline, names, structured

URL = "https://www.gullpost.example/politics/bridge"


@pytest.mark.parametrize(
    ("byline", "found"),
    [
        ("By Ida Brandt", ["Ida Brandt"]),
        ("Von Ida Brandt und Jens Kolle", ["Ida Brandt", "Jens Kolle"]),
        ("Par Ida Brandt et Luc Morel", ["Ida Brandt", "Luc Morel"]),
        ("Автор: Ирина Волкова и Олег Стец", ["Ирина Волкова", "Олег Стец"]),
        ("Ida Brandt, Economics Editor", ["Ida Brandt"]),
        ("Ida Brandt, London", ["Ida Brandt"]),
        ("Ida Brandt, Jens Kolle, Ann Lee", ["Ida Brandt", "Jens Kolle", "Ann Lee"]),
        ("Ida Brandt, PhD", ["Ida Brandt"]),
        ("IDA BRANDT and JENS-UWE KOLLE", ["Ida Brandt", "Jens-Uwe Kolle"]),
        ("AFP", ["AFP"]),
        ("Ida Brandt 3 Hours Ago", ["Ida Brandt"]),
        ("Ida Brandt | 4 March 2026", ["Ida Brandt"]),
        ("Ida Brandt ida@gullpost.example", ["Ida Brandt"]),
        ("Ida Brandt (text) and Jens Kolle (photos)", ["Ida Brandt", "Jens Kolle"]),
        ("박서연 기자", ["박서연"]),
        ("View all posts by Ida Brandt", ["Ida Brandt"]),
        ("Foto: Jens Kolle", []),
        ("© Gull Pictures", []),
        ("https://www.facebook.com/gullpost", []),
        ("3 Hours Ago", []),
        ("By", []),
        ("", []),
    ],
)
def test_a_byline_is_parted_into_names(byline, found):
    assert names.part(byline) == found


@pytest.mark.parametrize(
    "name", ["dpa", "Reuters", "Gull Newsroom", "Redaktion", "gullpost.example", "The Gull Post", "Агентство «Волна»"]
)
def test_agencies_desks_and_the_site_are_organisations(name):
    assert names.is_organisation(name, {"gullpost"})


@pytest.mark.parametrize(
    "name", ["Ida Brandt", "Jean-Luc de la Tour", "Ирина Волкова", "신현주", "Anna Agentova", "D. Stafford"]
)
def test_people_are_not(name):
    assert not names.is_organisation(name, {"gullpost"})


def read(head: str = "", body: str = "") -> list[tuple[str, str]]:
    tree = lxml.html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>")
    page = structured.gather(tree, URL)
    return [(credit.name, credit.type) for credit in authors.read(page, site_names=["Gull Post"])]


def ld(author: object, **more: object) -> str:
    return (
        f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "author": author, **more})}</script>'
    )


PERSON = ("Ida Brandt", "Person")


@pytest.mark.parametrize(
    "author",
    [
        "Ida Brandt",
        {"@type": "Person", "name": "Ida Brandt"},
        [{"@type": "Person", "name": "Ida Brandt"}],
        {"@type": "Person", "name": "By Ida Brandt"},
        {"@type": "Person", "givenName": "Ida", "familyName": "Brandt"},
        {"@type": "Person", "name": ["Ida Brandt"]},
        [{"name": "Ida Brandt"}, {"name": "Ida Brandt"}],
        {"@type": "Person", "name": "Ida&amp;nbsp;Brandt"},
    ],
)
def test_shapes_of_json_ld_authors(author):
    assert read(ld(author)) == [PERSON]


def test_people_and_organisations_are_told_apart():
    found = read(ld([{"@type": "Person", "name": "Ida Brandt"}, {"@type": "Organization", "name": "Northern Wire"}]))
    assert found == [PERSON, ("Northern Wire", "Organization")]
    assert read(ld([{"@type": "Person", "name": "dpa"}])) == [("dpa", "Organization")]


def test_the_site_itself_is_no_author_beside_a_person():
    assert read(ld([{"name": "Gull Post"}, {"name": "Ida Brandt"}])) == [PERSON]
    assert read(ld({"@type": "Organization", "name": "Gull Post"})) == [("Gull Post", "Organization")]


def test_a_person_in_the_page_outweighs_an_organisation_in_json_ld():
    byline = '<article><p class="byline">By <a rel="author" href="/author/ida">Ida Brandt</a></p></article>'
    assert read(ld({"@type": "Organization", "name": "Gull Post"}), byline) == [PERSON]
    photo = '<figure><span class="author">Foto: Jens Kolle</span></figure>'
    assert read(ld({"@type": "Organization", "name": "Gull Post"}), photo) == [("Gull Post", "Organization")]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<h1>Bridge</h1><span class="byline">By Ida Brandt</span>', ["Ida Brandt"]),
        (
            '<h1>Bridge</h1><p>By <a rel="author" href="/author/ida">Ida Brandt</a> and Northern Wire Agency</p>',
            ["Ida Brandt", "Northern Wire Agency"],
        ),
        ('<h1>Bridge</h1><div itemprop="author"><span itemprop="name">Ida Brandt</span></div>', ["Ida Brandt"]),
        ("<h1>Bridge</h1><p>Von Ida Brandt</p><p>Die Brücke bleibt zu.</p>", ["Ida Brandt"]),
        ('<h1>Bridge</h1><a href="/author/ida" rel="author">Ida</a>', ["Ida"]),
        ('<h1>Bridge</h1><div class="comments"><span class="comment-author">Troll King</span></div>', []),
        ('<h1>Bridge</h1><aside><a href="/author/jens">Jens Kolle</a></aside>', []),
        ("<h1>Bridge</h1><p>By the time Ida Brandt arrived, the bridge was gone.</p>", []),
        ('<h1>Bridge</h1><p class="byline">3 Hours Ago</p>', []),
    ],
)
def test_bylines_in_the_page(body, found):
    assert [name for name, _ in read(body=body)] == found


def test_meta_elements():
    assert read('<meta name="author" content="Ida Brandt">') == [PERSON]
    assert read('<meta property="article:author" content="https://www.facebook.com/ida">') == []
    assert (
        read('<meta name="author" content="Gull Post"><meta name="parsely-author" content="x">')[0][1] == "Organization"
    )
    cited = '<meta name="citation_author" content="Brandt, Ida">'
    assert read(cited) == [PERSON]


def test_a_user_name_gives_way_to_the_name_it_stands_for():
    assert read(ld("idabrandt"), '<span class="byline">By Ida Brandt</span>') == [PERSON]
    assert read(ld("ibr"), '<span class="byline">By Ida Brandt</span>') == [PERSON]
    assert read(ld("idabrandt"), '<aside><span class="byline">By Jens Kolle</span></aside>') == [
        ("idabrandt", "Person")
    ]
    assert read(ld("Ida Brandt"), '<span class="byline">By Jens Kolle</span>') == [PERSON]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<h1>Bridge</h1><div><span>Ida Brandt |</span><span>05.04.2026 - 11:20</span></div>", ["Ida Brandt"]),
        ("<h1>Bridge</h1><p>Ida Brandt</p><time datetime=2026-04-05>5 April</time>", ["Ida Brandt"]),
        ("<h1>Bridge</h1><p>Ida Brandt</p><p>The bridge stays closed.</p>", []),
        ("<h1>Bridge</h1><p>Northern region</p><p>05.04.2026</p>", []),
        ("<p>Ida Brandt</p><p>05.04.2026</p><h1>Bridge</h1>", []),
    ],
)
def test_a_name_before_a_date_under_the_headline_is_a_byline(body, found):
    assert [name for name, _ in read(body=body)] == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Ida Brandt", ["Ida Brandt"]),
        ("Von Ida Brandt und Jens Kolle", ["Ida Brandt", "Jens Kolle"]),
        ("J. R. Brandt", ["J. R. Brandt"]),
        ("Lê Thị Phương", ["Lê Thị Phương"]),
        ("CONTACT INFO", []),
        ("Ida", []),
        ("Read the whole story", []),
        ("Text: Ida Brandt", []),
        ("", []),
    ],
)
def test_a_line_under_the_text_signs_it_if_it_is_nothing_but_names(line, found):
    assert byline.signed(line) == found


def test_the_signature_is_asked_where_nothing_else_names_a_person():
    def names_of(head: str) -> list[str]:
        page = structured.gather(lxml.html.document_fromstring(f"<html><head>{head}</head><body></body></html>"), URL)
        return [credit.name for credit in authors.read(page, site_names=["Gull Post"], signature="Ida Brandt")]

    assert names_of("") == ["Ida Brandt"]
    assert names_of(ld({"@type": "Organization", "name": "Gull Post"})) == ["Ida Brandt"]
    assert names_of(ld("Jens Kolle")) == ["Jens Kolle"]
