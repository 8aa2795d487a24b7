"""``scrapy extract``: records from WARC files; no network, unless addresses of files are given."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import Meter, examples, workers_of
from crawler.status import ExitStatus
from pipelines.archive.scan import Warc
from pipelines.archive.wanted import Wanted
from pipelines.errors import BroadsheetError, ConfigError, DiskFullError
from pipelines.export.columns import arrow
from pipelines.export.parts import table_of
from pipelines.flow.engine import Part, Parts, Plan, by_pool
from pipelines.flow.extract import Counts, extract
from pipelines.flow.files import CHANGES, RECORDS, atomically, records_name
from pipelines.flow.sources import Source, listed, sources
from pipelines.records.jsonl import DISK_FULL, as_dict, encode
from pipelines.text.refine import Options

EXAMPLES = """
  scrapy extract output/rferl/runs/*/*.warc.gz -o articles.jsonl
  scrapy extract CC-NEWS-20261101.warc.gz -o news.jsonl --jobs 8
  scrapy extract output/rferl/runs/20261124T090000Z -o again.jsonl
  scrapy extract --paths warc.paths.gz --prefix https://data.commoncrawl.org/ --host rferl.org -o parts/

Articles go to the file named by -o, captures that are no article to FILE.rejections.jsonl beside it,
each with its reason. Both are in WARC order, whatever the number of jobs. Of WARC files of our own runs, what
changed in articles that earlier runs had goes to FILE.changes.jsonl.
With a folder for -o, each WARC file is worked on by itself and gives articles/NAME.jsonl (or .parquet, with --format
parquet, in the columns of scrapy export), rejections/NAME.jsonl …; the same command goes on where it stopped, and a
file that cannot be read does not stop the others.
exit status: 0 complete, 1 error, 2 usage, 3 some records or files could not be read, 4 disk full, 5 busy,
6 interrupted
"""


class Command(ScrapyCommand):
    """Extracts articles from WARC files."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] WARC-OR-WACZ-OR-FOLDER-OR-ADDRESS ... -o FILE.jsonl|FOLDER"

    def short_desc(self) -> str:
        return "Extract articles from WARC files, ours or others'"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o",
            "--output",
            metavar="FILE|FOLDER",
            help="write articles here (JSONL); a folder gets a part for each WARC",
        )
        parser.add_argument(
            "--format",
            choices=("jsonl", "parquet"),
            default="jsonl",
            help="of the articles in a folder of parts (default: %(default)s)",
        )
        parser.add_argument(
            "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="worker processes (default: %(default)s)"
        )
        parser.add_argument(
            "--explain", action="store_true", help="say in FILE.explain.jsonl what was left out of each text, and why"
        )
        parser.add_argument("--no-learn", action="store_true", help="do not learn what the sites repeat (site memory)")
        parser.add_argument(
            "--paths",
            metavar="LIST",
            action="append",
            default=[],
            help="a file of paths or addresses, one a line (or .gz)",
        )
        parser.add_argument("--prefix", default="", help="put this before the lines of --paths")
        parser.add_argument(
            "--host", action="append", default=[], help="only captures from this host or below it; may be repeated"
        )
        parser.add_argument("--since", metavar="TIME", help="only captures made at or after this date or instant (UTC)")
        parser.add_argument("--until", metavar="TIME", help="only captures made before it")
        parser.add_argument(
            "--mime", action="append", default=[], help="only this type, such as text/html or text/*; may be repeated"
        )
        parser.add_argument(
            "--engine", choices=("pool", "dask"), default="pool", help="who works on the parts (default: %(default)s)"
        )
        parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster (default: one on this machine)")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args and not opts.paths:
            raise UsageError("give one or more WARC files or folders")
        if not opts.output:
            raise UsageError("say where the articles go: -o FILE.jsonl, or -o FOLDER for a part for each WARC")
        output = Path(opts.output)
        in_parts = output.is_dir() or opts.output.endswith("/") or not output.suffix
        if opts.scheduler and opts.engine != "dask":
            raise UsageError("--scheduler is for --engine dask")
        if opts.engine == "dask" and not in_parts:
            raise UsageError("--engine dask makes parts: name a folder, such as -o parts/")
        if opts.format == "parquet" and not in_parts:
            raise UsageError("--format parquet makes parts: name a folder, such as -o parts/")
        try:
            if opts.format == "parquet":
                arrow()  # where it is missing, that is told now and not with the first part
            wanted = wanted_of(opts)
            names = [*args, *(line for paths in opts.paths for line in listed(paths, opts.prefix))]
            found = sources(names)
            if ".warc" in output.name or any(output.absolute() == source.place for source in found):
                raise ConfigError(f"{output} is or looks like a WARC file: name a .jsonl file")
            if in_parts:
                self.exitcode = self._in_parts(found, output, wanted, opts)
            else:
                files = [warc for source in found for warc in source.warcs()]
                self.exitcode = self._extract(files, output, wanted, opts)
        except KeyboardInterrupt:
            print("interrupted: give the same command again", file=sys.stderr)
            self.exitcode = ExitStatus.INTERRUPTED
        except BroadsheetError as error:
            print(f"scrapy extract: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)

    def _extract(self, files: Sequence[Warc], output: Path, wanted: Wanted, opts: argparse.Namespace) -> ExitStatus:
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
                    files,
                    workers,
                    options=Options(),
                    wanted=wanted,
                    learning=not opts.no_learn,
                    explain=opts.explain,
                    counts=counts,
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
                    meter.show(lambda: _progress(counts))
            if not counts.changes:
                changes.unlink(missing_ok=True)  # of an extraction before
        except OSError as error:
            if error.errno in DISK_FULL:
                raise DiskFullError(f"no room for {output}: {error.strerror}") from error
            raise
        finally:
            workers.close(wait=False)
            meter.done()
        tell(counts, output, rejections, changes)
        return ExitStatus.PARTIAL if counts.damaged else ExitStatus.COMPLETE

    def _in_parts(self, found: list[Source], output: Path, wanted: Wanted, opts: argparse.Namespace) -> ExitStatus:
        workers = workers_of(self, opts.jobs)
        assert self.settings is not None
        plan = Plan(
            wanted=wanted,
            learning=not opts.no_learn,
            explain=opts.explain,
            seconds=self.settings.getfloat("BROADSHEET_PARSE_SECONDS"),
            megabytes=self.settings.getint("BROADSHEET_PARSE_MEGABYTES"),
            table=table_of if opts.format == "parquet" else None,
        )
        parts = Parts(output, plan)
        work = Work(found, parts)
        try:
            if work.todo and opts.engine == "dask":
                dask(work, opts.scheduler, opts.jobs)
            elif work.todo:
                by_pool(work.todo, parts, workers, told=work.told, watch=work.watch)
        except KeyboardInterrupt:
            print("interrupted: the same command goes on with what is left", file=sys.stderr)
            return ExitStatus.INTERRUPTED
        finally:
            workers.close(wait=False)
            parts.close()
            work.meter.done()
        return work.tell(output)


def dask(work: Work, scheduler: str | None, jobs: int) -> None:
    try:
        from pipelines.flow.cluster import by_dask, connected
    except ImportError as error:
        raise ConfigError(f"--engine dask wants Dask: pip install distributed ({error})") from None
    with connected(scheduler, jobs) as client:
        by_dask(work.todo, work.parts, client, told=work.told)


class Work:
    """What is to be done, and what came of it, that of earlier commands included."""

    def __init__(self, found: list[Source], parts: Parts) -> None:
        self.parts = parts
        self.meter = Meter()
        self._total = Counts()
        self._failed: list[str] = []
        self._number, self._finished = len(found), 0
        self.todo: list[Source] = []
        for source in found:
            part = parts.done(source)
            if part is None:
                self.todo.append(source)
            else:
                self.told(part)
        if self._finished:
            print(f"{self._finished} of {self._number} files were done before", file=sys.stderr)

    def told(self, part: Part) -> None:
        self._finished += 1
        if part.failure is not None:
            self._failed.append(f"{part.source}: {part.failure}")
        self._total.add(part.counts)
        self.watch([])

    def watch(self, underway: Sequence[Counts]) -> None:
        now = Counts()
        for counts in (self._total, *underway):
            now.add(counts)
        self.meter.show(lambda: f"{self._finished} of {self._number} files, {_progress(now)}")

    def tell(self, output: Path) -> ExitStatus:
        print(f"{self._number - len(self._failed)} of {self._number} files", file=sys.stderr)
        tell(self._total, output / "articles", output / "rejections", output / "changes")
        for failure in self._failed:
            print(f"failed: {failure}", file=sys.stderr)
        if self._failed:
            print("the same command tries these again", file=sys.stderr)
        return ExitStatus.PARTIAL if self._failed or self._total.damaged else ExitStatus.COMPLETE


def wanted_of(opts: argparse.Namespace) -> Wanted:
    """The captures that options ask for. Raises ``ConfigError``."""

    def moment(name: str) -> datetime | None:
        text = getattr(opts, name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ConfigError(
                f"--{name} takes a date or an instant, such as 2026-01-31 or 2026-01-31T06:00Z, not {text!r}"
            ) from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)

    since, until = moment("since"), moment("until")
    if since and until and since >= until:
        raise ConfigError("--since must come before --until")
    hosts = tuple(sorted({host.strip().strip(".").lower() for host in opts.host}))
    if any(not host or set(host) & set("/:*") for host in hosts):
        raise ConfigError("--host takes the name of a host, such as example.org")
    mimes = tuple(sorted({mime.strip().lower() for mime in opts.mime}))
    if any(mime.count("/") != 1 for mime in mimes):
        raise ConfigError("--mime takes a media type, such as text/html or text/*")
    return Wanted(hosts=hosts, since=since, until=until, mimes=mimes)


def tell(counts: Counts, articles: Path, rejections: Path, changes: Path) -> None:
    """Say what came of it."""
    reasons = ", ".join(f"{number} {reason}" for reason, number in counts.rejections.most_common())
    print(f"{counts.captures} captures: {counts.articles} articles in {articles}", file=sys.stderr)
    if reasons:
        print(f"{counts.rejections.total()} rejections in {rejections}: {reasons}", file=sys.stderr)
    if counts.changes:
        kinds = ", ".join(f"{number} {kind}s" for kind, number in counts.changes.most_common())
        print(f"{counts.changes.total()} changes in {changes}: {kinds}", file=sys.stderr)
    for damage in counts.damaged:
        print(f"damaged: {damage}", file=sys.stderr)


def _progress(counts: Counts) -> str:
    return f"{counts.captures} captures, {counts.articles} articles, {counts.rejections.total()} rejected"
