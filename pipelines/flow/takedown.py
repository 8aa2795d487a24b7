"""Taking articles, or an outlet, out of a job: out of records, index, packages, ledger and the WARC files themselves.

First all that goes is found (``search``). That is written down, durably, and from then on nothing of it is fetched
or exported. Then it is taken away, step by step; each step can be done twice, so that a takedown that was killed is
brought to its end by doing all steps again. Last comes a line in ``takedowns.jsonl``. None of these says what was said.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

from pipelines import clock
from pipelines.archive.blank import fill, write_over
from pipelines.archive.scan import OPEN, form_of
from pipelines.archive.segment import sync_folder
from pipelines.errors import ArchiveError, CaptureError, ConfigError, DiskFullError, LedgerError
from pipelines.flow.condemned import Found, Wish
from pipelines.flow.files import (
    CHANGES,
    INDEX,
    RECORDS,
    SUMMARY,
    VISITS,
    atomically,
    described,
    sha256,
    sync,
    write_summary,
)
from pipelines.flow.originals import ORIGINALS
from pipelines.flow.package import package
from pipelines.flow.search import find
from pipelines.records.identity import loose
from pipelines.records.jsonl import DISK_FULL
from pipelines.records.ledger import LEDGER, Ledger, Lock, State
from pipelines.records.tombstones import LOG, PENDING, Tombstones, host_of, pending_of, refuse_pending

COPY = 1 << 20
"""Bytes copied at a time."""

MOST_SAID = 100
"""Records that a tombstone in a WARC file names."""

Plan = dict[str, Any]
"""What is to be done, as JSON: it is kept while it is being done."""

Note = Callable[[str], object]


def take_down(
    job: Path,
    wish: Wish,
    reason: str | None,
    *,
    agreed: Callable[[Found], bool] = lambda found: True,
    key: bytes | None = None,
    note: Note = id,
) -> Plan | None:
    """Take away what is wished, and give the line that says so in ``takedowns.jsonl``; None if it was not ``agreed``
    to what was found, or nothing was.

    ``key`` signs the packages that are made anew. ``note`` is told each step. Raises ``BusyError`` while a run of the
    job is working, ``LedgerError`` where a takedown is to be brought to its end first (``resume``), ``ArchiveError``
    and ``DiskFullError``.
    """
    if not (job / "runs").is_dir():
        raise ConfigError(f"{job} is no job: a folder with runs/ in it")
    lock = Lock(job)
    try:
        refuse_pending(job)
        if (job / LEDGER).is_file():
            Ledger(job / LEDGER).close()  # one of an older version is brought up, as the next run would do it
        found = find(job, wish, note)
        if not agreed(found) or not found:
            return None
        plan = _plan(job, found, reason)
        with _explained(), atomically(job / PENDING) as handle:
            handle.write(json.dumps(plan, ensure_ascii=False).encode())
        return _carry_out(job, plan, key, note)
    finally:
        lock.release()


def resume(job: Path, *, key: bytes | None = None, note: Note = id) -> Plan | None:
    """Bring a takedown to its end that was interrupted; None if there is none."""
    lock = Lock(job)
    try:
        plan = pending_of(job)
        return None if plan is None else _carry_out(job, plan, key, note)
    finally:
        lock.release()


def lift(job: Path, urls: Iterable[str], outlets: Iterable[str]) -> list[str]:
    """Let these addresses and outlets be fetched and exported again; gives those that were taken down. What they said
    does not come back."""
    lock = Lock(job)
    try:
        stones = Tombstones.of(job)
        addresses, names = stones.down(urls, outlets)
        if not addresses and not names:
            return []
        hosts = stones.hosts_of(names)
        date = clock.seconds(clock.utcnow())
        with _explained():
            _append(job, {"lifted": {"addresses": addresses, "outlets": names, "hosts": hosts}, "date": date})
        if (job / LEDGER).is_file():
            _forget(job, {loose(url) for url in addresses}, set(names), set(hosts))
        return addresses + names
    finally:
        lock.release()


def _forget(job: Path, plain: set[str], outlets: set[str], hosts: set[str]) -> None:
    """Let the frontier know nothing of these addresses."""
    with closing(Ledger(job / LEDGER)) as ledger:  # it commits when it is closed
        rows = ledger.execute("SELECT id, url, outlet FROM frontier WHERE state = ?", (State.REFUSED,)).fetchall()
        for row, url, outlet in rows:
            address = loose(url)
            if address in plain or outlet in outlets or host_of(address) in hosts:
                ledger.execute("DELETE FROM frontier WHERE id = ?", (row,))


# ---------------------------------------------------------------------- the plan


def _plan(job: Path, found: Found, reason: str | None) -> Plan:
    moment = clock.utcnow()
    runs = {path.parent for path in (*found.warcs, *found.lines)}
    visits, pictures = _visits(job, found)
    runs |= {path.parent for path in visits}
    packages = list(_packages(job, runs))
    records = [
        path for path, end in found.ends.items()
        if path in found.lines or (path.parent in runs and path.stat().st_size > end)
    ]  # fmt: skip
    line: Plan = {
        "takedown": f"{moment:%Y%m%dT%H%M%S%fZ}",
        "date": clock.seconds(moment),
        "reason": reason,
        "asked": [*found.wish.urls, *found.wish.outlets],
        "addresses": sorted(found.addresses.values()),
        "outlets": [each for each in found.wish.outlets if each not in found.unknown],
        "hosts": sorted(found.hosts),
        "articles": sorted(found.articles),
        "besides": sorted(found.besides.values()),
        "captures": found.own,
        "records": found.records,
        "bytes": found.bytes,
        "others": found.others,
        "left": found.left | found.lists,
        "retold": sorted(set(found.retold)),
        "memories": sorted(found.memories),
        "damaged": found.damaged,
    }
    for path, whole in found.stops.items():
        if path.stat().st_size > whole:
            found.warcs.setdefault(path, [])  # what a kill tore off goes, too
    for path, stretches in found.warcs.items():  # where there is no room is to be known before anything is changed
        form = form_of(path)
        for each in stretches:
            del each.said[MOST_SAID:]
            _filled(form, path, each.offset, each.length, each.said, line)
    return {
        "line": line,
        "keys": found.keys,
        "captures": found.captures,
        "titles": found.titles,
        "warcs": [
            {
                "path": _name(job, path),
                "length": found.stops.get(path),
                "stretches": [(each.offset, each.length, each.said) for each in stretches],
            }
            for path, stretches in found.warcs.items()
        ],
        "records": [
            {"path": _name(job, path), "length": found.ends[path], "cut": found.lines.get(path, [])} for path in records
        ],
        "visits": [_name(job, path) for path in visits],
        "pictures": [_name(job, path) for path in pictures],
        "packages": [_name(job, path) for path in packages],
        "signed": [_name(job, path) for path in packages if _is_signed(path)],
        "runs": sorted(_name(job, run) for run in runs),
        "before": _digests(job, runs),
    }


def _visits(job: Path, found: Found) -> tuple[list[Path], list[Path]]:
    """Where what a browser saw of the pages is noted, and its pictures of them."""
    notes, pictures = [], []
    addresses = {*found.addresses, *found.besides}
    for path in sorted((job / "runs").glob(f"*/{VISITS}")):
        gone = [line for line in _json_lines(path) if _is_gone(addresses, line)]
        if gone:
            notes.append(path)
        pictures += [path.parent / str(line["screenshot"]) for line in gone if line.get("screenshot")]
    return notes, pictures


def _addresses(plan: Plan) -> set[str]:
    return {loose(url) for name in ("addresses", "besides") for url in plan["line"][name]}


def _is_gone(addresses: set[str], line: Mapping[str, Any]) -> bool:
    return loose(str(line.get("url") or "")) in addresses


def _packages(job: Path, runs: set[Path]) -> Iterator[Path]:
    """The packages of the runs that change, and of those that bring records of earlier ones along."""
    for path in sorted((job / "runs").glob("*/*.wacz")):
        try:
            with zipfile.ZipFile(path) as archive:
                foreign = any(name.endswith(ORIGINALS) for name in archive.namelist())
        except (OSError, zipfile.BadZipFile):
            foreign = True
        if path.parent in runs or foreign:
            yield path


def _is_signed(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "signedData" in json.loads(archive.read("datapackage-digest.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return False


def _digests(job: Path, runs: set[Path]) -> dict[str, str]:
    """The SHA-256 of the files of these runs before anything is changed, as far as it is known."""
    found: dict[str, str] = {}
    for run in runs:
        with suppress(OSError, ValueError, KeyError, TypeError):
            for entry in json.loads((run / SUMMARY).read_bytes())["files"]:
                found[_name(job, run / entry["name"])] = entry["sha256"]
    return found


def _name(job: Path, path: Path) -> str:
    return str(path.relative_to(job))


# ---------------------------------------------------------------------- carrying it out


def _carry_out(job: Path, plan: Plan, key: bytes | None, note: Note) -> Plan:
    line: Plan = plan["line"]
    with _explained():
        if not any(each.get("takedown") == line["takedown"] for each in _json_lines(job / LOG)):
            note("what was left half done")
            for path in (*job.rglob("*.part"), *job.glob(f"{LEDGER}.part*")):
                path.unlink(missing_ok=True)
            note("WARC files")
            for warc in plan["warcs"]:
                _blank(job, warc, line)
            note("records")
            for entry in plan["records"]:
                _cut(job / entry["path"], entry["length"], entry["cut"])
            note("index")
            for name in plan["runs"]:
                _filter_index(job / name, plan)
            note("screenshots")
            _drop_visits(job, plan)
            note("packages")
            for name in plan["packages"]:
                (job / name).unlink(missing_ok=True)
            for path in (job / name for name in plan["packages"]):
                package(path.parent, path, key=key, on_error=lambda error: None)  # told when they were looked at
                sync(path)
                sync_folder(path.parent)
            if key is None:
                line["unsigned"] = plan["signed"]
            note("run.json")
            for name in plan["runs"]:
                _tell(job / name, plan)
            if (job / LEDGER).is_file():
                note("ledger")
                _settle(job, plan)
                note("free pages of the ledger")
                _shrink(job / LEDGER)
            note("log")
            line["files"] = _changed(job, plan)
            _append(job, line)
        (job / PENDING).unlink()
        sync_folder(job)
    return line


def _blank(job: Path, warc: Plan, line: Plan) -> None:
    path = job / warc["path"]
    if not path.exists() and path.name.endswith(OPEN):
        path = path.with_name(path.name.removesuffix(OPEN))
    if warc["length"] is not None and path.name.endswith(OPEN):
        os.truncate(path, warc["length"])  # the next start would cut off what a kill tore
    form = form_of(path)
    write_over(path, ((place, _filled(form, path, place, size, said, line)) for place, size, said in warc["stretches"]))


def _filled(form: str, path: Path, place: int, size: int, said: list[dict[str, str]], line: Plan) -> bytes:
    """The records for a stretch: the same whenever they are made."""
    name = f"{path.name.removesuffix(OPEN)} {place}"
    told = {"reason": line["reason"], "records": said}
    try:
        return fill(form, size, name=name, takedown=line["takedown"], date=line["date"], said=told)
    except ArchiveError as error:
        raise ArchiveError(f"{path} at {place}: {error}") from None


def _cut(path: Path, length: int, cut: Sequence[tuple[int, int]]) -> None:
    """Leave lines out of a file of which ``length`` bytes stand; the file says by its size whether that was done."""
    after = length - sum(size for _, size in cut)
    if path.stat().st_size == after:
        return
    with path.open("rb") as source, atomically(path) as target:
        at = 0
        for place, size in (*cut, (length, 0)):
            source.seek(at)
            _copy(source, target, place - at)
            at = place + size


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (data := source.read(min(size, COPY))):
        target.write(data)
        size -= len(data)


def _filter_index(run: Path, plan: Plan) -> None:
    """The index without the captures that are gone; all else stands where it stood."""
    path = run / INDEX
    if not path.exists():
        return
    gone = {(name, str(offset)) for each, name, offset in plan["captures"] if each == run.name}
    with path.open("rb") as lines, atomically(path) as out:
        for line in lines:
            entry = json.loads(line.split(b" ", 2)[-1])
            if (entry["filename"], entry["offset"]) not in gone:
                out.write(line)


def _drop_visits(job: Path, plan: Plan) -> None:
    addresses = _addresses(plan)
    for picture in (job / name for name in plan["pictures"]):
        picture.unlink(missing_ok=True)
        if picture.parent.is_dir():
            sync_folder(picture.parent)
    for name in plan["visits"]:
        kept = [line for line in _json_lines(job / name) if not _is_gone(addresses, line)]
        with atomically(job / name) as out:
            out.write(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in kept))


def _tell(run: Path, plan: Plan) -> None:
    """Have ``run.json`` name the files as they are now, and the takedown."""
    path = run / SUMMARY
    if not path.exists():
        return
    document = json.loads(path.read_bytes())
    files = [described(run, file) for entry in document["files"] if (file := run / entry["name"]).is_file()]
    addresses = _addresses(plan)
    pictures = document.get("browser", {}).get("screenshots")
    if pictures:
        document["browser"]["screenshots"] = [each for each in pictures if not _is_gone(addresses, each)]
    takedown = {name: plan["line"][name] for name in ("takedown", "date")}
    others = [each for each in document.get("takedowns", []) if each["takedown"] != takedown["takedown"]]
    document |= {"takedowns": [*others, takedown], "files": files}
    write_summary(run, document)


def _changed(job: Path, plan: Plan) -> list[dict[str, str | None]]:
    """Each file of the runs that was not left as it was, with its SHA-256 before and after, where that is known."""
    names = {each["path"].removesuffix(OPEN) for each in plan["warcs"]} | {each["path"] for each in plan["records"]}
    names |= {*plan["visits"], *plan["pictures"], *plan["packages"]}
    names |= {f"{run}/{INDEX}" for run in plan["runs"]}
    changed: list[dict[str, str | None]] = []
    for name in sorted(names):
        before = plan["before"].get(name)
        after = sha256(job / name) if (job / name).is_file() else None
        if before != after:
            changed.append({"name": name, "before": before, "after": after})
    return changed


# ---------------------------------------------------------------------- the ledger


def _settle(job: Path, plan: Plan) -> None:
    """Have the ledger forget what is gone, and know where the lines that stay are now: in one commit."""
    ledger = Ledger(job / LEDGER)
    try:
        ledger.execute("PRAGMA secure_delete = ON")
        numbers: dict[str, int] = dict(ledger.execute("SELECT name, id FROM run").fetchall())
        ledger.execute("CREATE TEMP TABLE gone (run, filename, offset, PRIMARY KEY (run, filename, offset))")
        for run, name, offset in plan["captures"]:
            ledger.execute("INSERT OR IGNORE INTO gone VALUES (?, ?, ?)", (numbers.get(run), name, offset))
        ledger.execute("DELETE FROM capture WHERE (run, filename, offset) IN (SELECT run, filename, offset FROM gone)")
        for key in plan["keys"]:
            for table in ("article", "version", "change", "alias"):
                ledger.execute(f"DELETE FROM {table} WHERE canonical = ?", (key,))
        hosts = set(plan["line"]["hosts"])
        for row, site in ledger.execute("SELECT id, site FROM memory").fetchall() if hosts else ():
            if host_of(loose(f"http://{site}/")) in hosts:
                ledger.execute("DELETE FROM memory WHERE id = ?", (row,))
        for entry in plan["records"]:
            _move(ledger, entry, numbers)
        _refuse(ledger, plan)
        for url in plan["line"]["others"]:  # what has not been modified since is not there any more
            ledger.execute("UPDATE frontier SET etag = NULL, modified = NULL WHERE url = ?", (url,))
        ledger.commit(durable=True)
    finally:
        ledger.close(commit=False)


def _move(ledger: Ledger, entry: Plan, numbers: Mapping[str, int]) -> None:
    """Note the new places of the lines behind those that were cut out of a file, and its length."""
    path = Path(entry["path"])
    run = numbers.get(path.parent.name)
    cut: list[tuple[int, int]] = entry["cut"]
    if run is None or not cut or ledger.file_length(run, path.name) != entry["length"]:
        return  # another process did it
    places = [place for place, _ in cut]
    sums = [0, *accumulate(size for _, size in cut)]
    ledger.db.create_function("moved", 1, lambda offset: offset - sums[bisect_left(places, offset)])
    if path.name == RECORDS[0]:
        ledger.execute("UPDATE article SET offset = moved(offset) WHERE made = ? AND offset IS NOT NULL", (run,))
        ledger.execute("UPDATE version SET offset = moved(offset) WHERE run = ?", (run,))
    elif path.name == CHANGES:
        ledger.execute("UPDATE change SET offset = moved(offset) WHERE run = ?", (run,))
    sql = "UPDATE file SET length = ? WHERE run = ? AND name = ?"
    ledger.execute(sql, (entry["length"] - sums[-1], run, path.name))


def _refuse(ledger: Ledger, plan: Plan) -> None:
    """Let the frontier keep the addresses, so that they are not found again, and nothing that was said of them."""
    stones = Tombstones([plan["line"]])
    besides = {loose(url) for url in plan["line"]["besides"]}
    refused: list[tuple[str, int]] = []
    again: list[tuple[int]] = []
    for row, url, outlet in ledger.execute("SELECT id, url, outlet FROM frontier"):
        if (stone := stones.at(url, outlet)) is not None:
            refused.append((str(stone), row))
        elif besides and loose(url) in besides:
            again.append((row,))
    for values in refused:
        ledger.execute(
            f"UPDATE frontier SET state = {State.REFUSED}, reason = ?, title = NULL, date = NULL, etag = NULL,"
            " modified = NULL, due = NULL, base = NULL, announced = NULL WHERE id = ?",
            values,
        )
    for number in again:
        ledger.execute("DELETE FROM frontier WHERE id = ?", number)
    for row in plan["titles"]:
        ledger.execute("UPDATE frontier SET title = NULL WHERE id = ?", (row,))


def _shrink(path: Path) -> None:
    """Write the ledger anew without the pages that were freed, at whatever time, and empty what stands beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# ---------------------------------------------------------------------- files


def _append(job: Path, line: Plan) -> None:
    path = job / LOG
    before = path.read_bytes() if path.exists() else b""
    with atomically(path) as out:
        out.write(before + json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _json_lines(path: Path) -> list[Plan]:
    """The lines of a small file; none where there is no file, and without one that a kill has torn."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


@contextmanager
def _explained() -> Iterator[None]:
    """Errors of the system and of SQLite as ours."""
    try:
        yield
    except OSError as error:
        kind = DiskFullError if error.errno in DISK_FULL else CaptureError
        raise kind(f"cannot write {error.filename or 'a file'}: {error.strerror}") from error
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        raise (DiskFullError if full else LedgerError)(f"cannot use the ledger: {error}") from error
