"""What an export costs, and what the search for near-duplicates finds.

    python benchmarks/export.py                       # a million made records as Parquet: time, CPU, memory
    python benchmarks/export.py --records 100000 --format jsonl.zst
    python benchmarks/export.py --duplicates          # 100,000 articles with known clusters: recall, precision, CPU

The export runs as ``scrapy export`` in a process of its own. Everything is made from ``--seed`` in a temporary folder
(``--folder`` to keep it); a million records take 4 GB. Exits with 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipelines.export.state import FOLDER, NAME  # noqa: E402
from pipelines.model import SCHEMA_VERSION, Rights  # noqa: E402
from pipelines.records.duplicates import ALIKE, jaccard  # noqa: E402
from pipelines.text.quality import signals  # noqa: E402

MOST_MEMORY = {False: 500, True: 1000}
"""Megabytes, without and with the search for duplicates."""

MOST_CPU, LEAST = 60.0, 0.98
START = datetime(2024, 1, 1, tzinfo=UTC)
OUTLETS = [f"outlet-{number:02}" for number in range(20)]
SILENT: dict[str, Any] = {
    **{field.name: None for field in fields(Rights)}, "verdict": "unstated", "archiving": "unstated",
    **{name: [] for name in ("forbidden_by", "permitted_by", "archiving_forbidden_by", "x_robots_tag", "meta_robots",
                             "directives", "content_signal", "rsl", "other_licenses")},
}  # fmt: skip
RIGHTS = [
    SILENT,
    SILENT | {"robots_txt": "rules", "robots_agents": [], "robots_everyone": False, "tdm_file": "none",
              "meta_robots": ["max-image-preview:large"], "directives": ["max-image-preview:large"]},
    SILENT | {"robots_txt": "rules", "robots_agents": ["CCBot", "ClaudeBot", "GPTBot", "Google-Extended"],
              "robots_everyone": False, "verdict": "forbidden", "forbidden_by": ["robots.txt"], "tdm_file": "none"},
]  # fmt: skip
"""What records say of rights; of three kinds."""


class Maker:
    """Articles of words that are as unequally frequent as those of a language."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        letters = "abcdefghijklmnoprstuvw"
        self.words = ["".join(self.chance.choices(letters, k=self.chance.randint(2, 11))) for _ in range(30_000)]
        total, self.weights = 0.0, []
        for rank in range(len(self.words)):
            total += 1 / (rank + 10)
            self.weights.append(total)
        self.number = 0
        self.signals: list[dict[str, Any]] = []

    def text(self, length: int) -> list[str]:
        return self.chance.choices(self.words, cum_weights=self.weights, k=length)

    def quality(self) -> list[dict[str, Any]]:
        """Signals of some made texts: to reckon those of each would take longer than to export it."""
        if not self.signals:
            for _ in range(500):
                words = self.text(self.chance.randint(80, 600))
                text = "\n\n".join(" ".join(words[at : at + 60]) for at in range(0, len(words), 60))
                self.signals.append(asdict(signals(text)))
        return self.signals

    def line(self, words: list[str], when: datetime, outlet: str) -> tuple[str, bytes]:
        """A record, as a run writes it; gives its id too."""
        self.number += 1
        number, date = self.number, when.strftime("%Y-%m-%dT%H:%M:%SZ")
        text = "\n\n".join(" ".join(words[start : start + 60]) for start in range(0, len(words), 60))
        name = str(uuid.UUID(int=self.chance.getrandbits(128)))
        url = f"https://{outlet}.example/news/story-{number}.html"
        record: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION, "id": name, "url": url, "canonical_url": url,
            "headline": " ".join(words[:9]), "alternative_headline": None,
            "description": " ".join(words[:25]), "text": text,
            "authors": [{"name": f"{words[0].title()} {words[1].title()}", "url": None, "type": "Person"}],
            "date_published": date if number % 3 else date[:10], "date_published_raw": date,
            "date_published_source": "json-ld", "date_modified": None, "language": "en", "article_section": ["News"],
            "keywords": words[:4], "publisher": {"name": outlet.title(), "domain": f"{outlet}.example"},
            "image": f"https://{outlet}.example/images/{number}.jpg", "is_accessible_for_free": None, "license": None,
            "word_count": len(words), "outlet": outlet,
            "warc": {
                "filename": "BROADSHEET-20240101000000-00000-host.warc.gz", "offset": number * 20_000, "length": 20_000,
                "record_id": f"urn:uuid:{name}", "date": date, "payload_digest": f"sha256:{hash_of(name)}",
                "type": "response", "refers_to": None,
            },
            "http": {"status": 200, "mime": "text/html", "etag": None, "last_modified": None, "location": None},
            "discovery": {"method": "feed", "source_url": f"https://{outlet}.example/rss", "title": None, "date": date},
            "extraction": {
                "software": "broadsheet", "version": "0.1.0", "options_digest": hash_of(""),
                "site_memory_digest": None, "text_digest": hash_of(text),
            },
            "version": {"number": 1, "previous_id": None, "first_seen": date, "change": None},
            "rights": self.chance.choice(RIGHTS), "quality": self.chance.choice(self.quality()),
        }  # fmt: skip
        return name, json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make(job: Path, number: int, seed: int) -> int:
    """A job of 50 runs with so many records; gives its bytes."""
    maker, size = Maker(seed), 0
    stock = maker.text(200_000)
    for run in range(50):
        folder = job / "runs" / f"{(START + timedelta(days=14 * run)).strftime('%Y%m%dT%H%M%SZ')}"
        folder.mkdir(parents=True)
        with (folder / "articles.jsonl").open("wb") as out:
            for _ in range(number // 50):
                length, start = maker.chance.randint(80, 600), maker.chance.randrange(199_000)
                when = START + timedelta(days=14 * run, seconds=maker.chance.randrange(14 * 86_400))
                _, line = maker.line(stock[start : start + length], when, maker.chance.choice(OUTLETS))
                size += out.write(line)
    return size


# ---------------------------------------------------------------------- duplicates


def edited(maker: Maker, words: list[str], aim: float) -> list[str]:
    """Another outlet's wording: shortened or lengthened at the end, and words changed, to about so much likeness."""
    made, most = list(words), len(words)
    changed = int(most * (1 - aim) / (1 + aim))
    ends = maker.chance.randint(0, changed // 2)
    if maker.chance.random() < 0.5:
        made = made[: most - ends]
    else:
        made += maker.text(ends)
    for _ in range((changed - ends // 2) // 5):
        made[maker.chance.randrange(len(made))] = maker.chance.choice(maker.words)
    return made


def corpus(job: Path, number: int, seed: int) -> dict[str, tuple[str | None, float]]:
    """A job with clusters in it. Gives of each article the one it was made from, if any, and how alike the two are."""
    maker, known = Maker(seed), {}
    folder = job / "runs" / "20240101T000000Z"
    folder.mkdir(parents=True)
    lines: list[bytes] = []

    def put(words: list[str], day: float, origin: str | None, likeness: float) -> str:
        name, line = maker.line(words, START + timedelta(days=day), maker.chance.choice(OUTLETS))
        known[name] = (origin, likeness)
        lines.append(line)
        return name

    while len(known) < number:
        words, day = maker.text(maker.chance.randint(60, 700)), maker.chance.random() * 300
        origin = put(words, day, None, 0.0)
        kind = maker.chance.random()
        copies = maker.chance.randint(1, 6) if kind < 0.2 else 1 if kind < 0.3 else 0
        for copy in range(copies):
            # Of one in three stories that have any, the copies are rewritten so far that they are none.
            aim = (
                maker.chance.choice((1.0, maker.chance.uniform(0.78, 1.0)))
                if kind < 0.2
                else maker.chance.uniform(0.4, 0.8)
            )
            other = words if aim == 1.0 else edited(maker, words, aim)
            put(other, day + 0.01 + copy * 0.01, origin, jaccard(" ".join(words), " ".join(other)))
    maker.chance.shuffle(lines)
    (folder / "articles.jsonl").write_bytes(b"".join(lines))
    return known


def judged(known: dict[str, tuple[str | None, float]], output: Path) -> tuple[float, float, dict[str, int]]:
    """Recall and precision of ``duplicate_of``: an article is a duplicate if it is alike to what it was made from."""
    right = wrong = missed = 0
    for file in sorted(output.glob("*.jsonl")):
        for line in file.open("rb"):
            record = json.loads(line)
            origin, likeness = known[record["id"]]
            said, true = record["duplicate_of"], origin if likeness >= ALIKE else None
            right += said is not None and said == true
            wrong += said is not None and said != true
            missed += said is None and true is not None
    counts = {"right": right, "wrong": wrong, "missed": missed}
    return right / max(right + wrong + missed, 1), right / max(right + wrong, 1), counts


# ---------------------------------------------------------------------- measuring


def run(*arguments: str) -> tuple[float, float, float]:
    """Run ``scrapy export``; gives seconds, CPU seconds and the most megabytes it held."""
    before = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "scrapy", "export", *arguments], cwd=ROOT)
    most = 0.0
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        # Not ru_maxrss, in which the memory of this process counts too.
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        most = max(most, int(found[1]) / 1024 if found else 0.0)
        time.sleep(0.1)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    if process.returncode:
        raise SystemExit(f"scrapy export ended with {process.returncode}")
    return time.perf_counter() - before, ended[2].ru_utime + ended[2].ru_stime, most


def main() -> Iterator[str]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, help="1,000,000, or 100,000 with --duplicates")
    parser.add_argument("--format", default="parquet")
    parser.add_argument("--duplicates", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        job, output = Path(place) / "job", Path(place) / "out"
        if options.duplicates:
            known = corpus(job, options.records or 100_000, options.seed)
            seconds, cpu, memory = run(str(job), "--format", "jsonl", "-o", str(output), "--duplicates")
            recall, precision, counts = judged(known, output)
            print(f"{len(known):,} articles: recall {recall:.4f}, precision {precision:.4f} {counts}")
            if recall < LEAST or precision < LEAST:
                yield "recall or precision"
            if cpu > MOST_CPU:
                yield "CPU"
        else:
            size = make(job, options.records or 1_000_000, options.seed)
            seconds, cpu, memory = run(str(job), "--format", options.format, "-o", str(output))
            manifest = json.loads((output / "export.json").read_bytes())
            made, kept = manifest["bytes"], (output / FOLDER / NAME).stat().st_size
            print(f"{manifest['rows']:,} records, {size / 1e6:,.0f} MB of JSONL")
            print(f"{len(manifest['files'])} files, {made / 1e6:,.0f} MB; state: {kept / 1e6:,.0f} MB")
        print(f"{seconds:.0f} s, {cpu:.0f} s CPU, {memory:.0f} MB")
        if memory > MOST_MEMORY[options.duplicates]:
            yield "memory"


if __name__ == "__main__":
    missed = list(main())
    sys.exit(f"missed: {', '.join(missed)}" if missed else 0)
