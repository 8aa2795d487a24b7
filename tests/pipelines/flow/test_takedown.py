"""Takedowns: nothing is left of what was said, whatever is unpacked, and all else is as it was."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import warcio
import zstandard
from fastwarc.warc import ArchiveIterator

from pipelines import clock
from pipelines.archive import wacz
from pipelines.archive.check import check
from pipelines.archive.reader import captures
from pipelines.archive.scan import scan
from pipelines.errors import BusyError, LedgerError
from pipelines.export.export import export, withdraw
from pipelines.export.plan import Plan
from pipelines.export.sources import sources
from pipelines.flow import takedown
from pipelines.flow.condemned import Found, Wish
from pipelines.flow.life import lives
from pipelines.flow.live import LiveRun
from pipelines.flow.package import package
from pipelines.flow.rebuild import rebuild
from pipelines.flow.replay import collect
from pipelines.flow.search import find
from pipelines.flow.takedown import lift, resume, take_down
from pipelines.flow.verify import runs_of, verify_run
from pipelines.model import Provenance, Role
from pipelines.records.ledger import Lock, State
from pipelines.records.tombstones import LOG, PENDING, Tombstones
from pipelines.text.decode import decode_content
from pipelines.workers import Workers
from tests.pipelines.archive.exchanges import make_exchange, sized
from tests.pipelines.flow.test_live import drop, finish, opened
from tests.pipelines.flow.test_rebuild import PARTS, RECORDS, contents, forget

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HERALD, COURIER = "http://herald.example", "http://courier.example"
GONE = sized(b"<p>Gone.</p>", b"HTTP/1.1 410 Gone\r\nContent-Type: text/html\r\n")
SAME = b"HTTP/1.1 304 Not Modified\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Encoding: gzip\r\n"


def url(number: int, host: str = HERALD) -> str:
    return f"{host}/2026/{number}.html"


def headline(number: int) -> str:
    return f"Harbour of Kelm{number}stad opens its gates again"


def sentences(number: int, words: str = "") -> list[str]:
    """Each has a word that no other story has."""
    return [
        f"In Kelm{number}stad {thing} of the port were counted {words} by {7 * number + part} clerks, and the mayor of"
        f" Vort{number}x{part} said that none had been lost to the sea."
        for part, thing in enumerate(("ropes and sails", "barrels and casks", "nets and floats", "lamps", "bells"))
    ]


def page(number: int, *, words: str = "", box: str = "") -> bytes:
    text = "".join(f"<p>{each}</p>" for each in sentences(number, words))
    head = f'<title>{headline(number)}</title><meta property="og:type" content="article">'
    return (
        f"<!doctype html><html lang=en>{head}<link rel=canonical href='{url(number)}'><body><article>"
        f"<h1>{headline(number)}</h1>{text}</article><aside>{box}</aside>"
    ).encode()


def reprint(number: int) -> bytes:
    return page(number).replace(url(number).encode(), url(number, COURIER).encode())


def feed(*numbers: int) -> bytes:
    """Full texts, as markup within markup, in a body that is packed."""
    items = "".join(
        f"<item><title>{headline(number)}</title><link>{url(number)}</link>"
        f"<description>{sentences(number)[0][:70]}…</description>"
        f"<content:encoded>&lt;p&gt;{'&lt;/p&gt;&lt;p&gt;'.join(sentences(number))}&lt;/p&gt;</content:encoded></item>"
        for number in numbers
    )
    return sized(gzip.compress(f"<rss><channel><title>Herald</title>{items}</channel></rss>".encode()), PACKED)


def section(*numbers: int) -> bytes:
    links = "".join(f"<li><a href='{url(number)}'>{headline(number)}</a>" for number in numbers)
    return sized(f"<!doctype html><html lang=en><title>News</title><body><ul>{links}</ul>".encode())


def moved(target: str) -> bytes:
    return sized(b"", f"HTTP/1.1 302 Found\r\nLocation: {target}\r\n".encode())


TWIN = url(1).replace("://", "://www.") + "?utm_source=letter"
FEED, NEWS, SHORT = f"{HERALD}/feed.xml", f"{HERALD}/news/", f"{HERALD}/s/1"
ARTICLE = Role.ARTICLE

RUNS: list[list[tuple[str, bytes, Role]]] = [
    [
        (FEED, feed(1, 2), Role.FEED),
        (NEWS, section(1, 2, 3), Role.SECTION),
        (f"{HERALD}/sport/", section(2, 3), Role.SECTION),
        (SHORT, moved(url(1)), ARTICLE),
        *((url(number), sized(page(number)), ARTICLE) for number in (1, 2, 3)),
        (TWIN, sized(page(1, box="<p>And a box.</p>")), ARTICLE),
    ],
    [
        (FEED, SAME, Role.FEED),
        (url(1), sized(page(1, words="a day late")), ARTICLE),
        (url(2), SAME, ARTICLE),
        (url(3), sized(page(3, words="with some luck")), ARTICLE),
        (url(4), sized(page(4, box=f"<p><a href='/2026/5.html'>{headline(5)}</a>")), ARTICLE),
    ],
    [
        (url(1), GONE, ARTICLE),
        (url(5), sized(page(5)), ARTICLE),
        (url(5, COURIER), sized(reprint(5)), ARTICLE),
        (url(6, COURIER), sized(page(6).replace(HERALD.encode(), COURIER.encode())), ARTICLE),
        (url(3), sized(page(3, words="after all")), ARTICLE),
        (NEWS, section(5, 3), Role.SECTION),
        (f"{COURIER}/news/", section(5), Role.SECTION),
    ],
]


def capture(live: LiveRun, exchanges: list[tuple[str, bytes, Role]]) -> None:
    for address, response, role in exchanges:
        outlet = "courier" if address.startswith(COURIER) else "herald"
        title = headline(int(address.rpartition("/")[2][0])) if role is ARTICLE and ".html" in address else None
        provenance = Provenance(job="job", run=live.name, outlet=outlet, role=role, method="feed", title=title)
        live.run.capture(make_exchange(response, url=address, started=clock.utcnow()), provenance)


async def play(folder: Path) -> None:
    for number, exchanges in enumerate(RUNS):
        clock.pretend(START + timedelta(hours=number))
        live = opened(folder)
        for address, _, role in exchanges:
            live.ledger.execute(
                "INSERT OR IGNORE INTO frontier (key, url, host, outlet, role, rank, state, method, title, depth)"
                " VALUES (?, ?, ?, 'herald', ?, 0, 2, 'feed', ?, 0)",
                (address, address, "herald.example", str(role), headline(1) if "/1.html" in address else None),
            )
        capture(live, exchanges)
        await finish(live)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with three runs, each with a package."""
    folder = tmp_path_factory.mktemp("takedown") / "job"
    try:
        asyncio.run(play(folder))
        for run in runs_of(folder):
            package(run, run / f"{run.name}.wacz", created=START)
    finally:
        clock.pretend(None)
    return folder


@pytest.fixture
def job(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "job")
    return tmp_path / "job"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, preload=("tests.pipelines.flow.chores",))
    yield pool
    pool.close(wait=False)


# ---------------------------------------------------------------------- looking into everything


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, and whatever is packed in it."""
    yield name, data
    if name.endswith((".gz", ".open")):
        yield f"{name}!", gzip.decompress(data)
    if ".warc" in name:
        yield from payloads(name, data)
    if name.endswith(".zst"):
        yield f"{name}!", zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    if name.endswith(".wacz"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from unpacked(f"{name}/{member}", archive.read(member))
    if name.endswith(".parquet"):
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = parquet.read_table(io.BytesIO(data), partitioning=None).to_pylist()
        yield f"{name}!", json.dumps(rows, default=str, ensure_ascii=False).encode()


def payloads(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Bodies without their content coding."""

    class Packed:
        """A file in memory."""

        name = "a.warc.gz"
        parent = None

        def open(self, mode: str, buffering: int) -> io.BytesIO:
            return io.BytesIO(data)

    from pipelines.archive.reader import Capture, records

    for item in records(Packed(), on_error=lambda error: None):  # type: ignore[arg-type]
        if isinstance(item, Capture):
            yield f"{name}#{item.ref.url}", decode_content(item)


def holding(folder: Path, *numbers: int) -> set[str]:
    """Where anything is said of stories, in whatever is found below a folder."""
    told = "|".join(f"kelm{number}stad|vort{number}x" for number in numbers)
    forbidden = re.compile(told.encode(), re.IGNORECASE)
    found = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for name, data in unpacked(str(path.relative_to(folder)), path.read_bytes()):
                if forbidden.search(data) or forbidden.search(data.decode("utf-16-le", "replace").encode()):
                    found.add(name)
    return found


def members(path: Path) -> dict[int, bytes]:
    data = path.read_bytes()
    return {record.offset: data[record.offset : record.offset + record.length] for record in scan(path, limit=0)}


def down(job: Path, *numbers: int, **options: Any) -> dict[str, Any]:
    line = take_down(job, Wish(urls=tuple(url(number) for number in numbers)), "asked for", **options)
    assert line is not None
    return line


def assert_well(job: Path, workers: Workers) -> None:
    for run in runs_of(job):
        verdict = verify_run(run, workers)
        assert (verdict.findings, verdict.notes) == ([], []), run.name
        for path in run.glob("*.wacz"):
            assert list(wacz.verify(path)) == []
    files = sorted(job.glob("runs/*/*.warc.gz"))
    assert list(check(files)) == []
    for path in files:
        with path.open("rb") as handle:
            types = [record.record_type for record in ArchiveIterator(handle, parse_http=False)]
        with path.open("rb") as handle:
            assert len(list(warcio.ArchiveIterator(handle))) == len(types) == len(members(path))


# ---------------------------------------------------------------------- an article


def test_the_job_holds_it_everywhere_before(made: Path) -> None:
    places = holding(made, 1)
    for name in (
        "ledger.sqlite3",
        "articles.jsonl",
        "changes.jsonl",
        f"#{FEED}",
        f"#{NEWS}",
        ".warc.gz!",
        "pages.jsonl",
    ):
        assert any(name in place for place in places), name


def test_nothing_is_left_of_an_article(job: Path, workers: Workers) -> None:
    line = down(job, 1)
    assert holding(job, 1) == set()
    assert_well(job, workers)
    assert line["addresses"] == sorted([url(1), SHORT])
    assert line["others"] == {FEED: 2, NEWS: 1}
    assert (line["left"], line["retold"], line["memories"]) == ({}, [], [])
    assert json.loads((job / LOG).read_text("utf-8")) == line
    assert not (job / PENDING).exists()


def test_an_address_that_only_led_there_will_do(job: Path) -> None:
    by_name, by_redirect = find(job, Wish(urls=(url(1),))), find(job, Wish(urls=(SHORT,)))
    assert (by_redirect.keys, by_redirect.captures) == (by_name.keys, by_name.captures)
    assert by_redirect.lines == by_name.lines != {}
    assert by_redirect.unknown == {}


@pytest.mark.parametrize("asked", [f"{HERALD}/2026/1-h%C3%A4fen~1.html", f"{HERALD}/2026/1-h%c3%a4fen%7e1.html"])
def test_escapes_may_be_written_in_any_way(tmp_path: Path, asked: str) -> None:
    """The address is as WordPress writes it."""
    met = "http://herald.example/2026/1-h%c3%a4fen~1.html"

    async def once() -> None:
        live = opened(tmp_path)
        capture(live, [(met, sized(page(1).replace(url(1).encode(), met.encode())), ARTICLE)])
        await finish(live)

    asyncio.run(once())
    found = find(tmp_path, Wish(urls=(asked,)))
    assert (len(found.keys), found.own, len(found.articles), found.unknown) == (1, 1, 1, {})
    line = take_down(tmp_path, Wish(urls=(asked,)), None)
    assert line is not None
    stones = Tombstones([line])
    assert stones.at(met) and stones.at(met.replace("%c3%a4", "%C3%A4"))


def test_all_else_is_as_it_was(job: Path) -> None:
    before = contents(job)
    warcs = {path: (path.stat().st_size, members(path)) for path in job.glob("runs/*/*.warc.gz")}
    line = down(job, 1)
    for name, data in before.items():
        path = job / "runs" / name
        kept = path.read_bytes().splitlines()
        gone = set(data.splitlines()) - set(kept)
        assert [each for each in data.splitlines() if each not in gone] == kept
        if not name.endswith(".cdxj"):
            addresses = {json.loads(each)["url"] for each in gone}
            assert addresses <= {*line["addresses"], *line["others"], TWIN}
    blanked = 0
    for path, (size, old) in warcs.items():
        assert path.stat().st_size == size
        new = members(path)
        for offset, data in old.items():
            if new.get(offset) != data:
                blanked += 1
        tombs = [record for record in scan(path) if "takedown" in record.get("content-type")]
        said = [json.loads(tomb.block) for tomb in tombs]
        assert {each["takedown"] for each in said} == {line["takedown"]}
        told = [each["records"][0]["type"] for each in said if each.get("reason") == "asked for" and "records" in each]
        assert {"response", "revisit"} & set(told)
    assert blanked == line["records"]


def test_places_in_the_ledger_follow_the_lines(job: Path) -> None:
    before = {number: lives(job, url(number))[0][0] for number in (2, 3, 4, 5)}
    assert [event.kind for event in before[3].events] == ["first", "version", "version"]
    down(job, 1)
    for number, life in before.items():
        (now,) = lives(job, url(number))[0]
        assert now == life
    assert lives(job, url(1))[0] == []


def test_it_does_not_come_back(job: Path, workers: Workers) -> None:
    down(job, 1)
    before = contents(job)
    forget(job)
    assert [run.changed for run in rebuild(job, workers, PARTS)] == [(), (), ()]
    assert contents(job) == before
    assert holding(job, 1) == set()
    stones = Tombstones.of(job)
    assert str(stones.at(TWIN.replace("letter", "other"))).startswith("taken down on 20")
    assert stones.at(url(2)) is None


def test_replay_has_nothing_of_it(job: Path, tmp_path: Path) -> None:
    down(job, 1)
    (tmp_path / "shown").mkdir()
    shown = collect([job], tmp_path / "shown")
    assert url(1) not in {page.url for page in shown.pages}
    indexed = "".join(path.read_text("utf-8") for index in shown.indexes for path in index.iterdir())
    assert "/2026/2.html" in indexed
    assert "/2026/1.html" not in indexed
    for path in job.glob("runs/*/*.warc.gz"):
        assert not {each.ref.url for each in captures(path)} & {url(1), TWIN, SHORT}


# ---------------------------------------------------------------------- kills

STEPS = (
    "what was left half done", "WARC files", "records", "index", "screenshots", "packages", "run.json", "ledger",
    "free pages of the ledger", "log",
)  # fmt: skip


class Killed(BaseException):
    """As good as a kill: nothing of ours catches it."""


def state(job: Path) -> dict[str, Any]:
    """All files, and what is in the ledger."""
    files = {str(path.relative_to(job)): path.read_bytes() for path in job.rglob("*") if path.is_file()}
    del files["ledger.sqlite3"], files["lock"]
    for name in [name for name in files if name.endswith((".wacz", LOG, "-wal", "-shm"))]:
        del files[name]  # packages have the time in them
    with closing(sqlite3.connect(job / "ledger.sqlite3")) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {**files, **{table: list(db.execute(f"SELECT * FROM {table}")) for table in tables}}


@pytest.fixture(scope="module")
def undisturbed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed") / "job"
    shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "utcnow", lambda: START + timedelta(days=1))
        down(folder, 1)
    return state(folder)


def pretend_killed(job: Path, note: Callable[[str], object]) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(clock, "utcnow", lambda: START + timedelta(days=1))
        down(job, 1, note=note)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_before_any_step(job: Path, step: str, undisturbed: dict[str, Any]) -> None:
    def note(now: str) -> None:
        if now == step and (job / PENDING).exists():
            raise Killed

    pretend_killed(job, note)
    assert holding(job / PENDING, 1) == set()
    with pytest.raises(LedgerError, match="--resume"):
        opened(job)
    with pytest.raises(LedgerError, match="--resume"):
        down(job, 2)
    assert Tombstones.of(job).at(url(1)) is not None
    assert resume(job) is not None
    assert state(job) == undisturbed
    assert holding(job, 1) == set()
    assert resume(job) is None


def test_a_kill_in_the_middle_of_a_file(
    job: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a record is written: nobody can read it, and it is written again."""
    written, pwrite = [0], os.pwrite

    def torn(fd: int, data: Any, at: int) -> int:
        written[0] += 1
        if written[0] == 3:
            pwrite(fd, bytes(data)[: len(data) // 2], at)
            raise Killed
        return pwrite(fd, data, at)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.archive.blank.os.pwrite", torn)
        pretend_killed(job, id)
    assert resume(job) is not None
    assert state(job) == undisturbed


def test_a_kill_between_log_and_end_logs_nothing_twice(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(folder: Path) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(takedown, "sync_folder", die)
        unlink = Path.unlink

        def keep(path: Path, missing_ok: bool = False) -> None:
            if path.name == PENDING:
                raise Killed
            unlink(path, missing_ok=missing_ok)

        patch.setattr(Path, "unlink", keep)
        with pytest.raises(Killed):
            down(job, 1)
    assert resume(job) is not None
    assert len((job / LOG).read_text("utf-8").splitlines()) == 1


def test_of_a_run_that_was_killed(tmp_path: Path, workers: Workers) -> None:
    """Of captures that have no outcome yet, and of the torn end of its file, nothing is left; the run goes on."""
    folder = tmp_path / "job"

    async def begin() -> None:
        live = opened(folder)
        capture(live, RUNS[0])
        await asyncio.wait_for(live.run.drain(), 60)
        live.run.commit()
        capture(live, [(url(1), sized(page(1, words="once more")), ARTICLE), (url(4), sized(page(4)), ARTICLE)])
        live.run._writer.sync()
        drop(live)

    asyncio.run(begin())
    (warc,) = folder.glob("runs/*/*.open")
    last = [data for _, data in sorted(members(warc).items())][-4]
    with warc.open("ab") as handle:
        handle.write(last[: len(last) // 2])
    assert holding_open(warc)
    down(folder, 1)
    assert not holding_open(warc)
    assert holding(folder, 1) == set()

    async def go_on() -> None:
        live = opened(folder)
        assert live.resumed
        assert [each.ref.url for each in live.recovered] == [url(4)]
        await finish(live)

    asyncio.run(go_on())
    assert holding(folder, 1) == set()
    assert_well(folder, workers)
    (run,) = runs_of(folder)
    assert len((run / RECORDS[0]).read_bytes().splitlines()) == 3


def holding_open(warc: Path) -> bool:
    """Whether a file that a kill has torn, read as far as it goes, names the first story."""
    import zlib

    data, text = warc.read_bytes(), b""
    while data:
        unpacker = zlib.decompressobj(31)
        text += unpacker.decompress(data)
        data = unpacker.unused_data
    return b"Kelm1stad" in text


def test_while_a_run_works(job: Path) -> None:
    lock = Lock(job)
    try:
        with pytest.raises(BusyError):
            down(job, 1)
    finally:
        lock.release()
    assert not (job / PENDING).exists()


# ---------------------------------------------------------------------- others


def test_what_others_say_is_left_and_told(job: Path, workers: Workers) -> None:
    found = find(job, Wish(urls=(url(5),)))
    assert found.left == {url(4): 1, url(5, COURIER): 1}
    assert found.retold == [url(5, COURIER)]
    line = down(job, 5)
    assert line["others"] == {NEWS: 1}
    assert (line["left"], line["retold"]) == ({**found.left, f"{COURIER}/news/": 1}, found.retold)
    kept = (url(5, COURIER), url(4), f"{COURIER}/news/")
    assert {place.partition("#")[2] for place in holding(job, 5) if "#" in place} == set(kept)
    (now,) = lives(job, url(5, COURIER))[0]
    assert now.versions == 1
    assert_well(job, workers)


def test_what_a_browser_saw(job: Path, workers: Workers) -> None:
    run = runs_of(job)[0]
    (run / "screenshots").mkdir()
    lines = [{"url": url(number), "dom": "urn:uuid:1", "screenshot": f"screenshots/{number}.png"} for number in (1, 2)]
    for line in lines:
        (run / str(line["screenshot"])).write_bytes(b"a picture")
    (run / "browser.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    document = json.loads((run / "run.json").read_bytes())
    shown = [{"name": line["screenshot"], "url": line["url"]} for line in lines]
    document["browser"] = {"screenshots": shown}
    document["files"] += [
        {"name": name, "bytes": 0, "sha256": takedown.sha256(run / name)}
        for name in ("browser.jsonl", "screenshots/1.png", "screenshots/2.png")
    ]
    (run / "run.json").write_text(json.dumps(document), "utf-8")
    line = down(job, 1)
    assert [path.name for path in (run / "screenshots").iterdir()] == ["2.png"]
    assert json.loads((run / "browser.jsonl").read_text("utf-8")) == lines[1]
    assert json.loads((run / "run.json").read_bytes())["browser"] == {"screenshots": shown[1:]}
    assert {"name": f"runs/{run.name}/screenshots/1.png", "after": None}.items() <= next(
        file for file in line["files"] if file["name"].endswith("1.png")
    ).items()
    assert verify_run(run, workers).findings == []


def test_what_was_met_at_all_addresses_does_not_go_with_one(tmp_path: Path, workers: Workers) -> None:
    """A request for consent is archived once, and repeated by each page in whose place it came."""
    wall = sized(
        b"<!doctype html><html lang=en><title>Consent</title><body><p>We value your privacy. Accept all cookies?"
    )
    folder = tmp_path / "job"

    async def story() -> None:
        live = opened(folder)
        capture(live, [(url(number), wall, ARTICLE) for number in (1, 2)])
        capture(live, [(f"{HERALD}/print/1.html", sized(page(1)), ARTICLE), (url(3), sized(page(3)), ARTICLE)])
        capture(live, [(f"{HERALD}/copy/1.html", sized(page(1)), ARTICLE)])
        await finish(live)

    asyncio.run(story())
    line = down(folder, 1)
    assert line["addresses"] == sorted([url(1), f"{HERALD}/print/1.html", f"{HERALD}/copy/1.html"])
    assert holding(folder, 1) == set()
    assert_well(folder, workers)
    (run,) = runs_of(folder)
    kept = [json.loads(each)["url"] for name in RECORDS for each in (run / name).read_bytes().splitlines()]
    assert sorted(kept) == [url(2), url(3)]


def test_everywhere_takes_them_along(job: Path, workers: Workers) -> None:
    line = take_down(job, Wish(urls=(url(5),), everywhere=True), None)
    assert line is not None
    assert line["besides"] == [url(5, COURIER), url(4)]
    assert line["others"] == {NEWS: 1, f"{COURIER}/news/": 1}
    assert holding(job, 4, 5) == set()
    assert_well(job, workers)
    assert Tombstones.of(job).at(url(4)) is None
    with closing(sqlite3.connect(job / "ledger.sqlite3")) as db:
        known = {row[0]: row[1] for row in db.execute("SELECT url, state FROM frontier")}
    assert known[url(5)] == State.REFUSED
    assert url(4) not in known


def test_an_outlet(job: Path, workers: Workers) -> None:
    line = take_down(job, Wish(outlets=("courier",)), "closed")
    assert line is not None
    assert (line["captures"], line["hosts"], line["others"]) == (3, ["courier.example"], {})
    assert holding(job, 6) == set()
    assert any(url(5) in place for place in holding(job, 5))
    assert_well(job, workers)
    stones = Tombstones.of(job)
    assert stones.at(f"{COURIER}/other.html") is not None
    assert stones.at(url(5), "herald") is None
    assert lift(job, (), ("courier",)) == ["courier"]
    assert Tombstones.of(job).at(f"{COURIER}/other.html", "courier") is None


def test_several_at_once_and_one_after_the_other(job: Path, made: Path, tmp_path: Path, workers: Workers) -> None:
    down(job, 1, 3)
    assert holding(job, 1, 3) == set()
    other = tmp_path / "other"
    shutil.copytree(made, other)
    down(other, 1)
    down(other, 3)
    assert contents(other) == contents(job)
    assert_well(other, workers)
    assert len((other / LOG).read_text("utf-8").splitlines()) == 2


def test_what_cannot_be_read_is_told(job: Path) -> None:
    warc = next(job.glob("runs/*/*.warc.gz"))
    offset, data = sorted(members(warc).items())[-2]
    with warc.open("r+b") as handle:
        handle.seek(offset + len(data) // 2)
        handle.write(b"damage!!")
    (told,) = down(job, 1)["damaged"]
    assert told.startswith(f"{warc.name}: at {offset}: gzip is damaged")


def test_what_is_not_known(job: Path) -> None:
    before = state(job)
    seen: list[Found] = []
    wish = Wish(urls=(f"{HERALD}/2026/7.html",), outlets=("nobody",))

    def agreed(found: Found) -> bool:
        seen.append(found)
        return True

    assert take_down(job, wish, None, agreed=agreed) is None
    assert seen[0].unknown.keys() == {f"{HERALD}/2026/7.html", "nobody"}
    assert url(1) in seen[0].unknown[f"{HERALD}/2026/7.html"]
    assert take_down(job, Wish(urls=(url(1),)), None, agreed=lambda found: False) is None
    assert state(job) == before


def test_lifted_it_may_be_fetched_again(job: Path) -> None:
    down(job, 1)
    assert lift(job, (url(2),), ()) == []
    assert lift(job, (TWIN,), ()) == [TWIN]
    assert Tombstones.of(job).at(url(1)) is None
    with closing(sqlite3.connect(job / "ledger.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM frontier WHERE url = ?", (url(1),)).fetchone() == (0,)


def test_a_package_that_was_signed(job: Path) -> None:
    from tests.pipelines.archive.test_wacz import private_key

    key = private_key()

    run = runs_of(job)[0]
    path = run / f"{run.name}.wacz"
    package(run, path, key=key)
    assert down(job, 1)["unsigned"] == [str(path.relative_to(job))]
    assert "signedData" not in json.loads(zipfile.ZipFile(path).read("datapackage-digest.json"))
    down(job, 2, key=key)
    assert "signedData" in json.loads(zipfile.ZipFile(path).read("datapackage-digest.json"))


# ---------------------------------------------------------------------- exports


@pytest.mark.parametrize("format", ["parquet", "datasets", "jsonl.zst", "bulk"])
def test_exports_follow(job: Path, tmp_path: Path, format: str) -> None:
    pytest.importorskip("pyarrow")
    plan, data = Plan(format=format), tmp_path / "data"
    export(sources([job]), data, plan)
    before = json.loads((data / "export.json").read_bytes())
    down(job, 1)
    withdraw(data)
    assert holding(data, 1) == set()
    after = json.loads((data / "export.json").read_bytes())
    assert (before["rows"], after["rows"], after["left_out"]["taken-down"]) == (10, 8, 2)
    fresh = tmp_path / "fresh"
    export(sources([job]), fresh, plan)
    assert rows(data, format) == rows(fresh, format)
    capture_again = export(sources([job]), data, plan)
    assert (capture_again.read, capture_again.parts) == (0, 0)


def rows(folder: Path, format: str) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.endswith((".md", ".json")) and ".state" not in path.parts:
            _, data = list(unpacked(path.name, path.read_bytes()))[-1]
            found += [json.dumps(row, sort_keys=True) for row in json.loads(data)] if "parquet" in path.name else (
                data.decode().splitlines()
            )  # fmt: skip
    return sorted(found)


def test_a_duplicate_takes_the_place_of_its_head(job: Path, tmp_path: Path) -> None:
    plan, data = Plan(format="jsonl", duplicates=True, drop_duplicates=True), tmp_path / "data"
    export(sources([job]), data, plan)
    assert not any(url(5, COURIER) in row and '"duplicate_of":null' in row for row in rows(data, "jsonl"))
    down(job, 5)
    export(sources([job]), data, plan)
    (row,) = (json.loads(row) for row in rows(data, "jsonl") if f'"url":"{url(5, COURIER)}"' in row)
    assert (row["duplicate_of"], row["cluster_id"]) == (None, row["id"])


def test_what_somebody_brings_back_is_not_exported(job: Path, made: Path, tmp_path: Path) -> None:
    down(job, 1)
    run = runs_of(made)[0]
    shutil.copy(run / RECORDS[0], job / "runs" / run.name / RECORDS[0])
    done = export(sources([job]), tmp_path / "data", Plan(format="jsonl"))
    assert done.left_out["taken-down"] == 1
    assert holding(tmp_path / "data", 1) == set()
