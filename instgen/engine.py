"""The async driver of every recipe: flows and a source in, outcomes out, in order.

Its guarantees, each held by a property test in `tests/test_engine.py`:

1. The outcomes are the same at any concurrency. Flow *i* starts right after the outcome of flow *i - ahead* was
   admitted, so what it sees of earlier outcomes depends on nothing else. Outcomes are admitted in the order of the
   flows' numbers.
2. Resuming is replaying: a completion that the journal holds is never bought again (`calls.py`).
3. Nothing vanishes: read = kept + rejected + failed + unfinished, and an outcome with neither records nor rejections
   is a bug.
4. A stopped run leaves a prefix: admission ends at the first flow that cannot finish.
5. Memory is bounded by `ahead`: a slow consumer holds up admission, and with it new flows.

All recipe code runs in the coroutine that iterates `Run.outcomes`, so its errors surface there.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from instgen.calls import Calls
from instgen.errors import Shortfall
from instgen.recipes.flow import TEACHER_FAILED, Flow, Outcome, Recipe
from instgen.records import Completion, Prompt

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)

LATER = 16
"""A flow's next call gives way to the first calls of the next `ahead / LATER` flows. If calls went strictly in order,
the last flows would start last and leave the teacher idle at the end of a run (measured by `tests.bench.evolve`)."""
YIELD_EVERY = 32
"""Outcomes admitted in a row before other callbacks (signals, the display) get their turn."""


class Source(Protocol[Item_co]):
    """A supply of items that are taken without waiting (see `pump.py`)."""

    @property
    def finished(self) -> bool:
        """Whether every item has been taken and no more will come."""
        ...

    @property
    def error(self) -> BaseException | None:
        """What ended the source early, after its last good item."""
        ...

    def start(self, arrived: Callable[[], None]) -> None:
        """Begin to deliver; `arrived` is called in the event loop when there may be something new."""
        ...

    def take(self) -> Item_co | None:
        """The next item, or None if none is ready."""
        ...

    def close(self) -> None:
        """Stop reading and release what is read from."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """When to end a run whose source is endless."""

    records: int
    """Stop when this many records were made."""
    expected: float
    """Records that one flow is expected to make: a first estimate, refined during the run, by which calls are held back
    that would only make a surplus."""
    patience: int = 50
    """Consecutive flows without a record after which the run counts as dry and ends with a Shortfall."""


@dataclass(slots=True)
class Tally:
    """Counts of what became of every item and every record."""

    read: int = 0
    kept: int = 0
    rejected: int = 0
    failed: int = 0
    records: int = 0
    surplus: int = 0
    """Records made beyond the target, and not written."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Rejections by reason."""

    def count(self, outcome: Outcome) -> None:
        """Count an admitted outcome: its item, its records and the reasons of its rejections.

        Raises:
            RuntimeError: the outcome has neither records nor rejections.
        """
        reasons = [rejection.verdict.reason for rejection in outcome.rejections]
        if not outcome.records and not reasons:
            raise RuntimeError("an outcome without records or rejections: an item would vanish")
        self.reasons.update(reasons)
        self.records += len(outcome.records)
        if outcome.records:
            self.kept += 1
        elif set(reasons) == {TEACHER_FAILED}:
            self.failed += 1
        else:
            self.rejected += 1

    def check(self, unfinished: int) -> None:
        """Raise RuntimeError unless read = kept + rejected + failed + `unfinished`."""
        if self.read != self.kept + self.rejected + self.failed + unfinished:
            raise RuntimeError(f"the numbers do not add up: {self} with {unfinished} unfinished")


@dataclass(slots=True, eq=False)
class _Running:
    """A flow that was started and not admitted: its current prompts, the answers so far and, finally, its outcome."""

    number: int
    steps: Flow
    prompts: tuple[Prompt, ...] = ()
    answers: list[Completion | None] = field(default_factory=list)
    missing: int = 0
    """Answers that have not arrived."""
    asked: int = 0
    """Times that the flow has yielded prompts."""
    held: bool = False
    """Whether its first prompts are held back because earlier flows are expected to reach the target."""
    outcome: Outcome | None = None


class Run(Generic[Item]):
    """One run of a recipe over a source; iterate `outcomes` to drive it."""

    def __init__(
        self,
        recipe: Recipe[Item],
        source: Source[Item],
        calls: Calls,
        *,
        ahead: int,
        target: Target | None = None,
        grace: float = 10.0,
    ) -> None:
        """Set up without starting anything.

        Args:
            recipe: starts the flows and admits their outcomes.
            source: the items, one for each flow.
            calls: answers the prompts.
            ahead: maximum number of flows started and not admitted. For a recipe whose flows depend on earlier
                outcomes this is its window, which determines the output; for others it is only a reorder buffer.
            target: how many records to make; None means one flow for each item of the source.
            grace: seconds that a stopped run waits for calls in flight.
        """
        self.tally = Tally()
        self.calls = calls
        self.stopped: BaseException | None = None
        """Why the run ended early; None if it has not."""
        self._recipe = recipe
        self._source = source
        self._ahead = ahead
        self._target = target
        self._grace = grace
        self._unproductive = 0
        """Consecutive admitted flows without a record."""
        self._is_dry = False
        self._flows: deque[_Running] = deque()
        """Flows that were started and not admitted, in order."""
        self._answered: deque[_Running] = deque()
        """Flows with all their answers, ready for their next step."""
        self._changed = asyncio.Event()
        self._given_up = False
        """Whether the grace period of a stopped run is over."""
        calls.on_fatal = self.stop
        calls.on_change = self._changed.set

    @property
    def unfinished(self) -> int:
        """The number of flows that were started and not admitted."""
        return len(self._flows)

    def stop(self, why: BaseException) -> None:
        """Make no more calls; `outcomes` admits what it still can within the grace period, then raises `why`."""
        if self.stopped is None:
            self.stopped = why
            self.calls.stop()
            asyncio.get_running_loop().call_later(self._grace, self._give_up)
        self._changed.set()

    async def outcomes(self) -> AsyncGenerator[Outcome]:
        """Every outcome in order, until the source is exhausted, the target is reached or the run is stopped.

        Raises:
            InstgenError: what stopped the run, raised after the last outcome.
        """
        self._source.start(self._changed.set)
        try:
            self._start_more()
            while (outcome := await self._next()) is not None:
                yield outcome
        finally:
            self._source.close()
            await self.calls.close()
        self.tally.check(self.unfinished)
        if self.stopped is not None:
            raise self.stopped

    async def _next(self) -> Outcome | None:
        """The next outcome in order, as soon as it is available; None at the end."""
        if (self.tally.read - self.unfinished) % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        while not self._at_the_end():
            self._changed.clear()
            while self._answered:
                flow = self._answered.popleft()
                self._step(flow, tuple(answer for answer in flow.answers if answer is not None))
            if (outcome := self._finished_head()) is not None:
                self._flows.popleft()
                return self._admit(outcome)
            self._start_more()
            if not self._answered and self._finished_head() is None:
                await self._wait_for_answers()
        return None

    async def _wait_for_answers(self) -> None:
        """Replay what the flows wait for; if nothing can be replayed, make calls and wait for a change."""
        if not self.calls.launch() and not self._answered and not self._at_the_end():
            await self._changed.wait()

    def _finished_head(self) -> Outcome | None:
        """The outcome of the flow that is next in order, or None if that flow has not finished."""
        return self._flows[0].outcome if self._flows else None

    def _at_the_end(self) -> bool:
        if self._target is not None and (self.tally.records >= self._target.records or self._is_dry):
            return True
        if self._answered or self._finished_head() is not None:
            return False
        if self.stopped is not None:
            return self._given_up or not self.calls.busy
        if self._source.finished and not self._flows:
            self.stopped = self._source.error
            return True
        return False

    def _admit(self, outcome: Outcome) -> Outcome:
        """Admit the head's outcome, and immediately start the flow that waited for it."""
        admitted = self._within_target(self._recipe.admit(outcome))
        self.tally.count(admitted)
        self._unproductive = 0 if admitted.records else self._unproductive + 1
        if self._target is not None and self._unproductive >= self._target.patience:
            self._is_dry = True
            self.stop(_dry(self._target, self.tally))
        self._start_more()
        self._release()
        return admitted

    def _within_target(self, outcome: Outcome) -> Outcome:
        if self._target is None:
            return outcome
        room = self._target.records - self.tally.records
        self.tally.surplus += max(0, len(outcome.records) - room)
        return replace(outcome, records=outcome.records[:room])

    def _start_more(self) -> None:
        while len(self._flows) < self._ahead and self.stopped is None:
            item = self._source.take()
            if item is None:
                return
            flow = _Running(self.tally.read, self._recipe.start(self.tally.read, item))
            self.tally.read += 1
            self._flows.append(flow)
            self._step(flow, None)

    def _step(self, flow: _Running, answers: tuple[Completion, ...] | None) -> None:
        """Run a flow to its next prompts or to its end; `answers` is None for its first step."""
        try:
            flow.prompts = next(flow.steps) if answers is None else flow.steps.send(answers)
        except StopIteration as end:
            flow.outcome = end.value
            return
        flow.held = answers is None and flow.number >= self._first_held()
        if not flow.held:
            self._ask(flow)

    def _ask(self, flow: _Running) -> None:
        flow.answers = [None] * len(flow.prompts)
        flow.missing = len(flow.prompts)
        turn = flow.number + flow.asked * (self._ahead // LATER)
        flow.asked += 1
        for place, prompt in enumerate(flow.prompts):
            self.calls.ask(prompt, turn, partial(self._deliver, flow, place))
        if not flow.prompts:
            self._answered.append(flow)

    def _deliver(self, flow: _Running, place: int, answer: Completion) -> None:
        flow.answers[place] = answer
        flow.missing -= 1
        if flow.missing == 0:
            self._answered.append(flow)

    def _first_held(self) -> float:
        """The number of the first flow to hold back: the flows before it are expected to reach the target."""
        if self._target is None:
            return math.inf
        admitted = self.tally.read - self.unfinished
        expected = (self.tally.records + self._target.expected) / (admitted + 1)
        return admitted + math.ceil((self._target.records - self.tally.records) / max(expected, 0.01))

    def _release(self) -> None:
        """Ask the prompts of held flows that are now needed to reach the target."""
        if self._target is None:
            return
        limit = self._first_held()
        for flow in self._flows:
            if flow.number >= limit:
                break
            if flow.held:
                flow.held = False
                self._ask(flow)

    def _give_up(self) -> None:
        self._given_up = True
        self._changed.set()


def _dry(target: Target, tally: Tally) -> Shortfall:
    common = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common(3))
    failures = next(iter(tally.reasons.most_common(1)))[0] == TEACHER_FAILED
    return Shortfall(
        f"ran dry: {target.patience} calls in a row without a new record ({tally.records} of {target.records} made;"
        f" most common reasons: {common})",
        "see what the teacher says in the --rejects file"
        if failures
        else "try more or other seeds, another teacher, --seed, or a larger --patience",
        failures=failures,
    )
