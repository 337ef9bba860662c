"""Runs `filter`: rows in as they arrive, kept lines and rejects out, a report at the end; one thread, no engine.

The rules: a batch is whatever has arrived, so that each row passes through without delay; a batch is written before
more is read, so that nothing is lost when the run is stopped; read = kept + rejected + bad lines.
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import orjson

from instgen.cli import summary
from instgen.cli.bad_lines import BAD_LINE
from instgen.cli.collecting import IN_ROWS, seldom_collected
from instgen.cli.display import shown
from instgen.cli.funnel import Funnel
from instgen.cli.stopping import Stop, stopping
from instgen.errors import InputError, InstgenError
from instgen.formats import records_from, rejection_row
from instgen.formats.quick import quick_record
from instgen.jsonl import Destination
from instgen.lines import BadLine, Row, batches_of
from instgen.records import Record, Rejection, Verdict
from instgen.running.options import Writing
from instgen.running.outputs import open_destinations
from instgen.running.sieve import STAGE, Item, Sieve, reject_line
from instgen.running.spool import Spool

T = TypeVar("T")

BATCH = 2048
"""Lines per write when the spooled lines are written."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input files."""

    rows: Sequence[Path]
    others: Sequence[Path] = ()
    """Files that rows are only compared with."""
    skip_bad_lines: bool = False


@seldom_collected(IN_ROWS)
def sift(sieve: Sieve, inputs: Inputs, writing: Writing) -> None:
    """Pass the rows of files through a sieve, show the progress and report on it.

    Raises:
        InstgenError: why the run ended early.
    """
    funnel = Funnel(sieve.steps, quiet=writing.quiet, verbose=writing.verbose)
    summary.append(writing)
    problem: InstgenError | None = None
    try:
        # Missing input files are reported before any output is created.
        batches = batches_of(inputs.rows, waiting=lambda fd: stop.until_readable(fd, destinations[0]))
        with contextlib.ExitStack() as closing:
            destinations = open_destinations(writing, (*inputs.rows, *inputs.others), resumable=True)
            for destination in destinations:
                closing.callback(destination.close)
            stop = closing.enter_context(stopping())
            run = _Run(sieve, funnel, stop, destinations, skip=inputs.skip_bad_lines)
            closing.enter_context(shown(lambda rows: stop.told(funnel.progress(rows)), inputs.rows, writing))
            run.all(batches)
            for destination in destinations:
                destination.verify_end()
    except InstgenError as ended:
        problem = ended
    if problem is None or funnel.read:
        funnel.tell()
    summary.append(writing, funnel.summary(problem))
    if problem is not None:
        raise problem
    funnel.check()


@dataclass(slots=True)
class _Run:
    """The state of one run."""

    sieve: Sieve
    funnel: Funnel
    stop: Stop
    destinations: Sequence[Destination]
    skip: bool
    marks: array[int] = field(default_factory=lambda: array("Q"))
    """For each spooled row: twice the number of its removed parts, plus one if it was rewritten."""

    @property
    def rejecting(self) -> bool:
        """Whether rejects are written anywhere."""
        return len(self.destinations) > 1

    def all(self, batches: Iterator[Sequence[Row | BadLine]]) -> None:
        """Judge all rows and write the results; if there are selections, kept rows are spooled until the end."""
        with Spool() if self.sieve.selections else contextlib.nullcontext() as spool:
            keep = spool.add if spool is not None else self.keep
            while batch := self.stop.reading(lambda: next(batches, None)):
                self._batch(batch, keep)
            if spool is not None:
                self._select(spool)

    def keep(self, lines: Sequence[bytes]) -> None:
        """Write kept lines."""
        if lines:
            self.destinations[0].write(lines)

    def _batch(self, batch: Sequence[Row | BadLine], keep: Callable[[Sequence[bytes]], None]) -> None:
        """Judge a batch and write its kept lines and rejects; a bad line ends the run unless bad lines are skipped."""
        lines: list[bytes] = []
        rejects: list[bytes] = []
        bad: InputError | None = None
        for judged in self.sieve.judge(batch):
            if isinstance(judged, Item):
                self._settle(judged, lines, rejects)
            elif self.skip:
                self.funnel.read += 1
                self.funnel.pass_over(judged.problem)
                rejects.append(_bad_line(judged))
            else:
                bad = judged.problem
                break
        keep(lines)
        self._reject(rejects)
        if bad:
            raise bad

    def _settle(self, item: Item, lines: list[bytes], rejects: list[bytes]) -> None:
        """Count a judged row, and append its kept line or its rejects."""
        self.funnel.read += 1
        if item.verdict:
            self.funnel.reject(item.step, item.verdict, item.before[0].instruction)
        else:
            self.funnel.keep(rewritten=item.changed, parts=len(item.dropped))
            if self.sieve.selections:
                self.marks.append(2 * len(item.dropped) + item.changed)
            lines.append(item.line())
        if self.rejecting and (item.verdict or item.dropped):
            rejects.extend(item.rejects())

    def _reject(self, lines: Sequence[bytes]) -> None:
        if lines and self.rejecting:
            self.destinations[1].write(lines)

    def _select(self, spool: Spool) -> None:
        """Apply each selection to what the previous ones have kept, then write the results."""
        gone: dict[int, tuple[str, Verdict]] = {}
        for selection in self.sieve.selections:
            for position, line in enumerate(spool.lines()):
                if position not in gone:
                    selection.add(position, _record(line))
                self.stop.check()
            gone |= {position: (selection.name, verdict) for position, verdict in selection.rejected().items()}
        lines: list[bytes] = []
        for position, line in enumerate(spool.lines()):
            if position not in gone:
                lines.append(line)
                if len(lines) == BATCH:
                    self._write(lines)
            else:
                step, verdict = gone[position]
                row = orjson.loads(line)
                parts, rewritten = divmod(self.marks[position], 2)
                self.funnel.take_back(rewritten=bool(rewritten), parts=parts)
                self.funnel.reject(step, verdict, _record(line).instruction)
                self._reject([reject_line(row, verdict)])
        self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        """Write kept lines, and clear the list."""
        self.keep(lines)
        lines.clear()
        self.stop.check()


def _record(line: bytes) -> Record:
    """The record of a kept line; the first one of a task with several instances."""
    row = orjson.loads(line)
    return quick_record(row) or records_from(row)[0]


def _bad_line(line: BadLine) -> bytes:
    verdict = Verdict(BAD_LINE, evidence=line.problem.message)
    row = rejection_row(Rejection(STAGE, verdict, text=line.raw.decode("utf-8", "replace")))
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
