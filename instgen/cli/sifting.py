"""Driving `filter`: rows in as they come, kept lines and rejects out, an account at the end; one thread, no engine.

The rules: a batch is what came at once, so that a row passes through as soon as it is there; what was judged is
written before more is read, so that nothing is lost when the run is stopped; read = kept + rejected + bad lines.
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
"""Lines that are written at once when those that were put aside are written."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is read."""

    rows: Sequence[Path]
    others: Sequence[Path] = ()
    """What is only compared with."""
    skip_bad_lines: bool = False


@seldom_collected(IN_ROWS)
def sift(sieve: Sieve, inputs: Inputs, writing: Writing) -> None:
    """Send the rows of files through a sieve, with all that the command line says about it.

    Raises:
        InstgenError: why it ended early.
    """
    funnel = Funnel(sieve.steps, quiet=writing.quiet, verbose=writing.verbose)
    summary.append(writing)
    problem: InstgenError | None = None
    try:
        # Before an output is made it is told whether the files are there.
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
    """One run: what it reads through and writes to."""

    sieve: Sieve
    funnel: Funnel
    stop: Stop
    destinations: Sequence[Destination]
    skip: bool
    marks: array[int] = field(default_factory=lambda: array("Q"))
    """Of each row that was put aside: twice the parts that it has lost, and one more if it was rewritten."""

    @property
    def rejecting(self) -> bool:
        """Whether somebody wants to see what is left out."""
        return len(self.destinations) > 1

    def all(self, batches: Iterator[Sequence[Row | BadLine]]) -> None:
        """Judge all rows, and write what can be written."""
        with Spool() if self.sieve.selections else contextlib.nullcontext() as spool:
            keep = spool.add if spool is not None else self.keep
            while batch := self.stop.reading(lambda: next(batches, None)):
                self._batch(batch, keep)
            if spool is not None:
                self._select(spool)

    def keep(self, lines: Sequence[bytes]) -> None:
        """Write lines that stay."""
        if lines:
            self.destinations[0].write(lines)

    def _batch(self, batch: Sequence[Row | BadLine], keep: Callable[[Sequence[bytes]], None]) -> None:
        """Judge what came at once, and write what became of it; a bad line ends the run unless it is to be skipped."""
        lines: list[bytes] = []
        rejects: list[bytes] = []
        bad: InputError | None = None
        for told in self.sieve.judge(batch):
            if isinstance(told, Item):
                self._settle(told, lines, rejects)
            elif self.skip:
                self.funnel.read += 1
                self.funnel.pass_over(told.problem)
                rejects.append(_bad_line(told))
            else:
                bad = told.problem
                break
        keep(lines)
        self._reject(rejects)
        if bad:
            raise bad

    def _settle(self, item: Item, lines: list[bytes], rejects: list[bytes]) -> None:
        """Count a row, and make the lines that tell of it."""
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
        """Let every selection see what the ones before have kept, then write the rest."""
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
        """Write lines that stay, and begin anew."""
        self.keep(lines)
        lines.clear()
        self.stop.check()


def _record(line: bytes) -> Record:
    """The record of a kept line: of a task with several instances, the first."""
    row = orjson.loads(line)
    return quick_record(row) or records_from(row)[0]


def _bad_line(line: BadLine) -> bytes:
    verdict = Verdict(BAD_LINE, evidence=line.problem.message)
    row = rejection_row(Rejection(STAGE, verdict, text=line.raw.decode("utf-8", "replace")))
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
