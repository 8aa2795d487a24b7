"""``scrapy health``: how the outlets of a job do."""

from __future__ import annotations

import argparse
import json
import sqlite3
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.commands.shared import examples
from crawler.jobs import load
from crawler.status import ExitStatus
from crawler.watch.checkup import HEALTH, STANDING
from crawler.watch.past import DAY, Row
from pipelines.errors import ConfigError
from pipelines.records.ledger import LEDGER

EXAMPLES = """
  scrapy health output/rferl
  scrapy health jobs/rferl.toml --days 14
  scrapy health output/rferl --json | jq .outlets

One line an outlet: its verdict, new articles of each of the last days (today is last), what is usual a day, words of
an article (median of the last day), pages that were no articles. Below, what is wrong and what is likely behind it.
exit status: 0 no outlet is unhealthy, 1 the verdict cannot be read, 2 usage, 7 an outlet is unhealthy
"""

MOST_DAYS = 28


class Command(ScrapyCommand):
    """Prints the last verdict on a job's outlets."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options] JOB"

    def short_desc(self) -> str:
        return "How the outlets of a job do, by their own past"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--days", type=int, default=7, help="days shown (default: %(default)s)")
        parser.add_argument("--json", action="store_true", help="print health.json as it is")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one job: its folder (output/JOB) or its job file")
        if not 1 <= opts.days <= MOST_DAYS:
            raise UsageError(f"--days takes a number from 1 to {MOST_DAYS}")
        folder = job_folder(args[0])
        try:
            document = json.loads((folder / HEALTH).read_text("utf-8"))
            past = read_past(folder / LEDGER, document, opts.days)
        except FileNotFoundError:
            raise UsageError(f"{folder} has no {HEALTH}: no run of the job has ended yet") from None
        except (OSError, ValueError, sqlite3.Error) as error:
            print(f"scrapy health: the verdict in {folder} cannot be read: {error}")
            self.exitcode = ExitStatus.ERROR
            return
        if opts.json:
            print(json.dumps(document, ensure_ascii=False, indent=1))
        else:
            show(document, past, Console(highlight=False))
        self.exitcode = ExitStatus.UNHEALTHY if document["verdict"] == "unhealthy" else ExitStatus.COMPLETE


def job_folder(name: str) -> Path:
    """The folder of a job, given that or its job file. Raises ``UsageError``."""
    if not name.endswith(".toml"):
        folder = Path(name)
        if not folder.is_dir():
            raise UsageError(f"{name} is no folder of a job")
        return folder
    try:
        job = load(name)
    except ConfigError as error:
        raise UsageError(str(error)) from None
    return Path(job.output) / job.name


def read_past(ledger: Path, document: dict[str, Any], days: int) -> dict[str, list[int]]:
    """New articles of each outlet on each of the last days up to the verdict, the oldest first."""
    end = datetime.fromisoformat(document["at"]).timestamp()
    past = {name: [0] * days for name in document["outlets"]}
    # Reads beside a run that writes; a job whose ledger was made anew has a verdict and no past.
    database = sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        sql = "SELECT outlet, at, json FROM outlet_run WHERE run <> ? AND at > ?"
        for outlet, at, text in database.execute(sql, (STANDING, end - days * DAY)):
            age = max(0, int((end - at) // DAY))
            if outlet in past and age < days:
                past[outlet][days - 1 - age] += Row.from_json(text).new
    finally:
        database.close()
    return past


def show(document: dict[str, Any], past: dict[str, list[int]], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("outlet", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("verdict", no_wrap=True)
    days = max(map(len, past.values()), default=0)
    table.add_column(f"new, last {days} days", no_wrap=days <= 7, justify="right")
    for name in ("usual", "words", "no article"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, outlet in document["outlets"].items():
        figures = outlet["figures"]
        bad, pages = sum(figures["no_article_24h"].values()), figures["pages_24h"]
        table.add_row(
            name,
            outlet["verdict"],
            " ".join(str(number) for number in past[name]),
            _shown(figures["new_a_day"], "{:.1f}"),
            _shown(figures["words"], "{:.0f}"),
            f"{bad} of {pages}" if pages else "·",
            style="bold" if outlet["verdict"] == "unhealthy" else None,
        )
    console.print(table)
    for name, outlet in document["outlets"].items():
        for finding in outlet["findings"]:
            since = datetime.fromisoformat(finding["since"]).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
            console.print(f"\n{name}: {finding['kind']} since {since}", markup=False, soft_wrap=True)
            for line in textwrap.wrap(
                finding["cause"], 76, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
            ):
                console.print(line, markup=False, soft_wrap=True)
    console.print(f"\n{document['job']} at {document['at']}: {document['verdict']}", markup=False, soft_wrap=True)


def _shown(value: float | None, form: str) -> str:
    return "·" if value is None else form.format(value)
