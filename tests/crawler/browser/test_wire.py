"""What a browser's request is, and which answer may serve it: without a browser."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings

from crawler.browser.find import BrowserMissing, find_browser
from crawler.browser.page import language_of
from crawler.browser.visits import Browser, read_lines
from crawler.browser.wire import Answer, Ask
from pipelines.archive.digests import sha1
from pipelines.model import CaptureRef, Provenance
from pipelines.records.ledger import Ledger
from tests.crawler.shell import scrapy

URL = "https://herald.example/a"


def answer(*headers: tuple[str, str]) -> Answer:
    return Answer(status=200, headers=headers, body=b"")


def test_the_same_question_has_the_same_answer() -> None:
    picture = Ask(url=URL, kind="Image", headers={"User-Agent": "x", "Referer": "https://herald.example/"})
    assert picture.key == Ask(url=f"{URL}#part", kind="Script").key
    assert picture.key == (URL, ""), "as the frontier fetches it"


@pytest.mark.parametrize(
    "ask",
    [
        Ask(url=URL, kind="XHR", method="POST", body=b"x"),
        Ask(url=URL, kind="XHR", method="HEAD"),
        Ask(url=URL, kind="Media", headers={"Range": "bytes=0-"}),
        Ask(url=URL, kind="XHR", headers={"If-None-Match": '"e"'}),
    ],
)
def test_some_questions_are_never_the_same(ask: Ask) -> None:
    assert ask.key is None


def test_what_a_script_asks_for_depends_on_how_it_asks() -> None:
    plain = Ask(url=URL, kind="XHR", headers={"Accept": "*/*", "Cookie": "a=1", "sec-ch-ua": "x"})
    assert plain.key == Ask(url=URL, kind="XHR", headers={"accept": "*/*", "Cookie": "a=2"}).key
    assert plain.key != Ask(url=URL, kind="XHR", headers={"Accept": "application/json"}).key
    assert plain.key != Ask(url=URL, kind="Document", headers={"Accept": "*/*"}).key


def test_an_answer_without_permission_does_not_serve_another_origin() -> None:
    font = Ask(url=URL, kind="Font", headers={"origin": "https://other.example"})
    assert not answer().fits(font)
    assert not answer(("Access-Control-Allow-Origin", "https://third.example")).fits(font)
    assert answer(("access-control-allow-origin", "*")).fits(font)
    assert answer(("Access-Control-Allow-Origin", "https://other.example")).fits(font)
    assert answer().fits(Ask(url=URL, kind="Script", headers={"Origin": "https://herald.example"}))
    assert not answer().fits(Ask(url=URL, kind="Script", headers={"Origin": "https://herald.exam"}))


@pytest.mark.parametrize(
    ("markup", "language"),
    [
        (b"<html lang=de-AT>", "de-AT"),
        (b"<!doctype html>\n<HTML class='x' LANG=\"zh-Hant-TW\">", "zh-Hant-TW"),
        (b"<html lang='x; drop'>", "en-US"),
        (b"<html hreflang=de>", "en-US"),
        (b"<p>no html", "en-US"),
    ],
)
def test_the_browser_asks_in_the_language_of_the_page(markup: bytes, language: str) -> None:
    assert language_of(markup) == language


def test_a_browser_that_is_not_there_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)  # as if the extra were not installed
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrowserMissing, match=r"pip install -e '\.\[browser\]'"):
        find_browser(Settings())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(BrowserMissing, match="apt-get install chromium"):
        find_browser(Settings())
    with pytest.raises(BrowserMissing, match="names /no/such"):
        find_browser(Settings({"BROADSHEET_BROWSER": "/no/such"}))
    own = tmp_path / "chromium-1200/chrome-linux/chrome"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_browser(Settings()) == own


def test_without_a_browser_always_is_refused_at_once(tmp_path: Path) -> None:
    options = ("-s", "BROADSHEET_BROWSER_MODE=always", "-s", "BROADSHEET_BROWSER=/no/such")
    ended = scrapy("archive", "http://127.0.0.1:9/", "--output", tmp_path / "job", *options)
    assert ended.status == 2, ended
    assert "--browser needs" in ended.err or "names /no/such" in ended.err
    assert not (tmp_path / "job").exists(), "nothing was begun"


def test_a_dom_that_the_last_visit_showed_is_known(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite3")) as ledger:
        for number, (kind, dom) in enumerate([("resource", b"old"), ("resource", b"new"), ("response", b"sent")]):
            ref = CaptureRef(
                filename="a.warc.gz", offset=number, length=1, record_id=f"urn:uuid:{number}", url=URL,
                date="2026-11-24T09:00:00Z", type=kind, payload_digest=sha1(dom),
            )  # fmt: skip
            ledger.add_capture(1, ref, Provenance(), 200)
        crawl = SimpleNamespace(live=SimpleNamespace(ledger=ledger))
        browser = Browser(SimpleNamespace(settings=Settings(), broadsheet=crawl), Path("chromium"))
        assert browser._seen_before(f"{URL}#part", b"new") == "urn:uuid:1"
        assert browser._seen_before(URL, b"old") is None
        assert browser._seen_before(URL, b"sent") is None
        assert browser._seen_before("https://herald.example/b", b"new") is None


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "browser.jsonl"
    assert read_lines(path) == []
    path.write_text('{"url": "a"}\n[]\n{"url": "b", "do', "utf-8")
    assert read_lines(path) == [{"url": "a"}]
