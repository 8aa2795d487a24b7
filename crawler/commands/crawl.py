"""``scrapy crawl``: Scrapy's own, with an exit status that tells the truth."""

from __future__ import annotations

import argparse

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler.commands.shared import add_max_disk, examples, quiet_terminal, run_spider, take_max_disk

EXAMPLES = """
  scrapy crawl news -a job=jobs/rferl.toml
  scrapy crawl news -a job=jobs/world.toml -a outlet=npr.org -a pages=50
  scrapy crawl news -a job=my.toml -a age=2d -a delay=2

exit status:
  0 complete                 4 disk full
  1 error                    5 another run of the job is working
  2 usage                    6 interrupted: start again to go on
  3 ended, some addresses could not be fetched
"""


class Command(ScrapyCrawl):
    """Runs a spider of the project."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_max_disk(parser)
        examples(parser, EXAMPLES)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        quiet_terminal(self)
        super().process_options(args, opts)
        take_max_disk(self, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one spider: scrapy crawl news -a job=FILE.toml")
        self.exitcode = run_spider(self, args[0], opts.spargs)
