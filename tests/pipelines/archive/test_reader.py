"""WARC files that others wrote, whole and damaged, in every form."""

import gzip
import io
import pickle
import random
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.archive.check import check
from pipelines.archive.reader import captures, locate, open_capture, records
from pipelines.archive.scan import scan
from pipelines.errors import ArchiveError, RecordError
from pipelines.model import CaptureRef, Provenance, Role
from tests.pipelines.archive.exchanges import OK, PAGE, PROVENANCE, make_exchange, sized


def record(kind, fields, block=b"", *, version="WARC/1.0", line=b"\r\n", end=b"\r\n\r\n"):
    lines = [version, f"WARC-Type: {kind}", *fields, f"Content-Length: {len(block)}"]
    return line.join(text.encode() for text in lines) + line + line + block + end


def response(number, body=PAGE, extra=(), **changes):
    fields = [
        f"WARC-Record-ID: <urn:uuid:0000000{number}-0000-4000-8000-000000000000>",
        "WARC-Date: 2026-03-02T08:30:00Z",
        f"WARC-Target-URI: http://herald.example/{number}",
        "Content-Type: application/http; msgtype=response",
        *extra,
    ]
    return record("response", fields, sized(body), **changes)


def with_warcio(kind, version):
    """What warcio writes: response before request, digests, a revisit, a resource, DNS, warcinfo."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=kind == "gzip", warc_version=version)
    writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "warcio"}))
    for number, status in enumerate(["200 OK", "404 Not Found"]):
        head = StatusAndHeaders(status, [("Content-Type", "text/html"), ("X-Odd", "1")], protocol="HTTP/1.1")
        url = f"http://herald.example/{number}"
        page = writer.create_warc_record(url, "response", payload=io.BytesIO(PAGE), http_headers=head)
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "herald.example")], is_http_request=True)
        request = writer.create_warc_record(url, "request", http_headers=asked)
        writer.write_request_response_pair(request, page)
    digest = page.rec_headers.get_header("WARC-Payload-Digest")
    writer.write_record(
        writer.create_revisit_record(
            "http://herald.example/twin", digest, url, page.rec_headers.get_header("WARC-Date"), http_headers=head
        )
    )
    for url, content_type in (("http://herald.example/r", "text/html"), ("http://herald.example/p", "image/png")):
        made = writer.create_warc_record(url, "resource", payload=io.BytesIO(PAGE), warc_content_type=content_type)
        writer.write_record(made)
    dns = writer.create_warc_record(
        "dns:herald.example", "response", payload=io.BytesIO(b"x"), warc_content_type="text/dns"
    )
    writer.write_record(dns)
    return out.getvalue()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("form", ["gzip", "plain", "one member", "zstd"])
def test_files_of_warcio(tmp_path, form, version):
    data = with_warcio("gzip" if form == "gzip" else "plain", version)
    path = tmp_path / "x.warc"
    if form == "one member":
        data = gzip.compress(data)
    elif form == "zstd":
        path.write_bytes(data)
        data = b"".join(zstandard.compress(data[each.offset : each.offset + each.length]) for each in list(scan(path)))
    path.write_bytes(data)
    found = list(captures(path))
    urls = [capture.ref.url.removeprefix("http://herald.example/") for capture in found]
    assert urls == ["0", "1", "twin", "r"]
    assert [capture.status for capture in found] == [200, 404, 404, 200]
    assert [capture.payload for capture in found] == [PAGE] * 4
    assert [capture.ref.type for capture in found] == ["response", "response", "revisit", "resource"]
    assert found[0].headers == (("Content-Type", "text/html"), ("X-Odd", "1"))
    assert found[0].provenance == Provenance()
    for capture in found:
        again = open_capture(tmp_path, capture.ref)
        assert again.ref == capture.ref
        # a revisit read by itself has not seen the record before it, and names no file
        assert again.payload == (b"" if capture.ref.type == "revisit" and form != "one member" else PAGE)
    assert {problem.rule for problem in check([path])} == ({"member"} if form == "one member" else set())


def test_heritrix_metadata(tmp_path):
    about = "WARC-Concurrent-To: <urn:uuid:00000001-0000-4000-8000-000000000000>"
    block = (
        b"seed: \r\nvia: http://herald.example/\r\nhopsFromSeed: LLE\r\nfetchTimeMs: 85\r\noutlink: http://x/ L a\r\n"
    )
    fields = ["WARC-Record-ID: <urn:uuid:1>", "WARC-Date: 2026-03-02T08:30:00Z", about]
    path = tmp_path / "h.warc.gz"
    request = record("request", [*fields, "Content-Type: application/http; msgtype=request"], b"GET / HTTP/1.0\r\n\r\n")
    metadata = record("metadata", [*fields, "Content-Type: application/warc-fields"], block)
    path.write_bytes(b"".join(map(gzip.compress, [response(1), request, metadata, response(2)])))
    first, second = captures(path)
    assert first.provenance == Provenance(source_url="http://herald.example/", depth=3, fetch_ms=85)
    assert second.provenance == Provenance()


def test_odd_metadata_does_no_harm(tmp_path):
    path = tmp_path / "h.warc.gz"
    block = b"depth: -1\nfetchTimeMs: 12 ms\nrole: king\nvia:\nno colon\n\xff: \xff\nhopsFromSeed: L\n"
    fields = [
        "Content-Type: application/warc-fields",
        "WARC-Concurrent-To: <urn:uuid:00000001-0000-4000-8000-000000000000>",
    ]
    path.write_bytes(gzip.compress(response(1)) + gzip.compress(record("metadata", fields, block)))
    [capture] = captures(path)
    assert capture.provenance == Provenance(role=Role.ARTICLE, depth=1)


def test_old_and_crooked_headers(tmp_path):
    """0.17, bare line feeds, odd case, folded fields, brackets round the URI, no record id, short trailers."""
    crooked = (
        b"WARC/0.17\nwarc-type: response\nWARC-TARGET-URI: <http://herald.example/1>\nWARC-Date:2026-03-02T08:30:00Z\n"
        b"X-Folded: a\n  b\ncontent-type: application/http;\n msgtype=response\nContent-Length: 19\n\n"
        b"HTTP/1.1 200 OK\n\nhi\n\n"
    )
    for name, data in (("p.warc", crooked * 2), ("g.warc.gz", gzip.compress(crooked) * 2)):
        path = tmp_path / name
        path.write_bytes(data)
        found = list(captures(path))
        assert [(capture.ref.url, capture.payload) for capture in found] == [("http://herald.example/1", b"hi")] * 2
        assert found[0].ref.record_id == f"{name}:0"
        assert open_capture(path, found[1].ref) == found[1]


def damaged_files():
    parts = [gzip.compress(response(number)) for number in range(1, 6)]
    yield "a flipped bit", [*parts[:2], parts[2][:60] + bytes([parts[2][60] ^ 255]) + parts[2][61:], *parts[3:]], "1245"
    yield "zeros in between", [*parts[:2], bytes(300), *parts[2:]], "12345"
    yield "no WARC in a member", [*parts[:2], gzip.compress(b"hello"), *parts[2:]], "12345"
    yield "an empty member", [*parts[:2], gzip.compress(b""), *parts[2:]], "12345"
    yield "a cut record", [*parts[:2], parts[2][:-30], *parts[3:]], "1245"
    yield "a cut end", [*parts[:4], parts[4][:-1]], "1234"
    yield (
        "a wrong length",
        [*parts[:2], gzip.compress(response(3).replace(b"Length: 16", b"Length: 96")), *parts[3:]],
        "1245",
    )
    yield (
        "no length",
        [*parts[:2], gzip.compress(response(3).replace(b"Content-Length: 1", b"X: ", 1)), *parts[3:]],
        "1245",
    )
    yield (
        "a length too small",
        [*parts[:2], gzip.compress(response(3).replace(b"Length: 16", b"Length: 15")), *parts[3:]],
        "12345",
    )
    yield "text behind it", [*parts, b"goodbye"], "12345"
    yield "one byte behind it", [*parts, b"\x1f"], "12345"


@pytest.mark.parametrize(("name", "parts", "left"), [pytest.param(*case, id=case[0]) for case in damaged_files()])
def test_damage_costs_only_the_record(tmp_path, name, parts, left):
    path = tmp_path / "d.warc.gz"
    path.write_bytes(b"".join(parts))
    told: list[RecordError] = []
    found = list(captures(path, on_error=told.append))
    assert "".join(capture.ref.url[-1] for capture in found) == left
    if name not in ("a length too small", "an empty member"):
        assert len(told) >= 1
        with pytest.raises(RecordError, match="at "):
            list(captures(path))
    assert ([problem.rule for problem in check([path])] != []) == (name != "an empty member")


def test_damage_in_a_plain_file(tmp_path):
    path = tmp_path / "d.warc"
    broken = response(3).replace(b"Content-Length: 1", b"Content-Length: x", 1)
    path.write_bytes(response(1) + response(2) + broken + response(4) + b"rubbish" + response(5) + response(6)[:-700])
    told: list[RecordError] = []
    assert [capture.ref.url[-1] for capture in captures(path, on_error=told.append)] == ["1", "2", "4", "5"]
    assert len(told) >= 2


def test_damaged_zstd(tmp_path):
    path = tmp_path / "d.warc.zst"
    path.write_bytes(zstandard.compress(response(1)) + zstandard.compress(response(2))[:-40])
    told: list[RecordError] = []
    assert [capture.ref.url[-1] for capture in captures(path, on_error=told.append)][:1] == ["1"]
    assert told


@pytest.mark.parametrize("data", [b"PK\x03\x04zip", b"<html>", b"\x00" * 100, b"W"])
def test_no_warc(tmp_path, data):
    path = tmp_path / "n.warc"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="no WARC file"):
        list(records(path))
    assert [problem.rule for problem in check([path])] == ["form"]


def test_nothing_there(tmp_path):
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    assert list(records(tmp_path / "empty.warc.gz")) == []
    with pytest.raises(ArchiveError, match="cannot read"):
        list(records(tmp_path / "missing.warc.gz"))
    ref = CaptureRef(
        filename="missing.warc.gz", offset=0, length=1, record_id="urn:x", url="", date="", type="response",
        payload_digest=None,
    )  # fmt: skip
    with pytest.raises(ArchiveError, match="there is no missing"):
        open_capture(tmp_path, ref)


def test_a_reference_that_is_wrong(writer, tmp_path):
    warc = writer()
    ref = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    for wrong in (
        replace(ref, record_id="urn:uuid:other"),
        replace(ref, offset=0),
        replace(ref, offset=ref.offset + 1),
    ):
        with pytest.raises(ArchiveError):
            open_capture(tmp_path, wrong)
    warc.close()


def test_parts_of_a_file(writer, tmp_path):
    warc = writer()
    refs = [warc.write(make_exchange(sized(PAGE[:number])), PROVENANCE) for number in range(1, 6)]
    warc.seal()
    path = tmp_path / refs[0].filename
    assert [each.ref for each in captures(path, start=refs[1].offset, stop=refs[3].offset)] == refs[1:3]
    light = list(records(path, bodies=False))
    assert [(each.ref, each.status, each.payload) for each in light] == [(ref, 200, b"") for ref in refs]


def test_memory_is_flat(writer, tmp_path):
    """A body of 200 MB that packs to 0.2 MB, read with a limit of 1 MB."""
    path = tmp_path / "bomb.warc.gz"
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    size, piece = 200 << 20, bytes(1 << 20)
    head = record("response", ["WARC-Target-URI: http://herald.example/", "Content-Type: application/http"])
    start = head.replace(b"Content-Length: 0", b"Content-Length: %d" % (size + len(OK) + 2))[:-4] + OK + b"\r\n"
    with path.open("wb") as out:
        out.write(packer.compress(start))
        for _ in range(200):
            out.write(packer.compress(piece))
        out.write(packer.compress(b"\r\n\r\n") + packer.flush())
    tracemalloc.start()
    [capture] = captures(path, limit=1 << 20)
    list(check([path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (capture.truncated, len(capture.payload) <= 1 << 20) == ("length", True)
    assert peak < 16 << 20


def test_random_bytes_do_not_hang(tmp_path):
    """Anything may come behind a gzip magic; reading ends, with an error or without one, and in time."""
    chance = random.Random(7)
    good = gzip.compress(response(1)) + gzip.compress(response(2))
    path = tmp_path / "fuzz.warc.gz"
    begun = time.process_time()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            if chance.random() < 0.3:
                del data[at : at + chance.randint(1, 50)]
            else:
                data[at] = chance.randrange(256)
        path.write_bytes(b"\x1f\x8b" + data[2:])
        told: list[RecordError] = []
        found = list(records(path, on_error=told.append))
        assert len(found) <= 2
        list(check([path]))
    assert time.process_time() - begun < 10


def test_errors_travel_between_processes(tmp_path):
    path = tmp_path / "d.warc.gz"
    path.write_bytes(gzip.compress(response(1))[:-1])
    with pytest.raises(RecordError) as caught:
        list(records(path))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.offset, again.rule) == (str(caught.value), 0, "torn")


def test_a_file_is_found_while_it_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing renames it; that may happen between the look for one name and that for the other."""
    (tmp_path / "a.warc.gz.open").touch()
    exists = Path.exists

    def sealing(path: Path) -> bool:
        there = exists(path)
        if exists(tmp_path / "a.warc.gz.open"):
            (tmp_path / "a.warc.gz.open").rename(tmp_path / "a.warc.gz")
        return there

    monkeypatch.setattr(Path, "exists", sealing)
    assert locate(tmp_path, "a.warc.gz") == tmp_path / "a.warc.gz"
