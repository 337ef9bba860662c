"""Opens the outputs of a run, for records and rejects.

The rule: no file is both an output and an input, or two outputs, whatever names it is given by.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from instgen import console
from instgen.errors import UsageError
from instgen.jsonl import Destination, Stream, Together, open_destination
from instgen.running.options import Writing
from instgen.sources import DASH


def open_destinations(writing: Writing, inputs: Sequence[Path], *, resumable: bool) -> list[Destination]:
    """The destination of records, followed by that of rejects if there is one.

    Args:
        writing: the options that name the outputs.
        inputs: the files that the run reads.
        resumable: whether the run can make its earlier lines again, as resuming requires.

    Raises:
        UsageError: an output is also an input or another output, or cannot be written as one.
        OutputLocked, OutputFailed: as `open_destination` does.
    """
    together: Together = []
    named = [path for path in (writing.output, writing.rejects) if path is not None and str(path) != DASH]
    if writing.rejects is not None and str(writing.rejects) == DASH:
        raise UsageError("--rejects -: rejects cannot go to stdout with the records", "name a file")
    to_stdout = writing.output is None or str(writing.output) == DASH
    _check_distinct(named, inputs, to_stdout=to_stdout)

    def opened(path: Path | None) -> Destination:
        if path is None or str(path) == DASH:
            return Stream(console.STDOUT, "stdout")
        return open_destination(path, together, force=writing.force, resumable=resumable)

    return [opened(writing.output), *([opened(writing.rejects)] if writing.rejects else [])]


def _check_distinct(outputs: Sequence[Path], inputs: Sequence[Path], *, to_stdout: bool) -> None:
    taken = {_identity(path.stat()): str(path) for path in inputs if path.is_file()}
    if console.is_file(console.STDIN):
        taken[_identity(os.fstat(console.STDIN))] = "stdin"
    if to_stdout and console.is_file(console.STDOUT) and (same := taken.get(_identity(os.fstat(console.STDOUT)))):
        raise UsageError(f"stdout is also {same}, and would be read while it is written", "redirect it to another file")
    for path in outputs:
        there = _identity(path.stat()) if path.is_file() else str(path.resolve())
        if there in taken:
            raise UsageError(f"{path}: is also {taken[there]}, and would be destroyed", "name another output")
        taken[there] = str(path)


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"
