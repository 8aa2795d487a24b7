"""Kill a crawl again and again, and count what was lost or came twice.

    python benchmarks/kills.py                 200 kills, about 25 minutes
    python benchmarks/kills.py --kills 20      a look
    python benchmarks/kills.py --tail 1000     instead: how long a start takes after a kill, with 1,000 MB unsealed

The crawl is ``scrapy crawl news`` as a user runs it, of the whole sample web, in its own process group; the kill is
SIGKILL to the group, at a random moment after its start, every second time in the moment in which a WARC file grows.
A round is one job from nothing to its end; when a round is complete and kills are left, the next one begins in a
new folder. Held against the server's log and the truth:

    lost        articles that are in no record of the round, or delivered and in no WARC
    twice       articles with two records; captures with two outcomes or two places
    refetched   pages delivered more often than needed (what a kill costs; at most 16 each)
    broken      findings of ``scrapy verify``; runs of a round beyond the first

Exit status 1 if anything but ``refetched`` is above its bound.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipelines.archive.reader import captures  # noqa: E402
from pipelines.archive.recover import read_tail  # noqa: E402
from pipelines.archive.writer import WarcWriter  # noqa: E402
from pipelines.flow.verify import verify_run  # noqa: E402
from pipelines.model import Exchange, Provenance  # noqa: E402
from pipelines.records.ledger import Ledger  # noqa: E402
from pipelines.workers import Workers  # noqa: E402
from sampleweb import SampleWeb  # noqa: E402

REFETCHED_MOST = 16
"""Per kill: what eight hosts had in flight, and what half a second brought that was not committed."""

RECOVERED_WITHIN = 2.0
"""Seconds that recovery may add to a start, however large the unsealed file."""

LONGEST = 4.0
"""Seconds after which a kill comes at the latest; a start takes about one, a whole round about eight."""


@dataclass
class Round:
    """One job, from nothing to its end."""

    kills: int = 0
    growing: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    refetched: int = 0
    delivered: int = 0
    seconds: float = 0.0


def job_file(folder: Path, web: SampleWeb, delay: float = 0.02) -> Path:
    tables = "".join(f'\n[[outlets]]\nname = "{outlet.key}"\nhome = "{outlet.home}"\n' for outlet in web.outlets)
    path = folder / "kills.toml"
    path.write_text(f'name = "kills"\noutput = "{folder}"\n[limits]\ndelay = {delay}\n{tables}', "utf-8")
    return path


def crawl(job: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "news", "-a", f"job={job}", "-s", "ALLOW_PRIVATE_ADDRESSES=1",
         "-s", "LOG_LEVEL=ERROR", *options],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_over(folder: Path) -> bool:
    """Whether the job's run has come to its end, so that the next start would begin another."""
    path = folder / "kills" / "ledger.sqlite3"
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger, suppress(sqlite3.OperationalError):
        ended: list[tuple[str | None]] = ledger.execute("SELECT ended FROM run").fetchall()
        return bool(ended) and all(when for (when,) in ended)
    return False


def archived(folder: Path) -> int:
    """Bytes in WARC files."""
    total = 0
    for path in folder.glob("kills/runs/*/*.warc.gz*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total


def until_growing(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait for the next moment in which a WARC file grows; False if none came."""
    before, deadline = archived(folder), time.monotonic() + LONGEST
    while time.monotonic() < deadline and process.poll() is None:
        if archived(folder) > before:
            return True
    return False


def run_round(folder: Path, kills: int, chance: random.Random, workers: Workers, *options: str) -> Round:
    made, began = Round(), time.monotonic()
    with SampleWeb() as web:
        job = job_file(folder, web)
        while made.kills < kills:
            process = crawl(job, *options)
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.8, LONGEST))
            if made.kills % 2:
                made.growing += until_growing(process, folder)
            if process.poll() is not None:
                if process.returncode:
                    made.broken.append(f"ended with {process.returncode}")
                break
            kill(process)
            made.kills += 1
            if is_over(folder):
                break
        if not is_over(folder):
            process = crawl(job, *options)
            try:
                status = process.wait(180)
            except subprocess.TimeoutExpired:
                kill(process)
                status = -1
            if status:
                made.broken.append(f"the last start ended with {status}")
        judge(made, folder, web, workers)
    made.seconds = time.monotonic() - began
    return made


def judge(made: Round, folder: Path, web: SampleWeb, workers: Workers) -> None:
    runs = sorted((folder / "kills" / "runs").iterdir())
    lines = [line for run in runs for name in ("articles", "rejections") for line in lines_of(run / f"{name}.jsonl")]
    records = [json.loads(line) for line in lines]
    articles = [record for record in records if "text" in record]
    seen = {record["url"] for record in records}
    made.lost += [item.url for item in web.articles() if not seen & {item.url, *item.aliases}]
    kept = {capture.ref.url for run in runs for path in run.glob("*.warc.gz*") for capture in captures(path)}
    delivered = Counter(f"http://{request.host}:{web.port}{request.path}" for request in web.requests)
    made.lost += sorted(url for url in delivered if url not in kept)
    names = [record["canonical_url"] for record in articles], [record["warc"]["record_id"] for record in records]
    made.twice += [name for each in names for name, number in Counter(each).items() if number > 1]
    made.delivered = delivered.total()
    made.refetched = sum(number - 1 for number in delivered.values())
    made.broken += [str(finding) for run in runs for finding in verify_run(run, workers).findings]
    made.broken += [f"another run: {run.name}" for run in runs[1:]]


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def kills(arguments: argparse.Namespace) -> int:
    chance, left, rounds = random.Random(arguments.seed), arguments.kills, []
    workers = Workers(2)
    options = ["-s", f"BROADSHEET_WARC_BYTES={arguments.warc_bytes}"] if arguments.warc_bytes else []
    print(f"{'round':>5} {'kills':>5} {'growing':>7} {'lost':>5} {'twice':>5} {'broken':>6} {'refetched':>9} {'s':>5}")
    try:
        while left > 0:
            folder = Path(tempfile.mkdtemp(prefix="broadsheet-kills-"))
            made = run_round(folder, min(left, arguments.per_round), chance, workers, *options)
            rounds.append(made)
            left -= max(1, made.kills)
            numbers = (made.kills, made.growing, len(made.lost), len(made.twice), len(made.broken), made.refetched)
            print(
                "{:5d} {:5d} {:7d} {:5d} {:5d} {:6d} {:9d} {:5.0f}".format(len(rounds), *numbers, made.seconds),
                flush=True,
            )
            bad = made.lost + made.twice + made.broken
            for line in bad[:10]:
                print(f"      {line}")
            if bad:
                print(f"      kept for a look: {folder}")
            else:
                shutil.rmtree(folder)
    finally:
        workers.close(wait=False)
    total = sum(made.kills for made in rounds)
    lost, twice, broken = (sum(len(getattr(made, name)) for made in rounds) for name in ("lost", "twice", "broken"))
    refetched = sum(made.refetched for made in rounds)
    print(
        f"{total} kills ({sum(made.growing for made in rounds)} while a WARC grew), seed {arguments.seed}: {lost} lost,"
        f" {twice} twice, {broken} broken; {refetched} pages fetched again ({refetched / max(1, total):.1f} a kill)"
    )
    return 1 if lost or twice or broken or refetched > REFETCHED_MOST * total else 0


# ---------------------------------------------------------------------- a start with a large unsealed file


def tail(megabytes: int) -> int:
    """Measure the start of a crawl whose run has so many megabytes in an unsealed WARC file."""
    folder = Path(tempfile.mkdtemp(prefix="broadsheet-tail-", dir=os.environ.get("TMPDIR")))
    try:
        with SampleWeb(outlets=["halvern"]) as web:
            job = job_file(folder, web, delay=0.25)  # so that the kill comes long before the end
            print(f"making {megabytes} MB …", flush=True)
            process = crawl(job)
            wait_for(process, folder, 25_000)
            time.sleep(0.7)  # so that all of it is committed
            kill(process)
            grow(folder, megabytes << 20)
            full = first_request(job, web)
            shutil.rmtree(folder / "kills")
            bare = first_request(job, web)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, start in ((f"{megabytes} MB unsealed", full), ("nothing to recover", bare)):
        print(f"{name:>20}: {start.wall:.2f} s to first request, {start.cpu:.2f} s CPU, {start.read / 1e6:.1f} MB read")
    print(f"{'recovery':>20}: {full.wall - bare.wall:.2f} s, {full.cpu - bare.cpu:.2f} s CPU")
    return 0 if full.wall - bare.wall < RECOVERED_WITHIN else 1


@dataclass(frozen=True)
class Start:
    """What a start costs up to its first request; then recovery is over."""

    wall: float
    cpu: float
    read: int


def first_request(job: Path, web: SampleWeb) -> Start:
    asked, began = len(web.requests), time.monotonic()
    process = crawl(job)
    while len(web.requests) == asked:
        if process.poll() is not None:
            raise SystemExit(f"the crawl ended with {process.returncode} before its first request")
        time.sleep(0.002)
    wall, read, cpu = time.monotonic() - began, io_of(process.pid), cpu_of(process.pid)
    kill(process)
    return Start(wall, cpu, read)


def wait_for(process: subprocess.Popen[bytes], folder: Path, size: int) -> None:
    while archived(folder) < size:
        if process.poll() is not None:
            raise SystemExit(f"the crawl ended with {process.returncode} before there was enough to kill")
        time.sleep(0.01)


def grow(folder: Path, size: int) -> None:
    """Repeat a stretch of captures in the unsealed file, as the writer would have, and tell the ledger.

    The last half second stays unknown to the ledger, as after a kill.
    """
    (path,) = folder.glob("kills/runs/*/*.open")
    ledger = Ledger(folder / "kills" / "ledger.sqlite3")
    number, _, resumed = ledger.open_run("never", "never")
    assert resumed
    name = path.name.removesuffix(".open")
    known = read_tail(path, ledger.file_length(number, name))
    writer = WarcWriter(path.parent, prefix="kills", info={"software": "benchmark"}, max_bytes=10 * size, reserve=0)
    writer.resume(path, known.length)
    noise = random.Random(1)
    body = noise.randbytes(48 << 10)
    committed = 0
    position = writer.position
    assert position is not None
    count = 0
    while position[1] < size:
        count += 1
        page = b"%d " % count + body
        head = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page)
        exchange = Exchange(
            url=f"http://127.0.0.2:1/made/{count}.html",
            started=datetime.now(UTC),
            elapsed=0.1,
            request=b"GET / HTTP/1.1\r\n\r\n",
            response=io.BytesIO(head + page),
            response_length=len(head) + len(page),
            ip="127.0.0.2",
        )
        ref = writer.write(exchange, Provenance(job="kills", outlet="halvern"))
        position = writer.position
        assert position is not None
        if position[1] < size - (1 << 20):
            row = ledger.add_capture(number, ref, Provenance(outlet="halvern"), 404)
            ledger.settle_capture(row, "http-status")
            committed = position[1]
    writer.sync()
    writer.close()
    ledger.set_file(number, name, committed)
    ledger.commit()
    ledger.close()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def io_of(pid: int) -> int:
    """Bytes that a process has read, cached or not."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/io").read_text().splitlines():
            if line.startswith("rchar:"):
                return int(line.split()[1])
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--per-round", type=int, default=8, help="most kills of one job (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--warc-bytes", type=int, default=0, help="BROADSHEET_WARC_BYTES, to have several files")
    parser.add_argument("--tail", type=int, metavar="MB", help="measure a start with so much in an unsealed WARC")
    arguments = parser.parse_args()
    return tail(arguments.tail) if arguments.tail else kills(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
