"""What a run reports about itself: progress while it runs, a few lines at its end, a summary row for other programs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instgen import __version__, console
from instgen.budget import dollars
from instgen.calls import Spending
from instgen.cli import command_line, summary
from instgen.cli.display import shown
from instgen.cli.progress import Progress
from instgen.console import plural
from instgen.engine import Run
from instgen.errors import InstgenError
from instgen.records import Rejection
from instgen.running.options import Writing
from instgen.teachers.teacher import Teacher

EXAMPLES_A_REASON = 3
FORESEEN_AFTER = 10
"""Rows or calls that must be finished before the cost of the whole run is estimated."""


@dataclass(slots=True)
class Account:
    """The report on one run."""

    command: str
    run: Run[Any]
    teachers: tuple[Teacher, ...]
    """The teachers that write: one, or several that rotate."""
    writing: Writing
    wanted: int | None
    """Records asked for; None if each input row is one item."""
    inputs: tuple[Path, ...] = ()
    """Files that the rows are read from; empty for stdin."""
    notes: Callable[[], Iterable[str]] = tuple
    """Returns further lines to print at the end."""
    began: float = field(default_factory=time.monotonic)
    examples: dict[str, list[Rejection]] = field(default_factory=dict)

    def shown(self) -> AbstractContextManager[None]:
        """Show the run's progress on stderr while the context lasts."""
        inputs = self.inputs or (Path("-"),)
        return shown(self.progress, inputs if self.wanted is None else (), self.writing)

    def progress(self, rows: int | None) -> Progress:
        """The run's progress; `rows` is the number of rows in its input, if known. Called in another thread."""
        tally, calls = self.run.tally, self.run.calls
        through = tally.read - self.run.unfinished
        done, total = (through, rows) if self.wanted is None else (tally.records, self.wanted)
        if total is not None and total < done:
            total = None
        return Progress(
            self.command,
            done,
            "row" if self.wanted is None else "record",
            total,
            f"{tally.records:,} {plural('record', tally.records)} made" if self.wanted is None else "",
            dict(tally.reasons),  # a copy, because this is another thread
            tuple(calls_told(calls.spending, calls.in_flight, self._part_paid(done, total))),
            self._state(),
            measured=calls.spending.asked > 0 and self.run.stopped is None,
        )

    def _part_paid(self, done: int, total: int | None) -> float | None:
        """The fraction of the whole run that is paid for, with items in progress counted as half; None if unknown."""
        through = self.run.tally.read - self.run.unfinished
        if total is None or not done or through < FORESEEN_AFTER:
            return None
        return min(1.0, done / total * (1 + self.run.unfinished / 2 / through))

    def _state(self) -> str:
        """What the run is waiting for; "" if nothing holds it up."""
        calls = self.run.calls
        if self.run.stopped is not None:
            return "stopping" + (": what is in flight may still arrive" if calls.in_flight else "")
        for teacher in self.teachers:
            wait: str = getattr(teacher, "waits", str)()
            if wait:
                return wait
        if calls.busy or self.wanted is not None:
            return ""
        return "waiting for the reader of the records" if self.run.unfinished else "waiting for rows"

    def check(self) -> None:
        """Raise OutputFailed if the summary file cannot be written, before the run starts."""
        summary.append(self.writing)

    def note(self, rejection: Rejection) -> None:
        """Keep the first few rejections of each reason, for `--verbose`."""
        examples = self.examples.setdefault(rejection.verdict.reason, [])
        if len(examples) < EXAMPLES_A_REASON:
            examples.append(rejection)

    def close(self, problem: InstgenError | None) -> None:
        """Print how the run went, and append the summary if one was asked for.

        A run that ended before a row was finished or a call was made prints nothing: its error says it all.
        """
        if not self.writing.quiet and (problem is None or self._anything_happened()):
            console.say_text("\n".join(f"{self.command}: {line}" for line in self._lines()))
            if self.writing.verbose:
                self._show_examples()
        summary.append(self.writing, self._summary(problem))

    def _anything_happened(self) -> bool:
        """Whether any item was finished, or any completion bought or replayed."""
        spending = self.run.calls.spending
        return self.run.tally.read > self.run.unfinished or spending.asked > 0 or spending.replayed > 0

    def _lines(self) -> list[str]:
        tally, spending = self.run.tally, self.run.calls.spending
        reasons = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common())
        through = tally.read - self.run.unfinished
        items = f"{through} {plural('row' if self.wanted is None else 'call', through)}"
        made = [
            f"{tally.records} {plural('record', tally.records)} from {items}",
            f"{tally.surplus} surplus" if tally.surplus else "",
            console.duration(time.monotonic() - self.began),
        ]
        bought = [
            f"{spending.asked} asked, {spending.replayed} replayed"
            + (f", {spending.abandoned} abandoned" if spending.abandoned else ""),
            f"{'about ' if spending.estimated else ''}{_tokens_written(spending)}",
            cost_told(spending),
        ]
        lines = [
            "; ".join(filter(None, made)),
            f"rejected: {reasons}" if reasons else "",
            "; ".join(filter(None, bought)),
        ]
        lines = [line for line in lines if line]
        if spending.replayed and not spending.asked and not tally.failed:
            lines.append(f"every reply came from the journal; --seed {self.run.calls.seed + 1} makes new data")
        elif spending.asked and (small := next((each for each in self.teachers if each.traits.small), None)):
            lines.append(f"written by {small.name}, a small model: for demonstration, not for training")
        if spending.hosts and (others := spending.replayed_hosts - spending.hosts):
            lines.append(
                f"some replies came from the journal, originally from another server: {', '.join(sorted(others))}"
            )
        if tally.rejected and not (tally.records or tally.failed or self.writing.rejects):
            lines.append("nothing was kept; see --rejects FILE for the reasons")
        return [*lines, *self.notes()]

    def _show_examples(self) -> None:
        for reason, some in self.examples.items():
            for rejection in some:
                text = rejection.record.instruction if rejection.record else rejection.text
                evidence = f" ({rejection.verdict.evidence[:80]!r})" if rejection.verdict.evidence else ""
                console.say(f"  {reason}: {text[:100]!r}{evidence}")

    def _summary(self, problem: InstgenError | None) -> dict[str, Any]:
        tally, spending = self.run.tally, self.run.calls.spending
        return {
            "command": self.command,
            "version": __version__,
            "argv": command_line.argv(),
            "teacher": ", ".join(each.name for each in self.teachers),
            "wanted": self.wanted,
            "read": tally.read,
            "kept": tally.kept,
            "rejected": tally.rejected,
            "failed": tally.failed,
            "unfinished": self.run.unfinished,
            "records": tally.records,
            "surplus": tally.surplus,
            "reasons": dict(tally.reasons.most_common()),
            "requests": spending.total.requests,
            "asked": spending.asked,
            "replayed": spending.replayed,
            "shared": spending.shared,
            "abandoned": spending.abandoned,
            "prompt_tokens": spending.prompt_tokens,
            "completion_tokens": spending.completion_tokens,
            "cached_tokens": spending.cached_tokens,
            "reasoning_tokens": spending.reasoning_tokens,
            "tokens_estimated": spending.estimated,
            "cost": spending.cost,
            "cost_known": spending.cost is not None,
            "seconds": round(time.monotonic() - self.began, 3),
            "exit_code": problem.exit_code if problem else 0,
        }


def cost_told(spending: Spending) -> str:
    """What the completions cost; "" if they were free."""
    if spending.cost is None:
        return "cost unknown"
    return f"{'about ' if spending.estimated else ''}{dollars(spending.cost)}" if spending.cost else ""


def calls_told(spending: Spending, in_flight: int, part: float | None) -> Iterator[str]:
    """The number of calls and their cost, the most important part first.

    Args:
        spending: totals of the completions so far.
        in_flight: number of calls in flight.
        part: fraction of the whole run that is paid for, if known.
    """
    cost = cost_told(spending)
    if spending.cost and part:
        yield f"{cost} so far, about {dollars(spending.cost / part)} in all"
    elif cost:
        yield f"{cost} so far" if spending.cost else cost
    yield f"{in_flight} {plural('call', in_flight)} in flight"
    yield f"{spending.asked:,} asked"
    if spending.replayed:
        yield f"{spending.replayed:,} replayed"
    yield _tokens_written(spending)


def _tokens_written(spending: Spending) -> str:
    return f"{spending.completion_tokens:,} {plural('token', spending.completion_tokens)} written"
