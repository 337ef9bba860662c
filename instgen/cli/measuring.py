"""Runs `score` without a judge: rows in as they arrive, records with their scores out; one thread, no engine.

The rules: a batch of rows is scored and written before more is read; the same rows give the same bytes; every record
that was read is written.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from instgen import __version__, console
from instgen.cli import command_line, summary
from instgen.cli.display import shown
from instgen.cli.progress import Progress
from instgen.cli.stopping import stopping
from instgen.console import plural
from instgen.errors import InstgenError
from instgen.formats import to_row
from instgen.jsonl import Destination
from instgen.lines import BadLine, Row, batches_of, records_at
from instgen.records import Record
from instgen.running.options import Writing
from instgen.running.outputs import open_destinations
from instgen.scores.free import COMMAND, Measuring


@dataclass(slots=True)
class _Tally:
    """The counts of a run, for its report."""

    quiet: bool
    rows: int = 0
    records: int = 0
    scored: int = 0
    began: float = field(default_factory=time.monotonic)

    def progress(self, rows: int | None) -> Progress:
        total = rows if rows is not None and rows >= self.rows else None
        return Progress(COMMAND, self.rows, "row", total, f"{self.scored:,} scored")

    def tell(self) -> None:
        if not self.quiet:
            parts = (
                f"{self.records:,} {plural('record', self.records)} from {self.rows:,} {plural('row', self.rows)}",
                f"{self.scored:,} scored, no judge asked",
                console.duration(time.monotonic() - self.began),
            )
            console.say(f"{COMMAND}: {'; '.join(parts)}")

    def summary(self, problem: InstgenError | None) -> dict[str, Any]:
        return {
            "command": COMMAND,
            "version": __version__,
            "argv": command_line.argv(),
            "read": self.rows,
            "kept": self.rows,
            "rejected": 0,
            "records": self.records,
            "scored": self.scored,
            "reasons": {},
            "seconds": round(time.monotonic() - self.began, 3),
            "exit_code": problem.exit_code if problem else 0,
        }


def measure(measuring: Measuring, inputs: Sequence[Path], writing: Writing) -> None:
    """Write the records of files with their scores, and report on it.

    Raises:
        InstgenError: why the run ended early.
    """
    tally = _Tally(writing.quiet)
    summary.append(writing)
    problem: InstgenError | None = None
    try:
        _measure(measuring, inputs, writing, tally)
    except InstgenError as ended:
        problem = ended
    if problem is None or tally.rows:
        tally.tell()
    summary.append(writing, tally.summary(problem))
    if problem is not None:
        raise problem


def _measure(measuring: Measuring, inputs: Sequence[Path], writing: Writing, tally: _Tally) -> None:
    # Missing input files are reported before any output is created.
    batches = batches_of(inputs, waiting=lambda fd: stop.until_readable(fd, records))
    with contextlib.ExitStack() as closing:
        destinations = open_destinations(writing, inputs, resumable=True)
        for destination in destinations:
            closing.callback(destination.close)
        stop = closing.enter_context(stopping())
        closing.enter_context(shown(lambda rows: stop.told(tally.progress(rows)), inputs, writing))
        records = destinations[0]
        while batch := stop.reading(lambda: next(batches, None)):
            _write(batch, measuring, records, tally)
        for destination in destinations:
            destination.verify_end()


def _write(batch: Sequence[Row | BadLine], measuring: Measuring, destination: Destination, tally: _Tally) -> None:
    """Score and write a batch; a bad line ends the run after the rows before it are written."""
    lines: list[bytes] = []
    try:
        for record in _records(batch, tally):
            scored = measuring.scored(record)
            tally.records += 1
            tally.scored += scored is not record
            lines.append(orjson.dumps(to_row(scored), option=orjson.OPT_APPEND_NEWLINE))
    finally:
        if lines:
            destination.write(lines)


def _records(batch: Sequence[Row | BadLine], tally: _Tally) -> Iterator[Record]:
    for row in batch:
        if isinstance(row, BadLine):
            raise row.problem
        found = records_at(row)
        tally.rows += 1
        yield from found
