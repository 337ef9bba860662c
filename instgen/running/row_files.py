"""The row files of an export, one per split: written as rows come, then shuffled or converted to Parquet if wanted.

Shuffling keeps two numbers per row in memory, and their order; the rows themselves are read again from disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from instgen.export.columns import Columns
from instgen.export.format import DataFile, Format
from instgen.export.parquet import write_parquet
from instgen.export.split import order_key
from instgen.jsonl import translated
from instgen.running.folder import Folder

BUFFER = 1 << 20


@dataclass(slots=True)
class Part:
    """A split while it is being written."""

    name: str
    path: Path
    file: BinaryIO
    rows: int = 0
    size: int = 0
    ends: array[int] = field(default_factory=lambda: array("Q"))
    keys: array[int] = field(default_factory=lambda: array("Q"))
    """For each row, its end in the file and its sort key; empty unless rows are shuffled."""


class Parts:
    """All splits of an export."""

    def __init__(self, folder: Folder, form: Format, columns: Columns, shuffled: int | None) -> None:
        """Start without files; `shuffled` is the seed for shuffling, None for the order of the input."""
        self._folder = folder
        self._form = form
        self._columns = columns
        self._seed = shuffled
        self._again = form.parquet or shuffled is not None
        """Whether rows are written a second time after the last one."""
        self._parts: dict[str, Part] = {}

    def write(self, split: str, line: bytes) -> None:
        """Write a row to the file of its split."""
        with translated(str(self._folder.path)):
            part = self._parts.get(split) or self._begin(split)
            part.file.write(line)
        part.rows += 1
        part.size += len(line)
        if self._seed is not None:
            part.ends.append(part.size)
            part.keys.append(order_key(self._seed, line))

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows in each split."""
        return {name: part.rows for name, part in self._parts.items()}

    def finish(self, names: tuple[str, ...]) -> list[DataFile]:
        """Finish the files; returns them in the order of `names`."""
        with translated(str(self._folder.path)):
            for part in self._parts.values():
                part.file.close()
            return [self._finished(self._parts[name]) for name in names if name in self._parts]

    def close(self) -> None:
        """Close files that are still open, ignoring errors: there are such files only after a failure."""
        for part in self._parts.values():
            with contextlib.suppress(OSError):
                part.file.close()

    def _begin(self, split: str) -> Part:
        name = self._form.file.format(split=split)
        path = self._folder.spare(f"{split}.rows") if self._again else self._folder.place(name)
        part = self._parts[split] = Part(split, path, path.open("wb", buffering=BUFFER))
        return part

    def _finished(self, part: Part) -> DataFile:
        name = self._form.file.format(split=part.name)
        path = self._folder.place(name)
        if self._again:
            with path.open("wb", buffering=BUFFER) as file:
                if self._form.parquet:
                    write_parquet(_lines(part), self._columns, file)
                else:
                    file.writelines(_lines(part))
            part.path.unlink()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return DataFile(part.name, name, part.rows, path.stat().st_size, digest)


def _lines(part: Part) -> Iterator[bytes]:
    """The rows in their final order."""
    with part.path.open("rb") as file:
        if not part.ends:
            yield from file
            return
        ends = part.ends
        for at in sorted(range(part.rows), key=part.keys.__getitem__):
            begin = ends[at - 1] if at else 0
            yield os.pread(file.fileno(), ends[at] - begin, begin)
