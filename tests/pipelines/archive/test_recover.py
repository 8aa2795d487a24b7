"""What is left after a crash or a full disk: whole groups, and nothing that was acknowledged is lost."""

import errno
import io
import os
import resource
import subprocess
import sys
import time

import pytest

from pipelines.archive import segment
from pipelines.archive.check import check
from pipelines.archive.reader import Note, captures, records
from pipelines.archive.recover import read_tail
from pipelines.archive.scan import scan
from pipelines.errors import CaptureError, DiskFullError
from tests.pipelines.archive.exchanges import PAGE, PROVENANCE, chunked, make_exchange, sized

INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


def test_torn_at_every_byte(writer, tmp_path):
    """Wherever the file ends, recovery cuts to a whole group, and the next capture follows it well."""
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, committed = warc.position
    second = warc.write(make_exchange(chunked(PAGE[:150], 60), interim=INTERIM), PROVENANCE)
    _, whole = warc.position
    warc.close()
    data = (tmp_path / f"{name}.open").read_bytes()
    assert len(data) == whole
    for end in range(committed, whole + 1):
        folder = tmp_path / "torn"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.open"
        path.write_bytes(data[:end])
        tail = read_tail(path, committed)
        assert tail.length == (whole if end == whole else committed)
        assert [item.ref for item in tail.items] == ([second] if end == whole else [])
    tail = read_tail(path, committed)
    again = writer(folder)
    again.resume(path, tail.length)
    third = again.write(make_exchange(sized(PAGE[:50])), PROVENANCE)
    again.seal()
    # fixed ids repeat, hence not checked for uniqueness here
    assert [capture.ref for capture in captures(folder / name)] == [first, second, third]
    assert {problem.rule for problem in check([folder / name])} <= {"id-twice"}


def test_torn_file_goes_on(writer, tmp_path):
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, committed = warc.position
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    warc.close()
    path = tmp_path / f"{name}.open"
    with path.open("r+b") as handle:
        handle.truncate(path.stat().st_size - 5)
    again = writer(new_id=iter_ids("b"))
    again.resume(path, read_tail(path, committed).length)
    third = again.write(make_exchange(sized(b"<p>third")), PROVENANCE)
    again.seal()
    assert (first.filename, third.filename) == (name, name)
    assert [capture.ref for capture in captures(tmp_path / name)] == [first, third]
    assert [record.get("warc-type") for record in scan(tmp_path / name)].count("warcinfo") == 1
    assert list(check([tmp_path / name], advice=True)) == []


def iter_ids(letter):
    numbers = iter(range(1, 1000))
    return lambda: f"urn:uuid:{letter * 8}-0000-4000-8000-{next(numbers):012d}"


def test_another_version_says_so(writer, tmp_path):
    """A file that is taken over by other software gets a second warcinfo that is true from there on."""
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, length = warc.position
    warc.close()
    again = writer(info={"software": "Broadsheet/0.2"}, new_id=iter_ids("c"))
    again.resume(tmp_path / f"{name}.open", length)
    again.write(make_exchange(sized(PAGE)), PROVENANCE)
    again.seal()
    infos = [record.block for record in scan(tmp_path / name) if record.get("warc-type") == "warcinfo"]
    assert [b"Broadsheet/0.1" in infos[0], b"Broadsheet/0.2" in infos[1]] == [True, True]
    assert list(check([tmp_path / name], advice=True)) == []


def test_nothing_but_a_torn_warcinfo(writer, tmp_path):
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, _ = warc.position
    warc.close()
    path = tmp_path / f"{name}.open"
    data = path.read_bytes()
    start = next(captures(path)).ref.offset
    for end in range(start):
        path.write_bytes(data[:end])
        assert read_tail(path, 0).length == 0
    path.write_bytes(data[:start])
    assert read_tail(path, 0).length == start


def test_a_hole_left_by_a_power_cut(writer, tmp_path):
    """The file has its length, but a page in the middle was never written: what follows was not durable either."""
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, committed = warc.position
    second = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    _, good = warc.position
    for _ in range(3):
        warc.write(make_exchange(sized(os.urandom(9000))), PROVENANCE)
    warc.close()
    path = tmp_path / f"{name}.open"
    with path.open("r+b") as handle:
        handle.seek(good + 5000)
        handle.write(bytes(4096))
    tail = read_tail(path, committed)
    assert (tail.length, [item.ref for item in tail.items]) == (good, [second])
    with path.open("r+b") as handle:
        handle.seek(good)
        handle.write(bytes(path.stat().st_size - good))
    assert read_tail(path, committed).length == good


def test_notes_behind_the_committed_length(writer, tmp_path):
    warc = writer()
    page = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, committed = warc.position
    note = warc.write_metadata(page.url, "application/vnd.x+json", b"{}", concurrent_to=page.record_id)
    again = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    warc.close()
    tail = read_tail(tmp_path / f"{name}.open", committed)
    assert tail.items[0] == note
    assert [item.ref for item in tail.items if not isinstance(item, Note)] == [again]
    assert tail.items[1].provenance == PROVENANCE


def test_shorter_than_committed(writer, tmp_path):
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, committed = warc.position
    warc.close()
    assert read_tail(tmp_path / f"{name}.open", committed + 100).length == committed


def test_only_the_tail_is_read(writer, tmp_path):
    """Start-up does not depend on the size of the file (a hole stands for 1 GB of captures here)."""
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, length = warc.position
    warc.close()
    path = tmp_path / f"{name}.open"
    data = path.read_bytes()
    with path.open("r+b") as handle:
        handle.seek(1 << 30)
        handle.write(data)
    begun = time.process_time()
    tail = read_tail(path, 1 << 30)
    assert time.process_time() - begun < 0.5
    assert tail.length == (1 << 30) + length


class Disk:
    """Stands in for the system calls of a disk that gives up after some bytes."""

    def __init__(self, monkeypatch, room):
        self.room = room
        self.stuck = False
        self._pwrite, self._ftruncate = os.pwrite, os.ftruncate
        monkeypatch.setattr(segment.os, "pwrite", self.pwrite)
        monkeypatch.setattr(segment.os, "ftruncate", self.ftruncate)

    def pwrite(self, fd, data, at):
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._pwrite(fd, data[: self.room], at)
        self.room -= written
        return written

    def ftruncate(self, fd, length):
        if self.stuck:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._ftruncate(fd, length)


@pytest.mark.parametrize("room", [0, 1, 300, 1200, 2000])
def test_disk_full(writer, tmp_path, monkeypatch, room):
    """Nothing of a capture that did not fit stays; once there is room, writing goes on."""
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, length = warc.position
    path = tmp_path / f"{name}.open"
    disk = Disk(monkeypatch, room)
    for _ in range(2):
        with pytest.raises(DiskFullError, match="make room"):
            warc.write(make_exchange(sized(os.urandom(5000))), PROVENANCE)
        assert path.stat().st_size == length
        assert [capture.ref for capture in captures(path)] == [first]
    disk.room = 1 << 30
    second = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    warc.seal()
    assert [capture.ref for capture in captures(tmp_path / name)] == [first, second]
    assert list(check([tmp_path / name], advice=True)) == []


def test_disk_full_and_the_torn_end_cannot_be_cut(writer, tmp_path, monkeypatch):
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    name, length = warc.position
    disk = Disk(monkeypatch, 100)
    disk.stuck = True
    with pytest.raises(DiskFullError):
        warc.write(make_exchange(sized(os.urandom(5000))), PROVENANCE)
    disk.room = 1 << 30
    with pytest.raises(CaptureError, match="Input/output error"):  # never over the torn end
        warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    assert read_tail(tmp_path / f"{name}.open", length).length == length
    disk.stuck = False
    second = warc.write(make_exchange(sized(PAGE[:10])), PROVENANCE)
    warc.seal()
    assert [capture.ref for capture in captures(tmp_path / name)] == [first, second]
    assert list(check([tmp_path / name], advice=True)) == []


def test_disk_full_at_the_first_file(writer, tmp_path, monkeypatch):
    disk = Disk(monkeypatch, 50)
    warc = writer()
    with pytest.raises(DiskFullError):
        warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    assert list(tmp_path.iterdir()) == []
    disk.room = 1 << 30
    ref = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    warc.seal()
    assert next(captures(tmp_path / ref.filename)).ref == ref


def test_fsync_that_fails_is_final(writer, monkeypatch):
    """The kernel may have thrown the pages away: a second call that succeeds proves nothing."""
    warc = writer()
    warc.write(make_exchange(sized(PAGE)), PROVENANCE)

    def fails(fd):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(segment.os, "fdatasync", fails)
        with pytest.raises(CaptureError):
            warc.sync()
    for act in (warc.sync, warc.seal, lambda: warc.write(make_exchange(sized(PAGE)), PROVENANCE)):
        with pytest.raises(CaptureError, match="Input/output error"):
            act()
    warc.close()


class Shrinking(io.BytesIO):
    """A spooled body that is shorter when it is read again."""

    def seek(self, *args):
        if self.tell():
            self.truncate(len(self.getvalue()) - 10)
        return super().seek(*args)


def test_a_body_that_changes_is_not_archived(writer, tmp_path):
    warc = writer()
    first = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    _, length = warc.position
    with pytest.raises(CaptureError, match="10 bytes differ"):
        warc.write(make_exchange(Shrinking(sized(PAGE)), response_length=1), PROVENANCE)
    assert warc.position == (first.filename, length)
    warc.seal()
    assert list(check([tmp_path / first.filename], advice=True)) == []


CHILD = """
import sys
from pathlib import Path
from pipelines.archive.writer import WarcWriter
from pipelines.errors import DiskFullError
from pipelines.model import Provenance
from tests.pipelines.archive.exchanges import make_exchange, sized
import os
warc = WarcWriter(Path(sys.argv[1]), prefix="full", info={"software": "test"}, reserve=0)
kept = 0
try:
    while True:
        warc.write(make_exchange(sized(os.urandom(7000))), Provenance())
        kept += 1
except DiskFullError as error:
    print(kept, warc.position[1], error)
warc.seal()
"""


def test_file_size_limit_of_the_system(tmp_path):
    """The same with a real kernel that says no: RLIMIT_FSIZE."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=True,
    )
    kept, length, *_ = done.stdout.split()
    [path] = tmp_path.iterdir()
    assert (path.stat().st_size, path.suffix) == (int(length), ".gz")
    assert len(list(captures(path))) == int(kept) > 10
    assert list(check([path], advice=True)) == []


def test_what_is_written_can_be_read_at_once(writer, tmp_path):
    warc = writer()
    ref = warc.write(make_exchange(sized(PAGE)), PROVENANCE)
    assert [item.ref for item in records(tmp_path / f"{ref.filename}.open")] == [ref]
    warc.close()


KILLED = """
import os, sys
from pathlib import Path
from pipelines.archive.recover import read_tail
from pipelines.archive.writer import WarcWriter
from pipelines.model import Provenance
from tests.pipelines.archive.exchanges import chunked, make_exchange, sized
folder, committed = Path(sys.argv[1]), int(sys.argv[2])
warc = WarcWriter(folder, prefix="kill", info={"software": "test"}, reserve=0)
for path in folder.glob("*.open"):
    tail = read_tail(path, committed)
    warc.resume(path, tail.length)
    print("tail", *(item.ref.record_id for item in tail.items), flush=True)
while True:
    body = os.urandom(int.from_bytes(os.urandom(2), "big"))
    ref = warc.write(make_exchange(sized(body) if body[:1] < b"a" else chunked(body, 3000)), Provenance())
    print("wrote", ref.record_id, flush=True)
    if int(ref.record_id[9:10], 16) < 3:
        warc.sync()
        print("synced", warc.position[1], flush=True)
"""


def test_killed_again_and_again(tmp_path):
    """Every capture that was acknowledged is there once, and the file is whole, after six kills while it grows."""
    acknowledged, committed = [], 0
    for turn in range(6):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(committed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            output = []
            for line in child.stdout:
                output.append(line)
                if len(output) == 10 + 11 * turn:
                    child.kill()
        for line in output:
            what, *values = line.split()
            if what == "wrote":
                acknowledged += values
            elif what == "tail":
                acknowledged += [value for value in values if value not in acknowledged]
            else:
                committed = int(values[0])
    [path] = tmp_path.iterdir()
    kept = read_tail(path, 0)
    found = [item.ref.record_id for item in kept.items]
    assert set(found) >= set(acknowledged)
    assert len(found) == len(set(found)) <= len(acknowledged) + 1  # the last may have come through unheard
    with path.open("r+b") as handle:
        handle.truncate(kept.length)
    assert list(check([path], advice=True)) == []
