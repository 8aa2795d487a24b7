"""``scrapy replay``: two runs opened in pywb, as a user opens them."""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.commands.replay import ENDING, Command
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow.package import package
from pipelines.flow.replay import Collection, collect
from tests.crawler.conftest import Pages, story
from tests.crawler.shell import PRIVATE, ROOT, end, processes_of, read_lines, scrapy, start

FAST = (*PRIVATE, "-s", "DOWNLOAD_DELAY=0.01", "-s", "ROBOTSTXT_OBEY=0", "-s", "BROADSHEET_WORKERS=1")
ENVIRONMENT = Path(os.environ.get("BROADSHEET_REPLAY_ENV", ROOT / ".venv-replay"))
needs_pywb = pytest.mark.skipif(
    not (ENVIRONMENT / "bin" / "wayback").exists(), reason="pywb is not there (make replay-env)"
)

HEADLINE = "Ferry keeps its winter timetable"


@dataclass(frozen=True)
class Archived:
    runs: list[Path]
    base: str
    pages: dict[str, bytes]
    """Path → body, of the first run; in the second ``/b.html`` is another and the rest as before."""


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    server, job = Pages(), tmp_path_factory.mktemp("replay") / "job"
    first = {"/a.html": story(HEADLINE), "/b.html": story("Harbour wall is to be raised")}
    server.pages |= first
    urls = [f"{server.base}{path}" for path in (*first, "/gone.html")]
    try:
        for body in (first["/b.html"], story("Harbour wall is not to be raised after all")):
            server.pages["/b.html"] = body
            assert scrapy("archive", *urls, "--output", job, *FAST).status in (0, 3)
    finally:
        server.close()
    return Archived(sorted((job / "runs").iterdir()), server.base, first)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "collection").mkdir()
    return tmp_path / "collection"


def index_of(collection: Collection, number: int = -1) -> dict[str, list[dict[str, str]]]:
    """Address → entries of an index folder, by time."""
    found: dict[str, list[dict[str, str]]] = {}
    lines = [line for path in sorted(collection.indexes[number].iterdir()) for line in path.read_text().splitlines()]
    assert lines == sorted(lines)
    for line in lines:
        entry = json.loads(line.split(" ", 2)[2])
        found.setdefault(entry["url"], []).append(entry)
    return found


def record(collection: Collection, entry: dict[str, str]) -> bytes:
    """What pywb reads for a line of the index."""
    data = (collection.archive / entry["filename"]).read_bytes()
    return gzip.decompress(data[int(entry["offset"]) :][: int(entry["length"])])


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------------- as a user runs it


@pytest.fixture(scope="module")
def replaying(
    archived: Archived, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[str], list[str], Path]]:
    """The second run, replayed; what was printed, and where its temporary files are."""
    scratch = tmp_path_factory.mktemp("tmp")
    environment = {**os.environ, "TMPDIR": str(scratch), "BROADSHEET_REPLAY_ENV": str(ENVIRONMENT)}
    process = start("replay", archived.runs[1], "--no-open", "--port", "0", env=environment)
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ctrl-C"):
            break
    yield process, lines, scratch
    end(process)


def get(address: str) -> tuple[int, bytes]:
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", address)
    assert found
    connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
    try:
        connection.request("GET", found[2])
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@needs_pywb
def test_a_run_is_replayed(archived: Archived, replaying: tuple[subprocess.Popen[str], list[str], Path]) -> None:
    process, lines, scratch = replaying
    before = contents(archived.runs[0].parent)
    assert lines[0] == f"job, run {archived.runs[1].name}: 3 pages", lines
    told = {line.split()[-1].removeprefix(archived.base): line for line in lines if line.endswith(".html")}
    assert re.match(r"  article +Harbour wall is not to be raised after all ", told["/b.html"])
    assert re.match(rf"  article, as before +{HEADLINE} ", told["/a.html"])
    assert told["/gone.html"].startswith("  404 Not Found")
    address = next(line.removeprefix("At ") for line in lines if line.startswith("At "))
    assert address.endswith(f"/{archived.base}/b.html")
    status, body = get(address)
    assert status == 200
    assert b"Harbour wall is not to be raised after all" in body

    root = address[: address.index("/archive/")] + "/archive"
    # As they came: from the run that was named, though the job has an older one; and what only the older one holds.
    assert b"is not to be" in get(f"{root}/id_/{archived.base}/b.html")[1]
    assert get(f"{root}/id_/{archived.base}/a.html") == (200, archived.pages["/a.html"])
    assert get(f"{root}/id_/{archived.base}/gone.html") == (404, b"not here")
    assert get(f"{root}/id_/{archived.base}/never.html")[0] == 404

    # By the address of the page itself, as the Chromium asks that has pywb for a proxy.
    connection = http.client.HTTPConnection(root.split("/")[2], timeout=20)
    connection.request("GET", f"{archived.base}/a.html")
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, archived.pages["/a.html"])
    connection.request("GET", f"{archived.base}/never.html")
    assert connection.getresponse().status == 404
    connection.close()

    started = processes_of(process.pid)
    assert list(scratch.glob("broadsheet-replay-*"))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    with pytest.raises(ConnectionRefusedError):
        get(address)
    assert list(scratch.iterdir()) == []
    assert contents(archived.runs[0].parent) == before


@pytest.fixture
def pretended(tmp_path: Path) -> Path:
    """An environment whose pywb cannot start."""
    command = tmp_path / "env" / "bin" / "wayback"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho the reason of it\nexit 3\n", "utf-8")
    command.chmod(0o755)
    return tmp_path / "env"


def standing(folder: Path) -> Path:
    """A stand-in for pywb that listens and does nothing, and a ``chrome`` that tells how it was called and ends."""
    serving = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[-1]))); s.accept(); s.accept()"
    for name, text in {
        "bin/wayback": f"#!{sys.executable}\n{serving}\n",
        "chrome": '#!/bin/sh\necho "$@"; exit 4\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str]]]:
    """The command in this process: its exit status and standard error."""
    handlers = {number: signal.getsignal(number) for number in ENDING}

    def run(*arguments: object) -> tuple[int, str]:
        command = Command()
        command.settings = Settings()
        parser = argparse.ArgumentParser()
        parser.add_argument("targets", nargs="+")
        command.add_options(parser)
        opts = parser.parse_args(list(map(str, arguments)))
        command.run(opts.targets, opts)
        return command.exitcode, capsys.readouterr().err

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_without_pywb_it_says_what_to_do(
    archived: Archived, tmp_path: Path, replay: Callable[..., tuple[int, str]]
) -> None:
    status, errors = replay(archived.runs[0], "--env", tmp_path, "--no-open")
    assert status == 2
    assert errors == (
        f"scrapy replay: pywb is not in {tmp_path}: run `make replay-env` in the checkout; or drop the .wacz"
        " (`scrapy wacz` makes one) on https://replayweb.page\n"
    )


def test_what_pywb_said_when_it_ended_is_told(
    archived: Archived, pretended: Path, replay: Callable[..., tuple[int, str]]
) -> None:
    status, errors = replay(archived.runs[0], "--env", pretended, "--no-open")
    assert status == 1
    assert errors == "scrapy replay: pywb ended with status 3:\n  the reason of it\n"


def test_what_chromium_said_when_it_ended_is_told(
    archived: Archived, tmp_path: Path, replay: Callable[..., tuple[int, str]]
) -> None:
    """And pywb, which waits for it, is ended."""
    status, errors = replay(archived.runs[0], "--env", standing(tmp_path), "--chromium", tmp_path / "chrome")
    assert status == 1
    assert errors.startswith(
        "scrapy replay: Chromium ended with status 4 (--rewritten opens your own browser instead):"
    )
    [told] = errors.splitlines()[1:]
    [port] = re.findall(r"--proxy-server=http://127\.0\.0\.1:(\d+) ", told)
    assert "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1 " in told
    assert told.endswith(f" {archived.base}/a.html")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=5)


def test_a_port_in_use(archived: Archived, pretended: Path, replay: Callable[..., tuple[int, str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, errors = replay(archived.runs[0], "--env", pretended, "--no-open", "--port", port)
    assert status == 2
    assert f"port {port} cannot be had (Address already in use)" in errors


# ---------------------------------------------------------------------- what pywb is given


def test_a_run_is_asked_before_the_others_of_its_job(archived: Archived, folder: Path) -> None:
    collection = collect([archived.runs[0]], folder)
    first, everything = (index_of(collection, number) for number in range(2))
    url = f"{archived.base}/b.html"
    assert len(first[url]) == 1
    assert b"is to be raised" in record(collection, first[url][0])
    assert len(everything[url]) == 2
    for entries in (*first.values(), *everything.values()):
        for entry in entries:
            assert f"WARC-Target-URI: {entry['url']}".encode() in record(collection, entry)


def test_a_job_shows_its_newest_pages_first(archived: Archived, folder: Path) -> None:
    collection = collect([archived.runs[0].parent.parent], folder)
    assert len(collection.indexes) == 1
    assert collection.number == 6
    assert [page.headline for page in collection.pages][:2] == ["Harbour wall is not to be raised after all", HEADLINE]


def test_only_pages_are_listed_and_each_once(archived: Archived, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "job" / "runs" / "20260302T083000Z"
    shutil.copytree(archived.runs[0], run)
    known = collect([run], folder).pages
    assert len(known) == 3
    [gone] = [record for record in read_lines(run / "rejections.jsonl") if record["reason"] != "robots"]
    http, image = gone["http"], f"{archived.base}/moved.png"
    found = {**gone["discovery"], "method": "requisite"}
    shell = {**gone, "url": f"{archived.base}/a.html", "reason": "empty-shell"}
    moved = {**gone, "url": image, "reason": "requisite", "http": {**http, "location": "x"}, "discovery": found}
    # An image again as it was, to which that leads, and of which a 304 says no type.
    led = {**gone, "reason": "revisit", "url": f"{archived.base}/here.png", "http": {**http, "mime": None}}
    led["discovery"] = {**found, "method": "redirect", "source_url": image}
    with (run / "rejections.jsonl").open("a", encoding="utf-8") as lines:
        for record in (led, shell, moved):
            lines.write(json.dumps(record) + "\n")
    (folder / "again").mkdir()
    assert collect([run], folder / "again").pages == known


def test_a_package_is_read_where_it_lies(archived: Archived, folder: Path, tmp_path: Path) -> None:
    """By offsets in the ZIP; originals that it took from the earlier run are there too."""
    package(archived.runs[1], tmp_path / "one.wacz")
    collection = collect([tmp_path / "one.wacz"], folder)
    assert [page.headline for page in collection.pages] == ["Harbour wall is not to be raised after all"]
    entries = [entry for some in index_of(collection).values() for entry in some]
    assert {entry["url"].removeprefix(archived.base) for entry in entries} >= {"/a.html", "/b.html", "/gone.html"}
    for entry in entries:
        assert f"WARC-Target-URI: {entry['url']}".encode() in record(collection, entry)
    assert sum(path.stat().st_size for path in folder.rglob("*") if not path.is_symlink()) < 20_000


def test_an_index_cannot_send_pywb_to_the_network(archived: Archived, folder: Path, tmp_path: Path) -> None:
    """Archives come from others, and a line that says ``load_url`` would be fetched."""
    run = tmp_path / "job" / "runs" / "20260302T083000Z"
    shutil.copytree(archived.runs[0], run)
    lines = (run / "index.cdxj").read_text().splitlines()
    url = f"{archived.base}/a.html"
    [at] = [number for number, line in enumerate(lines) if f'"{url}"' in line]
    lines[at] = lines[at].replace('"mime"', '"load\\u005furl": "http://127.0.0.1:1/", "mime"')
    (run / "index.cdxj").write_text("\n".join(lines) + "\n")
    found = index_of(collect([run], folder))
    assert url not in found
    assert len(found) == len(lines) - 1


def test_a_page_that_is_no_address_is_not_opened(
    archived: Archived, tmp_path: Path, replay: Callable[..., tuple[int, str]]
) -> None:
    """A package may say anything, and Chromium takes what begins with a dash for an option."""
    package(archived.runs[1], tmp_path / "one.wacz")
    with zipfile.ZipFile(tmp_path / "one.wacz") as good, zipfile.ZipFile(tmp_path / "bad.wacz", "w") as bad:
        for name in good.namelist():
            listed = b'{"url": "--utility-cmd-prefix=sh", "ts": "2026-03-02T08:30:00Z", "title": "\\u001b[2J"}\n'
            bad.writestr(name, listed if name == "pages/pages.jsonl" else good.read(name))
    status, errors = replay(tmp_path / "bad.wacz", "--env", standing(tmp_path), "--chromium", tmp_path / "chrome")
    assert status == 1
    assert errors.endswith(" about:blank\n")
    assert "cmd-prefix" not in errors


def test_a_run_that_is_not_complete_is_shown_as_far_as_it_is_whole(
    archived: Archived, folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "job" / "runs" / "20260302T083000Z"
    shutil.copytree(archived.runs[0], run)
    [warc] = run.glob("*.warc.gz")
    (run / "index.cdxj").unlink()
    torn = warc.read_bytes()[:-20]
    warc.unlink()
    warc.with_name(f"{warc.name}.open").write_bytes(torn)
    before = contents(run)
    collection = collect([run], folder)
    assert collection.notes == [f"{run.name} is not complete: what it has so far is shown"]
    url = f"{archived.base}/a.html"
    assert b"Ferry keeps" in record(collection, index_of(collection)[url][0])
    assert contents(run) == before


def test_what_cannot_be_replayed_is_said(archived: Archived, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "runs" / "20260302T083000Z").mkdir(parents=True)
    (tmp_path / "no.wacz").write_bytes(b"PK no ZIP at all")
    (tmp_path / "text.txt").write_text("hello")
    wrong: list[tuple[list[Path], type[Exception], str]] = [
        ([tmp_path / "nowhere"], ConfigError, "does not exist"),
        ([tmp_path / "empty"], ConfigError, "is empty: nothing was captured"),
        ([tmp_path / "no.wacz"], ArchiveError, "is no WACZ that can be read"),
        ([tmp_path / "text.txt"], ConfigError, "is nothing that pywb replays"),
        ([archived.runs[0], archived.runs[1]], ConfigError, "name one run or job, or files"),
    ]
    for number, (targets, kind, message) in enumerate(wrong):
        (folder / str(number)).mkdir()
        with pytest.raises(kind, match=message):
            collect(targets, folder / str(number))
