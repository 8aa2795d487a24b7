"""A small run of the product's own, and the tools that replay it.

pywb, wacz and FastWARC stand in an environment of their own, ReplayWeb.page and playwright-core in ``node_modules``
beside them: ``make replay-env``. Where they or Chromium are missing, the tests that need them are skipped.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipelines.archive.cdxj import write_index
from pipelines.archive.wacz import Page, build
from pipelines.archive.writer import RevisitTarget, WarcWriter
from pipelines.model import Provenance
from sampleweb import SampleWeb
from tests.pipelines.archive.exchanges import make_exchange
from tests.replay.origin import LATER, SERVED, Origin, page, sized

ROOT = Path(__file__).parents[2]
ENVIRONMENT = Path(os.environ.get("BROADSHEET_REPLAY_ENV", ROOT / ".venv-replay"))
NODE_MODULES = ENVIRONMENT / "node_modules"
HINT = "(make replay-env)"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "replay: needs other people's replay tools, see docs/replay.md")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.replay)


@dataclass(frozen=True)
class Reading:
    """What a reader should get for an address."""

    body: bytes
    status: int = 200
    location: str | None = None
    charset: str = ""


@dataclass
class Archive:
    """Runs of a job, and what was served for them."""

    runs: list[Path]
    origin: str
    articles: dict[str, str]
    """Sample articles: address → headline."""
    readings: dict[str, Reading]
    packages: list[Path]

    @property
    def warcs(self) -> list[Path]:
        return sorted(path for run in self.runs for path in run.glob("*.warc.gz"))

    def index(self, run: int = 0) -> dict[str, dict[str, str]]:
        """Address → its line of the run's own index, with its timestamp."""
        found = {}
        for line in (self.runs[run] / "index.cdxj").read_text("utf-8").splitlines():
            _, timestamp, fields = line.split(" ", 2)
            entry = json.loads(fields)
            found[entry["url"]] = {**entry, "timestamp": timestamp}
        return found

    def of_origin(self, *names: str) -> list[str]:
        return [self.origin + name for name in names]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Two runs of ``scrapy archive`` over sample articles and everything that the origin serves, and their WACZ."""
    job = tmp_path_factory.mktemp("replay") / "job"
    articles: dict[str, str] = {}
    readings: dict[str, Reading] = {}
    with SampleWeb() as web, Origin() as origin:
        for outlet in web.outlets:
            mine = (one for one in web.articles() if one.outlet == outlet.key and one.kind == "article")
            # One outlet sends some pages with a wrong charset in the header: browsers then show them garbled, live
            # and replayed alike.
            expected = next(one for one in mine if "iso-8859" not in _ask(one.url).charset)
            articles[expected.url] = expected.headline
            short = next((alias for alias in expected.aliases if "/go/" in alias), None)
            for url in (expected.url, short):
                if url is not None:
                    readings[url] = _ask(url)
        for name, served in SERVED.items():
            location = origin.home + served.location if served.location else None
            readings[origin.home + name] = Reading(served.body, served.status, location)
        scrapy("archive", "--output", str(job), *(url for url in readings if not url.endswith(LATER)))
        scrapy("archive", "--output", str(job), origin.home + LATER)
    runs = sorted((job / "runs").iterdir())
    scrapy("wacz", str(job))
    return Archive(runs, origin.home, articles, readings, [next(run.glob("*.wacz")) for run in runs])


@pytest.fixture(scope="session")
def not_modified(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A page and a later ``server-not-modified`` of it, written by the writer itself; the package has both."""
    folder = tmp_path_factory.mktemp("not-modified") / "runs" / "direct"
    folder.mkdir(parents=True)
    url, first = "http://unchanged.example/story", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    writer = WarcWriter(folder, prefix="Direct", info={"software": "Broadsheet"})
    request = b"GET /story HTTP/1.1\r\nHost: unchanged.example\r\n\r\n"
    story = page("unchanged")
    ref = writer.write(
        make_exchange(sized(story, b'ETag: "1"\r\n'), url=url, started=first, request=request), Provenance()
    )
    writer.write(
        make_exchange(
            b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nDate: Tue, 03 Mar 2026 08:30:00 GMT\r\n\r\n',
            url=url, started=first + timedelta(days=1), request=request,
        ),
        Provenance(),
        revisit_of=RevisitTarget(ref.record_id, ref.url, ref.date),
    )  # fmt: skip
    writer.seal()
    warcs = sorted(folder.glob("*.warc.gz"))
    write_index(warcs, folder / "index.cdxj")
    pages = [Page(url=url, date=ref.date, title="Headline of unchanged", text="The ferry was late again.")]
    build(warcs, pages, folder / "direct.wacz", created=first, title="direct")
    return Archive([folder], "http://unchanged.example/", {}, {url: Reading(story)}, [folder / "direct.wacz"])


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the replay environment's commands."""
    folder = ENVIRONMENT / "bin"
    missing = [name for name in ("wayback", "wb-manager", "cdxj-indexer", "wacz") if not (folder / name).exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {ENVIRONMENT.name} {HINT}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """A Chromium with node, playwright-core and ReplayWeb.page."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium: apt-get install chromium")
    node = shutil.which("node")
    version = run([node, "--version"]).strip() if node else "none"
    if node is None or int(version.lstrip("v").partition(".")[0]) < 20:
        pytest.skip(f"playwright-core needs node 20 or newer, here is {version}")
    for package in ("playwright-core", "replaywebpage"):
        if not (NODE_MODULES / package / "package.json").exists():
            pytest.skip(f"npm's {package} not in {ENVIRONMENT.name} {HINT}")
    return browser


@pytest.fixture(scope="session")
def node_modules(chromium: str) -> Path:
    return NODE_MODULES


def run(
    command: list[str | Path],
    *,
    seconds: float = 60,
    stdin: str | None = None,
    cwd: Path = ROOT,
    statuses: tuple[int, ...] = (0,),
) -> str:
    """Standard output of a command; one that fails or hangs is ended with everything it started."""
    parts = [str(part) for part in command]
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    with subprocess.Popen(
        parts, cwd=cwd, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, errors = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            output, errors = process.communicate()
            pytest.fail(f"{parts[0]} did not end in {seconds} s:\n{output[-2000:]}\n{errors[-2000:]}")
    assert process.returncode in statuses, (
        f"{parts} ended with {process.returncode}:\n{output[-2000:]}\n{errors[-2000:]}"
    )
    return output


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """pywb on the collections of a folder; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with (folder / "wayback.log").open("wb") as log:
        server = subprocess.Popen(
            [ENVIRONMENT / "bin" / "wayback", "--bind", "127.0.0.1", "--port", str(port)],
            cwd=folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + 40
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert server.poll() is None and time.monotonic() < until, (folder / "wayback.log").read_text()[-2000:]
            time.sleep(0.1)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def scrapy(command: str, *arguments: str) -> None:
    settings = [
        "-s",
        "ALLOW_PRIVATE_ADDRESSES=1",
        "-s",
        "DOWNLOAD_DELAY=0.02",
        "-s",
        "ROBOTSTXT_OBEY=0",
        "-L",
        "WARNING",
    ]
    # 3: some of what is served here is an error, and is archived as one.
    run([sys.executable, "-m", "scrapy", command, *settings, *arguments], statuses=(0, 3))


def _ask(url: str) -> Reading:
    """What the sample web answers, without a content coding."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        response = connection.getresponse()
        charset = response.headers.get_content_charset("")
        return Reading(response.read(), response.status, response.getheader("Location"), charset)
    finally:
        connection.close()
