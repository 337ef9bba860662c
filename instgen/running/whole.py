"""Writes a small file atomically.

The rule: the temporary file is always newly created; anything that has its name, above all a symbolic link, is removed,
never followed or opened.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file, or replace an existing one.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()  # left by a killed process that had the same pid
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with open(file, "wb") as out:
            out.write(data)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
