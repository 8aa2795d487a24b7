"""A server of responses as they come in the wild, on 127.0.0.1, and what a reader should see of each.

Written as bytes, so that nothing between this file and the socket tidies them up. The path names the response.
"""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

import brotli
import zstandard

OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

LONG = b';signature="' + b"0123456789abcdef" * 8 + b'"'
"""A chunk extension that makes a size line longer than the 64 bytes that replay tools read."""


def page(name: str) -> bytes:
    """A small story, different for each name, and long enough to be packed and cut into chunks."""
    story = "".join(
        f"<p>The {name} story, part {part}: the ferry to Süderö café was late again, said the harbour master, "
        f"and {part * 37} passengers of the {name} line waited on the quay until the evening.</p>\n"
        for part in range(1, 9)
    )
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Headline of {name}</title></head>\n"
        f"<body><article><h1>Headline of {name}</h1>\n{story}<p>End of {name}.</p></article></body></html>\n"
    ).encode()


def sized(body: bytes, head: bytes = b"", status: bytes = OK) -> bytes:
    return status + HTML + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunks(body: bytes, extension: bytes = b"", last: bytes = b"0\r\n\r\n", size: int = 128) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + last


def framed(body: bytes, head: bytes = b"", extension: bytes = b"", last: bytes = b"0\r\n\r\n") -> bytes:
    return OK + HTML + head + CHUNKED + chunks(body, extension, last)


@dataclass(frozen=True)
class Served:
    """What is sent for a path, and what a reader gets of it."""

    sent: bytes
    body: bytes = b""
    """Without framing and content coding."""
    status: int = 200
    location: str | None = None
    """Path that it redirects to."""


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


GZIP = b"Content-Encoding: gzip\r\n"
TRAILERS = b"0\r\nX-Checksum: 0123456789\r\nServer-Timing: app;dur=12\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"


def _served() -> dict[str, Served]:
    def of(name: str, sent: bytes) -> Served:
        return Served(sent, page(name))

    plain = page
    found = {
        name: of(name, sent)
        for name, sent in {
            "plain": sized(plain("plain")),
            "chunked": framed(plain("chunked")),
            "gzip": sized(_gzip(plain("gzip")), GZIP),
            "gzip-chunked": framed(_gzip(plain("gzip-chunked")), GZIP),
            "brotli": sized(brotli.compress(plain("brotli")), b"Content-Encoding: br\r\n"),
            "deflate": sized(zlib.compress(plain("deflate")), b"Content-Encoding: deflate\r\n"),
            "zstd": sized(zstandard.compress(plain("zstd")), b"Content-Encoding: zstd\r\n"),
            "http-1.0": b"HTTP/1.0 200 OK\r\n" + HTML + b"\r\n" + plain("http-1.0"),
            "to-close": OK + HTML + b"Connection: close\r\n\r\n" + plain("to-close"),
            "hints": HINTS + sized(plain("hints")),
            "odd-head": sized(
                plain("odd-head"), b"x-lower: a\r\nSet-Cookie: a=1\r\nSET-COOKIE: b=2\r\nX-Latin: caf\xe9\r\n"
            ),
            "extension": framed(plain("extension"), extension=b";a=b"),
            "extension-padded": framed(plain("extension-padded"), extension=b"  "),
            "extension-gzip": framed(_gzip(plain("extension-gzip")), GZIP, b";a=b"),
            "extension-long": framed(plain("extension-long"), extension=LONG),
            "extension-long-gzip": framed(_gzip(plain("extension-long-gzip")), GZIP, LONG),
            "trailers": framed(plain("trailers"), last=TRAILERS),
            "trailers-gzip": framed(_gzip(plain("trailers-gzip")), GZIP, last=TRAILERS),
        }.items()
    }
    found |= dict.fromkeys(("twice-a", "twice-b", "twice-later"), of("twice", sized(page("twice"))))
    found["twice-chunked-a"] = of("twice-chunked", framed(_gzip(page("twice-chunked")), GZIP))
    found["twice-chunked-b"] = of(
        "twice-chunked", OK + HTML + GZIP + CHUNKED + chunks(_gzip(page("twice-chunked")), size=97)
    )
    found["größe/好"] = of("größe", sized(page("größe")))
    found["moved"] = Served(
        b"HTTP/1.1 302 Found\r\nLocation: /moved-on?from=moved\r\nContent-Length: 6\r\n\r\nmoved\n",
        b"moved\n", 302, "moved-on?from=moved",
    )  # fmt: skip
    found["moved-on?from=moved"] = Served(
        b"HTTP/1.1 301 Moved Permanently\r\nLocation: /landed\r\nContent-Length: 0\r\n\r\n", b"", 301, "landed"
    )
    found["landed"] = of("landed", sized(page("landed")))
    gone = page("gone")
    found["gone"] = Served(sized(gone, status=b"HTTP/1.1 404 Not Found\r\n"), gone, 404)
    return found


SERVED = {quote(name, safe="/?="): served for name, served in _served().items()}
"""By path, without the slash at its beginning."""

LATER = "twice-later"
"""Asked for in a second run, which has the payload from the first."""


class Origin:
    """Serves on a free port of 127.0.0.1 while the context lasts: one thread and one response a connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.home = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Origin:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Without a shutdown a thread in accept() keeps the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                stream, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    @staticmethod
    def _serve(stream: socket.socket) -> None:
        stream.settimeout(10)
        with suppress(OSError), stream:
            head = b""
            while b"\r\n\r\n" not in head:
                more = stream.recv(65536)
                if not more:
                    return
                head += more
            found = SERVED.get(head.split(b" ")[1].decode("latin-1").removeprefix("/"))
            absent = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
            stream.sendall(found.sent if found else absent)
