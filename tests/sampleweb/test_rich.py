"""The gallery serves what its truth says, and is there on demand only.

That browsers ask for what the truth says is shown in tests/replay/test_pictures.py.
"""

from __future__ import annotations

import gzip
import http.client
import re
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest

from sampleweb import Requisite, RichPage, SampleWeb

KINDS = ("srcset", "css", "fonts", "lazy", "base", "app", "scroll", "consent", "odd")


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb(rich=True, outlets=[]) as running:
        yield running


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", parts.path, headers={key.replace("_", "-"): value for key, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {key.lower(): value for key, value in response.getheaders()}, body


def of(web: SampleWeb, key: str) -> RichPage:
    return next(page for page in web.rich_pages if page.key == key)


def named(page: RichPage, name: str) -> Requisite:
    return next(one for one in page.requisites if one.url.endswith(name))


def test_the_gallery_is_there_on_demand_only(web: SampleWeb) -> None:
    with SampleWeb(outlets=["halvern"]) as other:
        with pytest.raises(RuntimeError, match="rich=True"):
            _ = other.rich_pages
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection(web.gallery.host, other.port, timeout=5).connect()
    assert web.outlets == ()
    assert web.truth() == ()


def test_a_page_of_every_kind(web: SampleWeb) -> None:
    assert tuple(page.key for page in web.rich_pages) == KINDS
    assert len({page.headline for page in web.rich_pages}) == len(KINDS)
    texts = [text for page in web.rich_pages for text in page.paragraphs_browser]
    assert len(set(texts)) == len(texts)
    assert all(page.requisites for page in web.rich_pages)


@pytest.mark.parametrize("key", KINDS)
def test_a_page_says_what_it_is_told_to_say(web: SampleWeb, key: str) -> None:
    page = of(web, key)
    status, headers, body = get(page.url)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert get(page.url, If_None_Match=headers["etag"])[0] == 304
    html = unescape(body.decode())
    shown = [text for text in page.paragraphs_browser if text in html]
    assert shown == list(page.paragraphs)
    assert page.paragraphs_browser[: len(shown)] == page.paragraphs
    assert (page.headline in html) is (page.outcome == "article")
    assert page.outcome == ("empty-shell" if key == "app" else "article")


@pytest.mark.parametrize("key", KINDS)
def test_requisites_are_served_as_the_truth_says(key: str) -> None:
    with SampleWeb(rich=True, outlets=[]) as web:
        page = of(web, key)
        for one in page.requisites:
            if one.flaky:
                status, headers, _ = get(one.url)
                assert (status, headers["retry-after"]) == (503, "1")
            status, headers, body = get(one.url)
            assert status == one.status, one.url
            assert headers.get("location", "") == one.redirects
            if status != 200:
                continue
            assert body
            assert get(one.url, If_None_Match=headers["etag"])[0] == 304, one.url
            if "127.0.0.21" in one.url:
                assert headers["access-control-allow-origin"] == "*"
        assert not {one.url for one in page.requisites} & set(page.decoys)
        assert all(get(url)[0] == 404 for url in page.decoys)


@pytest.mark.parametrize("key", KINDS)
def test_what_a_plain_archiver_must_get_is_named_where_it_can_read(web: SampleWeb, key: str) -> None:
    """In the page, a stylesheet, a frame or a redirect: by the last part of its address, as spelt there. And what
    it need not get is in none of them, but for the icons of a manifest."""
    page = of(web, key)
    texts = [get(page.url)[2].decode()]
    for one in page.requisites:
        if one.plain and one.kind in ("style", "frame"):
            body = get(one.url)[2]
            texts.append((gzip.decompress(body) if one.url.endswith("packed.css") else body).decode())
        texts.append(one.redirects)
    everything = "\n".join(texts)
    for one in page.requisites:
        name = one.url.rpartition("/")[2]
        assert (name in everything) is (one.plain or one.disallowed), one.url


def test_odd_requisites_are_odd(web: SampleWeb) -> None:
    page = of(web, "odd")
    assert named(page, "missing.png").status == 404
    assert named(page, "moved.png").redirects == named(page, "landed.png").url
    started = time.monotonic()
    get(named(page, "slow.png").url)
    assert time.monotonic() - started >= 1
    assert get(named(page, "chunked.png").url)[1]["transfer-encoding"] == "chunked"
    _, headers, body = get(named(page, "packed.css").url)
    assert headers["content-encoding"] == "gzip"
    assert b"border-left" in gzip.decompress(body)
    assert get(named(page, "same-a.png").url)[2] == get(named(page, "same-b.png").url)[2]
    closed = named(page, "badge.png")
    assert closed.disallowed and closed.browser and not closed.plain
    _, _, robots = get(f"{web.gallery.home}robots.txt")
    assert any(urlsplit(closed.url).path.startswith(path) for path in re.findall(r"Disallow: (\S+)", robots.decode()))


def test_the_same_bytes_at_the_same_port(web: SampleWeb) -> None:
    urls = [page.url for page in web.rich_pages]
    urls += [one.url for page in web.rich_pages for one in page.requisites if not (one.flaky or "slow" in one.url)]
    first = {url: get(url)[2] for url in urls}
    port = web.port
    with SampleWeb(rich=True, outlets=[]) as other:
        second = {url: get(url.replace(f":{port}/", f":{other.port}/"))[2] for url in urls}
        assert {url: body.replace(b":%d" % other.port, b":%d" % port) for url, body in second.items()} == first


def test_listings_name_every_page(web: SampleWeb) -> None:
    home = web.gallery.home
    for path in ("", "techniques/", "feeds/rss.xml", "sitemap.xml"):
        status, _, body = get(home + path)
        assert status == 200
        listing = body.decode()
        for page in web.rich_pages:
            assert (urlsplit(page.url).path if "xml" not in path else page.url) in listing


def test_requests_are_logged(web: SampleWeb) -> None:
    get(of(web, "consent").url, User_Agent="tester")
    last = web.requests[-1]
    assert (last.host, last.path) == ("127.0.0.20", urlsplit(of(web, "consent").url).path)
    assert last.user_agent == "tester"
