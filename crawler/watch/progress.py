"""Progress of a crawl: a live table in a terminal, a log line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.log import get_scrapy_root_handler
from twisted.internet import task

from crawler.watch.tally import Tallies, Tally
from pipelines import clock

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

REDRAW, LINE = 0.5, 15.0
"""Seconds between two pictures of the table, and between two log lines."""

MOST_ROWS = 20
"""Outlets shown one by one; the others are summed, so that the table fits a terminal."""


class Progress:
    """Shows what the crawl has come to."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawl = crawler.broadsheet  # type: ignore[attr-defined]
        self._history: deque[tuple[float, int]] = deque(maxlen=120)
        self._terminal = Console(stderr=True)
        self._live: Live | None = None
        self._timer = task.LoopingCall(self._tick)
        crawler.signals.connect(self._opened, signals.spider_opened)
        crawler.broadsheet_progress = self  # type: ignore[attr-defined]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Progress:
        if not hasattr(crawler, "broadsheet"):
            raise NotConfigured("there is no job")
        return cls(crawler)

    def _opened(self, spider: Spider) -> None:
        if self._terminal.is_terminal:
            self._live = Live(console=self._terminal, auto_refresh=False, transient=True)
            self._live.start()
            handler = get_scrapy_root_handler()
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                handler.setStream(sys.stderr)  # which now prints above the table
        self._timer.start(REDRAW if self._live else LINE, now=False)

    def _tick(self) -> None:
        now, total = time.monotonic(), self._crawl.tallies.total()
        self._history.append((now, total.fetched))
        if self._live:
            self._live.update(self._picture(total), refresh=True)
        else:
            logger.info("%s", self._line(total))

    def rate(self) -> float:
        """Captures a second, over the last minute."""
        if len(self._history) < 2:
            return 0.0
        (then, before), (now, after) = self._history[0], self._history[-1]
        return (after - before) / max(now - then, 0.001)

    def _left(self, total: Tally) -> str:
        rate = self.rate()
        if not rate or not total.waiting:
            return ""
        seconds = round(total.waiting / rate)
        return f", {seconds // 60}:{seconds % 60:02d} left at this rate"

    def _line(self, total: Tally) -> str:
        return (
            f"{total.found} found, {total.fetched} fetched, {total.articles} articles, "
            f"{total.rejected.total()} rejected, {total.waiting} waiting, {total.failed} failed; "
            f"{self.rate():.1f} pages/s{self._left(total)}"
        )

    def _picture(self, total: Tally) -> Group:
        table = tally_table(self._crawl.tallies)
        seconds = int(clock.now() - self._crawl.started)
        foot = f"{seconds // 60}:{seconds % 60:02d}  {self.rate():.1f} pages/s{self._left(total)}"
        return Group(table, Text(foot, style="dim"))

    def stop(self) -> None:
        """Take the table away."""
        if self._timer.running:
            self._timer.stop()
        if self._live:
            self._live.stop()
            self._live = None


def tally_table(tallies: Tallies) -> Table:
    """One row an outlet and a sum; fits 80 columns."""
    table = Table(box=None, pad_edge=False)
    table.add_column("outlet", overflow="ellipsis", no_wrap=True, max_width=28)
    for name in ("found", "fetched", "articles", "rejected", "waiting", "failed"):
        table.add_column(name, justify="right")
    rows = sorted(tallies.outlets.items())
    shown, others = rows[:MOST_ROWS], rows[MOST_ROWS:]
    for name, tally in shown:
        table.add_row(name, *_cells(tally))
    if others:
        table.add_row(f"… and {len(others)} more", *[""] * 6)
    if len(rows) > 1:
        table.add_section()
        table.add_row("all", *_cells(tallies.total()), style="bold")
    return table


def _cells(tally: Tally) -> list[str]:
    numbers = (tally.found, tally.fetched, tally.articles, tally.rejected.total(), tally.waiting, tally.failed)
    return [str(number) if number else "·" for number in numbers]
