"""File descriptors: opening them with an exclusive lock, writing to them, and the errors of both as instgen's own."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
from collections.abc import Iterator
from pathlib import Path

from instgen.errors import OutputFailed, OutputLocked, ReaderGone


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


def write_all(fd: int, data: bytes) -> None:
    """Write all of the data, waiting where a non-blocking descriptor has no room."""
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
