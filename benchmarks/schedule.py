"""Run a job every hour for a month, on the sample web's clock, and judge what it found, missed and asked for.

    python benchmarks/schedule.py --days 30 --fork        the whole measure
    python benchmarks/schedule.py --days 2                two days, each run a process of its own
    python benchmarks/schedule.py --days 30 --keep DIR    stop it when you like: it goes on where it stopped

Each run is ``scrapy crawl news`` as a user starts it, with the web's clock as ``BROADSHEET_NOW``. ``--fork`` starts
runs from a process that has the modules imported (Scrapy's command line runs all the same, in a process of its own);
every 23rd is a real start, and only those count for CPU.

What is held against the truth of the web and its request log:

new articles
    Found in the first run after publication, by a record of version 1 in that run. While a site is down or its
    robots.txt closed, the first run after that counts: after an answer of 503 has had the patience that it asked for
    (Retry-After), and after a robots.txt that was closed has been kept for a day, since it need not be asked for
    sooner. How many come later than they would without that is told.
versions
    An article's state (text, headline, metadata) at each fetch that succeeded, from the log. Each change between two
    such fetches is one version in the later one's run, of the first kind that applies. Furniture is no change. A
    redesign may change which metadata a page tells: a version for that alone is neither asked for nor held against.
revisits
    Publication + 1 h, 6 h, 1 d, 7 d, 30 d; a crawler that cannot know the publication may reckon from the first fetch.
    A fetch up to 5 min early counts, the first fetch of an article too: found 57 min after its publication, it has
    been looked at after an hour. Made: a fetch in one of the first two runs from then on in which the site could be
    asked.
deletions
    Recorded in the run of the second look that found the page gone (404, or redirect to the front page), for 410 of
    the first; asked for if a scheduled revisit (and the confirming one) lies inside the time simulated.
requests
    By kind, against the least possible for this knowledge: for each outlet and run one conditional request to the
    source that names all that is new (an oracle says which; as many as it takes if no single one does); one request per
    new article; one per article with a revisit due or of which a feed of the outlet announces a newer version (one, if
    both); one more to confirm each deletion by 404 or redirect; two hops of consent where a site asks for it, in
    runs that fetch such an article; one robots.txt a day and outlet; while a site is down, one request; while its
    robots.txt is closed, that alone. The first run counts as it is. The *strict* oracle knows besides whether a source
    has something new, and asks only then.
bytes
    Bodies as sent, against fetching home page, sections, feeds and sitemaps of each outlet unconditionally in each run.
health
    For each incident the run in which ``health.json`` first has a finding of that kind for the outlet, counted from the
    first run in which it could be seen. Other findings at the outlet while the incident lasts (three days at most) are
    consequences; whatever else is found is a false alarm, one for all runs in which it stands.

Exit status 1 if a measure is not met.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sampleweb import DEFAULT_CLOCK, SCENARIO, Incident, SampleWeb  # noqa: E402
from sampleweb.feeds import PATHS as FEEDS  # noqa: E402
from sampleweb.feeds import items as feed_items  # noqa: E402
from sampleweb.incidents import Kind  # noqa: E402
from sampleweb.model import Story  # noqa: E402
from sampleweb.newsroom import newsroom  # noqa: E402
from sampleweb.outlets import BY_KEY, SECTIONS  # noqa: E402
from sampleweb.server import RETRY_AFTER  # noqa: E402
from sampleweb.site import TRACKING, Site  # noqa: E402
from sampleweb.sitemaps import CANARY  # noqa: E402
from sampleweb.sitemaps import PATHS as SITEMAPS  # noqa: E402
from sampleweb.sitemaps import shown as sitemap_items  # noqa: E402
from sampleweb.templates import RENDER  # noqa: E402
from sampleweb.traps import STATIC  # noqa: E402
from sampleweb.truth import article as expected_article  # noqa: E402
from sampleweb.web import DEFAULT_SEED  # noqa: E402

STEPS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""The revisit schedule that is judged: the default of a job."""

EARLY = timedelta(minutes=5)
"""How much before its time a revisit may come."""

WITHIN_RUNS = 2
"""Runs within which a revisit that is due must be made, and a failure flagged."""

DAY = timedelta(days=1)

CALLED = {
    "redesign": "redesign",
    "dead-feed": "feed-gone",
    "down": "site-down",
    "refused": "site-down",
    "robots": "robots-changed",
}
"""What health.json calls an incident."""

REQUESTS_MOST, CPU_MOST, FALSE_ALARMS_MOST = 1.15, 3.0, 1

PATIENCE = 600.0
"""Seconds after which a run is taken to hang."""


# ---------------------------------------------------------------------- playing


@dataclass(kw_only=True)
class Played:
    """One run: what was measured of it, what the web was asked, what it recorded."""

    number: int
    clock: str
    real: bool
    """Started as a process of its own, not forked."""
    status: int
    cpu: float
    """User and system seconds of all its processes."""
    wall: float
    rss: int
    """Peak of its largest process, KB."""
    requests: list[tuple[str, str, int, int, bool]] = field(default_factory=list)
    """Host, path, status, bytes of the body, whether conditional."""
    folder: str = ""
    """Of its records."""

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.clock)


class Starter:
    """A process that starts runs, really or by forking itself, and measures all that they start.

    It is made before the web has threads. What a run leaves behind becomes its child, and is waited for and counted.
    """

    def __init__(self, *, fork: bool) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(ours[1])
            os.close(theirs[0])
            with suppress(KeyboardInterrupt), os.fdopen(ours[0]) as orders, os.fdopen(theirs[1], "w") as answers:
                _start_runs(orders, answers, fork)
            os._exit(0)
        os.close(ours[0])
        os.close(theirs[1])
        self._orders, self._answers = os.fdopen(ours[1], "w"), os.fdopen(theirs[0])

    def run(self, arguments: Sequence[str], log: Path, *, real: bool) -> dict[str, Any]:
        print(json.dumps([list(arguments), str(log), real]), file=self._orders, flush=True)
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError("the process that starts runs is gone")
        told: dict[str, Any] = json.loads(answer)
        return told

    def close(self) -> None:
        self._orders.close()
        os.waitpid(self.pid, 0)


def _start_runs(orders: Iterable[str], answers: Any, fork: bool) -> None:
    pr_set_child_subreaper = 36  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)
    os.chdir(ROOT)
    os.environ |= {"PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    if fork:
        import crawler.addon
        import crawler.commands.crawl
        import crawler.crawl
        import crawler.fetch.middleware
        import crawler.spiders.news
        import crawler.watch.progress  # noqa: F401

        assert "twisted.internet.reactor" not in sys.modules, "a run must install its own"
    for line in orders:
        arguments, log, real = json.loads(line)
        began = time.monotonic()
        with Path(log).open("ab") as output:
            if real or not fork:
                command = [sys.executable, "-m", "scrapy", *arguments]
                pid = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                ).pid
            else:
                pid = os.fork()
                if not pid:
                    _become(arguments, output.fileno())
        print(json.dumps(_waited(pid, began)), file=answers, flush=True)


def _become(arguments: list[str], output: int) -> None:
    """In a forked process: be ``scrapy ARGUMENTS``."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.closerange(3, 256)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["scrapy", *arguments]
    from scrapy.cmdline import execute

    status: Any = 1
    try:
        execute()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        multiprocessing_util = sys.modules.get("multiprocessing.util")
        if multiprocessing_util is not None:
            multiprocessing_util._exit_function()
        os._exit(status if isinstance(status, int) else 1)


def _waited(pid: int, began: float) -> dict[str, Any]:
    """Wait for a run and for whatever it left behind; what they used."""
    status, cpu, rss, hung = -1, 0.0, 0, False
    while True:
        try:
            ended, code, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not ended:
            if time.monotonic() - began > PATIENCE and not hung:
                hung = True
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            time.sleep(0.01)
            continue
        cpu += used.ru_utime + used.ru_stime
        rss = max(rss, used.ru_maxrss)
        if ended == pid:
            status, wall = os.waitstatus_to_exitcode(code), time.monotonic() - began
    return {"status": status, "cpu": round(cpu, 3), "wall": round(wall, 3), "rss": rss}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated."""

    outlets: tuple[str, ...]
    clocks: tuple[datetime, ...]
    """When the job is run."""
    incidents: tuple[Incident, ...] = SCENARIO
    seed: int = DEFAULT_SEED
    """Of the stories."""
    delay: float = 0.02
    settings: tuple[str, ...] = ()
    """``NAME=VALUE`` for every run."""


def drawn(seed: int, outlets: Sequence[str], days: float) -> tuple[Incident, ...]:
    """Other incidents than those of the scenario: one of each kind, each at an outlet of its own, at times by chance.

    None begins in the first six days, in which the outlets' past is too short to tell what is unlike it, nor in the
    last one and a half.
    """
    rng = random.Random(f"incidents:{seed}")
    away: tuple[Kind, Kind] = ("down", "refused")
    kinds: tuple[Kind, ...] = ("dead-feed", "redesign", rng.choice(away), "robots")
    found = []
    for kind, key in zip(kinds, rng.sample(list(outlets), len(outlets)), strict=False):
        start = DEFAULT_CLOCK + rng.uniform(6.0, max(days - 1.5, 6.0)) * DAY
        lasts = None if kind in ("dead-feed", "redesign") else start + rng.uniform(1.0, 3.0) * DAY
        others = sorted(set(RENDER) - {BY_KEY[key].template})
        detail = rng.choice(others) if kind == "redesign" else ""
        found.append(Incident(outlet=key, kind=kind, start=start, end=lasts, detail=detail))
    return tuple(found)


class Starts(Protocol):
    """What starts a run, and tells its ``status``, ``cpu``, ``wall`` and ``rss``."""

    def run(self, arguments: Sequence[str], log: Path, *, real: bool) -> dict[str, Any]: ...


def play(plan: Plan, folder: Path, starter: Starts, *, every: int = 1, show: bool = True) -> list[Played]:
    """Run the job again and again; goes on where an earlier call in the same folder stopped.

    Every so many runs is a real start.
    """
    diary = folder / "played.jsonl"
    played = [Played(**json.loads(line)) for line in diary.open()] if diary.exists() else []
    port_file = folder / "port"
    port = int(port_file.read_text()) if port_file.exists() else 0
    with (
        SampleWeb(
            clock=DEFAULT_CLOCK, seed=plan.seed, incidents=plan.incidents, outlets=plan.outlets, port=port
        ) as web,
        diary.open("a") as lines,
    ):
        port_file.write_text(str(web.port))
        job = folder / "job.toml"
        tables = "".join(f'\n[[outlets]]\nname = "{each.key}"\nhome = "{each.home}"\n' for each in web.outlets)
        job.write_text(f'name = "job"\noutput = "{folder}/out"\n[limits]\ndelay = {plan.delay}\n{tables}', "utf-8")
        for number, clock in list(enumerate(plan.clocks))[len(played) :]:
            web.set_clock(clock)
            web.requests.clear()
            options = [option for setting in plan.settings for option in ("-s", setting)]
            told = starter.run(
                ["crawl", "news", "-a", f"job={job}", "-s", f"BROADSHEET_NOW={clock.isoformat()}",
                 "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-L", "WARNING", *options],
                folder / f"log-{number // 100:02}.txt", real=number % every == 0,
            )  # fmt: skip
            run = Played(
                number=number, clock=clock.isoformat(), real=number % every == 0, **told,
                requests=[(r.host, r.path, r.status, r.sent, r.conditional) for r in web.requests],
                folder=_folder_of(folder, clock),
            )  # fmt: skip
            played.append(run)
            print(json.dumps(asdict(run)), file=lines, flush=True)
            if show:
                _tell_progress(run, plan)
            if len(played) >= 3 and all(each.status in (1, 2) and not each.requests for each in played[-3:]):
                raise SystemExit(f"three runs in a row asked for nothing and ended with {run.status}: see {folder}")
    return played


def _folder_of(folder: Path, clock: datetime) -> str:
    """The newest run's folder, if it is of this clock (a run that did not start leaves none)."""
    runs = sorted((folder / "out/job/runs").glob("*"))
    return str(runs[-1].relative_to(folder)) if runs and runs[-1].name[:13] == f"{clock:%Y%m%dT%H%M}" else ""


def _tell_progress(run: Played, plan: Plan) -> None:
    text = (
        f"run {run.number}/{len(plan.clocks) - 1}  {run.clock[:16]}  status {run.status}  {len(run.requests)} requests"
        f"  {run.wall:.1f} s, CPU {run.cpu:.1f} s"
    )
    end = "\n" if run.number % 24 == 0 or run.status not in (0, 3) or not sys.stderr.isatty() else "\r"
    print(text.ljust(100), end=end, file=sys.stderr, flush=True)


# ---------------------------------------------------------------------- the truth, and the log in its terms


class Asked(NamedTuple):
    """A request, as the judge sees it."""

    kind: str
    """robots, feed, sitemap, home, section; article, twin (another address of one); hop (a redirect); other."""
    outlet: str
    story: int | None
    status: int
    sent: int
    conditional: bool
    path: str
    host: str


class Flag(NamedTuple):
    """Something wrong with an outlet, as health.json has it."""

    run: int
    outlet: str
    kind: str
    cause: str


class State(NamedTuple):
    """What of an article a version is made of."""

    text: tuple[str, ...]
    headline: str | None
    metadata: tuple[Any, ...]
    redesigned: bool


class Truth:
    """The sites without their servers."""

    def __init__(self, plan: Plan, port: int) -> None:
        rooms = newsroom(plan.seed)
        self.sites = {key: Site(BY_KEY[key], rooms[key], port, plan.incidents) for key in plan.outlets}
        self._hosts = {site.outlet.host: site for site in self.sites.values()}
        self._old = {site.outlet.old_host: site for site in self.sites.values() if site.outlet.old_host}
        self.by_url = {
            site.base + site.archive.path(story): (key, story)
            for key, site in self.sites.items()
            for story in site.archive.stories
        }
        self._states: dict[tuple[str, int, datetime, bool], State] = {}

    def url(self, outlet: str, number: int) -> str:
        site = self.sites[outlet]
        story = site.archive.by_number(number)
        assert story is not None
        return site.base + site.archive.path(story)

    def stories(self) -> Iterator[tuple[str, Story]]:
        """Those that a crawl can find, by outlet."""
        for key, site in self.sites.items():
            for story in site.archive.stories:
                if story.kind != "stub":
                    yield key, story

    def state(self, outlet: str, story: Story, now: datetime) -> State:
        """An article's state at an instant at which it is online."""
        site = self.sites[outlet]
        revision = story.current(now)
        assert revision is not None
        redesigned = site.active("redesign", now) is not None
        key = (outlet, story.number, revision.at, redesigned)
        if key not in self._states:
            item = expected_article(site, story, now)
            about = (item.authors, item.date_published, item.keywords, item.section)
            self._states[key] = State(item.paragraphs, item.headline, about, redesigned)
        return self._states[key]

    def asked(self, host: str, path: str, status: int, sent: int, conditional: bool) -> Asked:
        """What a request was for."""

        def made(kind: str, site: Site, story: Story | None = None) -> Asked:
            number = story.number if story else None
            return Asked(kind, site.outlet.key, number, status, sent, conditional, path, host)

        if host in self._old:
            kind = "robots" if path == "/robots.txt" else "hop"
            return made(kind, self._old[host])
        site = self._hosts[host]
        parts = urlsplit(path)
        options = {k: v for k, v in parse_qsl(parts.query) if not k.startswith(TRACKING)}
        plain = quote(unquote(parts.path), safe="/?=&-._~")
        if plain == "/robots.txt":
            return made("robots", site)
        if any(plain == FEEDS[kind][0] for kind in FEEDS):
            return made("feed", site)
        if any(plain in paths for paths in SITEMAPS.values()):
            return made("sitemap", site)
        if plain == "/consent" or plain.startswith("/go/"):
            return made("hop", site)
        if plain in site.traps or plain in STATIC or plain.startswith((CANARY, "/media/")):
            return made("other", site)
        amp = site.outlet.amp and plain.endswith("/amp")
        key = plain.removesuffix("/amp") if amp else plain
        story = site.archive.by_path(key + f"?id={options['id']}" if "id" in options else key)
        if story is not None:
            if story.kind == "stub":
                return made("other", site)
            if status == 302 and (story.removal is None or story.section == site.outlet.consent_section):
                return made("hop", site, story)
            return made("twin" if amp or "print" in options else "article", site, story)
        return made("home" if plain == "/" else "section" if status != 404 else "other", site)

    def sources(self, outlet: str) -> list[str]:
        """The listings that tell of new articles: home, sections, archive, feeds, sitemaps."""
        site = self.sites[outlet]
        return [
            "/",
            *(site.section_path(section) for section in (*SECTIONS, "archive")),
            *(FEEDS[kind][0] for kind in site.outlet.feeds),
            *SITEMAPS[site.outlet.sitemap],
        ]

    def listing(self, outlet: str, now: datetime) -> list[frozenset[int]]:
        """What each source that can be had names."""
        site = self.sites[outlet]
        found = [frozenset(s.number for s in site.archive.listed(now, "home")[:12])]
        if not site.active("dead-feed", now):
            found += [frozenset(s.number for s in feed_items(site.archive, kind, now)) for kind in site.outlet.feeds]
        found += [
            frozenset(s.number for s in sitemap_items(site.archive, path, now))
            for path in SITEMAPS[site.outlet.sitemap]
            if path != "/sitemap_index.xml"
        ]
        return found

    def announced(self, outlet: str, now: datetime) -> dict[int, datetime]:
        """The modification dates that an outlet's feeds tell."""
        site = self.sites[outlet]
        if site.active("dead-feed", now):
            return {}
        items = {s.number: s for kind in site.outlet.feeds for s in feed_items(site.archive, kind, now)}
        return {number: moved for number, s in items.items() if (moved := s.modified(now)) is not None}

    def listing_bytes(self, outlet: str, now: datetime) -> int:
        """Of all sources, as they are sent to who asks without conditions."""
        site = self.sites[outlet]
        total = 0
        for path in self.sources(outlet):
            answer = site.respond(path, "", now)
            body = answer.body
            squeezed = answer.content_type.startswith(
                ("text/", "application/xml", "application/rss", "application/atom", "application/feed")
            )
            total += len(gzip.compress(body, 6, mtime=0)) if squeezed and len(body) > 400 else len(body)
        return total


# ---------------------------------------------------------------------- judging


@dataclass
class Verdict:
    """Findings of one kind: how many were right, and each that was not."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.right / (self.right + len(self.wrong)) if self.right or self.wrong else 1.0


@dataclass
class Life:
    """What the log says of one article."""

    looks: list[tuple[int, bool]] = field(default_factory=list)
    """Runs in which it was looked at, and whether it was there."""

    @property
    def first(self) -> int | None:
        return next((run for run, there in self.looks if there), None)


class Judge:
    """Everything that is held against a series of runs."""

    def __init__(self, plan: Plan, folder: Path, played: Sequence[Played]) -> None:
        self.plan, self.folder, self.runs = plan, folder, played
        self.truth = Truth(plan, int((folder / "port").read_text()))
        self.log = [[self.truth.asked(*request) for request in run.requests] for run in played]
        self.times = [run.at for run in played]

    def records(self, run: int, name: str) -> list[dict[str, Any]]:
        """Lines of a run's records; none where there is no such file."""
        path = self.folder / self.runs[run].folder / name
        if not self.runs[run].folder or not path.exists():
            return []
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    @cached_property
    def lives(self) -> dict[tuple[str, int], Life]:
        """Looks at each article. A look: 200 or 304 of any of its addresses, or a sign that it is gone."""
        lives: dict[tuple[str, int], Life] = defaultdict(Life)
        for run, asked in enumerate(self.log):
            looks: dict[tuple[str, int], bool] = {}
            for each in asked:
                if each.story is None or each.kind not in ("article", "twin"):
                    continue
                key = (each.outlet, each.story)
                if each.status in (200, 304):
                    looks[key] = True
                elif each.status in (302, 404, 410):
                    looks.setdefault(key, False)
            for key, there in looks.items():
                lives[key].looks.append((run, there))
        return lives

    # -- when an outlet could be asked

    def shut(self, outlet: str, now: datetime) -> bool:
        """Whether the outlet cannot or may not be asked."""
        return any(self.truth.sites[outlet].active(kind, now) for kind in ("down", "refused", "robots"))

    @cached_property
    def barred(self) -> dict[str, list[bool]]:
        """Per outlet and run: down, left alone as it asked, closed by robots.txt, or held to be by one less than a day
        old."""
        barred: dict[str, list[bool]] = {}
        for key, site in self.truth.sites.items():
            closed_at: datetime | None = None
            patience = self.times[0]
            found = []
            for run, now in enumerate(self.times):
                asked = [
                    e for e in self.log[run] if e.outlet == key and e.kind == "robots" and e.host == site.outlet.host
                ]
                if any(each.status in (200, 304) for each in asked):
                    closed_at = now if site.active("robots", now) else None
                held = closed_at is not None and now - closed_at < DAY
                waits = now <= patience
                if any(each.status == 503 for each in self.log[run] if each.outlet == key):
                    patience = now + timedelta(seconds=RETRY_AFTER)
                found.append(bool(self.shut(key, now) or held or (run and waits)))
            barred[key] = found
        return barred

    def first_run(self, outlet: str, since: datetime, *, after: int = -1) -> int | None:
        """The first run from an instant on in which the outlet could be asked."""
        for run in range(max(after + 1, 0), len(self.times)):
            if self.times[run] >= since and not self.barred[outlet][run]:
                return run
        return None

    # -- records

    @cached_property
    def articles(self) -> list[tuple[int, str, Story | None, dict[str, Any]]]:
        """Article records: run, outlet, story (None: there is none such), record."""
        found = []
        for run in range(len(self.runs)):
            for record in self.records(run, "articles.jsonl"):
                outlet, story = self.truth.by_url.get(record["canonical_url"], (record["outlet"], None))
                found.append((run, outlet, story, record))
        return found

    @cached_property
    def changes(self) -> list[tuple[int, str, Story | None, dict[str, Any]]]:
        """Lines of changes.jsonl, likewise."""
        found = []
        for run in range(len(self.runs)):
            for record in self.records(run, "changes.jsonl"):
                url = record.get("canonical_url") or record.get("url") or ""
                outlet, story = self.truth.by_url.get(url, (record.get("outlet") or "", None))
                found.append((run, outlet, story, record))
        return found

    def judge_new(self) -> dict[str, Verdict]:
        """New articles per outlet: in the first run after publication, once, none invented."""
        verdicts = {key: Verdict() for key in self.truth.sites}
        written: dict[tuple[str, int], list[int]] = defaultdict(list)
        for run, outlet, story, record in self.articles:
            if story is None or story.kind == "stub" or story.published > self.times[run]:
                verdicts[outlet].wrong.append(f"invented in run {run}: {record['canonical_url']}")
            elif record["version"]["number"] == 1:
                written[outlet, story.number].append(run)
        for key, story in self.truth.stories():
            verdict, runs = verdicts[key], written.get((key, story.number), [])
            url = self.truth.url(key, story.number)
            first = self.first_run(key, story.published)
            if len(runs) > 1:
                verdict.wrong.append(f"twice, in runs {runs}: {url}")
            if first is None or story.current(self.times[first]) is None:
                continue  # not out yet, or gone before anybody could see it
            if not runs:
                verdict.wrong.append(f"missing, due in run {first}: {url} ({story.kind}, only via {story.only_via!r})")
            elif runs[0] > first:
                verdict.wrong.append(f"late, due in run {first}, found in run {runs[0]}: {url}")
            else:
                verdict.right += 1
                since = (r for r, now in enumerate(self.times) if now >= story.published and not self.shut(key, now))
                opened = next(since)
                if runs[0] > opened:
                    verdict.notes[url] = runs[0] - opened
        return verdicts

    def judge_versions(self) -> Verdict:
        """Each change between two fetches is one version of the right kind; nothing else is."""
        verdict = Verdict()
        kinds: Counter[str] = Counter()
        redesigned = 0
        written: dict[tuple[str, int], dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for run, outlet, story, record in self.articles:
            if story is not None and record["version"]["number"] > 1:
                written[outlet, story.number][run].append(record)
        told: Counter[tuple[int, str]] = Counter()
        for run, _, story, record in self.changes:
            if record.get("kind") == "version":
                told[run, story.outlet + str(story.number) if story else "?"] += 1
        for (outlet, number), life in self.lives.items():
            story = self.truth.sites[outlet].archive.by_number(number)
            assert story is not None
            url = self.truth.url(outlet, number)
            before: State | None = None
            got = written.pop((outlet, number), {})
            for run, there in life.looks:
                if not there:
                    continue
                now = self.truth.state(outlet, story, self.times[run])
                kind = _kind(before, now) if before is not None else None
                records = got.pop(run, [])
                optional = kind == "metadata" and before is not None and before.redesigned != now.redesigned
                if optional:
                    redesigned += len(records)
                elif len(records) != (kind is not None):
                    wanted = f"one version ({kind})" if kind else "none"
                    have = [f"{r['version']['number']}: {r['version']['change']}" for r in records]
                    verdict.wrong.append(f"run {run}: expected {wanted}, got {have or 'none'}: {url}")
                elif kind is not None:
                    have = records[0]["version"]["change"]
                    if have == kind:
                        verdict.right += 1
                        kinds[kind] += 1
                    else:
                        verdict.wrong.append(f"run {run}: a change of {kind} is recorded as {have}: {url}")
                    if self.changes and told[run, outlet + str(number)] != 1:
                        verdict.wrong.append(
                            f"run {run}: version is {told[run, outlet + str(number)]} times in changes.jsonl: {url}"
                        )
                before = now
            for run, records in got.items():
                verdict.wrong.append(f"run {run}: {len(records)} version(s) without a fetch: {url}")
        verdict.notes = {"kinds": dict(kinds), "metadata told anew by a redesign": redesigned}
        return verdict

    def judge_edits(self) -> dict[str, Any]:
        """How soon edits became versions, and how many were seen at all."""
        seen: list[float] = []
        unseen = overtaken = 0
        last = self.times[-1]
        for (outlet, number), life in self.lives.items():
            story = self.truth.sites[outlet].archive.by_number(number)
            if story is None or life.first is None:
                continue
            looks = [self.times[run] for run, there in life.looks if there]
            edits = [r.at for r in story.revisions[1:] if r.change != "furniture" and looks[0] < r.at <= last]
            for at, following in zip(edits, [*edits[1:], None], strict=False):
                if story.removal and at >= story.removal.at:
                    continue
                look = next((t for t in looks if t >= at), None)
                if look is None:
                    unseen += 1
                elif following is not None and following <= look:
                    overtaken += 1
                else:
                    seen.append((look - at).total_seconds() / 3600)
        return {
            "seen": len(seen),
            "overtaken by a later edit before the next look": overtaken,
            "not looked at since": unseen,
            "hours until seen, median": round(statistics.median(seen), 2) if seen else None,
            "hours until seen, most": round(max(seen), 2) if seen else None,
        }

    def dues(self, story: Story, first: int) -> Iterator[tuple[datetime, datetime]]:
        """Scheduled revisits after the first fetch: by publication, and by the first fetch."""
        seen = self.times[first]
        for step in STEPS:
            if story.published + step > seen + EARLY:
                yield story.published + step, seen + step

    def judge_revisits(self) -> Verdict:
        """Every scheduled revisit is made in the first two runs from its time on."""
        verdict = Verdict()
        late: list[float] = []
        gone = {(outlet, s.number): run for run, outlet, s, c in self.changes if s and c.get("kind") == "deletion"}
        for (outlet, number), life in self.lives.items():
            story = self.truth.sites[outlet].archive.by_number(number)
            assert story is not None
            if life.first is None:
                continue
            end = gone.get((outlet, number), len(self.times))
            looks = [run for run, _ in life.looks]
            for early, due in self.dues(story, life.first):
                run = self.first_run(outlet, early, after=life.first)
                latest = self.first_run(outlet, due)
                latest = len(self.times) if latest is None else latest + WITHIN_RUNS - 1
                if run is None or run >= end:
                    continue
                made = next((r for r in looks if self.times[r] >= early - EARLY and r > life.first), None)
                if made is not None and made <= latest:
                    verdict.right += 1
                    late.append((self.times[made] - early).total_seconds() / 3600)
                elif latest < min(end, len(self.times)):
                    verdict.wrong.append(
                        f"due {early:%m-%d %H:%M} (run {run}), {f'made in run {made}' if made else 'not made'}: "
                        f"{self.truth.url(outlet, number)}"
                    )
        if late:
            verdict.notes = {"hours after due, median": round(statistics.median(late), 2), "most": round(max(late), 2)}
        return verdict

    def judge_deletions(self) -> Verdict:
        """Every deletion that a scheduled revisit saw is recorded once, in the right run; none is invented."""
        verdict = Verdict()
        delays: list[float] = []
        recorded: dict[tuple[str, int], list[int]] = defaultdict(list)
        for run, outlet, story, record in self.changes:
            if record.get("kind") == "restoration":
                verdict.wrong.append(f"run {run}: a restoration, of which there is none: {record.get('canonical_url')}")
            elif record.get("kind") == "deletion":
                if story is None or story.removal is None or story.removal.at > self.times[run]:
                    verdict.wrong.append(f"run {run}: invented: {record.get('canonical_url') or record.get('url')}")
                else:
                    recorded[outlet, story.number].append(run)
        unseen = 0
        for (outlet, number), life in self.lives.items():
            story = self.truth.sites[outlet].archive.by_number(number)
            assert story is not None
            if story.removal is None or story.removal.at > self.times[-1] or life.first is None:
                continue
            url, how = self.truth.url(outlet, number), story.removal.how
            wanted = 1 if how == "gone" else 2
            sightings = [run for run, there in life.looks if not there]
            runs = recorded.get((outlet, number), [])
            scheduled = next((early for early, _ in self.dues(story, life.first) if early >= story.removal.at), None)
            due = self.first_run(outlet, scheduled) if scheduled else None
            if len(runs) > 1:
                verdict.wrong.append(f"recorded in runs {runs}: {url}")
            elif runs and runs != sightings[wanted - 1 : wanted]:
                verdict.wrong.append(f"recorded in run {runs[0]}, seen gone ({how}) in runs {sightings}: {url}")
            elif runs:
                verdict.right += 1
                delays.append((self.times[runs[0]] - story.removal.at).total_seconds() / 3600)
            elif len(sightings) >= wanted:
                verdict.wrong.append(f"not recorded, seen gone ({how}) in runs {sightings}: {url}")
            elif due is not None and due + WITHIN_RUNS * wanted <= len(self.times):
                verdict.wrong.append(
                    f"not seen: gone ({how}) at {story.removal.at:%m-%d %H:%M}, due again in run {due}, "
                    f"looks {life.looks[-3:]}: {url}"
                )
            else:
                unseen += 1
        verdict.notes = {"deleted, but no revisit is due inside the time simulated": unseen}
        if delays:
            verdict.notes |= {
                "hours until recorded, median": round(statistics.median(delays), 1), "most": round(max(delays), 1)
            }  # fmt: skip
        return verdict

    # -- requests

    def requests(self) -> dict[str, Counter[str]]:
        """Requests by kind, of the first run and of all others."""
        counts: dict[str, Counter[str]] = {"first run": Counter(), "later runs": Counter()}
        known: set[tuple[str, int]] = set()
        for run, asked in enumerate(self.log):
            into = counts["later runs" if run else "first run"]
            for each in asked:
                into[self._request_kind(each, known)] += 1
        return counts

    def _request_kind(self, each: Asked, known: set[tuple[str, int]]) -> str:
        if each.status >= 500:
            return "errors (5xx)"
        if each.kind == "robots":
            return "robots.txt"
        if each.kind in ("feed", "sitemap", "home", "section"):
            if each.status == 304:
                return f"{each.kind} 304"
            return f"{each.kind} {each.status if each.status == 200 else 'other'}"
        if each.kind in ("hop", "other"):
            return {"hop": "redirects, consent", "other": "no articles"}[each.kind]
        assert each.story is not None
        key = (each.outlet, each.story)
        if key not in known:
            known.add(key)
            return "new articles" if each.status == 200 else "articles gone before they were known"
        if each.kind == "twin" and each.status == 200 and not each.conditional:
            return "twins of articles"
        return f"revisits {each.status if each.status in (200, 304) else 'gone'}"

    def least(self) -> dict[str, Counter[str]]:
        """The least requests for this knowledge, by kind: see the module's text. ``strict`` has the sources that the
        strict oracle asks."""
        least: Counter[str] = Counter()
        strict = 0
        least["first run"] = len(self.log[0])
        for outlet, site in self.truth.sites.items():
            robots_at = self.times[0]
            closed = False
            looked: dict[int, datetime] = {
                story.number: self.times[0]
                for story in site.archive.stories
                if story.kind != "stub" and story.current(self.times[0]) is not None
            }
            finished: set[int] = set()
            confirm: set[int] = set()
            for run in range(1, len(self.times)):
                now = self.times[run]
                down = site.active("down", now) or site.active("refused", now)
                if now - robots_at >= DAY:
                    least["robots.txt"] += 1
                    if down:
                        continue  # that was the one request
                    robots_at, closed = now, site.active("robots", now) is not None
                elif down:
                    least["sources"] += 1
                    continue
                if closed:
                    continue
                fresh = {
                    story.number
                    for story in site.archive.stories
                    if story.kind != "stub" and story.number not in looked and story.current(now) is not None
                }
                cover = _cover(fresh, self.truth.listing(outlet, now))
                least["sources"] += max(1, cover)
                strict += cover
                announced = self.truth.announced(outlet, now)
                visits = []
                for number, last in looked.items():
                    story = site.archive.by_number(number)
                    assert story is not None
                    if number in finished:
                        continue
                    due = any(last + EARLY < story.published + step <= now for step in STEPS)
                    heard = number in announced and announced[number] > last
                    if due or heard or number in confirm:
                        visits.append(story)
                        looked[number] = now
                        if story.current(now) is None:
                            assert story.removal is not None
                            if story.removal.how == "gone" or number in confirm:
                                finished.add(number)
                            else:
                                confirm.add(number)
                            least["looks that find an article gone"] += 1
                        else:
                            least["revisits due" if due else "revisits announced"] += 1
                least["new articles"] += len(fresh)
                for number in fresh:
                    looked[number] = now
                asking = [s for s in visits if s.current(now) is not None]
                asking += [s for s in site.archive.stories if s.number in fresh]
                if any(s.section == site.outlet.consent_section for s in asking):
                    least["redirects, consent"] += 2
        return {"least": least, "strict": Counter(sources=strict)}

    def judge_requests(self) -> dict[str, Any]:
        counts, least = self.requests(), self.least()
        total = sum(sum(kinds.values()) for kinds in counts.values())
        floor = least["least"].total()
        strict = floor - least["least"]["sources"] + least["strict"]["sources"]
        later = total - counts["first run"].total()
        return {
            "made": {name: dict(sorted(kinds.items())) for name, kinds in counts.items()},
            "least": dict(least["least"]),
            "total": total,
            "least total": floor,
            "ratio": round(total / floor, 4),
            "ratio without the first run": round(later / max(1, floor - counts["first run"].total()), 4),
            "ratio to the strict oracle": round(total / strict, 4),
            "per outlet": self._per_outlet(),
        }

    def _per_outlet(self) -> dict[str, dict[str, int]]:
        known: set[tuple[str, int]] = set()
        per: dict[str, Counter[str]] = {key: Counter() for key in self.truth.sites}
        for run, asked in enumerate(self.log):
            for each in asked:
                kind = self._request_kind(each, known)
                if run:
                    per[each.outlet][kind] += 1
        return {key: dict(sorted(kinds.items())) for key, kinds in per.items()}

    def judge_bytes(self) -> dict[str, Any]:
        """Bodies as sent, against fetching all listings in each run."""
        sources = sum(e.sent for asked in self.log for e in asked if e.kind in ("feed", "sitemap", "home", "section"))
        full, sizes = 0, {}
        for outlet, site in self.truth.sites.items():
            moments = sorted(
                {s.published for s in site.archive.stories}
                | {r.at for s in site.archive.stories for r in s.revisions}
                | {s.removal.at for s in site.archive.stories if s.removal}
                | {m for i in site.incidents for m in (i.start, i.end) if m}
            )
            for now in self.times:
                if site.active("down", now) or site.active("robots", now):
                    continue
                key = (outlet, sum(moment <= now for moment in moments))
                if key not in sizes:
                    sizes[key] = self.truth.listing_bytes(outlet, now)
                full += sizes[key]
        return {
            "listings as fetched": sources,
            "all listings in each run": full,
            "share": round(sources / full, 5) if full else None,
            "all that was fetched": sum(e.sent for asked in self.log for e in asked),
        }

    # -- health and cost

    def judge_health(self) -> dict[str, Any]:
        """When each incident was flagged, and what was flagged besides."""
        flags: list[Flag] = []
        seen = 0
        for run, played in enumerate(self.runs):
            path = self.folder / played.folder / "health.json"
            if played.folder and path.exists():
                seen += 1
                flags += _flags(run, json.loads(path.read_text("utf-8")))
        found: list[dict[str, Any]] = []
        consequences: Counter[str] = Counter()
        for incident in self.plan.incidents:
            if incident.outlet not in self.truth.sites or incident.start > self.times[-1]:
                continue
            first = self._visible(incident)
            told: dict[str, Any] = {"outlet": incident.outlet, "kind": incident.kind, "visible in run": first}
            found.append(told | {"flagged in run": None, "after runs": None})
            if first is None:
                continue
            close, aftermath = self._closing(incident), self.first_run(incident.outlet, incident.start + 3 * DAY)
            mine = [f for f in flags if f.outlet == incident.outlet and first <= f.run <= close]
            right = [f for f in mine if f.kind == CALLED[incident.kind]]
            others = [
                f for f in mine if f not in right and (incident.end or aftermath is None or f.run <= aftermath)
            ]  # fmt: skip
            flags = [f for f in flags if f not in right and f not in others]
            consequences.update({f"{f.outlet} {f.kind}": 1 for f in others})
            if right:
                runs = {f.run for f in right}
                found[-1] |= {
                    "flagged in run": min(runs), "after runs": min(runs) - first + 1, "said": right[0].cause,
                    "for runs": len(runs), "last in run": max(runs),
                }  # fmt: skip
        alarms: list[dict[str, Any]] = []
        for flag in flags:
            last = next((a for a in reversed(alarms) if (a["outlet"], a["kind"]) == (flag.outlet, flag.kind)), None)
            if last is not None and flag.run - last["until run"] <= WITHIN_RUNS:
                last["until run"] = flag.run
            else:
                alarms.append(
                    {"outlet": flag.outlet, "kind": flag.kind, "from run": flag.run, "until run": flag.run,
                     "said": flag.cause}
                )  # fmt: skip
        return {
            "runs with health.json": seen,
            "incidents": found,
            "consequences": sorted(consequences),
            "false alarms": alarms,
        }

    def _visible(self, incident: Incident) -> int | None:
        """The first run in which the incident shows in an answer: the request that meets it decides."""
        site = self.truth.sites[incident.outlet]
        for run, now in enumerate(self.times):
            if not incident.active(now):
                continue
            asked = [e for e in self.log[run] if e.outlet == incident.outlet]
            match incident.kind:
                case "robots":
                    met = any(e.kind == "robots" and e.host == site.outlet.host for e in asked)
                case "dead-feed":
                    met = any(e.kind == "feed" for e in asked)
                case "redesign":
                    met = any(e.kind in ("article", "twin", "home", "section") and e.status == 200 for e in asked)
                case "down":
                    met = bool(asked)
                case _:
                    met = True  # what is cut without an answer leaves no log
            if met:
                return run
        return None

    def _closing(self, incident: Incident) -> int:
        """The last run in which an alarm for an incident is no false one: a day's robots.txt and two runs after it."""
        if incident.end is None:
            return len(self.times) - 1
        after = self.first_run(incident.outlet, incident.end)
        return len(self.times) - 1 if after is None else after + WITHIN_RUNS

    def judge_cost(self) -> dict[str, Any]:
        """CPU and requests of runs in which nothing was new: only sources were asked, and all of them said 304."""
        quiet, per_source = [], []
        for run in range(1, len(self.runs)):
            sources = [e for e in self.log[run] if e.kind in ("feed", "sitemap", "home", "section")]
            rest = [e for e in self.log[run] if e.kind not in ("feed", "sitemap", "home", "section", "robots")]
            if rest or any(each.status != 304 for each in sources):
                continue
            asked = Counter((each.host, each.path) for each in sources)
            per_source.append(max(asked.values(), default=0))
            if self.runs[run].real:
                quiet.append(self.runs[run])
        real = [run for run in self.runs[1:] if run.real]
        return {
            "runs with nothing new": len(per_source),
            "of these started as processes of their own": len(quiet),
            "CPU s, median": round(statistics.median(r.cpu for r in quiet), 2) if quiet else None,
            "CPU s, most": round(max(r.cpu for r in quiet), 2) if quiet else None,
            "wall s, median": round(statistics.median(r.wall for r in quiet), 2) if quiet else None,
            "requests to one source, most": max(per_source, default=None),
            "all real runs: CPU s, median": round(statistics.median(r.cpu for r in real), 2) if real else None,
            "all real runs: CPU s, most": round(max(r.cpu for r in real), 2) if real else None,
            "first run: CPU s": self.runs[0].cpu,
        }

    def judge_ends(self) -> Verdict:
        """Exit statuses: 0, or 3 while something could not be fetched."""
        verdict = Verdict()
        statuses: Counter[int] = Counter()
        for run in self.runs:
            statuses[run.status] += 1
            trouble = any(each.status >= 400 for each in self.log[run.number]) or any(
                flags[run.number] for flags in self.barred.values()
            )
            if run.status == 0 or (run.status == 3 and trouble):
                verdict.right += 1
            else:
                verdict.wrong.append(f"run {run.number} ended with {run.status}")
        verdict.notes = {"statuses": {str(status): number for status, number in sorted(statuses.items())}}
        return verdict

    def all(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        new = self.judge_new()
        whole = Verdict(sum(v.right for v in new.values()), [line for v in new.values() for line in v.wrong])
        return {
            "outlets": list(self.plan.outlets),
            "runs": len(self.runs),
            "days": round((self.times[-1] - self.times[0]) / DAY, 2),
            "new articles": _plain(whole)
            | {
                "per outlet": {key: round(v.share, 4) for key, v in new.items()},
                "found n runs after their site was open again": dict(
                    sorted(Counter(str(late) for v in new.values() for late in v.notes.values()).items())
                ),
            },
            "versions": _plain(self.judge_versions()),
            "edits": self.judge_edits(),
            "revisits": _plain(self.judge_revisits()),
            "deletions": _plain(self.judge_deletions()),
            "requests": self.judge_requests(),
            "bytes": self.judge_bytes(),
            "health": self.judge_health(),
            "cost": self.judge_cost(),
            "ends": _plain(self.judge_ends()),
        }


def _kind(before: State, now: State) -> str | None:
    """What of an article changed, the first that applies."""
    if before.text != now.text:
        return "text"
    if before.headline != now.headline:
        return "headline"
    return "metadata" if before.metadata != now.metadata else None


def _cover(wanted: set[int], listings: Sequence[frozenset[int]]) -> int:
    """How many listings it takes to hear of all that is wanted and that any of them names."""
    left, used = wanted & frozenset().union(*listings), 0
    while left:
        left -= max(listings, key=lambda listing: len(left & listing))
        used += 1
    return used


def _flags(run: int, told: Mapping[str, Any]) -> Iterator[Flag]:
    """What a run's health.json finds wrong."""
    outlets = told["outlets"]
    named = outlets.items() if isinstance(outlets, dict) else ((each["outlet"], each) for each in outlets)
    for outlet, about in named:
        for finding in about.get("findings", ()):
            yield Flag(run, outlet, finding["kind"], finding.get("cause", ""))


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"right": verdict.right, "wrong": verdict.wrong, "share": round(verdict.share, 4), **verdict.notes}


def failed(result: Mapping[str, Any]) -> list[str]:
    """The measures that are not met."""
    found = [name for name in ("new articles", "versions", "revisits", "deletions", "ends") if result[name]["wrong"]]
    if result["requests"]["ratio"] > REQUESTS_MOST:
        found.append("requests")
    health = result["health"]
    if any(each["after runs"] is None or each["after runs"] > WITHIN_RUNS for each in health["incidents"]):
        found.append("health")
    if len(health["false alarms"]) > FALSE_ALARMS_MOST:
        found.append("false alarms")
    if (result["cost"]["CPU s, most"] or 0.0) >= CPU_MOST:
        found.append("CPU")
    if (result["cost"]["requests to one source, most"] or 0) > 1:
        found.append("requests of a quiet run")
    return found


def tell(result: Mapping[str, Any], most: int = 12) -> None:
    """Print the judgement."""
    print(f"\n{result['runs']} runs over {result['days']} days, {len(result['outlets'])} outlets\n")
    for name in ("new articles", "versions", "revisits", "deletions", "ends"):
        part = result[name]
        print(f"{name}: {part['right']} right, {len(part['wrong'])} wrong")
        for key, value in part.items():
            if key not in ("right", "wrong", "share"):
                print(f"    {key}: {value}")
        for line in part["wrong"][:most]:
            print(f"    ! {line}")
        if len(part["wrong"]) > most:
            print(f"    … and {len(part['wrong']) - most} more")
    for name in ("edits", "requests", "bytes", "health", "cost"):
        print(name)
        for key, value in result[name].items():
            if isinstance(value, dict):
                print(f"    {key}:")
                for inner, number in value.items():
                    print(f"        {inner}: {number}")
            elif isinstance(value, list):
                print(f"    {key}: {len(value)}")
                for each in value[:most]:
                    print(f"        {each}")
            else:
                print(f"    {key}: {value}")
    lacking = failed(result)
    print(f"\nnot met: {', '.join(lacking)}" if lacking else "\nall measures met")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--hours-per-run", type=float, default=1.0)
    parser.add_argument("--outlets", default=",".join(BY_KEY), help="keys of sample outlets, with commas")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep everything there; go on if runs are there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the judgement there")
    parser.add_argument("--fork", action="store_true", help="fork runs from a process that has the modules imported")
    parser.add_argument("--every", type=int, default=23, help="with --fork: every so many runs is a real start")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting for every run")
    parser.add_argument(
        "--seed",
        type=int,
        help="other stories and other incidents, drawn by this number; for months nothing was tuned to",
    )
    parser.add_argument("--judge-only", action="store_true", help="judge what is in --keep, and run nothing")
    options = parser.parse_args()
    step = timedelta(hours=options.hours_per_run)
    outlets = tuple(options.outlets.split(","))
    other: dict[str, Any] = {}
    if options.seed is not None:
        other = {"seed": options.seed, "incidents": drawn(options.seed, outlets, options.days)}
    plan = Plan(
        outlets=outlets,
        **other,
        clocks=tuple(DEFAULT_CLOCK + number * step for number in range(round(options.days * DAY / step) + 1)),
        settings=tuple(options.set),
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if options.judge_only:
            played = [Played(**json.loads(line)) for line in (folder / "played.jsonl").open()]
        else:
            starter = Starter(fork=options.fork)
            try:
                played = play(plan, folder, starter, every=options.every if options.fork else 1)
            finally:
                starter.close()
        result = Judge(plan, folder, played).all()
    tell(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 1 if failed(result) else 0


if __name__ == "__main__":
    sys.exit(main())
