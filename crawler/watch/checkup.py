"""The end of a run, seen for each outlet: what it came to is kept, judged by the outlet's past, and written down.

Everything is read from the ledger and the records of the run when it is complete, so that a run which was killed and
resumed is judged as a whole.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.exceptions import NotConfigured

from crawler.discovery.content import sniff
from crawler.discovery.likeness import twin_of
from crawler.discovery.urls import normalise, same_site
from crawler.fetch.robots import RobotsPolicy
from crawler.watch.health import Finding, judge, remember, verdict
from crawler.watch.looks import Look, Usual, look_of
from crawler.watch.past import DAY, MOST_WORDS, PAST, WEEK, Row
from crawler.watch.standing import RobotsSeen, Seen, SourceSeen, Standing
from pipelines import clock
from pipelines.archive.reader import open_capture
from pipelines.errors import ArchiveError, BroadsheetError
from pipelines.flow.files import atomically
from pipelines.model import CaptureRef, Role
from pipelines.records.ledger import Ledger
from pipelines.text.decode import decode_content
from pipelines.text.hostfiles import origin_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.crawl import Crawl
    from crawler.jobs import Outlet

logger = logging.getLogger(__name__)

HEALTH = "health.json"

KEPT = 100 * DAY
"""How long the runs of an outlet are kept."""

STANDING = 0
"""The run number under which the ledger has what stands of an outlet."""

BACKLOG = 3 * DAY
"""A new article that was published so long before the run before is from a backlog: it tells nothing of the pace."""

LOOKED_AT, LOOKED_AT_FIRST = 6, 16
"""Articles of an outlet and run whose look is taken."""

LARGEST_LOOKED_AT = 1 << 20
"""Bytes of a capture in its WARC."""

PLACE = ("filename", "offset", "length", "record_id", "url", "date", "type", "payload_digest")
"""Columns of a capture that say where it lies."""

SOURCES = (Role.HOME, Role.FEED, Role.SITEMAP, Role.SECTION)

NO_ARTICLE = frozenset({
    "no-text", "empty-shell", "bot-challenge", "consent-wall", "login-wall", "soft-404", "section", "gallery", "video",
    "undecodable", "truncated", "empty-body", "not-html", "extract-error",
})  # fmt: skip
"""Reasons for which a page that should be an article is none."""

REFUSING = frozenset({401, 402, 403, 429, 451})
"""Statuses by which a site shows us out, with all from 500."""

IN_WORDS = {
    "refused the connection": "the connection is refused",
    "no address found": "its host name cannot be resolved",
    "refused to connect": "its address may not be spoken to",
    "certificate": "its certificate is not valid",
    "TLS": "TLS fails",
    "timed out": "time-out",
    "within its time": "time-out",
    "took longer": "time-out",
    "no answer came": "the connection is cut",
    "connection ended": "the connection is cut",
}
"""Network errors by a part of what is said of them."""


@dataclass(slots=True)
class Fetched:
    """One capture of the run."""

    id: int
    role: str
    status: int
    outcome: str
    ref: CaptureRef
    whole: bool


@dataclass(slots=True)
class Life:
    """One outlet at the end of a run."""

    outlet: Outlet
    standing: Standing
    rows: list[Row]
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return verdict(self.standing, self.findings)


class Health:
    """Scrapy's extension: judges each outlet of the job when a run is complete."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawl: Crawl = crawler.broadsheet  # type: ignore[attr-defined]
        self._settings = crawler.settings
        self.document: dict[str, Any] | None = None
        """What ``health.json`` holds; None if the run did not get so far."""
        self._crawl.reports.append(self.report)
        crawler.broadsheet_health = self  # type: ignore[attr-defined]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Health:
        crawl: Crawl | None = getattr(crawler, "broadsheet", None)
        if crawl is None or not crawl.job.outlets:
            raise NotConfigured  # single pages: they have no past
        return cls(crawler)

    @property
    def unhealthy(self) -> bool:
        return self.document is not None and self.document["verdict"] == "unhealthy"

    def report(self) -> Mapping[str, Any]:
        """Judge the run. What goes wrong here costs the verdict, never the run."""
        try:
            self.document = self._judge()
        except (BroadsheetError, OSError):
            raise  # ledger or disk
        except Exception:
            logger.exception("the health of the outlets could not be judged")
            return {"health": None}
        outlets = self.document["outlets"]
        return {
            "health": {
                "verdict": self.document["verdict"],
                "unhealthy": {name: each["findings"] for name, each in outlets.items() if each["findings"]},
            }
        }

    def _judge(self) -> dict[str, Any]:
        crawl, now = self._crawl, clock.now()
        ledger = crawl.live.ledger
        lives = [_life(ledger, outlet, now) for outlet in crawl.job.outlets]
        agent = self._settings.get("ROBOTSTXT_USER_AGENT") or self._settings["USER_AGENT"]
        reading = Reading(crawl, agent if self._settings.getbool("ROBOTSTXT_OBEY") else None, now)
        changed = []
        for life in lives:
            seen = reading.of(life)
            was = bool(life.standing.open)
            life.standing.take(seen)
            life.rows.append(seen.row)
            given = (*life.outlet.feeds, *life.outlet.sitemaps)
            life.findings = judge(life.standing, life.rows, home=life.outlet.home, given=given)
            remember(life.standing, life.findings)
            if was != bool(life.findings):
                changed.append(life.outlet.name)
            keep(ledger, life.outlet.name, crawl.live.run.number, life)
        ledger.execute("DELETE FROM outlet_run WHERE at < ? AND run <> ?", (now - KEPT, STANDING))
        document = document_of(crawl.job.name, crawl.live.name, now, lives, changed)
        for folder in (crawl.live.folder, crawl.live.folder.parent.parent):
            with atomically(folder / HEALTH) as handle:
                handle.write((json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
        for life in lives:
            for finding in life.findings:
                logger.warning("unhealthy: %s: %s: %s", life.outlet.name, finding.kind, finding.cause)
        return document


# ---------------------------------------------------------------- kept in the ledger


def _life(ledger: Ledger, outlet: Outlet, now: float) -> Life:
    standing, rows = load(ledger, outlet.name, now - PAST - WEEK)
    return Life(outlet, standing, rows)


def load(ledger: Ledger, outlet: str, since: float) -> tuple[Standing, list[Row]]:
    """What stands of an outlet, and its runs since then."""
    sql = "SELECT json FROM outlet_run WHERE outlet = ? AND run = ?"
    standing = ledger.execute(sql, (outlet, STANDING)).fetchone()
    sql = "SELECT json FROM outlet_run WHERE outlet = ? AND run <> ? AND at >= ? ORDER BY at"
    rows = [Row.from_json(text) for (text,) in ledger.execute(sql, (outlet, STANDING, since))]
    return Standing.from_json(standing[0]) if standing else Standing(), rows


def keep(ledger: Ledger, outlet: str, run: int, life: Life) -> None:
    row = life.rows[-1]
    for number, text in ((run, row.to_json()), (STANDING, life.standing.to_json())):
        ledger.execute("INSERT OR REPLACE INTO outlet_run VALUES (?, ?, ?, ?)", (outlet, number, row.at, text))


# ---------------------------------------------------------------- read from the run


class Reading:
    """A complete run, by outlet."""

    def __init__(self, crawl: Crawl, agent: str | None, now: float) -> None:
        self._crawl, self._agent, self._now = crawl, agent, now
        self._ledger: Ledger = crawl.live.ledger
        self._captures = self._read_captures()
        self._records = by_outlet(crawl.live.folder / "articles.jsonl")
        self._changes = by_outlet(crawl.live.folder / "changes.jsonl")
        self._policies = {
            origin: (at, RobotsPolicy(verdict, reason, text))  # type: ignore[arg-type]
            for origin, at, verdict, reason, text, _ in crawl.robots.rows()
        }
        self._failures = list(self._read_failures())
        self._given_up: Mapping[str, str] = crawl.frontier.given_up()
        sql = "SELECT started FROM run WHERE id = ?"
        (started,) = self._ledger.execute(sql, (crawl.live.run.number,)).fetchone()
        self._started = datetime.fromisoformat(started).timestamp()

    def _read_captures(self) -> dict[str, list[Fetched]]:
        found: dict[str, list[Fetched]] = {}
        sql = (
            "SELECT id, coalesce(outlet, ''), role, status, outcome, whole, filename, offset, length, record_id, url,"
            " date, type, payload_digest FROM capture WHERE run = ? ORDER BY id"
        )
        rows = self._ledger.execute(sql, (self._crawl.live.run.number,))
        for row, outlet, role, status, outcome, whole, *place in rows:
            ref = CaptureRef(**dict(zip(PLACE, place, strict=True)))
            found.setdefault(outlet, []).append(Fetched(row, role, status or 0, outcome or "", ref, bool(whole)))
        return found

    def _read_failures(self) -> Iterator[tuple[str, str, str, str]]:
        """Outlet, role, address and reason of what failed in this run."""
        for url, reason in self._crawl.failures:
            sql = "SELECT outlet, role FROM frontier WHERE key = ?"
            row = self._ledger.execute(sql, (normalise(url) or url,)).fetchone()
            if row is not None:
                yield row[0], row[1], url, reason

    def of(self, life: Life) -> Seen:
        """What the run shows of an outlet."""
        name, standing = life.outlet.name, life.standing
        captures = self._captures.get(name, [])
        row = Row(at=self._now, first=standing.first is None)
        for each in captures:
            statuses = row.answers.setdefault(each.role, {})
            statuses[str(each.status)] = statuses.get(str(each.status), 0) + 1
        sample = self._read_records(row, self._records.get(name, ()), standing)
        for change in self._changes.get(name, ()):
            row.deletions += change["kind"] == "deletion"
            row.restorations += change["kind"] == "restoration"
        self._count_pages(row, captures)
        failures = [(role, url, in_words(reason)) for outlet, role, url, reason in self._failures if outlet == name]
        row.failed = len(failures)
        sources = _sources(captures, failures, lambda each: self._instead(each, standing))
        row.failing = {each.url: each.trouble for each in sources if each.trouble is not None}
        seen = Seen(row=row, sources=sources, sample=sample)
        self._read_answers(seen, captures, failures, life.outlet)
        seen.robots = self._robots(life)
        row.robots = seen.robots.digest if seen.robots else None
        seen.looks = list(self._looks(captures, LOOKED_AT_FIRST if row.first else LOOKED_AT, standing))
        return seen

    def _read_records(self, row: Row, records: Sequence[dict[str, Any]], standing: Standing) -> list[str]:
        """Count the articles written; gives their addresses."""
        oldest = (standing.last or self._now) - BACKLOG
        for record in records:
            row.articles += 1
            for field_name, name in (("headline", "headline"), ("authors", "author"), ("date_published", "date")):
                if not record[field_name]:
                    row.missing[name] = row.missing.get(name, 0) + 1
            if record["version"]["number"] > 1:
                row.versions += 1
                continue
            row.new += 1
            published = _instant(record["date_published"])
            if not row.first and (published is None or published >= oldest):
                row.fresh += 1
                source = record["discovery"]["source_url"]
                if source:
                    row.told[source] = row.told.get(source, 0) + 1
        words = [record["word_count"] for record in records]
        row.words = words[:: len(words) // MOST_WORDS + 1]
        return [record["url"] for record in records]

    def _instead(self, each: Fetched, standing: Standing) -> str | None:
        """What a feed or sitemap is that was read as one for its address only. What repeats itself is what it was."""
        if each.role not in (Role.FEED, Role.SITEMAP) or each.status not in (200, 304):
            return None
        if each.ref.type == "revisit":
            known = standing.sources.get(each.ref.url)
            before = known.trouble.reason if known is not None and known.trouble is not None else ""
            return before if before.startswith("no ") else None
        if not each.whole or each.ref.length > LARGEST_LOOKED_AT:
            return None
        try:
            kind = sniff(decode_content(open_capture(self._crawl.live.folder, each.ref)))
        except (ArchiveError, ValueError):
            return None
        return f"no {each.role} but a page" if kind == "html" else None

    def _count_pages(self, row: Row, captures: Sequence[Fetched]) -> None:
        """Which of the pages that should be articles are some. Each address counts once, as it ended."""
        last = {each.ref.url: each for each in captures if each.role == Role.ARTICLE}
        for each in last.values():
            if each.outcome in ("article", "unchanged") and each.ref.type == "response":
                row.pages += 1
                continue
            refused = each.status in REFUSING or each.status >= 500
            if not refused and not (each.status == 200 and each.outcome in NO_ARTICLE):
                continue
            sql = "SELECT max(outcome = 'article') FROM capture WHERE url = ? AND id < ? AND run < ?"
            values = (each.ref.url, each.id, self._crawl.live.run.number)
            (was,) = self._ledger.execute(sql, values).fetchone()
            if was == 0:
                continue  # it has never been an article, and was counted when it was first seen
            reason = f"HTTP status {each.status}" if refused else each.outcome
            row.pages += 1
            row.bad[reason] = row.bad.get(reason, 0) + 1

    def _read_answers(
        self, seen: Seen, captures: Sequence[Fetched], failures: Sequence[tuple[str, str, str]], outlet: Outlet
    ) -> None:
        """Whether the site answered, or what its requests ended in."""
        troubles: Counter[str] = Counter(reason for _, _, reason in failures)
        weighty = any(role in SOURCES for role, _, _ in failures)
        for each in captures:
            if each.role == Role.ROBOTS:
                continue
            if each.status in REFUSING or each.status >= 500:
                troubles[str(each.status)] += 1
            elif each.outcome == "bot-challenge":
                troubles["a bot challenge"] += 1
            else:
                seen.answered = True
                continue
            weighty = weighty or each.role in SOURCES
        for host, why in self._given_up.items():
            address = host if "://" in host else f"http://{host}"
            if same_site(f"{address}/", outlet) or urlsplit(outlet.home).netloc == urlsplit(address).netloc:
                seen.row.given_up = why
                weighty = True
                troubles[why] += 0
        at, policy = self._policies.get(origin_of(outlet.home), (0.0, None))
        if policy is not None and policy.verdict == "disallow-all" and at >= self._started:
            weighty = True
            troubles[f"robots.txt cannot be had ({in_words(policy.reason)})"] += not troubles.total()
        if not seen.answered and weighty and troubles:
            seen.trouble = troubles.most_common(1)[0][0]

    def _robots(self, life: Life) -> RobotsSeen | None:
        at, policy = self._policies.get(origin_of(life.outlet.home), (0.0, None))
        if self._agent is None or policy is None or policy.verdict == "disallow-all":
            return None
        digest = hashlib.sha256(policy.text.encode("utf-8", "replace")).hexdigest()[:12]
        known = life.standing.robots
        if known is not None and known.digest == digest and known.allowed and not known.blocked:
            return RobotsSeen(fetched=at, digest=digest, allowed=True, sampled=known.sampled)
        here = [url for url in life.standing.sample if origin_of(url) == origin_of(life.outlet.home)]
        blocked = sum(not policy.can_fetch(url, self._agent) for url in here)
        allowed = policy.can_fetch(life.outlet.home, self._agent)
        return RobotsSeen(fetched=at, digest=digest, allowed=allowed, blocked=blocked, sampled=len(here))

    def _looks(self, captures: Sequence[Fetched], most: int, standing: Standing) -> Iterator[tuple[str, Look, bool]]:
        pages = [
            each
            for each in captures
            if each.status == 200
            and each.whole
            and each.ref.type == "response"
            and each.ref.length <= LARGEST_LOOKED_AT
            and (each.outcome in ("article", "unchanged") or each.outcome in NO_ARTICLE)
        ]
        articles = [each for each in pages if each.role == Role.ARTICLE and not twin_of(each.ref.url)]
        for kind, chosen in (("article", articles[-most:]), ("home", [p for p in pages if p.role == Role.HOME][-1:])):
            usual = standing.looks.get(kind)
            for each in chosen:
                look = self._look(self._crawl.live.folder, each.ref)
                if look is not None:
                    yield kind, look, usual is not None and usual.is_strange(look) and self._was_usual(each, usual)

    def _look(self, folder: Path, ref: CaptureRef) -> Look | None:
        try:
            return look_of(decode_content(open_capture(folder, ref)))
        except (ArchiveError, ValueError) as error:
            logger.debug("no look at %s: %s", ref.url, error)
            return None

    def _was_usual(self, each: Fetched, usual: Usual) -> bool:
        """Whether the page looked as usual when an earlier run had it."""
        row = self._ledger.execute(
            f"SELECT run.name, {', '.join(f'capture.{name}' for name in PLACE)} FROM capture JOIN run"
            " ON run.id = capture.run WHERE url = ? AND run < ? AND type = 'response' AND capture.status = 200"
            " ORDER BY capture.id DESC LIMIT 1",
            (each.ref.url, self._crawl.live.run.number),
        ).fetchone()
        if row is None:
            return False
        ref = CaptureRef(**dict(zip(PLACE, row[1:], strict=True)))
        before = self._look(self._crawl.live.folder.parent / row[0], ref)
        return before is not None and not usual.is_strange(before)


def _sources(
    captures: Sequence[Fetched],
    failures: Sequence[tuple[str, str, str]],
    instead: Callable[[Fetched], str | None] = lambda _: None,
) -> list[SourceSeen]:
    """How each source ended in this run; ``instead`` tells what came in place of one."""
    found: dict[str, SourceSeen] = {}
    for each in captures:
        if each.role in SOURCES:
            trouble = _trouble(each) or instead(each)
            found[each.ref.url] = SourceSeen(url=each.ref.url, role=each.role, trouble=trouble)
    for role, url, reason in failures:
        if role in SOURCES and (url not in found or found[url].trouble is None):
            found[url] = SourceSeen(url=url, role=role, trouble=reason)
    return list(found.values())


def _trouble(each: Fetched) -> str | None:
    if each.status >= 400:
        return str(each.status)
    if not each.whole and each.outcome == "truncated":
        return "its answer is cut"
    if each.status == 200 and each.ref.type == "response":
        expected = each.outcome if each.role in (Role.HOME, Role.SECTION) else each.role
        if each.outcome in ("bot-challenge", "empty-body", "undecodable") or (
            each.outcome in NO_ARTICLE | {"article"} and each.outcome != expected
        ):
            return f"no {each.role} but {each.outcome}"
    return None


def in_words(reason: str) -> str:
    """Why an address failed, short and for a person."""
    if status := re.match(r"(?:HTTP )?status (\d+)", reason):
        return status[1]
    known = (words for part, words in IN_WORDS.items() if part in reason)
    return next(known, reason)[:100]


def by_outlet(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The lines of a JSONL file, without texts."""
    found: dict[str, list[dict[str, Any]]] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            for name in ("text", "diff"):
                record.pop(name, None)
            if record.get("outlet"):
                found.setdefault(record["outlet"], []).append(record)
    return found


def _instant(text: str | None) -> float | None:
    """A publication date as seconds since 1970; a date alone is good for its whole day."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() + (DAY if len(text) == 10 else 0.0)


# ---------------------------------------------------------------- written down


def document_of(job: str, run: str, now: float, lives: Sequence[Life], changed: Sequence[str]) -> dict[str, Any]:
    """What ``health.json`` holds."""
    verdicts = [life.verdict for life in lives]
    overall = next((each for each in ("unhealthy", "learning") if each in verdicts), "healthy")
    return {
        "job": job,
        "run": run,
        "at": _iso(now),
        "verdict": overall,
        "changed": list(changed),
        "outlets": {
            life.outlet.name: {
                "verdict": life.verdict,
                "findings": [
                    {"kind": each.kind, "since": _iso(each.since), "cause": each.cause, "evidence": each.evidence}
                    for each in life.findings
                ],
                "figures": figures(life.rows, now),
            }
            for life in lives
        },
    }


def figures(rows: Sequence[Row], now: float) -> dict[str, Any]:
    """An outlet's last day beside what is usual."""
    day = [row for row in rows if row.at > now - DAY]
    past = [row for row in rows if now - DAY - PAST < row.at <= now - DAY]
    days = min(PAST, now - DAY - rows[0].at) / DAY if rows else 0.0
    usual = sum(row.fresh for row in past) / days if days >= 1 else None
    return {
        "new_24h": sum(row.new for row in day),
        "new_a_day": round(usual, 2) if usual is not None else None,
        "versions_24h": sum(row.versions for row in day),
        "deletions_24h": sum(row.deletions for row in day),
        "no_article_24h": dict(sum((Counter(row.bad) for row in day), Counter[str]()).most_common()),
        "pages_24h": sum(row.pages for row in day),
        "failed_24h": sum(row.failed for row in day),
        "words": _median([word for row in day for word in row.words]),
        "words_usual": _median([word for row in past for word in row.words]),
    }


def _median(values: Sequence[int]) -> float | None:
    return round(statistics.median(values), 1) if values else None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
