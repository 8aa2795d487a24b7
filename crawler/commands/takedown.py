"""``scrapy takedown``: take an article, or an outlet, out of jobs for good."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples
from crawler.lists import read_list
from crawler.status import ExitStatus
from pipelines.archive.record import target_uri
from pipelines.errors import BroadsheetError, ConfigError
from pipelines.export.export import exports_of, withdraw
from pipelines.export.state import FOLDER
from pipelines.flow.condemned import Found, Wish
from pipelines.flow.life import jobs_in
from pipelines.flow.takedown import lift, resume, take_down
from pipelines.records.tombstones import Tombstones

EXAMPLES = """
  scrapy takedown output/rferl https://www.rferl.org/a/some-story/33001122.html --reason "asked by the author, 24 Nov"
  scrapy takedown output --list urls.txt --dry-run
  scrapy takedown output/rferl --outlet rferl --export data/news
  scrapy takedown output/rferl --lift https://www.rferl.org/a/some-story/33001122.html

Takes all captures and records of an article out of a job, under all its addresses: WARC records are written over where
they lie, lines, index, packages, pictures and ledger made without them; so are lists, feeds and sitemaps that hold its
headline or a sentence. It is not fetched or exported again. Pages of other articles that name it are left, and told.
Without a folder all jobs in output/ are meant.
What was said cannot be brought back. --lift only lets addresses be fetched again.
exit status: 0 done, 1 error, 2 usage, 3 some addresses are not known, 5 a run of the job is working,
6 interrupted
"""

MOST_TOLD = 10
"""Addresses of a kind that are named; ``--json`` has them all."""


class Command(ScrapyCommand):
    """Takes articles down."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] [JOB-FOLDER ...] URL ..."

    def short_desc(self) -> str:
        return "Take articles or an outlet out of jobs, WARC files and exports for good"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--list", metavar="FILE", action="append", default=[], help="the addresses in a file, as archive takes it")
        add("--outlet", metavar="NAME", action="append", default=[], help="all of an outlet (again for more)")
        add("--reason", metavar="TEXT", help="why, for the log, the WARC file and whoever asks for it again")
        add(
            "--export",
            metavar="DIR",
            action="append",
            default=[],
            help="take it out of this export, if the job does not know it",
        )
        add("--everywhere", action="store_true", help="other articles go, too, whose pages hold its headline or text")
        add("--dry-run", action="store_true", help="say what would go, and change nothing")
        add("--yes", action="store_true", help="do not ask")
        add("--key", metavar="PEM", help="sign packages that are made anew with this private key")
        add("--json", action="store_true", help="print what was done as JSON")
        add("--resume", action="store_true", help="bring an interrupted takedown to its end")
        add("--lift", action="store_true", help="let the addresses or outlets be fetched and exported again")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self.exitcode = self._run(args, opts)
        except KeyboardInterrupt:
            print(
                "interrupted: if something was begun, the job is refused until scrapy takedown JOB --resume ends it",
                file=sys.stderr,
            )
            self.exitcode = ExitStatus.INTERRUPTED
        except BroadsheetError as error:
            print(f"scrapy takedown: {error}", file=sys.stderr)
            self.exitcode = ExitStatus.of(error)

    def _run(self, args: list[str], opts: argparse.Namespace) -> ExitStatus:
        urls = [_url(name) for name in args if "://" in name]
        urls += [_url(url) for name in opts.list for url in read_list(name).pages]
        places = [name for name in args if "://" not in name] or ["output"]
        jobs = list(dict.fromkeys(job for name in places for job in _jobs(Path(name))))
        if opts.resume:
            for job in jobs:
                line = resume(job, key=_key(opts), note=_note(opts))
                print(f"{job}: there was nothing to bring to an end" if line is None else _done(job, line))
            return self._withdraw(jobs, opts)
        for name in opts.export:
            if not (Path(name) / FOLDER).is_dir():  # told now, not when all else is gone
                raise ConfigError(f"{name} is no export of ours: there is no {FOLDER} in it")
        if not urls and not opts.outlet:
            raise UsageError("say what: one or more addresses, --list FILE or --outlet NAME")
        if opts.lift:
            lifted = [what for job in jobs for what in lift(job, urls, opts.outlet)]
            print("\n".join(f"{what}: may be fetched and exported again" for what in lifted) or "none was taken down")
            return ExitStatus.COMPLETE if lifted else ExitStatus.ERROR
        wish = Wish(urls=tuple(urls), outlets=tuple(opts.outlet), everywhere=opts.everywhere)
        return self._take_down(jobs, wish, opts)

    def _take_down(self, jobs: list[Path], wish: Wish, opts: argparse.Namespace) -> ExitStatus:
        known: set[str] = set()
        near: list[str] = []
        lines: list[dict[str, Any]] = []
        down: list[Path] = []

        def agreed(found: Found) -> bool:
            known.update({*wish.urls, *wish.outlets} - found.unknown.keys())
            near.extend(address for each in found.unknown.values() for address in each)
            if not found:
                return False
            if not opts.json:
                print("\n".join(_told(job, found)))
            elif opts.dry_run:
                lines.append(_summary(job, found))
            return not opts.dry_run and (opts.yes or _asked())

        for job in jobs:
            before = {what for asked in Tombstones.of(job).down(wish.urls, wish.outlets) for what in asked}
            known |= before
            line = take_down(job, wish, opts.reason, agreed=agreed, key=_key(opts), note=_note(opts))
            if line is not None or before:
                down.append(job)
            if line is not None:
                lines.append(line)
                if not opts.json:
                    print(_done(job, line))
            elif before and not opts.json:
                print(f"{job}: {', '.join(sorted(before))}: taken down before")
        if opts.json:
            print(json.dumps(lines, ensure_ascii=False, indent=1))
        unknown = [what for what in (*wish.urls, *wish.outlets) if what not in known]
        where = f"{jobs[0]}" if len(jobs) == 1 else f"the {len(jobs)} jobs"
        for what in unknown:
            print(f"scrapy takedown: no capture of {what} in {where}", file=sys.stderr)
        if unknown and near:
            print("near it are:" + "".join(f"\n  {url}" for url in dict.fromkeys(near)), file=sys.stderr)
        status = ExitStatus.COMPLETE if opts.dry_run else self._withdraw(down, opts)
        if unknown:
            return ExitStatus.PARTIAL if known else ExitStatus.ERROR
        return status

    def _withdraw(self, jobs: list[Path], opts: argparse.Namespace) -> ExitStatus:
        """Take it out of the exports that are named, and of those that the jobs know of."""
        noted = list(dict.fromkeys(name for job in jobs for name in exports_of(job)))
        for name in noted:
            if not (Path(name) / FOLDER).is_dir():
                print(
                    f"scrapy takedown: the export {name} is not there; if it was moved, take it out with --export",
                    file=sys.stderr,
                )
        noted = [name for name in noted if (Path(name) / FOLDER).is_dir()]
        status = ExitStatus.COMPLETE
        for place in dict.fromkeys(Path(name).resolve() for name in (*opts.export, *noted)):
            try:
                done = withdraw(place)
            except BroadsheetError as error:
                print(f"scrapy takedown: the export {place}: {error}", file=sys.stderr)
                status = ExitStatus.of(error)
                continue
            if not opts.json:
                print(f"{place}: {done.parts} files written anew, {done.rows:,} articles in {done.files} files")
        return status


def _url(text: str) -> str:
    """An address as the archive writes it."""
    text = text.strip()
    return target_uri(text if "://" in text else f"https://{text}")


def _jobs(place: Path) -> list[Path]:
    if not place.exists():
        raise ConfigError(f"there is no folder {place}; addresses are given as a whole, with https://")
    return [place] if (place / "runs").is_dir() else jobs_in(place)


def _key(opts: argparse.Namespace) -> bytes | None:
    try:
        return Path(opts.key).read_bytes() if opts.key else None
    except OSError as error:
        raise ConfigError(f"cannot read the key {opts.key}: {error.strerror}") from error


def _note(opts: argparse.Namespace) -> Any:
    shown = sys.stderr.isatty() and not opts.json
    return lambda step: print(f"… {step}", file=sys.stderr) if shown else None


def _asked() -> bool:
    """Whether the person at the terminal agrees. Where there is none, nothing is done without ``--yes``."""
    if not sys.stdin.isatty():
        raise ConfigError("what is taken down cannot be brought back: say --yes if that is wanted, or --dry-run")
    print("It cannot be brought back. Take it down? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _told(job: Path, found: Found) -> Iterator[str]:
    """What goes, and what does not."""
    lines = sum(map(len, found.lines.values()))
    yield f"{job}: {len(found.articles)} article records, {found.own} captures"
    yield f"  {found.records} WARC records ({found.bytes:,} bytes) in {len(found.warcs)} files, {lines} JSON lines"
    yield from _some("files", sorted({str(path.relative_to(job)) for path in (*found.warcs, *found.lines)}))
    yield from _some("addresses", list(found.addresses.values()))
    yield from _some("lists, feeds and sitemaps that hold a headline or a sentence", _counted(found.others))
    yield from _some("other articles that go for what their pages hold", list(found.besides.values()))
    yield from _some(
        "LEFT without --everywhere: other articles' pages that hold a headline or a sentence",
        _counted(found.left),
    )
    yield from _some("LEFT: lists that hold what other articles of the site say, too", _counted(found.lists))
    yield from _some("LEFT: other articles that tell the same", list(dict.fromkeys(found.retold)))
    yield from _some("LEFT: records that are damaged, so that nobody knows what they hold", found.damaged)
    yield from _some("LEFT: beginnings of lines in what is known of the site", sorted(found.memories))


def _summary(job: Path, found: Found) -> dict[str, Any]:
    """The same for programs."""
    files = {
        str(path.relative_to(job)): {
            "records": sum(len(each.said) for each in stretches),
            "bytes": sum(each.length for each in stretches),
        }
        for path, stretches in found.warcs.items()
    }
    return {
        "job": str(job),
        "addresses": list(found.addresses.values()),
        "articles": len(found.articles),
        "captures": found.own,
        "warcs": files,
        "lines": {str(path.relative_to(job)): len(cut) for path, cut in found.lines.items()},
        "others": found.others,
        "besides": list(found.besides.values()),
        "left": found.left | found.lists,
        "retold": list(dict.fromkeys(found.retold)),
        "memories": sorted(found.memories),
        "damaged": found.damaged,
    }


def _counted(numbers: dict[str, int]) -> list[str]:
    return [f"{url} ({number} captures)" if number > 1 else url for url, number in numbers.items()]


def _some(title: str, what: list[str]) -> Iterator[str]:
    if what:
        yield f"  {title}: {len(what)}"
        yield from (f"    {each}" for each in what[:MOST_TOLD])
        if len(what) > MOST_TOLD:
            yield f"    and {len(what) - MOST_TOLD} more"


def _done(job: Path, line: dict[str, Any]) -> str:
    told = f"{job}: taken down, {line['records']} WARC records blanked, {len(line['files'])} files changed"
    unsigned = "".join(f"\n  {name} was signed and is not any more: give --key" for name in line.get("unsigned", ()))
    again = (
        "\n  what lists and feeds still say of it is archived again when they are fetched next"
        if line.get("others")
        else ""
    )
    return f"{told}; takedowns.jsonl says which{unsigned}{again}"
