"""``scrapy verify``: is it all there, and is it what it claims to be?"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples, workers_of
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError
from pipelines.flow.files import SUFFIXES, warc_files
from pipelines.flow.verify import Verdict, runs_of, verify_run, verify_warcs

EXAMPLES = """
  scrapy verify output/rferl
  scrapy verify output/rferl/runs/20261124T090000Z --json
  scrapy verify someone-elses.warc.gz

Of a run or job: framing and headers of the WARC files, block and payload digests, file digests of run.json,
every record's pointer, one outcome a capture, and that records and changes are what the WARC files give.
A run that is working or was stopped is checked as far as it got.
Of WARC files alone: framing, headers, digests and references.
exit status: 0 all is well, 1 something is wrong, 2 usage
"""

MOST_SHOWN = 50
"""Findings printed for each run; ``--json`` has them all."""


class Command(ScrapyCommand):
    """Checks runs, jobs and WARC files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] RUN-OR-JOB-OR-WARC ..."

    def short_desc(self) -> str:
        return "Check a run, a job or WARC files: digests, pointers, counts, records"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
        parser.add_argument(
            "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="worker processes (default: %(default)s)"
        )
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("give a run, a job or WARC files")
        try:
            verdicts = list(self._verdicts(args, opts))
        except BroadsheetError as error:
            print(f"scrapy verify: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)
            return
        if opts.json:
            print(json.dumps([dataclasses.asdict(verdict) for verdict in verdicts], ensure_ascii=False, indent=1))
        else:
            for verdict in verdicts:
                _print(verdict)
        self.exitcode = ExitStatus.ERROR if any(verdict.findings for verdict in verdicts) else ExitStatus.COMPLETE

    def _verdicts(self, args: list[str], opts: argparse.Namespace) -> list[Verdict]:
        files = [Path(name) for name in args if name.endswith(SUFFIXES)]
        verdicts = [verify_warcs(warc_files(files))] if files else []
        runs = [run for name in args if not name.endswith(SUFFIXES) for run in runs_of(Path(name))]
        if runs:
            workers = workers_of(self, opts.jobs)
            try:
                note = _tell if sys.stderr.isatty() and not opts.json else _be_silent
                verdicts += [verify_run(run, workers, note=note) for run in runs]
            finally:
                workers.close(wait=False)
        return verdicts


def _tell(step: str) -> None:
    print(f"… {step}", file=sys.stderr)


def _be_silent(step: str) -> None:
    pass


def _print(verdict: Verdict) -> None:
    well = "all is well" if verdict.complete else "all is well so far"
    state = f"{len(verdict.findings)} findings" if verdict.findings else well
    print(f"{verdict.target}: {state}")
    parts = [f"{verdict.files} WARC files", f"{verdict.records} records"]
    if verdict.captures:
        equals = " =" if verdict.complete else ","
        parts.append(
            f"{verdict.captures} captures{equals} {verdict.articles} articles + {verdict.rejections} rejections"
        )
        parts.append(f"{verdict.changes} changes")
    print("  " + ", ".join(parts))
    for note in verdict.notes:
        print(f"  {note}")
    for finding in verdict.findings[:MOST_SHOWN]:
        print(f"  {finding}")
    if len(verdict.findings) > MOST_SHOWN:
        print(f"  … and {len(verdict.findings) - MOST_SHOWN} more (--json has them all)")
