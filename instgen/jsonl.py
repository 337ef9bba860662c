"""Output of JSONL lines: one thread writes them, so that the event loop never waits for a disk or a pipe.

The rules: an existing file is never changed until this run's lines are known to begin with exactly its bytes. That is
how a run resumes: it makes the same lines again and appends where the file ends; a torn last line is cut off and
rewritten. A pipe gets each line at once, and a reader that has gone is noticed even when nothing is written. A file
compressed by gzip or zstd cannot be resumed: it appears when its run is complete and no file of the run has failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import stat
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from instgen import terminal
from instgen.errors import OutputDiffers, OutputFailed, OutputLocked, ReaderGone, UsageError
from instgen.packing import PACKINGS

ROOM = 1024
"""Lines that may be queued; `Writer.write` waits while there are more."""
POLL_SECONDS = 0.25
"""How often an idle pipe is checked for whether its reader has gone."""
HELD_IN_MEMORY = 1 << 20
"""Bytes of held-back lines kept in memory; beyond that they go to a temporary file."""
_HINT = "name another file, or --force to overwrite this one"


class Destination(Protocol):
    """An output for lines; `write` and `check` are called in the writer's thread."""

    def write(self, lines: Sequence[bytes]) -> None:
        """Write whole lines."""

    def check(self) -> None:
        """Raise if it has become pointless to continue."""

    def verify_end(self) -> None:
        """Raise if the output holds anything beyond the last line of a complete run."""

    def close(self) -> None:
        """Put what was written in its final place, durably, and release it."""


class Stream:
    """A pipe, a terminal or a device, which cannot be resumed. For a terminal, control characters are escaped."""

    def __init__(self, fd: int, name: str) -> None:
        """Write to an open file descriptor; `close` leaves it open."""
        self._fd = fd
        self._name = name
        self._is_terminal = os.isatty(fd)
        self._poll = select.poll()
        if stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode):
            self._poll.register(fd, 0)

    def write(self, lines: Sequence[bytes]) -> None:
        """Write lines without buffering.

        Raises:
            ReaderGone, OutputFailed: as `translated` does.
        """
        with translated(self._name):
            data = b"".join(lines)
            _write_all(self._fd, terminal.json_lines(data) if self._is_terminal else data)

    def check(self) -> None:
        """Raise ReaderGone if the other end of a pipe is closed."""
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in self._poll.poll(0)):
            raise ReaderGone(f"{self._name}: its reader is gone")

    def verify_end(self) -> None:
        """Do nothing: a stream holds no earlier lines."""

    def close(self) -> None:
        """Do nothing: no line is buffered, and the descriptor belongs to the caller."""


class ResumedFile:
    """A locked file: its content is compared with this run's lines, and the lines beyond its end are appended.

    Files opened together (the records and rejects of one run) change together: none is appended to before all agree.
    """

    def __init__(self, path: Path, together: Together, *, force: bool = False) -> None:
        """Open and lock the file, and add it to `together`; `force` discards what it holds.

        Raises:
            OutputLocked, OutputFailed: as `locked` does.
        """
        self._path = path
        self._fd = locked(path, path)
        self._size = 0 if force else os.fstat(self._fd).st_size
        """Bytes to compare; 0 if forced: then the file is cut when there is something to put in its place."""
        self._agreed = 0
        self.agrees = self._size == 0
        """Whether the whole content, except for a torn last line, was found to be this run's own."""
        self.resumed = not self.agrees
        """Whether the file held anything when it was opened."""
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, self._fd)
            self._held = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=HELD_IN_MEMORY))
            self._open = opened.pop_all()
        self._together = together
        together.append(self)

    def write(self, lines: Sequence[bytes]) -> None:
        """Compare lines with the file's content to its end, then append the rest.

        Raises:
            OutputDiffers: the file holds something else here.
        """
        with translated(str(self._path)):
            count = 0
            while count < len(lines) and self._compare(lines[count]):
                count += 1
            self._held.write(b"".join(lines[count:]))
            self._append_held()

    def check(self) -> None:
        """Do nothing: a file has no reader that could go."""

    def verify_end(self) -> None:
        """Check that the file ends with this run's last line, cutting off a torn one after it.

        Raises:
            OutputDiffers: the file has more lines than this run.
        """
        with _all_or_none(self._together), translated(str(self._path)):
            if not self.agrees:
                raise OutputDiffers(f"{self._path}: has more lines than this run writes", _HINT)
            if not self._held.tell():
                os.ftruncate(self._fd, self._agreed)

    def close(self) -> None:
        """Append the held-back lines if all files agree, sync to disk, and unlock.

        Raises:
            OutputFailed: it cannot be written.
        """
        with self._open, _all_or_none(self._together), translated(str(self._path)):
            self._append_held()
            os.fsync(self._fd)

    def _compare(self, line: bytes) -> bool:
        """Whether the file holds this line here; sets `agrees` at the file's end or at a torn last line."""
        if self.agrees:
            return False
        found = os.pread(self._fd, len(line), self._agreed)
        if not line.startswith(found):
            raise OutputDiffers(f"{self._path}: differs from what this run writes, at byte {self._agreed}", _HINT)
        if len(found) < len(line):
            self.agrees = True
            return False
        self._agreed += len(line)
        self.agrees = self._agreed == self._size
        return True

    def _append_held(self) -> None:
        if not self._held.tell() or not all(file.agrees for file in self._together):
            return
        os.ftruncate(self._fd, self._agreed)
        self._held.seek(0)
        os.lseek(self._fd, self._agreed, os.SEEK_SET)
        while block := self._held.read(HELD_IN_MEMORY):
            _write_all(self._fd, block)
            self._agreed += len(block)
        self._held.seek(0)
        self._held.truncate()


class PackedFile:
    """A compressed file, written as NAME.part and renamed when the run is complete; never resumed."""

    agrees = True
    """Always true: there is no earlier content to compare with."""

    def __init__(self, path: Path, together: Together) -> None:
        """Create the `.part` file and lock it.

        Raises:
            OutputLocked, OutputFailed: as `locked` does.
        """
        self._path = path
        self._part = self._place = path.with_name(f"{path.name}.part")
        self._complete = False
        self._packer = PACKINGS[path.suffix]()
        self._fd = locked(self._part, self._part)
        with contextlib.ExitStack() as opened, translated(str(path)):
            opened.callback(os.close, self._fd)
            os.ftruncate(self._fd, 0)
            opened.pop_all()
        self._together = together
        together.append(self)

    def write(self, lines: Sequence[bytes]) -> None:
        """Compress lines; they are written when the compressor has a block complete.

        Raises:
            OutputFailed: the file cannot be written.
        """
        with translated(str(self._path)):
            _write_all(self._fd, self._packer.compress(b"".join(lines)))

    def check(self) -> None:
        """Do nothing: a file has no reader that could go."""

    def verify_end(self) -> None:
        """Mark the file as complete, so that `close` keeps it."""
        self._complete = True

    def close(self) -> None:
        """Sync a complete file to disk and rename it; delete an incomplete one.

        Raises:
            OutputFailed: it cannot be written or renamed.
        """
        with contextlib.ExitStack() as closing, _all_or_none(self._together), translated(str(self._path)):
            closing.callback(os.close, self._fd)
            if not self._complete:
                self.take_back()
                return
            _write_all(self._fd, self._packer.flush())
            os.fsync(self._fd)
            self._place = self._part.replace(self._path)

    def take_back(self) -> None:
        """Delete the file, renamed or not, because the same command could not resume it."""
        self._complete = False
        with contextlib.suppress(OSError):
            self._place.unlink()


Together = list[ResumedFile | PackedFile]
"""The files of one run."""


@contextlib.contextmanager
def _all_or_none(together: Together) -> Iterator[None]:
    """On any exception, delete the run's compressed files, which could not be resumed."""
    try:
        yield
    except BaseException:
        for file in together:
            if isinstance(file, PackedFile):
                file.take_back()
        raise


class Writer:
    """Passes lines to destinations through one bounded queue and one thread, woken at most once per loop iteration."""

    def __init__(self, destinations: Sequence[Destination], on_failure: Callable[[Exception], None]) -> None:
        """Start the thread; `on_failure` is called in the event loop as soon as a destination fails."""
        self._destinations = destinations
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._lines: deque[tuple[int, bytes]] = deque()
        self._wake = threading.Event()
        self._wake_is_scheduled = False
        self._space = asyncio.Event()
        self._is_waiting_for_space = False
        self._closing = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._write_until_closed, name="writer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether a destination has failed, after which nothing more is written."""
        return self._failure is not None

    async def write(self, place: int, line: bytes) -> None:
        """Queue a line for the destination with the index `place`, waiting while the queue is full.

        Raises:
            InstgenError: an earlier line could not be written.
        """
        self._lines.append((place, line))
        if not self._wake_is_scheduled:
            self._wake_is_scheduled = True
            self._loop.call_soon(self._wake_thread)
        if len(self._lines) > ROOM:
            await self._until_space()
        if self._failure is not None:
            raise self._failure

    async def close(self, *, complete: bool) -> None:
        """Write the queue and close every destination; after a `complete` run, files must end with its last line.

        Raises:
            InstgenError: a destination has failed, now or earlier.
        """
        await asyncio.to_thread(self.abort, None)
        with contextlib.ExitStack() as closing:
            for destination in self._destinations:
                closing.callback(destination.close)
            if self._failure is not None:
                raise self._failure
            for destination in self._destinations if complete else ():
                destination.verify_end()

    def abort(self, timeout: float | None) -> None:
        """Have the thread write the queue and end; wait for it at most `timeout` seconds (None: forever)."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)

    def _wake_thread(self) -> None:
        self._wake_is_scheduled = False
        self._wake.set()

    async def _until_space(self) -> None:
        self._is_waiting_for_space = True
        while len(self._lines) > ROOM and self._failure is None:
            self._space.clear()
            await self._space.wait()
        self._is_waiting_for_space = False

    def _write_until_closed(self) -> None:
        while self._failure is None and (batch := self._next_batch()) is not None:
            try:
                self._write(batch)
            except Exception as failure:  # pass on every error, bugs included, or the run would wait forever
                self._failure = failure
                self._call_in_loop(partial(self._on_failure, failure))
            if self._is_waiting_for_space:
                self._call_in_loop(self._space.set)

    def _next_batch(self) -> list[tuple[int, bytes]] | None:
        """The queued lines, or [] if none came within POLL_SECONDS; None at the end."""
        if not self._closing:
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        if self._closing and not self._lines:
            return None
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _write(self, batch: list[tuple[int, bytes]]) -> None:
        for place, destination in enumerate(self._destinations):
            lines = [line for to, line in batch if to == place]
            if lines:
                destination.write(lines)
            else:
                destination.check()

    def _call_in_loop(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, so there is nothing to call
            self._loop.call_soon_threadsafe(callback)


def open_destination(path: Path, together: Together, *, force: bool, resumable: bool) -> Destination:
    """The destination for a named file: a regular file is locked and resumed, a device or named pipe is streamed to.

    Args:
        path: the file as the user named it.
        together: the files of this run so far, which change together with this one.
        force: whether to discard what the file holds.
        resumable: whether this run can make its earlier lines again, as resuming requires.

    Raises:
        UsageError: the path cannot be written as a file, or holds something that cannot be resumed.
        OutputLocked, OutputFailed: as `locked` does.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a directory", "name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}", "make it first")
    if path.exists() and not path.is_file():
        with translated(str(path)):
            return Stream(os.open(path, os.O_WRONLY | os.O_CLOEXEC), str(path))
    if path.suffix in PACKINGS:
        return _open_packed(path, together, force=force, resumable=resumable)
    file = ResumedFile(path, together, force=force)
    if file.resumed and not resumable:
        file.close()
        raise UsageError(f"{path}: exists, and without a journal it cannot be resumed", _HINT)
    return file


def _open_packed(path: Path, together: Together, *, force: bool, resumable: bool) -> PackedFile:
    if not resumable:
        raise UsageError(
            f"{path}: an interrupted run leaves nothing in a compressed file, and no journal stores it",
            "name an uncompressed file, or pipe stdout into gzip or zstd",
        )
    if path.with_name(f"{path.name}.part").is_symlink():
        raise UsageError(f"{path}.part: is a symbolic link, and would send the output elsewhere", "remove it")
    if path.exists() and path.stat().st_size and not force:
        raise UsageError(f"{path}: exists, and compressed files are not resumed", _HINT)
    return PackedFile(path, together)


def locked(path: Path, output: Path, kind: str = "file") -> int:
    """Open a file, creating it if needed, and take an exclusive lock; returns its descriptor.

    Raises:
        OutputLocked: another run holds the lock, and so is writing `output`.
        OutputFailed: the file cannot be opened.
    """
    while True:
        with translated(str(path)):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            os.close(fd)
            hint = f"wait for it, or name another {kind}"
            raise OutputLocked(f"{output}: another run is writing it", hint) from problem
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)  # the file was renamed or deleted after we opened it: try again


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:  # another process has made our stdout non-blocking
            select.select([], [fd], [])


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what writing can raise into our errors, which name the output.

    Raises:
        ReaderGone: the other end of a pipe is closed.
        OutputFailed: any other OSError.
    """
    try:
        yield
    except BrokenPipeError as problem:
        raise ReaderGone(f"{name}: its reader is gone") from problem
    except OSError as problem:
        full = problem.errno in {errno.ENOSPC, errno.EDQUOT}
        hint = "free some disk space, or name another file" if full else "name another"
        raise OutputFailed(f"{name}: cannot be written: {problem.strerror}", hint) from problem
