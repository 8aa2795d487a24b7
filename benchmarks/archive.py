"""``scrapy archive`` judged: a long list with broken addresses in it, and rich pages against other people's archivers.

    python benchmarks/archive.py broken                         1,000 addresses, 48 of them broken, each in its own way
    python benchmarks/archive.py tools --archivebox BIN         rich pages: what each tool keeps, and what it costs

Everything is served on loopback. ``broken`` holds each line of ``failures.txt`` and ``README.txt`` against what was
done to that address; ``tools`` takes the pages of the sample web's gallery, one tool after the other, and counts

kept
    the requisites of a page that an archiver without a browser can know of (``RichPage.plain``), and all that Chromium
    asks for, that are in the tool's WARC files with the status that the site gives
replay
    what Chromium, with no other network than pywb over these WARC files, asked for in vain, and the share of pixels
    that differ from the live page
CPU
    user and system time of the tool and of all that it started, by page

Exit status 1 if ``scrapy archive`` does not do what it should. ``tools`` needs wget, Chromium and ``make replay-env``
(``BROADSHEET_REPLAY_ENV`` says where that is, if not here).
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import importlib.util
import json
import os
import re
import resource
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sampleweb import SampleWeb  # noqa: E402

SETTINGS = ("-s", "ALLOW_PRIVATE_ADDRESSES=1", "-s", "BROADSHEET_DELAY=0.01", "-L", "ERROR")

# --------------------------------------------------------------------------- a long list

PATIENCE = 3
"""Seconds without a byte after which the crawl is told to cut an exchange."""

LARGEST = 200_000
"""Bytes of the largest response that the crawl is told to keep."""

GOOD_HOSTS = 20

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Broken:
    """One address that is broken, and how that should be told."""

    name: str
    says: str
    """A pattern that the line about it must have."""
    answer: bytes | Answer = b""
    url: str = ""
    """Where it is no address of the server."""
    alone: bool = False
    """On a host of its own."""
    kept: bool = False
    """The response is archived as it came, and said to be odd."""
    robots: bytes = b""
    more: Mapping[str, bytes] = field(default_factory=dict)
    """Other paths of the same host."""


def response(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", "Content-Type: text/html; charset=utf-8", f"Content-Length: {size}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def page(number: int) -> bytes:
    """A small article."""
    words = f"ferry harbour council bridge winter timetable number {number} island crossing repair weather".split()
    paragraphs = [
        f"<p>{' '.join(words[(at + number * 7 + place) % len(words)] for place in range(40)).capitalize()}.</p>"
        for at in range(5)
    ]
    return (
        f'<!doctype html><html lang="en"><head><title>Story {number} of the list</title>'
        f'<meta property="og:type" content="article"></head><body><article><h1>Story {number} of the list</h1>'
        f"{''.join(paragraphs)}</article></body></html>"
    ).encode()


def chain(name: str, hops: int) -> dict[str, bytes]:
    return {f"/{name}-{hop}": response("302 Found", b"", f"Location: /{name}-{hop + 1}") for hop in range(1, hops)} | {
        f"/{name}-{hops}": response("200 OK", page(hops))
    }


async def reset(writer: asyncio.StreamWriter) -> None:
    handle: socket.socket = writer.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(120)


async def stall(writer: asyncio.StreamWriter) -> None:
    writer.write(response("200 OK", page(1)[:300], length=5000))
    await asyncio.sleep(120)


async def endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Endless: " + b"a" * 8000 + b"\r\n")
        await writer.drain()


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>")
    while True:
        writer.write(b"<p>and so on</p>" * 500)
        await writer.drain()


PACKED = gzip.compress(page(1))
SOFT = b"<html><head><title>Page not found</title></head><body><h1>404 - Page not found</h1><p>Sorry, the page you are"
SOFT += b" looking for does not exist.</p></body></html>"
CHALLENGE = b"<html><head><title>Just a moment...</title></head><body><script src='/cdn-cgi/challenge-platform/x.js'>"
CHALLENGE += b"</script><form id='challenge-form'></form></body></html>"
SHELL = b"<html><head><title>App</title></head><body><div id=root></div><script src=/app.js></script></body></html>"


def broken(refused: int, tls: int, expired: int) -> list[Broken]:
    """All the ways. ``refused`` is a port where nobody listens, ``tls`` one whose certificate nobody trusts."""
    return [
        Broken("not-found", r"404 Not Found", response("404 Not Found", b"<p>gone")),
        Broken("gone", r"410 Gone", response("410 Gone", b"<p>gone")),
        Broken("log-in", r"401 Unauthorized", response("401 Unauthorized", b"no", "WWW-Authenticate: Basic")),
        Broken("forbidden", r"403 Forbidden", response("403 Forbidden", b"no")),
        Broken("legal", r"451 Unavailable For Legal Reasons", response("451 Unavailable", b"no")),
        Broken("odd-status", r"status 799", response("799 Request Denied", b"no")),
        Broken("error", r"500 Internal Server Error", response("500 Error", b"oops")),
        Broken("gateway", r"502 Bad Gateway", response("502 Bad Gateway", b"oops")),
        Broken("soon", r"503 Service Unavailable", response("503 Busy", b"", "Retry-After: 1"), alone=True),
        Broken("tomorrow", r"503 Service Unavailable.*asked to wait", response("503 Busy", b"", "Retry-After: 86400"),
               alone=True),
        Broken("too-many", r"429 Too Many Requests", response("429 Slow", b"", "Retry-After: 1"), alone=True),
        Broken("no-content", r"204 No Content", b"HTTP/1.1 204 No Content\r\n\r\n"),
        Broken("empty", r"empty", response("200 OK")),
        Broken("soft-404", r"not found", response("200 OK", SOFT)),
        Broken("challenge", r"robot", response("200 OK", CHALLENGE)),
        Broken("shell", r"--browser", response("200 OK", SHELL), kept=True, more={"/app.js": response("200 OK", b"1")}),
        Broken("binary", r"no page: application/zip", b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n"
               b"Content-Length: 4\r\n\r\nPK\3\4", kept=True),
        Broken("silence", r"nothing came for", silence, alone=True),
        Broken("stall", r"cut off", stall, alone=True),
        Broken("reset", r"no answer.*broken off", reset, alone=True),
        Broken("no-answer", r"no answer.*closed", alone=True),
        Broken("cut", r"cut off", response("200 OK", page(1)[:400], length=9000), alone=True),
        Broken("cut-chunks", r"cut off", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nabc", alone=True),
        Broken("cut-head", r"cut off", b"HTTP/1.1 200 OK\r\nContent-", alone=True),
        Broken("lengths", r"contradict", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n" + page(1),
               alone=True),
        Broken("bad-gzip", r"gzip|unpack", response("200 OK", PACKED[:10] + b"\0" * 90, "Content-Encoding: gzip")),
        Broken("endless-head", r"head", endless_head, alone=True),
        Broken("endless-body", r"larger than", endless_body, alone=True),
        Broken("not-http", r"not.* HTTP", b"SSH-2.0-OpenSSH_9.2p1\r\n", alone=True),
        Broken("to-itself", r"redirects lead in a circle", response("302 Found", b"", "Location: to-itself.html")),
        Broken("loop", r"redirects lead in a circle", response("302 Found", b"", "Location: /loop-2"),
               more={"/loop-2": response("302 Found", b"", "Location: /loop.html")}),
        Broken("chain", r"more than 10 redirects", response("302 Found", b"", "Location: /chain-1"),
               more=chain("chain", 14)),
        Broken("to-nowhere", r"refused the connection",
               response("302 Found", b"", f"Location: http://127.0.0.9:{refused}/x")),
        Broken("to-404", r"404 Not Found", response("302 Found", b"", "Location: /is-not-there.html")),
        Broken("to-mail", r"mailto", response("302 Found", b"", "Location: mailto:desk@example.org")),
        Broken("no-location", r"without a Location", response("302 Found", b"moved")),
        Broken("disallowed", r"robots\.txt", response("200 OK", page(1)), alone=True,
               robots=b"User-agent: *\nDisallow: /\n"),
        Broken("no-robots", r"robots\.txt", response("200 OK", page(1)), alone=True, robots=b"500"),
        Broken("no-host", r"no address found|no such host", url="http://no-such-host.invalid/story.html"),
        Broken("no-server", r"refused the connection", url=f"http://127.0.0.9:{refused}/story.html"),
        Broken("certificate", r"certificate", url=f"https://127.0.0.9:{tls}/story.html"),
        Broken("no-tls", r"TLS", url=f"https://127.0.0.8:{expired}/story.html"),
        Broken("malformed", r"no web address", url="http://[::1/story.html"),
        Broken("user", r"user name", url="http://reader:secret@127.0.0.9/story.html"),
        Broken("mail", r"mailto", url="mailto:desk@example.org"),
        Broken("ftp", r"ftp", url="ftp://example.org/story.txt"),
        Broken("file", r"file", url="file:///etc/hostname"),
        Broken("words", r"no web address", url="see the story about the ferry"),
    ]  # fmt: skip


class Server:
    """Answers as it is told to, by host and path, byte for byte."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], bytes | Answer] = {}
        self.asked: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self.port = self.tls = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        self._loop.set_exception_handler(lambda loop, context: None)  # the ways in which clients leave
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory() as name:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            both = Path(name) / "both.pem"
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.9",
                 "-addext", "subjectAltName=IP:127.0.0.9", "-keyout", both, "-out", f"{both}.crt"],
                check=True, capture_output=True,
            )  # fmt: skip
            context.load_cert_chain(f"{both}.crt", both)
        secure = await asyncio.start_server(self._serve, "127.0.0.9", 0, ssl=context)
        self.tls = secure.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                first = await reader.readexactly(1)
                if first == b"\x16":  # TLS, where none is spoken
                    writer.write(response("400 Bad Request"))
                    break
                head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                host = re.search(r"(?im)^host: *([^\s:]+)", head)
                name = host[1] if host else ""
                self.asked[f"http://{name}:{self.port}{path}"] += 1
                answer = self.answers.get((name, path), response("404 Not Found", b"not here"))
                if callable(answer):
                    await answer(writer)
                    break
                writer.write(answer)
                await writer.drain()
                if not re.search(rb"(?i)^HTTP/1.1 \d+ [^\r]*\r\n(?:[^\r]+\r\n)*Content-Length", answer):
                    break
                (length,) = re.findall(rb"(?i)content-length: (\d+)", answer)[:1]
                if len(answer.partition(b"\r\n\r\n")[2]) != int(length):
                    break
        with suppress(OSError, RuntimeError):
            writer.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.9", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def long_list(server: Server, number: int) -> tuple[list[str], dict[str, Broken]]:
    """The addresses, broken ones spread among good ones; and the broken ones by address."""
    ways = broken(free_port(), server.tls, server.port)
    urls: list[str] = []
    for count in range(number - len(ways)):
        host, path = f"127.0.1.{count % GOOD_HOSTS + 1}", f"/2026/11/story-{count}.html"
        server.answers[host, path] = response("200 OK", page(count))
        urls.append(f"http://{host}:{server.port}{path}")
    wrong: dict[str, Broken] = {}
    step = len(urls) // len(ways)
    for place, way in enumerate(ways):
        host = f"127.0.2.{place + 1}" if way.alone else f"127.0.1.{place % GOOD_HOSTS + 1}"
        server.answers[host, f"/{way.name}.html"] = way.answer
        for path, answer in way.more.items():
            server.answers[host, path] = answer
        if way.robots == b"500":
            server.answers[host, "/robots.txt"] = response("500 Error", b"oops")
        elif way.robots:
            server.answers[host, "/robots.txt"] = response("200 OK", way.robots)
        url = way.url or f"http://{host}:{server.port}/{way.name}.html"
        wrong[url] = way
        urls.insert(place * (step + 1), url)
    return urls, wrong


def judge_broken(number: int, keep: Path | None) -> int:
    with tempfile.TemporaryDirectory(prefix="archive-") as name, Server() as server:
        output = (keep or Path(name)) / "archive"
        urls, wrong = long_list(server, number)
        (Path(name) / "urls.txt").write_text("\n".join(urls) + "\n", "utf-8")
        settings = (
            *SETTINGS, "-s", f"BROADSHEET_IDLE_TIMEOUT={PATIENCE}", "-s", f"DOWNLOAD_MAXSIZE={LARGEST}",
        )  # fmt: skip
        ended = measured(scrapy("archive", "--list", f"{name}/urls.txt", "--output", output, *settings))
        [run] = (output / "runs").iterdir()
        told = dict(line.split("\t# ", 1) for line in (run / "failures.txt").read_text("utf-8").splitlines())
        readme = (run / "README.txt").read_text("utf-8")
        kept = {}
        for line in readme.partition("\nArchived")[2].splitlines():
            if found := re.fullmatch(r"  (\S+)(?:  \((.*)\))?", line):
                kept[found[1]] = found[2] or ""
        texts = {json.loads(line)["url"] for line in (run / "articles.jsonl").open(encoding="utf-8")}
        faults = []
        for url in urls:
            if url not in wrong and (url not in texts or url in told or url not in kept):
                faults.append(f"not archived: {url}")
        for url, way in wrong.items():
            line = kept.get(url, "") if way.kept else told.get(url, "")
            fits = bool(re.search(way.says, line)) and not re.search(r"\w+(Error|Denied|Exception)\b", line)
            print(f"{'  ' if fits else '! '}{way.name:13} {'kept, ' if url in kept and line else ''}{line or '-'}")
            if not fits:
                faults.append(f"{way.name}: {told.get(url) or kept.get(url)!r} is not {way.says!r}")
        faults += [f"named, and not broken: {url}" for url in told if url not in wrong]
        faults += forbidden(Path(name) / "forbidden")
        if ended.status != 3:
            faults.append(f"status {ended.status}, not 3")
        if re.search("Traceback", ended.err):
            faults.append("a traceback: " + ended.err[-3000:])
        checked = measured(scrapy("verify", output, "-L", "ERROR"))
        if checked.status:
            faults.append(f"verify: {checked.out[-2000:]}")
        good = [url for url in urls if url not in wrong]
        print(
            f"\n{len(urls)} addresses, {len(wrong)} broken; {len(texts & set(good))} of {len(good)} good ones archived;"
            f" status {ended.status}; {ended.seconds:.0f} s, {ended.cpu:.1f} s of CPU"
        )
        print("\n".join(faults) or "each broken one is explained in a line")
        return bool(faults)


FORBIDDEN = {
    "http://127.0.0.1:8080/x.html": r"no public address \(loopback\)",
    "http://169.254.169.254/latest/meta-data/": r"no public address \(link-local, cloud metadata\)",
    "http://127.0.0.1:25/x.html": r"port 25 .* not one that web pages are published on",
}
"""Addresses that are not spoken to unless that is allowed, as it is for the rest of this measure."""


def forbidden(output: Path) -> list[str]:
    ended = measured(scrapy("archive", *FORBIDDEN, "--output", output, "-L", "ERROR"))
    told = dict(
        line.split("\t# ", 1)
        for path in output.glob("runs/*/failures.txt")
        for line in path.read_text("utf-8").splitlines()
    )
    for url in FORBIDDEN:
        print(f"  {'forbidden':13} {told.get(url, '-')}")
    faults = [f"{url}: {told.get(url)!r}" for url, says in FORBIDDEN.items() if not re.search(says, told.get(url, ""))]
    return faults + ([] if ended.status == 3 else [f"forbidden addresses: status {ended.status}, not 3"])


# --------------------------------------------------------------------------- other archivers

ALIKE = 0.02
"""Share of pixels that may differ."""


@dataclass(frozen=True)
class Tool:
    name: str
    run: Callable[[Sequence[str], Path], Ended]
    """Archive these addresses into a folder."""
    ours: bool = False
    scripts: bool = False
    """Whether it runs the pages' scripts."""


@dataclass(frozen=True)
class Result:
    """What a tool kept of one page, and how that replays."""

    plain: int
    plain_of: int
    all: int
    all_of: int
    unanswered: tuple[str, ...]
    apart: float


def ours(*options: str) -> Callable[[Sequence[str], Path], Ended]:
    return lambda urls, folder: measured(scrapy("archive", *SETTINGS, *options, "--output", folder / "archive", *urls))


def wget(urls: Sequence[str], folder: Path) -> Ended:
    return measured(
        ["wget", "--quiet", "--page-requisites", "--span-hosts", f"--warc-file={folder}/wget", *urls], cwd=folder
    )


def archivebox(binary: Path, **switches: str) -> Callable[[Sequence[str], Path], Ended]:
    """Without what goes to services elsewhere, or fetches films."""
    environment = {"SAVE_ARCHIVE_DOT_ORG": "False", "SAVE_MEDIA": "False", "SAVE_GIT": "False", **switches}
    environment |= {"CHROME_SANDBOX": "False", "IN_DOCKER": "False", "USE_COLOR": "False", "SHOW_PROGRESS": "False"}

    # It refuses to be run by root.
    command = [*(["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []), str(binary)]

    def run(urls: Sequence[str], folder: Path) -> Ended:
        measured([*command, "init"], cwd=folder, **environment)
        return measured([*command, "add", "--depth=0", *urls], cwd=folder, **environment)

    return run


NO_CHROMIUM = dict.fromkeys(
    ("SAVE_PDF", "SAVE_SCREENSHOT", "SAVE_DOM", "SAVE_SINGLEFILE", "SAVE_READABILITY", "SAVE_MERCURY"), "False"
)


def statuses(warcs: Sequence[Path]) -> dict[str, set[int]]:
    """Address \u2192 statuses of its responses in WARC files."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    found: dict[str, set[int]] = {}
    for path in warcs:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response | WarcRecordType.revisit):
                url = (record.headers["WARC-Target-URI"] or "").strip("<>")
                if record.http_headers is not None:
                    found.setdefault(url, set()).add(record.http_headers.status_code)
    return found


def judge_tools(tools: Sequence[Tool], keep: Path | None) -> int:
    from tests.replay.pictures import differences, lacking, replayed, shoot_all

    if why := lacking(pywb=True):
        sys.exit(why)
    faults: list[str] = []
    with SampleWeb(rich=True, outlets=[]) as web:
        port, pages = web.port, web.rich_pages
        for one in {one.url for page in pages for one in page.requisites if one.flaky}:
            with suppress(HTTPError):
                urlopen(one)
        live = shoot_all(page.url for page in pages)
    rows = []
    for tool in tools:
        with tempfile.TemporaryDirectory(prefix="tool-") as name:
            folder = keep / tool.name.replace(" ", "-") if keep else Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            with SampleWeb(rich=True, outlets=[], port=port):
                ended = tool.run([page.url for page in pages], folder)
            warcs = sorted(folder.rglob("*.warc.gz"))
            if not warcs:
                print(f"\n{tool.name} wrote no WARC (status {ended.status}): {ended.out[-1000:]}{ended.err[-1000:]}")
                continue
            have = statuses(warcs)
            shown = replayed(warcs, [page.url for page in pages])
        apart = differences([(live[page.url].png, shown[page.url].png) for page in pages])
        results = {}
        for page, share in zip(pages, apart, strict=True):
            plain = [one for one in page.requisites if one.plain]
            all_ = [one for one in page.requisites if one.browser and not one.disallowed]
            excused = {one.url for one in page.requisites if one.disallowed}
            results[page.key] = Result(
                plain=sum(one.status in have.get(one.url, ()) for one in plain), plain_of=len(plain),
                all=sum(one.status in have.get(one.url, ()) for one in all_), all_of=len(all_),
                unanswered=tuple(url for url in shown[page.url].unanswered if url not in excused), apart=share,
            )  # fmt: skip
        rows.append((tool, ended, results))
        print(f"\n{tool.name}: status {ended.status}, {ended.seconds:.0f} s")
        for page in pages:
            one = results[page.key]
            print(f"  {page.key:8} {one.plain}/{one.plain_of}  {one.all}/{one.all_of}"
                  f"  {len(one.unanswered)} unanswered  {one.apart:.2%}")  # fmt: skip
            script_made = any(each.browser_only for each in page.requisites) and not tool.scripts
            if tool.ours and (one.plain < one.plain_of or (not script_made and (one.unanswered or one.apart > ALIKE))):
                faults.append(f"{tool.name}, {page.key}: {one}")
        if tool.ours and ended.status:
            faults.append(f"{tool.name} ended with {ended.status}: {ended.out[-2000:]}{ended.err[-2000:]}")
    print(f"\n| {len(pages)} pages | kept, of what markup names | kept, of what Chromium asks for "
          "| replay: in vain | pages alike | largest difference | CPU a page |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for tool, ended, results in rows:
        every = results.values()
        print(
            f"| {tool.name} | {sum(one.plain for one in every)} of {sum(one.plain_of for one in every)}"
            f" | {sum(one.all for one in every)} of {sum(one.all_of for one in every)}"
            f" | {sum(len(one.unanswered) for one in every)}"
            f" | {sum(one.apart <= ALIKE for one in every)} of {len(every)}"
            f" | {max(one.apart for one in every):.1%} | {ended.cpu / len(every):.2f} s |"
        )
    print("\n" + ("\n".join(faults) or "scrapy archive keeps and replays what it should"))
    return bool(faults)


# ------------------------------------------------------------------------------ processes


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str
    seconds: float
    cpu: float
    """User and system time of the process and all that it waited for."""


def scrapy(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "scrapy", *map(str, arguments)]


def measured(command: Sequence[str], *, seconds: float = 600, cwd: Path = ROOT, **environment: str) -> Ended:
    plain = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    if cwd == ROOT:
        plain["PYTHONPATH"] = str(ROOT)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, cwd=cwd, env={**plain, **environment}, capture_output=True, text=True,
        errors="replace", timeout=seconds, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - began, cpu)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    one = what.add_parser("broken")
    one.add_argument("--urls", type=int, default=1000)
    one.add_argument("--keep", type=Path)
    other = what.add_parser("tools")
    other.add_argument("--archivebox", type=Path, help="its command; left out without")
    other.add_argument("--archivebox-chromium", action="store_true", help="a second time as it comes")
    other.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if options.what == "tools":
        tools = [Tool("scrapy archive", ours(), ours=True)]
        if importlib.util.find_spec("playwright"):
            tools.append(Tool("scrapy archive --browser always", ours("--browser", "always"), ours=True, scripts=True))
        tools.append(Tool("wget", wget))
        if options.archivebox:
            binary = options.archivebox.absolute()
            tools.append(Tool("ArchiveBox, wget only", archivebox(binary, **NO_CHROMIUM)))
            if options.archivebox_chromium:
                tools.append(Tool("ArchiveBox", archivebox(binary)))
        return judge_tools(tools, options.keep)
    return judge_broken(options.urls, options.keep)


if __name__ == "__main__":
    sys.exit(main())
