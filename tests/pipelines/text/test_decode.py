"""Content coding and charset: what was declared, what is true, and what never crashes."""

import gzip
import zlib

import brotli
import pytest
import zstandard

from pipelines.model import Capture, CaptureRef
from pipelines.text import decode
from pipelines.text.charset import charset_of, decode_text
from pipelines.text.decode import UndecodableError, decode_content

PAGE = b"<html><body><p>The ferry is late.</p></body></html>"
RUSSIAN = "<p>Паром опаздывает на два часа, сообщили в порту. Пассажиры ждут на берегу.</p>" * 5
FRENCH = "<p>L’été à Orléans fut très chaud : 38 degrés mesurés. Ça continue, dit-on à la météo.</p>" * 5
JAPANESE = "<p>フェリーは二時間遅れています。港の職員によると、風が強いためだという。</p>" * 5
KOREAN = "<p>배가 두 시간 늦는다고 항구 직원이 말했다. 승객들은 부두에서 기다리고 있다.</p>" * 5
CHINESE = "<p>渡轮晚点两个小时，港口工作人员表示，乘客正在码头等候。</p>" * 5


def capture(payload: bytes, *codings: str) -> Capture:
    ref = CaptureRef(
        filename="a.warc.gz", offset=0, length=1, record_id="urn:uuid:1", url="https://a.example/",
        date="2026-09-16T12:00:00Z", type="response", payload_digest=None,
    )  # fmt: skip
    headers = tuple(("Content-Encoding", coding) for coding in codings)
    return Capture(ref=ref, status=200, headers=headers, payload=payload)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "payload"),
    [
        ("gzip", gzip.compress(PAGE, mtime=0)),
        ("x-gzip", gzip.compress(PAGE, mtime=0)),
        ("GZIP", gzip.compress(PAGE[:20], mtime=0) + gzip.compress(PAGE[20:], mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", raw_deflate(PAGE)),
        ("br", brotli.compress(PAGE)),
        ("zstd", zstandard.compress(PAGE)),
        ("identity", PAGE),
        ("gzip, br", brotli.compress(gzip.compress(PAGE, mtime=0))),
        ("gzip", PAGE),
        ("br", PAGE),
        ("zstd", PAGE),
        ("utf-8", PAGE),
        ("gzip", gzip.compress(PAGE, mtime=0) + b"trailing"),
    ],
)
def test_content_coding_is_undone(coding: str, payload: bytes) -> None:
    assert decode_content(capture(payload, coding)) == PAGE


def test_coding_in_several_headers() -> None:
    assert decode_content(capture(brotli.compress(gzip.compress(PAGE, mtime=0)), "gzip", "br")) == PAGE


def test_coding_that_was_not_declared() -> None:
    assert decode_content(capture(gzip.compress(PAGE, mtime=0))) == PAGE


def test_what_arrived_of_a_cut_body_is_kept() -> None:
    long = PAGE * 500
    assert decode_content(capture(gzip.compress(long, 1)[:-40], "gzip")).startswith(PAGE)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "invented"])
def test_noise_is_undecodable(coding: str) -> None:
    with pytest.raises(UndecodableError):
        decode_content(capture(bytes(range(256)) * 4, coding))


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress, zstandard.compress])
def test_bombs_are_refused(pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_DECODED", 100_000)
    coding = {gzip.compress: "gzip", brotli.compress: "br", zstandard.compress: "zstd"}[pack]
    with pytest.raises(UndecodableError):
        decode_content(capture(pack(b"\0" * 1_000_000), coding))


def test_a_stack_of_codings_is_refused() -> None:
    with pytest.raises(UndecodableError):
        decode_content(capture(PAGE, ", ".join(["gzip"] * 9)))


@pytest.mark.parametrize(
    ("text", "codec", "declared", "name"),
    [
        (RUSSIAN, "utf-8", "text/html; charset=windows-1251", "utf-8"),
        (RUSSIAN, "cp1251", "text/html; charset=utf-8", "windows-1251"),
        (RUSSIAN, "cp1251", "text/html; charset=iso-8859-1", "windows-1251"),
        (RUSSIAN, "koi8-r", "text/html; charset=utf-8", "koi8-u"),
        (FRENCH, "cp1252", "text/html; charset=utf-8", "windows-1252"),
        (FRENCH, "cp1252", "text/html; charset=ISO-8859-1", "windows-1252"),
        (JAPANESE, "shift_jis", None, "shift_jis"),
        (JAPANESE, "euc-jp", "text/html; charset=utf-8", "euc-jp"),
        (KOREAN, "euc-kr", None, "euc-kr"),
        (CHINESE, "gb18030", "text/html; charset=gb2312", "gb18030"),
        (RUSSIAN, "utf-16", None, "utf-16le"),
        (RUSSIAN, "utf-8-sig", "text/html; charset=windows-1251", "utf-8"),
        ("<p>plain</p>", "ascii", "text/html; charset=hex_codec", "utf-8"),
        (RUSSIAN, "utf-8", "text/html; charset=idna", "utf-8"),
        (RUSSIAN, "utf-8", "text/html; charset=utf-7", "utf-8"),
        (RUSSIAN, "utf-8", 'text/html; charset="UTF-8"; charset=x', "utf-8"),
    ],
)
def test_charset_is_what_the_bytes_bear_out(text: str, codec: str, declared: str | None, name: str) -> None:
    payload = text.encode(codec)
    assert charset_of(payload, declared) == name
    assert decode_text(payload, declared).lstrip("\ufeff") == text


def test_meta_declares_where_the_header_is_silent() -> None:
    page = f'<html><head><meta charset="windows-1250"></head>{"<p>Żółw śpi na łące.</p>" * 3}'
    assert "Żółw śpi" in decode_text(page.encode("cp1250"), None)


def test_a_few_broken_bytes_do_not_change_the_charset() -> None:
    payload = RUSSIAN.encode() + b"\xff\xfe broken \xd0"
    assert "Паром опаздывает" in decode_text(payload, None)
