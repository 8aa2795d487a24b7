"""``scrapy crawl``: Scrapy's own, with an exit status that tells the truth."""

from __future__ import annotations

import argparse

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.commands.shared import add_max_disk, examples, quiet_terminal, run_spider, take_options

EXAMPLES = """
  scrapy crawl news -a job=jobs/rferl.toml
  scrapy crawl news -a job=jobs/world.toml -a outlet=npr.org -a pages=50
  scrapy crawl news -a job=my.toml -a age=2d -a delay=2
  scrapy crawl news -a job=my.toml --fail-on unhealthy

exit status:
  0 complete                 4 disk full
  1 error                    5 another run of the job is working
  2 usage                    6 interrupted: start again to go on
  3 ended, some addresses could not be fetched
  7 with --fail-on unhealthy: ended, but an outlet does badly (scrapy health says why)
"""


class Command(ScrapyCrawl):
    """Runs a spider of the project."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_max_disk(parser)
        parser.add_argument(
            "--fail-on", choices=["unhealthy"], help="end with status 7 if an outlet does badly by its own past"
        )
        examples(parser, EXAMPLES)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        quiet_terminal(self)
        super().process_options(args, opts)
        if opts.fail_on:
            assert self.settings is not None
            self.settings.set("BROADSHEET_FAIL_ON", opts.fail_on, "cmdline")
        take_options(self, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one spider: scrapy crawl news -a job=FILE.toml")
        self.exitcode = run_spider(self, args[0], opts.spargs)
