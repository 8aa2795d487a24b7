"""What a page needs to be shown: found in its markup, in the order in which it is needed, within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.discovery.requisites import MAX_DEPTH, requisites_of_html, requisites_of_manifest, requisites_of_script
from crawler.jobs import Limits, Outlet
from pipelines.model import Role

URL = "https://a.example/2026/x.html"
OUTLET = Outlet(name="a", home="https://a.example/", limits=Limits(requisites=100))


def found(markup: str) -> list[str]:
    return [f"{kind} {url.removeprefix('https://a.example')}" for url, kind in requisites_of_html(markup, URL)]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        # images
        ("<img src=a.png>", ["image /2026/a.png"]),
        ("<IMG SRC='/a.png'>", ["image /a.png"]),
        ('<img alt="a > b" src="//cdn.example/a.png?x=1&amp;y=2&copy=3">',
         ["image https://cdn.example/a.png?x=1&y=2&copy=3"]),
        ("<img src=' /a\n b.png\t'>", ["image /a%20b.png"]),
        ("<img src=/a.png src=/b.png>", ["image /a.png"]),
        ("<img src=''><img src><img src=#a><img src='data:image/gif;base64,R0=='><img src=javascript:x>", []),
        ("<img src=about:blank><img src=blob:x><img src='http://['><img src=ftp://a.example/b.png>", []),
        ("<image src=/a.png><input type=IMAGE src=/b.png><input type=text src=/c.png>",
         ["image /a.png", "image /b.png"]),
        ("<body background=/a.png><table background=/b.png><tr><td background='/c.png'>",
         ["image /a.png", "image /b.png", "image /c.png"]),
        ("<img/src=/a.png/><img src=/b.png/>", ["image /a.png/", "image /b.png/"]),
        ("<noscript><img src=/a.png></noscript><template><img src=/b.png></template>",
         ["image /a.png", "image /b.png"]),
        # srcset
        ("<img src=/s.png srcset='/a.png 320w, /b.png 1300w, /c.png 2600w'>",
         ["image /s.png", "other /a.png", "image /b.png", "other /c.png"]),
        ("<img srcset='/a.png 320w, /b.png 640w, /c.png 1280w' sizes='(max-width: 600px) 100vw, "
         "(min-width: 60em) 40vw, 90vw'>",
         ["other /a.png", "image /b.png", "other /c.png"]),
        ("<img srcset='/a.png, /b.png 1.5x,/c.png 2x'>", ["image /a.png", "other /b.png", "other /c.png"]),
        ("<img srcset='/w_1,h_2/a.png 1x, data:image/png;base64,AA== 2x, /c,.png 3x,'>",
         ["image /w_1,h_2/a.png", "other /c,.png"]),
        ("<img srcset=',, /a.png 1x (x, y),/b.png (', >", ["image /a.png", "other /b.png"]),
        ("<img srcset='/a.png nonsense, /b.png 1..w'>", ["image /a.png", "other /b.png"]),
        ("<img srcset=' \n '><img srcset=','>", []),
        ("<picture><source media='(max-width: 700px)' srcset='/s.avif'><source srcset='/l.avif 1x, /xl.avif 2x'>"
         "<img src=/l.png></picture>", ["other /s.avif", "image /l.avif", "other /xl.avif", "image /l.png"]),
        ("<picture><source media=print srcset=/p.png><source media='not all' srcset=/n.png></picture>",
         ["other /p.png", "other /n.png"]),
        # images that wait for a script
        ("<img data-src=/a.png data-srcset='/b.png 1x, /c.png 2x'>", ["image /a.png", "image /b.png", "other /c.png"]),
        ("<img src='data:,' data-lazy-src=/a data-lazy-srcset='/b 1x'><img lazy-src=/c.png lazy-srcset='/d.png 2x'>",
         ["image /a", "image /b", "image /c.png", "image /d.png"]),
        ("<img data-original=/a.png data-cfsrc=/b.png data-original-webp=/c.webp data-flickity-lazyload=/d.png>",
         ["image /a.png", "image /b.png", "image /c.webp", "image /d.png"]),
        ("<img data-image='/a.png?w=1' data-image-id=12 data-lazy=true data-src='{\"a\": 1}' data-url=/story"
         " data-src-template='/{width}.png'>", ["image /a.png?w=1"]),
        ("<div data-bg=/a data-background-image=\"url('/b.png')\"></div><section data-bgset='/c.png 1x'>",
         ["image /a", "image /b.png", "image /c.png"]),
        ("<div data-src=/story data-image=/a.jpg data-share-url=/b.html></div>", ["image /a.jpg"]),
        ("<video data-poster=/p.jpg data-src=/v.mp4></video><iframe data-src=/f></iframe>"
         "<script data-rocket-src=/s></script>",
         ["frame /f", "script /s", "image /p.jpg", "media /v.mp4"]),
        # styles
        ("<link rel=stylesheet href=/a.css><link rel='alternate StyleSheet' href=/b.css>",
         ["style /a.css", "style /b.css"]),
        ("<style>@import '/a.css';b{c:url(/d.png)}</style>", ["style /a.css", "image /d.png"]),
        ("<style><!-- a{b:url(/c.png)} --></style>", ["image /c.png"]),
        ("<p style='background:url(/a.png)'><p STYLE=\"background:url(&quot;/b.png&quot;)\">",
         ["image /a.png", "image /b.png"]),
        ("<p style='color:red'><p data-style='background:url(/a.png)'><p style=background:none>", []),
        ("<style>a{b:url(/c.png)}", ["image /c.png"]),
        # links
        ("<link rel='shortcut icon' href=/a.ico><link rel=apple-touch-icon href=/b.png><link rel=mask-icon href=/c.svg>"
         "<link rel=manifest href=/d.json>", ["icon /a.ico", "icon /b.png", "icon /c.svg", "icon /d.json"]),
        ("<link rel=preload as=font href=/a.woff2><link rel=preload as=style href=/b.css>"
         "<link rel=modulepreload href=/c.js>"
         "<link rel=preload as=fetch href=/d.json>",
         ["font /a.woff2", "style /b.css", "script /c.js", "other /d.json"]),
        ("<link rel=preload as=image imagesrcset='/a.png 1x, /b.png 2x'>", ["image /a.png", "other /b.png"]),
        ("<link rel=prefetch href=/a><link rel=dns-prefetch href=//b.example><link rel=preconnect href=//b.example>"
         "<link rel=canonical href=/c><link rel=alternate href=/d><link rel=next href=/e><link href=/f>", []),
        # scripts
        ("<script src=/a.js></script><script type=module src=/b.mjs></script>"
         "<script type=text/plain src=/c.js></script>",
         ["script /a.js", "script /b.mjs", "other /c.js"]),
        ("<script>var a = '<img src=/a.png>'</script><script type=text/html><img src=/b.png></script>", []),
        ("<script type=module>import {a} from './m.js'; import '/n.js'; import x from 'name'; await import('../o.js');"
         "</script><script>import './p.js'</script>", ["script /2026/m.js", "script /n.js", "script /o.js"]),
        ("<script src=/a.js>", ["script /a.js"]),
        # frames, sound and film, plug-ins
        ("<iframe src=/a></iframe><frameset><frame src=/b></frameset>", ["frame /a", "frame /b"]),
        ("<iframe srcdoc=\"<base href='/q/'><img src=&quot;a.png&quot;>\"></iframe><img src=b.png>",
         ["image /q/a.png", "image /2026/b.png"]),
        ("<iframe><img src=/a.png></iframe><noembed><img src=/b.png></noembed>", []),
        ("<video src=/a.mp4 poster=/p.jpg><source src=/b.webm><track src=/c.vtt></video>"
         "<audio><source src=/d.mp3></audio>",
         ["media /a.mp4", "image /p.jpg", "media /b.webm", "media /c.vtt", "media /d.mp3"]),
        ("<object data=/a.swf></object><embed src=/b.swf>", ["media /a.swf", "media /b.swf"]),
        # SVG
        ("<svg><image href=/a.png /><image xlink:href='/b.png'/><use href=/s.svg#x /><use xlink:href=#y /></svg>",
         ["image /a.png", "image /b.png", "image /s.svg"]),
        ("<svg><style>a{fill:url(/p.svg#q)}</style><script xlink:href=/a.js /></svg>",
         ["image /p.svg", "script /a.js"]),
        # base
        ("<base href=/x/><img src=a.png>", ["image /x/a.png"]),
        ("<img src=a.png><base target=_top><base href='//cdn.example'><base href=/no/>",
         ["image https://cdn.example/a.png"]),
        ("<base href='javascript:x'><img src=a.png>", ["image /2026/a.png"]),
        # what is no markup, and broken markup
        ("<!-- <img src=/a.png> --><!--[if IE]><img src=/b.png><![endif]--><img src=/c.png>", ["image /c.png"]),
        ("<!--><img src=/a.png><!---><img src=/b.png>", ["image /a.png", "image /b.png"]),
        ("<!-- never closed <img src=/a.png>", []),
        ("<title><img src=/a.png></title><textarea><img src=/b.png></textarea>", []),
        ("<p title=it's><img src=/a.png><p title='x'>", ["image /a.png"]),
        ("<img src=\"/a.png", ["image /2026/%22/a.png"]),
        ("<img src=/a.png <p>text", ["image /a.png"]),
        ("<img\n\nsrc\n=\n'/a.png'\n>", ["image /a.png"]),
        ("<imgsrc=/a.png><imgx src=/b.png>", []),
        ("", []),
        ("<", []),
    ],
)  # fmt: skip
def test_addresses(markup: str, expected: list[str]) -> None:
    assert sorted(found(markup)) == sorted(expected)


def test_modules_and_files_beside_them() -> None:
    text = """
        import{a as b}from"./chunk.js";export*from'/all.js';
        import "https://cdn.example/c.js"; import React from "react";
        const d=()=>import("./lazy.js"), e=new URL("../img/e.png",import.meta.url), f="from here to /there";
        import(`./${name}.js`); new URL('x.png', location)
    """
    assert [(each.url, each.kind) for each in requisites_of_script(text, "https://a.example/js/m.js")] == [
        ("https://a.example/js/chunk.js", "script"), ("https://a.example/all.js", "script"),
        ("https://cdn.example/c.js", "script"), ("https://a.example/js/lazy.js", "script"),
        ("https://a.example/img/e.png", "other"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("manifest", "icons"),
    [
        (b'{"icons": [{"src": "i.png"}, {"src": "/j.png"}, {"src": 1}, 2],'
         b'"shortcuts": [{"icons": [{"src": "k.png"}]}]}',
         ["/m/i.png", "/j.png", "/m/k.png"]),
        (b'{"icons": {}, "shortcuts": 3}', []),
        (b"[]", []),
        (b"{", []),
        (b'{"icons":' + b"[" * 100_000, []),
    ],
)  # fmt: skip
def test_manifests(manifest: bytes, icons: list[str]) -> None:
    assert [
        each.url.removeprefix("https://a.example")
        for each in requisites_of_manifest(manifest, "https://a.example/m/m.json")
    ] == icons


@pytest.mark.parametrize(
    "unit",
    ["<", "<!--", "<img ", '<img src="', "<img src='&", "<script", "<style>a{b:url(c)}</style>", "data-src=", "=\"",
     'style="(', "<iframe srcdoc='", "<base href=/a>", "<img srcset='a (", "<title>"],
)  # fmt: skip
def test_hostile_pages_come_to_an_end(unit: str) -> None:
    assert len(found(unit * 20_000)) <= 1


# ---------------------------------------------------------------- by the door


PAGE = (
    "<html><img src=/a.png srcset='/a.png, /b.png 3x'><video src=/v.mp4></video><iframe src=https://b.example/f></iframe>"
    "<link rel=icon href=/i.ico><script src=/s.js></script><style>@font-face{src:url(/f.woff2)}</style>"
    "<link rel=stylesheet href=https://cdn.example/s.css?utm_source=x>"
)


def test_what_an_article_needs_first_comes_first(ask: Any) -> None:
    answer = ask(PAGE, Role.ARTICLE, URL, OUTLET, depth=2)
    assert [each.url.removeprefix("https://a.example") for each in answer.candidates] == [
        "https://cdn.example/s.css?utm_source=x", "/s.js", "/f.woff2", "https://b.example/f", "/a.png", "/i.ico",
        "/v.mp4", "/b.png",
    ]  # fmt: skip
    assert {(each.role, each.method, each.source_url, each.depth, each.outlet) for each in answer.candidates} == {
        (Role.REQUISITE, "requisite", URL, 1, "a")
    }


def test_no_more_than_the_limit_and_nothing_unasked(ask: Any) -> None:
    few = Outlet(name="a", home="https://a.example/", limits=Limits(requisites=3))
    answer = ask(PAGE, Role.ARTICLE, URL, few)
    assert [each.url.rpartition("/")[2] for each in answer.candidates] == ["s.css?utm_source=x", "s.js", "f.woff2"]
    assert "5 more are left out, 3 a page is the limit" in answer.notes
    assert ask(PAGE, Role.ARTICLE, URL, Outlet(name="a", home="https://a.example/")).candidates == ()
    assert all(each.role is not Role.REQUISITE for each in ask(PAGE, Role.SECTION, URL, OUTLET).candidates)
    assert ask(PAGE, Role.ARTICLE, URL, OUTLET, status=404).candidates == ()


def test_a_job_can_deny_requisites_but_its_allow_is_for_articles(ask: Any) -> None:
    outlet = Outlet(
        name="a", home="https://a.example/", allow=("/2026/*",), deny=("*.mp4", "/s.js"), limits=Limits(requisites=50)
    )
    urls = [each.url for each in ask(PAGE, Role.ARTICLE, URL, outlet).candidates]
    assert "https://a.example/a.png" in urls
    assert not [url for url in urls if url.endswith((".mp4", "/s.js"))]


def test_what_the_server_tells_in_its_head(ask: Any) -> None:
    headers = (
        ("Link", '</a.css>; rel=preload; as=style, </b.js>; rel="modulepreload"'),
        ("link", "<//c.example>; rel=preconnect"),
    )
    answer = ask("<html><p>x", Role.ARTICLE, URL, OUTLET, headers=headers)
    assert [each.url for each in answer.candidates] == ["https://a.example/a.css", "https://a.example/b.js"]


def test_pages_of_a_whole_site_need_theirs_too(ask: Any) -> None:
    site = Outlet(name="a", home="https://a.example/", scope="host", limits=Limits(requisites=9))
    answer = ask("<html><a href=/b>more</a><img src=/a.png>", Role.ARTICLE, URL, site)
    assert [(each.url, each.role) for each in answer.candidates] == [
        ("https://a.example/b", Role.ARTICLE), ("https://a.example/a.png", Role.REQUISITE),
    ]  # fmt: skip


def test_a_page_that_sends_its_reader_on_is_shown_all_the_same(ask: Any) -> None:
    answer = ask("<html><meta http-equiv=refresh content='0;url=/b'><img src=/a.png>", Role.ARTICLE, URL, OUTLET)
    assert [(each.url, each.method) for each in answer.candidates] == [
        ("https://a.example/b", "meta-refresh"), ("https://a.example/a.png", "requisite"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "content_type", "body", "found"),
    [
        ("https://c.example/s", "text/css", "a{b:url(x.png)}", ["https://c.example/x.png"]),
        ("https://c.example/s.css", "", "a{b:url(x.png)}", ["https://c.example/x.png"]),
        ("https://c.example/s.css?v=2", "application/octet-stream", "a{b:url(x.png)}", ["https://c.example/x.png"]),
        ("https://c.example/s.css", "text/html", "<html><img src=x.png>", []),
        ("https://c.example/s", "text/plain", "a{b:url(x.png)}", []),
        ("https://c.example/f", "text/html; charset=utf-8", "<html><img src=x.png>", ["https://c.example/x.png"]),
        ("https://c.example/f.png", "text/html", "<html><img src=x.png>", []),
        ("https://c.example/f", "text/html", "plain", []),
        ("https://c.example/i", "image/svg+xml",
         "<?xml version='1.0'?><?xml-stylesheet href='a.css'?><svg><image href='x.png'/></svg>",
         ["https://c.example/a.css", "https://c.example/x.png"]),
        ("https://c.example/m.js", "text/javascript", "import './x.js'", ["https://c.example/x.js"]),
        ("https://c.example/m.js", "text/javascript", "var a = 1", []),
        ("https://c.example/manifest.json", "application/json", '{"icons": [{"src": "x.png"}]}',
         ["https://c.example/x.png"]),
        ("https://c.example/x.png", "image/png", b"\x89PNG<img src=x.png>", []),
    ],
)  # fmt: skip
def test_what_requisites_need(ask: Any, url: str, content_type: str, body: str | bytes, found: list[str]) -> None:
    answer = ask(body, Role.REQUISITE, url, OUTLET, headers=(("Content-Type", content_type),), depth=1)
    assert [each.url for each in answer.candidates] == found
    assert {(each.depth, each.source_url) for each in answer.candidates} <= {(2, url)}


def test_not_deeper_than_so_many_steps(ask: Any) -> None:
    options = {"url": "https://c.example/s", "outlet": OUTLET, "headers": (("Content-Type", "text/css"),)}
    assert ask("a{b:url(x.png)}", Role.REQUISITE, depth=MAX_DEPTH - 1, **options).candidates
    answer = ask("a{b:url(x.png)}", Role.REQUISITE, depth=MAX_DEPTH, **options)
    assert answer.candidates == ()
    assert "1 are not read" in answer.notes


def test_requisites_may_be_sent_on_to_any_host(ask: Any) -> None:
    answer = ask(
        "", Role.REQUISITE, "https://a.example/i", OUTLET, status=302, headers=(("Location", "//b.example/j"),)
    )
    assert [(each.url, each.role) for each in answer.candidates] == [("https://b.example/j", Role.REQUISITE)]
