"""Each rule: a file that keeps it, and one that breaks it."""

import gzip
import re
from pathlib import Path

import pytest

from pipelines.archive.check import check
from pipelines.archive.digests import sha1
from pipelines.archive.scan import scan
from tests.pipelines.archive.exchanges import OK, PAGE, PROVENANCE, chunked, make_exchange, sized

GOOD = {
    "WARC-Type": "response",
    "WARC-Record-ID": "<urn:uuid:1>",
    "WARC-Date": "2026-03-02T08:30:00.123456789Z",
    "WARC-Target-URI": "http://herald.example/",
    "WARC-IP-Address": "2001:db8::1",
    "Content-Type": "application/http;msgtype=response",
}
REVISIT = {
    **GOOD,
    "WARC-Type": "revisit",
    "WARC-Record-ID": "<urn:uuid:2>",
    "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    "WARC-Refers-To": "<urn:uuid:1>",
    "WARC-Refers-To-Target-URI": "http://herald.example/",
    "WARC-Refers-To-Date": "2026-03-02T08:30:00Z",
    "WARC-Payload-Digest": sha1(PAGE),
}
BLOCK = sized(PAGE)


def record(fields=GOOD, block=BLOCK, *, version="WARC/1.1", extra="", digests=True, end="\r\n\r\n"):
    fields = dict(fields)
    if digests:
        fields.setdefault("WARC-Block-Digest", sha1(block))
    lines = [version, *(f"{name}: {value}" for name, value in fields.items() if value), f"Content-Length: {len(block)}"]
    return ("\r\n".join(lines) + "\r\n" + extra + "\r\n").encode("latin-1") + block + end.encode()


def rules(tmp_path, *records, advice=False, join=gzip.compress):
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(map(join, records)))
    return sorted({problem.rule for problem in check([path], advice=advice)})


def test_nothing_wrong(tmp_path):
    assert rules(tmp_path, record()) == []
    assert rules(tmp_path, record(), record(REVISIT, OK + b"\r\n")) == []
    assert rules(tmp_path, record({**GOOD, "WARC-Date": "2026-03-02T08:30:00Z"}, version="WARC/1.0")) == []
    assert rules(tmp_path, record(), advice=True) == ["no-request", "warcinfo"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"WARC-Record-ID": ""}, ["mandatory"]),
        ({"WARC-Record-ID": "urn:uuid:1"}, ["record-id"]),
        ({"WARC-Date": ""}, ["mandatory"]),
        ({"WARC-Date": "2026-03-02 08:30:00"}, ["date"]),
        ({"WARC-Date": "2026-02-30T08:30:00Z"}, ["date"]),
        ({"WARC-Date": "2026-03-02T08:30:00+01:00"}, ["date"]),
        ({"WARC-Target-URI": ""}, ["target-uri"]),
        ({"WARC-Target-URI": "<http://herald.example/>"}, ["target-uri"]),
        ({"WARC-Target-URI": "http://herald.example/a b"}, ["target-uri"]),
        ({"WARC-Truncated": "tired"}, ["truncated"]),
        ({"WARC-IP-Address": "herald.example"}, ["ip"]),
        ({"WARC-Block-Digest": sha1(b"other")}, ["block-digest"]),
        ({"WARC-Payload-Digest": sha1(BLOCK)}, ["payload-digest"]),
        ({"WARC-Payload-Digest": sha1(PAGE)}, []),
        ({"WARC-Payload-Digest": "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"}, ["payload-digest"]),
        ({"WARC-Payload-Digest": "md9:zz"}, []),
        ({"WARC-Concurrent-To": "<urn:uuid:9>"}, ["reference"]),
        ({"WARC-Concurrent-To": "9"}, ["record-id", "reference"]),
    ],
)
def test_fields(tmp_path, changes, rule):
    assert rules(tmp_path, record({**GOOD, **changes})) == rule


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"WARC-Profile": "http://example.org/own"}, ["revisit"]),
        ({"WARC-Payload-Digest": ""}, ["revisit"]),
        ({"WARC-Payload-Digest": sha1(b"other")}, ["revisit"]),
        ({"WARC-Refers-To": "", "WARC-Refers-To-Target-URI": ""}, ["revisit"]),
        ({"WARC-Refers-To": "<urn:uuid:far-away>"}, []),
        ({"WARC-Refers-To": "<urn:uuid:2>"}, ["revisit"]),
    ],
)
def test_revisits(tmp_path, changes, rule):
    first = record({**GOOD, "WARC-Payload-Digest": sha1(PAGE)})
    assert rules(tmp_path, first, record({**REVISIT, **changes}, OK + b"\r\n")) == rule


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        (b"<html>", ["http"]),
        (OK + b"Content-Length: 9\r\n\r\nhello", ["content-length"]),
        (OK + b"Content-Length: 9\r\n\r\n", []),  # an answer to HEAD, as far as can be told
        (OK + b"Transfer-Encoding: chunked\r\n\r\n<html>", ["transfer-coding"]),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ["transfer-coding"]),
        (chunked(PAGE, extension=b";a", trailer=b"B: c\r\n"), []),
    ],
)
def test_http(tmp_path, block, rule):
    assert rules(tmp_path, record(block=block)) == rule
    assert rules(tmp_path, record({**GOOD, "WARC-Truncated": "disconnect"}, block)) == []


def test_payload_digests_of_chunked_bodies(tmp_path):
    """Without chunk framing as the standard says; with it, as common software has it, is let pass."""
    block = chunked(PAGE)
    for payload, rule in ((PAGE, []), (block.partition(b"\r\n\r\n")[2], []), (b"other", ["payload-digest"])):
        assert rules(tmp_path, record({**GOOD, "WARC-Payload-Digest": sha1(payload)}, block)) == rule


def test_payload_digests_of_other_records(tmp_path):
    request = {**GOOD, "WARC-Type": "request", "Content-Type": "application/http;msgtype=request"}
    block = b"POST / HTTP/1.1\r\nHost: a\r\n\r\nform"
    assert rules(tmp_path, record({**request, "WARC-Payload-Digest": sha1(b"form")}, block)) == []
    assert rules(tmp_path, record({**request, "WARC-Payload-Digest": sha1(b"from")}, block)) == ["payload-digest"]
    resource = {**GOOD, "WARC-Type": "resource", "Content-Type": "image/png"}
    assert rules(tmp_path, record({**resource, "WARC-Payload-Digest": sha1(b"png")}, b"png")) == []
    assert rules(tmp_path, record({**resource, "WARC-Payload-Digest": sha1(b"gif")}, b"png")) == ["payload-digest"]


def test_syntax(tmp_path):
    assert rules(tmp_path, record(version="WARC/9.9")) == ["version"]
    assert rules(tmp_path, record(extra="no colon\r\n")) == ["header"]
    assert rules(tmp_path, record(extra="bad name: x\r\n")) == ["header"]
    assert rules(tmp_path, record(extra="X: a\x01b\r\n")) == ["header"]
    assert rules(tmp_path, record(extra="X: \xe9\r\n")) == ["header"]
    assert rules(tmp_path, record(extra="X: a\r\nx: b\r\n")) == ["repeated"]
    assert rules(tmp_path, record(extra="WARC-Protocol: h2\r\nWARC-Protocol: tls/1.3\r\n")) == []
    assert rules(tmp_path, record().replace(b"Date: 2026-03-02T08:30:00.123456789Z\r\n", b"Date: 2026\n")) == ["header"]
    assert rules(tmp_path, record(end="\r\n")) == ["length"]
    assert rules(tmp_path, record(end="")) == ["length"]


def test_framing(tmp_path):
    second = record({**GOOD, "WARC-Record-ID": "<urn:uuid:2>"})
    assert rules(tmp_path, record(), record()) == ["id-twice"]
    assert rules(tmp_path, record() + second) == ["member"]
    assert rules(tmp_path, record(), second, join=lambda data: data) == []
    assert rules(tmp_path, record(), second, join=lambda data: gzip.compress(data)[:-1]) == ["gzip", "torn"]
    assert rules(tmp_path, record(), join=lambda data: gzip.compress(data)[:-1]) == ["torn"]
    assert rules(tmp_path, record(), join=lambda data: gzip.compress(data) + b"x") == ["garbage"]
    assert rules(tmp_path, b"hello", second) == ["header"]
    assert rules(tmp_path, b"hello\r\n\r\n", second) == ["version"]


def test_references_over_files(writer, tmp_path):
    """They are followed between the files that are checked together."""
    warc = writer(max_bytes=1)
    page = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    note = warc.write_metadata(page.url, "application/vnd.x+json", b"{}", concurrent_to=page.record_id)
    warc.seal()
    first, second = (tmp_path / page.filename, tmp_path / note.filename)
    assert list(check([first, second], advice=True)) == []
    assert [problem.rule for problem in check([second], advice=True)] == ["reference"]
    assert list(check([second])) == []


def test_where_and_how_many(writer, tmp_path):
    warc = writer()
    for _ in range(3):
        warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    warc.seal()
    [path] = tmp_path.iterdir()
    fourth = list(scan(path))[4]
    data = bytearray(path.read_bytes())
    data[fourth.offset + fourth.length - 6] ^= 1  # in the checksum
    path.write_bytes(data)
    seen = []
    [problem, *rest] = check([path], on_record=lambda: seen.append(1))
    assert (problem.file, problem.offset, problem.rule) == (path.name, fourth.offset, "gzip")
    assert {each.rule for each in rest} == {"reference"}
    assert len(seen) == 9


def test_every_rule_is_documented():
    """Rules of the code and rules named in docs/archive.md are the same."""
    root = Path(__file__).parents[3]
    code = "".join(path.read_text() for path in (root / "pipelines/archive").glob("*.py"))
    rules = set(re.findall(r"(?:rule=|Fault\(|problem\()\"([a-z-]+)\"", code))
    rules |= set(re.findall(r"yield \"([a-z-]+)\", ", code)) | {"block-digest", "payload-digest"}
    text = (root / "docs/archive.md").read_text().partition("## Checking")[2].partition("## Index")[0]
    assert rules == set(re.findall(r"`([a-z-]+)`", text)) - {"scrapy verify"}
