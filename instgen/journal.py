"""Completions that were paid for, kept: one SQLite file that any number of runs may share.

The rule: a completion is on disk before anything is made of it. `put` hands it to the one writer thread, which commits
whenever its queue is not empty (a burst shares one fsync), and only then resolves the future. What the future holds is
what the file holds: if another process stored an answer under the same key first, that one is used.

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
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import orjson

from instgen.errors import InputError, OutputFailed
from instgen.records import Completion, Usage

SCHEMA_VERSION = 1
LOOKS, LOOK_SECONDS = 256, 0.05
"""Look-ups, and seconds, after which another process's purchases are looked for anew."""

BUSY_SECONDS = 60.0
NETWORK_FILE_SYSTEMS = frozenset(
    ("9p", "afs", "ceph", "cifs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs")
)
"""File systems whose shared memory WAL must not rely on (sqlite.org, "Write-Ahead Logging", section 1)."""

_TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    key BLOB PRIMARY KEY, at REAL NOT NULL, finish TEXT NOT NULL, completion BLOB NOT NULL
) WITHOUT ROWID
"""
_BOUGHT = """
SELECT json_extract(completion, '$.teacher') AS teacher, count(*),
    sum(json_extract(completion, '$.usage.prompt') + json_extract(completion, '$.usage.completion')),
    CASE WHEN count(*) = count(json_extract(completion, '$.cost')) THEN sum(json_extract(completion, '$.cost')) END
FROM (SELECT CAST(completion AS TEXT) AS completion FROM completions) GROUP BY teacher ORDER BY teacher
"""
_INSERT = "INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_INSERT_OVER_FAILED = """
INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key)
DO UPDATE SET at = excluded.at, finish = excluded.finish, completion = excluded.completion WHERE finish = 'failed'
"""


class Journal(Protocol):
    """Where completions are looked up and kept."""

    def get(self, key: bytes) -> Completion | None:
        """The completion kept under a key."""
        ...

    def put(self, key: bytes, completion: Completion) -> Future[Completion]:
        """Keep a completion; the future holds the one to use, once it is safe to use it."""
        ...

    def close(self) -> None:
        """Finish what was put, and let go of the file."""
        ...


class NoJournal:
    """Keeps nothing: every run asks everything again."""

    def get(self, key: bytes) -> Completion | None:
        """Nothing is ever found."""
        del key
        return None

    def put(self, key: bytes, completion: Completion) -> Future[Completion]:
        """The completion can be used at once."""
        del key
        kept: Future[Completion] = Future()
        kept.set_result(completion)
        return kept

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


@dataclass(frozen=True, slots=True)
class _Put:
    key: bytes
    completion: Completion
    kept: Future[Completion] = field(default_factory=Future)


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
        self._retry_failed = retry_failed
        self._queue: SimpleQueue[_Put | None] = SimpleQueue()
        with _translated(path):
            _make_private(path)
            self._reader = self._connect()
            self._writer = self._connect()
        self._recent: set[bytes] = set()
        """Keys that were put since the reader last looked."""
        self._looks = 0
        self._looked_at = -math.inf
        self._thread = threading.Thread(target=self._write_until_closed, name="journal", daemon=True)
        self._thread.start()

    def get(self, key: bytes) -> Completion | None:
        """The completion kept under a key; a failure counts too, unless failures are to be asked again."""
        with _translated(self.path):
            self._look_anew_if_due(key)
            row = self._reader.execute("SELECT finish, completion FROM completions WHERE key = ?", (key,)).fetchone()
        if row is None or (self._retry_failed and row[0] == "failed"):
            return None
        return completion_from_json(row[1])

    def put(self, key: bytes, completion: Completion) -> Future[Completion]:
        """Queue a completion for the next commit; the future is resolved in the journal's thread after it."""
        put = _Put(key, completion)
        self._recent.add(key)
        self._queue.put(put)
        return put.kept

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first."""
        self._end_look()
        rows = self._reader.execute("SELECT key, at, completion FROM completions ORDER BY at, key")
        for key, at, completion in rows:
            yield Entry(key.hex(), at, completion_from_json(completion))

    def bought(self) -> Iterator[Bought]:
        """What was bought of each teacher."""
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
        self._thread.join()
        self._reader.close()
        self._writer.close()

    def _look_anew_if_due(self, key: bytes) -> None:
        """Let the reader see what was committed since, by others or of this key, unless it has looked just now.

        Each commit makes the reader read its pages anew, which costs 0.1 ms where many calls are in flight; within one
        transaction it goes on with those it has. Without WAL a reader at rest would keep the writer from committing.
        """
        now = time.monotonic()
        is_fresh = self._looks < LOOKS and now < self._looked_at + LOOK_SECONDS
        if self._reader.in_transaction and is_fresh and key not in self._recent:
            self._looks += 1
            return
        self._end_look()
        if self._is_wal:
            self._reader.execute("BEGIN")
            self._looks, self._looked_at = 1, now

    def _end_look(self) -> None:
        """Forget what the reader has seen."""
        if self._reader.in_transaction:
            self._reader.execute("COMMIT")
        self._recent.clear()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = FULL")
        wanted = "DELETE" if _on_network_drive(self.path) else "WAL"
        (mode,) = db.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        self._is_wal = mode == "wal"
        if not self._is_wal:
            self.warning = f"the journal {self.path} lies on a file system without WAL: slower, and best not shared"
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise InputError(str(self.path), "this journal was written by a newer instgen", "upgrade instgen")
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if names and "completions" not in names:
            raise InputError(str(self.path), "is another program's database", _ELSEWHERE)
        db.execute(_TABLE)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return db

    def _write_until_closed(self) -> None:
        closed = False
        while not closed:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            closed = None in batch
            puts = [put for put in batch if put is not None]
            if puts:
                self._settle(puts)

    def _settle(self, puts: list[_Put]) -> None:
        """Commit a batch, and resolve its futures with what is kept, or with why nothing is."""
        try:
            with _translated(self.path):
                kept = self._commit(puts)
        except Exception as failure:  # a thread hands every error on, bugs too, or the run would wait for ever
            for put in puts:
                put.kept.set_exception(failure)
        else:
            for put, completion in zip(puts, kept, strict=True):
                put.kept.set_result(completion)

    def _commit(self, puts: list[_Put]) -> list[Completion]:
        """Store a batch in one transaction; returns the completions that the file holds then."""
        now = time.time()
        rows = [(put.key, now, put.completion.finish, completion_to_json(put.completion)) for put in puts]
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            stored = self._writer.executemany(_INSERT_OVER_FAILED if self._retry_failed else _INSERT, rows).rowcount
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise
        return [put.completion if stored == len(rows) else self._kept(put.key) for put in puts]

    def _kept(self, key: bytes) -> Completion:
        (data,) = self._writer.execute("SELECT completion FROM completions WHERE key = ?", (key,)).fetchone()
        return completion_from_json(data)


def completion_to_json(completion: Completion) -> bytes:
    """A completion as the journal stores it."""
    return orjson.dumps(completion)


def completion_from_json(data: bytes) -> Completion:
    """The completion that was stored."""
    row = orjson.loads(data)
    return Completion(**{**row, "usage": Usage(**row["usage"])})


def _make_private(path: Path) -> None:
    """Make the folder (0700) and the file (0600), whatever the umask, where they are missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


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
        raise InputError(str(path), f"not a journal ({problem})", _ELSEWHERE) from problem
    except OSError as problem:
        raise OutputFailed(f"{path}: the journal cannot be opened: {problem.strerror}", _ELSEWHERE) from problem


_ELSEWHERE = "name another file with --journal, or free the disk"
