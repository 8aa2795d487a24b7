"""The ledger: all or nothing, one writer, one process."""

import sqlite3
import subprocess
import sys

import pytest

from pipelines.errors import BusyError, LedgerError
from pipelines.model import CaptureRef, Provenance, Role
from pipelines.records.ledger import MIGRATIONS, Ledger, Lock


def ref(number: int, **changes) -> CaptureRef:
    values = {
        "filename": "a.warc.gz", "offset": number * 100, "length": 100, "record_id": f"urn:uuid:{number}",
        "url": f"https://herald.example/{number}", "date": "2026-03-01T00:00:00Z", "type": "response",
        "payload_digest": f"sha1:{number}",
    }  # fmt: skip
    return CaptureRef(**{**values, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def test_what_was_not_committed_is_gone(path):
    ledger = Ledger(path)
    run, name, resumed = ledger.open_run("20260301T000000Z", "2026-03-01T00:00:00Z")
    assert not resumed
    ledger.add_capture(run, ref(1), Provenance(), 200)
    ledger.commit()
    ledger.add_capture(run, ref(2), Provenance(), 200)
    ledger.close(commit=False)
    ledger = Ledger(path)
    assert ledger.open_run("other", "later") == (run, name, True)
    assert [found.record_id for _, found, _ in ledger.unsettled(run)] == ["urn:uuid:1"]
    ledger.close()


def test_runs_follow_each_other_by_name_though_the_clock_goes_back(path):
    ledger = Ledger(path)
    names = []
    for name in ("20260301T235959Z", "20260301T235959Z", "20260228T000000Z"):
        run, given, _ = ledger.open_run(name, "")
        ledger.end_run(run, "", "complete")
        names.append(given)
    assert names == ["20260301T235959Z", "20260302T000000Z", "20260302T000001Z"]
    ledger.close()


def test_unsettled_captures_come_in_order_with_their_role(path):
    ledger = Ledger(path)
    rows = [ledger.add_capture(1, ref(n), Provenance(role=Role.SECTION, outlet="herald"), 200) for n in range(4)]
    ledger.settle_capture(rows[1], "article")
    found = list(ledger.unsettled(1))
    assert [row for row, _, _ in found] == [rows[0], rows[2], rows[3]]
    assert found[0][1:] == (ref(0), Provenance(role=Role.SECTION, outlet="herald"))
    assert ledger.outcomes(1) == {"herald": {"article": 1, "waiting": 3}}
    ledger.close()


def test_captures_beyond_the_file_are_forgotten(path):
    ledger = Ledger(path)
    for number in range(3):
        ledger.add_capture(1, ref(number), Provenance(), 200)
    assert ledger.forget_captures(1, "a.warc.gz", 250) == ["https://herald.example/2"]
    assert len(list(ledger.unsettled(1))) == 2
    ledger.close()


def test_payloads_are_found_by_digest_and_address(path):
    ledger = Ledger(path)
    ledger.add_capture(1, ref(1), Provenance(), 200)
    ledger.add_capture(1, ref(2, type="revisit", payload_digest="sha1:1", refers_to="urn:uuid:1"), Provenance(), 200)
    assert ledger.payload("sha1:1")[:3] == ("urn:uuid:1", "https://herald.example/1", "2026-03-01T00:00:00Z")
    assert ledger.payload("sha1:9") is None
    assert ledger.last_response("https://herald.example/1")[0] == "urn:uuid:1"
    assert ledger.last_response("https://herald.example/2") is None
    ledger.close()


def test_site_memory_of_earlier_runs_comes_without_a_place(path):
    ledger = Ledger(path)
    ledger.remember_site("herald.example", 1, "a", 10, "first")
    ledger.remember_site("herald.example", 1, None, None, "last")
    ledger.remember_site("herald.example", 2, "b", 20, "noted")
    assert list(ledger.memories(2)) == [("herald.example", None, None, "last"), ("herald.example", "b", 20, "noted")]
    ledger.forget_old_memories()
    assert list(ledger.memories(3)) == [("herald.example", None, None, "noted")]
    ledger.close()


def test_a_file_that_is_no_ledger_is_refused(path):
    path.write_bytes(b"certainly not SQLite" * 100)
    with pytest.raises(LedgerError, match="rebuild"):
        Ledger(path)


def test_a_ledger_of_the_future_is_refused(path):
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(LedgerError, match="update"):
        Ledger(path)


def test_one_process_at_a_time(tmp_path):
    lock = Lock(tmp_path)
    script = f"from pathlib import Path; from pipelines.records.ledger import Lock; Lock(Path({str(tmp_path)!r}))"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "BusyError" in other.stderr
    with pytest.raises(BusyError, match="let it end first"):
        Lock(tmp_path)
    lock.release()
    Lock(tmp_path).release()


def test_after_an_error_everything_is_refused(path):
    """SQLite may roll back by itself; what came after would then be durable without what came before."""
    ledger = Ledger(path)
    ledger.add_capture(1, ref(1), Provenance(), 200)
    with pytest.raises(LedgerError):
        ledger.execute("INSERT INTO no_such_table VALUES (1)")
    for attempt in (ledger.commit, lambda: ledger.set_file(1, "a", 1)):
        with pytest.raises(LedgerError):
            attempt()
    ledger.close()
    ledger = Ledger(path)
    assert list(ledger.unsettled(1)) == []
    ledger.close()


def test_a_cut_or_failed_response_is_nothing_to_refer_to(path):
    ledger = Ledger(path)
    ledger.add_capture(1, ref(1, payload_digest="sha1:x"), Provenance(), 200, whole=False)
    ledger.add_capture(1, ref(2, payload_digest="sha1:x"), Provenance(), 503)
    row = ledger.add_capture(1, ref(3, payload_digest="sha1:x"), Provenance(), 200)
    ledger.settle_capture(row, "extract-error")
    assert ledger.payload("sha1:x") is None
    ledger.add_capture(1, ref(4, payload_digest="sha1:x"), Provenance(), 200)
    assert ledger.payload("sha1:x").record_id == "urn:uuid:4"
    ledger.close()
