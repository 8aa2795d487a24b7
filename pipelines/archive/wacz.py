"""WACZ 1.1.1: the WARC files of a run with index, list of pages and digests in one file that ReplayWeb.page opens.

https://specs.webrecorder.net/wacz/1.1.1/. WARC files and the packed index lie in the ZIP uncompressed, so that
replay reads single records by range. The same input and clock give the same bytes, but for a signature.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from pipelines.archive.cdxj import lines
from pipelines.archive.scan import OPEN
from pipelines.archive.signing import is_signed, load_key, sign
from pipelines.errors import ArchiveError, RecordError

VERSION = "1.1.1"

BLOCK_LINES = 300
"""Lines of the index in one gzip member, as cdxj-indexer has it: some 10 KB that replay loads at once."""

_NOT_IN_NAMES = re.compile(r"[^-a-z0-9._]")
"""What a resource's name in ``datapackage.json`` may not hold; its path may."""

STEP = 1 << 20
"""Bytes copied at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An entry point for a reader: a page that was captured, with what ReplayWeb.page lists and searches."""

    url: str
    date: str
    """``WARC-Date`` of the capture."""
    title: str | None = None
    text: str | None = None
    id: str | None = None


def build(
    warcs: Sequence[Path],
    pages: Iterable[Page],
    out: Path,
    *,
    created: datetime,
    title: str,
    description: str | None = None,
    software: str = "Broadsheet",
    key: bytes | None = None,
    password: bytes | None = None,
    on_error: Callable[[RecordError], None] | None = None,
) -> None:
    """Write the package to ``out``, which appears when it is whole. ``key``: a PEM private key to sign with.

    Raises ``ArchiveError`` for WARC files that are not sealed, not to be read or of the same name, ``ConfigError`` for
    a key that cannot be used. Damaged records are told to ``on_error`` (without one, raised) and not indexed.
    """
    private = load_key(key, password) if key is not None else None
    names = [path.name for path in warcs]
    if len(set(names)) < len(names):
        raise ArchiveError("two of the WARC files have the same name")
    if unsealed := [name for name in names if name.endswith(OPEN)]:
        raise ArchiveError(f"{unsealed[0]} is not sealed: end its run first")
    created = created.astimezone(UTC)
    part = out.with_name(out.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            package = _Package(archive, created)
            first = package.add("pages/pages.jsonl", _page_lines(pages))
            for path in warcs:
                package.add_file(f"archive/{path.name}", path)
            _add_index(package, lines(warcs, record_digests=True, on_error=on_error))
            manifest: dict[str, Any] = {"profile": "data-package", "wacz_version": VERSION, "title": title}
            if description:
                manifest["description"] = description
            manifest |= {"created": _second(created), "modified": _second(created), "software": software}
            if first is not None:
                manifest |= {"mainPageUrl": first["url"], "mainPageDate": first["ts"]}
            data = _json(manifest | {"resources": package.resources}, indent=2)
            package.add("datapackage.json", [data])
            digest: dict[str, Any] = {"path": "datapackage.json", "hash": _sha256(data)}
            if private is not None:
                digest["signedData"] = sign(digest["hash"], private, created=created, software=software)
            package.add("datapackage-digest.json", [_json(digest, indent=2)])
        part.replace(out)
    except OSError as error:
        raise ArchiveError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


class _Package:
    """The ZIP being written, and what its manifest has to say of each file."""

    def __init__(self, archive: zipfile.ZipFile, created: datetime) -> None:
        self.resources: list[dict[str, Any]] = []
        self._archive, self._moment = archive, created.timetuple()[:6]

    def add(self, name: str, parts: Iterable[bytes], *, size: int = 0, packed: bool = False) -> dict[str, Any] | None:
        """Add a file; ``size`` is its length, if it is known and may be large. Gives the second line, if JSON."""
        info = zipfile.ZipInfo(name, self._moment)
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        info.file_size = size
        info.external_attr = 0o644 << 16
        info.create_system = 3
        hashed, length, second = hashlib.sha256(), 0, None
        with self._archive.open(info, "w") as handle:
            for number, part in enumerate(parts):
                handle.write(part)
                hashed.update(part)
                length += len(part)
                if number == 1 and name.endswith(".jsonl"):
                    second = json.loads(part)
        shown = _NOT_IN_NAMES.sub("-", Path(name).name.lower())
        resource = {"name": shown, "path": name, "hash": f"sha256:{hashed.hexdigest()}", "bytes": length}
        self.resources.append(resource)
        return second

    def add_file(self, name: str, path: Path) -> None:
        try:
            with path.open("rb") as handle:
                self.add(name, _pieces(handle), size=path.stat().st_size, packed=True)
        except FileNotFoundError as error:
            raise ArchiveError(f"cannot read {path}: {error.strerror}") from error


def _page_lines(pages: Iterable[Page]) -> Iterator[bytes]:
    yield _json({"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}) + b"\n"
    for page in pages:
        moment = page.date[:19] + "Z"
        name = page.id or hashlib.sha256(f"{page.url} {page.date}".encode()).hexdigest()[:16]
        entry = {"id": name, "url": page.url, "ts": moment, "title": page.title, "text": page.text}
        yield _json({field: value for field, value in entry.items() if value is not None}) + b"\n"


def _add_index(package: _Package, cdxj: Iterator[str]) -> None:
    """The index in packed blocks, and the list of these blocks that replay looks into first (ZipNum)."""
    blocks = io.BytesIO()
    index = [_json_line("!meta 0", {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"})]
    while block := list(islice(cdxj, BLOCK_LINES)):
        data = gzip.compress("".join(line + "\n" for line in block).encode(), mtime=0)
        place = {"offset": blocks.tell(), "length": len(data), "digest": _sha256(data), "filename": "index.cdx.gz"}
        index.append(_json_line(block[0].partition(" {")[0], place))
        blocks.write(data)
    package.add("indexes/index.cdx.gz", [blocks.getvalue()], packed=True)
    package.add("indexes/index.idx", index)


def verify(path: Path) -> Iterator[str]:
    """What is wrong with a package: digests of its files, of its manifest, and its signature if it has one.

    The key that signed it is the reader's to know; here it is only shown that the signature fits the key given.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = archive.read("datapackage.json")
            digest = json.loads(archive.read("datapackage-digest.json"))
            if digest["hash"] != _sha256(manifest):
                yield "datapackage.json is not the one that datapackage-digest.json names"
            if "signedData" in digest and not is_signed(digest["signedData"], _sha256(manifest)):
                yield "the signature does not fit"
            listed = {"datapackage.json", "datapackage-digest.json"}
            for resource in json.loads(manifest)["resources"]:
                listed.add(resource["path"])
                try:
                    with archive.open(resource["path"]) as handle:
                        found = hashlib.sha256()
                        for piece in _pieces(handle):
                            found.update(piece)
                except KeyError:
                    yield f"{resource['path']} is missing"
                    continue
                if f"sha256:{found.hexdigest()}" != resource["hash"]:
                    yield f"{resource['path']} is not the file that the manifest names"
            yield from (f"{name} is not in the manifest" for name in archive.namelist() if name not in listed)
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        yield f"{path.name} is no WACZ package that can be read: {error}"


def _pieces(handle: IO[bytes]) -> Iterator[bytes]:
    while piece := handle.read(STEP):
        yield piece


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "replace")


def _json_line(key: str, value: object) -> bytes:
    return f"{key} {json.dumps(value)}\n".encode()


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
