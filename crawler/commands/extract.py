"""``scrapy extract``: records from WARC files, without network."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples, workers_of
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError, ConfigError
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import CHANGES, RECORDS, atomically, records_name, warc_files
from pipelines.records.jsonl import as_dict, encode
from pipelines.text.refine import Options

EXAMPLES = """
  scrapy extract output/rferl/runs/*/*.warc.gz -o articles.jsonl
  scrapy extract CC-NEWS-20261101.warc.gz -o news.jsonl --jobs 8
  scrapy extract output/rferl/runs/20261124T090000Z -o again.jsonl

Articles go to the file named by -o, captures that are no article to FILE.rejections.jsonl beside it,
each with its reason. Both are in WARC order, whatever the number of jobs. Of WARC files of our own runs, what
changed in articles that earlier runs had goes to FILE.changes.jsonl.
exit status: 0 complete, 1 error, 2 usage, 3 some records were damaged
"""


class Command(ScrapyCommand):
    """Extracts articles from WARC files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] WARC-OR-FOLDER ... -o FILE.jsonl"

    def short_desc(self) -> str:
        return "Extract articles from WARC files, ours or others'"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="write articles here (JSONL)")
        parser.add_argument(
            "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="worker processes (default: %(default)s)"
        )
        parser.add_argument(
            "--explain", action="store_true", help="say in FILE.explain.jsonl what was left out of each text, and why"
        )
        parser.add_argument("--no-learn", action="store_true", help="do not learn what the sites repeat (site memory)")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("give one or more WARC files or folders")
        if not opts.output:
            raise UsageError("say where the articles go: -o FILE.jsonl")
        try:
            files, output = warc_files(args), Path(opts.output)
            if ".warc" in output.name or any(output.resolve() == path.resolve() for path in files):
                raise ConfigError(f"{output} is or looks like a WARC file: name a .jsonl file")
            self.exitcode = self._extract(files, output, opts)
        except BroadsheetError as error:
            print(f"scrapy extract: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)

    def _extract(self, files: list[Path], output: Path, opts: argparse.Namespace) -> ExitStatus:
        rejections, explained, changes = (
            output.with_name(f"{output.name.removesuffix('.jsonl')}.{kind}.jsonl")
            for kind in ("rejections", "explain", "changes")
        )
        targets = [output, rejections, *([explained] if opts.explain else [])]
        counts, meter = Counts(), Meter()
        workers = workers_of(self, opts.jobs)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                articles, rejected, *explanations = (stack.enter_context(atomically(path)) for path in targets)
                outputs = dict(zip(RECORDS[:2], (articles, rejected), strict=True))
                made_all = extract(
                    files, workers, options=Options(), learning=not opts.no_learn, explain=opts.explain, counts=counts
                )
                for made in made_all:
                    outputs[records_name(made.outcome)].write(made.line)
                    if made.change is not None:
                        if CHANGES not in outputs:
                            outputs[CHANGES] = stack.enter_context(atomically(changes))
                        outputs[CHANGES].write(encode(made.change))
                    for lines in explanations:
                        lines.write(
                            encode({"id": made.outcome.id, "url": made.outcome.url, "removed": as_dict(made.removed)})
                        )
                    meter.show(counts)
            if not counts.changes:
                changes.unlink(missing_ok=True)  # of an extraction before
        finally:
            workers.close(wait=False)
            meter.done()
        reasons = ", ".join(f"{number} {reason}" for reason, number in counts.rejections.most_common())
        print(f"{counts.captures} captures: {counts.articles} articles in {output}", file=sys.stderr)
        if reasons:
            print(f"{counts.rejections.total()} rejections in {rejections}: {reasons}", file=sys.stderr)
        if counts.changes:
            kinds = ", ".join(f"{number} {kind}s" for kind, number in counts.changes.most_common())
            print(f"{counts.changes.total()} changes in {changes}: {kinds}", file=sys.stderr)
        for damage in counts.damaged:
            print(f"damaged: {damage}", file=sys.stderr)
        return ExitStatus.PARTIAL if counts.damaged else ExitStatus.COMPLETE


class Meter:
    """A line that counts, in a terminal; elsewhere a line every half minute."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._next = time.monotonic() + (0.5 if self._console.is_terminal else 30)

    def show(self, counts: Counts) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        text = f"{counts.captures} captures, {counts.articles} articles, {counts.rejections.total()} rejected"
        if self._console.is_terminal:
            self._console.print(text, end="\r")
            self._next = now + 0.5
        else:
            print(text, file=sys.stderr)
            self._next = now + 30

    def done(self) -> None:
        if self._console.is_terminal:
            self._console.print(" " * 70, end="\r")
