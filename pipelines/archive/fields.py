"""How a page was found, as a ``metadata`` record: application/warc-fields, with Heritrix's names where it has one."""

from __future__ import annotations

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


def encode_fields(values: dict[str, str]) -> bytes:
    """``name: value`` lines, UTF-8; white space inside a value becomes one blank, for a value is one line."""
    lines = (f"{name}: {' '.join(str(value).split())}" for name, value in values.items())
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def decode_fields(block: bytes) -> dict[str, str]:
    """The first value of each name."""
    values: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            values.setdefault(name.strip(), value.strip())
    return values


def encode_provenance(provenance: Provenance) -> bytes:
    given = {name: getattr(provenance, attribute) for name, attribute in _NAMES.items()}
    return encode_fields({name: str(value) for name, value in given.items() if value not in (None, "")})


def decode_provenance(block: bytes) -> Provenance:
    """Read back what we or others wrote; what cannot be used is left out."""
    fields = decode_fields(block)
    values: dict[str, object] = {
        attribute: fields[name] for name, attribute in _NAMES.items() if fields.get(name) is not None
    }
    for name in ("depth", "fetch_ms"):
        if name in values and not str(values[name]).isdecimal():
            del values[name]
        elif name in values:
            values[name] = int(str(values[name]))
    if "role" in values:
        values["role"] = Role(str(values["role"])) if values["role"] in list(Role) else Role.ARTICLE
    if "depth" not in values and fields.get("hopsFromSeed"):
        values["depth"] = len(fields["hopsFromSeed"])
    return Provenance(**values)  # type: ignore[arg-type]
