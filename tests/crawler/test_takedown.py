"""``scrapy takedown`` as a person uses it, and the crawls that come after."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from scrapy.cmdline import execute

from tests.crawler.conftest import Pages, story
from tests.crawler.shell import PRIVATE, scrapy

FEED = "application/rss+xml"


def feed(base: str, *paths: str) -> tuple[int, dict[str, str], bytes]:
    items = "".join(
        f"<item><title>The {path[1:]} story of the port</title><link>{base}{path}</link></item>" for path in paths
    )
    return 200, {"Content-Type": FEED}, f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for what SQLite and the lock leave beside it."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): path.read_bytes() for path in found if not path.name.endswith(("lock", "-wal", "-shm"))}


@dataclass
class Told:
    status: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs ``scrapy ARGUMENTS`` in this process."""

    def run(*arguments: object) -> Told:
        with pytest.raises(SystemExit) as ended:
            execute(["scrapy", *map(str, arguments), "-L", "ERROR"])
        told = capsys.readouterr()
        return Told(int(ended.value.code or 0), told.out, told.err)

    return run


def test_what_is_taken_down_is_not_fetched_again(pages: Pages, tmp_path: Path, command: Callable[..., Told]) -> None:
    pages.pages = {f"/{name}": story(f"The {name} story of the port") for name in ("one", "two", "three")}
    one, two, output = f"{pages.base}/one", f"{pages.base}/two", tmp_path / "output"
    quick = (*PRIVATE, "-s", "BROADSHEET_DELAY=0.01", "-s", "BROADSHEET_WORKERS=1", "--output", output)
    assert scrapy("archive", *quick, one, two).status == 0
    assert command("export", output, "--format", "jsonl", "-o", tmp_path / "data").status == 0
    assert b"one story" in b"".join(files(tmp_path / "data").values())
    before = files(output)

    dry = command("takedown", output, one, "--dry-run")
    assert (dry.status, "1 article records, 1 captures" in dry.out) == (0, True), dry
    nowhere = command("takedown", output, one, "--yes", "--export", tmp_path / "nowhere")
    assert (nowhere.status, "nowhere is no export of ours" in nowhere.err) == (2, True), nowhere
    bare = command("takedown", output, one.removeprefix("http://"), "--yes")
    assert (bare.status, "addresses are given as a whole" in bare.err) == (2, True), bare
    asked = command("takedown", output, one)
    assert (asked.status, "--yes" in asked.err) == (2, True), asked
    unknown = command("takedown", output, f"{pages.base}/ones", "--yes")
    assert (unknown.status, f"no capture of {pages.base}/ones" in unknown.err, one in unknown.err) == (1, True, True)
    assert files(output) == before
    (tmp_path / "list.txt").write_text(f"{one}\n{pages.base}/four\n", "utf-8")
    done = command("takedown", output, "--list", tmp_path / "list.txt", "--yes", "--reason", "a court said so")
    assert (done.status, "no capture of" in done.err) == (3, True), done
    assert b"one story" not in b"".join(files(output).values())
    assert b"two story" in b"".join(files(output).values())
    assert b"one story" not in b"".join(files(tmp_path / "data").values())
    assert "1 articles in 1 files" in done.out
    log = json.loads((output / "takedowns.jsonl").read_text("utf-8"))
    assert {file["name"].rpartition(".")[2] for file in log["files"]} == {"gz", "jsonl", "cdxj", "wacz"}

    # By name, in a feed under an address that looks the same, and through a redirect.
    pages.pages["/rss"] = feed(pages.base, "/one?utm_source=feed", "/short", "/three")
    pages.pages["/short"] = (302, {"Location": "/one"}, b"")
    asked_before = len(pages.asked)
    again = scrapy("archive", *quick, one, "--feed", f"{pages.base}/rss")
    assert again.status == 3, again
    now = pages.asked[asked_before:]
    assert not [path for path in now if path.startswith("/one")], now
    assert {"/short", "/three"} <= set(now)
    run = sorted((output / "runs").iterdir())[-1]
    assert f"{one}  (taken down on 20" in (run / "README.txt").read_text("utf-8")
    assert "(a court said so)" in (run / "failures.txt").read_text("utf-8")
    assert b"one story" not in (run / "articles.jsonl").read_bytes()

    told = command("history", one, "--job", output)
    assert (told.status, "was taken down on 20" in told.err, "court" in told.err) == (1, True, True), told
    repeated = command("takedown", output, one, "--yes", "--json")  # the feed and the redirect have been met since
    assert json.loads(repeated.out)[0]["addresses"] == [f"{pages.base}/short"], repeated
    repeated = command("takedown", output, f"{one}?utm_source=mail", "--yes")  # an address that looks the same
    assert (repeated.status, "taken down before" in repeated.out) == (0, True), repeated
    assert command("takedown", output, "--lift", one).status == 0
