"""Records of many runs as one dataset that grows.

Each export reads what its sources have that it has not seen and decides what is taken, then plans the files that goes
to, which is one commit. Then the files are written, one after the other, and ``export.json`` last. Lines are read again
from where they lie when they are written, so that memory holds one row group, however many records there are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pipelines.errors import ConfigError, LedgerError
from pipelines.export import rights
from pipelines.export.card import MOST_NAMED, OWN, card
from pipelines.export.columns import schema
from pipelines.export.manifest import manifest_of
from pipelines.export.parts import Row, whole, write_lines, write_table
from pipelines.export.plan import LINES, Plan, dated, judge, month
from pipelines.export.sources import Source, job_of
from pipelines.export.state import FOLDER, NAME, State
from pipelines.flow.files import sha256
from pipelines.model import SCHEMA_VERSION
from pipelines.records.duplicates import Clusters, signature
from pipelines.records.known import raw, unraw
from pipelines.records.ledger import Lock
from pipelines.records.tombstones import Tombstones, refuse_pending

MANIFEST, CARD = "export.json", "README.md"

NOTED = "exports.txt"
"""In a job's folder: where it was exported to."""

PART = 1_000_000_000
"""Bytes of JSON that go to one file."""

NO_OUTLET = "__HIVE_DEFAULT_PARTITION__"
"""How a partition is called whose value is null: Hive's own word, which readers know."""

TAIL = 4096
"""Bytes before the place up to which a source was read, that show it is still the same file."""

STRIDE = 1000
"""Records that are read between two commits: what a kill takes back."""

KEPT_OPEN = 64
"""Sources."""


@dataclass(kw_only=True)
class Summary:
    """What an export did, while it does it and at its end."""

    step: str = ""
    read: int = 0
    """Records that were new to it."""
    taken: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Why records are left out, over all exports into the folder."""
    unreadable: list[str] = field(default_factory=list)
    """Lines that are no records, and where they are."""
    unmet: list[str] = field(default_factory=list)
    """Outlets and languages that were asked for and never met, and those there are."""
    to_write: int = 0
    written: int = 0
    parts: int = 0
    """Files that were written."""
    rows: int = 0
    """What the folder has, all in all."""
    files: int = 0
    bytes: int = 0


def export(sources: Iterable[Source], output: Path, plan: Plan, note: Callable[[Summary], object] = id) -> Summary:
    """Bring the export in a folder up to what the sources have. ``note`` is told how far it is.

    Raises ``ConfigError`` for a folder that holds something else, ``BusyError``, ``DiskFullError``, ``LedgerError``.
    """
    if output.exists() and not output.is_dir():
        raise ConfigError(f"{output} is a file: name a folder")
    if output.exists() and not (output / FOLDER).is_dir() and any(output.iterdir()):
        raise ConfigError(f"{output} is not empty and no export: name a new folder")
    lock = Lock(output / FOLDER)
    try:
        state = State(output)
        try:
            read = list(sources)
            _note_in_jobs(read, output)
            return _Export(state, output, plan, note).bring_up(read)
        finally:
            state.close()
    finally:
        lock.release()


def _note_in_jobs(read: Iterable[Source], output: Path) -> None:
    """Let each job know of the export, so that a takedown finds it. Jobs may be where nobody can write."""
    name = str(output.resolve())
    for job in {job for source in read if (job := job_of(source.path)) is not None}:
        with suppress(OSError):
            if name not in exports_of(job):
                with (job / NOTED).open("a", encoding="utf-8") as lines:
                    lines.write(f"{name}\n")


def exports_of(job: Path) -> list[str]:
    """The folders to which a job was exported, as far as it knows."""
    path = job / NOTED
    return path.read_text("utf-8").splitlines() if path.exists() else []


def withdraw(output: Path, note: Callable[[Summary], object] = id) -> Summary:
    """Take out of an export what was taken down of its jobs since, and nothing else.

    Raises ``ConfigError`` for a folder that is no export, and what ``export`` raises.
    """
    if not (output / FOLDER / NAME).is_file():
        raise ConfigError(f"{output} is no export of ours: there is no {FOLDER}/{NAME} in it")
    lock = Lock(output / FOLDER)
    try:
        state = State(output)
        try:
            return _Export(state, output, Plan.from_json(state.setting("plan") or ""), note).bring_up([])
        finally:
            state.close()
    finally:
        lock.release()


class _Export:
    def __init__(self, state: State, output: Path, plan: Plan, note: Callable[[Summary], object]) -> None:
        self._state, self._output, self._plan, self._note = state, output, plan, note
        self._done = Summary()
        self._rights: dict[str, int] = {}
        self._opened = lru_cache(maxsize=KEPT_OPEN)(self._open)
        self._tombstones = lru_cache(maxsize=KEPT_OPEN)(_tombstones)

    def bring_up(self, sources: list[Source]) -> Summary:
        state = self._state
        before = state.setting("plan")
        if before is not None and (other := self._plan.differs(before)):
            raise ConfigError(
                f"{self._output} was exported otherwise ({'; '.join(other)}): repeat its options or name a new folder"
            )
        state.set("plan", self._plan.as_json())
        if sources and self._plan.tabular:
            self._bring_to_columns()
        down = self._withdraw()
        self._write_parts()  # what a killed export left
        self._read(sources)
        with state.together():
            if state.one("SELECT 1 FROM record WHERE why IS NULL AND part IS NULL"):
                batch = int(state.setting("batch") or 0) + 1
                state.set("batch", str(batch))
                if self._plan.notes_duplicates:
                    self._find_duplicates()
                self._place(batch)
        state.settle()
        self._write_parts()
        self._tell()
        if down:
            state.shrink()
            state.set("shrink", "0")
        return self._done

    def _say(self, step: str = "") -> None:
        self._done.step = step or self._done.step
        self._note(self._done)

    def _bring_to_columns(self) -> None:
        """Have files of other columns, from before a change of the record, written again: readers of a folder (DuckDB,
        polars) go by the columns of its first file.
        """
        columns = schema(duplicates=self._plan.notes_duplicates).to_string()
        digest = hashlib.sha256(columns.encode()).hexdigest()
        if self._state.setting("columns") != digest:
            for (name,) in self._state.rows(
                "SELECT path FROM source WHERE id IN (SELECT source FROM record WHERE part IS NOT NULL)"
            ):
                if not Path(name).exists():
                    raise ConfigError(
                        f"{self._output} has files of an older record schema, and {name}, of which they were made, is"
                        " gone: name a new folder"
                    )
            with self._state.together():
                self._state.run("UPDATE part SET done = 0")
                self._state.set("columns", digest)

    # ------------------------------------------------------------------ what was taken down

    def _withdraw(self) -> bool:
        """Leave out what was taken down since the last export. The file has fewer lines than it had; where the others
        stand now is found by their ids. Gives whether the state still has what it knew of them in pages that are free.
        """
        state = self._state
        for number, name, taken, tail in list(state.rows("SELECT id, path, taken, tail FROM source")):
            path = Path(name)
            if tail is None or not path.exists() or not self._tombstones(path):
                continue
            with path.open("rb") as handle:
                if _tail(handle, taken) != tail:
                    self._say("taking out what was taken down")
                    with state.together():
                        self._find_again(number, handle)
                        state.set("shrink", "1")
        down = state.setting("shrink") == "1"
        for left in self._output.rglob("*.part") if down else ():  # of an export that was killed
            left.unlink()
        return down

    def _find_again(self, source: int, handle: IO[bytes]) -> None:
        """Note where the records of a source stand now; those that do not any more are taken out."""
        state, at, taken = self._state, 0, 0
        state.run("UPDATE record SET offset = -1 WHERE source = ?", source)
        for line in handle:
            if (id := _id_of(line)) is not None:
                sql = "UPDATE record SET offset = ? WHERE id = ? AND source = ? AND length = ? RETURNING n"
                if state.one(sql, at, id, source, len(line)):
                    taken = at + len(line)
            at += len(line)
        for n, part, digest in list(state.rows("SELECT n, part, digest FROM record WHERE offset = -1")):
            state.run("UPDATE part SET done = 0 WHERE n = ?", part)
            self._behead(n)
            state.run(
                "UPDATE record SET why = 'taken-down', part = NULL, head = NULL, digest = zeroblob(32), offset = NULL"
                " WHERE n = ?", n,
            )  # fmt: skip
            state.run("DELETE FROM text WHERE digest = ?1 AND ?1 NOT IN (SELECT digest FROM record)", digest)
        state.run("UPDATE source SET taken = ?, tail = ? WHERE id = ?", taken, _tail(handle, taken), source)

    def _behead(self, head: int) -> None:
        """Of a record that goes and has duplicates, the earliest takes the place."""
        state = self._state
        row = state.one(
            "SELECT n FROM record WHERE head = ?1 AND n != ?1 AND offset != -1 ORDER BY sort, seen, id", head
        )
        state.run("UPDATE part SET done = 0 WHERE n IN (SELECT part FROM record WHERE head = ?)", head)
        if row is not None:
            state.run("UPDATE record SET head = ? WHERE head = ?", row[0], head)
            state.run("UPDATE record SET why = NULL WHERE n = ? AND why = 'duplicate'", row[0])

    # ------------------------------------------------------------------ reading

    def _read(self, sources: list[Source]) -> None:
        """Take what is new into the state, so many records at a time."""
        state, why = self._state, judge(self._plan)
        self._say("reading")
        for source in sources:
            row = state.one("SELECT id, taken, tail FROM source WHERE path = ?", str(source.path))
            number, taken, tail = row or (0, 0, None)
            with source.path.open("rb") as handle:
                if tail is not None and _tail(handle, taken) != tail:
                    raise ConfigError(
                        f"{source.path} is not the file that was exported (made again, or cut): name a new folder"
                    )
                if not number:
                    number = state.run("INSERT INTO source (path, taken) VALUES (?, 0)", str(source.path))
                handle.seek(taken)
                more = source.length > taken
                while more:
                    started = taken
                    with state.together():
                        for line in islice(handle, STRIDE):
                            more = line.endswith(b"\n") and taken + len(line) <= source.length
                            if not more:
                                break  # not whole yet
                            self._take(line, number, source, taken, why)
                            taken += len(line)
                        else:
                            more = started < taken < source.length
                        state.run(
                            "UPDATE source SET taken = ?, tail = ? WHERE id = ?", taken, _tail(handle, taken), number
                        )

    def _take(self, line: bytes, source: int, place: Source, offset: int, judged: Any) -> None:
        state, done = self._state, self._done
        try:
            record = json.loads(line)
            if record["schema_version"].partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
                raise ValueError(f"schema {record['schema_version']}")
            when, version, id = dated(record), record["version"], raw(record["id"])
            digest, address = bytes.fromhex(record["extraction"]["text_digest"]), _number(record["canonical_url"])
            why, said = judged(record, when), rights.said(record)
            if self._tombstones(place.path).covers(record):  # somebody has brought it back
                why = "taken-down"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            done.unreadable.append(f"{place.path} at byte {offset}: {type(error).__name__}: {error}")
            state.count("unreadable")
            return
        done.read += 1
        if done.read % 1000 == 0:
            self._say()
        if state.one("SELECT 1 FROM record WHERE id = ?", id):
            state.count("repeated")
            return
        article = None
        if version["previous_id"]:
            before = state.one("SELECT n, article, part FROM record WHERE id = ?", raw(version["previous_id"]))
            if before:
                article = before[1]
                if self._plan.latest_versions:
                    self._retire(before[0], before[2])
        n = state.run(
            "INSERT INTO record (id, source, offset, length, article, number, why, outlet, month, sort, seen, at, day,"
            " language, words, digest, address, rights) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id, source, offset, len(line), article, version["number"], why, record["outlet"], month(when.day),
            when.order, when.seen, when.published.at, when.published.day, record["language"], record["word_count"],
            digest, address, self._said(said),
        )  # fmt: skip
        if article is None:
            state.run("UPDATE record SET article = n WHERE n = ?", n)
        if why is None:
            self._sign(digest, record)

    def _said(self, said: str) -> int:
        """The number of what was signalled."""
        if said not in self._rights:
            row = self._state.one("SELECT n FROM rights WHERE said = ?", said)
            self._rights[said] = row[0] if row else self._state.run("INSERT INTO rights (said) VALUES (?)", said)
        return self._rights[said]

    def _retire(self, n: int, part: int | None) -> None:
        """A newer version takes the place of a record; the file that has it is written again."""
        if part is not None and self._plan.notes_duplicates:
            raise ConfigError(
                f"{self._output} has older versions of what is new, and duplicates refer to them: name a new folder"
            )
        self._state.run("UPDATE record SET why = 'latest-versions', part = NULL WHERE n = ? AND why IS NULL", n)
        if part is not None:
            self._state.run("UPDATE part SET done = 0 WHERE n = ?", part)

    def _sign(self, digest: bytes, record: dict[str, Any]) -> None:
        if not self._plan.notes_duplicates or self._state.one("SELECT 1 FROM text WHERE digest = ?", digest):
            return
        self._state.run("INSERT INTO text VALUES (?, ?)", digest, signature(record["text"]))

    # ------------------------------------------------------------------ duplicates

    def _find_duplicates(self) -> None:
        """Find what is told twice. Heads of earlier exports stay heads: what refers to them is written already."""
        self._say("looking for duplicates")
        state, clusters = self._state, Clusters()
        numbers: list[int] = []
        rows = state.rows(
            "SELECT n, article, address, record.digest, bands, head IS NOT NULL FROM record"
            " LEFT JOIN text ON text.digest = record.digest WHERE why IS NULL AND (head IS NULL OR head = n)"
            " ORDER BY head IS NULL, sort, seen, id"
        )
        for n, article, address, digest, bands, fixed in rows:
            numbers.append(n)
            short = int.from_bytes(digest[:8], "little", signed=True)
            clusters.add(article=article, address=address, digest=short, bands=bands, fixed=bool(fixed))

        def text_of(number: int) -> str:
            line = self._line(*self._at(numbers[number]))
            return str(json.loads(line)["text"])

        heads = clusters.solve(text_of)
        found = ((numbers[head], numbers[number]) for number, head in enumerate(heads))
        state.run_many("UPDATE record SET head = ? WHERE n = ? AND head IS NULL", found)
        if self._plan.drop_duplicates:
            state.run("UPDATE record SET why = 'duplicate' WHERE why IS NULL AND head != n AND part IS NULL")

    def _at(self, n: int) -> tuple[int, int, int]:
        row: tuple[int, int, int] = self._state.one("SELECT source, offset, length FROM record WHERE n = ?", n)
        return row

    # ------------------------------------------------------------------ planning

    def _place(self, batch: int) -> None:
        """Say which file each new record goes to."""
        self._say("planning files")
        state = self._state
        order = "+n" if not self._plan.tabular else "sort, n"  # sorted first, whole, as parts are noted meanwhile
        key = "outlet, month, " if self._plan.format == "parquet" else ""
        rows = state.rows(
            f"SELECT n, outlet, month, length FROM record WHERE why IS NULL AND +part IS NULL ORDER BY {key}{order}"
        )
        state.run_many("UPDATE record SET part = ? WHERE n = ?", self._placed(batch, rows))

    def _placed(self, batch: int, rows: Iterable[tuple[int, str | None, str, int]]) -> Iterator[tuple[int, int]]:
        here: tuple[str | None, str] | None = None
        part = number = size = 0
        for n, outlet, when, length in rows:
            apart = self._plan.format == "parquet" and here != (outlet, when)
            if not part or apart or size + length > PART:
                number = 1 if apart else number + 1
                here, size = (outlet, when), 0
                path = self._path(batch, number, outlet, when)
                part = self._state.run("INSERT INTO part (path, batch, rows, done) VALUES (?, ?, 0, 0)", path, batch)
            size += length
            self._done.taken += 1
            yield part, n

    def _path(self, batch: int, number: int, outlet: str | None, when: str) -> str:
        name = f"{batch:04}-{number:03}"
        if self._plan.format == "parquet":
            folder = NO_OUTLET if outlet is None else quote(outlet, safe="")
            return f"outlet={folder}/month={when}/part-{name}.parquet"
        if self._plan.format == "datasets":
            return f"data/articles-{name}.parquet"
        return f"articles-{name}{LINES[self._plan.format]}"

    # ------------------------------------------------------------------ writing

    def _write_parts(self) -> None:
        waiting = list(self._state.rows("SELECT n, path FROM part WHERE NOT done ORDER BY n"))
        if waiting:
            sql = "SELECT count(*) FROM record JOIN part ON part.n = record.part WHERE NOT done"
            self._done.to_write, self._done.written = self._state.one(sql)[0], 0
            self._say("writing")
        for part, path in waiting:
            self._write_part(part, self._output / path)
            self._done.parts += 1

    def _write_part(self, part: int, path: Path) -> None:
        state = self._state
        if not state.one("SELECT 1 FROM record WHERE part = ?", part):
            path.unlink(missing_ok=True)  # newer versions have taken the place of all in it
            state.run("DELETE FROM part WHERE n = ?", part)
            return
        rows, duplicates = self._rows(part), self._plan.notes_duplicates
        if self._plan.tabular:
            number = write_table(path, rows, duplicates=duplicates)
        else:
            number = write_lines(path, rows, format=self._plan.format, duplicates=duplicates)
        state.run(
            "UPDATE part SET rows = ?, bytes = ?, sha256 = ?, done = 1 WHERE n = ?",
            number, path.stat().st_size, sha256(path), part,
        )  # fmt: skip

    def _rows(self, part: int) -> Iterator[Row]:
        order = "record.n" if not self._plan.tabular else "record.sort, record.n"
        found = self._state.rows(
            "SELECT record.id, record.source, record.offset, record.length, record.at, record.day, head.id FROM record"
            f" LEFT JOIN record AS head ON head.n = record.head WHERE record.part = ? ORDER BY {order}",
            part,
        )
        for id, source, offset, length, at, day, head in found:
            line = self._line(source, offset, length)
            self._done.written += 1
            if self._done.written % 1000 == 0:
                self._say()
            yield Row(
                line, unraw(id), at, day, None if head in (None, id) else unraw(head), unraw(head) if head else None
            )

    def _line(self, source: int, offset: int, length: int) -> bytes:
        """A record's line, from where it lies."""
        handle, path = self._opened(source)
        line = os.pread(handle.fileno(), length, offset)
        if len(line) != length or not line.endswith(b"\n"):
            raise LedgerError(f"{path} is not the file that was read any more: export into a new folder")
        return line

    def _open(self, source: int) -> tuple[IO[bytes], Path]:
        path = Path(self._state.one("SELECT path FROM source WHERE id = ?", source)[0])
        try:
            return path.open("rb"), path
        except OSError as error:
            raise LedgerError(f"cannot read {path} again: {error.strerror}") from error

    # ------------------------------------------------------------------ telling

    def _tell(self) -> None:
        state, done = self._state, self._done
        done.left_out = Counter(dict(state.rows("SELECT why, count(*) FROM record WHERE why IS NOT NULL GROUP BY why")))
        done.left_out.update(state.tallies())
        done.rows, done.files, done.bytes = state.one(
            "SELECT coalesce(sum(rows), 0), count(*), coalesce(sum(bytes), 0) FROM part"
        )
        self._look_for_names()
        manifest = manifest_of(state, self._plan, done.left_out)
        if self._plan.format == "datasets":
            own = self._output / OWN
            text = own.read_text("utf-8", "replace") if own.is_file() else ""
            with whole(self._output / CARD) as out:
                out.write(card(manifest, duplicates=self._plan.notes_duplicates, own=text).encode())
        with whole(self._output / MANIFEST) as out:
            out.write(json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n")

    def _look_for_names(self) -> None:
        """Outlets and languages that were asked for, of which no record has been met: a slip of the pen, perhaps."""
        for column, wanted in (("outlet", self._plan.outlets), ("language", self._plan.languages)):
            if not wanted:
                continue
            sql = f"SELECT {column}, count(*) FROM record WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
            met = [name for name, _ in self._state.rows(sql)]
            known = {name.lower() for name in met} | {name.lower().partition("-")[0] for name in met}
            for name in wanted:
                if name not in met and (column == "outlet" or name.lower() not in known):
                    there = ", ".join(met[:MOST_NAMED]) or "none"
                    self._done.unmet.append(f"no article met has the {column} {name!r}; there are: {there}")


def _tombstones(path: Path) -> Tombstones:
    """What was taken down of the job that a file of records belongs to."""
    job = job_of(path)
    if job is None:
        return Tombstones()
    refuse_pending(job)
    return Tombstones.of(job)


def _id_of(line: bytes) -> bytes | str | None:
    try:
        return raw(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _tail(handle: IO[bytes], taken: int) -> bytes:
    start = max(0, taken - TAIL)
    return hashlib.sha256(os.pread(handle.fileno(), taken - start, start)).digest()


def _number(text: str) -> int:
    """An address as a number, to compare it by."""
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True
    )
