"""``scrapy archive``: these pages, now."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import add_max_disk, examples, quiet_terminal, run_spider, take_options
from crawler.jobfile import Table
from crawler.lists import read_list
from crawler.spiders.archive import REQUISITES, Start
from crawler.status import ExitStatus
from pipelines.errors import ConfigError
from pipelines.model import Role

EXAMPLES = """
  scrapy archive https://www.example.org/2026/11/a-story.html
  scrapy archive --list urls.txt --output output/floods     # or a CSV or OPML file, or - for standard input
  scrapy archive --section https://www.example.org/floods/ --depth 1
  scrapy archive --feed https://www.example.org/rss.xml --pages 20
  scrapy archive --sitemap https://www.example.org/sitemap.xml --since 2026-11-01 --until 2026-12-01
  scrapy archive --site https://www.example.org/campaign/ --scope prefix --depth 3
  scrapy archive --list urls.txt --dry-run                  # what would be fetched, and how long it would take
  scrapy archive --browser auto https://www.example.org/app # pages that need scripts, in an installed Chromium

With each page goes what it needs to be shown: pictures, styles, fonts, scripts, from any host. The run's folder has the
WARC files, one .wacz for ReplayWeb.page, the records, and a README.txt that says how each page ended.
The same command again goes on where an interrupted run stopped; after a complete one it fetches all of it anew, and
what has not changed is kept as a revisit.

exit status:
  0 all archived             4 disk full
  1 error                    5 another process works on the same output
  2 usage                    6 interrupted: start again to go on
  3 some pages failed: see failures.txt in the run's folder, which --list takes
"""


class Command(ScrapyCommand):
    """Archives pages as they are seen."""

    requires_project = True

    def syntax(self) -> str:
        return "[options] [URL ...]"

    def short_desc(self) -> str:
        return "Archive pages as they are seen: WARC, WACZ and clean text of the URLs given"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument_group("what to archive, besides the URLs given").add_argument
        add("--list", metavar="FILE", action="append", default=[], help="read URLs from a text, CSV or OPML file, or -")
        add("--section", metavar="URL", action="append", default=[], help="the articles that a section page lists")
        add("--feed", metavar="URL", action="append", default=[], help="the articles of a feed")
        add("--sitemap", metavar="URL", action="append", default=[], help="the pages of a sitemap or sitemap index")
        add("--site", metavar="URL", action="append", default=[], help="this page and all that its links lead to")
        add = parser.add_argument_group("how much").add_argument
        add("--depth", metavar="N", type=int, help="links followed from a section (default 0) or a site (default 3)")
        add(
            "--scope",
            choices=("host", "domain", "prefix"),
            default="host",
            help="of --site: follow links to its host, its domain, or what lies below the URL (default: %(default)s)",
        )
        add("--exclude", metavar="PATTERN", action="append", default=[], help="leave out paths such as '/video/*'")
        add("--since", metavar="DATE", help="only articles of that day or instant and later")
        add("--until", metavar="DATE", help="only articles before that day or instant")
        add("--pages", metavar="N", type=int, help="most pages of each host")
        add("--no-requisites", action="store_true", help="only the pages, without pictures, styles and scripts")
        add("--browser", metavar="WHEN", nargs="?", const="always", choices=("auto", "always"),
            help="open pages in Chromium: those that are empty without scripts (auto), or all (always)")  # fmt: skip
        add_max_disk(parser)
        add = parser.add_argument_group("where to, and whether").add_argument
        add("--output", metavar="DIR", default="output/archive", help="folder (default: %(default)s)")
        add("--no-wacz", action="store_true", help="do not pack the run as a .wacz")
        add("--dry-run", action="store_true", help="say what would be fetched and how long it would take, and fetch"
            " nothing but the listings")  # fmt: skip
        examples(parser, EXAMPLES)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        quiet_terminal(self)
        super().process_options(args, opts)
        take_options(self, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        arguments: dict[str, Any] = {
            "urls": list(args),
            "starts": starts(opts),
            "requisites": 0 if opts.no_requisites else REQUISITES,
            "deny": tuple(opts.exclude),
            "since": _moment(opts.since, "--since"),
            "until": _moment(opts.until, "--until"),
        }
        if opts.depth is not None and opts.depth < 0:
            raise UsageError(f"--depth takes a number from 0, not {opts.depth}")
        if opts.depth is not None and not (opts.section or opts.site):
            raise UsageError("--depth is for --section and --site")
        since, until = arguments["since"], arguments["until"]
        if since and until and until <= since:
            raise UsageError(f"--until {opts.until} is not after --since {opts.since}")
        if opts.pages is not None:
            if opts.pages < 1:
                raise UsageError(f"--pages takes a number from 1, not {opts.pages}")
            arguments["most"] = opts.pages
        if not arguments["urls"] and not arguments["starts"]:
            raise UsageError("give one or more URLs, or --list, --section, --feed, --sitemap or --site")
        if opts.dry_run:
            self.exitcode = self._try(arguments)
            return
        if opts.browser:
            self._use_browser(opts.browser)
        self.exitcode = run_spider(self, "archive", arguments | {"output": opts.output}, finish=_finish(opts))

    def _use_browser(self, when: str) -> None:
        assert self.settings is not None
        self.settings.set("BROADSHEET_BROWSER_MODE", when, "cmdline")

    def _try(self, arguments: dict[str, Any]) -> ExitStatus:
        """Read the listings into a folder that is thrown away, and tell what waits then."""
        from crawler.watch.forecast import tell

        with tempfile.TemporaryDirectory(prefix="broadsheet-") as folder:
            # Of a site only the first page is read, as if it were a section.
            begin = [replace(each, role=Role.SECTION) if each.scope else each for each in arguments["starts"]]
            dry = arguments | {"most": 0, "starts": begin, "output": f"{folder}/archive"}
            return run_spider(self, "archive", dry, tell=partial(tell, most=arguments.get("most")))


def starts(opts: argparse.Namespace) -> list[Start]:
    """What the options name. Raises ``UsageError``."""
    found = []
    for name in opts.list:
        listed = read_list(name)
        if not listed.pages and not listed.feeds:
            raise UsageError(f"{name} names no URL")
        found += [Start(url=url) for url in listed.pages]
        found += [Start(url=url, role=Role.FEED) for url in listed.feeds]
    found += [Start(url=url, role=Role.SECTION, depth=opts.depth or 0) for url in opts.section]
    found += [Start(url=url, role=Role.FEED) for url in opts.feed]
    found += [Start(url=url, role=Role.SITEMAP) for url in opts.sitemap]
    depth = 3 if opts.depth is None else opts.depth
    found += [Start(url=url, depth=depth, scope=opts.scope) for url in opts.site]
    return found


def _moment(value: str | None, option: str) -> datetime | None:
    if value is None:
        return None
    try:
        return Table({option: value}, "scrapy archive").moment(option, None)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _finish(opts: argparse.Namespace) -> Any:
    """What is made of a run when it is complete."""

    def finish(crawl: Any) -> None:
        from crawler.watch.pages import write_readme
        from pipelines.flow.package import package

        run: Path = crawl.live.folder
        packed = None
        if not opts.no_wacz and any(run.glob("*.warc.gz")):
            packed = run / f"{run.name}.wacz"
            package(run, packed)
        write_readme(crawl, packed)

    return finish
