"""Dates: read to sort and to judge age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.discovery.dates import date_in_url, parse_date, period_in_url, too_old
from pipelines.model import Candidate, Role

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("2026-03-05", "2026-03-05T00:00:00+00:00"),
        ("2026-03", "2026-03-01T00:00:00+00:00"),
        ("2026", "2026-01-01T00:00:00+00:00"),
        ("2026-03-05T10:00:00Z", "2026-03-05T10:00:00+00:00"),
        ("2026-03-05T10:00+02:00", "2026-03-05T08:00:00+00:00"),
        (" 2026-03-05T10:00:00.123Z ", "2026-03-05T10:00:00.123000+00:00"),
        ("Thu, 05 Mar 2026 10:00:00 +0100", "2026-03-05T09:00:00+00:00"),
        ("Thu, 05 Mar 2026 10:00:00 GMT", "2026-03-05T10:00:00+00:00"),
        ("05 Mar 2026 10:00", "2026-03-05T10:00:00+00:00"),
    ],
)
def test_parse_date(raw: str, iso: str) -> None:
    moment = parse_date(raw)
    assert moment is not None
    assert moment.isoformat() == iso


@pytest.mark.parametrize(
    "raw",
    ["", "yesterday",
     "Someday, 99 Foo 20x5 25:61:61 +9999", "0000-00-00", "2026-02-31", "99999-01-01", "-1", "1" * 5000,
     "0001-01-01T00:00:00+14:00", "Thu, 05 Mar 99999999999 10:00:00 GMT"],
)  # fmt: skip
def test_what_is_no_date(raw: str) -> None:
    assert parse_date(raw) is None


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/2026/03/05/a", (2026, 3, 5)),
        ("/2026/3/5/a", (2026, 3, 5)),
        ("/2026-03-05-a", (2026, 3, 5)),
        ("/a-20260305", (2026, 3, 5)),
        ("/a?d=2026-03-05", (2026, 3, 5)),
        ("/2026/02/31/a", None),
        ("/2026/03/a", None),
        ("/202603051234567", None),
        ("/1234567", None),
        ("/2026-1850", None),
    ],
)
def test_date_in_url(path: str, day: tuple[int, int, int] | None) -> None:
    assert date_in_url(f"https://n.example{path}") == (datetime(*day, tzinfo=UTC) if day else None)


def test_period_in_url() -> None:
    assert period_in_url("https://n.example/sitemap-2026-03.xml") == "2026-03"
    assert period_in_url("https://n.example/sitemap-202603.xml") == "2026-03"
    assert period_in_url("https://n.example/2026/sitemap.xml") == "2026-00"
    assert period_in_url("https://n.example/sitemap-7.xml") == ""


@pytest.mark.parametrize(
    ("url", "date", "old"),
    [
        ("/a", None, False),
        ("/a", "someday", False),
        ("/a", "2026-03-09T13:00:00Z", False),
        ("/a", "2026-03-09T11:00:00Z", True),
        ("/a", "2026-03-09", False),
        ("/a", "2026-03-08", True),
        ("/a", "2099-01-01", False),
        ("/2026/03/09/a", None, False),
        ("/2026/03/08/a", None, False),
        ("/2026/03/06/a", None, True),
        ("/2026/03/01/a", "2026-03-10T00:00:00Z", False),
        ("/2026/03/01/a", "someday", True),
    ],
)
def test_too_old(url: str, date: str | None, old: bool) -> None:
    candidate = Candidate(url=f"https://n.example{url}", role=Role.ARTICLE, method="feed", date=date)
    assert too_old(candidate, NOW, timedelta(days=1)) is old
    assert not too_old(candidate, NOW, None)
