"""What a takedown costs, in a job of many pages.

    python benchmarks/takedown.py                          # 10,000 pages of 60 KB in 20 runs
    python benchmarks/takedown.py --pages 2000 --folder X  # keeps the job

The job is made from ``--seed``: WARC files, records, ledger. ``scrapy takedown`` runs by itself; its CPU time
and the most memory that it had are told. Exits with 1 if a paragraph of the article is found afterwards.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.export import Maker  # noqa: E402
from pipelines.archive.cdxj import write_index  # noqa: E402
from pipelines.archive.reader import captures  # noqa: E402
from pipelines.archive.writer import WarcWriter  # noqa: E402
from pipelines.model import CaptureRef, Exchange, Provenance, Role  # noqa: E402
from pipelines.records.ledger import Ledger  # noqa: E402
from pipelines.text.decode import decode_content  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
RUNS = 20
TEASERS = 30
"""On the front page of each run: headlines of its last stories."""


class Job:
    """A job being made."""

    def __init__(self, folder: Path, size: int, seed: int) -> None:
        folder.mkdir(parents=True)
        self.folder, self.size, self.maker = folder, size, Maker(seed)
        self.ledger = Ledger(folder / "ledger.sqlite3")
        self.chosen: dict[str, Any] = {}
        """The article that is taken down."""

    def add_run(self, number: int, pages: int) -> None:
        self.moment = START + timedelta(hours=number)
        self.name = self.moment.strftime("%Y%m%dT%H%M%SZ")
        folder = self.folder / "runs" / self.name
        folder.mkdir(parents=True)
        self.writer = WarcWriter(folder, prefix="job", info={"software": "a benchmark"}, clock=lambda: self.moment)
        self.run, _, _ = self.ledger.open_run(self.name, self.name)
        headlines = []
        with (folder / "articles.jsonl").open("wb") as out:
            for _ in range(pages):
                words = self.maker.text(self.maker.chance.randint(80, 600))
                record = json.loads(self.maker.line(words, self.moment, "outlet-00")[1])
                headlines.append(record["headline"])
                ref = self.write(record["url"], self.page(record), Role.ARTICLE)
                record["warc"] |= {name: getattr(ref, name) for name in ("filename", "offset", "length", "record_id")}
                out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                if number == RUNS // 2:
                    self.chosen = record
        front = "".join(f"<li><a href='/'>{headline}</a>" for headline in headlines[-TEASERS:])
        self.write("https://outlet-00.example/", f"<!doctype html><ul>{front}</ul>".encode(), Role.HOME)
        self.writer.seal()
        write_index(sorted(folder.glob("*.warc.gz")), folder / "index.cdxj")
        self.ledger.end_run(self.run, self.name, "complete")
        self.ledger.commit()

    def page(self, record: dict[str, Any]) -> bytes:
        """An article among links, which fill the page."""
        text = "".join(f"<p>{paragraph}</p>" for paragraph in record["text"].split("\n\n"))
        parts = [f"<!doctype html><html lang=en><title>{record['headline']}</title><article>{text}</article>"]
        length = len(parts[0])
        while length < self.size:
            words = " ".join(self.maker.text(9))
            parts.append(
                f'<li class="teaser teaser--small"><a href="/news/{length}.html" data-id="{length}">{words}</a>'
            )
            length += len(parts[-1])
        return "".join(parts).encode()

    def write(self, url: str, body: bytes, role: Role) -> CaptureRef:
        packed = gzip.compress(body, 1, mtime=0)
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        response = f"{head}Content-Length: {len(packed)}\r\n\r\n".encode() + packed
        exchange = Exchange(
            url=url, started=self.moment, elapsed=0.1, request=b"GET / HTTP/1.1\r\n\r\n",
            response=io.BytesIO(response), response_length=len(response),
        )  # fmt: skip
        provenance = Provenance(job="job", run=self.name, outlet="outlet-00", role=role, method="feed")
        ref = self.writer.write(exchange, provenance)
        row = self.ledger.add_capture(self.run, ref, provenance, 200)
        self.ledger.settle_capture(row, "article" if role is Role.ARTICLE else "section")
        return ref


def left(job: Path, paragraphs: list[str]) -> list[str]:
    """Files in which a paragraph is found."""
    wanted = [paragraph.encode() for paragraph in paragraphs]
    found = []
    for path in sorted(path for path in job.rglob("*") if path.is_file()):
        parts = map(decode_content, captures(path)) if path.name.endswith(".warc.gz") else [path.read_bytes()]
        if any(paragraph in part for part in parts for paragraph in wanted):
            found.append(path.name)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=60_000, help="of a page")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the job is made and kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="broadsheet-takedown-") as scratch:
        job = Path(options.folder or scratch) / "job"
        made = Job(job, options.bytes, options.seed)
        for number in range(RUNS):
            made.add_run(number, options.pages // RUNS)
        made.ledger.close()
        size = sum(path.stat().st_size for path in job.rglob("*") if path.is_file())
        print(f"{options.pages:,} pages of {options.bytes:,} bytes, {size / 1e9:.2f} GB")
        for option in ("--dry-run", "--yes"):
            began = time.monotonic()
            command = [sys.executable, "-m", "scrapy", "takedown", str(job), made.chosen["url"], option]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            cpu = used.ru_utime + used.ru_stime
            print(said.strip().splitlines()[-1] if option == "--yes" else said.splitlines()[0].rpartition(": ")[2])
            print(f"{option}: status {status >> 8}, {time.monotonic() - began:.0f} s, {cpu:.1f} s CPU,"
                  f" {cpu / options.pages * 1000:.2f} ms a page, {used.ru_maxrss // 1024} MB")  # fmt: skip
        places = left(job, made.chosen["text"].split("\n\n"))
        print("found in:", ", ".join(places) or "nothing")
        return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
