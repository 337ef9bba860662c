"""Records out, safely: one thread writes the lines, so that the event loop never waits for a disk or a pipe.

The rules: an existing file is never changed before this run's lines were found to begin with exactly its bytes (that is
how a run resumes: it makes the same lines again, and goes on where the file ends; a line that was torn off is cut and
made again); a pipe gets each line at once; a reader that has gone is noticed even when there is nothing to write. A
file that is packed by gzip or zstd cannot be gone on with: it appears when its run is complete, and not where another
file of the same run could not be finished.
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
"""Lines that may wait to be written; beyond that, admission waits."""
POLL_SECONDS = 0.25
"""How often a quiet pipe is asked whether its reader is still there."""
HELD_IN_MEMORY = 1 << 20
"""Bytes of held-back lines that stay in memory; more go to a temporary file."""

_OTHER_NAME = "name another file, or --force to overwrite this one"


class Destination(Protocol):
    """Somewhere that lines go; all but its making happens in the writer's thread."""

    def write(self, lines: Sequence[bytes]) -> None:
        """Write whole lines."""
        ...

    def check(self) -> None:
        """Raise where it has become pointless to go on."""
        ...

    def verify_end(self) -> None:
        """Raise where a complete run's last line leaves something unmatched."""
        ...

    def close(self) -> None:
        """Put what was written where it will stay, and let go."""
        ...


class Stream:
    """A pipe, a terminal, a device: what is written is gone. A terminal is not commanded by it."""

    def __init__(self, fd: int, name: str) -> None:
        """Write to an open file descriptor, which is left open in the end."""
        self._fd = fd
        self._name = name
        self._is_terminal = os.isatty(fd)
        self._poll = select.poll()
        if stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode):
            self._poll.register(fd, 0)

    def write(self, lines: Sequence[bytes]) -> None:
        """Write all that is there, at once."""
        with translated(self._name):
            data = b"".join(lines)
            _write_all(self._fd, terminal.json_lines(data) if self._is_terminal else data)

    def check(self) -> None:
        """Raise ReaderGone where the other end of a pipe is closed."""
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in self._poll.poll(0)):
            raise ReaderGone(f"{self._name}: its reader has gone")

    def verify_end(self) -> None:
        """Nothing was there before."""

    def close(self) -> None:
        """Nothing is buffered, and the descriptor is not ours."""


class ResumedFile:
    """A locked file: compared with this run's lines as far as it goes, appended to from there.

    Files that are opened together (the records and the rejects of one run) change together: none is appended to before
    all are found to agree.
    """

    def __init__(self, path: Path, together: Together, *, force: bool = False) -> None:
        """Open and lock the file, and join the files that change together; `force` throws away what it holds.

        Raises:
            OutputLocked: another run holds it.
            OutputFailed: it cannot be opened for writing.
        """
        self._path = path
        self._fd = locked(path, path)
        self._size = 0 if force else os.fstat(self._fd).st_size
        """Bytes to compare; where it is forced, the file is cut when there is something to put in its place."""
        self._agreed = 0
        self.agrees = self._size == 0
        """Whether all that the file held, but for a torn last line, was found to be this run's own."""
        self.resumed = not self.agrees
        """Whether the file held anything when it was opened."""
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, self._fd)
            self._held = opened.enter_context(tempfile.SpooledTemporaryFile(max_size=HELD_IN_MEMORY))
            self._open = opened.pop_all()
        self._together = together
        together.append(self)

    def write(self, lines: Sequence[bytes]) -> None:
        """Compare lines with the file's as long as it has some, then append.

        Raises:
            OutputDiffers: the file holds another line here.
        """
        with translated(str(self._path)):
            count = 0
            while count < len(lines) and self._compare(lines[count]):
                count += 1
            self._held.write(b"".join(lines[count:]))
            self._append_held()

    def check(self) -> None:
        """A file is always there."""

    def verify_end(self) -> None:
        """Raise OutputDiffers where the file goes on after this run's last line; else it is this run's to the end."""
        with _all_or_none(self._together), translated(str(self._path)):
            if not self.agrees:
                raise OutputDiffers(f"{self._path}: goes on after the last line of this run", _OTHER_NAME)
            if not self._held.tell():
                os.ftruncate(self._fd, self._agreed)

    def close(self) -> None:
        """Append what was held back if all agree, put it on the disk, unlock."""
        with self._open, _all_or_none(self._together), translated(str(self._path)):
            self._append_held()
            os.fsync(self._fd)

    def _compare(self, line: bytes) -> bool:
        """Whether the file holds this line here; at the file's end, or at a torn last line, it begins to agree."""
        if self.agrees:
            return False
        there = os.pread(self._fd, len(line), self._agreed)
        if not line.startswith(there):
            raise OutputDiffers(f"{self._path}: differs from this run's line at byte {self._agreed}", _OTHER_NAME)
        if len(there) < len(line):
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
    """A file that is packed on the way out, and appears under its name when the run is complete; never resumed."""

    agrees = True
    """There is nothing that it would have to agree with."""

    def __init__(self, path: Path, together: Together) -> None:
        """Begin a file beside the one that is to be.

        Raises:
            OutputLocked: another run is writing it.
            OutputFailed: it cannot be opened for writing.
        """
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._complete = False
        self._place = self._part
        self._packer = PACKINGS[path.suffix]()
        self._fd = locked(self._part, self._part)
        with contextlib.ExitStack() as opened, translated(str(path)):
            opened.callback(os.close, self._fd)
            os.ftruncate(self._fd, 0)
            opened.pop_all()
        self._together = together
        together.append(self)

    def write(self, lines: Sequence[bytes]) -> None:
        """Pack lines; they reach the disk when enough came together."""
        with translated(str(self._path)):
            _write_all(self._fd, self._packer.compress(b"".join(lines)))

    def check(self) -> None:
        """A file is always there."""

    def verify_end(self) -> None:
        """The run is complete, so the file is to stay."""
        self._complete = True

    def close(self) -> None:
        """Give a complete file its name; of an incomplete one nothing stays."""
        with contextlib.ExitStack() as closing, _all_or_none(self._together), translated(str(self._path)):
            closing.callback(os.close, self._fd)
            if not self._complete:
                self.take_back()
                return
            _write_all(self._fd, self._packer.flush())
            os.fsync(self._fd)
            self._place = self._part.replace(self._path)

    def take_back(self) -> None:
        """Have the file not appear, or no longer: the same line could not go on with it."""
        self._complete = False
        with contextlib.suppress(OSError):
            self._place.unlink()


Together = list[ResumedFile | PackedFile]
"""The files of one run."""


@contextlib.contextmanager
def _all_or_none(together: Together) -> Iterator[None]:
    """Takes back, where this fails, what could not be gone on with."""
    try:
        yield
    except BaseException:
        for file in together:
            if isinstance(file, PackedFile):
                file.take_back()
        raise


class Writer:
    """Hands lines to destinations through one bounded queue and one thread, woken once for a turn of the loop."""

    def __init__(self, destinations: Sequence[Destination], on_failure: Callable[[Exception], None]) -> None:
        """Begin to write; `on_failure` is called in the event loop as soon as a destination fails."""
        self._destinations = destinations
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._lines: deque[tuple[int, bytes]] = deque()
        self._wake = threading.Event()
        self._wakes = False
        """Whether the thread will be woken at the end of this turn."""
        self._space = asyncio.Event()
        self._is_held = False
        """Whether somebody waits for space."""
        self._closing = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._write_until_closed, name="writer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether a destination has failed, so that nothing more can be written."""
        return self._failure is not None

    async def write(self, place: int, line: bytes) -> None:
        """Queue a line for one of the destinations, waiting while too many are queued.

        Raises:
            InstgenError: what went wrong with an earlier line.
        """
        self._lines.append((place, line))
        if not self._wakes:
            self._wakes = True
            self._loop.call_soon(self._wake_thread)
        if len(self._lines) > ROOM:
            await self._until_space()
        if self._failure is not None:
            raise self._failure

    async def close(self, *, complete: bool) -> None:
        """Write what is queued, and let go of every destination.

        Args:
            complete: whether the run made all it should have, so that files must end where it ends.

        Raises:
            InstgenError: what went wrong, now or before.
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
        """Let the thread write what is queued and end, for at most so many seconds."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)

    def _wake_thread(self) -> None:
        self._wakes = False
        self._wake.set()

    async def _until_space(self) -> None:
        self._is_held = True
        while len(self._lines) > ROOM and self._failure is None:
            self._space.clear()
            await self._space.wait()
        self._is_held = False

    def _write_until_closed(self) -> None:
        while self._failure is None and (batch := self._next_batch()) is not None:
            try:
                self._write(batch)
            except Exception as failure:  # a thread hands every error on, bugs too, or the run would wait for ever
                self._failure = failure
                self._tell(partial(self._on_failure, failure))
            if self._is_held:
                self._tell(self._space.set)

    def _next_batch(self) -> list[tuple[int, bytes]] | None:
        """What is queued, or [] when nothing came for a while; None at the end."""
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

    def _tell(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to tell
            self._loop.call_soon_threadsafe(callback)


def open_destination(path: Path, together: Together, *, force: bool, resumable: bool) -> Destination:
    """What to write a named file through: a regular file is locked and resumed, a device is just written.

    Args:
        path: the file as the user named it.
        together: the files of this run so far, which change together with this one.
        force: whether to throw away what the file holds.
        resumable: whether this run can make its earlier lines again, which is what resuming needs.

    Raises:
        UsageError: it cannot be a file to write, or holds something that cannot be resumed.
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
        raise UsageError(f"{path}: exists, and without a journal it cannot be resumed", _OTHER_NAME)
    return file


def _open_packed(path: Path, together: Together, *, force: bool, resumable: bool) -> PackedFile:
    if not resumable:
        raise UsageError(
            f"{path}: a packed file has nothing of a run that ends early, and no journal keeps it",
            "name a plain file, or write to stdout and pipe it into gzip or zstd",
        )
    if path.with_name(f"{path.name}.part").is_symlink():
        raise UsageError(f"{path}.part: is a symbolic link, and would lead what is written elsewhere", "remove it")
    if path.exists() and path.stat().st_size and not force:
        raise UsageError(f"{path}: exists, and packed files are not resumed", _OTHER_NAME)
    return PackedFile(path, together)


def locked(path: Path, output: Path, kind: str = "file") -> int:
    """The descriptor of a file that nobody else holds now, made if it is not there.

    Raises:
        OutputLocked: another run has it, and so writes `output`.
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
        os.close(fd)  # whoever had it has given it another name meanwhile, or none


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:  # somebody made our stdout non-blocking
            select.select([], [fd], [])


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """Turns what writing can raise into our errors, told of the output's name."""
    try:
        yield
    except BrokenPipeError as problem:
        raise ReaderGone(f"{name}: its reader has gone") from problem
    except OSError as problem:
        full = problem.errno in {errno.ENOSPC, errno.EDQUOT}
        hint = "free the disk, or name another" if full else "name another"
        raise OutputFailed(f"{name}: cannot be written: {problem.strerror}", hint) from problem
