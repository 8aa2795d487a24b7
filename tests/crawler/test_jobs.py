"""Job files: what they may say, and how mistakes in them are told."""

from __future__ import annotations

import pickle
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.jobs import JOB_KEYS, LIMIT_KEYS, OUTLET_KEYS, OVERRIDES, Job, Limits, Outlet, load, loads, override
from pipelines.errors import ConfigError

ROOT = Path(__file__).parents[2]
MINIMAL = '[[outlets]]\nhome = "https://www.example.org/"\n'


def job(text: str) -> Job:
    return loads(text, name="daily", source="daily.toml")


def test_minimal() -> None:
    assert job(MINIMAL) == Job(name="daily", outlets=(Outlet(name="example.org", home="https://www.example.org/"),))
    assert job(MINIMAL).limits == Limits(pages=1000, age=None, depth=3, delay=None, concurrency=None)
    assert job(MINIMAL).output == "output"


def test_everything() -> None:
    text = """
        name = "all"
        output = "/srv/news"
        contact = "mailto:a@example.org"
        user_agent = "Paper/1.0"
        [limits]
        pages = 10
        age = "1d 12h"
        delay = 2
        [[outlets]]
        name = "one"
        home = "HTTPS://www.Example.org"
        feeds = ["/rss.xml", "https://feeds.example.net/x"]
        sitemaps = "/news.xml"
        sections = ["/world/", "/world/", "/sport/"]
        archives = "/archive/{yyyy}/{m}/{dd}"
        hosts = ["Example.net", "cdn.example.org:8080"]
        allow = ["/20*"]
        deny = ["/video/*", "re:[?&]print="]
        language = "en"
        pages = 5
        depth = 0
        concurrency = 2
        [[outlets]]
        home = "http://127.0.0.1:8000/"
    """
    got = job(text)
    assert (got.name, got.output, got.contact, got.user_agent) == (
        "all",
        "/srv/news",
        "mailto:a@example.org",
        "Paper/1.0",
    )
    one, two = got.outlets
    assert one == Outlet(
        name="one",
        home="https://www.example.org/",
        feeds=("https://www.example.org/rss.xml", "https://feeds.example.net/x"),
        sitemaps=("https://www.example.org/news.xml",),
        sections=("https://www.example.org/world/", "https://www.example.org/sport/"),
        archives=("/archive/{yyyy}/{m}/{dd}",),
        hosts=("example.net", "cdn.example.org:8080"),
        allow=("/20*",),
        deny=("/video/*", "re:[?&]print="),
        language="en",
        limits=Limits(pages=5, age=timedelta(hours=36), depth=0, delay=2.0, concurrency=2),
    )
    assert two.name == "127.0.0.1"
    assert two.limits == got.limits == Limits(pages=10, age=timedelta(hours=36), delay=2.0)
    assert pickle.loads(pickle.dumps(got)) == got


def test_revisits_and_polls() -> None:
    hours = (1, 6, 24, 7 * 24, 30 * 24)
    got = job(MINIMAL).limits
    assert got.revisit == tuple(timedelta(hours=each) for each in hours)
    assert (got.poll_min, got.poll_max) == (timedelta(0), timedelta(days=30))
    text = "[limits]\nrevisit = ['90m', '1d 12h']\npoll_min = '1h'\npoll_max = '2d'\n" + MINIMAL
    one = job(text + "poll_min = '0'\nrevisit = []\n").outlets[0].limits
    assert job(text).limits.revisit == (timedelta(minutes=90), timedelta(hours=36))
    assert (one.revisit, one.poll_min, one.poll_max) == ((), timedelta(0), timedelta(days=2))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("'2026-01-31'", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T06:00:00", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("'2026-01-31T06:00Z'", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("2026-01-31T06:00:00+02:00", datetime(2026, 1, 31, 4, tzinfo=UTC)),
    ],
)
def test_spans(written: str, moment: datetime) -> None:
    for key in ("since", "until"):
        limits = job(MINIMAL + f"{key} = {written}").outlets[0].limits
        assert getattr(limits, key) == moment
        assert limits.backfill
    assert not job(MINIMAL).limits.backfill


# mistake, what the message must hold
MISTAKES: list[tuple[str, tuple[str, ...]]] = [
    ("", ("outlets", "at least one", 'home = "https://www.example.org/"')),
    ("outlets = []", ("line 1", "at least one")),
    ("x = 1\ny y", ("not TOML", "line 2")),
    ("[outlets]\nhome = 1", ("line 1", "[[outlets]]", "double brackets")),
    ("outlets = 3", ("line 1", "[[outlets]]")),
    ("[[outlets]]\nname = 'x'", ("line 1", "outlets[1].home", "missing")),
    ("[[outlets]]\nhome = 'example.org'", ("line 2", "outlets[1].home", "https://", '"example.org"')),
    ("[[outlets]]\nhome = 'ftp://example.org/'", ("line 2", "https://")),
    ("[[outlets]]\nhome = 5", ("line 2", "text in quotes")),
    ("[[outlets]]\nhome = 'https://u:p@example.org/'", ("line 2", "https://")),
    (
        MINIMAL + "paegs = 3",
        ("line 3", "outlets[1].paegs", "no such key", "did you mean 'pages'", "allowed: name, home"),
    ),
    (MINIMAL + MINIMAL + "max-pages = 3", ("line 5", "outlets[2].max-pages", "did you mean 'pages'")),
    ("outlet = 1\n" + MINIMAL, ("line 1", "did you mean 'outlets'")),
    ("zzz = 1\n" + MINIMAL, ("line 1", "no such key (allowed:")),
    ("[limits]\nPages = 3\n" + MINIMAL, ("line 2", "limits.Pages", "did you mean 'pages'")),
    ("[limits]\npages = 0\n" + MINIMAL, ("line 2", "limits.pages", "whole number from 1 to", "not 0")),
    ("[limits]\npages = '50'\n" + MINIMAL, ("line 2", "whole number", 'not "50"')),
    ("[limits]\npages = true\n" + MINIMAL, ("line 2", "whole number")),
    ("[limits]\ndelay = nan\n" + MINIMAL, ("line 2", "a number from 0 to")),
    ("[limits]\nage = 7\n" + MINIMAL, ("line 2", '"36h", "7d"', "not 7")),
    ("[limits]\nage = '7 days'\n" + MINIMAL, ("line 2", '"7d"')),
    ("[limits]\nage = '0d'\n" + MINIMAL, ("line 2", '"7d"')),
    ("limits = 5\n" + MINIMAL, ("line 1", "[limits]")),
    ("[limits]\nrevisit = 5\n" + MINIMAL, ("line 2", "limits.revisit", "list of times", "not 5")),
    ("[limits]\nrevisit = ['1h', 'soon']\n" + MINIMAL, ("line 2", '"36h"', 'not "soon"')),
    ("[limits]\nrevisit = ['1h', '0m']\n" + MINIMAL, ("line 2", 'not "0m"')),
    ("[limits]\nrevisit = ['6h', '90m']\n" + MINIMAL, ("line 2", "longer", "1h 30m comes after 6h")),
    ("[limits]\nrevisit = ['1h', '60m']\n" + MINIMAL, ("line 2", "1h comes after 1h")),
    ("[limits]\npoll_max = '0'\n" + MINIMAL, ("line 2", "limits.poll_max", '"36h"')),
    ("[limits]\npoll_min = '2d'\npoll_max = '1d'\n" + MINIMAL, ("line 2", "poll_min", "2d", "1d", "not be longer")),
    ("[limits]\npoll_min = '2d'\n" + MINIMAL + "poll_max = '1d'", ("line 5", "outlets[1].poll_max", "2d to 1d")),
    (MINIMAL + "archives = ['archive/{yyyy}/{mm}']", ("line 3", "outlets[1].archives", "a path that starts with /")),
    (MINIMAL + "archives = ['/{yyyy}/{MM}']", ("line 3", "{yyyy} {mm} {m} {dd} {d}", "has another")),
    (MINIMAL + "archives = ['/{yyyy}/{mm']", ("line 3", "has another")),
    (MINIMAL + "archives = ['/{mm}/{dd}']", ("line 3", "a year is needed")),
    (MINIMAL + "archives = ['/{yyyy}/{dd}']", ("line 3", "a month before a day")),
    ("[limits]\nsince = 'may'\n" + MINIMAL, ("line 2", "limits.since", '"2026-01-31"', 'not "may"')),
    ("[limits]\nuntil = 2026\n" + MINIMAL, ("line 2", "limits.until", '"2026-01-31"', "not 2026")),
    ("[limits]\nsince = 06:00:00\n" + MINIMAL, ("line 2", "a date or an instant")),
    (MINIMAL + "since = 2026-02-01\nuntil = 2026-02-01", ("line 4", "outlets[1].until", "since must come before")),
    ("name = 'a/b'\n" + MINIMAL, ("line 1", "directory")),
    ("name = '..'\n" + MINIMAL, ("line 1", "directory")),
    (MINIMAL + MINIMAL, ("line 4", "two outlets are called 'example.org'")),
    (MINIMAL + "deny = ['video/*']", ("line 3", "outlets[1].deny", "start it with / or *")),
    (MINIMAL + "deny = ['re:(']", ("line 3", "no regular expression")),
    (MINIMAL + "deny = [5]", ("line 3", "list of texts")),
    (MINIMAL + "feeds = ['rss.xml']", ("line 3", "a path that starts with /")),
    (MINIMAL + "hosts = ['https://example.net/']", ("line 3", "host names")),
    (MINIMAL + "hosts = ['*']", ("line 3", "host names")),
    (MINIMAL + "language = ''", ("line 3", "text in quotes")),
]


@pytest.mark.parametrize(("text", "parts"), MISTAKES)
def test_mistakes(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        job(text)
    message = str(caught.value)
    assert message.startswith("daily.toml")
    for part in parts:
        assert part in message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nope\.toml: cannot read the job file: No such file"):
        load(tmp_path / "nope.toml")


def test_a_file_in_another_charset(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match="UTF-8; byte 5"):
        load(path)


def test_the_file_gives_the_name_and_may_have_a_bom(tmp_path: Path) -> None:
    path = tmp_path / "hourly.toml"
    path.write_text("\ufeff" + MINIMAL, encoding="utf-8")
    assert load(path).name == "hourly"


# ---------------------------------------------------------------- options


def test_override() -> None:
    before = job(MINIMAL + "deny = ['/a*']\nallow = ['/b*']\n[[outlets]]\nhome = 'https://two.example/'\ndelay = 9\n")
    after = override(
        before,
        {
            "pages": "50",
            "age": "2d",
            "outlet": "two.example",
            "allow": "/x*, /y*",
            "deny": "/z* re:a,b c",
            "delay": "0.5",
        },
    )
    (two,) = after.outlets
    assert two.name == "two.example"
    assert two.limits == Limits(pages=50, age=timedelta(days=2), delay=0.5)
    assert two.allow == ("/x*", "/y*")
    assert two.deny == ("/z*", "re:a,b c")
    every = override(before, {"deny": "/c*", "depth": "0"})
    assert [each.deny for each in every.outlets] == [("/a*", "/c*"), ("/c*",)]
    assert [each.allow for each in every.outlets] == [("/b*",), ()]
    assert [each.limits.delay for each in every.outlets] == [None, 9.0]
    assert override(before, {}) == before
    span = override(before, {"since": "2026-01-01", "until": "2026-02-01", "revisit": "1h, 2d", "poll_min": "0"})
    assert all(each.limits.since == datetime(2026, 1, 1, tzinfo=UTC) and each.limits.until for each in span.outlets)
    assert span.limits.revisit == (timedelta(hours=1), timedelta(days=2))
    assert override(before, {"revisit": "none"}).limits.revisit == ()
    assert override(before, {"output": "x", "contact": "c", "user_agent": "u"}).output == "x"


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"pages": "many"}, ("-a pages", "whole number", '"many"')),
        ({"pages": "1.5"}, ("whole number", "1.5")),
        ({"age": "old"}, ("-a age", '"7d"')),
        ({"page": "5"}, ("-a page", "did you mean 'pages'")),
        ({"outlet": "exmaple.org"}, ("-a outlet", "did you mean 'example.org'")),
        ({"outlet": "zzz"}, ("there are: example.org",)),
        ({"outlet": ","}, ("name one or more of: example.org",)),
        ({"allow": "x"}, ("-a allow", "start it with /")),
        ({"deny": "re:["}, ("no regular expression",)),
        ({"revisit": "1h,x"}, ("-a revisit", 'not "x"')),
        ({"poll_min": "40d"}, ("-a poll_min", "40d to 30d")),
        ({"since": "2026-02-30"}, ("-a since", 'not "2026-02-30"')),
        ({"since": "2026-02-02", "until": "2026-02-01"}, ("-a until", "since must come before until")),
    ],
)
def test_wrong_options(options: dict[str, str], parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        override(job(MINIMAL), options)
    for part in parts:
        assert part in str(caught.value)


# ---------------------------------------------------------------- what a job answers


def test_permits() -> None:
    outlet = Outlet(
        name="x", home="https://x.example/", allow=("/20*", "*/story-*"), deny=("/2019/*", "*?print=1", "re:^/en(/|$)")
    )
    for path, page, article in [
        ("/2020/a", True, True),
        ("/2019/a", False, False),
        ("/2020/a?print=1", False, False),
        ("/a/story-1", True, True),
        ("/a", True, False),
        ("/en", False, False),
        ("/en/2020", False, False),
        ("/end", True, False),
        ("/", True, False),
    ]:
        url = f"https://x.example{path}"
        assert outlet.permits(url) is page, path
        assert outlet.permits(url, article=True) is article, path
    assert Outlet(name="x", home="https://x.example/").permits("https://x.example/a", article=True)


def test_limits_by_host() -> None:
    text = """
        [[outlets]]
        name = "a"
        home = "https://www.one.example/a/"
        delay = 2
        concurrency = 3
        pages = 7
        [[outlets]]
        name = "b"
        home = "https://one.example/b/"
        delay = 5
        [[outlets]]
        home = "http://127.0.0.1:81/"
        delay = 0
    """
    got = job(text)
    assert got.delay("www.one.example", 1.0) == 5.0
    assert got.delay("media.one.example", 1.0) == 5.0
    assert got.delay("127.0.0.1:81", 1.0) == 0.0
    assert got.delay("127.0.0.1:82", 1.0) == 1.0
    assert got.delay("other.example", 1.5) == 1.5
    assert got.concurrency("www.one.example", 1) == 3
    assert got.concurrency("other.example", 4) == 4
    assert got.pages("a") == 7
    assert got.pages("b") == 1000
    assert got.pages("nobody") == sys.maxsize
    assert got.outlet("b").home == "https://one.example/b/"


# ---------------------------------------------------------------- the files we give away


@pytest.mark.parametrize("path", sorted((ROOT / "jobs").glob("*.toml")), ids=lambda path: path.name)
def test_ready_jobs(path: Path) -> None:
    got = load(path)
    assert got.name == path.stem
    for outlet in got.outlets:
        assert outlet.permits(outlet.home)
        assert outlet.permits(f"{outlet.home.split('//')[0]}//{outlet.home.split('/')[2]}/sitemap.xml")


def test_ready_jobs_are_there() -> None:
    names = {path.stem for path in (ROOT / "jobs").glob("*.toml")}
    assert {"rferl", "world"} <= names
    assert len(load(ROOT / "jobs" / "world.toml").outlets) >= 8


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
    for key in {*JOB_KEYS, *OUTLET_KEYS, *LIMIT_KEYS, *OVERRIDES}:
        assert f"`{key}`" in text, key
