"""``scrapy export``: the first stage of a dataset."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import Meter, examples
from crawler.status import ExitStatus
from pipelines.errors import BroadsheetError
from pipelines.export.export import Summary, export
from pipelines.export.plan import FORMATS, Plan, left_out
from pipelines.export.presets import PRESETS
from pipelines.export.sources import sources

EXAMPLES = """
  scrapy export output/rferl --format parquet --output data/rferl
  scrapy export output/* --format datasets --output data/news --since 2026-01-01 --min-words 100 --drop-duplicates
  scrapy export output/rferl --format jsonl.zst --output data/en --language en --latest-versions
  scrapy export output/* --format parquet --output data/open --respect-rights
  scrapy export output/* --format parquet --output data/clean --preset gopher --preset fineweb
  scrapy export articles.jsonl --format bulk --output data/search --where "word_count >= 200 and license is not null"

The same command again adds what is new; after a kill it goes on. Other filters or another format need another folder.
--where knows the fields of the record (publisher.domain, authors.name …), = != < <= > >=, in ('a', 'b'), contains,
is null, and, or, not and brackets. Presets are lists of rules about the signals in quality.* (docs/quality.md).
Parquet, datasets and duplicates need the extra "export": pip install -e '.[export]'
exit status: 0 complete, 1 error, 2 usage, 3 some lines were no records, 4 disk full, 5 another export works there,
6 interrupted
"""

MOST_TOLD = 10
"""Lines that are no records, of which it is said where they are."""


class Command(ScrapyCommand):
    """Exports articles for other tools."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] JOB ... --format FORMAT --output DIR"

    def short_desc(self) -> str:
        return "Export articles of jobs as JSONL, Parquet, a Hugging Face dataset or for Elasticsearch"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--format", choices=FORMATS, default="parquet", help="what to write (default: %(default)s)")
        add("-o", "--output", metavar="DIR", help="the folder of the export")
        add(
            "--since",
            metavar="DATE",
            help="published on this day or instant, or later; where that is not known: first seen",
        )
        add("--until", metavar="DATE", help="published before this day or instant")
        add(
            "--language",
            metavar="CODE",
            action="append",
            default=[],
            help="only this language (again for more); en means en-GB too",
        )
        add("--outlet", metavar="NAME", action="append", default=[], help="only this outlet (again for more)")
        add("--min-words", metavar="N", type=int, default=0, help="only texts of so many words or more")
        add("--latest-versions", action="store_true", help="only the last version of each article")
        add(
            "--respect-rights",
            action="store_true",
            help="leave out what forbids text and data mining, AI training or copies, and records older than schema"
            " 1.2, which do not tell (docs/rights.md)",
        )
        add("--where", metavar="EXPR", help='only records for which this holds, such as "word_count >= 200"')
        add(
            "--preset",
            metavar="NAME",
            action="append",
            default=[],
            help=f"only what passes a published filter (again for more): {', '.join(PRESETS)}",
        )
        add("--duplicates", action="store_true", help="say in duplicate_of and cluster_id which articles tell the same")
        add("--drop-duplicates", action="store_true", help="leave out all but the earliest of those")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("name one or more jobs")
        if not opts.output:
            raise UsageError("say where the export goes: --output DIR")
        meter = Meter()
        try:
            plan = Plan(
                format=opts.format,
                since=opts.since,
                until=opts.until,
                languages=tuple(sorted(set(opts.language))),
                outlets=tuple(sorted(set(opts.outlet))),
                min_words=opts.min_words,
                latest_versions=opts.latest_versions,
                respect_rights=opts.respect_rights,
                where=opts.where,
                presets=tuple(opts.preset),
                duplicates=opts.duplicates or opts.drop_duplicates,
                drop_duplicates=opts.drop_duplicates,
            )
            done = export(sources(args), Path(opts.output), plan, lambda done: meter.show(lambda: _progress(done)))
        except KeyboardInterrupt:
            meter.done()
            print("interrupted: the same command goes on", file=sys.stderr)
            self.exitcode = ExitStatus.INTERRUPTED
            return
        except BroadsheetError as error:
            meter.done()
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)
            return
        meter.done()
        _tell(done, opts.output)
        self.exitcode = ExitStatus.PARTIAL if done.unreadable else ExitStatus.COMPLETE


def _tell(done: Summary, output: str) -> None:
    if done.read or done.parts:
        print(f"{done.read:,} new records read, {done.taken:,} taken, {done.parts} files written")
    else:
        print("nothing new")
    print(f"{output}: {done.rows:,} articles in {done.files} files, {done.bytes / 1e6:,.1f} MB")
    others = {why: number for why, number in done.left_out.most_common() if why.partition(":")[0] not in PRESETS}
    if others:
        print(f"left out: {left_out(others)}")
    for name in PRESETS:
        rules = {why.partition(": ")[2]: n for why, n in done.left_out.most_common() if why.startswith(f"{name}: ")}
        if rules:
            reasons = ", ".join(f"{number:,} {why}" for why, number in rules.items())
            print(f"{name}: {sum(rules.values()):,} left out: {reasons}")
    for line in done.unmet:
        print(line, file=sys.stderr)
    for place in done.unreadable[:MOST_TOLD]:
        print(f"no record: {place}", file=sys.stderr)
    if len(done.unreadable) > MOST_TOLD:
        print(f"no record: {len(done.unreadable) - MOST_TOLD} more lines", file=sys.stderr)


def _progress(done: Summary) -> str:
    number = f"{done.written:,} of {done.to_write:,}" if done.step == "writing" else f"{done.read:,} records"
    return f"{done.step}: {number}"
