"""What a run shows of an outlet: words for errors, which pages count, and a checkup that fails costs no run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.jobs import Job, Outlet
from crawler.watch.checkup import Fetched, Health, Reading, _sources, in_words, keep, load
from crawler.watch.checkup import Life as LifeOf
from crawler.watch.past import DAY, Row
from crawler.watch.standing import Source, Standing, Trouble
from pipelines.errors import DiskFullError
from pipelines.model import CaptureRef
from pipelines.records.ledger import Ledger


@pytest.mark.parametrize(("reason", "words"), [
    ("HTTP status 503", "503"),
    ("status 500", "500"),
    ("HTTP status 503 Service Unavailable", "503"),
    ("news.example refused the connection", "the connection is refused"),
    ("timed out: nothing came for 20 s", "time-out"),
    ("no address found for 'news.example'", "its host name cannot be resolved"),
    ("refused to connect: '10.0.0.1' is no public address (private)", "its address may not be spoken to"),
    ("no answer came, TLS: certificate verify failed", "its certificate is not valid"),
    ("no answer came, the server closed the connection", "the connection is cut"),
    ("OddError: what it says", "OddError: what it says"),
    ("8 failures in a row", "8 failures in a row"),
])  # fmt: skip
def test_reasons_in_words(reason: str, words: str) -> None:
    assert in_words(reason) == words


def fetched(role: str, status: int, outcome: str, *, kind: str = "response") -> Fetched:
    url = "https://p.example/x"
    ref = CaptureRef(
        filename="a", offset=0, length=1, record_id="r", url=url, date="d", type=kind, payload_digest=None  # type: ignore[arg-type]
    )  # fmt: skip
    return Fetched(1, role, status, outcome, ref, whole=True)


@pytest.mark.parametrize(("each", "trouble"), [
    (fetched("feed", 200, "feed"), None),
    (fetched("feed", 304, "revisit", kind="revisit"), None),
    (fetched("feed", 301, "redirect"), None),
    (fetched("feed", 404, "http-status"), "404"),
    (fetched("feed", 200, "soft-404"), "no feed but soft-404"),
    (fetched("feed", 200, "section"), "no feed but section"),
    (fetched("sitemap", 200, "sitemap"), None),
    (fetched("home", 200, "section"), None),
    (fetched("home", 200, "bot-challenge"), "no home but bot-challenge"),
    (fetched("home", 503, "http-status"), "503"),
])  # fmt: skip
def test_how_a_source_answered(each: Fetched, trouble: str | None) -> None:
    (source,) = _sources([each], [])
    assert source.trouble == trouble


def test_a_page_in_place_of_a_feed_is_none_however_often_it_comes(tmp_path: Path) -> None:
    page = fetched("feed", 200, "feed")
    reading = Reading.__new__(Reading)
    reading._crawl = SimpleNamespace(live=SimpleNamespace(folder=tmp_path))  # type: ignore[assignment]
    trouble = Trouble(since=1.0, reason="no feed but a page")
    standing = Standing(sources={page.ref.url: Source(role="feed", asked=1.0, worked=0.5, trouble=trouble)})
    for status in (200, 304):
        again = fetched("feed", status, "revisit", kind="revisit")
        assert reading._instead(again, standing) == "no feed but a page"
        assert reading._instead(again, Standing()) is None
    for body, expected in ((b"<html>Please wait", "no feed but a page"), (b"<rss><channel/></rss>", None)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("crawler.watch.checkup.open_capture", lambda *_: None)
            patch.setattr("crawler.watch.checkup.decode_content", lambda _, body=body: body)
            assert reading._instead(page, standing) == expected


def test_a_source_that_failed_without_an_answer() -> None:
    (source,) = _sources(
        [], [("feed", "https://p.example/feed", "time-out"), ("article", "https://p.example/a", "503")]
    )
    assert (source.url, source.trouble) == ("https://p.example/feed", "time-out")


def test_what_is_kept_comes_back_and_only_of_the_outlet(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    for run in range(1, 5):
        for name in ("one", "two"):
            life = LifeOf(
                Outlet(name=name, home="http://x/"), Standing(first=1.0, last=run * DAY), [Row(at=run * DAY, new=run)]
            )
            keep(ledger, name, run, life)
    standing, rows = load(ledger, "one", 2 * DAY)
    assert standing.last == 4 * DAY
    assert [row.new for row in rows] == [2, 3, 4]
    assert load(ledger, "three", 0.0) == (Standing(), [])
    ledger.close()


def _health(error: Exception) -> Health:
    health = Health.__new__(Health)
    health.document = None

    def fail() -> Any:
        raise error

    health._judge = fail  # type: ignore[method-assign]
    return health


def test_a_checkup_that_fails_costs_the_verdict_only(caplog: pytest.LogCaptureFixture) -> None:
    health = _health(KeyError("x"))
    assert health.report() == {"health": None}
    assert "could not be judged" in caplog.text
    assert not health.unhealthy


@pytest.mark.parametrize("error", [DiskFullError("full"), OSError(28, "full")])
def test_a_full_disk_is_told(error: Exception) -> None:
    with pytest.raises(type(error)):
        _health(error).report()


def test_without_outlets_there_is_no_health() -> None:
    from scrapy.exceptions import NotConfigured

    crawl = SimpleNamespace(job=Job(name="pages", outlets=()))
    with pytest.raises(NotConfigured):
        Health.from_crawler(SimpleNamespace(broadsheet=crawl))  # type: ignore[arg-type]
