"""Keys and lines as the Internet Archive's canonicalisation and pywb's cdxj-indexer 1.5.0 have them."""

import io
import json

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.archive import cdxj
from pipelines.archive.cdxj import lines, timestamp, write_index
from pipelines.archive.reader import open_capture
from pipelines.archive.surt import surt
from pipelines.archive.writer import RevisitTarget
from pipelines.model import CaptureRef
from tests.pipelines.archive.exchanges import PAGE, PROVENANCE, make_exchange, sized

# What the PyPI package surt 0.3.1 gives for these.
KEYS = (
    ("http://www12.example.com/", "com,example)/"),
    ("http://www.com/", "com)/"),
    ("http://WWW.Example.COM/PATH/", "com,example)/path"),
    ("https://example.com?x=1", "com,example)/?x=1"),
    ("https://example.com:443/", "com,example)/"),
    ("http://example.com:443/", "com,example:443)/"),
    ("http://user:Pass@example.com/", "com,example)/"),
    ("http://example.com/a/./b/../c//d", "com,example)/a/c/d"),
    ("http://example.com/../a", "com,example)/../a"),
    ("http://example.com/a/%2e%2e/b", "com,example)/b"),
    ("http://example.com/a//", "com,example)/a"),
    ("http://example.com/a?", "com,example)/a"),
    ("http://example.com/a?&&", "com,example)/a?&&"),
    ("http://example.com/a?B=2&a=1&a=0", "com,example)/a?a=0&a=1&b=2"),
    ("http://example.com/a?b=1&a", "com,example)/a?a&b=1"),
    ("http://example.com/a?a=%41%2f%3d%26", "com,example)/a?&a=a/="),
    ("http://example.com/a?q=a b", "com,example)/a?q=a%20b"),
    ("http://example.com/%7Euser/%41%2F%2e", "com,example)/~user/a"),
    ("http://example.com/%25%32%35", "com,example)/%25"),
    ("http://example.com/a%0ab", "com,example)/a%0ab"),
    ("http://example.com/ü", "com,example)/%c3%bc"),
    ("http://example.com/%fc", "com,example)/%fc"),
    ("http://bücher.example/", "example,xn--bcher-kva)/"),
    ("http://BÜCHER.example/Ü?Ü=ß", "example,xn--bcher-kva)/%c3%9c?%c3%9c=%c3%9f"),
    ("http://例え.テスト/パス", "xn--zckzah,xn--r8jz45g)/%e3%83%91%e3%82%b9"),
    (
        "http://example.com/a;jsessionid=0123456789abcdef0123456789abcdef",
        "com,example)/a;jsessionid=0123456789abcdef0123456789abcdef",
    ),
    ("http://example.com/a?x=1&jsessionid=0123456789abcdef0123456789abcdef&y=2", "com,example)/a?x=1&y=2"),
    ("http://example.com/a?x=1&phpsessid=0123456789abcdef0123456789abcdef", "com,example)/a?&x=1"),
    ("http://example.com/a?mysid=0123456789abcdef0123456789abcdef&y=1", "com,example)/a?myy=1"),
    ("http://example.com/a?ASPSESSIONIDABCDEFGH=ABCDEFGHIJKLMNOPQRSTUVWX&x=1", "com,example)/a?x=1"),
    ("http://example.com/a?x=1&cfid=12&cftoken=34&z=1", "com,example)/a?x=1&z=1"),
    ("http://example.com/(S(abcdefghijklmnopqrstuvwx))/a.aspx", "com,example)/a.aspx"),
    ("http://example.com/x/(abcdefghijklmnopqrstuvwx)/a.aspx?b", "com,example)/x/a.aspx?b"),
    ("http://127.0.0.1/", "1,0,0,127)/"),
    ("http://2130706433/", "1,0,0,127)/"),
    ("http://1.2.3/", "3,0,2,1)/"),
    ("http://[::1]:8080/a", "::1:8080)/a"),
    ("http://.example..com/", "com,example)/"),
    ("http://example.com/a#frag?x", "com,example)/a"),
    ("  http://example.com/a b ", "com,example)/a%20b"),
    ("http://example.com/a\tb\n", "com,example)/ab"),
    ("urn:screenshot:https://Example.com/Bridge", "urn:screenshot:https://example.com/bridge"),
    ("dns:example.com", "dns:example.com"),
    ("metadata://Example.com/A", "com,example)/a"),
    ("", "-"),
    ("http://example.com/a|b?c|d[]={e}", "com,example)/a|b?c|d[]={e}"),
    ("http://example.com/%23a?b=%23", "com,example)/%23a?b=%23"),
    ("http://example.com/%zz", "com,example)/%25zz"),
    ("http://localhost:8000/a/b/", "localhost:8000)/a/b"),
    ("http://example.com/a?z&y=&x==", "com,example)/a?x==&y=&z"),
)


@pytest.mark.parametrize(("url", "key"), KEYS)
def test_keys(url, key):
    assert surt(url) == key


def test_lines_of_our_files(writer, tmp_path):
    warc = writer()
    page = warc.write(make_exchange(sized(PAGE), interim=b"HTTP/1.1 103 Hint\r\n\r\n"), PROVENANCE)
    target = RevisitTarget(page.record_id, page.url, page.date)
    twin = warc.write(make_exchange(sized(PAGE), url="https://herald.example/Twin/"), PROVENANCE, revisit_of=target)
    not_modified = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    warc.write(make_exchange(not_modified), PROVENANCE, revisit_of=target)
    mime = sized(b"x", b"HTTP/1.1 404 \r\nContent-Type: Text/HTML ; charset=x\r\nX: \r\n")
    odd = warc.write(make_exchange(mime, url="http://www.herald.example:80/a?b=2&a=1"), PROVENANCE)
    bare = warc.write(make_exchange(sized(b"", b"HTTP/1.0 200 OK\r\n"), url="http://herald.example/"), PROVENANCE)
    warc.write(make_exchange(b"HTTP/1.1 200 O", truncated="disconnect"), PROVENANCE)
    warc.write_metadata(page.url, "application/vnd.x+json", b"{}", concurrent_to=page.record_id)
    shot = warc.write_resource("urn:screenshot:https://herald.example/bridge", "image/png", b"png")
    warc.seal()
    name = page.filename
    found = [line.split(" ", 2) for line in lines([tmp_path / name])]
    expected = [
        ("example,herald)/", "20260302083000", bare, None, "200"),
        ("example,herald)/a?a=1&b=2", "20260302083000", odd, "Text/HTML", "404"),
        ("example,herald)/bridge", "20260302083000", page, "text/html", "200"),
        ("example,herald)/twin", "20260302083000", twin, "warc/revisit", "200"),
        ("urn:screenshot:https://herald.example/bridge", shot.date.translate(str.maketrans("", "", "-:T"))[:14], shot,
         "image/png", None),
    ]  # fmt: skip
    assert [(key, stamp, json.loads(text)) for key, stamp, text in found] == [
        (key, stamp, pointer(ref, mime, status)) for key, stamp, ref, mime, status in expected
    ]
    assert list(json.loads(found[2][2])) == ["url", "mime", "status", "digest", "length", "offset", "filename"]


def pointer(ref: CaptureRef, mime: str | None, status: str | None) -> dict[str, str]:
    fields = {
        "url": ref.url,
        "mime": mime,
        "status": status,
        "digest": ref.payload_digest,
        "length": str(ref.length),
        "offset": str(ref.offset),
        "filename": ref.filename,
    }
    return {name: value for name, value in fields.items() if value}


@pytest.mark.parametrize("packed", [True, False])
def test_lines_of_other_files(tmp_path, packed):
    """Without digests in the file, they are computed; a plain file works the same."""
    path = tmp_path / ("x.warc.gz" if packed else "x.warc")
    with path.open("wb") as out:
        writer = WARCWriter(out, gzip=packed)
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        for number, body in enumerate((PAGE, PAGE * 2000)):
            url = f"http://herald.example/{number}"
            record = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head)
            record.rec_headers.replace_header("WARC-Date", "2026-03-02T08:30:00Z")
            record.rec_headers.add_header("WARC-Payload-Digest", "sha1:x")
            record.rec_headers.remove_header("WARC-Payload-Digest")
            writer.write_record(record)
    data = path.read_bytes()
    if not packed:
        digests = [line for line in data.split(b"\r\n") if line.startswith(b"WARC-Payload-Digest")]
        for digest in digests:
            data = data.replace(digest + b"\r\n", b"X-Gone: " + b"x" * (len(digest) - 8) + b"\r\n")
        path.write_bytes(data)
    first, second = (json.loads(line.split(" ", 2)[2]) for line in lines([path]))
    assert first["digest"] == "sha1:CBC352P62PRNI4IKEK7FWA4UMZ7XJUJH"
    assert second["digest"] != first["digest"]
    assert int(first["offset"]) + int(first["length"]) == int(second["offset"])
    assert int(second["offset"]) + int(second["length"]) == path.stat().st_size


def test_many_lines_are_merged(writer, tmp_path, monkeypatch):
    warc = writer(max_bytes=5000)
    refs = [
        warc.write(make_exchange(sized(PAGE), url=f"https://herald.example/{number * 7919 % 100:02d}"), PROVENANCE)
        for number in range(100)
    ]
    warc.seal()
    paths = sorted(tmp_path.glob("*.warc.gz"))
    assert len(paths) > 3
    whole = list(lines(paths))
    monkeypatch.setattr(cdxj, "RUN_LINES", 7)
    assert list(lines(paths)) == whole == sorted(whole)
    assert write_index(paths, tmp_path / "index.cdxj") == len(refs)
    assert (tmp_path / "index.cdxj").read_text().splitlines() == whole
    assert not list(tmp_path.glob("*.part"))
    for line in whole[::10]:
        found = json.loads(line.split(" ", 2)[2])
        [ref] = [ref for ref in refs if ref.url == found["url"]]
        assert (found["filename"], int(found["offset"])) == (ref.filename, ref.offset)
        assert open_capture(tmp_path, ref).payload == PAGE


def test_timestamps():
    assert timestamp("2026-03-02T08:30:15Z") == "20260302083015"
    assert timestamp("2026-03-02T08:30:15.987654Z") == "20260302083015"
    assert timestamp("2026-03") == "20260301000000"
    assert timestamp("") == "00000101000000"
