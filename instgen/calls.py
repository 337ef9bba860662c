"""Calls: prompts in, completions out, from the journal where they are there, else from a teacher.

The rules: a completion is in the journal before anybody is told of it; two that ask the same (one key) share one call;
what has a lower turn goes first; no more calls are in flight than `concurrency`. A failure of one item is a
completion like any other; what ends the run, a budget too, is handed to `on_fatal`.

A budget holds for what is replayed, too. So that the same line ends at the same place again, everything that the flows
can replay is counted before anything new is bought, and a budget ends the run only when nothing is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import orjson

from instgen.budget import NOTHING, UNLIMITED, Amount, Budget, most, used
from instgen.errors import BudgetReached, ItemFailed, TeacherRefused
from instgen.journal import Journal, Put
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
    used: int = 0
    """Completions, failed ones too."""
    cached_tokens: int = 0
    """Tokens of prompts that servers had kept; a part of `prompt_tokens`."""
    reasoning_tokens: int = 0
    """Tokens that were thought and not said; a part of `completion_tokens`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether any of the token counts are our own estimate."""
    known_cost: float = 0.0
    """US dollars, as far as prices are known."""
    all_priced: bool = True
    """Whether all of them are."""
    hosts: set[str] = field(default_factory=set)
    """Servers that answered in this run."""
    replayed_hosts: set[str] = field(default_factory=set)
    """Servers that answered what was replayed."""

    def add(self, completion: Completion) -> None:
        """Count one completion that is used."""
        usage = completion.usage
        self.used += 1
        self.failed += completion.finish == "failed"
        self.cached_tokens += usage.cached
        self.reasoning_tokens += usage.reasoning
        self.prompt_tokens += usage.prompt
        self.completion_tokens += usage.completion
        self.estimated |= usage.estimated
        if completion.cost is None:
            self.all_priced = False
        else:
            self.known_cost += completion.cost

    @property
    def total(self) -> Amount:
        """What all completions used amount to, for the budget."""
        return Amount(self.used, self.prompt_tokens + self.completion_tokens, self.known_cost)

    @property
    def cost(self) -> float | None:
        """US dollars; None once any price was unknown."""
        return self.known_cost if self.all_priced else None


class _Queued(NamedTuple):
    """A prompt that waits to be answered; those of lower turns, and of lower numbers among them, go first."""

    turn: int
    number: int
    key: bytes
    prompt: Prompt
    kept: Completion | None = None
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
        others: Sequence[Teacher] = (),
    ) -> None:
        """Set up without asking anything.

        Args:
            teachers: who answers prompts of each role.
            journal: where completions are looked up and kept.
            seed: goes into every key, so that another seed buys other completions.
            concurrency: calls in flight, at most.
            budget: what all completions used, replayed ones too, may amount to.
            others: teachers beside the first, for prompts that say which.
        """
        self.spending = Spending()
        self.on_fatal: Callable[[BaseException], None] = _raise
        """Told of what ends the run: a teacher that refuses us, a journal that cannot be written, a bug."""
        self.on_change: Callable[[], None] = _ignore
        """Told when a completion was delivered or a call has ended."""
        self._teachers = teachers
        self._others = others
        self._journal = journal
        self.seed = seed
        self._concurrency = concurrency
        self._budget = budget
        self._reserved: dict[bytes, Amount] = {}
        """The most that each call in flight may use, or what it has used, until that is kept in the journal; nothing
        where nothing is limited."""
        self._at_stake = NOTHING
        """All of that together."""
        self._counted: set[bytes] = set()
        """Keys of all that was used, where anything is limited: what is used once more was not bought once more."""
        self._lacking: BudgetReached | None = None
        """What the budget said of the first prompt in the queue, where it has no room for it."""
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[bytes, list[Deliver]] = {}
        self._new: list[_Queued] = []
        """Prompts that were not looked up yet."""
        self._queue: list[_Queued] = []
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._uncommitted = 0
        self._stopped = False
        self._reached = False
        """Whether any call was answered: a server that never was there ends the run, and is not kept as a failure."""
        self._woken = False
        self._committed: deque[Put] = deque()
        journal.on_settled = self._post

    @property
    def in_flight(self) -> int:
        """Calls that a teacher is working on."""
        return len(self._tasks)

    @property
    def busy(self) -> bool:
        """Whether anything that was asked may still arrive."""
        return bool(self._tasks or self._new) or self._uncommitted > 0

    def ask(self, prompt: Prompt, turn: int, deliver: Deliver) -> None:
        """Have a prompt answered, from the next `launch` on.

        Args:
            prompt: what to ask.
            turn: calls with a lower one are made first.
            deliver: called with the completion in the event loop, never from within `ask`.
        """
        key = prompt_key(prompt, self._asked(prompt).identity, self.seed)
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append(deliver)
            self.spending.shared += 1
            return
        self._waiting[key] = [deliver]
        self._new.append(_Queued(turn, next(self._numbers), key, prompt))

    def launch(self) -> bool:
        """Replay what can be; where that is nothing, make the calls that there is room for, or end the run where there
        never will be.

        To be called whenever no flow can go on without an answer; true where anything was replayed, and no call made.
        """
        if self._new and self._replay_new():
            return True
        self._launch()
        if self._lacking is not None and not self.busy:
            self.on_fatal(self._lacking)
        return False

    def stop(self) -> None:
        """Make no more calls; what a teacher has sent may still arrive."""
        self._stopped = True
        for teacher in (*self._teachers.values(), *self._others):
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
        self._journal.on_settled = _ignore_settled

    def _asked(self, prompt: Prompt) -> Teacher:
        """Whom a prompt is for."""
        return self._others[prompt.which - 1] if prompt.which else self._teachers[prompt.role]

    def _replay_new(self) -> bool:
        """Look up what was asked, and hand out what is kept as far as the budget has room for it; whether any was."""
        new, self._new = self._new, []
        found = self._journal.find([queued.key for queued in new])
        before = self.spending.replayed
        for queued in new:
            kept = found.get(queued.key)
            if kept is not None:
                kept = self._priced(kept, queued.prompt)
                if queued.key in self._counted or self._room_for(used(kept)) is None:
                    self._replay(queued.key, kept)
                    self._deliver(queued.key, kept)
                    continue
            heapq.heappush(self._queue, queued if kept is None else queued._replace(kept=kept))
        return self.spending.replayed > before

    def _launch(self) -> None:
        """Put as many to work as may be in flight."""
        while len(self._tasks) < self._concurrency and (queued := self._next()) is not None:
            task = self._loop.create_task(self._work(queued))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _work(self, queued: _Queued | None) -> None:
        """Make a call, then the one that is next, for as long as there is one."""
        while queued is not None:
            await self._call(queued.key, queued.prompt)
            queued = self._next()

    def _next(self) -> _Queued | None:
        """Take what is to be called next, and hand out what is replayed, up to what the budget has no room for now."""
        self._lacking = None
        while self._queue and not self._stopped:
            queued = self._queue[0]
            more = self._most(queued)
            self._lacking = self._room_for(more)
            if self._lacking is not None:
                return None
            heapq.heappop(self._queue)
            if queued.kept is None:
                self._reserve(queued.key, more)
                self.spending.asked += 1
                return queued
            self._replay(queued.key, queued.kept)
            self._deliver(queued.key, queued.kept)
        return None

    def _most(self, queued: _Queued) -> Amount:
        """The most that an answer uses, as far as anything is limited."""
        if self._budget is UNLIMITED:
            return NOTHING
        prompt, kept = queued.prompt, queued.kept
        return most(prompt, self._asked(prompt).traits.price) if kept is None else used(kept)

    def _room_for(self, more: Amount) -> BudgetReached | None:
        """None where the budget has room for more, with all that is in flight; else what it says."""
        if self._budget is UNLIMITED:
            return None
        return self._budget.reached(self.spending.total + self._at_stake, more)

    def _reserve(self, key: bytes, more: Amount) -> None:
        """Set aside what a call may use, or what it has used and is not counted as spent yet."""
        if self._budget is not UNLIMITED:
            self._at_stake += more - self._reserved.get(key, NOTHING)
            self._reserved[key] = more

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
        if self._uncommitted and len(self._tasks) < self._concurrency:
            self._journal.hurry()
        self.on_change()

    async def _call(self, key: bytes, prompt: Prompt) -> None:
        teacher = self._asked(prompt)
        seeded = replace(prompt, seed=int.from_bytes(key[:4], "big") >> 1)
        try:
            completion = self._priced(await teacher.complete(seeded), prompt)
            self._reached = True
            self.spending.hosts.add(completion.host)
        except ItemFailed as problem:
            if problem.unreachable and not self._reached:
                raise TeacherRefused(problem.message, "is it running, and is --base-url right?") from problem
            completion = Completion("", "failed", error=problem.message, usage=Usage(), cost=0.0, teacher=teacher.name)
        if key in self._reserved:
            self._reserve(key, used(completion))
        self._uncommitted += 1
        self._journal.put(key, _encodable(completion))

    def _post(self, puts: Sequence[Put]) -> None:
        """Called in the journal's thread: leave them for the loop, which is woken once for all that it has not seen."""
        self._committed.extend(puts)
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to tell
                self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._woken = False
        while self._committed:
            put = self._committed.popleft()
            self._uncommitted -= 1
            if put.problem is not None:
                self.on_fatal(put.problem)
                continue
            self._count(put.key, put.completion)
            self._release(put.key)
            self._deliver(put.key, put.completion)
        if self._new and self._budget is UNLIMITED and len(self._queue) < self._concurrency:
            self._replay_new()  # a loop that is busy with outcomes seldom gets to `launch`
        self._launch()
        self.on_change()

    def _deliver(self, key: bytes, completion: Completion) -> None:
        for deliver in self._waiting.pop(key):
            deliver(completion)

    def _replay(self, key: bytes, kept: Completion) -> None:
        self.spending.replayed += 1
        self.spending.replayed_hosts.add(kept.host)
        self._count(key, kept)

    def _count(self, key: bytes, completion: Completion) -> None:
        """Count a completion as used; where anything is limited, once."""
        if self._budget is not UNLIMITED:
            if key in self._counted:
                return
            self._counted.add(key)
        self.spending.add(completion)

    def _priced(self, completion: Completion, prompt: Prompt) -> Completion:
        """The completion with its cost, where that was not known when it was bought and the price is known now."""
        price = self._asked(prompt).traits.price
        if completion.cost is not None or price is None:
            return completion
        return replace(completion, cost=price.cost(completion.usage))


def _encodable(completion: Completion) -> Completion:
    """The completion, with lone surrogates (which no UTF-8 file can hold) replaced by "?"."""
    try:
        f"{completion.text}{completion.reasoning}{completion.error}{completion.teacher}{completion.host}".encode()
    except UnicodeEncodeError:
        strings = {name: getattr(completion, name) for name in ("text", "reasoning", "error", "teacher", "host")}
        return replace(completion, **{name: value.encode(errors="replace").decode() for name, value in strings.items()})
    return completion


def _ignore() -> None:
    pass


def _ignore_settled(puts: Sequence[Put]) -> None:
    """What is kept after the run's end is told to nobody: its loop is closed."""
    del puts


def _raise(problem: BaseException) -> None:
    raise problem
