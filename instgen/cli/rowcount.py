"""An estimate of the number of rows in files, without reading them whole; it is the total of progress displays.

The rule: inputs that can be read only once are not touched, and at most `LOOKED_AT` bytes of each file are read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from instgen.sources import DASH

LOOKED_AT = 8 << 20
"""Bytes read from the start of a file; the rest of a longer file is assumed to be similar."""
PACKED_OR_ARRAY = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"[")
"""First bytes of files that do not have one row per line: gzip, zstd, a JSON array."""


def rows_in(paths: Sequence[Path]) -> int | None:
    """The number of rows in all the files, estimated for large ones; None if it cannot be known before reading them."""
    counts = [_rows_in(path) for path in paths]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _rows_in(path: Path) -> int | None:
    try:
        if str(path) == DASH:
            return _lines(0)
        if not path.is_file():
            return None
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _lines(fd)
        finally:
            os.close(fd)
    except OSError:
        return None


def _lines(fd: int) -> int | None:
    """The number of lines of a regular file, without moving its read position; None for anything else."""
    status = os.fstat(fd)
    head = os.pread(fd, LOOKED_AT, 0) if stat.S_ISREG(status.st_mode) else b""
    lines = head.count(b"\n")
    if head.lstrip().startswith(PACKED_OR_ARRAY) or not head:
        return None
    if len(head) >= status.st_size:
        return lines + (not head.endswith(b"\n"))
    return round(lines * status.st_size / len(head)) or None
