"""Completions that were paid for, kept: one SQLite file that any number of runs may share.

The rule: a completion is on disk before anything is made of it. `put` hands it to the one writer thread, which commits
what is queued after a short pause (a burst shares one fsync), and only then says so. A caller with nothing else to do
skips the pause: see `hurry`. What it says is what the file holds: if another process stored an answer under the same
key first, that one is used.

Things go in and out by the batch: each statement lets go of the interpreter's lock, and to have it back while other
threads work costs more than what the statement does.

Values are JSON; the file is 0600 in a folder of 0700; keys for paid services never come here.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol, TypeVar

import orjson

from instgen.errors import InputError, OutputFailed
from instgen.records import Completion, Usage

T = TypeVar("T")

SCHEMA_VERSION = 1
LOOK_SECONDS = 0.05
"""After which another process's purchases are looked for anew."""

PAUSE, LONGEST_PAUSE = 4.0, 0.02
"""The pause after a commit, in times of what it took, and in seconds at most: a commit costs as much as the writing of
twenty rows, so that fewer of them take a tenth off a call. A process that is killed outright asks again for what came
meanwhile; one that is told to stop loses nothing."""

ROWS = 64
"""Rows that one statement reads or writes at most; SQLite keeps 128 statements compiled."""

MOVE_AFTER = 4096
"""Rows, some 10 MB, after which what was committed is moved from the log into the file itself: a log that somebody
always looks at is never begun anew (sqlite.org, "Write-Ahead Logging", section 6)."""

BUSY_PAUSE = 0.005
"""Seconds between tries for a lock that SQLite does not wait for."""
BUSY_SECONDS = 60.0
PRIMARY_CODE = 0xFF
"""The part of an extended error code that says what, rather than why (sqlite.org, "Result and Error Codes")."""
NETWORK_FILE_SYSTEMS = frozenset(
    ("9p", "afs", "ceph", "cifs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs")
)
"""File systems whose shared memory WAL must not rely on (sqlite.org, "Write-Ahead Logging", section 1)."""

COLUMNS = frozenset(("key", "at", "finish", "completion"))
_TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    key BLOB NOT NULL PRIMARY KEY, at REAL NOT NULL, finish TEXT NOT NULL, completion BLOB NOT NULL
)
"""
"""With row ids, and so in the order of arrival: ordered by its keys, each row of some 1.5 KB was written with a page or
two of its own, which took 40 µs more a row. Journals from before that are read and written by the same statements."""
_BOUGHT = """
SELECT json_extract(completion, '$.teacher') AS teacher, count(*),
    sum(json_extract(completion, '$.usage.prompt') + json_extract(completion, '$.usage.completion')),
    CASE WHEN count(*) = count(json_extract(completion, '$.cost')) THEN sum(json_extract(completion, '$.cost')) END
FROM (SELECT CAST(completion AS TEXT) AS completion FROM completions) GROUP BY teacher ORDER BY teacher
"""
_FIND = "SELECT key, at, finish, completion FROM completions WHERE key IN (?)"
_ROW = "(?, ?, ?, ?)"
_INSERT = "INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_INSERT_OVER_FAILED = """
INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key)
DO UPDATE SET at = excluded.at, finish = excluded.finish, completion = excluded.completion WHERE finish = 'failed'
"""


@dataclass(slots=True, eq=False)
class Put:
    """A completion that was given to be kept."""

    key: bytes
    completion: Completion
    """Once it is settled, the one to use: what is kept."""
    problem: Exception | None = None
    """Why nothing is."""


Settled = Callable[[Sequence[Put]], None]
"""Told of completions that are safe to use now, or cannot be kept; called in any thread, for many at once."""


class Journal(Protocol):
    """Where completions are looked up and kept."""

    on_settled: Settled

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The completions kept under any of the keys."""
        ...

    def put(self, key: bytes, completion: Completion) -> None:
        """Keep a completion; `on_settled` is told of it."""
        ...

    def hurry(self) -> None:
        """Say that somebody waits for what was put."""
        ...

    def close(self) -> None:
        """Finish what was put, and let go of the file."""
        ...


class NoJournal:
    """Keeps nothing: every run asks everything again."""

    def __init__(self) -> None:
        """Nothing to open."""
        self.on_settled: Settled = _ignore

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """Nothing is ever found."""
        del keys
        return {}

    def put(self, key: bytes, completion: Completion) -> None:
        """The completion can be used at once."""
        self.on_settled((Put(key, completion),))

    def hurry(self) -> None:
        """Nobody ever waits."""

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One purchase as `instgen journal export` shows it; `at` in seconds since 1970."""

    key: str
    at: float
    completion: Completion


@dataclass(frozen=True, slots=True)
class Bought:
    """What the journal holds of one teacher; `cost` in US dollars, None where any price is unknown."""

    teacher: str
    completions: int
    tokens: int
    cost: float | None


class SqliteJournal:
    """The journal in one file, shared between processes; its methods belong to the thread that opened it."""

    def __init__(self, path: Path, *, retry_failed: bool = False) -> None:
        """Open the file, making it and its folder where they are missing.

        Args:
            path: the SQLite file.
            retry_failed: whether kept failures count as missing, and may be replaced.

        Raises:
            InputError: it is not a journal, or a newer version's.
            OutputFailed: it cannot be made or written.
        """
        self.path = path
        self.warning = ""
        """One line for the user, where the file cannot be kept as well as it should."""
        self.on_settled: Settled = _ignore
        self._retry_failed = retry_failed
        self._failures_from = time.time() if retry_failed else -math.inf
        """Failures from before this time count as missing,"""
        self._failed_here: set[bytes] = set()
        """unless they are this run's own: the clock may have been set back since."""
        self._queue: SimpleQueue[Put | None] = SimpleQueue()
        with _translated(path):
            _make_private(path)
            self._reader = self._connect()
            self._writer = self._connect()
        self._hurry = threading.Event()
        self._recent: set[bytes] = set()
        """Keys that were committed since the reader last looked, and perhaps just before."""
        self._looked_at = -math.inf
        self._unmoved = 0
        """Rows that were committed and not moved out of the log."""
        self._thread = threading.Thread(target=self._write_until_closed, name="journal", daemon=True)
        self._thread.start()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The completions kept under any of the keys; failures count too, unless they are to be asked again.

        Those of this run always do: who asks the same later gets what the first was told.
        """
        with _translated(self.path):
            self._look_anew_if_due(keys)
            rows = [row for some in _parts(keys) for row in self._reader.execute(_several(_FIND, "?", some), some)]
            return {
                key: completion_from_json(completion)
                for key, at, finish, completion in rows
                if not (finish == "failed" and at < self._failures_from and key not in self._failed_here)
            }

    def put(self, key: bytes, completion: Completion) -> None:
        """Queue a completion for the next commit; `on_settled` is told in the journal's thread, after it."""
        self._queue.put(Put(key, completion))

    def hurry(self) -> None:
        """Have what was put committed without a pause."""
        self._hurry.set()

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first."""
        with _translated(self.path):
            self._end_look()
            rows = self._reader.execute("SELECT key, at, completion FROM completions ORDER BY at, key")
            for key, at, completion in rows:
                yield Entry(key.hex(), at, completion_from_json(completion))

    def bought(self) -> Iterator[Bought]:
        """What was bought of each teacher."""
        with _translated(self.path):
            self._end_look()
            yield from itertools.starmap(Bought, self._reader.execute(_BOUGHT))

    def prune(self, before: float) -> int:
        """Forget the entries older than a time (seconds since 1970); returns how many they were."""
        with _translated(self.path):
            self._end_look()
            return self._reader.execute("DELETE FROM completions WHERE at < ?", (before,)).rowcount

    def close(self) -> None:
        """Commit what is queued, then let go of the file."""
        self._queue.put(None)
        self.hurry()
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _look_anew_if_due(self, keys: Sequence[bytes]) -> None:
        """Let the reader see what was committed since, by others or of these keys, unless it has looked just now.

        Each commit makes the reader read its pages anew, which costs 0.1 ms where many calls are in flight; within one
        transaction it goes on with those it has. Without WAL a reader at rest would keep the writer from committing.
        """
        now = time.monotonic()
        moves = self._unmoved >= MOVE_AFTER
        is_fresh = self._reader.in_transaction and not moves and now < self._looked_at + LOOK_SECONDS
        if is_fresh and self._recent.isdisjoint(keys):
            return
        self._end_look()
        if self._is_wal and not moves:
            self._reader.execute("BEGIN")
            self._looked_at = now

    def _end_look(self) -> None:
        """Forget what the reader has seen."""
        if self._reader.in_transaction:
            self._reader.execute("COMMIT")
        self._recent.clear()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = FULL")
        self._check_ours(db)
        wanted = "DELETE" if _on_network_drive(self.path) else "WAL"
        self._is_wal = _mode_set(db, wanted) == "wal"
        if not self._is_wal:
            self.warning = f"the journal {self.path} lies on a file system without WAL: slower, and best not shared"
        db.execute(_TABLE)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return db

    def _check_ours(self, db: sqlite3.Connection) -> None:
        """Raise InputError, before anything is changed, for a newer version's journal or another program's database."""
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise InputError(str(self.path), "this journal was written by a newer instgen", "upgrade instgen")
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        columns = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('completions')")}
        if tables and not columns >= COLUMNS:
            raise InputError(str(self.path), "is another program's database", _ELSEWHERE)

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
        """Commit a batch, and say what is kept, or why nothing is."""
        try:
            with _translated(self.path):
                self._commit(puts)
        except Exception as failure:  # a thread hands every error on, bugs too, or the run would wait for ever
            for put in puts:
                put.problem = failure
        else:
            if self._retry_failed:
                self._failed_here.update(put.key for put in puts if put.completion.finish == "failed")
            self._recent.update(put.key for put in puts)
            self._unmoved += len(puts)
        self.on_settled(puts)
        if self._unmoved >= MOVE_AFTER:
            self._move()

    def _move(self) -> None:
        """Move what was committed out of the log, which then begins anew, unless somebody looks at it just now."""
        with contextlib.suppress(sqlite3.Error):  # the next commit says what is wrong
            _, logged, moved = self._writer.execute("PRAGMA wal_checkpoint").fetchone()
            if logged == moved:
                self._unmoved = 0

    def _commit(self, puts: list[Put]) -> None:
        """Store a batch in one transaction; afterwards each has the completion that the file holds."""
        now = time.time()
        rows = [(put.key, now, put.completion.finish, completion_to_json(put.completion)) for put in puts]
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            stored = sum(map(self._insert, _parts(rows)))
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise
        if stored < len(puts):
            for put in puts:
                put.completion = self._kept(put.key)

    def _insert(self, rows: Sequence[tuple[bytes, float, str, bytes]]) -> int:
        """Store some in one statement; returns how many were not there."""
        statement = _several(_INSERT_OVER_FAILED if self._retry_failed else _INSERT, _ROW, rows)
        return self._writer.execute(statement, tuple(itertools.chain.from_iterable(rows))).rowcount

    def _kept(self, key: bytes) -> Completion:
        (data,) = self._writer.execute("SELECT completion FROM completions WHERE key = ?", (key,)).fetchone()
        return completion_from_json(data)


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, as many at a time as one statement takes."""
    return (items[at : at + ROWS] for at in range(0, len(items), ROWS))


def _several(statement: str, place: str, items: Sequence[object]) -> str:
    """A statement that has a place for one item, with a place for each of these."""
    return statement.replace(place, ", ".join([place] * len(items)))


def _ignore(puts: Sequence[Put]) -> None:
    del puts


def completion_to_json(completion: Completion) -> bytes:
    """A completion as the journal stores it."""
    return orjson.dumps(completion)


class _Damaged(Exception):
    """What is kept is no completion any more."""


def completion_from_json(data: bytes) -> Completion:
    """The completion that was stored."""
    try:
        row = orjson.loads(data)
        return Completion(**{**row, "usage": Usage(**row["usage"])})
    except (ValueError, TypeError, KeyError) as problem:
        raise _Damaged(str(problem)) from problem


def _make_private(path: Path) -> None:
    """Make the folder (0700) and the file (0600), whatever the umask, where they are missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _mode_set(db: sqlite3.Connection, wanted: str) -> str:
    """The journal mode after asking for one. SQLite does not wait for this lock by itself, so we do."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(BUSY_PAUSE)
        else:
            return str(mode)


def _on_network_drive(path: Path) -> bool:
    """Whether the file lies on a network file system, as far as the kernel's table of mounts tells."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines()]
    except OSError:
        return False
    here = path.resolve()
    holding = [(len(mount[1]), mount[2]) for mount in mounts if here.is_relative_to(mount[1])]
    return max(holding, default=(0, ""))[1] in NETWORK_FILE_SYSTEMS


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turns what SQLite and the file system raise into our errors."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        raise OutputFailed(f"{path}: the journal cannot be written: {problem}", _ELSEWHERE) from problem
    except sqlite3.DatabaseError as problem:
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_OK)  # Python's own have none
        if code & PRIMARY_CODE == sqlite3.SQLITE_CORRUPT:
            raise InputError(str(path), f"the journal is damaged ({problem})", _RECOVER) from problem
        raise InputError(str(path), f"not a journal ({problem})", _ELSEWHERE) from problem
    except _Damaged as problem:
        raise InputError(
            str(path), f"the journal is damaged: a completion in it cannot be read ({problem})", _RECOVER
        ) from problem
    except OSError as problem:
        raise OutputFailed(f"{path}: the journal cannot be opened: {problem.strerror}", _ELSEWHERE) from problem


_RECOVER = "name another file with --journal; `sqlite3 FILE .recover` may save the rest of this one"
_ELSEWHERE = "name another file with --journal, or free the disk"
