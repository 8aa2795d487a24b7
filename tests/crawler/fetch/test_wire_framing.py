"""Message framing by itself: however the bytes are cut up on their way, the outcome is the same."""

import random
import sys
import time
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.fetch.chunks import FramingError, LimitError, unchunk
from crawler.fetch.framing import Framer, Limits, read_head

sys.path.insert(0, str(Path(__file__).parents[1]))

from oddserver import CHUNKED, OK, PAGE, SHAPES, chunks


def frame(data, method="GET", limits=None, cuts=()):
    """Feed the bytes in the pieces given, then the end of the connection."""
    written = bytearray()
    framer = Framer(method, limits or Limits(), written.extend)
    error = truncated = None
    edges = [0, *cuts, len(data)]
    for start, end in pairwise(edges):
        if start == end or framer.done:
            continue
        try:
            framer.feed(data[start:end])
        except FramingError as problem:
            error, truncated = type(problem), problem.truncated
            break
    if error is None:
        truncated = framer.end(clean=True)
    body = unchunk(BytesIO(written[framer.head.length :])) if framer.chunks else None
    return (
        bytes(written), bytes(framer.interim), bytes(framer.unfinished), body, framer.head, framer.done,
        error, truncated,
    )  # fmt: skip


SCRIPTS = {name: (shape.sent, shape.method) for name, shape in SHAPES.items() if shape.sent and not shape.endless}


@pytest.mark.parametrize("name", SCRIPTS)
def test_cuts_make_no_difference(name):
    data, method = SCRIPTS[name]
    data = data[:1500]  # of the long ones the beginning is enough
    whole = frame(data, method)
    rng = random.Random(name)
    ways = [sorted(rng.sample(range(len(data)), min(len(data), 1 + rng.randrange(12)))) for _ in range(12)]
    for cuts in [range(1, len(data)), *ways]:
        cut = frame(data, method, cuts=cuts)
        if whole[6] is None and "list-lies" not in name:
            assert cut == whole
        else:  # an error is found sooner or later, but found; what was written is a beginning
            assert cut[6:] == whole[6:] or "list-lies" in name
            assert whole[0].startswith(cut[0]) or cut[0].startswith(whole[0])


def test_random_bytes_only_ever_give_framing_errors():
    rng = random.Random(1)
    pieces = [
        OK, CHUNKED, b"\r\n", b"\n", b" ", b"\t", b":", b";", b"0", b"5\r\n", b"hello", b"\xff", b"\0", PAGE[:50],
        b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1 103 x\r\n\r\n", b"HTTP/1.0 204\n\n",
    ]  # fmt: skip
    for _ in range(4000):
        data = OK * (rng.random() < 0.7) + b"".join(rng.choices(pieces, k=rng.randrange(12)))
        cuts = sorted(rng.sample(range(len(data) + 1), min(len(data), rng.randrange(4))))
        written, interim, unfinished, *_ = frame(data, cuts=cuts)
        assert data.startswith(interim + written + unfinished)


def test_every_beginning_of_a_response_is_marked_as_cut():
    data = OK + CHUNKED + chunks(PAGE, 400) + b"0\r\nX-T: 1\r\n\r\n"
    for end in range(1, len(data)):
        assert frame(data[:end])[-1] == "disconnect", end
    assert frame(data)[-1] is None


def test_limits():
    small = Limits(head=100, interim=2, body=10)
    head = OK + b"Content-Length: %d\r\n\r\n"
    assert frame(head % 10 + b"x" * 10, limits=small)[6:] == (None, None)
    assert frame(head % 11 + b"x" * 11, limits=small)[0] == head % 11 + b"x" * 10
    assert frame(head % 11 + b"x" * 11, limits=small)[6:] == (LimitError, "length")
    assert frame(OK + b"\r\n" + b"x" * 11, limits=small)[0] == OK + b"\r\n" + b"x" * 10
    assert frame(OK + b"X: " + b"x" * 100, limits=small)[2] == (OK + b"X: " + b"x" * 100)[:100]
    hints = b"HTTP/1.1 103 x\r\n\r\n"
    assert frame(hints * 2 + head % 1 + b"x", limits=small)[6] is None
    assert frame(hints * 3 + head % 1 + b"x", limits=small)[6] is LimitError
    none = Limits(head=0, interim=0, body=0)
    assert frame(hints * 30 + OK + b"X: " + b"x" * 500_000 + b"\r\n\r\n" + b"y" * 100, limits=none)[6:] == (None, None)


@pytest.mark.parametrize(
    "data",
    [
        OK + CHUNKED + b"1\r\na\r\n" * 1_000_000,
        OK + CHUNKED + b"1\na\n" * 1_000_000,
        OK + b"X: a\n" + b" a\n" * 85_000 + b"\n",
        OK + b"a:\n" * 85_000 + b"\n",
        OK + b"Transfer-Encoding: " + b"a," * 100_000 + b"chunked\r\n\r\n",
        b"HTTP/1.1" + b" " * 200_000 + b"200 OK\r\n\r\n",
        OK + CHUNKED + (b" " * 8000 + b"\r\n") * 100,
    ],
    ids=["chunks", "chunks-lf", "folds", "fields", "codings", "status", "spaces"],
)
def test_no_response_is_dear_to_read(data):
    """Each takes well under half a second; without its bound the first would take 13."""
    begun = time.process_time()
    frame(data, cuts=range(65536, len(data), 65536))
    assert time.process_time() - begun < 4


def test_a_head_as_read():
    head = read_head(b"HTTP/1.0 200 Fine  thing\r\nA : 1 \r\nB:x\r\n\ty\r\nno colon\r\na: 2\r\n\r\n")
    assert (head.minor, head.status, head.reason) == (0, 200, b"Fine  thing")
    assert head.fields == ((b"A", b"1"), (b"B", b"x y"), (b"a", b"2"))
    assert head.tokens(b"a") == [b"1", b"2"]
    for line in (b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1", b"HTTP/11.1 200 OK", b""):
        with pytest.raises(FramingError):
            read_head(line + b"\r\n\r\n")
