"""Serves ReplayWeb.page and packages on loopback, by range where that is asked for, and notes every request."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Showroom:
    """One server for the pages, and one that is the browser's proxy for all else: it refuses, and remembers."""

    def __init__(self, folder: Path, packages: dict[str, Path]) -> None:
        self.folder, self.packages = folder, packages
        self.refused: list[str] = []
        """What the browser wanted from elsewhere."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), self._refusing())
        self.base = f"http://127.0.0.1:{self._server.server_port}/"
        self.proxy = f"http://127.0.0.1:{self._proxy.server_port}"

    def __enter__(self) -> Showroom:
        for server in (self._server, self._proxy):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._server, self._proxy):
            server.shutdown()
            server.server_close()

    def _file(self, target: str) -> Path | None:
        name = urlsplit(target).path.lstrip("/") or "index.html"
        path = self.packages.get(name, self.folder / name)
        return path if path.is_file() and ".." not in name else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        room = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = room._file(self.path)
                if path is None:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                data = path.read_bytes()
                asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
                total = len(data)
                if asked:
                    first, last = asked.groups()
                    start = int(first) if first else max(0, total - int(last))
                    end = min(int(last) if first and last else total - 1, total - 1)
                    data = data[start : end + 1]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(data)))
                if asked:
                    self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None: ...

        return Handler

    def _refusing(self) -> type[BaseHTTPRequestHandler]:
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                room.refused.append(self.path)
                self.send_error(502)

            do_CONNECT = do_HEAD = do_POST = do_OPTIONS = do_GET

            def log_message(self, *_: object) -> None: ...

        return Handler
