"""Text and metadata against public page sets, with and without site memory.

    python benchmarks/text.py --data-root DATA [--datasets fundus,wcxb] [--bench DIR]

``--data-root`` is the folder that holds ``pages.jsonl.xz``, ``--bench`` the folder of the judge that scores
(``datasets.py`` and ``scoring.py``; by default the folder above the data). Pages go through ``refine`` in this
process, once without memory and once with what their sites' pages taught; trafilatura alone is timed beside it.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipelines.model import Article, Capture, CaptureRef
from pipelines.text.refine import observe, refine
from pipelines.text.sites import SiteMemory, learn, site_of

CAPTURED = "2026-08-15T12:00:00Z"
"""After every page of the sets was published."""

LEARN_FROM = 2
"""Pages of a site from which memory is learnt, as ``scrapy extract`` does."""


def capture(page: Any) -> Capture:
    """A page of the sets as it would have been received."""
    return Capture(
        ref=CaptureRef(
            filename="pages.warc.gz", offset=0, length=len(page.html), record_id=page.id, url=page.url,
            date=CAPTURED, type="response", payload_digest=None,
        ),
        status=200,
        headers=(("Content-Type", "text/html"),),
        payload=page.html,
    )  # fmt: skip


def run(pages: list[Any], memories: dict[str, SiteMemory]) -> tuple[dict[str, str], float]:
    """Texts by page, and the CPU time in milliseconds a page."""
    texts: dict[str, str] = {}
    start = time.process_time()
    for page in pages:
        outcome = refine(capture(page), memories.get(site_of(page.url)))
        texts[page.id] = outcome.text if isinstance(outcome, Article) else ""
    return texts, 1000 * (time.process_time() - start) / max(1, len(pages))


def memories_of(pages: list[Any]) -> tuple[dict[str, SiteMemory], float]:
    """Memories of the sites that have several pages, and the time it took to learn them, a page."""
    by_site: dict[str, list[Any]] = defaultdict(list)
    for page in pages:
        by_site[site_of(page.url)].append(page)
    start, count, found = time.process_time(), 0, {}
    for site, group in by_site.items():
        if len(group) >= LEARN_FROM:
            count += len(group)
            found[site] = learn(site, None, [seen for page in group if (seen := observe(capture(page)))])
    return found, 1000 * (time.process_time() - start) / max(1, count)


def trafilatura_ms(pages: list[Any]) -> float:
    """CPU time of trafilatura with metadata, milliseconds a page."""
    import trafilatura

    start = time.process_time()
    for page in pages:
        trafilatura.bare_extraction(page.html, url=page.url, with_metadata=True, include_comments=False)
    return 1000 * (time.process_time() - start) / max(1, len(pages))


def score(judge: Any, pages: list[Any], texts: dict[str, str]) -> dict[str, float]:
    """F1, precision, recall and accuracy as the judge defines them."""
    if "with" in pages[0].gold:
        return dict(judge.segment_metrics([judge.segment_counts(page.gold, texts[page.id]) for page in pages]))
    rows = [judge.text_counts(page.gold["text"], texts[page.id], cjk=page.dataset != "scrapinghub") for page in pages]
    return dict(judge.text_metrics(rows))


def lines(judge: Any, page: Any, before: str, after: str) -> Counter[str]:
    """What memory changed, line by line: of the article or not."""
    gold = page.gold.get("text") or "\n".join(page.gold.get("with", ()))
    known = set(judge.shingles(judge.words(gold)))
    found: Counter[str] = Counter()
    for line in difflib.ndiff(before.split("\n\n"), after.split("\n\n")):
        own = list(judge.shingles(judge.words(line[2:])))
        if line[0] in "+-" and own:
            right = sum(shingle in known for shingle in own) > 0.5 * len(own)
            found[f"{'added' if line[0] == '+' else 'removed'}, {'of the article' if right else 'not of it'}"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", required=True, type=Path)
    parser.add_argument("--bench", type=Path, help="folder of the judge (default: above the data)")
    parser.add_argument("--datasets", type=lambda value: value.split(","))
    options = parser.parse_args()
    sys.path.insert(0, str(options.bench or options.data_root.resolve().parent))
    datasets, judge = importlib.import_module("datasets"), importlib.import_module("scoring")

    print("| set | memory | F1 | precision | recall | exact | CPU ms | trafilatura's |")
    print("|---|---|---|---|---|---|---|---|")
    changes: Counter[str] = Counter()
    sizes: list[int] = []
    learning: list[float] = []
    for name in options.datasets or datasets.FOLDERS:
        pages = list(datasets.load(name, str(options.data_root)))
        if not pages:
            continue
        refine(capture(pages[0]))  # imports stay out of the timing
        other = trafilatura_ms(pages)
        plain, cost = run(pages, {})
        memories, learnt = memories_of(pages)
        remembered, cost_with = run(pages, memories)
        sizes += [len(memory.to_json()) for memory in memories.values()]
        learning.append(learnt)
        for label, texts, ms in (("no", plain, cost), ("yes", remembered, cost_with)):
            m = score(judge, pages, texts)
            print(
                f"| {name} | {label} | {m['f1']:.4f} | {m['precision']:.4f} | {m['recall']:.4f} | {m['accuracy']:.3f} "
                f"| {ms:.1f} | {other:.1f} |"
            )
        for page in pages:
            changes += lines(judge, page, plain[page.id], remembered[page.id])
    print("\nLines that memory changed:", dict(changes) or "none")
    if sizes:
        print(f"Memories: {len(sizes)}, median {statistics.median(sizes):.0f} bytes, largest {max(sizes)}")
        print(f"Observing and learning: {statistics.mean(learning):.1f} ms a page")


if __name__ == "__main__":
    main()
