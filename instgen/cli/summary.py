"""The `--summary` file: one JSON row per run, for other programs.

The rule: each row is appended by one write, so that the stages of a pipeline can share the file.
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
from instgen.sources import DASH


def append(writing: Writing, row: Mapping[str, Any] | None = None) -> None:
    """Append a row to the summary file, if there is one; without a row, only check that it can be written.

    Raises:
        UsageError: the path is `-` or a folder, or its folder does not exist.
        OutputFailed: the file cannot be written.
    """
    path = writing.summary
    if path is None:
        return
    if str(path) == DASH:
        raise UsageError("--summary -: stdout is for records", "give --summary a file")
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
    """Append a whole line or nothing: if a full disk cuts it short, the written part is removed."""
    fcntl.flock(fd, fcntl.LOCK_EX)
    written = os.write(fd, line)
    if written < len(line):
        os.ftruncate(fd, os.fstat(fd).st_size - written)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
