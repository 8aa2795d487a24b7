"""Heads and chunks as servers send them."""

import random

import pytest

from pipelines.archive.digests import ResponseHash, matches, payload_digest_of, sha1, spelled, split
from pipelines.archive.http import Dechunker, dechunk, parse_head, payload_of, response_head
from tests.pipelines.archive.exchanges import make_exchange


@pytest.mark.parametrize(
    ("block", "status", "headers"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, (("A", "b"),)),
        (b"HTTP/1.1 200 OK\nA: b\n\n", 200, (("A", "b"),)),
        (b"HTTP/1.1 200 OK\r\nA: b\n\r\nC: d\r\n\r\n", 200, (("A", "b"),)),
        (b"http/1.0 404\r\n\r\n", 404, ()),
        (b"HTTP/1.1  301 Moved: away\r\n\r\n", 301, ()),
        (b"HTTP/2 200 \r\na:b\r\n\r\n", 200, (("a", "b"),)),
        (b"ICY 200 OK\r\n\r\n", 200, ()),
        (b"HTTP/1.1 200 OK\r\n folded first\r\nA: b\r\n\tc\r\n  d\r\n\r\n", 200, (("A", "b c d"),)),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n: no name\r\nA : b\r\na:c:d\r\n\r\n", 200, (("A", "b"), ("a", "c:d"))),
        (b"HTTP/1.1 200 OK\r\nA: \xe9\x00\r\n\r\n", 200, (("A", "\u00e9\x00"),)),
    ],
)
def test_heads(block, status, headers):
    head = parse_head(block + b"body\r\n\r\nbody")
    assert (head.status, head.headers) == (status, headers)
    assert block[head.length - 1 : head.length] == b"\n"
    assert response_head(make_exchange(block + b"body")) == parse_head(block + b"body")


@pytest.mark.parametrize("block", [b"", b"\r\n\r\n", b"<html>\n\n", b"HTTP/1.1 200 OK\r\nA: b", b"HTTP/1.1 ok\r\n\r\n"])
def test_no_heads(block):
    assert parse_head(block) is None
    assert payload_digest_of(block) == sha1(b"" if block.startswith(b"HTTP") else block)


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b'5;a=b;c="d"\r\nhello\r\n0;x\r\nTrailer: 1\r\n\r\n', b"hello"),
        (b" 5 \r\nhello\r\n00\r\n\r\n", b"hello"),
        (b"A\nhello\r\nxyz\n0\n\n", b"hello\r\nxyz"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
        (b"5\r\nhel", b"hel"),
        (b"5\r\nhello\r\n7", b"hello"),
        (b"5\r\nhello\r\nzz\r\nmore", b"hello"),
        (b"5\r\nhello-more\r\n0\r\n\r\n", b"hello"),
        (b"<html>", None),
        (b"<html>\r\n5\r\nhello\r\n0\r\n\r\n", None),
        (b"-5\r\nhello", None),
        (b"0x5\r\nhello", None),
        (b"1" * 9000, None),
    ],
)
def test_chunks(body, plain):
    head = parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n")
    assert dechunk(body) == plain
    assert payload_of(head, body) == (body if plain is None else plain)


def test_chunks_in_pieces_of_any_size():
    chance = random.Random(4)
    for _ in range(3000):
        parts = []
        for _ in range(chance.randint(0, 4)):
            data = bytes(chance.choices(b"ab\r\n1;", k=chance.randint(1, 12)))
            parts.append(b"%x%s\r\n%s\r\n" % (len(data), chance.choice([b"", b";x=y", b" "]), data))
        body = b"".join(parts) + b"0\r\n" + chance.choice([b"", b"T: v\r\n"]) + b"\r\n"
        if chance.random() < 0.5:
            body = body[: chance.randint(0, len(body))]
        if chance.random() < 0.2 and body:
            at = chance.randrange(len(body))
            body = body[:at] + bytes([chance.choice(b"zx\n 1")]) + body[at + 1 :]
        chunks, found, at = Dechunker(), b"", 0
        block, hashed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body, ResponseHash()
        while at < len(body):
            step = chance.randint(1, 5)
            found += b"".join(chunks.feed(body[at : at + step]))
            at += step
        found += chunks.end()
        for start in range(0, len(block), 7):
            hashed.feed(block[start : start + 7])
        whole = dechunk(body)
        assert found == (body if whole is None else whole)
        assert spelled(hashed.end()) == payload_digest_of(block) == sha1(found)


def test_digests_in_every_spelling():
    for digest in (
        "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        "SHA-1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha-256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ====",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
    ):
        assert matches(digest, b"") is True
        assert matches(digest, b"x") is False
    for digest in ("", "sha1", "sha1:", "sha1:xyz", "crc:00000000", "sha1:\u00e9", "sha1:" + "1" * 40 + "0"):
        assert split(digest) is None
        assert matches(digest, b"") is None
