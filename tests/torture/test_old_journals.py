"""A journal that another version wrote is gone on with, or refused in one line and left as it is."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.torture.runs import JOURNAL, Known, asked, copy_of, kept, learned, prepare, run, stderr, undisturbed

DONE, REFUSED = 0, 4
LINE = ("respond", "rows.jsonl", "--max-failures", "100%", "--journal", JOURNAL, "-q", "-o", "a.jsonl")
FIRST = """
CREATE TABLE completions (
    key BLOB PRIMARY KEY, at REAL NOT NULL, finish TEXT NOT NULL, completion BLOB NOT NULL
) WITHOUT ROWID
"""
"""As the first journals were made; ordered by their keys."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    base = tmp_path_factory.mktemp("old")
    folder = base / "prepared"
    prepare(folder)
    rows = (f'{{"instruction": "Name tree {number}."}}\n' for number in range(100))
    (folder / "rows.jsonl").write_text("".join(rows))
    digests = learned(folder, *LINE)
    return undisturbed(copy_of(folder, base / "undisturbed", "rows.jsonl"), digests, ("a.jsonl",), LINE)


def rows_of(journal: Path) -> list[tuple[bytes, float, str, bytes]]:
    with contextlib.closing(sqlite3.connect(journal)) as db:
        return db.execute("SELECT key, at, finish, completion FROM completions ORDER BY key").fetchall()


def written_by_the_first(known: Known, place: Path, version: int, mode: str, share: float) -> None:
    rows = rows_of(known.folder / JOURNAL)
    with contextlib.closing(sqlite3.connect(place / JOURNAL, isolation_level=None)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
        db.execute(FIRST)
        db.executemany("INSERT INTO completions VALUES (?, ?, ?, ?)", rows[: int(len(rows) * share)])
        db.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
@pytest.mark.parametrize("version", [0, 1])
def test_a_journal_of_the_first_version_is_gone_on_with(
    version: int, mode: str, share: float, known: Known, tmp_path: Path
) -> None:
    place = copy_of(known.folder, tmp_path / "place", "rows.jsonl")
    written_by_the_first(known, place, version, mode, share)
    before = rows_of(place / JOURNAL)
    paid = {known.digests[key] for key, *_ in before}
    assert run(place, LINE) == [DONE], stderr(place)
    assert known.differing(place) == []
    assert paid.isdisjoint(asked(place))
    assert len(asked(place)) + len(paid) == len(known.digests)
    after = rows_of(place / JOURNAL)
    assert set(before) <= set(after), "what was there is as it was"
    assert len(after) == len(known.digests)


def refused(known: Known, place: Path, *words: str) -> None:
    """A run on the journal of a place ends in one line with these words, and changes nothing in it."""
    before = (place / JOURNAL).read_bytes()
    assert run(place, LINE) == [REFUSED]
    (first, *others) = stderr(place).splitlines()
    assert first.startswith(f"instgen: {JOURNAL}: ")
    assert all(word in first for word in words), first
    assert all(line.startswith("  ") for line in others), "one line, and what to do about it"
    assert (place / JOURNAL).read_bytes() == before
    assert asked(place) == []
    assert not (place / "a.jsonl").exists()


def test_a_newer_journal_is_left_as_it_is(known: Known, tmp_path: Path) -> None:
    place = copy_of(known.folder, tmp_path / "place", "rows.jsonl", JOURNAL)
    with contextlib.closing(sqlite3.connect(place / JOURNAL, isolation_level=None)) as db:
        db.execute("ALTER TABLE completions ADD COLUMN more TEXT")
        db.execute("PRAGMA user_version = 2")
    refused(known, place, "newer")
    assert len(kept(place)) == len(known.digests)


def test_the_database_of_another_program_is_left_as_it_is(known: Known, tmp_path: Path) -> None:
    place = copy_of(known.folder, tmp_path / "place", "rows.jsonl")
    with contextlib.closing(sqlite3.connect(place / JOURNAL, isolation_level=None)) as db:
        db.execute("CREATE TABLE places (url TEXT)")
        db.execute("INSERT INTO places VALUES ('x')")
    refused(known, place, "another program")


@pytest.mark.parametrize("what", ["a table that is not ours", "a folder", "a text"])
def test_what_is_no_journal_is_told(what: str, known: Known, tmp_path: Path) -> None:
    place = copy_of(known.folder, tmp_path / "place", "rows.jsonl")
    if what == "a text":
        (place / JOURNAL).write_text("a text, and no database\n" * 100)
        refused(known, place, "not a journal")
    elif what == "a folder":
        (place / JOURNAL).mkdir()
        assert run(place, LINE) == [2]
        assert stderr(place).startswith(f"instgen: {JOURNAL}: ")
    else:
        with contextlib.closing(sqlite3.connect(place / JOURNAL, isolation_level=None)) as db:
            db.execute("CREATE TABLE completions (name TEXT)")
            db.execute("INSERT INTO completions VALUES ('x')")
        refused(known, place)
