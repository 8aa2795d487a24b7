"""``scrapy rebuild``: a job's ledger and records again, from its WARC files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples, workers_of
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError

EXAMPLES = """
  scrapy rebuild output/rferl
  scrapy rebuild output/rferl --job jobs/rferl.toml

Reads the WARC files of all runs of the job, oldest first, and makes ledger.sqlite3, articles.jsonl, rejections.jsonl
and changes.jsonl anew; says for each run whether its records came out byte for byte as they were. With the job file,
addresses that were found and not fetched yet are found again too.
exit status: 0 the records are as they were, 3 some differ (or records could not be read), 5 a run is working
"""


class Command(ScrapyCommand):
    """Rebuilds what is derived from the WARC files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] JOB-FOLDER"

    def short_desc(self) -> str:
        return "Make a job's ledger and records again from its WARC files"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--job", metavar="FILE", help="the job file, to find again what waits to be fetched")
        parser.add_argument(
            "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="worker processes (default: %(default)s)"
        )
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one job folder, such as output/rferl")
        try:
            self.exitcode = self._rebuild(Path(args[0]), opts)
        except BroadsheetError as error:
            print(f"scrapy rebuild: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)

    def _rebuild(self, folder: Path, opts: argparse.Namespace) -> ExitStatus:
        from crawler.fetch.again import parts_of
        from crawler.jobs import load
        from pipelines.flow.rebuild import rebuild

        parts = parts_of(load(opts.job) if opts.job else None)
        workers = workers_of(self, opts.jobs, preload=("crawler.fetch.parse",))
        status = ExitStatus.COMPLETE
        try:
            for run in rebuild(folder, workers, parts):
                counts = run.counts
                if run.waiting:
                    print(
                        f"{run.run}: {counts.captures} captures, not complete: start the crawl again to go on with it"
                    )
                else:
                    state = f"differs: {', '.join(run.changed)}" if run.changed else "as it was"
                    print(f"{run.run}: {counts.captures} captures, {counts.articles} articles: {state}")
                for line in counts.damaged:
                    print(f"  damaged: {line}")
                if run.changed or counts.damaged:
                    status = ExitStatus.PARTIAL
        finally:
            workers.close(wait=False)
        return status
