"""What a page costs by the pool of processes and by Dask: CPU per page, with start-up and without it.

    python benchmarks/engines.py --files 24 --rounds 3

Articles of the sample web are written to WARC files. ``scrapy extract`` makes parts of a file for each job, so that
all are started, and of many files, by each engine in turn, the other first in every second round. Without start-up, a
page costs the difference, divided by its pages; with it, all CPU of many files by all their pages. CPU is that of the
command and of every process below it. The parts of both engines must be the same.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from sampleweb import SampleWeb

ENGINES = ("pool", "dask")


def corpus(folder: Path, files: int) -> int:
    """Write ``files`` WARCs of the same articles; the number of articles in each."""
    folder.mkdir()
    first = folder / "00.warc.gz"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())  # one outlet asks for consent
    with SampleWeb() as web, first.open("wb") as handle:
        writer = WARCWriter(handle, gzip=True)
        urls = [page.url for page in web.truth() if page.outcome == "article"]
        for url in urls:
            with browser.open(url) as answer:
                head = StatusAndHeaders("200 OK", answer.getheaders(), protocol="HTTP/1.1")
                writer.write_record(writer.create_warc_record(url, "response", answer, http_headers=head))
    for number in range(1, files):
        shutil.copy(first, folder / f"{number:02}.warc.gz")
    return len(urls)


def measured(inputs: list[Path], output: Path, engine: str, jobs: int) -> tuple[float, float]:
    """Seconds of CPU and of time."""
    command = [sys.executable, "-m", "scrapy", "extract", *map(str, inputs), "-o", f"{output}/"]
    started, before = time.monotonic(), os.times()
    process = subprocess.Popen([*command, "--engine", engine, "--jobs", str(jobs)], stderr=subprocess.DEVNULL)
    failed = process.wait()
    wall = time.monotonic() - started
    while True:  # what outlived the command and was left to us
        try:
            os.wait()
        except ChildProcessError:
            break
    after = os.times()
    if failed:
        raise SystemExit(f"{engine} ended with status {failed}")
    user, system = after.children_user - before.children_user, after.children_system - before.children_system
    return user + system, wall


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "articles").iterdir()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=12)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--jobs", type=int, default=2)
    asked = options.parse_args()
    pr_set_child_subreaper = 36  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = corpus(folder / "in", asked.files)
        inputs = sorted((folder / "in").iterdir())
        costs: dict[str, list[tuple[float, float]]] = {engine: [] for engine in ENGINES}
        for number in range(asked.rounds):
            for engine in ENGINES if number % 2 == 0 else reversed(ENGINES):
                few, many = folder / f"few-{engine}-{number}", folder / f"many-{engine}-{number}"
                start, _ = measured(inputs[: asked.jobs], few, engine, asked.jobs)
                whole, wall = measured(inputs, many, engine, asked.jobs)
                without = (whole - start) / (pages * (asked.files - asked.jobs))
                costs[engine].append((without, whole / (pages * asked.files)))
                print(
                    f"{engine}: {pages * asked.jobs} pages {start:.1f} s CPU,"
                    f" {pages * asked.files} pages {whole:.1f} s CPU ({wall:.0f} s):"
                    f" {1000 * without:.2f} ms CPU a page, with start-up {1000 * costs[engine][-1][1]:.2f}",
                    flush=True,
                )
            same = parts(folder / f"many-pool-{number}") == parts(folder / f"many-dask-{number}")
            print("the same parts" if same else "THE PARTS DIFFER", flush=True)
        for at, name in enumerate(("without start-up", "with start-up")):
            ratios = [dask[at] / pool[at] for pool, dask in zip(costs["pool"], costs["dask"], strict=True)]
            pool, dask = (statistics.median(cost[at] for cost in costs[engine]) for engine in ENGINES)
            print(
                f"{name}: median pool {1000 * pool:.2f}, Dask {1000 * dask:.2f} ms CPU a page;"
                f" Dask to pool {', '.join(f'{ratio:.3f}' for ratio in ratios)}, median {statistics.median(ratios):.3f}"
            )


if __name__ == "__main__":
    main()
