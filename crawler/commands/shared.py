"""What the commands have in common."""

from __future__ import annotations

import argparse
import logging
import re
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.checks import check
from crawler.status import ExitStatus, exit_status
from pipelines.errors import BroadsheetError, ConfigError
from pipelines.workers import Workers

if TYPE_CHECKING:
    from crawler.crawl import Crawl


class _Help(argparse.HelpFormatter):
    """Indented lines stand as written, so that they can be copied; sentences are as wide as the terminal."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        told: list[str] = []
        joined = False
        for line in text.splitlines():
            sentence = bool(line) and not line.startswith((" ", "exit status:")) and not line.endswith(":")
            if sentence and joined:
                told[-1] += f" {line}"
            else:
                told.append(line)
            joined = sentence or line.startswith("exit status: ")
        return "\n".join(line if line.startswith(" ") else textwrap.fill(line, width) for line in told)


def examples(parser: argparse.ArgumentParser, text: str) -> None:
    """Examples at the end of ``--help``, and what else is to be said."""
    parser.epilog = "examples:\n" + text.strip("\n")
    parser.formatter_class = _Help


def workers_of(command: ScrapyCommand, jobs: int, *, preload: tuple[str, ...] = ()) -> Workers:
    """Parsing processes, each page within the limits of the settings: what a crawl rejects for want of time or memory
    must be rejected again when its records are made again."""
    if jobs < 1:
        raise UsageError("--jobs takes a number from 1")
    check_settings(command)
    settings = command.settings
    assert settings is not None
    return Workers(
        jobs,
        seconds=settings.getfloat("BROADSHEET_PARSE_SECONDS"),
        megabytes=settings.getint("BROADSHEET_PARSE_MEGABYTES"),
        preload=preload,
    )


def check_settings(command: ScrapyCommand) -> None:
    """Raises ``UsageError`` for settings that cannot be used, before anything is built from them."""
    assert command.settings is not None
    try:
        check(command.settings)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def quiet_terminal(command: ScrapyCommand) -> None:
    """In a terminal the table tells what happens, so only warnings are logged there, unless asked otherwise."""
    assert command.settings is not None
    if sys.stderr.isatty():
        command.settings.set("LOG_LEVEL", "WARNING", "cmdline")  # -L and -s come after, and win


def add_max_disk(parser: argparse.ArgumentParser) -> None:
    """The option ``--max-disk``, for the commands that fetch."""
    parser.add_argument(
        "--max-disk", metavar="SIZE", help="stop when the job's folder takes this much, e.g. 500M or 20G (status 4)"
    )


def take_options(command: ScrapyCommand, opts: argparse.Namespace) -> None:
    """Put our own options into the settings, and check all of them. Raises ``UsageError``."""
    take_max_disk(command, opts)
    check_settings(command)


def take_max_disk(command: ScrapyCommand, opts: argparse.Namespace) -> None:
    """Put ``--max-disk`` into the settings. Raises ``UsageError`` for what is no size."""
    if opts.max_disk is None:
        return
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", opts.max_disk.strip(), re.IGNORECASE)
    if not found:
        raise UsageError(f"--max-disk takes a size such as 500M or 20G, not {opts.max_disk!r}")
    assert command.settings is not None
    size = int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))
    command.settings.set("BROADSHEET_MAX_DISK", size, "cmdline")


class Meter:
    """A line that counts, in a terminal; elsewhere a line every half minute."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._next = time.monotonic() + (0.5 if self._console.is_terminal else 30)

    def show(self, text: Callable[[], str]) -> None:
        """Show what ``text`` gives, if it is time; it is asked only then."""
        now = time.monotonic()
        if now < self._next:
            return
        if self._console.is_terminal:
            self._line(text())
            self._next = now + 0.5
        else:
            print(text(), file=sys.stderr)
            self._next = now + 30

    def done(self) -> None:
        """Take the line away."""
        if self._console.is_terminal:
            self._line("")

    def _line(self, text: str) -> None:
        """Write over the line that is there; it must not be longer than the terminal is wide."""
        width = self._console.width - 1
        self._console.print(text[:width].ljust(width), end="\r", soft_wrap=True)


def run_spider(
    command: ScrapyCommand,
    name: str,
    arguments: dict[str, Any],
    *,
    finish: Callable[[Crawl], None] | None = None,
    tell: Callable[[Crawl], None] | None = None,
) -> ExitStatus:
    """Run a spider to its end, print the summary (or have ``tell`` do it), and say how it ended.

    ``finish`` makes of a run that is complete what else is to be made of it.
    """
    from crawler.watch.report import tell as tell_all

    process = command.crawler_process
    assert process is not None
    try:
        crawler = process.create_crawler(name)
    except KeyError:
        raise UsageError(f"there is no spider {name!r}; there are: {', '.join(process.spider_loader.list())}") from None
    errors: list[BaseException] = []
    started: Any = process.crawl(crawler, **arguments)

    def ended(outcome: Any) -> None:
        error = outcome.exception() if hasattr(outcome, "exception") else None
        if error is not None:
            errors.append(error)

    started.add_done_callback(ended)
    process.start()
    progress = getattr(crawler, "broadsheet_progress", None)
    if progress is not None:
        progress.stop()
    crawl = getattr(crawler, "broadsheet", None)
    if errors or crawl is None:
        error = errors[0] if errors else None
        if isinstance(error, BroadsheetError):
            print(f"scrapy: {error}", file=sys.stderr)
            if crawler.settings["LOG_FILE"]:  # under scrapyd nobody sees standard error
                logging.getLogger(__name__).error("%s", error)
        elif error is not None:
            logging.getLogger(__name__).error("the crawl could not start", exc_info=error)
        return ExitStatus.of(error)
    if finish is not None and crawl.status in (ExitStatus.COMPLETE, ExitStatus.PARTIAL):
        try:
            finish(crawl)
        except (BroadsheetError, OSError) as error:
            print(f"scrapy: the run is archived, but: {error}", file=sys.stderr)
            return ExitStatus.of(error)
    (tell or tell_all)(crawl)
    return exit_status(crawler)
