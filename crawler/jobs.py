"""Job files: TOML in, frozen values out, and errors that say what to write instead.

``load`` reads a file, ``override`` applies what was given on the command line (``-a pages=50``).
Every key is described in ``docs/jobs.md``.
"""

from __future__ import annotations

import fnmatch
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from crawler.discovery.urls import host_of, same_site
from crawler.jobfile import Table, read_patterns, written
from pipelines.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is asked of an outlet, and how fast."""

    pages: int = 1000
    """Articles an outlet and run."""
    age: timedelta | None = None
    """Articles older than this are left out, where their age is known before they are fetched."""
    depth: int = 3
    """Links followed from the home page or a listed section to a section or to a page of one."""
    delay: float | None = None
    """Seconds between two requests to a host; None for the setting. A longer Crawl-delay or Retry-After wins."""
    concurrency: int | None = None
    """Requests to a host at a time; None for the setting."""
    revisit: tuple[timedelta, ...] = (
        timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), timedelta(days=30),
    )  # fmt: skip
    """How long after its first capture an article is asked for again, each time; none for never."""
    poll_min: timedelta = timedelta(0)
    """A source (home, section, feed, sitemap) is not asked again sooner,"""
    poll_max: timedelta = timedelta(days=30)
    """and not later than this, however often it has proved to change."""
    since: datetime | None = None
    """Only articles of that moment or later: the run is a backfill."""
    until: datetime | None = None
    """Only articles before that moment: the run is a backfill."""
    requisites: int = 0
    """Images, styles, scripts and other parts that are fetched of an article's page; 0 for none."""

    @property
    def backfill(self) -> bool:
        """Whether the articles of a span of time are wanted, and not what is new."""
        return self.since is not None or self.until is not None


Scope = Literal["", "host", "domain", "prefix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One news site."""

    name: str
    home: str
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    """Patterns of dated archive pages, ``/archive/{yyyy}/{mm}/{dd}/``, which a backfill reads for its span."""
    hosts: tuple[str, ...] = ()
    """Hosts that belong to the outlet besides that of its home page and its subdomains; with ``:port`` if any."""
    allow: tuple[str, ...] = ()
    """If there are any, an article's path and query must match one of them."""
    deny: tuple[str, ...] = ()
    """What matches one of these is not fetched, whatever it is."""
    language: str | None = None
    scope: Scope = ""
    """For one-off runs: all links of a page are followed that lead to the home page's host, to its domain, or to what
    lies below the home page; empty: what looks like news is looked for."""
    limits: Limits = Limits()

    def permits(self, url: str, *, article: bool = False) -> bool:
        """Whether ``deny`` (and, for an article, ``allow``) let a URL through."""
        if not self.deny and not (article and self.allow):
            return True
        target = _target(url)
        if any(_compiled(pattern).search(target) for pattern in self.deny):
            return False
        return not (article and self.allow) or any(_compiled(pattern).search(target) for pattern in self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to archive, and where to put it."""

    name: str
    outlets: tuple[Outlet, ...]
    output: str = "output"
    contact: str | None = None
    """A mail or web address that the User-Agent names, for those who run the sites."""
    user_agent: str | None = None
    limits: Limits = field(default=Limits())

    def outlet(self, name: str) -> Outlet:
        """The outlet of that name."""
        return next(outlet for outlet in self.outlets if outlet.name == name)

    def pages(self, outlet: str) -> int:
        """How many articles of an outlet a run may ask for; no limit for one that the job does not name."""
        return next((each.limits.pages for each in self.outlets if each.name == outlet), sys.maxsize)

    def delay(self, host: str, default: float) -> float:
        """Seconds between two requests to a host (with its port, if any): the longest that its outlets ask for."""
        asked = [limits.delay for limits in self._limits_of(host) if limits.delay is not None]
        return max(asked, default=default)

    def concurrency(self, host: str, default: int) -> int:
        """Requests to a host (with its port, if any) at a time: the fewest that its outlets allow."""
        asked = [limits.concurrency for limits in self._limits_of(host) if limits.concurrency is not None]
        return min(asked, default=default)

    def _limits_of(self, host: str) -> list[Limits]:
        return [outlet.limits for outlet in self.outlets if same_site(f"http://{host}/", outlet)]


JOB_KEYS = ("name", "output", "contact", "user_agent", "limits", "outlets")
LIMIT_KEYS = tuple(each.name for each in fields(Limits))
OUTLET_KEYS = (
    "name", "home", "feeds", "sitemaps", "sections", "archives", "hosts", "allow", "deny", "language", *LIMIT_KEYS,
)  # fmt: skip
_NUMBERS = ("pages", "depth", "delay", "concurrency", "requisites")
OVERRIDES = ("outlet", "allow", "deny", "output", "contact", "user_agent", *LIMIT_KEYS)


def load(path: str | Path) -> Job:
    """Read a job file.

    :raises ConfigError: it names the file, the key, the line, and what may stand there.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the job file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: a job file is UTF-8; byte {error.start} is not") from error
    return loads(text, name=path.stem, source=str(path))


def loads(text: str, *, name: str, source: str = "job") -> Job:
    """Read a job from text; `name` is its name unless it gives one, `source` stands in errors."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: this is not TOML: {error}") from error
    top = Table(data, source, text)
    top.only(JOB_KEYS)
    name = top.string("name", name)
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise top.error("name", f"{name!r} will be a directory: letters, digits, '-', '_' and '.' only")
    limits = _limits(top.table("limits"), Limits())
    tables = top.tables("outlets")
    if not tables:
        raise top.error("outlets", 'a job needs at least one outlet:\n\n[[outlets]]\nhome = "https://www.example.org/"')
    outlets: list[Outlet] = []
    for table in tables:
        outlet = _outlet(table, limits)
        if any(outlet.name == other.name for other in outlets):
            key = "name" if "name" in table.data else "home"
            raise table.error(key, f"two outlets are called {outlet.name!r}; give one of them a name of its own")
        outlets.append(outlet)
    return Job(
        name=name,
        output=top.string("output", "output"),
        contact=top.string("contact", "") or None,
        user_agent=top.string("user_agent", "") or None,
        limits=limits,
        outlets=tuple(outlets),
    )


def _outlet(table: Table, limits: Limits) -> Outlet:
    table.only(OUTLET_KEYS)
    home = table.url("home")
    return Outlet(
        name=table.string("name", host_of(home).removeprefix("www.")),
        home=home,
        feeds=table.urls("feeds", home),
        sitemaps=table.urls("sitemaps", home),
        sections=table.urls("sections", home),
        archives=table.archives("archives", home),
        hosts=table.hosts("hosts"),
        allow=table.patterns("allow"),
        deny=table.patterns("deny"),
        language=table.string("language", "") or None,
        limits=_limits(table.part(LIMIT_KEYS), limits),
    )


def _limits(table: Table, default: Limits) -> Limits:
    table.only(LIMIT_KEYS)
    limits = Limits(
        pages=table.number("pages", default.pages, 1, 10_000_000, int),
        age=table.duration("age", default.age),
        depth=table.number("depth", default.depth, 0, 100, int),
        delay=table.number("delay", default.delay, 0.0, 3600.0, float),
        concurrency=table.number("concurrency", default.concurrency, 1, 16, int),
        revisit=table.durations("revisit", default.revisit),
        poll_min=table.duration("poll_min", default.poll_min, zero=True) or timedelta(0),
        poll_max=table.duration("poll_max", default.poll_max) or default.poll_max,
        since=table.moment("since", default.since),
        until=table.moment("until", default.until),
        requisites=table.number("requisites", default.requisites, 0, 100_000, int),
    )
    _agree(limits, table)
    return limits


def _agree(limits: Limits, table: Table) -> None:
    """Refuse limits that leave nothing between them."""
    if limits.poll_min > limits.poll_max:
        key = "poll_min" if "poll_min" in table.data else "poll_max"
        what = f"{written(limits.poll_min)} to {written(limits.poll_max)}"
        raise table.error(key, f"a source cannot be asked every {what}: poll_min must not be longer than poll_max")
    if limits.since and limits.until and limits.since >= limits.until:
        key = "until" if "until" in table.data else "since"
        what = f"from {limits.since.isoformat()} to before {limits.until.isoformat()}"
        raise table.error(key, f"there is no time {what}: since must come before until")


def override(job: Job, options: Mapping[str, str]) -> Job:
    """A job with command-line options applied to all its outlets.

    ``outlet`` picks outlets by name; ``allow`` replaces the job's patterns, ``deny`` adds to them. Lists are written
    with commas.

    :raises ConfigError: an option is unknown, or its value cannot be used.
    """
    table = Table(dict(options), "option", "", "-a ")
    table.only(OVERRIDES)
    outlets = job.outlets
    if "outlet" in options:
        wanted = [name for name in re.split(r"[,\s]+", options["outlet"]) if name]
        known = {outlet.name: outlet for outlet in outlets}
        for name in wanted:
            if name not in known:
                raise table.error("outlet", f"the job has no outlet {name!r}{table.hint(name, known)}")
        if not wanted:
            raise table.error("outlet", f"name one or more of: {', '.join(known)}")
        outlets = tuple(outlet for outlet in outlets if outlet.name in wanted)
    changes: dict[str, Any] = {}
    for key in LIMIT_KEYS:
        if key in options:
            changes[key] = Table.parse_number(options[key]) if key in _NUMBERS else options[key]
    given = Table(changes, "option", "", "-a ")

    def limited(limits: Limits) -> Limits:
        return _limits(given, limits)

    allow = read_patterns(options["allow"], table, "allow") if "allow" in options else None
    deny = read_patterns(options["deny"], table, "deny") if "deny" in options else ()
    return replace(
        job,
        output=options.get("output", job.output),
        contact=options.get("contact", job.contact),
        user_agent=options.get("user_agent", job.user_agent),
        limits=limited(job.limits),
        outlets=tuple(
            replace(
                each,
                limits=limited(each.limits),
                allow=each.allow if allow is None else allow,
                deny=each.deny + deny,
            )
            for each in outlets
        ),
    )


def _target(url: str) -> str:
    """What patterns are matched against: path and query."""
    start = url.find("/", url.find("://") + 3)
    return url[start:] if start > 0 else "/"


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern.startswith("re:"):
        return re.compile(pattern[3:])
    return re.compile(r"\A" + fnmatch.translate(pattern))
