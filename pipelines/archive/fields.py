"""How a page was found, as a ``metadata`` record: application/warc-fields, with Heritrix's names where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.model import Provenance, Role

CONTENT_TYPE = "application/warc-fields"

# Heritrix: via is the page that named this one, hopsFromSeed one letter a link, fetchTimeMs milliseconds.
_NAMES = {
    "via": "source_url",
    "fetchTimeMs": "fetch_ms",
    "discoveryMethod": "method",
    "discoveryTitle": "title",
    "discoveryDate": "date",
    "depth": "depth",
    "role": "role",
    "outlet": "outlet",
    "job": "job",
    "run": "run",
}
_HERITRIX = ("via", "hopsFromSeed", "fetchTimeMs")
_NUMBERS = ("depth", "fetch_ms")


def encode_fields(values: Mapping[str, str]) -> bytes:
    """``name: value`` lines, UTF-8; white space inside a value becomes one blank, for a value is one line."""
    lines = (f"{name}: {' '.join(value.split())}" for name, value in values.items())
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def decode_fields(block: bytes) -> dict[str, str]:
    """The first value of each name."""
    values: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            values.setdefault(name.strip(), value.strip())
    return values


def encode_provenance(provenance: Provenance, also: Mapping[str, str] | None = None) -> bytes:
    """The block of the record. ``also``: fields that say something of the fetch, and are not read back."""
    given = {name: getattr(provenance, attribute) for name, attribute in _NAMES.items()}
    fields = {name: str(value) for name, value in given.items() if value not in (None, "")}
    return encode_fields({**fields, **(also or {})})


def decode_provenance(block: bytes) -> Provenance:
    """Read back what we or others wrote; what cannot be used is left out."""
    fields = decode_fields(block)
    if "role" not in fields:  # none of ours: StormCrawler's discoveryDate is the day on which it met the address
        fields = {name: value for name, value in fields.items() if name in _HERITRIX}
    values: dict[str, Any] = {attribute: fields[name] for name, attribute in _NAMES.items() if fields.get(name)}
    for name in _NUMBERS:
        if name in values:
            text = values.pop(name)
            if text.isascii() and text.isdecimal() and len(text) < 19:
                values[name] = int(text)
    if "role" in values:
        values["role"] = Role(values["role"]) if values["role"] in list(Role) else Role.ARTICLE
    if "depth" not in values and fields.get("hopsFromSeed"):
        values["depth"] = len(fields["hopsFromSeed"])
    return Provenance(**values)
