"""What a page costs by the pool of processes and by Dask: CPU per page, with start-up and without it.

    python benchmarks/engines.py --files 12 --rounds 4

Articles of the sample web are written to WARC files. Both engines make parts of a file for each job, so that all are
started, and of many files, **at the same time**, so that whatever else the machine is busy with costs both the same.
Without start-up, a page costs the difference, divided by its pages; with it, all CPU of many files by all their pages.
CPU is that of the command and of every process below it. The parts of both engines must be the same.
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
import urllib.request
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sampleweb import SampleWeb  # noqa: E402

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


def alone(engine: str, jobs: int, output: str, inputs: list[str]) -> float:
    """Seconds of CPU of ``scrapy extract``."""
    pr_set_child_subreaper = 36  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)
    command = [sys.executable, "-m", "scrapy", "extract", *inputs, "-o", f"{output}/"]
    command += ["--engine", engine, "--jobs", str(jobs)]
    if failed := subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(f"{engine} ended with status {failed}")
    while True:  # what outlived the command and was left to us
        try:
            os.wait()
        except ChildProcessError:
            break
    used = os.times()
    return used.children_user + used.children_system


def together(inputs: list[Path], folder: Path, jobs: int) -> dict[str, float]:
    """Seconds of CPU of each engine, while the other works as well."""
    running = {
        engine: subprocess.Popen(
            [sys.executable, __file__, "--alone", engine, str(jobs), f"{folder}-{engine}", *map(str, inputs)],
            stdout=subprocess.PIPE,
        )
        for engine in ENGINES
    }
    said = {engine: process.communicate()[0] for engine, process in running.items()}
    if any(process.returncode for process in running.values()):
        raise SystemExit("an engine failed")
    return {engine: float(text) for engine, text in said.items()}


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "articles").iterdir()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=12)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--jobs", type=int, default=1, help="of each engine (default: %(default)s)")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = corpus(folder / "in", asked.files)
        inputs = sorted((folder / "in").iterdir())
        costs: dict[str, list[tuple[float, float]]] = {engine: [] for engine in ENGINES}
        for number in range(asked.rounds):
            few, many = folder / f"few-{number}", folder / f"many-{number}"
            start, whole = together(inputs[: asked.jobs], few, asked.jobs), together(inputs, many, asked.jobs)
            for engine in ENGINES:
                without = (whole[engine] - start[engine]) / (pages * (asked.files - asked.jobs))
                costs[engine].append((without, whole[engine] / (pages * asked.files)))
                print(
                    f"{engine}: {pages * asked.jobs} pages {start[engine]:.1f} s CPU,"
                    f" {pages * asked.files} pages {whole[engine]:.1f} s CPU:"
                    f" {1000 * without:.2f} ms CPU a page, with start-up {1000 * costs[engine][-1][1]:.2f}",
                    flush=True,
                )
            same = parts(Path(f"{many}-pool")) == parts(Path(f"{many}-dask"))
            print("the same parts" if same else "THE PARTS DIFFER", flush=True)
        for at, name in enumerate(("without start-up", "with start-up")):
            ratios = [dask[at] / pool[at] for pool, dask in zip(costs["pool"], costs["dask"], strict=True)]
            pool, dask = (statistics.median(cost[at] for cost in costs[engine]) for engine in ENGINES)
            print(
                f"{name}: median pool {1000 * pool:.2f}, Dask {1000 * dask:.2f} ms CPU a page;"
                f" Dask to pool {', '.join(f'{ratio:.3f}' for ratio in ratios)}, median {statistics.median(ratios):.3f}"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        print(alone(sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:]))
    else:
        main()
