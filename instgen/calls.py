"""Calls: prompts in, completions out, from the journal where they are there, else from a teacher.

The rules: a completion is in the journal before anybody is told of it; two that ask the same (one key) share one call;
what belongs to an earlier flow goes first; no more calls are in flight than `concurrency`. A failure of one item is a
completion like any other; what ends the run, a budget too, is handed to `on_fatal`.

A budget holds for what is replayed, too. So that the same line ends at the same place again, nothing new is bought
before all that the flows can replay was counted, and a budget ends the run only when nothing is under way.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import orjson

from instgen.budget import NOTHING, UNLIMITED, Amount, Budget, most, used
from instgen.errors import BudgetReached, ItemFailed, TeacherRefused
from instgen.journal import Journal
from instgen.records import Completion, Prompt, Role, Usage
from instgen.teachers.teacher import Teacher

Deliver = Callable[[Completion], None]


@dataclass(slots=True)
class Spending:
    """What the completions used so far amount to; replayed ones count as fresh ones do."""

    asked: int = 0
    """Calls made to a teacher in this run."""
    replayed: int = 0
    """Completions that came from the journal."""
    shared: int = 0
    """Prompts that were answered by another one's call."""
    abandoned: int = 0
    """Calls that were made and not waited for."""
    failed: int = 0
    total: Amount = NOTHING
    """What all completions used amount to, for the budget."""
    cached_tokens: int = 0
    """Tokens of prompts that servers had kept; a part of `prompt_tokens`."""
    reasoning_tokens: int = 0
    """Tokens that were thought and not said; a part of `completion_tokens`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether any of the token counts are our own estimate."""
    cost: float | None = 0.0
    """US dollars; None once any price was unknown."""
    hosts: set[str] = field(default_factory=set)
    """Servers that answered in this run."""
    replayed_hosts: set[str] = field(default_factory=set)
    """Servers that answered what was replayed."""

    def add(self, completion: Completion) -> None:
        """Count one completion that is used."""
        self.failed += completion.finish == "failed"
        self.total += used(completion)
        self.cached_tokens += completion.usage.cached
        self.reasoning_tokens += completion.usage.reasoning
        self.prompt_tokens += completion.usage.prompt
        self.completion_tokens += completion.usage.completion
        self.estimated |= completion.usage.estimated
        if self.cost is not None:
            self.cost = None if completion.cost is None else self.cost + completion.cost


class _Queued(NamedTuple):
    """A prompt that waits to be answered; those of lower turns, and of lower numbers among them, go first."""

    turn: int
    number: int
    key: bytes
    prompt: Prompt
    kept: Completion | None
    """Its completion, where it is in the journal and the budget had no room for it."""


def prompt_key(prompt: Prompt, identity: str, seed: int) -> bytes:
    """The 16 bytes under which a prompt's completion is kept: who is asked, what, with which seed and sample number."""
    asked = (
        identity,
        seed,
        prompt.sample,
        [(message.role, message.content) for message in prompt.messages],
        prompt.text,
        (prompt.temperature, prompt.top_p, prompt.presence_penalty, prompt.max_tokens),
        prompt.stop,
        prompt.schema,
    )
    return hashlib.blake2b(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


class Calls:
    """The one place where teachers are asked; everything but the journal's commits happens in the event loop."""

    def __init__(
        self,
        teachers: Mapping[Role, Teacher],
        journal: Journal,
        *,
        seed: int,
        concurrency: int,
        budget: Budget = UNLIMITED,
    ) -> None:
        """Set up without asking anything.

        Args:
            teachers: who answers prompts of each role.
            journal: where completions are looked up and kept.
            seed: goes into every key, so that another seed buys other completions.
            concurrency: calls in flight, at most.
            budget: what all completions used, replayed ones too, may amount to.
        """
        self.spending = Spending()
        self.on_fatal: Callable[[BaseException], None] = _raise
        """Told of what ends the run: a teacher that refuses us, a journal that cannot be written, a bug."""
        self.on_change: Callable[[], None] = _ignore
        """Told when a completion was delivered or a call has ended."""
        self._teachers = teachers
        self._journal = journal
        self.seed = seed
        self._concurrency = concurrency
        self._budget = budget
        self._reserved: dict[bytes, Amount] = {}
        """The most that each call in flight may use; nothing is kept where nothing is limited."""
        self._at_stake = NOTHING
        """All of that together."""
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[bytes, list[Deliver]] = {}
        self._queue: list[_Queued] = []
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._uncommitted = 0
        self._stopped = False
        self._reached = False
        """Whether any call was answered: a server that never was there ends the run, and is not kept as a failure."""
        self._woken = False
        self._committed: deque[tuple[bytes, Future[Completion]]] = deque()

    @property
    def in_flight(self) -> int:
        """Calls that a teacher is working on."""
        return len(self._tasks)

    @property
    def busy(self) -> bool:
        """Whether anything that was asked may still arrive."""
        return bool(self._tasks) or self._uncommitted > 0

    def ask(self, prompt: Prompt, turn: int, deliver: Deliver) -> Completion | None:
        """The completion, if it can be replayed; else None, and `deliver` is called with it after the next `launch`.

        Args:
            prompt: what to ask.
            turn: calls with a lower one are made first.
            deliver: called in the event loop, never from within `ask`.
        """
        key = prompt_key(prompt, self._teachers[prompt.role].identity, self.seed)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(deliver)
            self.spending.shared += 1
            return None
        kept = self._journal.get(key)
        if kept is not None:
            kept = self._priced(kept, prompt)
            if self._room_for(used(kept)) is None:
                self._replay(kept)
                return kept
        self._waiting[key] = [deliver]
        heapq.heappush(self._queue, _Queued(turn, next(self._numbers), key, prompt, kept))
        return None

    def launch(self) -> None:
        """Make the calls that there is room for, or end the run where there never will be.

        To be called whenever no flow can go on without an answer.
        """
        problem = self._launch()
        if problem is not None and not self.busy:
            self.on_fatal(problem)

    def stop(self) -> None:
        """Make no more calls; what a teacher has sent may still arrive."""
        self._stopped = True
        for teacher in self._teachers.values():
            drain = getattr(teacher, "drain", None)
            if drain is not None:
                drain()

    async def close(self) -> None:
        """Abandon what is in flight."""
        self._stopped = True
        self.spending.abandoned += len(self._tasks)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _launch(self) -> BudgetReached | None:
        """Make calls, and hand out what is replayed, up to what the budget has no room for now."""
        while self._queue and len(self._tasks) < self._concurrency and not self._stopped:
            _, _, key, prompt, kept = self._queue[0]
            more = self._most(prompt, kept)
            if problem := self._room_for(more):
                return problem
            heapq.heappop(self._queue)
            if kept is not None:
                self._replay(kept)
                self._deliver(key, kept)
                continue
            self._reserve(key, more)
            task = self._loop.create_task(self._call(key, prompt))
            self._tasks.add(task)
            task.add_done_callback(self._done)
            self.spending.asked += 1
        return None

    def _most(self, prompt: Prompt, kept: Completion | None) -> Amount:
        """The most that an answer uses, as far as anything is limited."""
        if self._budget is UNLIMITED:
            return NOTHING
        return most(prompt, self._teachers[prompt.role].traits.price) if kept is None else used(kept)

    def _room_for(self, more: Amount) -> BudgetReached | None:
        """None where the budget has room for more, with all that is in flight; else what it says."""
        return self._budget.reached(self.spending.total + self._at_stake, more)

    def _reserve(self, key: bytes, more: Amount) -> None:
        if self._budget is not UNLIMITED:
            self._reserved[key] = more
            self._at_stake += more

    def _release(self, key: bytes) -> None:
        """Let go of what was reserved for a call that has ended."""
        if key in self._reserved:
            self._at_stake -= self._reserved.pop(key)
            if not self._reserved:
                self._at_stake = NOTHING  # sums of floats drift

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.on_fatal(problem)
        self._launch()
        self.on_change()

    async def _call(self, key: bytes, prompt: Prompt) -> None:
        teacher = self._teachers[prompt.role]
        seeded = replace(prompt, seed=int.from_bytes(key[:4], "big") >> 1)
        try:
            completion = self._priced(await teacher.complete(seeded), prompt)
            self._reached = True
            self.spending.hosts.add(completion.host)
        except ItemFailed as problem:
            if problem.unreachable and not self._reached:
                raise TeacherRefused(problem.message, "is it running, and is --base-url right?") from problem
            completion = Completion("", "failed", error=problem.message, usage=Usage(), cost=0.0, teacher=teacher.name)
        self._uncommitted += 1
        self._journal.put(key, _encodable(completion)).add_done_callback(partial(self._post, key))

    def _post(self, key: bytes, kept: Future[Completion]) -> None:
        """Called in the journal's thread: leave the key for the loop, which is woken once for a whole batch."""
        self._committed.append((key, kept))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._woken = False
        while self._committed:
            key, kept = self._committed.popleft()
            self._uncommitted -= 1
            problem = kept.exception()
            if problem is not None:
                self.on_fatal(problem)
                continue
            completion = kept.result()
            self.spending.add(completion)
            self._release(key)
            self._deliver(key, completion)
        self._launch()
        self.on_change()

    def _deliver(self, key: bytes, completion: Completion) -> None:
        for deliver in self._waiting.pop(key):
            deliver(completion)

    def _replay(self, kept: Completion) -> None:
        self.spending.replayed += 1
        self.spending.replayed_hosts.add(kept.host)
        self.spending.add(kept)

    def _priced(self, completion: Completion, prompt: Prompt) -> Completion:
        """The completion with its cost, where that was not known when it was bought and the price is known now."""
        price = self._teachers[prompt.role].traits.price
        if completion.cost is not None or price is None:
            return completion
        return replace(completion, cost=price.cost(completion.usage))


def _encodable(completion: Completion) -> Completion:
    """The completion, with lone surrogates (which no UTF-8 file can hold) replaced by "?"."""
    names = ("text", "reasoning", "error", "teacher", "host")
    strings = {name: getattr(completion, name) for name in names}
    try:
        "".join(strings.values()).encode()
    except UnicodeEncodeError:
        return replace(completion, **{name: value.encode(errors="replace").decode() for name, value in strings.items()})
    return completion


def _ignore() -> None:
    pass


def _raise(problem: BaseException) -> None:
    raise problem
