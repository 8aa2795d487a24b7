"""The capture at the wire, against a server of odd responses: what is recorded is what was on the socket.

If an upgrade of Scrapy or Twisted breaks the handler, it shows here.
"""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(Path(__file__).parents[1]))

from oddserver import PAGE, SHAPES, TLS_SHAPES, OddServer, make_certificate  # noqa: E402

LIMITS = {
    "ALLOW_PRIVATE_ADDRESSES": True,
    "BROADSHEET_IDLE_TIMEOUT": 1.0,
    "DOWNLOAD_TIMEOUT": 3,
    "BROADSHEET_MAX_HEAD_BYTES": 131072,
    "DOWNLOAD_MAXSIZE": 262144,
}


def crawl(tmp_path, batches, settings=LIMITS, certificate=None, **plan):
    """Run the child and give its results, in the order in which they ended."""
    out = tmp_path / "results.pickle"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    env |= {"SSL_CERT_FILE": str(certificate)} if certificate else {}
    child = subprocess.run(
        [sys.executable, Path(__file__).with_name("wire_child.py")],
        input=json.dumps({"settings": settings, "batches": batches, "out": str(out), **plan}),
        capture_output=True, text=True, env=env, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    results = pickle.loads(out.read_bytes())
    assert "Traceback" not in child.stderr, child.stderr
    for result in results:
        result["log"] = child.stderr
    return results


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    make_certificate(path)
    return path


@pytest.fixture(scope="module")
def odd(tmp_path_factory, certificate):
    """Every shape, fetched once, all at the same time: (shape, result, what the server logged)."""
    with OddServer() as plain, OddServer(certificate) as tls:
        items = [{"url": plain.url(name), "method": shape.method} for name, shape in SHAPES.items()]
        items += [{"url": tls.url(name), "method": SHAPES[name].method} for name in TLS_SHAPES]
        results = crawl(tmp_path_factory.mktemp("odd"), [items], certificate=certificate)
        return {
            (result["url"].partition(":")[0], name): (SHAPES[name], result, server.served(name)[-1])
            for result in results
            for name in [result["url"].rpartition("/")[2]]
            for server in [tls if result["url"].startswith("https") else plain]
        }


CASES = [("http", name) for name in SHAPES if name != "rude-end"] + [("https", name) for name in TLS_SHAPES]


@pytest.mark.parametrize(("scheme", "name"), CASES)
def test_what_is_recorded_is_what_crossed_the_wire(odd, scheme, name):
    shape, result, served = odd[scheme, name]
    capture = result["capture"]
    if not shape.response and not shape.interim and not shape.endless:
        assert capture is None  # not a byte of response: nothing to record
        return
    assert capture["request"] == served.request
    assert capture["length"] == len(capture["response"])
    if shape.endless:
        assert bytes(served.sent).startswith(capture["interim"] + capture["response"])
        assert shape.kept is None or len(capture["response"]) in shape.kept
    else:
        assert capture["interim"] == shape.interim
        assert capture["response"] == shape.response
        assert bytes(served.sent).startswith(shape.interim + capture["response"])
    assert capture["truncated"] == shape.truncated
    assert capture["ip"] == "127.0.0.1"
    assert 0 <= capture["elapsed"] < 8
    assert capture["url"] == result["url"]


@pytest.mark.parametrize(("scheme", "name"), CASES)
def test_what_scrapy_gets(odd, scheme, name):
    shape, result, _ = odd[scheme, name]
    assert (result["status"], result["error"]) == (shape.status if shape.error is None else None, shape.error)
    if result["status"] is not None:
        assert result["flags"] == ([f"truncated:{shape.truncated}"] if shape.truncated else [])
        assert result["latency"] > 0
        assert result["ip"] == "127.0.0.1"
        assert result["certificate"] == (scheme == "https")
    if shape.body is not None:
        assert result["body"] == shape.body


def test_protocols(odd):
    def protocols(scheme, name):
        return odd[scheme, name][1]["capture"]["protocols"]

    assert protocols("http", "plain") == ("http/1.1",)
    assert protocols("http", "http-1.0") == ("http/1.0",)
    assert protocols("https", "plain") == ("http/1.1", "tls/1.3")
    assert protocols("http", "head-cut") == ()


def test_header_fields_reach_scrapy_as_sent(odd):
    headers = dict(odd["http", "duplicates"][1]["headers"])
    assert headers[b"Set-Cookie"] == [b"a=1", b"b=2"]
    assert headers[b"X-A"] == [b"1", b"2", b"1"]
    assert dict(odd["http", "folded"][1]["headers"])[b"X-Fold"] == [b"a b c"]
    assert "Größe".encode("latin-1") in odd["http", "latin-1"][1]["capture"]["response"]


def test_a_stream_without_end_is_dropped_early(odd):
    """What the server could get rid of before the connection went away: the limits, and what sockets buffer."""
    for name in ("endless-headers", "endless-line", "endless-interim", "endless-body", "endless-chunks", "announced"):
        assert len(odd["http", name][2].sent) < 16 << 20, name


# ------------------------------------------------------------------------------------------- connections


def test_a_connection_is_used_again_where_that_is_safe(tmp_path):
    """Each shape is followed by a plain request: on the same connection, or on a new one where bytes could mix."""
    names = [
        name for name, shape in SHAPES.items() if not shape.endless and shape.truncated is None and not shape.error
    ]
    names.remove("stray-late")  # has a test of its own
    with OddServer() as server:
        batches = [
            [{"url": server.url(f"{name}?{number}"), "method": SHAPES[name].method}]
            for name in names
            for number in range(2)
        ]
        results = crawl(tmp_path, batches, LIMITS | {"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
        for name in names:
            first, second = server.served(name)
            assert (first.connection == second.connection) == SHAPES[name].keeps, name
        assert [result["status"] for result in results] == [SHAPES[name].status for name in names for _ in range(2)]
        assert not any(b"poison" in result["capture"]["response"] for result in results)


def test_a_kept_connection_that_turns_out_dead_is_replaced_silently(tmp_path):
    """The server closes the kept connection on the second request; it goes out again and only that one is recorded."""
    with OddServer() as server:
        server.hang_up_before = {"plain?2", "plain?5"}
        batches = [[{"url": server.url(f"plain?{n}")}] for n in range(4)] + [
            [{"url": server.url("plain?5"), "method": "POST", "body": "x"}]
        ]
        results = crawl(tmp_path, batches)
        assert [result["error"] for result in results] == [None] * 4 + ["DownloadFailedError"]
        assert results[2]["body"] == PAGE
        assert len({entry.connection for entry in server.log}) == 2
        assert results[4]["capture"] is None


def test_stray_bytes_on_an_idle_connection_answer_nothing(tmp_path):
    with OddServer() as server:
        batches = [[{"url": server.url("stray-late")}], [{"url": server.url("plain"), "wait": 0.3}]]
        results = crawl(tmp_path, batches, LIMITS | {"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
        assert [result["body"] for result in results] == [PAGE, PAGE]
        assert results[0]["capture"]["response"] == SHAPES["stray-late"].response


# -------------------------------------------------------------------------------------------------- requests


def test_requests_as_sent(tmp_path):
    with OddServer() as server:
        crawl(
            tmp_path,
            [
                [{"url": server.url("plain?a=1;b=%20#frag"), "headers": {"X-One": ["1", "2"], "user-agent": "me"}}],
                [{"url": server.url("plain?2"), "method": "POST", "body": "q=1", "headers": {"Content-Length": "99"}}],
                [{"url": server.url("plain?3"), "method": "PUT", "headers": {"Host": "other.example"}}],
            ],
            LIMITS | {"CONCURRENT_REQUESTS_PER_DOMAIN": 1},
        )
        host = b"Host: 127.0.0.1:%d\r\n" % server.port
        first, second, third = (entry.request for entry in server.log)
        assert first.startswith(b"GET /plain?a=1;b=%20 HTTP/1.1\r\n" + host)
        assert b"X-One: 1\r\nX-One: 2\r\nUser-Agent: me\r\n" in first
        assert second.startswith(b"POST /plain?2 HTTP/1.1\r\n" + host)
        assert second.endswith(b"Content-Length: 3\r\n\r\nq=1")
        assert second.count(b"Content-Length") == 1
        assert third.startswith(b"PUT /plain?3 HTTP/1.1\r\nHost: other.example\r\nContent-Length: 0\r\n\r\n")


def test_what_cannot_be_sent_is_refused(tmp_path):
    with OddServer() as server:
        results = crawl(
            tmp_path,
            [
                [{"url": server.url("plain"), "headers": {"X-A": "1\r\nX-Injected: 1"}}],
                [{"url": server.url("plain"), "method": "GET /plain HTTP/1.1\r\nX-A: b"}],
                [{"url": server.url("plain"), "meta": {"proxy": "http://127.0.0.1:3128"}}],
                [{"url": "https://127.0.0.1:1/"}],
                [{"url": "http://no-such-name.invalid/"}],
            ],
        )
        assert [result["error"] for result in results] == [
            "UnsendableError",
            "UnsendableError",
            "UnsendableError",
            "DownloadConnectionRefusedError",
            "CannotResolveHostError",
        ]
        assert server.log == []


# --------------------------------------------------------------------------------------------------- TLS


def test_a_certificate_that_is_not_trusted_is_refused(tmp_path, certificate):
    with OddServer(certificate) as server:
        [result] = crawl(tmp_path, [[{"url": server.url("plain")}]])
        assert (result["error"], result["capture"]) == ("DownloadFailedError", None)
        assert "certificate verify failed" in result["message"]


def test_a_certificate_for_somebody_else_is_refused(tmp_path, certificate):
    """Also after a good one, for all hosts share one TLS context."""
    make_certificate(tmp_path / "other.pem", address="127.0.0.9")
    (tmp_path / "both.pem").write_bytes(certificate.read_bytes() + (tmp_path / "other.pem").read_bytes())
    with OddServer(certificate) as server, OddServer(tmp_path / "other.pem") as other:
        batches = [[{"url": url}] for url in (server.url("plain"), other.url("plain"), server.url("chunked"))]
        first, refused, last = crawl(tmp_path, batches, certificate=tmp_path / "both.pem")
        assert first["body"] == last["body"] == PAGE
        assert (refused["error"], refused["capture"]) == ("DownloadFailedError", None)
        assert "IPAddressMismatch" in refused["message"]
        assert other.log == []


def test_over_tls_connections_are_used_again(tmp_path, certificate):
    with OddServer(certificate) as server:
        results = crawl(tmp_path, [[{"url": server.url(f"chunked?{n}")}] for n in range(3)], certificate=certificate)
        assert [result["body"] for result in results] == [PAGE] * 3
        assert len({entry.connection for entry in server.log}) == 1


# ---------------------------------------------------------------------------------------- sink and signals


def test_what_the_sink_cannot_keep_fails_the_download_and_is_no_network_error(tmp_path):
    with OddServer() as server:
        results = crawl(
            tmp_path, [[{"url": server.url("plain"), "meta": {"sink": how}}] for how in ("capture", "disk")]
        )
        assert [result["error"] for result in results] == ["CaptureError", "DiskFullError"]


def test_without_a_sink_it_is_a_plain_handler(tmp_path):
    with OddServer() as server:
        [result] = crawl(tmp_path, [[{"url": server.url("gzip-chunked")}]], sink=False)
        assert (result["status"], result["capture"]) == (200, None)


def test_a_body_that_nobody_looks_at_is_in_the_archive_alone(tmp_path):
    with OddServer() as server:
        item = {"url": server.url("plain"), "meta": {"broadsheet_body_unread": True}}
        (result,) = crawl(tmp_path, [[item]])
    assert (result["status"], result["body"], result["error"]) == (200, b"", None)
    assert result["capture"]["response"].endswith(PAGE)


def test_stop_download(tmp_path):
    with OddServer() as server:
        [result] = crawl(tmp_path, [[{"url": server.url("plain")}]], stop=["headers_received"])
        assert (result["error"], result["flags"]) == (None, ["download_stopped"])
        assert result["capture"]["truncated"] == "unspecified"
        assert f"headers {len(PAGE)} b'text/html; charset=utf-8'" in result["log"]
        [result] = crawl(tmp_path, [[{"url": server.url("endless-chunks")}]], stop=["bytes_received"])
        assert (result["error"], result["flags"]) == ("StopDownload", ["download_stopped"])
        assert 0 < len(result["body"]) <= 65536


# ----------------------------------------------------------------------------------------------- the guard


LOOPBACK = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "１２７.0.0.1",
    "[::1]",
    "0.0.0.0",
]


def test_loopback_is_refused_by_default_however_it_is_spelt(tmp_path):
    """By the operating system's own resolver, and without a packet sent."""
    with OddServer() as server:
        batches = [[{"url": f"http://{host}:{server.port}/plain"}] for host in LOOPBACK]
        results = crawl(tmp_path, batches, {"BROADSHEET_PORTS": [server.port]})
        assert server.connections == 0
    for host, result in zip(LOOPBACK, results, strict=True):
        assert (host, result["error"]) == (host, "BlockedAddressError")
        assert "ALLOW_PRIVATE_ADDRESSES" in result["message"]
        assert result["capture"] is None


def test_an_unusual_port_is_refused_by_default(tmp_path):
    with OddServer() as server:
        [result] = crawl(tmp_path, [[{"url": server.url("plain")}]], {})
        assert result["error"] == "BlockedAddressError"
        assert "BROADSHEET_PORTS" in result["message"]


def test_the_cookie_jar_fetches_no_suffix_list_past_the_guard(tmp_path):
    cookies = {"DOWNLOADER_MIDDLEWARES": {"scrapy.downloadermiddlewares.cookies.CookiesMiddleware": 700}}
    with OddServer() as server:
        [result] = crawl(tmp_path, [[{"url": server.url("duplicates")}]], LIMITS | cookies)
        assert result["status"] == 200
        assert "suffix lists: []" in result["log"]
