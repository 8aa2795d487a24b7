"""The commands by themselves: archive, extract, verify, demo, and their help."""

from __future__ import annotations

import argparse
import gzip
import importlib
import io
import json
import pkgutil
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from scrapy.settings import Settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

import crawler.commands
from pipelines.flow.verify import Verdict, verify_run
from pipelines.text.hostfiles import TDMREP_PATH
from pipelines.workers import Workers
from sampleweb import SampleWeb
from tests.crawler.conftest import Pages, story
from tests.crawler.shell import PATIENCE, PRIVATE, Ended, JobFile, Run, end, job_file, read_lines, scrapy, start

FAST = (*PRIVATE, "-s", "DOWNLOAD_DELAY=0.01")

# ---------------------------------------------------------------------- help


COMMANDS = sorted(
    module.name for module in pkgutil.iter_modules(crawler.commands.__path__) if module.name not in ("shared",)
)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command = importlib.import_module(f"crawler.commands.{name}").Command()
    command.settings = Settings()
    parser = argparse.ArgumentParser(prog=f"scrapy {name}", conflict_handler="resolve")
    command.add_options(parser)
    text = parser.format_help()
    assert "examples:" in text
    assert f"  scrapy {name}" in text
    assert "\nexit status:" in text or name == "demo"
    sentences = [line for line in text.partition("examples:")[2].splitlines() if not line.startswith(" ")]
    assert [line for line in sentences if len(line) > 80] == []
    assert command.short_desc()


def test_help_as_a_user_sees_it() -> None:
    ended = scrapy("extract", "--help")
    assert ended.status == 0
    assert "scrapy extract CC-NEWS-20261101.warc.gz -o news.jsonl --jobs 8\n" in ended.out, "examples keep their lines"


def test_scrapy_lists_our_commands() -> None:
    ended = scrapy()
    assert [name for name in COMMANDS if f"  {name} " not in ended.out] == []


# ---------------------------------------------------------------------- archive


DEAD = "http://127.0.0.1:1/nobody-listens.html"


@pytest.fixture(scope="module", autouse=True)
def unlucky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    """An archive of one page that is there and one that is not. It waits ten seconds between its tries, so it runs
    beside the other tests."""
    server, folder = Pages(), tmp_path_factory.mktemp("unlucky") / "out"
    server.pages["/1.html"] = story("Story number one of the list")
    process = start(
        "archive", "--list", "-", "--output", folder, *FAST, "-s", "ROBOTSTXT_OBEY=0", stdin=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(f"{server.base}/1.html\n{DEAD}\n")
    process.stdin.close()
    process.stdin = None
    yield process, folder, server.base
    end(process)
    server.close()


def archived(folder: Path) -> Run:
    return Run(max((folder / "runs").iterdir()))


def test_archive_a_page(pages: Pages, tmp_path: Path) -> None:
    """And nothing else, whatever links and sitemaps there are."""
    pages.pages["/a.html"] = story("Ferry keeps its winter timetable", extra='<a href="/b.html">Another long story</a>')
    pages.pages["/b.html"] = story("Another long story")
    pages.pages["/robots.txt"] = (200, {"Content-Type": "text/plain"}, f"Sitemap: {pages.base}/map.xml\n".encode())
    entry = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{pages.base}/b.html</loc></url></urlset>"
    pages.pages["/map.xml"] = (200, {"Content-Type": "application/xml"}, entry.encode())
    ended = scrapy("archive", f"{pages.base}/a.html", "--output", tmp_path / "out", *FAST)
    assert ended.status == 0, ended
    (record,) = archived(tmp_path / "out").articles
    assert record["headline"] == "Ferry keeps its winter timetable"
    assert record["discovery"]["method"] == "seed"
    assert pages.asked == ["/robots.txt", TDMREP_PATH, "/a.html"]


def test_archive_a_list(pages: Pages, tmp_path: Path) -> None:
    pages.pages |= {f"/{n}.html": story(f"Story number {n} of the list") for n in (1, 2)}
    pages.pages["/old"] = (301, {"Location": "/2.html"}, b"")
    (tmp_path / "urls.txt").write_text(
        f"# a list\n\n{pages.base}/1.html\n   {pages.base}/old   \nftp://example.org/x\nhttp://[broken\n\n", "utf-8"
    )
    ended = scrapy("archive", "--list", tmp_path / "urls.txt", "--output", tmp_path / "out", *FAST)
    assert "Traceback" not in ended.err
    assert "ftp://example.org/x" in ended.err
    assert "http://[broken" in ended.err
    run = archived(tmp_path / "out")
    assert {record["url"] for record in run.articles} == {f"{pages.base}/1.html", f"{pages.base}/2.html"}
    assert {record["url"].removeprefix(pages.base) for record in run.rejections} == {"/robots.txt", TDMREP_PATH, "/old"}
    assert set(pages.asked) == {"/robots.txt", TDMREP_PATH, "/old", "/1.html", "/2.html"}
    assert scrapy("verify", tmp_path / "out").status == 0


def test_archive_nothing_usable(tmp_path: Path) -> None:
    ended = scrapy("archive", "ftp://example.org/x", "--output", tmp_path / "out", "-s", "LOG_LEVEL=ERROR")
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err


def test_archive_again_later(pages: Pages, tmp_path: Path) -> None:
    for text in ("The first state of the story", "The second state of the story"):
        pages.pages["/a.html"] = story(text)
        assert scrapy("archive", f"{pages.base}/a.html", "--output", tmp_path / "out", *FAST).status == 0
    assert pages.asked.count("/a.html") == 2


# ---------------------------------------------------------------------- extract


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A WARC as warcio writes it, plain, gzip and zstd."""
    folder = tmp_path_factory.mktemp("foreign")
    plain = io.BytesIO()
    writer = WARCWriter(plain, gzip=False)
    writer.write_record(writer.create_warcinfo_record("f.warc", {"software": "somebody's"}))
    for number in range(6):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
        if number == 4:
            head = StatusAndHeaders("404 Not Found", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        body = story(f"Foreign story number {number} came in by boat")
        url = f"http://herald.example/2026/03/0{number + 1}/story-{number}.html"
        writer.write_record(writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=head))
    members = io.BytesIO()
    writer = WARCWriter(members, gzip=True)
    from warcio.archiveiterator import ArchiveIterator

    for record in ArchiveIterator(io.BytesIO(plain.getvalue())):
        writer.write_record(record)
    paths = {"plain": folder / "f.warc", "gzip": folder / "g.warc.gz", "zstd": folder / "z.warc.zst"}
    paths["plain"].write_bytes(plain.getvalue())
    paths["gzip"].write_bytes(members.getvalue())
    paths["zstd"].write_bytes(zstandard.ZstdCompressor().compress(plain.getvalue()))
    return paths


@pytest.fixture(scope="module")
def extracted(foreign: dict[str, Path]) -> dict[str, tuple[Ended, Path]]:
    """What comes of each form, by one or two processes."""
    outputs = {}
    for jobs, (form, path) in enumerate(foreign.items()):
        output = path.with_name(f"{form}.jsonl")
        outputs[form] = (scrapy("extract", path, "-o", output, "--jobs", 1 + jobs % 2), output)
    return outputs


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_extract_from_foreign_files(
    extracted: dict[str, tuple[Ended, Path]], foreign: dict[str, Path], form: str
) -> None:
    ended, output = extracted[form]
    assert ended.status == 0, ended
    records = read_lines(output)
    assert [record["url"][-6] for record in records] == ["0", "1", "2", "3", "5"]
    assert all(record["text"].count("Foreign story number") == 4 for record in records)
    assert all(record["outlet"] is None and record["warc"]["filename"] == foreign[form].name for record in records)
    (rejected,) = read_lines(output.with_name(f"{form}.rejections.jsonl"))
    assert (rejected["reason"], rejected["http"]["status"]) == ("http-status", 404)
    assert "6 captures" in ended.err


def test_the_form_of_the_file_does_not_matter(extracted: dict[str, tuple[Ended, Path]]) -> None:
    texts = [[(record["url"], record["text"]) for record in read_lines(path)] for _, path in extracted.values()]
    assert texts[0] == texts[1] == texts[2]


def test_extract_from_a_damaged_file(foreign: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(foreign["gzip"].read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"\x1f\x8b\x08\x00"]
    assert len(starts) == 7
    data[starts[3] + 200 : starts[3] + 240] = bytes(40)  # in the middle of the third page
    (tmp_path / "bad.warc.gz").write_bytes(data)
    ended = scrapy("extract", tmp_path / "bad.warc.gz", "-o", tmp_path / "x.jsonl")
    assert ended.status == 3, ended
    assert "damaged: bad.warc.gz" in ended.err
    assert "Traceback" not in ended.err
    assert [record["url"][-6] for record in read_lines(tmp_path / "x.jsonl")] == ["0", "1", "3", "5"]


def test_extract_from_a_torn_file(foreign: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "torn.warc.gz").write_bytes(foreign["gzip"].read_bytes()[:-300])
    ended = scrapy("extract", tmp_path / "torn.warc.gz", "-o", tmp_path / "x.jsonl")
    assert ended.status == 3, ended
    assert len(read_lines(tmp_path / "x.jsonl")) == 4


def test_extract_from_what_is_no_warc(tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").write_bytes(gzip.compress(b"hello\n"))
    ended = scrapy("extract", tmp_path / "x.warc.gz", "-o", tmp_path / "x.jsonl")
    assert ended.status in (1, 3), ended
    assert "Traceback" not in ended.err
    assert "x.warc.gz" in ended.err


def test_extract_mistakes(tmp_path: Path, foreign: dict[str, Path]) -> None:
    for arguments in (
        [tmp_path / "nowhere.warc.gz", "-o", tmp_path / "x.jsonl"],
        [foreign["gzip"]],
        [foreign["gzip"], "-o", tmp_path / "x.jsonl", "--jobs", 0],
    ):
        ended = scrapy("extract", *arguments)
        assert ended.status == 2, ended
        assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------- verify


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> JobFile:
    """A small finished job, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("kept")
    with SampleWeb(outlets=["halvern"]) as web:
        job = job_file(folder, [(outlet.key, outlet.home) for outlet in web.outlets])
        assert job.crawl("-a", "pages=12").status == 0
    return job


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1)
    yield pool
    pool.close(wait=False)


@pytest.fixture
def copy(kept: JobFile, tmp_path: Path) -> Run:
    shutil.copytree(kept.folder, tmp_path / "job")
    return JobFile(kept.path, tmp_path / "job").runs[0]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x20
    path.write_bytes(data)


def forget_seals(run: Run) -> None:
    """So that it is not the file's digest alone that tells."""
    (run.folder / "run.json").unlink()


def flip_a_byte(run: Run) -> None:
    flip(run.warcs[0], run.articles[3]["warc"]["offset"] + 300)


def drop_a_line(run: Run) -> None:
    path = run.folder / "articles.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))


def drop_the_last_rejection(run: Run) -> None:
    path = run.folder / "rejections.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def change_a_line(run: Run) -> None:
    path = run.folder / "articles.jsonl"
    record = run.articles[2]
    line = path.read_bytes().splitlines(keepends=True)[2]
    changed = line.replace(record["headline"].encode(), b"Something else")
    assert changed != line
    path.write_bytes(path.read_bytes().replace(line, changed))


def repeat_a_line(run: Run) -> None:
    path = run.folder / "articles.jsonl"
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])


def tear_a_line(run: Run) -> None:
    path = run.folder / "articles.jsonl"
    path.write_bytes(path.read_bytes()[:-40])


def move_a_pointer(run: Run) -> None:
    path = run.folder / "articles.jsonl"
    first, second = run.articles[:2]
    text = path.read_text("utf-8").splitlines(keepends=True)
    text[0] = text[0].replace(f'"offset":{first["warc"]["offset"]},', f'"offset":{second["warc"]["offset"]},')
    path.write_text("".join(text), "utf-8")


def cut_the_warc(run: Run) -> None:
    run.warcs[0].write_bytes(run.warcs[0].read_bytes()[:-200])


def remove_the_rejections(run: Run) -> None:
    (run.folder / "rejections.jsonl").unlink()


DAMAGES = {
    flip_a_byte: None,
    drop_a_line: "differs",
    drop_the_last_rejection: None,
    change_a_line: "differs",
    repeat_a_line: "twice",
    tear_a_line: "json",
    move_a_pointer: "pointer",
    cut_the_warc: None,
    remove_the_rejections: "missing",
}


def check(run: Run, workers: Workers) -> Verdict:
    return verify_run(run.folder, workers)


def test_verify_finds_nothing_where_nothing_is_wrong(copy: Run, workers: Workers) -> None:
    verdict = check(copy, workers)
    assert verdict.findings == []
    assert verdict.captures == verdict.articles + verdict.rejections > 12


@pytest.mark.parametrize("seals", [True, False], ids=["sealed", "unsealed"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_verify_says_what_is_wrong(copy: Run, workers: Workers, damage: Callable[[Run], None], seals: bool) -> None:
    damage(copy)
    if not seals:
        forget_seals(copy)
    rules = {finding.rule for finding in check(copy, workers).findings}
    assert rules - {"seal"}, "by what is in the files, not by their digests alone"
    if DAMAGES[damage]:
        assert DAMAGES[damage] in rules
    if seals:
        assert "seal" in rules


def test_verify_notices_a_wrong_seal(copy: Run, workers: Workers) -> None:
    summary = copy.summary
    summary["files"][0]["sha256"] = "0" * 64
    (copy.folder / "run.json").write_text(json.dumps(summary), "utf-8")
    (finding,) = check(copy, workers).findings
    assert (finding.file, finding.rule) == (summary["files"][0]["name"], "seal")


def test_verify_command(copy: Run) -> None:
    """Its exit status, its list and its JSON; for a run as for a job."""
    change_a_line(copy)
    ended = scrapy("verify", copy.folder.parent.parent)
    assert ended.status == 1, ended
    assert "articles.jsonl:3: differs" in ended.out
    flip_a_byte(copy)
    ended = scrapy("verify", *copy.warcs, "--json")
    assert ended.status == 1, ended
    (verdict,) = json.loads(ended.out)
    assert {"file", "rule", "detail", "place"} <= set(verdict["findings"][0])
    assert verdict["findings"][0]["file"] == copy.warcs[0].name


def test_verify_foreign_files(foreign: dict[str, Path], tmp_path: Path) -> None:
    ended = scrapy("verify", foreign["gzip"])
    assert ended.status == 0, ended
    assert "all is well" in ended.out
    ended = scrapy("verify", tmp_path / "nowhere")
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err


# ---------------------------------------------------------------------- demo


def test_demo(tmp_path: Path) -> None:
    ended = scrapy("demo", "--output", tmp_path, patience=300)
    assert ended.status == 0, ended
    assert "Complete:" in ended.out
    assert "naive scrape" in ended.out and "Broadsheet" in ended.out
    assert f"scrapy verify {tmp_path / 'demo'}" in ended.out
    (run,) = JobFile(tmp_path, tmp_path / "demo").runs
    assert len(run.articles) > 250


# ---------------------------------------------------------------------- what ran beside all this


def test_archive_with_an_address_that_fails(unlucky: tuple[subprocess.Popen[str], Path, str]) -> None:
    process, folder, base = unlucky
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3, err
    assert f"Failed: {DEAD}" in out
    run = archived(folder)
    assert [record["url"] for record in run.articles] == [f"{base}/1.html"]
    (line,) = (run.folder / "failures.txt").read_text("utf-8").splitlines()
    assert line.startswith(f"{DEAD}\t# ")
    assert run.summary["counts"]["failed"] == 1
