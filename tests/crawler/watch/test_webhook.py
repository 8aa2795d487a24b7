"""The webhook: told when a verdict changes, never a reason to fail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from crawler.watch.webhook import tell


class Receiver:
    """A server that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.status, self.delay = 204, 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                time.sleep(receiver.delay)
                assert self.headers["Content-Type"] == "application/json"
                receiver.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                raise AssertionError("a redirect was followed")

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=s3cret"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def health(*unhealthy: str) -> dict[str, Any]:
    names = ("one", "two", "three")
    return {
        "verdict": "unhealthy" if unhealthy else "healthy",
        "outlets": {name: {"verdict": "unhealthy" if name in unhealthy else "healthy"} for name in names},
    }


def test_it_is_told_of_changes_only(receiver: Receiver, tmp_path: Path) -> None:
    told = tmp_path / "told"
    verdicts = [(), ("one",), ("one",), ("one", "two"), ("two",), (), ()]
    sent = [tell(receiver.url, health(*each), told) for each in verdicts]
    assert sent == [False, True, False, True, True, True, False]
    assert [each["verdict"] for each in receiver.told] == ["unhealthy", "unhealthy", "unhealthy", "healthy"]


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_was_not_taken_is_told_again(
    receiver: Receiver, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = status
    assert not tell(receiver.url, health("one"), tmp_path / "told")
    assert f"it answered {status}" in caplog.text
    assert "s3cret" not in caplog.text
    receiver.status = 200
    assert tell(receiver.url, health("one"), tmp_path / "told")


def test_no_server_and_a_slow_one_cost_little(receiver: Receiver, tmp_path: Path) -> None:
    assert not tell("http://127.0.0.1:9/hook", health("one"), tmp_path / "told")
    receiver.delay = 3.0
    began = time.monotonic()
    assert not tell(receiver.url, health("one"), tmp_path / "told", seconds=0.2)
    assert time.monotonic() - began < 1.5
    assert not (tmp_path / "told").exists()


def test_a_damaged_memory_of_what_was_told_is_none(receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "told").write_text("{")
    assert tell(receiver.url, health("one"), tmp_path / "told")
    assert json.loads((tmp_path / "told").read_text()) == ["one"]
