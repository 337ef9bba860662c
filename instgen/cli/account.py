"""The account that a run gives of itself: progress as it goes on, a line when it ends, a summary for other programs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from instgen import __version__
from instgen.cli import console
from instgen.cli.display import Watched, cost_told, display
from instgen.cli.options import Writing
from instgen.engine import Run
from instgen.errors import InstgenError, OutputFailed
from instgen.records import Rejection
from instgen.teachers.teacher import Teacher

STDOUT = 1
EXAMPLES_A_REASON = 3


@dataclass(slots=True)
class Account:
    """What is told of one run."""

    command: str
    run: Run[Any]
    teachers: tuple[Teacher, ...]
    """Who writes: one, or several in turn."""
    writing: Writing
    wanted: int | None
    """Records asked for; None where each row is one item."""
    began: float = field(default_factory=time.monotonic)
    examples: dict[str, list[Rejection]] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """The run's progress on stderr, for as long as it goes on."""
        to_file = self.writing.output is not None or console.is_file(STDOUT)
        show = display(quiet=self.writing.quiet, to_file=to_file)
        task = asyncio.create_task(show(Watched(self.command, self.run, self.wanted))) if show else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def check(self) -> None:
        """Raise OutputFailed where the summary could not be written in the end."""
        if self.writing.summary:
            append_row(self.writing.summary)

    def note(self, rejection: Rejection) -> None:
        """Remember a few rejections of each reason, to show them."""
        examples = self.examples.setdefault(rejection.verdict.reason, [])
        if len(examples) < EXAMPLES_A_REASON:
            examples.append(rejection)

    def close(self, problem: InstgenError | None) -> None:
        """Say how it went, and append the summary where one was asked for."""
        if not self.writing.quiet:
            for line in self._lines():
                console.say(f"{self.command}: {line}")
            if self.writing.verbose:
                self._show_examples()
        if self.writing.summary:
            append_row(self.writing.summary, self._summary(problem))

    def _lines(self) -> list[str]:
        tally, spending = self.run.tally, self.run.calls.spending
        reasons = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common())
        items = f"{tally.read - self.run.unfinished} {'rows' if self.wanted is None else 'calls'}"
        told = [
            f"{tally.records} records from {items}",
            f"left out: {reasons}" if reasons else "",
            f"{tally.surplus} surplus" if tally.surplus else "",
            f"{spending.asked} asked, {spending.replayed} replayed"
            + (f", {spending.abandoned} abandoned" if spending.abandoned else "")
            + f", {'about ' if spending.estimated else ''}{spending.completion_tokens:,} tokens written",
            cost_told(spending),
            console.duration(time.monotonic() - self.began),
        ]
        lines = ["; ".join(part for part in told if part)]
        if spending.replayed and not spending.asked and not tally.failed:
            lines.append(f"every reply came from the journal; --seed {self.run.calls.seed + 1} makes new data")
        elif spending.asked and (small := next((each for each in self.teachers if each.traits.small), None)):
            lines.append(f"written by {small.name}, a small model: for demonstration, not for training")
        if spending.hosts and (others := spending.replayed_hosts - spending.hosts):
            lines.append(
                f"some replies came from the journal, and once from another server: {', '.join(sorted(others))}"
            )
        return lines

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
            "argv": console.argv(),
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


def append_row(path: Path, row: Mapping[str, Any] | None = None) -> None:
    """Append one line in one write, so that the stages of a pipeline may share the file; none only makes the file."""
    try:
        with path.open("ab", buffering=0) as file:
            if row is not None:
                os.write(file.fileno(), orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    except OSError as problem:
        raise OutputFailed(f"{path}: the summary cannot be written: {problem.strerror}") from problem
