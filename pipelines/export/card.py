"""The README of a dataset: the header that ``datasets`` and the Hub read, and what a person must know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.export.columns import features, schema
from pipelines.export.plan import left_out
from pipelines.export.rights import in_words

MOST_NAMED = 50
"""Outlets and languages that are named in the tables."""

_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"),
)  # fmt: skip


OWN = "CARD.md"
"""Beside the card: what whoever gives the dataset away has to say. It is put into each card that is made."""


def card(manifest: Mapping[str, Any], *, duplicates: bool, own: str = "") -> str:
    """The card of a dataset folder. What is not known (who gives it away, under which terms) must come from ``own``."""
    body = _body(manifest, duplicates, own.strip())
    return "\n".join(("---", *_yaml(_header(manifest, duplicates)), "---", "", *body, ""))


def _header(manifest: Mapping[str, Any], duplicates: bool) -> dict[str, Any]:
    rows, size = manifest["rows"], manifest["bytes"]
    languages = sorted({code.partition("-")[0].lower() for code in manifest["languages"] if code})
    header = {
        "pretty_name": "News articles",
        "license": "other",
        "license_name": "rights-of-the-publishers",
        "license_link": "README.md#licence-and-rights",
        "language": languages or ["und"],
        "task_categories": ["text-generation"],
        "tags": ["news"],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "100M<n<1B")],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/*.parquet"}], "default": True}
        ],
        "dataset_info": {
            "config_name": "default",
            "features": features(schema(duplicates=duplicates)),
            "splits": [{"name": "train", "num_bytes": manifest["json_bytes"], "num_examples": rows}],
            "download_size": size,
            "dataset_size": manifest["json_bytes"],
        },
    }
    if not rows:
        del header["configs"]  # no file to point at yet
    return header


def _body(manifest: Mapping[str, Any], duplicates: bool, own: str) -> Iterator[str]:
    first, last = manifest["first_day"] or "–", manifest["last_day"] or "–"
    yield from (
        "# News articles",
        "",
        f"{manifest['rows']:,} articles, {manifest['words']:,} words, {first} to {last} (day of publication;"
        " where that is not known, of the first capture).",
        f"Made {manifest['made']} with {manifest['software']}, record schema {manifest['schema_version']}.",
        "",
        "    from datasets import load_dataset",
        '    articles = load_dataset("PATH-OF-THIS-FOLDER", split="train")',
        "",
        "Each row is one version of one article and points to the bytes it was made from: WARC file, offset, length",
        "and digest in `warc`. Dates are strings as in the record; `published_at` is the instant where the page tells",
        "one, `published_date` the day as the page writes it.",
    )
    if duplicates:
        yield from (
            "`duplicate_of` is the `id` of the earliest article that tells the same (Jaccard similarity of word",
            "5-shingles of 0.8 or more), null where there is none; `cluster_id` is one for all of these.",
        )
    yield from ("", "## Who gives it away, and on what terms", "")
    if own:
        yield own
    else:
        yield from (
            "**Not said yet.** Whoever gives this dataset away says here who they are, on what ground and under which",
            f"terms they do it, and whom to ask for removal: in a file `{OWN}` beside this one, which is put here when",
            "the same export is made again.",
        )
    yield from ("", "## What is in it", "")
    for title in ("outlets", "languages"):
        yield from _table(title.removesuffix("s").capitalize(), manifest[title])
    options = {name: value for name, value in manifest["options"].items() if value and name != "format"}
    yield f"Chosen by: `{json.dumps(options, ensure_ascii=False)}`." if options else "Nothing was filtered."
    if manifest["left_out"]:
        yield f"Left out: {left_out(manifest['left_out'])}."
    for name, preset in manifest["presets"].items():
        yield f"Filtered by the rules of {name} ({preset['source']}): {preset['left_out']:,} left out."
    yield from (
        "",
        "## Licence and rights",
        "",
        "The articles belong to those who published them. This folder gives no licence to their texts: what may be",
        "done with them follows from the law where you are, and from what publishers allow. `license` has the licence",
        "that a page names for itself, null where it names none; `is_accessible_for_free` is false for what stood",
        "behind a paywall.",
        "",
        "What page and host signalled at the time of the capture is in `rights`. A signal is no licence, and to see",
        "none is no permission:",
        "",
        *in_words(manifest["rights"]),
        "",
        "## Personal data",
        "",
        "News names people: authors in `authors`, others in the texts. Nothing was taken out.",
        "",
        "## How to cite",
        "",
        f"    News articles, {first} to {last}, {manifest['rows']:,} records. {manifest['software']},"
        f" {manifest['made'][:10]}.",
        "",
        "Cite a single article by its `canonical_url`, `headline`, `publisher`, `date_published` and `warc.date`.",
        "",
        "## How to ask for removal",
        "",
        "Write to whoever gave you this dataset (see above) and name the `id` or `canonical_url` of the article.",
        "Copies are told by the `id`, which never changes.",
        "",
        "## Files",
        "",
        "| file | rows | bytes | SHA-256 |",
        "|---|---|---|---|",
    )
    for file in manifest["files"]:
        yield f"| `{file['path']}` | {file['rows']:,} | {file['bytes']:,} | `{file['sha256']}` |"


def _table(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield from (f"| {title} | articles |", "|---|---|")
    named = list(counts.items())[:MOST_NAMED]
    for name, number in named:
        yield f"| {_plain(name) or '(none)'} | {number:,} |"
    if len(counts) > len(named):
        rest = sum(counts.values()) - sum(number for _, number in named)
        yield f"| {len(counts) - len(named)} more | {rest:,} |"
    yield ""


def _plain(text: str) -> str:
    """Text for a cell of a table."""
    return "".join(f"\\{letter}" if letter in "|`*_<[" else letter for letter in " ".join(text.split()))


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """Mappings and lists as YAML. Scalars are written as JSON, which is YAML too."""
    items = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for name, item in items:
        start = f"{indent}- " if name is None else f"{indent}{name}:"
        if isinstance(item, dict | list) and item:
            lines = list(_yaml(item, indent + "  "))
            if name is None:
                yield start + lines[0].lstrip()
                yield from lines[1:]
            else:
                yield start
                yield from lines
        else:
            yield f"{start}{'' if name is None else ' '}{json.dumps(item, ensure_ascii=False)}"
