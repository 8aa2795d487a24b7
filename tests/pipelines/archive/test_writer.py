"""What is written, byte for byte, and what other software reads of it."""

import gzip
import hashlib
import tempfile
import zlib
from datetime import timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from pipelines.archive.check import check
from pipelines.archive.digests import payload_digest
from pipelines.archive.reader import captures, open_capture, records
from pipelines.archive.record import target_uri
from pipelines.archive.scan import scan
from pipelines.archive.writer import RevisitTarget
from pipelines.errors import CaptureError, DiskFullError
from pipelines.model import CaptureRef, Provenance
from tests.pipelines.archive.exchanges import OK, PAGE, PROVENANCE, REQUEST, STARTED, chunked, make_exchange, sized

NAME = "daily-20260302083000123-00000-crawl1.warc.gz"

GOLDEN = (
    """WARC/1.1
WARC-Type: warcinfo
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000005>
WARC-Date: 2026-03-02T08:30:01.123456Z
WARC-Filename: daily-20260302083000123-00000-crawl1.warc.gz
WARC-Block-Digest: sha1:QNPVKNFVIM74DTYMTAF5NNNLR3TYQXKT
Content-Type: application/warc-fields
Content-Length: 219

hostname: crawl1
format: WARC file version 1.1
conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
software: Broadsheet/0.1
robots: obey
operator: A. Holm <holm@example.org>


""",
    """WARC/1.1
WARC-Type: response
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Target-URI: https://herald.example/bridge
WARC-Date: 2026-03-02T08:30:00.123456Z
WARC-IP-Address: 192.0.2.7
WARC-Protocol: http/1.1
WARC-Payload-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N
WARC-Block-Digest: sha1:KH6S54PFBRGUD36FSYQSFHPXL62FPTHU
Content-Type: application/http;msgtype=response
Content-Length: 83

HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
Content-Length: 5

hello

""",
    """WARC/1.1
WARC-Type: request
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>
WARC-Target-URI: https://herald.example/bridge
WARC-Date: 2026-03-02T08:30:00.123456Z
WARC-IP-Address: 192.0.2.7
WARC-Protocol: http/1.1
WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Block-Digest: sha1:V6ZA43MEHR5G5HLHTQ2HRH2JJB56TMGX
Content-Type: application/http;msgtype=request
Content-Length: 70

GET /bridge HTTP/1.1
Host: herald.example
user-AGENT: Broadsheet



""",
    """WARC/1.1
WARC-Type: metadata
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000003>
WARC-Target-URI: urn:interim:https://herald.example/bridge
WARC-Date: 2026-03-02T08:30:00.123456Z
WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Block-Digest: sha1:2O4MC22L2L3BDIPMPRBX4U2UX23DYN7R
Content-Type: application/http;msgtype=response
Content-Length: 48

HTTP/1.1 103 Early Hints
Link: </style.css>



""",
    """WARC/1.1
WARC-Type: metadata
WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000004>
WARC-Target-URI: https://herald.example/bridge
WARC-Date: 2026-03-02T08:30:00.123456Z
WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>
WARC-Block-Digest: sha1:5QR26IGJDUVWTXKNTSV73NYUYI6QBSRY
Content-Type: application/warc-fields
Content-Length: 239

via: https://herald.example/feed.xml
fetchTimeMs: 140
discoveryMethod: feed
discoveryTitle: Br\u00fccke \u2014 approved
discoveryDate: Mon, 02 Mar 2026 08:00:00 GMT
depth: 2
role: article
outlet: herald
job: daily
run: 20260302T083000Z


""",
)


def members(path: Path) -> list[bytes]:
    data, found = path.read_bytes(), []
    while data:
        stream = zlib.decompressobj(31)
        found.append(stream.decompress(data))
        data = stream.unused_data
    return found


def test_golden_records(writer, tmp_path):
    warc = writer()
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    ref = warc.write(make_exchange(sized(b"hello"), interim=interim), PROVENANCE)
    warc.seal()
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    found = members(tmp_path / NAME)
    assert [member.decode() for member in found] == [text.replace("\n", "\r\n") for text in GOLDEN]
    assert ref == CaptureRef(
        filename=NAME,
        offset=ref.offset,
        length=ref.length,
        record_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        url="https://herald.example/bridge",
        date="2026-03-02T08:30:00.123456Z",
        type="response",
        payload_digest="sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
    )
    data = (tmp_path / NAME).read_bytes()
    assert gzip.decompress(data[ref.offset : ref.offset + ref.length]).decode() == GOLDEN[1].replace("\n", "\r\n")


GZIPPED = zlib.compress(PAGE * 30, 6, 31)
NOISE = hashlib.shake_128(b"noise").digest(200_000)
SHAPES = {
    "length": sized(PAGE),
    "chunked": chunked(PAGE),
    "chunk extensions and trailer": chunked(PAGE, extension=b";sig=abc", trailer=b"X-Sum: 1\r\n"),
    "gzip": sized(GZIPPED, OK + b"Content-Encoding: gzip\r\n"),
    "gzip and chunked": chunked(GZIPPED, 700, head=OK + b"Content-Encoding: gzip\r\n"),
    "picture": sized(NOISE, b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"),
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + PAGE,
    "mixed line ends": b"HTTP/1.1 200 OK\r\nA: b\n\r\n" + PAGE,
    "HTTP/1.0 to the end": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE,
    "no reason": sized(PAGE, b"HTTP/1.1 200\r\n"),
    "odd fields": sized(
        PAGE, b"HTTP/1.1 200 OK\r\nx-ODD:  two  blanks \r\nX-Odd: \xe9\r\n folded\r\nno colon here\r\n: none\r\n"
    ),
    "empty": sized(b""),
    "not modified": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 1540\r\n\r\n',
    "not found": sized(b"<h1>404</h1>", b"HTTP/1.1 404 Not Found\r\n"),
    "redirect": b"HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "64 KB and one": sized(NOISE[:65_536]),
    "shorter than a probe": sized(b"\x00"),
}
CUT = {
    "length": (sized(PAGE)[:-100], "length"),
    "time": (sized(PAGE)[:200], "time"),
    "disconnect in a chunk": (chunked(PAGE)[:-250], "disconnect"),
    "disconnect in a chunk line": (OK + b"Transfer-Encoding: chunked\r\n\r\n5", "disconnect"),
    "disconnect behind the head": (OK + b"\r\n", "disconnect"),
    "disconnect in the head": (b"HTTP/1.1 200 OK\r\nContent-T", "disconnect"),
    "framing that breaks": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "unspecified"),
    "never chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n<html>\r\n</html>", "unspecified"),
}


def test_blocks_come_back_as_they_were(writer, tmp_path):
    """By three readers: warcio, FastWARC and ours, in sequence and by reference."""
    warc = writer()
    cases = [(response, None) for response in SHAPES.values()] + list(CUT.values())
    refs = [warc.write(make_exchange(response, truncated=cut), PROVENANCE) for response, cut in cases]
    warc.seal()
    path = tmp_path / NAME
    expected = [block for response, _ in cases for block in (response, REQUEST)]
    with path.open("rb") as handle:
        # `no_record_parse` leaves the HTTP message as it is
        found = [
            record.raw_stream.read()
            for record in ArchiveIterator(handle, no_record_parse=True)
            if record.rec_type in ("response", "request")
        ]
    assert found == expected
    with path.open("rb") as handle:
        places = []
        found = []
        for record in FastIterator(handle, parse_http=False):
            places.append(record.stream_pos)
            if record.headers["WARC-Type"] in ("response", "request"):
                found.append(record.reader.read())
    assert found == expected
    ours = list(scan(path))
    assert [record.block for record in ours if record.get("warc-type") in ("response", "request")] == expected
    assert [record.offset for record in ours] == places
    assert [a.offset + a.length for a, _ in pairwise(ours)] == [b.offset for _, b in pairwise(ours)]
    assert ours[-1].offset + ours[-1].length == path.stat().st_size
    read = list(captures(path))
    assert [capture.ref for capture in read] == refs
    assert [capture.truncated for capture in read] == [cut for _, cut in cases]
    assert all(capture.provenance == PROVENANCE for capture in read)
    assert [open_capture(tmp_path, ref) for ref in refs] == read
    assert list(check([path], advice=True)) == []


def test_payloads_and_their_digests(writer, tmp_path):
    warc = writer()
    for response in SHAPES.values():
        exchange = make_exchange(response)
        assert payload_digest(exchange) == warc.write(exchange, PROVENANCE).payload_digest
    for response, cut in CUT.values():
        warc.write(make_exchange(response, truncated=cut), PROVENANCE)
    warc.seal()
    read = dict(zip([*SHAPES, *(f"cut {name}" for name in CUT)], captures(tmp_path / NAME), strict=True))
    for name in ("length", "chunked", "chunk extensions and trailer", "bare line feeds", "HTTP/1.0 to the end"):
        assert read[name].payload == PAGE
    assert read["gzip"].payload == read["gzip and chunked"].payload == GZIPPED
    assert read["gzip"].ref.payload_digest == read["gzip and chunked"].ref.payload_digest
    assert read["odd fields"].headers[:2] == (("x-ODD", "two  blanks"), ("X-Odd", "\u00e9 folded"))
    assert 1200 < len(read["cut disconnect in a chunk"].payload) < 1400
    assert PAGE.startswith(read["cut disconnect in a chunk"].payload)
    assert read["cut framing that breaks"].payload == b"hello"
    assert read["cut never chunked"].payload == b"<html>\r\n</html>"
    assert (read["cut disconnect in the head"].status, read["cut disconnect in the head"].payload) == (0, b"")
    assert read["not modified"].status == 304


def test_coded_bodies_are_stored(writer, tmp_path):
    """A body that is gzip already costs no more than its own size and the headers."""
    warc = writer()
    ref = warc.write(make_exchange(SHAPES["picture"]), PROVENANCE)
    assert len(NOISE) < ref.length < len(NOISE) + 600
    plain = warc.write(make_exchange(SHAPES["length"]), PROVENANCE)
    assert plain.length < len(PAGE)
    warc.close()


def test_large_bodies_stream(writer, tmp_path):
    """30 MB from a spooled file, packed and stored, chunked and not."""
    plain = b"".join(b"<p>%d council</p>" % number for number in range(1_800_000))
    assert len(plain) > 30 << 20
    noise = hashlib.shake_128(b"big").digest(3 << 20)
    warc = writer()
    digests = []
    for response in (sized(plain), chunked(noise, 50_000)):
        with tempfile.SpooledTemporaryFile(max_size=1000) as handle:
            handle.write(response)
            digests.append(warc.write(make_exchange(handle, response_length=len(response)), PROVENANCE).payload_digest)
    warc.seal()
    first, second = captures(tmp_path / NAME)
    assert (first.payload, second.payload) == (plain, noise)
    assert [first.ref.payload_digest, second.ref.payload_digest] == digests
    [cut, _] = captures(tmp_path / NAME, limit=5 << 20)
    assert cut.truncated == "length"
    assert plain.startswith(cut.payload)
    assert list(check([tmp_path / NAME], advice=True)) == []


def test_revisits(writer, tmp_path):
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    target = RevisitTarget(first.record_id, first.url, first.date, first.payload_digest)
    again = make_exchange(chunked(PAGE, head=OK + b"X-Second: yes\r\n"), url="https://herald.example/twin")
    second = warc.write(again, PROVENANCE, revisit_of=target)
    third = warc.write(make_exchange(SHAPES["not modified"]), PROVENANCE, revisit_of=target)
    cut = warc.write(make_exchange(sized(PAGE)[:-9], truncated="time"), PROVENANCE, revisit_of=target)
    other = warc.write(make_exchange(sized(b"other")), PROVENANCE, revisit_of=target)
    warc.seal()
    assert (second.type, second.refers_to, second.payload_digest) == ("revisit", first.record_id, first.payload_digest)
    assert (third.type, third.refers_to, third.payload_digest) == ("revisit", first.record_id, first.payload_digest)
    assert (cut.type, cut.refers_to) == (other.type, other.refers_to) == ("response", None)
    _, found, unchanged, *_ = captures(tmp_path / NAME)
    assert (found.payload, found.header("x-second")) == (PAGE, "yes")
    assert (unchanged.payload, unchanged.status) == (b"", 304)
    blocks = [record.block for record in scan(tmp_path / NAME) if record.get("warc-type") == "revisit"]
    assert blocks == [OK + b"X-Second: yes\r\nTransfer-Encoding: chunked\r\n\r\n", SHAPES["not modified"]]
    profiles = [record.get("warc-profile") for record in scan(tmp_path / NAME) if record.get("warc-profile")]
    assert [profile.rpartition("/")[2] for profile in profiles] == ["identical-payload-digest", "server-not-modified"]
    assert list(check([tmp_path / NAME], advice=True)) == []


def test_revisits_and_chunk_framing(writer, tmp_path):
    """A payload kept with framing is not referred to by an answer without: pywb would show the framing."""
    warc = writer()
    first = warc.write(make_exchange(chunked(PAGE)), PROVENANCE)
    target = RevisitTarget(first.record_id, first.url, first.date, chunked=True)
    kinds = [warc.write(make_exchange(block), PROVENANCE, revisit_of=target).type for block in SHAPES.values()][:3]
    assert kinds == ["response", "revisit", "revisit"]
    assert warc.write(make_exchange(SHAPES["not modified"]), PROVENANCE, revisit_of=target).type == "revisit"
    warc.close()


def test_revisit_of_another_file(writer, tmp_path):
    """Found where the revisit names the file; without that, it has no payload unless the caller knows."""
    warc = writer(max_bytes=1)
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    target = RevisitTarget(first.record_id, first.url, first.date)
    unnamed = warc.write(make_exchange(sized(PAGE)), PROVENANCE, revisit_of=target)
    target = RevisitTarget(first.record_id, first.url, first.date, None, first.filename, first.offset)
    named = warc.write(make_exchange(sized(PAGE)), PROVENANCE, revisit_of=target)
    warc.close()
    assert len({first.filename, unnamed.filename, named.filename}) == 3
    assert open_capture(tmp_path, named).payload == PAGE
    assert open_capture(tmp_path, unnamed).payload == b""
    assert open_capture(tmp_path, unnamed, original=first).payload == PAGE


def test_notes_and_resources(writer, tmp_path):
    warc = writer()
    page = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    note = warc.write_metadata(page.url, "application/vnd.x+json", b'{"a": 1}', concurrent_to=page.record_id)
    picture = warc.write_resource("urn:screenshot:https://herald.example/bridge", "image/png", NOISE)
    rendered = warc.write_resource(page.url, "text/html", PAGE, concurrent_to=page.record_id)
    warc.seal()
    found = list(records(tmp_path / NAME))
    assert [getattr(item, "ref", item) for item in found] == [page, note, rendered]
    assert (found[2].status, found[2].payload) == (200, PAGE)
    assert NOISE in [record.block for record in scan(tmp_path / NAME, start=picture.offset)]
    assert list(check([tmp_path / NAME], advice=True)) == []


def test_files_roll_over_and_sort(writer, tmp_path):
    ticks = count(0, -60)  # a clock that is set back
    warc = writer(max_bytes=4000, clock=lambda: STARTED + timedelta(seconds=next(ticks)))
    refs = [warc.write(make_exchange(sized(NOISE[:1000])), PROVENANCE) for _ in range(12)]
    names = list(dict.fromkeys(ref.filename for ref in refs))
    assert len(names) == 6
    assert names == sorted(names)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[:-1], names[-1] + ".open"]
    assert warc.position == (names[-1], (tmp_path / (names[-1] + ".open")).stat().st_size)
    warc.seal()
    assert warc.position is None
    assert warc.lengths == {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    later = writer(max_bytes=4000).write(make_exchange(sized(PAGE)), PROVENANCE)
    assert later.filename > names[-1]
    for path in tmp_path.iterdir():
        assert next(scan(path)).get("warc-type") == "warcinfo"


def test_metadata_is_one_line_a_value(writer, tmp_path):
    warc = writer()
    crooked = Provenance(title="two\r\nvia: http://evil.example/\u2028x\x85y \ud800", method="feed")
    warc.write(make_exchange(sized(PAGE)), crooked)
    warc.seal()
    [capture] = captures(tmp_path / NAME)
    assert capture.provenance == Provenance(title="two via: http://evil.example/ x y ?", method="feed")


def test_tls_version_goes_to_the_metadata(writer, tmp_path):
    warc = writer()
    warc.write(make_exchange(sized(PAGE), protocols=("http/1.1", "tls/1.3")), PROVENANCE)
    warc.seal()
    *_, metadata = scan(tmp_path / NAME)
    assert b"protocols: http/1.1 tls/1.3\r\n" in metadata.block
    assert list(check([tmp_path / NAME], advice=True)) == []


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://a.example/b?c=d&e[]=1#frag", "https://a.example/b?c=d&e[]=1"),
        ("https://a.example/\u00fc?q=a b|c", "https://a.example/%C3%BC?q=a%20b%7Cc"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("https://a.example/%zz%41", "https://a.example/%25zz%41"),
        ("http://b\u00fccher.example/\u00fc", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://a.example/\ud800", "http://a.example/?"),
        ("http://\ud83d\ude00\u3002.example/", None),
    ],
)
def test_target_uri(url, uri):
    assert target_uri(target_uri(url)) == target_uri(url)
    assert target_uri(url).isascii()
    if uri is not None:
        assert target_uri(url) == uri


def test_a_name_that_exists_is_not_overwritten(writer, tmp_path):
    writer().write(make_exchange(sized(PAGE)), PROVENANCE)
    (tmp_path / f"{NAME}.open").rename(tmp_path / "away.open")
    first = tmp_path / "daily-20260302083000123-00000-crawl1.warc.gz.open"
    warc = writer()
    first.write_bytes(b"")  # appears between listing and creating
    with pytest.raises(CaptureError, match="File exists"):
        warc.write(make_exchange(sized(PAGE)), PROVENANCE)


def test_limits(writer, tmp_path):
    warc = writer(reserve=1 << 60)
    with pytest.raises(DiskFullError, match="reserve"):
        warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    assert list(tmp_path.iterdir()) == []
    warc = writer(max_disk=100_000, counted=tmp_path)
    with pytest.raises(DiskFullError, match="BROADSHEET_MAX_DISK"):
        for _ in range(1000):
            warc.write(make_exchange(SHAPES["64 KB and one"]), PROVENANCE)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100_000
