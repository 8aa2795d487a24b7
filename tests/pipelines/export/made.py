"""Made records, and jobs that have them."""

from __future__ import annotations

import dataclasses
import json
import random
import types
import typing
from pathlib import Path
from typing import Any

from pipelines.export.export import Summary, export
from pipelines.export.plan import Plan
from pipelines.export.sources import sources
from pipelines.model import SCHEMA_VERSION, Article
from pipelines.records.jsonl import as_dict, encode
from tests.pipelines.records.stories import article

TEXTS = (
    "plain",
    "",
    "café",
    "日本語",
    "a\n\nb",
    'quo"te',
    "back\\slash",
    "nul\x00l",
    "2026-03-02",
    "null",
    "12",
    " ",
    "𝕏",
)


def value(hint: Any, chance: random.Random, null: bool | None) -> Any:
    """A value of a field's type; optional ones are null, or not, or as chance has it."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if null or (null is None and chance.random() < 0.5):
            return None
        return value(next(arg for arg in args if arg is not types.NoneType), chance, null)
    if origin is typing.Literal:
        return chance.choice(args)
    if origin is tuple:
        return tuple(value(args[0], chance, null) for _ in range(chance.randint(0, 3)))
    if dataclasses.is_dataclass(hint):
        fields = typing.get_type_hints(hint)
        return hint(**{name: value(kind, chance, null) for name, kind in fields.items()})
    numbers = {int: chance.choice((0, 1, 2**40)), float: chance.choice((0.0, 0.25, 0.333333, 12.5))}
    return {str: chance.choice(TEXTS), bool: chance.random() < 0.5, **numbers}[hint]


def anything(number: int, null: bool | None = None) -> Article:
    """A record in which all is possible that the types allow."""
    chance = random.Random(number)
    made = value(Article, chance, null)
    return dataclasses.replace(
        made,
        schema_version=SCHEMA_VERSION,
        id=f"id-{number}",
        outlet=chance.choice((None, "herald", "Φωνή / b=1")) if null is None else made.outlet,
        date_published=chance.choice((None, "2026-03-02", "2026-03-02T10:00:00", "2026-03-02T23:30:00-05:00", "odd")),
        extraction=dataclasses.replace(made.extraction, text_digest=f"{number:064x}"),
        version=dataclasses.replace(
            made.version, first_seen=f"2026-03-{1 + number % 28:02}T08:00:00Z", previous_id=None
        ),
    )


def story(number: int, text: str = "The council met.", **changes: Any) -> Article:
    """An article of its own, first seen on a day of March."""
    url = f"https://herald.example/{number}"
    base = article(1, text, id=f"id-{number}", url=url, canonical_url=url)
    first = f"2026-03-{1 + number % 28:02}T08:00:00Z"
    base = dataclasses.replace(base, version=dataclasses.replace(base.version, first_seen=first))
    return dataclasses.replace(base, **changes)


def again(before: Article, number: int, text: str) -> Article:
    """The next version of an article."""
    made = story(number, text, url=before.url, canonical_url=before.canonical_url, outlet=before.outlet)
    version = dataclasses.replace(
        before.version, number=before.version.number + 1, previous_id=before.id, change="text"
    )
    return dataclasses.replace(made, version=version)


def add_run(job: Path, name: str, articles: list[Article]) -> Path:
    file = job / "runs" / name / "articles.jsonl"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"".join(map(encode, articles)))
    return file


def exported(job: Path, output: Path, **options: Any) -> Summary:
    return export(sources([job]), output, Plan(**{"format": "jsonl", **options}))


def lines(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(output.glob("*.jsonl")) for line in file.open("rb")]


def ids(output: Path) -> list[int]:
    return [int(line["id"].removeprefix("id-")) for line in lines(output)]


def plain(record: Article) -> dict[str, Any]:
    return typing.cast("dict[str, Any]", as_dict(record))
