"""Where lines are written: a file that is locked, or a stream.

The rule: a pipe gets each line at once, and a reader that has gone is noticed even when nothing is written.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from instgen import terminal
from instgen.errors import ReaderGone, UsageError
from instgen.jsonl.descriptors import translated, write_all
from instgen.jsonl.files import OVERWRITE_HINT, PackedFile, ResumedFile, Together
from instgen.packing import PACKINGS


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
            write_all(self._fd, terminal.json_lines(data) if self._is_terminal else data)

    def check(self) -> None:
        """Raise ReaderGone if the other end of a pipe is closed."""
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in self._poll.poll(0)):
            raise ReaderGone(f"{self._name}: its reader is gone")

    def verify_end(self) -> None:
        """Do nothing: a stream holds no earlier lines."""

    def close(self) -> None:
        """Do nothing: no line is buffered, and the descriptor belongs to the caller."""


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
        raise UsageError(f"{path}: exists, and without a journal it cannot be resumed", OVERWRITE_HINT)
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
        raise UsageError(f"{path}: exists, and compressed files are not resumed", OVERWRITE_HINT)
    return PackedFile(path, together)
