"""``scrapy archive``: these pages, now."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import add_max_disk, examples, quiet_terminal, run_spider, take_options

EXAMPLES = """
  scrapy archive https://www.example.org/2026/11/a-story.html
  scrapy archive --list urls.txt --output flood-reports
  cat urls.txt | scrapy archive --list - --output flood-reports

The same command again goes on where an interrupted one stopped.

exit status:
  0 all archived             4 disk full
  1 error                    5 another process works on the same output
  2 usage                    6 interrupted: start again to go on
  3 some addresses failed: see failures.txt in the run's folder
"""


class Command(ScrapyCommand):
    """Archives single pages."""

    requires_project = True

    def syntax(self) -> str:
        return "[options] [URL ...]"

    def short_desc(self) -> str:
        return "Archive single pages: WARC and clean text of the URLs given"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--list", metavar="FILE", help="read URLs from a file, one a line; - for standard input")
        parser.add_argument("--output", metavar="DIR", default="output/archive", help="folder (default: %(default)s)")
        add_max_disk(parser)
        examples(parser, EXAMPLES)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        quiet_terminal(self)
        super().process_options(args, opts)
        take_options(self, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        urls = [*args, *(read_list(opts.list) if opts.list else [])]
        if not urls:
            raise UsageError("give one or more URLs, or a file of them with --list")
        self.exitcode = run_spider(self, "archive", {"urls": urls, "output": opts.output})


def read_list(name: str) -> list[str]:
    """The URLs of a list: one a line, blank lines and those that begin with ``#`` left out."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
