"""How each page of a one-off run ended: archived, partly, or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crawler.discovery.redirects import MAX_HOPS
from crawler.fetch.frontier import ONWARD, State
from crawler.fetch.requisites import Requisites
from pipelines.records.ledger import Ledger

if TYPE_CHECKING:
    from crawler.crawl import Crawl

Verdict = Literal["archived", "partly", "failed"]

BROKEN = 400
"""Statuses from which an answer is not what was asked for (RFC 9110)."""

TAKEN = ("article", "revisit", "unchanged", "duplicate")
"""Outcomes of which nothing need be said."""

HINTS = {"empty-shell": "its text comes by scripts: --browser auto", "no-text": "no article"}
"""What to say of others."""

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


def pages(ledger: Ledger, run: int, since: float, left: Mapping[str, str]) -> Iterator[PageEnd]:
    """The pages of a run, in the order in which they were asked for or found, and listings that could not be read.

    ``since`` is the run's start, ``left`` the hosts that it has left alone, and why. What was found and is beyond the
    number of pages asked for is not told.
    """
    requisites = Requisites(ledger)
    rows = ledger.execute(
        "SELECT key, url, state, reason, seen, role, method, host FROM frontier"
        f" WHERE (role = 'article' OR method = 'seed') AND {OWN} ORDER BY id"
    ).fetchall()
    for key, url, state, reason, seen, role, method, host in rows:
        if state in (State.DONE, State.FAILED, State.REFUSED) and (seen or since) < since:
            continue  # an earlier run saw to it
        why = reason
        if state in (State.WAITING, State.TAKEN):
            why = left.get(host) or left.get(f"{url.partition(':')[0]}://{host}") or reason
            if why is None and method != "seed":
                continue
        end = _end(ledger, requisites, run, key, url, state, why)
        if role == "article" or end.verdict == "failed":
            yield end


def _end(
    ledger: Ledger, requisites: Requisites, run: int, key: str, url: str, state: int, reason: str | None
) -> PageEnd:
    asked = url
    for _ in range(MAX_HOPS + 1):
        if state != State.DONE:
            why = reason or "not fetched before the run ended"
            return PageEnd(url=asked, verdict="failed", why=why if url == asked else f"leads to {url}: {why}")
        captured = ledger.execute(
            "SELECT status, outcome FROM capture WHERE url = ? AND run = ? ORDER BY id DESC LIMIT 1", (url, run)
        ).fetchone()
        status, outcome = captured or (0, None)
        onward = ledger.execute(
            "SELECT key, url, state, reason FROM frontier WHERE source_url = ? AND method IN (?, ?) ORDER BY id DESC",
            (url, *ONWARD),
        ).fetchone()
        if onward is None or (outcome == "article" and onward[1] != asked):
            break
        if onward[1] == asked:  # a consent page that sends the reader back: that is the last capture of it
            key, url = onward[0], asked
            (status, outcome) = ledger.execute(
                "SELECT status, outcome FROM capture WHERE url = ? AND run = ? ORDER BY id DESC LIMIT 1", (url, run)
            ).fetchone() or (0, None)
            break
        key, url, state, reason = onward
    if status >= BROKEN:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
        return PageEnd(url=asked, verdict="failed", why=f"HTTP status {status} {phrase}".strip())
    missing = tuple(requisites.missing(key))
    why = "" if outcome in TAKEN or outcome is None else HINTS.get(outcome, outcome)
    return PageEnd(url=asked, verdict="partly" if missing else "archived", why=why, missing=missing)


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
