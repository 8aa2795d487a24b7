"""What a run would fetch, and how long politeness would make it take."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from crawler.crawl import Crawl


def tell(crawl: Crawl, *, most: int | None = None) -> None:
    """Print the addresses that wait, one a line, as ``--list`` takes them; then, for each host, how many and how long.

    ``most`` is how many pages of a host would be fetched.
    """
    counts: Counter[str] = Counter()
    for url, host, title in getattr(crawl.crawler.spider, "waiting", []):
        if most is None or counts[host] < most:
            counts[host] += 1
            print(f"{url}\t# {title}" if title else url)
    table = Table(box=None, pad_edge=False)
    for name, side in (("host", "left"), ("pages", "right"), ("every", "right"), ("at least", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    longest = 0.0
    for host, number in counts.most_common():
        politeness = crawl.frontier.hosts[host]
        seconds = number * politeness.delay / max(1, politeness.connections)
        longest = max(longest, seconds)
        table.add_row(host, str(number), f"{politeness.delay:g} s", duration(seconds))
    errors = Console(stderr=True, highlight=False)
    errors.print(table)
    for url, reason in crawl.failures:
        errors.print(f"Cannot be read: {url}: {reason}", soft_wrap=True)
    errors.print(
        f"\n{counts.total()} pages of {len(counts)} hosts, at least {duration(longest)};"
        " what each page needs to be shown comes on top. Nothing of this was fetched."
    )


def duration(seconds: float) -> str:
    """Such as ``1 h 12 min``, ``3 min 20 s``, ``40 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
