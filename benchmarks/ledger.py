"""How much a million known addresses cost: start, memory, bytes on disk, the time of one settled article.

    python benchmarks/ledger.py                            # 0, 10,000, 100,000 and 1,000,000
    python benchmarks/ledger.py --known 0,1000000 --runs 5

A job crawls one outlet of the sample web; then its ledger is filled with made-up addresses of articles of that outlet
that were fetched and settled long ago (each with a row in every table that a real one has; half of them are due in a
month). The crawls measured find nothing new. Their figures are medians, CPU of all processes of a crawl, and memory
of the largest; what known addresses cost is the difference to none.

``settle`` is the time the ledger takes for one new article: address added and fetched, capture noted, history asked and
put, one commit for 64.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.schedule import Starter  # noqa: E402
from crawler.discovery.urls import normalise  # noqa: E402
from crawler.fetch.frontier import Frontier  # noqa: E402
from pipelines.model import Candidate, CaptureRef, Provenance, Role  # noqa: E402
from pipelines.records.history import LedgerHistory  # noqa: E402
from pipelines.records.known import Known  # noqa: E402
from pipelines.records.ledger import Ledger  # noqa: E402
from sampleweb import DEFAULT_CLOCK, SampleWeb  # noqa: E402

OUTLET = "halvern"
START_MOST, RSS_MOST = 1.0, 300.0
"""Seconds at start, and bytes of memory each, that a million known addresses may cost."""

SETTLED = 2048
"""New articles whose time is taken."""


class Made:
    """Made-up articles of the outlet, by number."""

    def __init__(self, home: str) -> None:
        self._home = home

    def url(self, number: int) -> str:
        return f"{self._home}a/what-the-council-of-marrow-hill-decided-on-its-day-{number:07}/{number + 1_000_000}.html"

    def ref(self, number: int) -> CaptureRef:
        return CaptureRef(
            filename="job-20250101000000-00001-example.warc.gz", offset=number * 9000, length=8400,
            record_id=f"urn:uuid:00000000-0000-4000-8000-{number:012x}", url=self.url(number),
            date="2025-01-01T00:00:00Z", type="response", payload_digest=f"sha1:{number:032X}",
        )  # fmt: skip

    def known(self, number: int, run: int) -> Known:
        """As an article of twelve paragraphs is remembered."""
        return Known(
            id=f"00000000-0000-5000-8000-{number:012x}", run=run, number=1, first_seen="2025-01-01T00:00:00Z",
            text=f"{number:064x}", headline=f"What the council of Marrow Hill decided on its day {number}",
            metadata=f"{number:08x}", paragraphs=tuple(4_000_000_000 + number + each for each in range(12)),
            seen="2025-01-01T00:00:00Z",
        )  # fmt: skip


def fill(ledger: Ledger, made: Made, start: int, end: int, now: float) -> None:
    """Articles that were fetched and settled long ago; half of them are due again in a month."""
    db = ledger.db

    def frontier() -> Iterator[tuple[Any, ...]]:
        for number in range(start, end):
            url = made.url(number)
            due = now + 30 * 86_400 + number if number % 2 else None
            yield (
                normalise(url), url, url.split("/")[2], OUTLET, "article", (1 << 40) + 1_700_000_000 + number, 2,
                1_735_689_600.0, "feed", "http://127.0.0.2/feeds/rss.xml", f"What the council decided, day {number}",
                "Wed, 01 Jan 2025 00:00:00 GMT", 1, 1_735_689_600.0, due, 1_735_689_600.0, f'"{number:020x}-gzip"',
                "Wed, 01 Jan 2025 00:00:00 GMT",
            )  # fmt: skip

    def captures() -> Iterator[tuple[Any, ...]]:
        for number in range(start, end):
            ref = made.ref(number)
            yield (
                1, ref.filename, ref.offset, ref.length, ref.record_id, ref.url, ref.date, ref.type, ref.payload_digest,
                "article", OUTLET, 200, 0, 1, "article",
            )  # fmt: skip

    db.executemany(
        "INSERT INTO frontier (key, url, host, outlet, role, rank, state, not_before, method, source_url, title, date,"
        f" depth, seen, due, base, etag, modified) VALUES ({', '.join('?' * 18)})",
        frontier(),
    )
    db.executemany(
        "INSERT INTO capture (run, filename, offset, length, record_id, url, date, type, payload_digest, role, outlet,"
        f" status, chunked, whole, outcome) VALUES ({', '.join('?' * 15)})",
        captures(),
    )
    history = LedgerHistory(ledger)
    for number in range(start, end):
        history.put(made.url(number), made.known(number, 1))
    ledger.commit(durable=True)


def settle_time(path: Path, made: Made, run: int, start: int) -> float:
    """Seconds that the ledger takes for one new article."""
    with closing(Ledger(path)) as ledger:
        frontier, history = Frontier.to_fill(ledger), LedgerHistory(ledger)
        began = time.perf_counter()
        for number in range(start, start + SETTLED):
            url = made.url(number)
            frontier.add([Candidate(url=url, role=Role.ARTICLE, method="feed", outlet=OUTLET)])
            row = ledger.execute("SELECT id FROM frontier WHERE key = ?", (normalise(url),)).fetchone()[0]
            frontier.captured(row)
            capture = ledger.add_capture(run, made.ref(number), Provenance(outlet=OUTLET), 200)
            history.get(url)
            history.put(url, made.known(number, run))
            ledger.settle_capture(capture, "article")
            if number % 64 == 63:
                ledger.commit()
        ledger.commit()
        return (time.perf_counter() - began) / SETTLED


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("ledger.sqlite3*"))


def measure(known: list[int], runs: int, scratch: Path) -> list[dict[str, Any]]:
    """The figures for each number of known addresses, in rising order."""
    starter = Starter(fork=False)
    results: list[dict[str, Any]] = []
    try:
        with SampleWeb(clock=DEFAULT_CLOCK, outlets=(OUTLET,)) as web:
            home = web.outlets[0].home
            job = scratch / "job.toml"
            job.write_text(
                f'name = "job"\noutput = "{scratch}"\n[limits]\ndelay = 0.02\n'
                f'[[outlets]]\nname = "{OUTLET}"\nhome = "{home}"\n',
                "utf-8",
            )
            folder, now, made = scratch / "job", DEFAULT_CLOCK, Made(home)

            def crawl() -> dict[str, Any]:
                nonlocal now
                now += timedelta(minutes=1)
                web.requests.clear()
                told = starter.run(
                    ["crawl", "news", "-a", f"job={job}", "-s", f"BROADSHEET_NOW={now.isoformat()}",
                     "-s", "ALLOW_PRIVATE_ADDRESSES=1", "-L", "ERROR"],
                    scratch / "log.txt", real=True,
                )  # fmt: skip
                if told["status"]:
                    raise RuntimeError(f"a crawl ended with {told['status']}: see {scratch / 'log.txt'}")
                return told | {"requests": len(web.requests)}

            crawl()
            crawl()
            filled = 0
            for number in sorted(known):
                if number > filled:
                    with closing(Ledger(folder / "ledger.sqlite3")) as ledger:
                        fill(ledger, made, filled, number, now.timestamp())
                    filled = number
                bytes_each = size(folder)
                crawl()  # the first one meets a cold cache
                told = [crawl() for _ in range(runs)]
                copy = scratch / "copy.sqlite3"
                shutil.copy(folder / "ledger.sqlite3", copy)
                seconds = settle_time(copy, made, 2, 5_000_000)
                for path in scratch.glob("copy.sqlite3*"):
                    path.unlink()
                result = {
                    "known": number,
                    "wall": statistics.median(each["wall"] for each in told),
                    "cpu": statistics.median(each["cpu"] for each in told),
                    "rss": statistics.median(each["rss"] for each in told) * 1024,
                    "ledger": bytes_each,
                    "settle_ms": round(seconds * 1000, 3),
                    "requests": statistics.median(each["requests"] for each in told),
                }
                results.append(result)
                _tell(result, results[0])
    finally:
        starter.close()
    return results


def _tell(result: dict[str, Any], none: dict[str, Any]) -> None:
    number = result["known"] - none["known"]
    each = (
        f"{(result['rss'] - none['rss']) / number:8.1f} {(result['ledger'] - none['ledger']) / number:10.0f}"
        if number
        else ""
    )
    print(
        f"{result['known']:>9,} {result['wall']:7.2f} {result['cpu']:7.2f} {result['rss'] / 1e6:8.1f}"
        f" {result['settle_ms']:9.3f} {result['requests']:9.0f} {each}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--known", default="0,10000,100000,1000000", help="numbers of known addresses, with commas")
    parser.add_argument("--runs", type=int, default=5, help="crawls measured for each")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    known = [int(each) for each in options.known.split(",")]
    print("    known  wall s   CPU s   RSS MB settle ms  requests   RSS/URL ledger/URL")
    with tempfile.TemporaryDirectory() as scratch:
        results = measure(known, options.runs, Path(scratch))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    first, last = results[0], results[-1]
    share = 1_000_000 / max(1, last["known"] - first["known"])
    start = (last["wall"] - first["wall"]) * share
    rss = (last["rss"] - first["rss"]) / max(1, last["known"] - first["known"])
    print(f"\na million known addresses: {start:+.2f} s at start, {rss:+.1f} bytes of memory each")
    return 1 if start > START_MOST or rss > RSS_MOST else 0


if __name__ == "__main__":
    sys.exit(main())
