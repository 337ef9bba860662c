"""The journal: what is put is there, whoever else writes, and however the process ends."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError, InstgenError, OutputFailed
from instgen.journal import NoJournal, SqliteJournal, completion_from_json, completion_to_json
from instgen.records import Completion, Usage

KEY = b"k" * 16
FULL = Completion("text", "length", "because", "", Usage(3, 4, 1, 2, True), 0.25, "a/b", "host")


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
    assert journal.get(KEY) is None
    assert journal.put(KEY, FULL).result() == FULL
    assert journal.get(KEY) == FULL
    journal.close()
    assert SqliteJournal(tmp_path / "a" / "journal.sqlite").get(KEY) == FULL


def test_file_and_folder_are_private_whatever_the_umask(tmp_path: Path) -> None:
    SqliteJournal(tmp_path / "new" / "journal.sqlite").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "journal.sqlite").stat().st_mode) == 0o600


def test_the_first_of_two_processes_wins_and_both_use_its_completion(tmp_path: Path) -> None:
    one, other = SqliteJournal(tmp_path / "j"), SqliteJournal(tmp_path / "j")
    one.put(KEY, Completion("first")).result()
    assert other.put(KEY, Completion("second")).result() == Completion("first")
    one.close()
    other.close()


def test_a_failure_is_replaced_only_by_a_run_that_retries(tmp_path: Path) -> None:
    failed, good = Completion("", "failed", error="no"), Completion("yes")
    journal = SqliteJournal(tmp_path / "j")
    journal.put(KEY, failed).result()
    assert journal.put(KEY, good).result() == failed
    journal.close()
    retrying = SqliteJournal(tmp_path / "j", retry_failed=True)
    assert retrying.get(KEY) is None
    assert retrying.put(KEY, good).result() == good
    assert retrying.put(KEY, failed).result() == good
    retrying.close()


def _put_many(path: Path, start: int) -> None:
    journal = SqliteJournal(path)
    for future in [
        journal.put(number.to_bytes(16, "big"), Completion(str(number))) for number in range(start, start + 300)
    ]:
        future.result()
    journal.close()


def test_processes_share_one_file(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_put_many, args=(tmp_path / "j", start)) for start in (0, 200, 400)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert sum(1 for _ in SqliteJournal(tmp_path / "j").entries()) == 700


def test_entries_and_prune(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    journal.put(KEY, FULL).result()
    (entry,) = journal.entries()
    assert (entry.key, entry.completion) == (KEY.hex(), FULL)
    assert journal.prune(entry.at) == 0
    assert journal.prune(entry.at + 1) == 1
    journal.close()


def test_a_file_that_is_no_journal_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("this is not a database, and long enough to be sure of it " * 20)
    with pytest.raises(InputError, match="not a journal"):
        SqliteJournal(tmp_path / "j")


def test_a_newer_journal_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(InputError, match="newer"):
        SqliteJournal(tmp_path / "j")


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="cannot be opened"):
        SqliteJournal(tmp_path / "file" / "j")


def test_a_disk_that_fills_up_fails_the_future_and_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j")
    journal.put(KEY, FULL).result()
    journal._writer.execute("PRAGMA max_page_count = 1")  # SQLite's own way to be out of space
    with pytest.raises(InstgenError, match="full"):
        journal.put(b"x" * 16, Completion("y" * 100_000)).result()
    assert journal.get(KEY) == FULL
    journal.close()


def test_without_a_journal_nothing_is_found_and_everything_is_used_at_once() -> None:
    journal = NoJournal()
    assert journal.put(KEY, FULL).result() == FULL
    assert journal.get(KEY) is None
