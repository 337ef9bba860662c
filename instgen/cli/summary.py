"""The file of `--summary`: one row for each run, for other programs.

The rule: a row is one write, so that the stages of a pipeline may share the file.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Mapping
from typing import Any

import orjson

from instgen.errors import OutputFailed, UsageError
from instgen.running.options import Writing


def append(writing: Writing, row: Mapping[str, Any] | None = None) -> None:
    """Append a row where a summary was asked for; without a row, only make the file, to see that it can be written.

    Raises:
        UsageError: its name is that of a folder, or its folder is not there.
        OutputFailed: it cannot be written.
    """
    path = writing.summary
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"{path}: is a directory", "name a file")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}", "make it first")
    try:
        with path.open("ab", buffering=0) as file:
            if row is not None:
                _append_whole(file.fileno(), orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    except OSError as problem:
        raise OutputFailed(f"{path}: the summary cannot be written: {problem.strerror}") from problem


def _append_whole(fd: int, line: bytes) -> None:
    """Append a line or nothing: of one that a full disk has cut, the part that was written is taken back."""
    fcntl.flock(fd, fcntl.LOCK_EX)
    written = os.write(fd, line)
    if written < len(line):
        os.ftruncate(fd, os.fstat(fd).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
