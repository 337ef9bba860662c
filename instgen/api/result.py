"""What a call gives: records as they come, then what was left out and what was spent.

The rules: nothing is asked before the first record is wanted; to stop iterating stops the spending, and the loop's exit
waits until what was paid for has arrived and the thread has ended; what ended a run early is raised after its last
record.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from instgen.errors import UsageError
from instgen.recipes.flow import Outcome
from instgen.records import Record, Rejection


@dataclass(frozen=True, slots=True)
class Spent:
    """What the completions used so far amount to; those from the journal count as new ones do."""

    requests: int = 0
    asked: int = 0
    """Calls made in this run: the other completions came from the journal, and cost nothing now."""
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None where any price is unknown."""

    @property
    def tokens(self) -> int:
        """Those of prompts and of answers."""
        return self.prompt_tokens + self.completion_tokens


class Running(Protocol):
    """What makes the outcomes of a result."""

    @property
    def spent(self) -> Spent:
        """What was used so far."""
        ...

    def outcomes(self) -> Generator[Outcome]:
        """Every outcome, in order; to be asked for once, by the thread that wants them."""
        ...

    def stop(self) -> None:
        """Make no more; may be called from any thread, before, after and while outcomes are made."""
        ...

    def end(self) -> None:
        """Make no more, and come back when nothing is under way."""
        ...


class Result:
    """Records of one run, to be iterated once; with `with`, the run ends with the block whatever happens in it."""

    def __init__(self, command: str, running: Running) -> None:
        """Nothing is begun yet."""
        self.command = command
        self.rejections: list[Rejection] = []
        """What was left out so far, each with its reason; `teacher-failed` for what never got an answer."""
        self._running = running
        self._is_iterated = False
        self._is_stopped = False
        self._given = 0

    @property
    def spending(self) -> Spent:
        """What was used so far."""
        return self._running.spent

    def __iter__(self) -> Iterator[Record]:
        """The records, as they come.

        Raises:
            InstgenError: why the run ended before it had done what was asked.
        """
        if self._is_iterated:
            raise UsageError(f"these records of {self.command} were iterated already", "records = list(...) keeps them")
        self._is_iterated = True
        return self._records()

    def _records(self) -> Iterator[Record]:
        with closing(self._running.outcomes()) as outcomes:
            for outcome in outcomes:
                self.rejections += outcome.rejections
                for record in outcome.records:
                    if self._is_stopped:
                        return
                    self._given += 1
                    yield record

    def stop(self) -> None:
        """Ask nothing more; whoever iterates gets no more records. May be called from any thread."""
        self._is_stopped = True
        self._running.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._running.end()

    def __repr__(self) -> str:
        spent = self.spending
        cost = "at a cost not known" if spent.cost is None else f"${spent.cost:.4f}"
        return (
            f"<{self.command}: {self._given:,} records so far, {len(self.rejections):,} rejected;"
            f" {spent.requests:,} requests, {spent.tokens:,} tokens, {cost}>"
        )
