"""What a replay tool is given: WARC files under one roof, an index of them, and a list of the pages that are there.

WARC files are neither copied nor touched: they are linked, and those of a package are read where they lie in it.
"""

from __future__ import annotations

import gzip
import heapq
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

from pipelines.archive.cdxj import timestamp, write_index
from pipelines.archive.scan import OPEN
from pipelines.errors import ArchiveError, ConfigError
from pipelines.flow.files import INDEX, RECORDS, SUFFIXES, warcs_in
from pipelines.flow.verify import runs_of

PAGES = 20
"""Pages that are told of one by one."""

HEADLINES_FROM = 20
"""Earlier runs, at most, in which the headline of a page that had not changed is looked for."""

MERGED = 200
"""Indexes that are open at a time."""

NO_PAGES = {"requisite", "robots", "feed", "sitemap"}
"""Reasons, and ways to be found, of captures that nobody opens by themselves."""

HTML = ("text/html", "application/xhtml+xml")

BEFORE = "article, as before"

FIELDS = {"url", "mime", "status", "digest", "length", "offset", "filename", "recordDigest"}
"""Of an index line."""

LOCAL_HEADER = 30
"""Bytes in front of a file's name in a ZIP; the lengths of name and extra field are the last four."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that can be opened."""

    url: str
    moment: str
    """14 digits."""
    headline: str
    ended: str
    """``article``, or why it is none; of files that have no records, the HTTP status."""
    repeats: str = ""
    """The record that a revisit refers to: its article has the headline."""


@dataclass(slots=True)
class Collection:
    """A folder for a replay tool: ``archive/`` and an index folder or two, to be asked in their order."""

    folder: Path
    title: str
    indexes: list[Path] = field(default_factory=list)
    pages: list[Shown] = field(default_factory=list)
    """The first of them."""
    number: int = 0
    """Of all pages that were counted."""
    more: bool = False
    """Whether there are runs whose pages were not."""
    notes: list[str] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.folder / "archive"


def collect(targets: Sequence[Path], folder: Path) -> Collection:
    """Put together, in an empty folder, what was named: one run or job, or any number of WARC files and packages.

    A run brings the other runs of its job along, for its revisits refer to them, but is itself asked first.

    Raises ``ConfigError`` for what is not there or holds nothing, ``ArchiveError`` for what cannot be read.
    """
    for target in targets:
        if not target.exists():
            raise ConfigError(f"{target} does not exist")
    folders = [target for target in targets if target.is_dir()]
    if folders and len(targets) > 1:
        raise ConfigError("name one run or job, or files: of a run, the others of its job are there anyway")
    collection = Collection(folder, title=", ".join(target.name for target in targets))
    collection.archive.mkdir()
    if folders:
        _take_runs(folders[0], collection)
    else:
        _take_files(targets, collection)
    if not any(index.stat().st_size for place in collection.indexes for index in place.iterdir()):
        raise ConfigError(f"{collection.title}: nothing in it can be shown")
    return collection


# ---------------------------------------------------------------------- runs


def _take_runs(target: Path, collection: Collection) -> None:
    target = target.resolve()
    named = [run for run in runs_of(target) if any(warcs_in(run))]
    if not named:
        raise ConfigError(f"{target} is empty: nothing was captured")
    runs, collection.title = named, target.name
    if named == [target] and target.parent.name == "runs":
        runs = [run for run in sorted(target.parent.iterdir()) if run.is_dir() and any(warcs_in(run))]
        collection.title = f"{target.parent.parent.name}, run {target.name}"
    indexes = []
    for run in runs:
        index = collection.folder / f"{run.name}.cdxj"
        _take_run(run, index, collection, named=run in named)
        indexes.append(index)
    if len(runs) > len(named):
        own = indexes[runs.index(target)]
        kept = own.rename(_index_folder(collection, "first") / "index.cdxj")
        own.symlink_to(kept)
    _merge(indexes, _index_folder(collection, "all") / "index.cdxj")
    for run in reversed(named):
        known: set[str] = set()
        for page in _pages_of(run):
            if page.url in known:
                continue  # an article that a browser found in an empty shell, say
            known.add(page.url)
            collection.number += 1
            if len(collection.pages) < PAGES:
                collection.pages.append(page)
        if collection.number > PAGES and run != named[0]:
            collection.more = True
            break
    collection.pages = _with_headlines(collection.pages, runs)


def _merge(indexes: list[Path], out: Path) -> None:
    """One sorted index of many: pywb would look into every one of them for every request."""
    number = 0
    while len(indexes) > 1:
        some, indexes = indexes[:MERGED], indexes[MERGED:]
        merged = out.with_name(f"{number}.part")
        with ExitStack() as stack, merged.open("wb") as handle:
            handle.writelines(heapq.merge(*(stack.enter_context(one.open("rb")) for one in some)))
        for one in some:
            one.unlink()
        indexes.append(merged)
        number += 1
    indexes[0].rename(out)


def _take_run(run: Path, out: Path, collection: Collection, *, named: bool) -> None:
    """Link a run's files and copy its index, or make one where there is none yet."""
    warcs = warcs_in(run)
    for warc in warcs:
        _link(warc, warc.name.removesuffix(OPEN), collection)
    unsealed = [warc for warc in warcs if warc.name.endswith(OPEN)]
    if (run / INDEX).exists() and not unsealed:
        with (run / INDEX).open(encoding="utf-8") as lines, out.open("w", encoding="utf-8", newline="\n") as copy:
            try:
                copy.writelines(line for line in lines if _safe(line))
            except ValueError as error:
                message = f"{run / INDEX} is no index: {error}; `scrapy rebuild` makes it anew"
                raise ArchiveError(message) from error
        return
    if named:
        collection.notes.append(f"{run.name} is not complete: what it has so far is shown")
    write_index(warcs, out, on_error=lambda error: None)  # a torn end is no damage: it is being written


def _safe(line: str) -> bool:
    """Whether a line says no more than where a record lies. pywb would fetch from the network what a line told it to
    (``load_url``), and archives come from others."""
    entry = json.loads(line.split(" ", 2)[-1])
    return isinstance(entry, dict) and entry.keys() <= FIELDS and "/" not in str(entry.get("filename", "/"))


def _pages_of(run: Path) -> Iterator[Shown]:
    """The pages of a run: its articles, then what was asked for as a page and is none."""
    for record in _records(run / RECORDS[0]):
        yield Shown(record["url"], timestamp(record["warc"]["date"]), record["headline"] or "", "article")
    leading: set[str] = set()
    """To what is no page either; it may stand before what leads to it."""
    led: list[tuple[str, Shown]] = []
    for record in _records(run / RECORDS[1]):
        reason, http, found = record["reason"], record["http"], record["discovery"]
        if {reason, found["method"]} & NO_PAGES:
            if http["location"]:
                leading.add(record["url"])
        elif (http["mime"] or HTML[0]) in HTML:
            ended = str(record["detail"]) if reason == "http-status" and record["detail"] else reason
            moment, repeats = timestamp(record["warc"]["date"]), record["warc"]["refers_to"] or ""
            page = Shown(record["url"], moment, "", ended, repeats)
            if found["method"] == "redirect":
                led.append((found["source_url"], page))
            else:
                yield page
    yield from (page for source, page in led if source not in leading)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file that may still be written."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _with_headlines(pages: list[Shown], runs: Sequence[Path]) -> list[Shown]:
    """With the headlines of revisits, which stand with the articles that they repeat."""
    wanted = {page.repeats for page in pages if page.repeats}
    found: dict[str, str] = {}
    for run in list(reversed(runs))[:HEADLINES_FROM]:
        if len(found) == len(wanted):
            break
        for record in _records(run / RECORDS[0]):
            if record["warc"]["record_id"] in wanted:
                found[record["warc"]["record_id"]] = record["headline"] or ""
    return [
        replace(page, headline=found[page.repeats], ended=BEFORE) if page.repeats in found else page for page in pages
    ]


# ---------------------------------------------------------------------- files


def _take_files(files: Sequence[Path], collection: Collection) -> None:
    place = _index_folder(collection, "all")
    listed: list[Shown] = []
    for number, path in enumerate(files):
        index = place / f"{number}.cdxj"
        if path.suffix == ".wacz":
            listed += _take_package(path, number, index, collection)
        elif path.name.endswith(SUFFIXES) and not path.name.endswith(".zst"):
            _link(path.resolve(), path.name.removesuffix(OPEN), collection)
            damaged: list[Exception] = []
            write_index([path], index, on_error=damaged.append)
            if damaged:
                collection.notes.append(f"{path}: {len(damaged)} records are damaged, the first: {damaged[0]}")
        else:
            kinds = ".wacz, .warc.gz, .warc"
            raise ConfigError(f"{path} is nothing that pywb replays: name a run, a job or files ({kinds})")
    if not listed:
        listed = [page for index in sorted(place.iterdir()) for page in _indexed_pages(index)]
    collection.pages, collection.number = listed[:PAGES], len(listed)


def _indexed_pages(index: Path) -> Iterator[Shown]:
    """HTML that was answered with 200, by the index alone."""
    with index.open(encoding="utf-8") as lines:
        for line in lines:
            _, moment, fields = line.split(" ", 2)
            entry = json.loads(fields)
            if entry.get("mime") in HTML and entry.get("status") == "200":
                yield Shown(entry["url"], moment, "", "200")


def _take_package(path: Path, number: int, out: Path, collection: Collection) -> list[Shown]:
    """A WACZ by its own index, whose offsets are made those in the ZIP. Gives the pages that it lists."""
    name = f"{number}.wacz"
    _link(path.resolve(), name, collection)
    try:
        with zipfile.ZipFile(path) as package, path.open("rb") as raw, out.open("w", encoding="utf-8") as index:
            starts = dict(_starts(package, raw, path))
            for line in _index_lines(package):
                key, moment, fields = line.split(" ", 2)
                entry = {name: value for name, value in json.loads(fields).items() if name in FIELDS}
                start = starts.get(Path(entry["filename"]).name)
                if start is not None:
                    entry |= {"filename": name, "offset": str(start + int(entry["offset"]))}
                    index.write(f"{key} {moment} {json.dumps(entry)}\n")
            return list(_listed(package))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise ArchiveError(f"{path} is no WACZ that can be read: {error}") from error


def _starts(package: zipfile.ZipFile, raw: BufferedReader, path: Path) -> Iterator[tuple[str, int]]:
    """Where the WARC files of a package begin."""
    for member in package.infolist():
        if not (member.filename.startswith("archive/") and member.filename.endswith(SUFFIXES)):
            continue
        if member.compress_type != zipfile.ZIP_STORED:
            raise ArchiveError(f"{path} has {member.filename} packed, which no WACZ may: unpack it and name that file")
        raw.seek(member.header_offset + LOCAL_HEADER - 4)
        lengths = raw.read(4)
        start = member.header_offset + LOCAL_HEADER
        start += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        yield Path(member.filename).name, start


def _index_lines(package: zipfile.ZipFile) -> Iterator[str]:
    for name in package.namelist():
        if name.startswith("indexes/") and name.endswith((".cdx.gz", ".cdxj.gz", ".cdx", ".cdxj")):
            with package.open(name) as member:
                lines = cast("IO[bytes]", gzip.GzipFile(fileobj=member)) if name.endswith(".gz") else member
                for line in lines:
                    if b" {" in line and not line.startswith(b"!"):
                        yield line.decode("utf-8")


def _listed(package: zipfile.ZipFile) -> Iterator[Shown]:
    if "pages/pages.jsonl" not in package.namelist():
        return
    with package.open("pages/pages.jsonl") as lines:
        for line in lines:
            page = json.loads(line) if line.strip() else {}
            if "url" in page:
                yield Shown(page["url"], timestamp(page.get("ts") or ""), page.get("title") or "", "page")


# ---------------------------------------------------------------------- the folder


def _index_folder(collection: Collection, name: str) -> Path:
    folder = collection.folder / name
    folder.mkdir()
    collection.indexes.append(folder)
    return folder


def _link(path: Path, name: str, collection: Collection) -> None:
    link = collection.archive / name
    if link.is_symlink():
        raise ConfigError(f"{path} and {link.readlink()} have the same name, by which an index tells them apart")
    link.symlink_to(path)
