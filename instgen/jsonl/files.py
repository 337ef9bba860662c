"""Output files: uncompressed ones, which resume, and compressed ones, which do not.

The rules: an existing file is never changed until this run's lines are known to begin with exactly its bytes. That is
how a run resumes: it makes the same lines again and appends where the file ends; a torn last line is cut off and
rewritten. A file compressed by gzip or zstd cannot be resumed: it appears when its run is complete and no file of the
run has failed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from instgen.errors import OutputDiffers
from instgen.jsonl.descriptors import locked, translated, write_all
from instgen.packing import PACKINGS

HELD_IN_MEMORY = 1 << 20
"""Bytes of held-back lines kept in memory; beyond that they go to a temporary file."""
OVERWRITE_HINT = "name another file, or --force to overwrite this one"


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
                raise OutputDiffers(f"{self._path}: has more lines than this run writes", OVERWRITE_HINT)
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
            raise OutputDiffers(
                f"{self._path}: differs from what this run writes, at byte {self._agreed}", OVERWRITE_HINT
            )
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
            write_all(self._fd, block)
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
            write_all(self._fd, self._packer.compress(b"".join(lines)))

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
            write_all(self._fd, self._packer.flush())
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
