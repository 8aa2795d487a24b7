"""The quality gate: invented pages in ``gate/``, their right text, and the floors that may only rise.

python tests/pipelines/text/gate.py --raise          floors up to what is reached now
python tests/pipelines/text/gate.py --raise --lower  and down as well: only with a reason in the commit
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from pipelines.model import Article, Capture, CaptureRef, Outcome
from pipelines.text.refine import refine

FOLDER = Path(__file__).parent / "gate"
FLOORS = FOLDER / "floors.json"


def capture(html: bytes, url: str = "https://news.example/story", **values: object) -> Capture:
    """A page as it would be received."""
    ref = CaptureRef(
        filename="a.warc.gz", offset=0, length=len(html), record_id=f"urn:uuid:{url}", url=url,
        date="2026-09-16T12:00:00Z", type="response", payload_digest=None,
    )  # fmt: skip
    defaults: dict[str, object] = {"status": 200, "headers": (("Content-Type", "text/html; charset=utf-8"),)}
    return Capture(ref=ref, payload=html, **{**defaults, **values})  # type: ignore[arg-type]


def outcome(name: str) -> Outcome:
    return refine(capture((FOLDER / name / "page.html").read_bytes()))


def cases() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/page.html"))


def scores() -> dict[str, float]:
    """Share of pages with exactly the right text, and the mean F1 of runs of three words."""
    exact, total = 0, 0.0
    for name in cases():
        right = (FOLDER / name / "text.txt").read_text("utf-8").strip()
        result = outcome(name)
        text = result.text if isinstance(result, Article) else ""
        exact += text == right
        total += _f1(_runs(right), _runs(text))
    return {"exact": round(exact / len(cases()), 4), "f1": round(total / len(cases()), 4)}


def _runs(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]|\w+", text)
    return Counter(tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2)))


def _f1(right: Counter[tuple[str, ...]], got: Counter[tuple[str, ...]]) -> float:
    shared = sum((right & got).values())
    return 2 * shared / (sum(right.values()) + sum(got.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raise", action="store_true", dest="up")
    parser.add_argument("--lower", action="store_true")
    options = parser.parse_args()
    now, floors = scores(), json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    print(now)
    if options.up:
        floors = {key: value if options.lower else max(value, floors.get(key, 0.0)) for key, value in now.items()}
        FLOORS.write_text(json.dumps(floors, indent=1) + "\n")


if __name__ == "__main__":
    main()
