"""What is read out of style sheets, and what is not."""

from __future__ import annotations

import pytest

from crawler.discovery.css import MAX_FOUND, css_text, requisites_of_css

BASE = "https://a.example/css/s.css"


def urls(text: str) -> list[str]:
    return [each.url.removeprefix("https://a.example") for each in requisites_of_css(text, BASE)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # url()
        ("a{b:url(x.png)}", ["/css/x.png"]),
        ("a{b:url('x.png')}", ["/css/x.png"]),
        ('a{b:url("x.png")}', ["/css/x.png"]),
        ("a{b:URL( \n x.png \t)}", ["/css/x.png"]),
        ("a{b:url( 'x.png' )}", ["/css/x.png"]),
        ("a{b:url(../x.png),url(/y.png),url(//cdn.example/z.png),url(https://b.example/w.png)}",
         ["/x.png", "/y.png", "https://cdn.example/z.png", "https://b.example/w.png"]),
        ("a{b:url(x.png)}c{d:url(x.png)}", ["/css/x.png"]),
        ("a{b:url('x y.png')}", ["/css/x%20y.png"]),
        ("a{b:url('x(1).png')}", ["/css/x(1).png"]),
        ("a{b:url(ü.png)}", ["/css/%C3%BC.png"]),
        ("a{b:url('x.svg' crossorigin(anonymous))}", ["/css/x.svg"]),
        ("a{b:linear-gradient(red, blue),url(x.png)}", ["/css/x.png"]),
        ("a{--x:url(x.png)}", ["/css/x.png"]),
        ("@media print{a{b:url(x.png)}}", ["/css/x.png"]),
        ("a{b:src('x.png')}", ["/css/x.png"]),
        # escapes
        (r"a{b:url(x\ y.png)}", ["/css/x%20y.png"]),
        (r"a{b:url(x\28 1\29.png)}", ["/css/x(1).png"]),
        (r"a{b:url('x\'y.png')}", ["/css/x'y.png"]),
        (r"a{b:url(\78.png)}", ["/css/x.png"]),
        (r"a{b:url(\000078 .png)}", ["/css/x.png"]),
        ("a{b:url('x\\\ny.png')}", ["/css/xy.png"]),
        (r"a{b:url(\110000.png)}", ["/css/%EF%BF%BD.png"]),
        (r".sm\:a\'b{b:url(x.png)} c{d:'it'}", ["/css/x.png"]),
        # none
        ("a{b:url()}a{b:url('')}a{b:url(  )}", []),
        ("a{b:url(#f)}a{b:url(data:image/png;base64,AA==)}a{b:url(DATA:,x)}", []),
        ("a{b:url(blob:x)}a{b:url(javascript:x)}a{b:url(about:blank)}a{b:url(file:///etc/passwd)}", []),
        ("/* a{b:url(x.png)} */", []),
        ("a{content:'url(x.png)'}", []),
        ("a{b:curl(x.png)}a{b:my-url(x.png)}a{b:url-prefix(x.png)}", []),
        ("@namespace svg url(http://www.w3.org/2000/svg);a{b:url(x.png)}", ["/css/x.png"]),
        ("@namespace 'http://www.w3.org/1999/xhtml';", []),
        ("@-moz-document url(https://b.example/){a{b:url(x.png)}}", ["/css/x.png"]),
        ("/*# sourceMappingURL=s.css.map */", []),
        ("@font-face{src:local('Georgia')}", []),
        # broken, as a browser reads it
        ("a{b:url(x.png", ["/css/x.png"]),
        ("a{b:url('x.png", ["/css/x.png"]),
        ("a{b:url('x.png\n)}c{d:url(y.png)}", ["/css/y.png"]),
        ("a{b:url(x'y.png)}c{d:url(z.png)}", ["/css/z.png"]),
        ("a{b:url(x y.png)}c{d:url(z.png)}", ["/css/z.png"]),
        ("a{b:url(x(y).png)}c{d:url(z.png)}", ["/css/z.png"]),
        ("a{content:'never closed\n}c{d:url(z.png)}", ["/css/z.png"]),
        ("a{content:'never closed;}c{d:url(z.png)}", []),
        ("a{b:url(x.png)}/* never closed c{d:url(z.png)}", ["/css/x.png"]),
        ("}}}a{b:url(x.png", ["/css/x.png"]),
        ("", []),
        ("@", []),
        # @import
        ("@import 'a.css';@import \"b.css\";@import url(c.css);@import url('d.css');@import url( \"e.css\" ) ;",
         ["/css/a.css", "/css/b.css", "/css/c.css", "/css/d.css", "/css/e.css"]),
        ("@IMPORT'a.css'", ["/css/a.css"]),
        ("@import/**/'a.css'screen;", ["/css/a.css"]),
        ("@import url(a.css) layer(x.y) supports((display: grid) and (not (a: b))) screen and (min-width:1px);"
         "b{c:url(x.png)}", ["/css/a.css", "/css/x.png"]),
        ("@import url(a.css)layer;", ["/css/a.css"]),
        ("@import ;a{b:url(x.png)}", ["/css/x.png"]),
        ("@import-x 'a.css';", []),
        ("@import 'a.css\n;a{b:url(x.png)}", ["/css/x.png"]),
        # image-set
        ("a{b:image-set('a.avif' type('image/avif') 1x, \"b.png\" 2x)} c{content:'d.png'}",
         ["/css/a.avif", "/css/b.png"]),
        ("a{b:-webkit-image-set(url(a.png) 1x, url('b.png') 2x)} c{content:'d.png'}", ["/css/a.png", "/css/b.png"]),
        ("a{b:image-set(linear-gradient(red, blue) 1x, 'b.png' 2x), url(c.png)}", ["/css/b.png", "/css/c.png"]),
        ("a{b:image-set(type('image/png') 'a.png', /* 'x.png' */ 'b.png' 2x)}", ["/css/a.png", "/css/b.png"]),
        ("a{b:image-set('a.png' 1x; c:'d.png'} e{f:url(g.png)}", ["/css/a.png", "/css/g.png"]),
    ],
)  # fmt: skip
def test_addresses(text: str, found: list[str]) -> None:
    assert urls(text) == found


def test_what_they_are_for() -> None:
    text = """
        @charset "utf-8"; @import "more.css";
        @font-face { font-family: F; src: url(f.eot); src: local("F"), url(f.eot?#iefix) format("embedded-opentype"),
            url(f?format=woff2) format("woff2"), url("f.woff") format("woff"), url(f.svg#F) format("svg") }
        body { background: url(b.png); font-src: url(late.woff2) }
    """
    assert [(each.url.removeprefix("https://a.example/css/"), each.kind) for each in requisites_of_css(text, BASE)] == [
        ("more.css", "style"), ("f.eot", "font"), ("f?format=woff2", "font"), ("f.woff", "font"), ("f.svg", "font"),
        ("b.png", "image"), ("late.woff2", "font"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "content_type", "hint", "found"),
    [
        ("a{b:url(ü.png)}".encode(), "text/css", None, "/css/%C3%BC.png"),
        ("a{b:url(ü.png)}".encode("utf-8-sig"), "text/css", None, "/css/%C3%BC.png"),
        ("a{b:url(ü.png)}".encode("utf-16"), "text/css", None, "/css/%C3%BC.png"),
        ('@charset "windows-1251";a{b:url(ж.png)}'.encode("cp1251"), "text/css", None, "/css/%D0%B6.png"),
        ('@charset "utf-8";a{b:url(ж.png)}'.encode("cp1251"), "text/css; charset=cp1251", None, "/css/%D0%B6.png"),
        ("a{b:url(ж.png)}".encode("cp1251"), "text/css", "cp1251", "/css/%D0%B6.png"),
        ("a{b:url(ü.png)}".encode("latin-1"), "text/css", None, "/css/%C3%BC.png"),
        (b'@charset "hex";a{b:url(x.png)}', "text/css", None, "/css/x.png"),
    ],
)
def test_charsets(payload: bytes, content_type: str, hint: str | None, found: str) -> None:
    assert urls(css_text(payload, content_type, hint)) == [found]


@pytest.mark.parametrize("unit", ["url(", "url('", "(", "@import ", "/*", "image-set(", '"', "\\", "@font-face{"])
def test_hostile_style_sheets_come_to_an_end(unit: str) -> None:
    assert len(requisites_of_css(unit * 50_000, BASE)) <= 1


def test_no_more_than_so_many() -> None:
    assert len(requisites_of_css("".join(f"url({n})" for n in range(3 * MAX_FOUND)), BASE)) == MAX_FOUND
