"""``scrapy archive`` as a person uses it: on pages that need much to be shown, and on the sections, feeds and sitemaps
of a site."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastwarc.warc import ArchiveIterator
from scrapy.cmdline import execute

from crawler.discovery.links import in_scope
from crawler.jobs import Outlet, Scope
from crawler.lists import read_list
from crawler.spiders.archive import ArchiveSpider
from pipelines.errors import ConfigError
from pipelines.text.hostfiles import TDMREP_PATH
from sampleweb import RichPage, SampleWeb
from tests.crawler.conftest import Pages, story
from tests.crawler.shell import PRIVATE, Ended, Run, scrapy, started, until

QUICK = (
    *PRIVATE,
    "-s",
    "BROADSHEET_DELAY=0.01",
    "-s",
    "BROADSHEET_REQUISITE_DELAY=0.01",
    "-s",
    "BROADSHEET_WORKERS=1",
    "-L",
    "ERROR",
)


def archive(output: Path, *arguments: Any, stdin: str | None = None) -> Ended:
    return scrapy("archive", *QUICK, "--output", output, *arguments, stdin=stdin)


def verified(output: Path) -> bool:
    with pytest.raises(SystemExit) as ended:
        execute(["scrapy", "verify", str(output), "-L", "ERROR"])
    return ended.value.code == 0


def runs(output: Path) -> list[Run]:
    return [Run(path) for path in sorted((output / "runs").iterdir())]


def records(run: Run) -> list[tuple[str, str]]:
    """Type and address of each response and revisit."""
    found = []
    for path in run.warcs:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=False):
                kind = record.headers["WARC-Type"]
                if kind in ("response", "revisit", "resource"):
                    found.append((kind, record.headers["WARC-Target-URI"]))
    return found


def addresses(run: Run) -> list[str]:
    return [url for _, url in records(run)]


def readme(run: Run) -> str:
    return (run.folder / "README.txt").read_text("utf-8")


def asked(web: SampleWeb) -> Counter[str]:
    return Counter(f"http://{each.host}:{web.port}{each.path}" for each in web.requests)


# ------------------------------------------------------------------ pages with all they need


@dataclass
class Kept:
    """The gallery of rich pages, archived twice."""

    output: Path
    pages: tuple[RichPage, ...]
    first: Ended
    second: Ended
    asked: Counter[str]

    @property
    def runs(self) -> list[Run]:
        return runs(self.output)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    output = tmp_path_factory.mktemp("rich") / "rich"
    with SampleWeb(rich=True, outlets=[]) as web:
        listed = "".join(f"{page.url}\n" for page in web.rich_pages)
        first = archive(output, "--list", "-", stdin=listed)
        requests = asked(web)
        second = archive(output, "--list", "-", "--no-wacz", stdin=listed)
        yield Kept(output, tuple(web.rich_pages), first, second, requests)


def test_all_that_a_page_needs_is_kept(kept: Kept) -> None:
    assert kept.first.status == 0, kept.first
    have = set(addresses(kept.runs[0]))
    for page in kept.pages:
        assert page.url in have
        assert page.plain - have == set(), page.key
        assert not [one.url for one in page.requisites if one.disallowed and kept.asked[one.url]]
        assert not [url for url in page.decoys if kept.asked[url]], page.key


def test_nothing_is_asked_for_twice_but_what_failed(kept: Kept) -> None:
    flaky = {one.url for page in kept.pages for one in page.requisites if one.flaky}
    assert {url for url, number in kept.asked.items() if number > 1} == flaky


def test_the_readme_says_how_each_page_ended(kept: Kept) -> None:
    text = readme(kept.runs[0])
    _, partly, whole = re.split(r"\nArchived[^\n]*:\n", text)
    odd = next(page for page in kept.pages if page.key == "odd")
    app = next(page for page in kept.pages if page.key == "app")
    missing = [line.strip() for line in partly.splitlines()[1:]]
    assert partly.splitlines()[0].strip() == odd.url
    assert [line.partition(": ")[2].partition(" of ")[0] for line in missing] == [
        "404 Not Found", "disallowed by the robots.txt"
    ]  # fmt: skip
    lines = {line.split()[0]: line for line in whole.splitlines()}
    assert set(lines) == {page.url for page in kept.pages} - {odd.url}
    assert "--browser" in lines[app.url]
    assert "9 pages: 8 archived, 1 partly, 0 failed" in text
    for name in re.findall(r"^  (\S+): ", text.partition("What is here:")[2].partition("\n\n")[0], re.MULTILINE):
        assert list(kept.runs[0].folder.glob(name)), name
    assert not (kept.runs[0].folder / "failures.txt").exists()


def test_articles_of_rich_pages(kept: Kept) -> None:
    texts = {each["url"]: each["text"] for each in kept.runs[0].articles}
    assert set(texts) == {page.url for page in kept.pages if page.outcome == "article"}
    for page in kept.pages:
        assert page.outcome != "article" or all(text in texts[page.url] for text in page.paragraphs)


def test_the_same_list_again_adds_revisits_only(kept: Kept) -> None:
    assert kept.second.status == 0, kept.second
    first, second = kept.runs
    errors = {one.url for page in kept.pages for one in page.requisites if one.status >= 300}
    new = [url for kind, url in records(second) if kind != "revisit"]
    assert [url for url in new if url not in errors] == []
    pages = {url for url in addresses(first) if not url.endswith(("/robots.txt", TDMREP_PATH))}
    assert pages == {url for url in addresses(second) if not url.endswith("/robots.txt")}, (
        "tdmrep.json is known by then"
    )
    assert second.articles == []
    assert "9 pages: 8 archived, 1 partly, 0 failed" in readme(second)


def test_runs_hold_together(kept: Kept) -> None:
    assert verified(kept.output)


# ------------------------------------------------------------------ interrupted


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Once by a limit, once by a kill in the middle: nothing is missing, and nothing is kept twice."""
    output = tmp_path / "broken-off"
    with SampleWeb(rich=True, outlets=[]) as web:
        pages = [page for page in web.rich_pages if page.key in ("odd", "lazy", "base")]
        urls = [page.url for page in pages]
        first = archive(output, *urls, "-s", "CLOSESPIDER_PAGECOUNT=6")
        assert first.status == 6, first
        before = len(web.requests)
        with started("archive", *QUICK, "-s", "BROADSHEET_DELAY=0.05", "--output", output, *urls) as process:
            until(lambda: len(web.requests) > before + 10)
            os.kill(process.pid, signal.SIGKILL)
        last = archive(output, *urls, "--no-wacz")
        assert last.status == 0, last
        [run] = runs(output)
        needed = set().union(*(page.plain | {page.url} for page in pages))
        flaky = {one.url for page in pages for one in page.requisites if one.flaky}
    counts = Counter(addresses(run))
    assert needed - set(counts) == set()
    twice = {url for url, number in counts.items() if number > 1 + (url in flaky)}
    again = Counter(url for kind, url in records(run) if kind == "revisit")
    # What was in flight at the kill, and each process's robots.txt, come again: as revisits.
    assert all(again[url] >= counts[url] - 1 for url in twice)
    assert len(twice) < 12
    assert "3 pages: 2 archived, 1 partly, 0 failed" in readme(run)
    assert verified(output)


# ------------------------------------------------------------------ what was asked for

DAYS = ("2026-10-03", "2026-10-20", "2026-11-05", "2026-11-21")


@pytest.fixture
def site(pages: Pages, article: Callable[..., bytes]) -> Pages:
    """Four stories, listed in a section, a feed and a sitemap; and a campaign beside them that only links lead to."""
    stories = [f"/2026/{day[5:7]}/{day[8:]}/story-of-day-{day[8:]}.html" for day in DAYS]
    for path in stories:
        pages.pages[path] = article(f"Ferry story {path[-7:-5]}")
    links = "".join(f'<li><h3><a href="{path}">The ferry story of day {path[-7:-5]}</a></h3></li>' for path in stories)
    pages.pages["/news/"] = f"<title>News</title><h1>News</h1><ul>{links}</ul>".encode()
    items = "".join(
        f"<item><title>Ferry of {day}</title><link>{pages.base}{path}</link><pubDate>{day}T08:00:00Z</pubDate></item>"
        for path, day in zip(stories, DAYS, strict=True)
    )
    pages.pages["/rss.xml"] = (
        200, {"Content-Type": "application/rss+xml"},
        f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode(),
    )  # fmt: skip
    entries = "".join(
        f"<url><loc>{pages.base}{path}</loc><lastmod>{day}</lastmod></url>"
        for path, day in zip(stories, DAYS, strict=True)
    )
    pages.pages["/sitemap.xml"] = (
        200, {"Content-Type": "application/xml"},
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode(),
    )  # fmt: skip
    other = pages.base.replace("127.0.0.1", "127.0.0.2")
    pages.pages["/campaign/"] = (
        b'<h1>Save the pier</h1><a href="a.html">a</a> <a href="/about.html">about</a> <a href="film/x.html">x</a>'
        + f' <a href="{other}/other.html">elsewhere</a>'.encode()
    )
    pages.pages["/campaign/a.html"] = article("First of the campaign", extra='<a href="b.html">b</a>')
    pages.pages["/campaign/b.html"] = article("Second of the campaign", extra='<a href="c.html">c</a>')
    pages.pages["/campaign/c.html"] = article("Third of the campaign")
    pages.pages["/campaign/film/x.html"] = article("A film of the campaign")
    pages.pages["/about.html"] = article("About us")
    return pages


def paths(pages: Pages) -> set[str]:
    """What was asked for, but for what hosts say of all pages."""
    return set(pages.asked) - {"/robots.txt", TDMREP_PATH}


def days(found: Iterable[str]) -> list[str]:
    return sorted(re.findall(r"/2026/(\d\d/\d\d)/", " ".join(found)))


ALL = ["10/03", "10/20", "11/05", "11/21"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--sitemap", "/sitemap.xml", "--since", "2026-10-10", "--until", "2026-11-10"], ALL[1:3]),
        (["--section", "/news/", "--exclude", "/2026/10/*", "--pages", "1"], ALL[2:3]),
    ],
)
def test_a_dry_run_lists_what_would_be_fetched(
    site: Pages, tmp_path: Path, options: list[str], expected: list[str]
) -> None:
    """Its output is a list; nothing but the listing is fetched, and nothing is left behind."""
    output = tmp_path / "dry"
    ended = archive(output, *(f"{site.base}{each}" if each in site.pages else each for each in options), "--dry-run")
    assert ended.status == 0, ended
    (tmp_path / "list.txt").write_text(ended.out, "utf-8")
    assert days(read_list(str(tmp_path / "list.txt")).pages) == expected, ended
    assert len(read_list(str(tmp_path / "list.txt")).pages) == len(expected)
    assert paths(site) == {options[1]}
    assert f"{len(expected)} pages of 1 hosts" in ended.err
    assert not output.exists()


def test_the_articles_of_a_feed_and_a_section_are_archived(site: Pages, tmp_path: Path) -> None:
    """With --pages, as many as that; the listings themselves are in the archive, and no pages of the README."""
    feed, section = f"{site.base}/rss.xml", f"{site.base}/news/"
    ended = archive(tmp_path / "both", "--feed", feed, "--section", section, "--pages", "3")
    assert ended.status == 0, ended
    [run] = runs(tmp_path / "both")
    assert len(run.articles) == 3
    assert {feed, section} <= set(addresses(run))
    assert "3 pages: 3 archived" in readme(run)


def test_a_site_is_followed_as_far_as_was_asked_for(site: Pages, tmp_path: Path) -> None:
    options = ("--scope", "prefix", "--depth", "2", "--exclude", "/campaign/film/*", "--no-wacz")
    ended = archive(tmp_path / "site", "--site", f"{site.base}/campaign/", *options)
    assert ended.status == 0, ended
    assert paths(site) - {"/favicon.ico"} == {"/campaign/", "/campaign/a.html", "/campaign/b.html"}
    [run] = runs(tmp_path / "site")
    assert "3 pages: 3 archived" in readme(run)
    assert not list(run.folder.glob("*.wacz"))


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        ("prefix", ["https://www.a.example/campaign/x/"]),
        ("host", ["https://www.a.example/campaign/x/", "https://www.a.example/about"]),
        ("domain", ["https://www.a.example/campaign/x/", "https://www.a.example/about", "https://shop.a.example/"]),
    ],
)
def test_scopes(scope: Scope, inside: list[str]) -> None:
    outlet = Outlet(name="a", home="https://www.a.example/campaign/start.html", scope=scope)
    others = ["https://nota.example/", "https://www.a.example.org/campaign/x/", "https://b.example/campaign/x/"]
    everything = [
        "https://www.a.example/campaign/x/",
        "https://www.a.example/about",
        "https://shop.a.example/",
        *others,
    ]
    assert [url for url in everything if in_scope(url, outlet)] == inside


def test_failures_are_explained_and_can_be_fed_back(site: Pages, tmp_path: Path) -> None:
    output, good = tmp_path / "again", f"{site.base}/about.html"
    gone, late = f"{site.base}/gone.html", f"{site.base}/late.html"
    site.pages["/gone.html"] = (410, {}, b"gone")
    site.pages["/round.html"] = (302, {"Location": "/round.html"}, b"")
    site.pages["/post.html"] = (302, {"Location": "mailto:desk@example.org"}, b"")
    site.pages["/late.html"] = b""
    ended = archive(
        output, good, gone, late, f"{site.base}/round.html", f"{site.base}/post.html", "ftp://example.org/x",
        f"{site.base.replace('//', '//me:secret@')}/x", "no address at all",
    )  # fmt: skip
    assert ended.status == 3, ended
    [run] = runs(output)
    lines = (run.folder / "failures.txt").read_text("utf-8").splitlines()
    told = {urlsplit(line.split("\t")[0]).path or line.split("\t")[0]: line.partition("# ")[2] for line in lines}
    assert told == {
        "/x": told["/x"],
        "no address at all": "no web address that can be read",
        "/gone.html": "HTTP status 410 Gone",
        "/late.html": "the answer is empty",
        "/round.html": "its redirects lead in a circle",
        "/post.html": "HTTP status 302 Found to 'mailto:desk@example.org', which is no web address",
    }
    assert any(line.startswith("ftp://example.org/x\t# ftp: only http and https") for line in lines)
    assert any(line.endswith("# it carries a user name, which would stand in the archive") for line in lines)
    site.pages["/late.html"] = story("It came late")
    site.asked.clear()
    again = archive(output, "--list", run.folder / "failures.txt", "--no-wacz")
    assert again.status == 3, again
    assert paths(site) - {"/favicon.ico"} == {"/gone.html", "/late.html", "/round.html", "/post.html"}
    assert [each["url"] for each in runs(output)[1].articles] == [late]
    assert "\nArchived:\n  " + late in readme(runs(output)[1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give one or more URLs, or --list"),
        (["--list", "is-not-there.txt"], "cannot read is-not-there.txt"),
        (["--sitemap", "http://127.0.0.1/s.xml", "--since", "soon"], "--since"),
        (["--section", "http://127.0.0.1/", "--depth", "-1"], "--depth"),
        (["http://127.0.0.1/", "--pages", "0"], "--pages"),
        (["--site", "http://127.0.0.1/", "--since", "2026-11-02", "--until", "2026-11-01"], "--until"),
        (["http://127.0.0.1/", "--depth", "2"], "--depth is for"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, arguments: list[str], says: str) -> None:
    output = tmp_path / "none"
    ended = scrapy("archive", "--output", output, *arguments)
    assert ended.status == 2, ended
    assert says in ended.out + ended.err
    assert not output.exists()


def test_a_list_without_any_page_is_no_crawl() -> None:
    with pytest.raises(ConfigError, match=r"mailto:a@example\.org: mailto: only http and https can be archived"):
        ArchiveSpider(["mailto:a@example.org"])
