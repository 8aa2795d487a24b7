"""How a page was found, as a ``metadata`` record: application/warc-fields, with Heritrix's names where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.model import HostSignals, Provenance, Role

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

_SIGNALS = {
    "robotsTxt": "robots_txt",
    "robotsForbidsAgents": "agents",
    "robotsForbidsEveryone": "everyone",
    "contentSignal": "content_signal",
    "contentSignalUses": "uses",
    "rslLicense": "rsl",
    "tdmFile": "tdm_file",
    "tdmFileReservation": "tdm_reservation",
    "tdmFilePolicy": "tdm_policy",
}


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
    if provenance.signals is not None:
        given |= {name: _signal(getattr(provenance.signals, attribute)) for name, attribute in _SIGNALS.items()}
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
    return Provenance(**values, signals=_signals(fields))


def _signal(value: Any) -> str | None:
    """What the host said, as one value: names and addresses parted by blanks, uses as ``ai_train=no``."""
    if isinstance(value, bool):
        return "yes" if value else None
    if isinstance(value, tuple):
        return " ".join(each if isinstance(each, str) else f"{each[0]}={'yes' if each[1] else 'no'}" for each in value)
    return None if value is None else str(value)


def _signals(fields: Mapping[str, str]) -> HostSignals | None:
    """Read back; what was not noted was not known."""
    found: dict[str, Any] = {attribute: fields[name] for name, attribute in _SIGNALS.items() if fields.get(name)}
    if found.get("robots_txt") not in (None, "rules", "none", "unavailable"):
        del found["robots_txt"]
    if found.get("tdm_file") not in (None, "rules", "none"):
        del found["tdm_file"]
    if "robots_txt" not in found and "tdm_file" not in found:
        return None
    for name in ("agents", "rsl"):
        found[name] = tuple(found.get(name, "").split())
    found["everyone"] = found.get("everyone") == "yes"
    uses = (each.partition("=") for each in found.get("uses", "").split())
    found["uses"] = tuple((use, word == "yes") for use, _, word in uses)
    if "tdm_reservation" in found:
        found["tdm_reservation"] = {"0": 0, "1": 1}.get(found["tdm_reservation"])
    return HostSignals(**found)
