"""The server speaks HTTP/1.1 as crawlers need it: kept connections, 304, gzip, chunks, redirects."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from datetime import timedelta

import pytest

from sampleweb import DEFAULT_CLOCK, SCENARIO, Incident, SampleWeb


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as running:
        yield running


def get(web: SampleWeb, key: str, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
    host = next(outlet.host for outlet in web.outlets if outlet.key == key)
    connection = http.client.HTTPConnection(host, web.port, timeout=10)
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, body


def test_a_connection_serves_many_requests(web: SampleWeb) -> None:
    connection = http.client.HTTPConnection("127.0.0.2", web.port, timeout=10)
    connection.connect()
    socket = connection.sock
    for path in ("/", "/robots.txt", "/feeds/rss.xml", "/nowhere"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert connection.sock is socket, path
    connection.close()


def test_http_1_0_and_head(web: SampleWeb) -> None:
    connection = http.client.HTTPConnection("127.0.0.2", web.port, timeout=10)
    connection.request("HEAD", "/", headers={"Connection": "close"})
    response = connection.getresponse()
    assert response.read() == b""
    assert int(response.headers["Content-Length"]) > 1000
    assert response.headers["Connection"] == "close"
    connection.close()


@pytest.mark.parametrize("path", ["/", "/feeds/rss.xml", "/robots.txt", "/z/politics"])
def test_unchanged_resources_answer_304(web: SampleWeb, path: str) -> None:
    status, headers, _ = get(web, "halvern", path)
    assert status == 200
    assert get(web, "halvern", path, If_None_Match=headers["etag"])[0] == 304
    assert get(web, "halvern", path, If_Modified_Since=headers["last-modified"])[0] == 304
    assert get(web, "halvern", path, If_None_Match='"other"')[0] == 200
    status, _, body = get(web, "halvern", path, If_None_Match=f"W/{headers['etag']}")
    assert (status, body) == (304, b"")


def test_some_outlets_know_one_validator_only(web: SampleWeb) -> None:
    assert "last-modified" not in get(web, "karu")[1]
    assert "etag" not in get(web, "birken")[1]


def test_gzip_when_asked(web: SampleWeb) -> None:
    _, plain, body = get(web, "foni")
    _, headers, squeezed = get(web, "foni", Accept_Encoding="gzip, deflate")
    assert "content-encoding" not in plain
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(squeezed) == body
    assert headers["etag"] != plain["etag"]


def test_chunks_where_the_outlet_sends_them(web: SampleWeb) -> None:
    _, headers, body = get(web, "tarn")
    assert headers["transfer-encoding"] == "chunked"
    assert body.rstrip().endswith(b"</html>")


def test_the_old_host_redirects(web: SampleWeb) -> None:
    connection = http.client.HTTPConnection("127.0.0.12", web.port, timeout=10)
    connection.request("GET", "/politics/?x=1")
    response = connection.getresponse()
    assert response.status == 301
    assert response.headers["Location"] == f"http://127.0.0.4:{web.port}/politics/?x=1"
    connection.close()


def test_consent_comes_by_redirect_to_the_same_address(web: SampleWeb) -> None:
    url = next(i.url for i in web.articles() if i.outlet == "tarn" and i.section == "Economy")
    path = url.removeprefix(f"http://127.0.0.4:{web.port}")
    status, headers, _ = get(web, "tarn", path)
    assert status == 302
    consent = headers["location"].removeprefix(f"http://127.0.0.4:{web.port}")
    status, headers, _ = get(web, "tarn", consent)
    assert (status, headers["location"]) == (302, url)
    assert get(web, "tarn", path, Cookie=headers["set-cookie"].split(";")[0])[0] == 200


def test_other_methods_are_refused(web: SampleWeb) -> None:
    connection = http.client.HTTPConnection("127.0.0.2", web.port, timeout=10)
    connection.request("POST", "/", body=b"x=1")
    response = connection.getresponse()
    assert response.status == 405
    response.read()
    connection.request("GET", "/robots.txt")  # the body did not leak into the next request
    assert connection.getresponse().status == 200
    connection.close()


def test_requests_are_logged_with_both_clocks() -> None:
    with SampleWeb(outlets=["halvern"]) as web:
        get(web, "halvern", "/robots.txt", User_Agent="tester")
        web.advance(hours=2)
        get(web, "halvern", "/intern/rota.html")
        first, second = web.requests
        assert (first.host, first.path, first.status) == ("127.0.0.2", "/robots.txt", 200)
        assert first.user_agent == "tester"
        assert first.time == DEFAULT_CLOCK and second.time == DEFAULT_CLOCK + timedelta(hours=2)
        assert web.canary_hits == (second,)


def test_incidents() -> None:
    start = DEFAULT_CLOCK + timedelta(hours=1)
    kinds = ("down", "dead-feed", "robots", "refused")
    for kind in kinds:
        incident = Incident(outlet="halvern", kind=kind, start=start, end=start + timedelta(hours=1))
        with SampleWeb(outlets=["halvern"], incidents=[incident]) as web:
            before = [get(web, "halvern", path)[0] for path in ("/", "/feeds/rss.xml")]
            assert before == [200, 200]
            web.set_clock(start)
            if kind == "refused":
                with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
                    get(web, "halvern")
            elif kind == "down":
                status, headers, _ = get(web, "halvern", "/robots.txt")
                assert (status, headers["retry-after"]) == (503, "3600")
            elif kind == "dead-feed":
                assert get(web, "halvern", "/feeds/rss.xml")[0] == 404
            else:
                assert b"Disallow: /\n" in get(web, "halvern", "/robots.txt")[2]
            web.advance(hours=1)
            assert get(web, "halvern", "/feeds/rss.xml")[0] == 200


def test_the_scenario_has_one_of_each() -> None:
    assert [i.kind for i in SCENARIO] == ["dead-feed", "redesign", "down", "robots"]
    redesign = SCENARIO[1]
    with SampleWeb(outlets=["tarn"], incidents=SCENARIO) as web:
        web.set_clock(redesign.start - timedelta(seconds=1))
        assert b"entry-title" not in get(web, "tarn")[2]
        web.set_clock(redesign.start)
        assert b"entry-title" in get(web, "tarn")[2]
