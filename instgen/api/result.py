"""The result of a call: an iterator over records that also has the rejections and the usage so far.

The rules: no request is sent before the first record is taken. Leaving the loop stops new requests, and waits until
paid completions in flight have arrived and the thread has ended. An error that ends a run early is raised after its
last record.
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
    """Usage and cost of the completions used so far; those replayed from the journal count like new ones."""

    requests: int = 0
    asked: int = 0
    """Calls made in this run; all other completions were replayed from the journal at no cost."""
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0
    """US dollars; None if any price is unknown."""

    @property
    def tokens(self) -> int:
        """Tokens of prompts and completions together."""
        return self.prompt_tokens + self.completion_tokens


class Running(Protocol):
    """The run that makes the outcomes of a result."""

    @property
    def spent(self) -> Spent:
        """Usage and cost so far."""
        ...

    def outcomes(self) -> Generator[Outcome]:
        """All outcomes, in order. Call it once, in the thread that consumes them."""
        ...

    def stop(self) -> None:
        """Make no more outcomes; may be called at any time, from any thread."""
        ...

    def end(self) -> None:
        """Stop, and return when nothing runs any more."""
        ...


class Result:
    """The records of one run, to be iterated once. As a context manager, it ends the run at the end of the block."""

    def __init__(self, command: str, running: Running) -> None:
        """Nothing is started yet."""
        self.command = command
        self.rejections: list[Rejection] = []
        """The rejections so far, each with its reason; `teacher-failed` if a teacher gave no answer."""
        self._running = running
        self._is_iterated = False
        self._is_stopped = False
        self._given = 0

    @property
    def spending(self) -> Spent:
        """Usage and cost so far."""
        return self._running.spent

    def __iter__(self) -> Iterator[Record]:
        """The records, as they are made.

        Raises:
            UsageError: they were iterated before.
            InstgenError: the error that ended the run early.
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
        """Send no more requests; an iteration that is under way ends. May be called from any thread."""
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
