"""Lists of addresses as people keep them: plain text, CSV, OPML, JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from scrapy.exceptions import UsageError

COLUMNS = ("url", "link", "address", "href", "uri", "loc", "page", "website")
"""Names of the column with the address in a CSV file, whatever their case; without one, the first that holds some."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list names."""

    pages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    """Only OPML names feeds."""


def read_list(name: str) -> Listed:
    """The addresses of a file, ``-`` for standard input. Raises ``UsageError`` for what cannot be read."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    suffix = Path(name).suffix.lower()
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if suffix == ".opml" or (head.startswith((b"<?xml", b"<opml")) and b"<opml" in head):
        return _opml(data, name)
    text = data.decode("utf-8-sig", "surrogateescape")
    if suffix in (".csv", ".tsv"):
        return Listed(tuple(_csv(text, "\t" if suffix == ".tsv" else None)))
    return Listed(tuple(_lines(text)))


def _lines(text: str) -> list[str]:
    """One a line; blank lines, those that begin with ``#``, and what follows a blank and ``#`` are left out, so that
    ``failures.txt`` can be given back. A line of JSON gives its ``url``."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("{"):
            try:
                line = str(json.loads(line).get("url") or "")
            except ValueError:
                continue
        line = re.split(r"\s+#", line, maxsplit=1)[0].strip()
        if line and not line.startswith("#"):
            found.append(line)
    return found


def _csv(text: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        try:
            dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:20_000], ",;\t|")
        except csv.Error:
            dialect = csv.excel
        rows = list(csv.reader(io.StringIO(text), dialect))
    else:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return []
    names = [cell.strip().lower() for cell in rows[0]]
    column = next((names.index(name) for name in COLUMNS if name in names), None)
    if column is not None:
        rows = rows[1:]
    else:
        width = max(map(len, rows))
        counts = [sum("://" in row[place] for row in rows if place < len(row)) for place in range(width)]
        column = counts.index(max(counts))
    return [row[column].strip() for row in rows if column < len(row) and row[column].strip()]


def _opml(data: bytes, name: str) -> Listed:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{name} is no OPML that can be read: {error}") from error
    pages: list[str] = []
    feeds: list[str] = []
    for outline in root.iter("outline"):
        values = {str(key).lower(): str(value).strip() for key, value in outline.items()}
        if values.get("xmlurl"):
            feeds.append(values["xmlurl"])
        elif values.get("url") or values.get("htmlurl"):
            pages.append(values.get("url") or values["htmlurl"])
    return Listed(tuple(dict.fromkeys(pages)), tuple(dict.fromkeys(feeds)))
