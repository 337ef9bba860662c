"""The journal: what is put is there, whoever else writes, and however the process ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError, InstgenError, OutputFailed
from instgen.journal import Journal, NoJournal, Put, SqliteJournal, completion_from_json, completion_to_json
from instgen.journal.rows import ROWS
from instgen.journal.sqlite import _mode_set
from instgen.records import Completion, Usage

KEY = b"k" * 16
FULL = Completion("text", "length", "because", "", Usage(3, 4, 1, 2, True), 0.25, "a/b", "host")


def keep_all(journal: Journal, completions: Mapping[bytes, Completion]) -> dict[bytes, Completion]:
    """What is to be used once the journal has kept completions."""
    told: SimpleQueue[Sequence[Put]] = SimpleQueue()
    journal.on_settled = told.put
    for key, completion in completions.items():
        journal.put(key, completion)
    settled: list[Put] = []
    while len(settled) < len(completions):
        settled += told.get(timeout=10)
    for put in settled:
        if put.problem:
            raise put.problem
    return {put.key: put.completion for put in settled}


def keep(journal: Journal, completion: Completion, key: bytes = KEY) -> Completion:
    return keep_all(journal, {key: completion})[key]


def kept(journal: Journal) -> Completion | None:
    return journal.find([KEY]).get(KEY)


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Keeps everybody else from writing."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@given(
    st.builds(
        Completion,
        text=st.text(),
        finish=st.sampled_from(["stop", "length", "refusal", "failed"]),
        reasoning=st.text(),
        usage=st.builds(Usage, prompt=st.integers(0, 10**9)),
        cost=st.none() | st.floats(0, 10),
    )
)
def test_a_completion_survives_its_json(completion: Completion) -> None:
    assert completion_from_json(completion_to_json(completion)) == completion


def test_what_is_put_is_found_by_this_and_the_next_run(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "a" / "journal.sqlite")
    assert kept(journal) is None
    assert keep(journal, FULL) == FULL
    assert kept(journal) == FULL
    journal.close()
    with contextlib.closing(SqliteJournal(tmp_path / "a" / "journal.sqlite")) as journal:
        assert kept(journal) == FULL


def test_many_are_found_at_once_and_the_missing_are_left_out(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keys = [number.to_bytes(16, "big") for number in range(3 * ROWS)]
    keep_all(journal, {key: Completion(key.hex()) for key in keys[::2]})
    assert journal.find(keys) == {key: Completion(key.hex()) for key in keys[::2]}
    assert journal.find([]) == {}
    journal.close()


def test_a_journal_ordered_by_its_keys_as_earlier_ones_are_is_gone_on_with(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        columns = "key BLOB PRIMARY KEY, at REAL NOT NULL, finish TEXT NOT NULL, completion BLOB NOT NULL"
        db.execute(f"CREATE TABLE completions ({columns}) WITHOUT ROWID")
        db.execute("INSERT INTO completions VALUES (?, 0, 'stop', ?)", (KEY, completion_to_json(FULL)))
    db.close()
    journal = SqliteJournal(tmp_path / "j")
    assert keep(journal, Completion("later")) == FULL
    assert keep(journal, Completion("another"), b"x" * 16) == Completion("another")
    journal.close()


def test_file_and_folder_are_private_whatever_the_umask(tmp_path: Path) -> None:
    SqliteJournal(tmp_path / "new" / "journal.sqlite").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "journal.sqlite").stat().st_mode) == 0o600


def test_the_first_of_two_processes_wins_and_both_use_its_completion(tmp_path: Path) -> None:
    one, other = SqliteJournal(tmp_path / "j"), SqliteJournal(tmp_path / "j")
    keep(one, Completion("first"))
    assert keep(other, Completion("second")) == Completion("first")
    one.close()
    other.close()


def test_a_failure_is_replaced_only_by_a_run_that_retries(tmp_path: Path) -> None:
    failed, good = Completion("", "failed", error="no"), Completion("yes")
    journal = SqliteJournal(tmp_path / "j")
    keep(journal, failed)
    assert keep(journal, good) == failed
    journal.close()
    retrying = SqliteJournal(tmp_path / "j", retry_failed=True)
    assert kept(retrying) is None
    assert keep(retrying, good) == good
    assert keep(retrying, failed) == good
    retrying.close()


def _put_many(path: Path, start: int) -> None:
    journal = SqliteJournal(path)
    keep_all(journal, {number.to_bytes(16, "big"): Completion(str(number)) for number in range(start, start + 300)})
    journal.close()


def test_processes_share_one_file(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_put_many, args=(tmp_path / "j", start)) for start in (0, 200, 400)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with contextlib.closing(SqliteJournal(tmp_path / "j")) as journal:
        assert sum(1 for _ in journal.entries()) == 700


def test_entries_and_prune(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keep(journal, FULL)
    (entry,) = journal.entries()
    assert (entry.key, entry.completion) == (KEY.hex(), FULL)
    assert journal.prune(entry.at) == 0
    assert journal.prune(entry.at + 1) == 1
    journal.close()


def test_a_file_that_is_no_journal_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("this is not a database, and long enough to be sure of it " * 20)
    with pytest.raises(InputError, match="not a journal") as told:
        SqliteJournal(tmp_path / "j")
    assert told.value.hint == "name another file with --journal"


@pytest.mark.parametrize(
    "damaged",
    [b"{", b"[]", b"{}", b"\xff", completion_to_json(FULL).replace(b"cached", b"cashed")],
    ids=["cut", "a list", "empty", "not UTF-8", "a bit"],
)
def test_a_completion_that_was_damaged_is_told_in_one_line(tmp_path: Path, damaged: bytes) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keep(journal, FULL)
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("UPDATE completions SET completion = ?", (damaged,))
    db.close()
    for reading in (lambda: journal.find([KEY]), lambda: list(journal.entries()), lambda: keep(journal, FULL)):
        with pytest.raises(InputError, match="damaged"):
            reading()
    journal.close()


@pytest.mark.parametrize(
    "damaged",
    [b"{", b"[]", b"{}", b"\xff", b'{"teacher":"a/b"}', b'{"usage":{"prompt":1,"completion":1}}'],
    ids=["cut", "a list", "empty", "not UTF-8", "no usage", "no teacher"],
)
def test_totals_of_a_damaged_completion_are_an_input_error(tmp_path: Path, damaged: bytes) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keep_all(journal, {KEY: FULL, b"x" * 16: FULL})
    assert [(total.completions, total.tokens, total.cost) for total in journal.bought()] == [(2, 14, 0.5)]
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("UPDATE completions SET completion = ? WHERE key = ?", (damaged, KEY))
    db.close()
    with pytest.raises(InputError, match="the journal is damaged: unreadable completion") as told:
        list(journal.bought())
    assert ".recover" in told.value.hint
    journal.close()


def test_a_failed_read_is_not_reported_as_a_failed_write(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    journal._reader.execute("DROP TABLE completions")
    for reading in (lambda: journal.find([KEY]), lambda: list(journal.entries())):
        with pytest.raises(OutputFailed, match=r"cannot be read: no such table") as told:
            reading()
        assert "disk" not in told.value.hint
    journal.close()


def test_a_file_that_was_damaged_is_told_apart_from_one_that_is_no_journal(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keep(journal, FULL)
    journal.close()
    pages = bytearray((tmp_path / "j").read_bytes())
    pages[4096:4196] = b"\xff" * 100
    (tmp_path / "j").write_bytes(pages)
    with pytest.raises(InputError, match=r"the journal is damaged .*malformed") as told:
        list(SqliteJournal(tmp_path / "j").entries())
    assert ".recover" in told.value.hint


def test_a_newer_journal_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InputError, match="newer"):
        SqliteJournal(tmp_path / "j")


@pytest.mark.parametrize("table", ["places (url TEXT)", "completions (name TEXT)"])
def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path, table: str) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute(f"CREATE TABLE {table}")
    db.close()
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(InputError, match="another program"):
        SqliteJournal(tmp_path / "j")
    assert (tmp_path / "j").read_bytes() == before


def test_a_run_that_retries_knows_its_own_failures_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = SqliteJournal(tmp_path / "j", retry_failed=True)
    monkeypatch.setattr("instgen.journal.sqlite.time.time", lambda: 0.0)
    failed = Completion("", "failed", error="no")
    keep(journal, failed)
    assert kept(journal) == failed
    journal.close()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="cannot be opened"):
        SqliteJournal(tmp_path / "file" / "j")


def test_a_disk_that_fills_up_is_told_and_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    keep(journal, FULL)
    journal._writer.execute("PRAGMA max_page_count = 1")  # SQLite's own way to be out of space
    with pytest.raises(InstgenError, match=r"cannot be written: .*full") as told:
        keep(journal, Completion("y" * 100_000), b"x" * 16)
    assert "free some disk space" in told.value.hint
    assert kept(journal) == FULL
    journal.close()


def test_without_a_journal_nothing_is_found_and_everything_is_used_at_once() -> None:
    journal = NoJournal()
    assert keep(journal, FULL) == FULL
    assert kept(journal) is None


def test_a_new_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "j.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.05, other.close).start()
    SqliteJournal(tmp_path / "j.sqlite").close()


def test_what_was_put_before_a_look_and_kept_after_it_is_found(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    told: SimpleQueue[Sequence[Put]] = SimpleQueue()
    journal.on_settled = told.put
    with holding(tmp_path / "j"):
        journal.put(KEY, FULL)
        assert journal.find([b"x" * 16]) == {}
    told.get(timeout=10)
    assert kept(journal) == FULL
    journal.close()


def test_what_cannot_be_kept_does_not_keep_out_what_comes_after(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    with pytest.raises(TypeError):
        keep(journal, Completion("more than JSON has room for", usage=Usage(prompt=2**70)))
    assert keep(journal, FULL) == FULL
    journal.close()


def test_nobody_who_waits_waits_for_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instgen.journal.sqlite.PAUSE", 1e9)
    monkeypatch.setattr("instgen.journal.sqlite.LONGEST_PAUSE", 3600.0)
    journal = SqliteJournal(tmp_path / "j")
    told: SimpleQueue[Sequence[Put]] = SimpleQueue()
    journal.on_settled = told.put
    for key in (b"a" * 16, b"b" * 16):
        journal.put(key, FULL)
        journal.hurry()
        told.get(timeout=10)
    journal.put(KEY, FULL)
    closing = threading.Thread(target=journal.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY])
def test_a_lock_that_is_held_is_waited_for_whatever_it_is_held_for(code: int) -> None:
    class Locked:
        tries = 0

        def execute(self, statement: str) -> Locked:
            self.tries += 1
            if self.tries == 1:
                problem = sqlite3.OperationalError("database is locked")
                problem.sqlite_errorcode = code
                raise problem
            return self

        def fetchone(self) -> tuple[str]:
            return ("wal",)

    assert _mode_set(cast(sqlite3.Connection, Locked()), "WAL") == "wal"


def test_the_log_does_not_grow_with_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("instgen.journal.sqlite.MOVE_AFTER", 30)
    journal = SqliteJournal(tmp_path / "j")
    for batch in range(30):
        keys = [bytes([batch, number]) * 8 for number in range(10)]
        assert journal.find(keys) == {}
        keep_all(journal, dict.fromkeys(keys, Completion("x" * 3000)))
    size = (tmp_path / "j").with_name("j-wal").stat().st_size
    journal.close()
    assert size < 300 * 3000 / 2
