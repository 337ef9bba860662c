"""What a disk can hold after the power went off, made of the record of all that was done to it.

A file's bytes up to its last sync are there. Of what was written since, each piece may be there or not, and the last
one may be torn between two sectors; a file that was removed may be back, unless its folder was synced after. What lies
in shared memory (`-shm`) is gone, or anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.torture.shim import Change

SECTOR = 512


class File:
    """A file's bytes, and what was done since they were synced."""

    def __init__(self) -> None:
        self.durable = b""
        self.pending: list[Change] = []

    def sync(self) -> None:
        for change in self.pending:
            self.durable = done(self.durable, change)
        self.pending = []

    def after(self, random: Random, *, in_order: bool) -> bytes:
        """What the power's end leaves; in order where only the last pieces may be missing."""
        data = self.durable
        count = random.randint(0, len(self.pending)) if in_order or random.random() < 0.3 else len(self.pending)
        share = 1.0 if in_order else random.choice([0.0, 0.5, 0.9, 1.0])
        left = [change for change in self.pending[:count] if random.random() <= share]
        for change in left:
            is_torn = change is left[-1] and change.what == "w" and random.random() < 0.5
            size = random.randint(0, len(change.data))
            size = size if in_order else size // SECTOR * SECTOR
            data = done(data, change._replace(data=change.data[:size]) if is_torn else change)
        return data


def done(data: bytes, change: Change) -> bytes:
    """A file's bytes after a change."""
    at = change.offset
    if change.what == "t":
        return data[:at].ljust(at, b"\0")
    return data[:at].ljust(at, b"\0") + change.data + data[at + len(change.data) :]


def image(history: Sequence[Change], place: Path, random: Random) -> None:
    """Write into a folder what was on the disk after so much of its history; sub-folders are not made."""
    files: dict[str, File] = {}
    removed: dict[str, File] = {}
    for change in history:
        name = Path(change.path).name
        if change.what == "s" and name == place.name:
            removed = {}
        elif change.what == "s" and name in files:
            files[name].sync()
        elif change.what == "u":
            removed |= {name: files.pop(name)} if name in files else {}
        elif change.what == "r":
            files[Path(change.to).name] = files.pop(name)
        elif change.what in {"w", "t"}:
            removed.pop(name, None)
            files.setdefault(name, File()).pending.append(change)
    back = {name: file for name, file in removed.items() if random.random() < 0.5}
    for name, file in {**back, **files}.items():
        if name.endswith("-shm"):
            if random.random() < 0.5:
                (place / name).write_bytes(random.randbytes(random.choice([1, 4096, 32768])))
        else:
            (place / name).write_bytes(file.after(random, in_order="sqlite" not in name))
