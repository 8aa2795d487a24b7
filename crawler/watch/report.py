"""The end of a crawl, told to a person and written to ``run.json``."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from crawler.watch.progress import tally_table
from crawler.watch.tally import Tallies

if TYPE_CHECKING:
    from crawler.crawl import Crawl
    from crawler.watch.checkup import Health

MOST_FAILURES = 10
"""Failed addresses printed; all of them are in ``failures.txt``."""


def counts(tallies: Tallies) -> dict[str, Any]:
    """Counts of a run as ``run.json`` holds them."""
    total = tallies.total()
    return {
        "captures": total.fetched,
        "articles": total.articles,
        "rejections": dict(sorted(total.rejected.items())),
        "failed": total.failed,
        "waiting": total.waiting,
        "outlets": {
            name: {
                "captures": tally.fetched,
                "articles": tally.articles,
                "rejections": dict(sorted(tally.rejected.items())),
                "failed": tally.failed,
                "waiting": tally.waiting,
            }
            for name, tally in sorted(tallies.outlets.items())
        },
    }


def tell(crawl: Crawl, console: Console | None = None) -> None:
    """Print what a crawl came to: counts, why pages were rejected, what failed, where the files are."""
    console = console or Console(highlight=False)
    total = crawl.tallies.total()
    console.print(tally_table(crawl.tallies))
    if total.rejected:
        reasons = ", ".join(f"{number} {reason}" for reason, number in total.rejected.most_common())
        console.print(f"\nRejected: {reasons}")
    for host, why in crawl.frontier.given_up().items():
        console.print(f"Left alone: {host}: {why}")
    failures = crawl.failures
    for url, reason in failures[:MOST_FAILURES]:
        console.print(f"Failed: {url}: {reason}", soft_wrap=True)
    if len(failures) > MOST_FAILURES:
        console.print(f"… and {len(failures) - MOST_FAILURES} more: see failures.txt")
    health: Health | None = getattr(crawl.crawler, "broadsheet_health", None)
    if health is not None and health.document is not None:
        tell_health(health.document, console)
    folder: Path = crawl.live.folder
    console.print(f"\n{crawl.status_line()}\nFiles: {folder}", soft_wrap=True)


def tell_health(document: Mapping[str, Any], console: Console) -> None:
    """Print each unhealthy outlet with what is likely to be behind it."""
    for name, outlet in document["outlets"].items():
        for finding in outlet["findings"]:
            text = f"{name}: {finding['cause']}"
            for line in textwrap.wrap(
                text, 80, initial_indent="Unhealthy: ", subsequent_indent="  ", break_on_hyphens=False
            ):
                console.print(line, soft_wrap=True, markup=False)
