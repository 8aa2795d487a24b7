"""A server of odd, broken and hostile responses on 127.0.0.1, which logs every byte of both directions.

Each :class:`Shape` is a script for one response, written as bytes, so that nothing between the script and the socket
can tidy it up. The path names the shape: ``/odd-case?anything``.
"""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

RESET = "reset"
"""Ends the connection with a TCP reset."""
CLOSE = "close"
"""Ends it in good order."""
RUDE = "rude"
"""Ends a TLS session without saying so; for plain TCP the same as CLOSE."""


@dataclass(frozen=True)
class Endless:
    """Sends this piece again and again, until the client hangs up or the cap is reached."""

    piece: bytes
    cap: int = 64 << 20


Step = bytes | float | str | Endless


@dataclass(frozen=True)
class Shape:
    script: tuple[Step, ...]
    status: int | None = 200
    """That Scrapy sees; None if there is no response to see."""
    body: bytes | None = None
    """That Scrapy sees (without chunk framing); None: not asserted."""
    interim: bytes = b""
    truncated: str | None = None
    excess: bytes = b""
    """Sent behind the response; of no exchange."""
    keeps: bool = False
    """The connection may be used again."""
    method: str = "GET"
    endless: bool = False
    """More is sent than is kept: what is kept must be the beginning of it."""
    kept: range | None = None
    """Bytes of an endless response that may be kept."""
    error: str | None = None
    """Name of the exception that Scrapy sees instead of a response."""

    @property
    def sent(self) -> bytes:
        return b"".join(step for step in self.script if isinstance(step, bytes))

    @property
    def response(self) -> bytes:
        """The block that is to be recorded."""
        sent = self.sent.removeprefix(self.interim)
        return sent[: len(sent) - len(self.excess)]


PAGE = b"<!doctype html><title>t</title><p>Gr\xc3\xb6\xc3\x9fe, caf\xc3\xa9.</p>" * 20
ZIPPED = gzip.compress(PAGE, mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(PAGE)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\nlink: </t.js>\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"


def chunks(body: bytes, size: int, line: bytes = b"%x\r\n") -> bytes:
    return b"".join(
        line % len(body[at : at + size]) + body[at : at + size] + b"\r\n" for at in range(0, len(body), size)
    )


def slowly(*pieces: bytes, pause: float = 0.02) -> tuple[Step, ...]:
    return tuple(step for piece in pieces for step in (piece, pause))[:-1]


def whole(head: bytes, **kw) -> Shape:
    """A head that announces PAGE, and PAGE."""
    return Shape((head + PAGE,), body=PAGE, keeps=kw.pop("keeps", True), **kw)


SHAPES: dict[str, Shape] = {
    # heads
    "plain": whole(OK + HTML + LENGTH),
    "odd-case": whole(OK + b"cOnTeNt-TyPe: text/html\r\nX-lower: a\r\nx-LOWER: b\r\nETAG: W/\"x\"\r\n" + LENGTH),
    "duplicates": whole(OK + b"Set-Cookie: a=1\r\nX-A: 1\r\nSet-Cookie: b=2\r\nx-a: 2\r\nX-A: 1\r\n" + HTML + LENGTH),
    "latin-1": whole("HTTP/1.1 200 Größe\r\nX-Name: Grüße\r\nX-Größe: 1\r\n".encode("latin-1") + HTML + LENGTH),
    "utf-8": whole("HTTP/1.1 200 好\r\nX-Name: 好 \U0001f600\r\n".encode() + HTML + LENGTH),
    "folded": whole(OK + b"X-Fold: a\r\n  b\r\n\tc\r\n" + HTML + LENGTH),
    "fold-first": whole(OK + b"  folded onto nothing\r\n" + HTML + LENGTH),
    "no-colon": whole(OK + b"this line has no colon\r\n" + HTML + b": no name\r\n" + LENGTH),
    "spaces": whole(b"HTTP/1.1  200  Fine \r\nX-A :  padded  \r\nX-Empty:\r\n" + HTML + LENGTH),
    "nul": whole(OK + b"X-Nul: a\0b\r\n" + HTML + LENGTH),
    "bare-lf": whole((OK + HTML + LENGTH).replace(b"\r", b"")),
    "mixed-ends": whole(b"HTTP/1.1 200 OK\nContent-Type: text/html\r\n" + LENGTH.replace(b"\r\n\r\n", b"\n\r\n")),
    "no-reason": whole(b"HTTP/1.1 200\r\n" + HTML + LENGTH),
    "empty-reason": whole(b"HTTP/1.1 200 \r\n" + HTML + LENGTH),
    "lower-status": whole(b"http/1.1 200 ok\r\n" + HTML + LENGTH),
    "icy": whole(b"ICY 200 OK\r\n" + HTML + LENGTH, keeps=False),
    "status-999": whole(b"HTTP/1.1 999 Odd\r\n" + HTML + LENGTH, status=999),
    "not-found": whole(b"HTTP/1.1 404 Not Found\r\n" + HTML + LENGTH, status=404),
    "redirect": Shape(
        (b"HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 5\r\n\r\nmoved",), 302, b"moved", keeps=True
    ),
    "big-header": whole(OK + b"X-Big: " + b"b" * 100_000 + b"\r\n" + HTML + LENGTH),
    "many-headers": whole(OK + b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(2000)) + HTML + LENGTH),
    "dribble": Shape(
        slowly(OK, b"Content-", b"Length: 4\r", b"\n", b"\r", b"\na", b"bcd"),
        body=b"abcd",
        keeps=True,
    ),
    "says-close": whole(OK + b"Connection: foo, Close\r\n" + HTML + LENGTH, keeps=False),
    # before the final head
    "hints": whole(HINTS + OK + HTML + LENGTH, interim=HINTS),
    "several-interim": whole(
        CONTINUE + b"HTTP/1.1 102 Processing\r\n\r\n" + HINTS + OK + HTML + LENGTH,
        interim=CONTINUE + b"HTTP/1.1 102 Processing\r\n\r\n" + HINTS,
    ),
    "interim-apart": Shape(
        (HINTS[:30], 0.02, HINTS[30:], 0.02, OK + HTML + LENGTH, PAGE), body=PAGE, interim=HINTS, keeps=True
    ),
    "switches": Shape(
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxyz", CLOSE),
        None,
        truncated="unspecified",
        error="DownloadFailedError",
    ),
    # no body
    "no-content": Shape((b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",), 204, b"", keeps=True),
    "not-modified": Shape(
        (b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 500\r\n\r\n',), 304, b"", keeps=True
    ),
    "head": Shape((OK + HTML + LENGTH,), 200, b"", keeps=True, method="HEAD"),
    "empty": Shape((OK + HTML + b"Content-Length: 0\r\n\r\n",), 200, b"", keeps=True),
    # behind the body
    "stray": Shape((OK + HTML + LENGTH + PAGE + STRAY,), body=PAGE, excess=STRAY),
    "stray-204": Shape((b"HTTP/1.1 204 No Content\r\n\r\n" + STRAY,), 204, b"", excess=STRAY),
    "stray-chunked": Shape((OK + CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + STRAY,), body=b"abc", excess=STRAY),
    "stray-late": Shape((OK + HTML + LENGTH + PAGE, 0.1, STRAY), body=PAGE, excess=STRAY),
    # lengths
    "length-twice": whole(OK + b"Content-Length: %d\r\n" % len(PAGE) + HTML + LENGTH),
    "length-list": whole(OK + HTML + b"Content-Length: %d, 0%d\r\n\r\n" % (len(PAGE), len(PAGE))),
    "length-list-lies": Shape(
        (OK + HTML + b"Content-Length: 9, 9\r\n\r\n" + PAGE[:9] + STRAY,),
        body=PAGE[:9],
        excess=STRAY,
        truncated="unspecified",
    ),
    "length-conflict": Shape(
        (OK + HTML + b"Content-Length: 17\r\n" + LENGTH + PAGE, CLOSE), body=PAGE, truncated="unspecified"
    ),
    "length-garbage": Shape((OK + HTML + b"Content-Length: 12ab\r\n\r\n" + PAGE, CLOSE), body=PAGE),
    "length-and-chunked": Shape(
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(PAGE, 500) + b"0\r\n\r\n",), body=PAGE
    ),
    "to-close": Shape((OK + HTML + b"\r\n" + PAGE, CLOSE), body=PAGE),
    "http-1.0": Shape((b"HTTP/1.0 200 OK\r\n" + HTML + b"\r\n" + PAGE[:50], 0.05, PAGE[50:], CLOSE), body=PAGE),
    "http-1.0-keep": whole(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + HTML + LENGTH),
    # chunks
    "chunked": Shape((OK + HTML + CHUNKED + chunks(PAGE, 100) + b"0\r\n\r\n",), body=PAGE, keeps=True),
    "chunk-extensions": Shape(
        (
            OK + HTML + CHUNKED,
            chunks(PAGE, 300, b'%X ;a;b="c d";sig=\xff\r\n'),
            b"000;last\r\nX-Trailer: 1\r\nx-trailer: 2\r\n\r\n",
        ),
        body=PAGE,
        keeps=True,
    ),
    "chunk-upper": Shape((OK + HTML + CHUNKED + b"00AbC\r\n" + b"z" * 0xABC + b"\r\n0\r\n\r\n",), keeps=True),
    "chunk-lf": Shape((OK + CHUNKED + b"3\nabc\n2\r\nde\r\n0\n\n",), body=b"abcde", keeps=True),
    "chunk-dribble": Shape(
        slowly(OK + CHUNKED, b"1", b"0\r", b"\n" + b"x" * 15, b"x\r", b"\n0\r\n", b"\r\n"),
        body=b"x" * 16,
        keeps=True,
    ),
    "gzip-chunked": Shape(
        (OK + HTML + b"Content-Encoding: gzip\r\n" + CHUNKED + chunks(ZIPPED, 64) + b"0\r\n\r\n",), keeps=True
    ),
    "te-gzip": Shape(
        (OK + HTML + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks(ZIPPED, 64) + b"0\r\n\r\n",),
        body=ZIPPED,
        keeps=True,
    ),
    "te-identity": whole(OK + HTML + b"Transfer-Encoding: identity\r\n" + LENGTH),
    "chunk-no-end": Shape((OK + CHUNKED + chunks(PAGE, 500), CLOSE), body=PAGE, truncated="disconnect"),
    "chunk-cut": Shape((OK + CHUNKED + b"64\r\nabc", CLOSE), body=b"abc", truncated="disconnect"),
    "chunk-garbage": Shape(
        (OK + CHUNKED + b"3\r\nabc\r\nzzzz\r\nrest", CLOSE), body=b"abc", truncated="unspecified"
    ),
    "chunk-long": Shape((OK + CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n", CLOSE), body=b"abc", truncated="unspecified"),
    "chunk-2-72": Shape((OK + CHUNKED + b"ffffffffffffffffff\r\nabc", CLOSE), body=b"", truncated="unspecified"),
    # broken off
    "short": Shape((OK + HTML + LENGTH + PAGE[:100], CLOSE), body=PAGE[:100], truncated="disconnect"),
    "reset-body": Shape((OK + HTML + LENGTH + PAGE[:100], 0.1, RESET), body=PAGE[:100], truncated="disconnect"),
    "head-cut": Shape((OK + b"X-A: 1", CLOSE), None, truncated="disconnect", error="ResponseDataLossError"),
    "hints-only": Shape((HINTS, CLOSE), None, interim=HINTS, truncated="disconnect", error="ResponseDataLossError"),
    "nothing": Shape((CLOSE,), None, error="DownloadFailedError"),
    "reset-first": Shape((0.02, RESET), None, error="DownloadFailedError"),
    "http-0.9": Shape((PAGE, CLOSE), None, truncated="unspecified", error="DownloadFailedError"),
    "blank-first": Shape(
        (b"\r\n" + OK + LENGTH + PAGE, CLOSE), None, truncated="unspecified", error="DownloadFailedError"
    ),
    "negative": Shape(
        (b"HTTP/1.1 -200 Neg\r\n" + LENGTH + PAGE, CLOSE), None, truncated="unspecified", error="DownloadFailedError"
    ),
    # too slow (the tests set the idle limit to 1 s, the whole to 3 s)
    "stall-head": Shape((OK, 8.0), None, truncated="time", error="DownloadTimeoutError"),
    "stall-body": Shape((OK + HTML + LENGTH + PAGE[:10], 8.0), body=PAGE[:10], truncated="time"),
    "silent": Shape((8.0,), None, error="DownloadTimeoutError"),
    "slow-body": Shape(slowly(OK + HTML + LENGTH, *[b"<"] * 30, pause=0.4), truncated="time", endless=True),
    # too much (the tests set heads to 128 KiB, bodies to 256 KiB)
    "endless-headers": Shape(
        (OK, Endless(b"X-Pad: " + b"h" * 4000 + b"\r\n")),
        None, truncated="length", endless=True, kept=range(131072, 131073), error="DownloadFailedError",
    ),
    "endless-line": Shape(
        (OK + b"X-Pad: ", Endless(b"h" * 65536)),
        None, truncated="length", endless=True, kept=range(131072, 131073), error="DownloadFailedError",
    ),
    "endless-interim": Shape(
        (Endless(CONTINUE),), None, truncated="length", endless=True, kept=range(1), error="DownloadFailedError"
    ),
    "endless-body": Shape(
        (OK + HTML + b"\r\n", Endless(b"<p>endless</p>\n" * 1000)),
        truncated="length", endless=True, kept=range(262144, 262144 + 100),
    ),
    "endless-chunks": Shape(
        (OK + CHUNKED, Endless(chunks(b"z" * 64_000, 1000))),
        truncated="length", endless=True, kept=range(262144, 262144 + 100),
    ),
    "endless-chunk-line": Shape(
        (OK + CHUNKED + b"3;", Endless(b"x" * 65536)), body=b"", truncated="unspecified", endless=True,
    ),
    "endless-trailer": Shape(
        (OK + CHUNKED + b"3\r\nabc\r\n0\r\n", Endless(b"X-T: t\r\n" * 1000)),
        body=b"abc", truncated="length", endless=True,
    ),
    "endless-chunk": Shape(
        (OK + CHUNKED + b"fffffffffff\r\n", Endless(b"z" * 65536)),
        truncated="length", endless=True, kept=range(262144, 262144 + 100),
    ),
    "announced": Shape(
        (OK + HTML + b"Content-Length: 4000000000\r\n\r\n", Endless(b"z" * 65536)),
        truncated="length", endless=True, kept=range(40, 262144 + 100),
    ),
    # over TLS only
    "rude-end": Shape((OK + HTML + b"\r\n" + PAGE, 0.05, RUDE), body=PAGE, truncated="disconnect"),
}  # fmt: skip

TLS_SHAPES = (
    "plain",
    "hints",
    "gzip-chunked",
    "chunk-extensions",
    "to-close",
    "short",
    "stray",
    "stall-body",
    "rude-end",
)
"""Repeated over TLS."""


@dataclass
class Served:
    """One request and what was sent for it, as the socket saw them."""

    name: str
    connection: int
    request: bytes
    sent: bytearray = field(default_factory=bytearray)


class OddServer:
    """Serves on a free port of 127.0.0.1 while the context lasts, one thread a connection."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.log: list[Served] = []
        self.hang_up_before: set[str] = set()
        """Paths of which the first request is not answered: the connection is closed when it comes."""
        self.connections = 0
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> OddServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def url(self, name: str) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/{name}"

    def served(self, name: str) -> list[Served]:
        return [entry for entry in self.log if entry.name == name]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(accepted, self.connections), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        plain.settimeout(20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), self._tls.wrap_socket(plain, server_side=True) if self._tls else plain as stream:
            waiting = b""
            while True:
                while b"\r\n\r\n" not in waiting:
                    more = stream.recv(65536)
                    if not more:
                        return
                    waiting += more
                end = waiting.index(b"\r\n\r\n") + 4
                for line in waiting[:end].lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        end += int(line.partition(b":")[2])
                while len(waiting) < end:
                    waiting += stream.recv(65536)
                request, waiting = waiting[:end], waiting[end:]
                path = request.split(b" ")[1].decode().strip("/")
                if path in self.hang_up_before:
                    self.hang_up_before.discard(path)
                    return
                name = path.partition("?")[0]
                entry = Served(name, number, request)
                self.log.append(entry)
                if self._play(SHAPES[name].script, stream, entry):
                    return

    def _play(self, script: Iterable[Step], stream: socket.socket, entry: Served) -> bool:
        for step in script:
            if isinstance(step, bytes):
                stream.sendall(step)
                entry.sent += step
            elif isinstance(step, float):
                time.sleep(step)
            elif isinstance(step, Endless):
                while len(entry.sent) < step.cap:
                    entry.sent += step.piece
                    stream.sendall(step.piece)
            elif step == RESET:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return True
            else:
                if step == CLOSE and isinstance(stream, ssl.SSLSocket):
                    with suppress(OSError):
                        stream.unwrap()
                elif step == RUDE:
                    stream.shutdown(socket.SHUT_RDWR)
                return True
        return False


def make_certificate(path: Path, address: str = "127.0.0.1") -> None:
    """A key and a certificate for an address, signed by itself: the server's, and the one that the client trusts."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "odd server")])
    names = [x509.IPAddress(ipaddress.ip_address(address)), x509.DNSName("odd.example")]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
