"""How each page of a one-off run ended: archived, partly, or failed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crawler.discovery.redirects import MAX_HOPS
from crawler.discovery.urls import absolute
from crawler.fetch.outcome import CUT_OFF, NOT_WHOLE, status_in_words
from crawler.fetch.requisites import Requisites
from pipelines.model import ONWARD
from pipelines.records.ledger import Ledger, State

if TYPE_CHECKING:
    from crawler.crawl import Crawl

Verdict = Literal["archived", "partly", "failed"]

BROKEN = 400
"""Statuses from which an answer is not what was asked for (RFC 9110)."""

EMPTY = (204, 205)
"""Statuses of an answer without a page."""

TAKEN = ("article", "revisit", "unchanged", "duplicate", "section")
"""Outcomes of which nothing need be said."""

ODD = {
    "empty-shell": "its text comes by scripts: --browser auto",
    "no-text": "no article",
    "not-html": "a file, no page: {}",
    "login-wall": "a log-in in place of its text",
    "consent-wall": "a request for consent in place of its text",
    "http-status": "not a page with status 200: {}",
    "extract-error": "its text could not be taken: {}",
}
"""What to say of others that are archived; ``{}`` is what ``rejections.jsonl`` has to say."""

VAIN = {
    "empty-body": "the answer is empty",
    "soft-404": "it says that the page is not found",
    "bot-challenge": "a question whether we are a robot in place of the page",
    "undecodable": "its body cannot be unpacked: {}",
    "truncated": "{}",
}
"""What to say of answers that are not the page asked for, or not all of it."""

OWN = "method NOT IN ('" + "', '".join(ONWARD) + "')"
"""Addresses that were asked for or found, and not such as others led to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEnd:
    """One page and how it ended."""

    url: str
    verdict: Verdict
    why: str = ""
    """Of a failure: what happened. Else what the page was taken for, if that is no article."""
    missing: tuple[tuple[str, str], ...] = ()
    """Requisites that are not in the archive, and why."""


def pages(
    ledger: Ledger, run: int, since: float, left: Mapping[str, str], rejections: Path | None = None
) -> Iterator[PageEnd]:
    """The pages of a run, in the order in which they were asked for or found, and listings that could not be read.

    ``since`` is the run's start, ``left`` the hosts that it has left alone, and why, ``rejections`` what the run has
    written of pages that are no article. What was found and is beyond the number of pages asked for is not told.
    """
    judge = _Judge(ledger, run, rejections)
    rows = ledger.execute(
        "SELECT key, url, state, reason, iif(state IN (3, 4), not_before, seen), role, method, host FROM frontier"
        f" WHERE (role = 'article' OR method = 'seed') AND {OWN} ORDER BY id"
    ).fetchall()
    for key, url, state, reason, seen, role, method, host in rows:
        if state in (State.DONE, State.FAILED, State.REFUSED) and (seen or since) < since:
            continue  # an earlier run saw to it
        why = reason
        if state in (State.WAITING, State.TAKEN):
            why = left.get(f"{url.partition(':')[0]}://{host}") or reason
            if host in left:
                why = f"{reason}; " if reason else ""
                why += f"its host is left alone in this run: {left[host]}"
            if why is None and method != "seed":
                continue
        end = judge.end(key, url, state, why)
        if role == "article" or end.verdict == "failed":
            yield end


@dataclass(slots=True)
class _Judge:
    """Says how addresses ended."""

    ledger: Ledger
    run: int
    rejections: Path | None
    _details: dict[str, str] | None = None

    def end(self, key: str, url: str, state: int, reason: str | None) -> PageEnd:
        """Follow an address to where it leads."""
        asked, met = url, {url}
        while True:
            if state != State.DONE:
                return self._failed(asked, url, reason or "not fetched before the run ended")
            status, outcome = self._captured(url)
            onward = self.ledger.execute(
                "SELECT key, url, state, reason FROM frontier WHERE source_url = ? AND method IN (?, ?)"
                " ORDER BY id DESC",
                (url, *ONWARD),
            ).fetchone()
            if onward is None or (outcome == "article" and onward[1] != asked):
                break
            key, url, state, reason = onward
            if url in met:  # such as of a consent page that sends the reader back: its last capture counts
                status, outcome = self._captured(url)
                if 300 <= status < BROKEN and state == State.DONE:
                    return self._failed(asked, url, "its redirects lead in a circle")
                break
            met.add(url)
        if status >= BROKEN or status in EMPTY:
            return self._failed(asked, url, status_in_words(status))
        why = "" if outcome in TAKEN or outcome is None else ODD.get(outcome, outcome)
        if outcome in VAIN:
            detail = self._detail(url)
            if outcome == "truncated":
                detail = CUT_OFF.get(detail, NOT_WHOLE)
            return self._failed(asked, url, VAIN[outcome].format(detail or "no reason is known"))
        if outcome == "redirect":
            target = self._detail(url)
            if len(met) > MAX_HOPS:
                return self._failed(asked, url, f"more than {MAX_HOPS} redirects in a row")
            if absolute(target, url) is None:
                where = f"to {target[:200]!r}, which is no web address" if target else "without a Location"
                return self._failed(asked, url, f"{status_in_words(status)} {where}")
            why = f"a redirect to {target[:200]}, which is excluded or not in the scope"
        elif "{}" in why:
            why = why.format(self._detail(url) or "unknown")
        missing = tuple(Requisites(self.ledger).missing(key))
        return PageEnd(url=asked, verdict="partly" if missing else "archived", why=why, missing=missing)

    def _failed(self, asked: str, url: str, why: str) -> PageEnd:
        return PageEnd(url=asked, verdict="failed", why=why if url == asked else f"leads to {url}: {why}")

    def _captured(self, url: str) -> tuple[int, str | None]:
        """Status and outcome of the last capture of an address; what is the same as another has its outcome."""
        found = self.ledger.execute(
            "SELECT status, outcome, refers_to FROM capture WHERE url = ? AND run = ? ORDER BY id DESC LIMIT 1",
            (url, self.run),
        ).fetchone()
        status, outcome, original = found or (0, None, None)
        if outcome == "revisit" and original:
            sql = "SELECT status, outcome FROM capture WHERE record_id = ?"
            status, outcome = self.ledger.execute(sql, (original,)).fetchone() or (status, outcome)
        return status or 0, outcome

    def _detail(self, url: str) -> str:
        """What the rejection of an address has to say."""
        if self._details is None:
            self._details = {}
            if self.rejections is not None and self.rejections.exists():
                with self.rejections.open(encoding="utf-8") as lines:
                    for line in lines:
                        record = json.loads(line)
                        if record["reason"] in DETAILED:
                            self._details[record["url"]] = record["detail"] or ""
        return self._details.get(url, "")


DETAILED = ("not-html", "http-status", "extract-error", "undecodable", "truncated", "redirect")
"""Reasons of rejections of which the detail is told."""


def write_readme(crawl: Crawl, packed: Path | None) -> Path:
    """Say in the run's folder, for a person, what it holds and how each page ended."""
    folder: Path = crawl.live.folder
    ends: list[PageEnd] = getattr(crawl.crawler.spider, "page_ends", [])
    counts = Counter(each.verdict for each in ends)
    total = crawl.tallies.total()
    when = datetime.fromtimestamp(crawl.run_started, UTC)
    lines = [
        f"Archive {crawl.job.name}, run {crawl.live.name}",
        "",
        f"Begun {when:%Y-%m-%d %H:%M:%S} UTC by {crawl.crawler.settings['USER_AGENT']}.",
        f"{len(ends)} pages: {counts['archived']} archived, {counts['partly']} partly, {counts['failed']} failed."
        f" {total.fetched} responses, {total.articles} articles.",
        "",
        "What is here:",
    ]
    if packed is not None:
        lines.append(f"  {packed.name}: the whole run in one file, for https://replayweb.page or `scrapy replay`")
    lines += [f"  {name}: {what}" for name, what in CONTENTS if any(folder.glob(name))]
    for verdict, title in TITLES:
        chosen = [each for each in ends if each.verdict == verdict]
        if chosen:
            lines += ["", title]
        for each in chosen:
            lines.append(f"  {each.url}" + (f"  ({each.why})" if each.why else ""))
            lines += [f"      without {url}: {why}" for url, why in each.missing[:MOST_MISSING]]
            if len(each.missing) > MOST_MISSING:
                lines.append(f"      and {len(each.missing) - MOST_MISSING} more")
    path = folder / README
    path.write_text("\n".join(lines) + "\n", "utf-8", "replace")
    return path


README = "README.txt"

MOST_MISSING = 20
"""Missing requisites that are named for each page."""

CONTENTS = (
    ("*.warc.gz", "requests and responses, byte for byte (WARC/1.1)"),
    ("articles.jsonl", "the text and metadata of each article, one a line"),
    ("rejections.jsonl", "every other response, and why it is no article"),
    ("changes.jsonl", "what changed since an earlier run"),
    ("screenshots", "pictures of the pages as the browser showed them"),
    ("index.cdxj", "index of the WARC files, for replay"),
    ("failures.txt", "pages that failed; `scrapy archive --list` takes it"),
    ("run.json", "all files with their SHA-256, versions, counts"),
)
TITLES = (
    ("failed", "Failed:"),
    ("partly", "Archived without some of what they need:"),
    ("archived", "Archived:"),
)
