"""What quality signals and language cost a text, and how often the language is right.

    python benchmarks/quality.py [--data-root DATA] [--messages FOLDER]

``--data-root`` holds ``pages.jsonl.xz``, public article pages with their text. The language of a page is what it
declares where its whole text agrees; of its paragraphs the first words are asked for. ``--messages`` is a folder with
the translations of a program, ``…/LANGUAGE/LC_MESSAGES/*.mo``: those of Django, unpacked from its wheel, say; of these,
the languages that we know words of. Without either, a made text is timed.
"""

from __future__ import annotations

import argparse
import base64
import gettext
import json
import lzma
import random
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipelines.text.function_words import WORDS
from pipelines.text.language import identify, normalise, recognise
from pipelines.text.quality import SAMPLE, signals
from pipelines.text.words import words

LENGTHS = (20, 50, 100, 200)
ROUNDS = 5
MOST = {"en": 1, "de": 3}
"""Paragraphs taken of a page, where there are many pages; of others, 10."""

_LANG = re.compile(rb"<html[^>]*?\slang\s*=\s*[\"']?([A-Za-z_-]+)", re.I)
_PLACEHOLDER = re.compile(r"%\([^)]*\)[sd]|%[sd]|\{[^}]*\}|<[^>]*>")

Snippet = tuple[str, int, str]
"""Language, length aimed at, text."""


def pages(root: Path) -> Iterator[tuple[str | None, str]]:
    """Text of each page, with the language it declares."""
    with lzma.open(root / "pages.jsonl.xz", "rt", encoding="utf-8") as lines:
        for page in map(json.loads, lines):
            gold = page["gold"]
            text = gold.get("text") or "\n".join(gold.get("with") or [])
            declared = _LANG.search(base64.b64decode(page["html"]))
            tag = normalise(declared[1].decode()) if declared else None
            yield tag and tag.partition("-")[0], "\n\n".join(filter(None, map(str.strip, text.split("\n"))))


def messages(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.rglob("LC_MESSAGES/*.mo")):
        name = file.parts[-3]
        language = {"nb": "no", "nn": "no", "sr_Latn": "hr", "bs": "hr"}.get(name, name.partition("_")[0])
        with file.open("rb") as handle:
            catalog = gettext.GNUTranslations(handle)._catalog  # type: ignore[attr-defined]
        for source, text in catalog.items():
            if source and text and text != source:
                yield language, " ".join(_PLACEHOLDER.sub("", text).split())


def beginning(text: str, length: int) -> str:
    """Whole words of about so many characters."""
    cut = text.find(" ", length)
    return text[:length] if cut < 0 or cut > 1.5 * length else text[:cut]


def snippets(language: str, paragraphs: list[str], most: int, chance: random.Random) -> Iterator[Snippet]:
    for length in LENGTHS:
        fit = [text for text in paragraphs if len(text) >= 0.9 * length]
        for text in chance.sample(fit, min(most, len(fit))):
            short = beginning(text, length)
            if sum(map(str.isalpha, short)) >= 0.6 * len(short):
                yield language, length, short


def accuracy(name: str, found: list[Snippet]) -> None:
    """Right in all, and on average over languages; with a declaration that is right, wrong (English), or absent."""
    print(f"\n{name}: {len(found):,} texts, {len({language for language, _, _ in found})} languages")
    print("| about letters | right | by language | declaration: right | wrong | none | score at least 0.5 | right |")
    print("|---|---|---|---|---|---|---|---|")
    for length in LENGTHS:
        texts = [(language, text) for language, aimed, text in found if aimed == length]
        if not texts:
            continue
        answers = [(language, recognise(text)) for language, text in texts]
        right = [found.language == language for language, found in answers]
        by: dict[str, list[bool]] = defaultdict(list)
        for (language, _), good in zip(answers, right, strict=True):
            by[language].append(good)
        sure = [good for (_, found), good in zip(answers, right, strict=True) if found.score >= 0.5]

        def declared(of: Callable[[str], list[str]], texts: list[tuple[str, str]] = texts) -> float:
            return statistics.fmean(identify(text, declared=of(language)) == language for language, text in texts)

        shares = (
            statistics.fmean(right),
            statistics.fmean(map(statistics.fmean, by.values())),
            declared(lambda language: [language]),
            declared(lambda language: ["de" if language == "en" else "en"]),
            declared(lambda language: []),
            len(sure) / len(right),
            statistics.fmean(sure) if sure else 0.0,
        )
        print(f"| {length} | " + " | ".join(f"{100 * share:.1f} %" for share in shares) + " |")


def cost(name: str, texts: list[str], ask: Callable[[str], object]) -> None:
    best = min(_cpu(texts, ask) for _ in range(ROUNDS))
    count = statistics.fmean(len(words(text)) for text in texts)
    print(f"| {name} | {count:,.0f} | {1000 * best / len(texts):.2f} ms |")


def _cpu(texts: list[str], ask: Callable[[str], object]) -> float:
    start = time.process_time()
    for text in texts:
        ask(text)
    return time.process_time() - start


def costs(texts: list[str]) -> None:
    known = {text: (recognise(text), words(text)) for text in texts}
    print("\n| what | words a text | CPU a text |")
    print("|---|---|---|")
    cost("language", texts, recognise)
    cost("signals, language and words known", texts, lambda text: signals(text, *known[text]))
    cost("both", texts, lambda text: signals(text, counted=known[text][1]))
    print(f"\n| 5 MB of … (looked at: {SAMPLE:,} characters) | CPU |")
    print("|---|---|")
    hard = {
        "articles": "\n\n".join(texts * (5_000_000 // sum(map(len, texts)) + 1)),
        "one letter": "a" * 5_000_000,
        "a word": "a " * 2_500_000,
        "a sentence": "The bridge was closed. " * 220_000,
        "lines": "a\n\n" * 1_700_000,
        "brackets": "[1" * 2_500_000,
        "digits": " ".join(map(str, random.Random(1).choices(range(10), k=2_500_000))),
    }
    for name, text in hard.items():
        print(f"| {name} | {_cpu([text], signals):.2f} s |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--messages", type=Path)
    options = parser.parse_args()
    chance = random.Random(7)
    texts = ["\n\n".join(f"The council met again to talk about bridge number {n}." for n in range(60))]
    if options.data_root:
        found: list[Snippet] = []
        read = list(pages(options.data_root))
        for declared, text in read:
            if declared and len(text) > 200 and recognise(text).language == declared:
                found += snippets(declared, text.split("\n\n"), MOST.get(declared, 10), chance)
        accuracy("beginnings of paragraphs of news", found)
        texts = [text for _, text in read if 500 < len(words(text)) < 700]
    if options.messages:
        said: dict[str, set[str]] = defaultdict(set)
        for language, text in messages(options.messages):
            if len(text) >= 18 and language in WORDS:
                said[language].add(text)
        several = {language: sorted(texts) for language, texts in said.items() if len(texts) >= 40}
        accuracy(
            "messages of a program",
            [found for language in several for found in snippets(language, several[language], 60, chance)],
        )
    costs(texts)


if __name__ == "__main__":
    main()
