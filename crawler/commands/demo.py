"""``scrapy demo``: the whole way of a page, on a sample news web that comes along."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from scrapy.commands import ScrapyCommand

from crawler.commands.shared import examples

if TYPE_CHECKING:
    from sampleweb import Expected

EXAMPLES = """
  scrapy demo
  scrapy demo --output /tmp/demo
"""


class Command(ScrapyCommand):
    """Crawls the embedded sample news web and shows what comes out."""

    requires_crawler_process = False
    requires_project = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Crawl the embedded sample news web and show what comes out"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--output", metavar="DIR", default="output", help="folder (default: %(default)s)")
        examples(parser, EXAMPLES)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from sampleweb import SampleWeb

        console = Console(highlight=False, soft_wrap=False)
        folder = Path(opts.output) / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        with SampleWeb() as web, tempfile.TemporaryDirectory() as scratch:
            console.print(f"A sample news web of {len(web.outlets)} outlets runs on loopback. Crawling it …\n")
            job = Path(scratch) / "demo.toml"
            job.write_text(_job(web.outlets, opts.output), "utf-8")
            # A process of its own, as a user would start it.
            truth = web.truth()
            crawl = [
                sys.executable,
                "-m",
                "scrapy",
                "crawl",
                "news",
                "-a",
                f"job={job}",
                "-s",
                "ALLOW_PRIVATE_ADDRESSES=1",
                "-L",
                "WARNING",
            ]
            status = subprocess.run(crawl, env={**os.environ, "COLUMNS": str(console.width)}, check=False).returncode
        if status not in (0, 3):
            self.exitcode = status
            return
        run = max((folder / "runs").iterdir())
        _show_truth(console, run, truth)
        _show_one(console, run, next(page.url for page in truth if page.kind == "brief"))
        console.print("\nTo look further:", style="bold")
        for line in (
            f"scrapy verify {folder}",
            f"scrapy extract {run} -o again.jsonl   # the same records from the archive alone",
            f"scrapy export {folder} --format jsonl.zst -o demo-articles   # as the beginning of a dataset",
            f"head -1 {run}/articles.jsonl | python3 -m json.tool",
        ):
            console.print(f"  {line}", soft_wrap=True)


def _job(outlets: Any, output: str) -> str:
    """A job file for the sample web: home pages, and a short delay since it is our own machine."""
    tables = "".join(f'\n[[outlets]]\nname = "{outlet.name}"\nhome = "{outlet.home}"\n' for outlet in outlets)
    return f'name = "demo"\noutput = "{output}"\n\n[limits]\ndelay = 0.02\n{tables}'


def _show_truth(console: Console, run: Path, truth: Iterable[Expected]) -> None:
    """The sample web knows what is on it; say how much of that came out."""
    expected = {page.url: page for page in truth if page.outcome == "article"}
    records = {record["url"]: record for record in _records(run)}
    found = [page for url, page in expected.items() if url in records]
    exact = sum(records[page.url]["text"].split("\n\n") == list(page.paragraphs) for page in found)
    console.print(
        f"\nOf {len(expected)} articles on the sample web {len(found)} are there,"
        f" {exact} of them with exactly their text."
    )


def _records(run: Path) -> list[dict[str, Any]]:
    with (run / "articles.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _show_one(console: Console, run: Path, url: str) -> None:
    """One article before and after: what a naive scrape of the page gives, and the record's text."""
    from pipelines.archive.reader import open_capture
    from pipelines.model import CaptureRef
    from pipelines.text.naive import naive_text

    record = next(record for record in _records(run) if record["url"] == url)
    capture = open_capture(run, CaptureRef(url=record["url"], **record["warc"]))
    before = naive_text(capture)
    width = max(38, (console.width - 2) // 2)
    console.print(f"\n{record['headline']}", style="bold")
    console.print(f"{record['url']}\n", style="dim", soft_wrap=True)
    console.print(
        Columns(
            [
                Panel(_short(before), title="naive scrape", width=width),
                Panel(_short(record["text"]), title="Broadsheet", width=width),
            ]
        )
    )


def _short(text: str, lines: int = 40) -> str:
    rows = text.splitlines()
    return "\n".join(rows[:lines] + (["…"] if len(rows) > lines else []))
