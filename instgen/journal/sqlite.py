"""The journal in one SQLite file, written by one thread.

The rule: a completion is on disk before anything is made from it. `put` passes it to the single writer thread, which
commits the queue after a short pause, so that a burst shares one fsync, and only then reports it. `hurry` skips the
pause. What is reported is what the file holds: if another process stored an answer under the same key first, that one
is used.

Values are JSON; the file has mode 0600 in a folder of mode 0700; API keys never get here. Reads and writes are batched:
every statement releases the GIL, and reacquiring it while other threads work costs more than the statement itself.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

from instgen.errors import InputError
from instgen.journal.failures import ELSEWHERE, Damaged, primary_code, translated
from instgen.journal.rows import (
    BOUGHT,
    COLUMNS,
    FIND,
    INSERT,
    INSERT_OVER_FAILED,
    ROW,
    SCHEMA_VERSION,
    TABLE,
    Bought,
    Entry,
    completion_from_json,
    completion_to_json,
    parts,
    repeated,
)
from instgen.journal.store import Put, Settled, ignore
from instgen.records import Completion

LOOK_SECONDS = 0.05
"""How long a read snapshot is reused before rows that other processes have committed are looked for."""
PAUSE, LONGEST_PAUSE = 4.0, 0.02
"""The pause after a commit: this multiple of the commit's duration, but at most this many seconds. A commit costs as
much as writing twenty rows, so committing less often takes a tenth off a call. A process that is killed outright loses
the completions of one pause and buys them again; one that is stopped by a signal loses nothing."""
MOVE_AFTER = 4096
"""Rows committed, some 10 MB, after which the write-ahead log is checkpointed with no reader of ours open: a log that
always has a reader is never restarted, so it grows (sqlite.org, "Write-Ahead Logging", section 6)."""
BUSY_PAUSE, BUSY_SECONDS = 0.005, 60.0
"""Seconds between tries for a lock that SQLite does not wait for by itself, and seconds to wait for any lock."""
NETWORK_FILE_SYSTEMS = frozenset(
    ("9p", "afs", "ceph", "cifs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs")
)
"""File systems on which WAL cannot rely on shared memory (sqlite.org, "Write-Ahead Logging", section 1)."""


class SqliteJournal:
    """A journal in one file, which processes may share; call its methods only in the thread that opened it."""

    def __init__(self, path: Path, *, retry_failed: bool = False) -> None:
        """Open the file, creating it and its folder if they are missing.

        Args:
            path: the SQLite file.
            retry_failed: whether earlier failures count as missing, and are replaced by new answers.

        Raises:
            InputError: the file is not a journal, or was written by a newer version.
            OutputFailed: it cannot be created, opened or written.
        """
        self.path = path
        self.warning = ""
        """One line for the user if the file system does not support WAL; else ""."""
        self.on_settled: Settled = ignore
        self._retry_failed = retry_failed
        self._failures_from = time.time() if retry_failed else -math.inf
        """Failures stored before this time count as missing."""
        self._failed_here: set[bytes] = set()
        """Keys that failed in this run; they never count as missing, even if the clock was set back."""
        self._queue: SimpleQueue[Put | None] = SimpleQueue()
        with translated(path, "opened"):
            _make_private(path)
            self._reader = self._connect()
            self._writer = self._connect()
        self._hurry = threading.Event()
        self._recent: set[bytes] = set()
        """Keys committed since the reader's snapshot was taken, and perhaps some from just before."""
        self._looked_at = -math.inf
        self._unmoved = 0
        """Rows committed since the last complete checkpoint."""
        self._thread = threading.Thread(target=self._write_until_closed, name="journal", daemon=True)
        self._thread.start()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The stored completions, by key, of those keys that have one.

        With `retry_failed`, failures count as missing, except this run's own: all prompts with the same key get the
        same answer.

        Raises:
            InputError: the file is damaged, or a completion in it cannot be read.
            OutputFailed: the file cannot be accessed.
        """
        with translated(self.path, "read"):
            self._renew_snapshot_if_due(keys)
            rows = [row for part in parts(keys) for row in self._reader.execute(repeated(FIND, "?", part), part)]
            return {
                key: completion_from_json(completion)
                for key, at, finish, completion in rows
                if not (finish == "failed" and at < self._failures_from and key not in self._failed_here)
            }

    def put(self, key: bytes, completion: Completion) -> None:
        """Queue a completion for the next commit, after which `on_settled` is called in the journal's thread."""
        self._queue.put(Put(key, completion))

    def hurry(self) -> None:
        """Have the queue committed without a pause."""
        self._hurry.set()

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first.

        Raises:
            InputError, OutputFailed: as in `find`.
        """
        with translated(self.path, "read"):
            self._end_snapshot()
            rows = self._reader.execute("SELECT key, at, completion FROM completions ORDER BY at, key")
            for key, at, completion in rows:
                yield Entry(key.hex(), at, completion_from_json(completion))

    def bought(self) -> Iterator[Bought]:
        """The totals of each teacher, sorted by name.

        Raises:
            InputError, OutputFailed: as in `find`.
        """
        with translated(self.path, "read"):
            self._end_snapshot()
            yield from self._bought()

    def prune(self, before: float) -> int:
        """Delete the entries older than `before`, in seconds since 1970; returns how many there were.

        Raises:
            InputError, OutputFailed: as in `find`.
        """
        with translated(self.path, "written"):
            self._end_snapshot()
            return self._reader.execute("DELETE FROM completions WHERE at < ?", (before,)).rowcount

    def close(self) -> None:
        """Commit the queue, then close the file."""
        self._queue.put(None)
        self.hurry()
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _renew_snapshot_if_due(self, keys: Sequence[bytes]) -> None:
        """Renew the reader's snapshot if it is old, or if the writer has since committed one of the keys.

        After each commit a new snapshot rereads its pages, which costs 0.1 ms with many calls in flight; within one
        transaction the cached pages stay valid. Without WAL no snapshot is held, as it would block the writer.
        """
        now = time.monotonic()
        moves = self._unmoved >= MOVE_AFTER
        is_fresh = self._reader.in_transaction and not moves and now < self._looked_at + LOOK_SECONDS
        if is_fresh and self._recent.isdisjoint(keys):
            return
        self._end_snapshot()
        if self._is_wal and not moves:
            self._reader.execute("BEGIN")
            self._looked_at = now

    def _end_snapshot(self) -> None:
        """End the reader's transaction, so that its next statement sees every commit."""
        if self._reader.in_transaction:
            self._reader.execute("COMMIT")
        self._recent.clear()

    def _bought(self) -> Iterator[Bought]:
        try:
            for teacher, completions, tokens, cost in self._reader.execute(BOUGHT):
                if teacher is None or tokens is None:
                    raise Damaged("a teacher or a usage is missing")
                yield Bought(teacher, completions, tokens, cost)
        except sqlite3.OperationalError as problem:
            if primary_code(problem) == sqlite3.SQLITE_ERROR:  # the statement is fixed, so a row is not JSON
                raise Damaged(str(problem)) from problem
            raise

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = FULL")
        self._check_ours(db)
        wanted = "DELETE" if _on_network_drive(self.path) else "WAL"
        self._is_wal = _mode_set(db, wanted) == "wal"
        if not self._is_wal:
            self.warning = f"the journal {self.path} is on a file system without WAL: it is slower, and best not shared"
        db.execute(TABLE)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return db

    def _check_ours(self, db: sqlite3.Connection) -> None:
        """Raise InputError, before anything is changed, for a newer version's journal or a foreign database."""
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise InputError(str(self.path), "this journal was written by a newer instgen", "upgrade instgen")
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        columns = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('completions')")}
        if tables and not columns >= COLUMNS:
            raise InputError(str(self.path), "is another program's database", ELSEWHERE)

    def _write_until_closed(self) -> None:
        closed = False
        took = ended = 0.0
        while not closed:
            batch = [self._queue.get()]
            self._hurry.wait(ended + min(PAUSE * took, LONGEST_PAUSE) - time.monotonic())
            self._hurry.clear()
            while not self._queue.empty():
                batch.append(self._queue.get())
            closed = None in batch
            puts = [put for put in batch if put is not None]
            if puts:
                began = time.monotonic()
                self._settle(puts)
                ended = time.monotonic()
                took = ended - began

    def _settle(self, puts: list[Put]) -> None:
        """Commit a batch, and report what is stored, or why nothing is."""
        try:
            with translated(self.path, "written"):
                self._commit(puts)
        except Exception as failure:  # pass on every error, bugs included, or the run would wait forever
            for put in puts:
                put.problem = failure
        else:
            if self._retry_failed:
                self._failed_here.update(put.key for put in puts if put.completion.finish == "failed")
            self._recent.update(put.key for put in puts)
            self._unmoved += len(puts)
        self.on_settled(puts)
        if self._unmoved >= MOVE_AFTER:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Copy the log's rows into the main file, so that the log restarts, unless a reader is still using it."""
        with contextlib.suppress(sqlite3.Error):  # the next commit will report what is wrong
            _, logged, moved = self._writer.execute("PRAGMA wal_checkpoint").fetchone()
            if logged == moved:
                self._unmoved = 0

    def _commit(self, puts: list[Put]) -> None:
        """Store a batch in one transaction, then give each put the completion that the file holds."""
        now = time.time()
        rows = [(put.key, now, put.completion.finish, completion_to_json(put.completion)) for put in puts]
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            stored = sum(map(self._insert, parts(rows)))
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise
        if stored < len(puts):
            for put in puts:
                put.completion = self._kept(put.key)

    def _insert(self, rows: Sequence[tuple[bytes, float, str, bytes]]) -> int:
        """Store rows by one statement; returns how many were inserted or replaced a failure."""
        statement = repeated(INSERT_OVER_FAILED if self._retry_failed else INSERT, ROW, rows)
        return self._writer.execute(statement, tuple(itertools.chain.from_iterable(rows))).rowcount

    def _kept(self, key: bytes) -> Completion:
        (data,) = self._writer.execute("SELECT completion FROM completions WHERE key = ?", (key,)).fetchone()
        return completion_from_json(data)


def _make_private(path: Path) -> None:
    """Create the folder (mode 0700) and the file (mode 0600), whatever the umask, if they are missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _mode_set(db: sqlite3.Connection, wanted: str) -> str:
    """Set the journal mode and return the one in effect. SQLite does not wait for this lock, so we do."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return str(db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])
        except sqlite3.OperationalError as problem:
            if primary_code(problem) != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(BUSY_PAUSE)


def _on_network_drive(path: Path) -> bool:
    """Whether the file is on a network file system according to `/proc/mounts`; False if that cannot be read."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines()]
    except OSError:
        return False
    here = path.resolve()
    holding = [(len(mount[1]), mount[2]) for mount in mounts if here.is_relative_to(mount[1])]
    return max(holding, default=(0, ""))[1] in NETWORK_FILE_SYSTEMS
