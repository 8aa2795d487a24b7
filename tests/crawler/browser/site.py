# ruff: noqa: E501 - lines of JavaScript
"""A small site that can be seen in a browser only, and tries whatever a page may try."""

from __future__ import annotations

import gzip
import json
import struct
import threading
import time
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.crawler.conftest import WORDS, story

TITLE = "Ferry returns to its winter timetable"


def picture(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x40\x80" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = picture()

SHELL = """<!doctype html>
<html lang="de"><head><title>Ferry</title><link rel="stylesheet" href="/moved.css"></head>
<body><div id="app"></div>
<img src="/picture.png"><img src="/closed/picture.png"><img src="/missing.png"><img src="http://127.0.0.9:1/x.png">
<script type="module" src="/app.js"></script></body></html>"""

APP = """
import {words} from "/words.js";
const tried = {};
async function attempt(name, work, patience = 9000) {
  const late = new Promise((_, no) => setTimeout(() => no("late"), patience));
  try { tried[name] = await Promise.race([work(), late]); } catch (error) { tried[name] = "failed"; }
}
const other = "@OTHER@";
const json = async (url, options) => (await fetch(url, options)).json();
const story = await json("/story.json");
await Promise.all([
  attempt("redirect", async () => { const r = await fetch("/moved.json"); return [r.redirected, new URL(r.url).pathname]; }),
  attempt("post", () => json("/echo", {method: "POST", body: JSON.stringify({a: "ü"})})),
  attempt("cookies", () => json("/cookies")),
  attempt("cors", () => json(other + "/shared", {headers: {"X-Custom": "1"}})),
  attempt("closed", () => json(other + "/unshared")),
  attempt("head", async () => { const r = await fetch("/words.js", {method: "HEAD"}); return [r.status, (await r.text()).length]; }),
  attempt("range", async () => { const r = await fetch("/bytes", {headers: {Range: "bytes=2-5"}}); return [r.status, (await r.arrayBuffer()).byteLength]; }),
  attempt("coded", async () => (await (await fetch("/coded")).text()).length),
  attempt("worker", () => new Promise((yes, no) => { const w = new Worker("/worker.js"); w.onmessage = e => yes(e.data); w.onerror = no; })),
  attempt("socket", () => new Promise((yes, no) => { const s = new WebSocket(other.replace("http", "ws") + "/socket"); s.onopen = () => yes("open"); s.onerror = no; })),
  attempt("service", () => navigator.serviceWorker.register("/service.js").then(() => navigator.serviceWorker.ready).then(() => "there"), 300),
  attempt("rtc", async () => typeof RTCPeerConnection),
  attempt("file", async () => (await fetch("file:///etc/hostname")).text()),
  attempt("name", () => json("http://name.invalid/")),
]);
tried.style = getComputedStyle(document.body).color;
tried.language = navigator.language;
alert("are you there?");
window.open("/popup");
location.href = "/elsewhere";
document.querySelector("#app").innerHTML =
  "<article><h1>" + story.title + "</h1>" + words.map(word => "<p>" + word + "</p>").join("") + "</article>" +
  "<div style='height: 5000px'></div><img loading='lazy' src='/lazy.png'>";
document.body.dataset.tried = JSON.stringify(tried);
"""


class Site:
    """``asked`` counts methods and paths of what was asked for; ``slow`` seconds pass before the story is given."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.slow = 0.0
        self._servers = [self._serve(), self._serve()]
        self.base, self.other = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _serve(self) -> ThreadingHTTPServer:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                site.asked[self.command, self.path] += 1
                site.headers[self.path] = dict(self.headers)
                status, headers, body = site.answer(self.command, self.path, dict(self.headers), data)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_HEAD = do_OPTIONS = do_GET

            def log_message(self, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *arguments: Any) -> None:
                """Those who ask are killed now and then."""

        server = Server(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def answer(
        self, method: str, path: str, headers: dict[str, str], data: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        html = [("Content-Type", "text/html; charset=utf-8")]
        script = [("Content-Type", "text/javascript")]
        shared = [
            ("Access-Control-Allow-Origin", headers.get("Origin", "null")),
            ("Access-Control-Allow-Headers", "x-custom"),
        ]

        def told(value: Any, *more: tuple[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
            return 200, [("Content-Type", "application/json"), *more], json.dumps(value).encode()

        match path:
            case "/robots.txt":
                return 200, [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /closed/\n"
            case "/shell":
                cookies = [("Set-Cookie", "one=1"), ("Set-Cookie", "two=2; HttpOnly")]
                return 200, [*html, *cookies], SHELL.encode()
            case "/plain":
                return 200, html, story("A plain story", extra='<img src="/picture.png">')
            case "/app.js":
                return 200, script, APP.replace("@OTHER@", self.other).encode()
            case "/words.js":
                return 200, script, f"export const words = {json.dumps(WORDS)};".encode()
            case "/worker.js":
                return 200, script, b"fetch('/story.json').then(r => r.json()).then(s => postMessage(s.title.length))"
            case "/story.json":
                time.sleep(self.slow)
                return told({"title": TITLE})
            case "/moved.json":
                return 302, [("Location", "/story.json?moved")], b""
            case "/story.json?moved":
                return told({})
            case "/moved.css":
                return 301, [("Location", "/deep/style.css")], b""
            case "/deep/style.css":
                return 200, [("Content-Type", "text/css")], b"body { color: rgb(1, 2, 3); background: url(ground.png) }"
            case "/echo":
                return told({"method": method, "body": data.decode()})
            case "/cookies":
                return told(sorted(headers.get("Cookie", "").split("; ")))
            case "/shared" if method == "OPTIONS":
                return 204, shared, b""
            case "/shared":
                return told({"custom": headers.get("X-Custom")}, *shared)
            case "/unshared":
                return told({})
            case "/bytes":
                return 206, [("Content-Range", "bytes 2-5/10")], b"2345"
            case "/coded":
                return 200, [("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], gzip.compress(b"x" * 1000)
            case "/popup" | "/elsewhere":
                return 200, html, story("Another page")
        if path.endswith(".png") and path != "/missing.png":
            return 200, [("Content-Type", "image/png")], PICTURE
        return 404, html, b"not here"
