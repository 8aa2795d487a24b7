"""What the records of an export signal of rights: what forbids to take them, and all of it counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

LISTS = ("forbidden_by", "permitted_by", "archiving_forbidden_by")
UNKNOWN = "unknown"
"""Of records older than schema 1.2."""

MEANING = {
    "robots.txt": "robots.txt, by an AI agent's name",
    "robots.txt:*": "robots.txt, for everyone",
    "x-robots-tag": "the header X-Robots-Tag",
    "meta-robots": "a meta element for robots",
    "tdm-reservation": "TDMRep",
    "content-signal": "Content-Signal",
    "license": "an open licence",
}


def forbids(record: dict[str, Any]) -> str | None:
    """Why ``--respect-rights`` leaves a record out; None if nothing forbids to mine it or to give it away."""
    rights = record.get("rights")
    if rights is None:
        return "rights-unknown"  # older than 1.2, when records began to tell
    if rights["verdict"] == "forbidden":
        return "rights-mining"
    return "rights-archiving" if rights["archiving"] == "forbidden" else None


def said(record: dict[str, Any]) -> str:
    """What is counted of a record, as text that is the same for the same."""
    rights = record.get("rights")
    if rights is None:
        return ""
    values = {name: rights[name] for name in ("verdict", "archiving", *LISTS)}
    return json.dumps({**values, "robots_txt": rights["robots_txt"] is not None}, sort_keys=True)


def counts(rows: Iterable[tuple[str | None, int]]) -> dict[str, Any]:
    """Records by verdict, by signal, and those of whose host the robots.txt was not seen."""
    found: dict[str, Counter[str]] = {name: Counter() for name in ("verdict", "archiving", *LISTS)}
    unseen = 0
    for text, number in rows:
        if not text:
            found["verdict"][UNKNOWN] += number
            found["archiving"][UNKNOWN] += number
            continue
        values = json.loads(text)
        unseen += 0 if values["robots_txt"] else number
        for name, counter in found.items():
            for each in values[name] if name in LISTS else [values[name]]:
                counter[each] += number
    return {name: dict(counter.most_common()) for name, counter in found.items()} | {"robots_txt_not_seen": unseen}


def in_words(rights: dict[str, Any]) -> Iterator[str]:
    """Lines for the card of a dataset."""
    yield from ("| signalled | mining and training | keeping copies |", "|---|---|---|")
    for verdict in ("forbidden", "permitted", "unstated", UNKNOWN):
        mining, copies = rights["verdict"].get(verdict, 0), rights["archiving"].get(verdict, 0)
        if mining or copies:
            yield f"| {verdict} | {mining:,} | {copies:,} |"
    yield ""
    for name, title in zip(LISTS, ("Mining is forbidden", "It is permitted", "Copies are forbidden"), strict=True):
        if rights[name]:
            signals = (f"{MEANING.get(by, by)} ({number:,})" for by, number in rights[name].items())
            yield f"{title} by {', '.join(signals)}."
    if rights["robots_txt_not_seen"]:
        yield f"Of {rights['robots_txt_not_seen']:,} articles the robots.txt was not seen."
