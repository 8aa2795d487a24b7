from __future__ import annotations

import json

import lxml.html
import pytest

from pipelines.text import structured, topics

URL = "https://gullpost.example/news/bridge-stays-closed-over-winter-for-repairs"


def page(head: str = "", body: str = "") -> structured.Markup:
    tree = lxml.html.document_fromstring(f"<html><head><title>T</title>{head}</head><body>{body}</body></html>")
    return structured.gather(tree, URL)


def keywords(head: str = "", body: str = "", people: tuple[str, ...] = ()) -> list[str]:
    return list(topics.keywords(page(head, body), people=people))


def meta(name: str, *values: str) -> str:
    return "".join(f'<meta name="{name}" content="{value}">' for value in values)


def ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (meta("news_keywords", "bridges, winter"), ["bridges", "winter"]),
        (meta("news_keywords", "bridges; winter"), ["bridges", "winter"]),
        (meta("article:tag", "Bridges", "Rail, road"), ["Bridges", "Rail, road"]),
        (meta("keywords", "bridges,bridges,Bridges"), ["bridges"]),
        (ld(keywords="bridges,winter"), ["bridges", "winter"]),
        (ld(keywords=["bridges", "rail, road"]), ["bridges", "rail, road"]),
        (ld(keywords=[{"@type": "DefinedTerm", "name": "bridges"}]), ["bridges"]),
        (ld(keywords=["topic/bridges", "section: news: local", "98be933f-38cf-4fba-b6c6-ad438e82010a"]), ["bridges"]),
        (meta("keywords", "bridges") + meta("news_keywords", "winter"), ["winter"]),
        # subject codes of a wire, and words made of the address
        (meta("article:tag", "AER", "AERO", "CRSH", "GEN", "INDG") + meta("keywords", "bridges"), ["bridges"]),
        (meta("keywords", "bridge, stays, closed, over, winter"), []),
        (meta("keywords", ""), []),
    ],
)
def test_declared_keywords(head, found):
    assert keywords(head) == found


def test_the_author_is_no_keyword():
    assert keywords(meta("keywords", "bridges, Ida Brandt"), people=("Ida Brandt",)) == ["bridges"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            '<h1>H</h1><p><a rel="tag" href="/x">bridges</a> <a rel="tag" href="/y">winter</a></p>',
            ["bridges", "winter"],
        ),
        (
            '<h1>H</h1><ul><li><a href="/tag/a/">bridges</a></li><li><a href="/tag/b/">winter</a></li></ul>',
            ["bridges", "winter"],
        ),
        ('<h1>H</h1><div class="article-tags"><a href="/person/x">Ida Brandt</a></div>', ["Ida Brandt"]),
        ('<nav><ul><li><a href="/tag/a/">bridges</a></li></ul></nav><h1>H</h1>', []),
        ('<h1>H</h1><p>The <a href="/topic/a/">bridge</a> is closed.</p>', []),
        ('<h1>H</h1><footer><ul><li><a href="/tag/a/">bridges</a></li></ul></footer>', []),
    ],
)
def test_tag_lists_in_the_page(body, found):
    assert keywords(body=body) == found


@pytest.mark.parametrize(
    ("head", "body", "found"),
    [
        (ld(articleSection="Politics"), "", ("Politics",)),
        (ld(articleSection=["News", "Politics"]), "", ("News", "Politics")),
        (meta("article:section", "Politics"), "", ("Politics",)),
        ("", '<div class="breadcrumb"><a href="/">Home</a> <a href="/politics">Politics</a></div>', ("Politics",)),
        ("", '<p><a href="/">Start</a> » <a href="/politics">Politics</a></p>', ("Politics",)),
        ("", '<header><a rel="category tag" href="/politics">Politics</a></header>', ("Politics",)),
        ("", '<nav><a href="/">Home</a> <a href="/politics">Politics</a></nav>', ()),
        ("", "", ()),
    ],
)
def test_sections(head, body, found):
    assert topics.sections(page(head, body), site_names=["Gull Post"]) == found


def test_sections_from_a_breadcrumb_list():
    items = [{"@type": "ListItem", "position": n, "name": name} for n, name in enumerate(["Home", "Politics", "T"], 1)]
    crumbs = json.dumps({"@type": "BreadcrumbList", "itemListElement": items})
    script = f'<script type="application/ld+json">{crumbs}</script>'
    assert topics.sections(page(script), site_names=[]) == ("Politics",)
