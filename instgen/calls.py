"""Prompts in, completions out: replayed from the journal if it has them, else bought from a teacher.

The rules: a completion is in the journal before it is delivered; prompts with the same key share one call; lower turns
go first; at most `concurrency` calls are in flight. A failed item is a completion like any other; whatever ends the
run, a reached budget included, is passed to `on_fatal`.

Replayed completions count against the budget too. So that the same command always ends at the same place, everything
that the flows can replay is counted before anything new is bought, and a budget ends the run only when no call is under
way.
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
from instgen.errors import BudgetReached, InstgenError, ItemFailed, TeacherRefused
from instgen.journal import Journal, Put
from instgen.records import Completion, Prompt, Role, Usage
from instgen.teachers.teacher import Teacher

Deliver = Callable[[Completion], None]


@dataclass(slots=True)
class Spending:
    """Totals of the completions used so far; replayed ones count like fresh ones."""

    asked: int = 0
    """Calls made to a teacher in this run."""
    replayed: int = 0
    """Completions that came from the journal."""
    shared: int = 0
    """Prompts that were answered by the call of an identical prompt."""
    abandoned: int = 0
    """Calls that were made but cancelled before they were answered."""
    failed: int = 0
    """Completions with finish "failed"."""
    used: int = 0
    """All completions, failed ones included."""
    cached_tokens: int = 0
    """Prompt tokens that servers read from their cache; included in `prompt_tokens`."""
    reasoning_tokens: int = 0
    """Tokens of hidden reasoning; included in `completion_tokens`."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether any of the token counts are our own estimate."""
    known_cost: float = 0.0
    """US dollars of the completions whose price is known."""
    all_priced: bool = True
    """Whether the price of every completion is known."""
    hosts: set[str] = field(default_factory=set)
    """Servers that answered in this run."""
    replayed_hosts: set[str] = field(default_factory=set)
    """Servers that had answered the replayed completions."""

    def add(self, completion: Completion) -> None:
        """Count one completion."""
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
        """The amount that all completions have used, for the budget."""
        return Amount(self.used, self.prompt_tokens + self.completion_tokens, self.known_cost)

    @property
    def cost(self) -> float | None:
        """US dollars; None if any completion's price is unknown."""
        return self.known_cost if self.all_priced else None


class _Queued(NamedTuple):
    """A prompt that waits to be answered; ordered by turn, then by number (the order of asking)."""

    turn: int
    number: int
    key: bytes
    prompt: Prompt
    kept: Completion | None = None
    """The journaled completion, if the budget had no room for it yet."""


def prompt_key(prompt: Prompt, identity: str, seed: int) -> bytes:
    """The 16-byte journal key of a prompt's completion: a digest of the teacher's identity, the prompt and the seed."""
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
    """The only place that calls teachers; everything except the journal's commits happens in the event loop."""

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
        """Set up without calling any teacher.

        Args:
            teachers: the teacher for each role.
            journal: where completions are looked up and stored.
            seed: part of every key, so that another seed buys other completions.
            concurrency: maximum number of calls in flight.
            budget: limit on what all completions use, replayed ones included.
            others: further teachers; `Prompt.which` selects one of them, counting from 1.
        """
        self.spending = Spending()
        self.on_fatal: Callable[[BaseException], None] = _raise
        """Called with whatever ends the run: a teacher that refuses access, a journal that cannot be written, a bug."""
        self.on_change: Callable[[], None] = _ignore
        """Called after a completion was delivered or a call has ended."""
        self._teachers = teachers
        self._others = others
        self._journal = journal
        self.seed = seed
        self._concurrency = concurrency
        self._budget = budget
        self._reserved: dict[bytes, Amount] = {}
        """By key, the upper bound of what each call in flight may use, or its actual use until it is journaled; empty
        when there is no budget."""
        self._reserved_total = NOTHING
        """The sum of `_reserved`."""
        self._counted: set[bytes] = set()
        """Keys of the completions counted so far, so that one used twice is counted once, as it was bought once; empty
        when there is no budget."""
        self._over_budget: BudgetReached | None = None
        """The budget's error if it has no room for the first prompt in the queue."""
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[bytes, list[Deliver]] = {}
        self._new: list[_Queued] = []
        """Prompts not yet looked up in the journal."""
        self._queue: list[_Queued] = []
        """A heap of the prompts that were looked up and wait for a call, or for room in the budget."""
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._uncommitted = 0
        """Completions handed to the journal and not settled yet."""
        self._stopped = False
        self._reached = False
        """Whether any call was answered. If none was, an unreachable server ends the run instead of being journaled as
        a failure."""
        self._unreachable = False
        """Whether the run ends because no server could be reached."""
        self._woken = False
        """Whether `_settle` is already scheduled."""
        self._committed: deque[Put] = deque()
        """What the journal has settled and the loop has not yet delivered."""
        journal.on_settled = self._post

    @property
    def in_flight(self) -> int:
        """The number of calls that a teacher is working on."""
        return len(self._tasks)

    @property
    def busy(self) -> bool:
        """Whether a completion may still arrive without a further `launch`."""
        return bool(self._tasks or self._new) or self._uncommitted > 0

    def ask(self, prompt: Prompt, turn: int, deliver: Deliver) -> None:
        """Queue a prompt; it is looked up or called from the next `launch` on.

        Args:
            prompt: what to ask.
            turn: calls with a lower turn are made first.
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
        """Replay what the journal has, or else make as many calls as there is room for.

        To be called whenever no flow can continue without an answer. If the budget has no room for the next call and
        none is under way, the budget's error goes to `on_fatal`.

        Returns:
            Whether anything was replayed; if so, no call was made.

        Raises:
            InputError: the journal is damaged, or holds a completion that cannot be read.
            OutputFailed: the journal cannot be accessed.
        """
        if self._new and self._replay_new():
            return True
        self._launch()
        if self._over_budget is not None and not self.busy:
            self.on_fatal(self._over_budget)
        return False

    def stop(self) -> None:
        """Make no more calls; those already sent may still be answered."""
        self._stopped = True
        for teacher in (*self._teachers.values(), *self._others):
            drain = getattr(teacher, "drain", None)
            if drain is not None:
                drain()

    async def close(self) -> None:
        """Cancel the calls in flight, count them as abandoned, and wait until they have ended."""
        self._stopped = True
        self._unreachable = False  # calls that are cancelled from here on are counted as abandoned
        self.spending.abandoned += len(self._tasks)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._journal.on_settled = _ignore_settled

    def _asked(self, prompt: Prompt) -> Teacher:
        """The teacher a prompt is addressed to."""
        return self._others[prompt.which - 1] if prompt.which else self._teachers[prompt.role]

    def _replay_new(self) -> bool:
        """Look up the new prompts and deliver what the journal has, within the budget; returns whether any was."""
        new, self._new = self._new, []
        found = self._journal.find([queued.key for queued in new])
        before = self.spending.replayed
        for queued in new:
            kept = found.get(queued.key)
            if kept is not None:
                kept = self._priced(kept, queued.prompt)
                if queued.key in self._counted or self._excess(used(kept)) is None:
                    self._replay(queued.key, kept)
                    self._deliver(queued.key, kept)
                    continue
            heapq.heappush(self._queue, queued if kept is None else queued._replace(kept=kept))
        return self.spending.replayed > before

    def _launch(self) -> None:
        """Start calls until `concurrency` are in flight, or nothing more can be called."""
        while len(self._tasks) < self._concurrency and (queued := self._next()) is not None:
            task = self._loop.create_task(self._work(queued))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _work(self, queued: _Queued | None) -> None:
        """Make a call, then the next one, until there is none."""
        while queued is not None:
            await self._call(queued.key, queued.prompt)
            queued = self._next()

    def _next(self) -> _Queued | None:
        """Take the next prompt to call off the queue, delivering journaled completions that come before it.

        None if the queue is empty, the run is stopped, or the budget has no room for the first prompt in the queue.
        """
        self._over_budget = None
        while self._queue and not self._stopped:
            queued = self._queue[0]
            more = self._most(queued)
            self._over_budget = self._excess(more)
            if self._over_budget is not None:
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
        """Upper bound of what the prompt's completion uses, exact if it is journaled; nothing without a budget."""
        if self._budget is UNLIMITED:
            return NOTHING
        prompt, kept = queued.prompt, queued.kept
        return most(prompt, self._asked(prompt).traits.price) if kept is None else used(kept)

    def _excess(self, more: Amount) -> BudgetReached | None:
        """The budget's error if `more` on top of what is spent and reserved exceeds a limit; None if it does not."""
        if self._budget is UNLIMITED:
            return None
        return self._budget.reached(self.spending.total + self._reserved_total, more)

    def _reserve(self, key: bytes, more: Amount) -> None:
        """Reserve what a call may use, or, once it is answered, what it has used but is not counted as spent yet."""
        if self._budget is not UNLIMITED:
            self._reserved_total += more - self._reserved.get(key, NOTHING)
            self._reserved[key] = more

    def _release(self, key: bytes) -> None:
        """Drop the reservation of a call that is now counted as spent."""
        if key in self._reserved:
            self._reserved_total -= self._reserved.pop(key)
            if not self._reserved:
                self._reserved_total = NOTHING  # sums of floats drift

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
        except TeacherRefused as problem:
            self.spending.asked -= problem.unsent
            raise
        except asyncio.CancelledError:
            self.spending.asked -= self._unreachable  # it waited for its next try when another call gave up
            raise
        except ItemFailed as problem:
            if problem.unreachable and not self._reached:
                self.spending.asked -= 1
                self._unreachable = True
                raise TeacherRefused(problem.message, "is it running, and is --base-url right?") from problem
            completion = Completion("", "failed", error=problem.message, usage=Usage(), cost=0.0, teacher=teacher.name)
        if key in self._reserved:
            self._reserve(key, used(completion))
        self._uncommitted += 1
        self._journal.put(key, _encodable(completion))

    def _post(self, puts: Sequence[Put]) -> None:
        """Hand settled puts to the event loop; called in the journal's thread.

        The loop is woken once, however many batches arrive before it gets to them.
        """
        self._committed.extend(puts)
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, so there is nothing to wake
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
        if self._new and not self._stopped and self._budget is UNLIMITED and len(self._queue) < self._concurrency:
            try:
                self._replay_new()  # while the loop is busy with outcomes, `launch` is rarely called
            except InstgenError as problem:  # raised in a callback, it would be lost
                self.on_fatal(problem)
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
        """Count a completion as used; with a budget, only once per key."""
        if self._budget is not UNLIMITED:
            if key in self._counted:
                return
            self._counted.add(key)
        self.spending.add(completion)

    def _priced(self, completion: Completion, prompt: Prompt) -> Completion:
        """The completion, with its cost filled in if it was bought without a price and the price is known now."""
        price = self._asked(prompt).traits.price
        if completion.cost is not None or price is None:
            return completion
        return replace(completion, cost=price.cost(completion.usage))


def _encodable(completion: Completion) -> Completion:
    """The completion with each lone surrogate, which UTF-8 cannot encode, replaced by "?"."""
    try:
        f"{completion.text}{completion.reasoning}{completion.error}{completion.teacher}{completion.host}".encode()
    except UnicodeEncodeError:
        strings = {name: getattr(completion, name) for name in ("text", "reasoning", "error", "teacher", "host")}
        return replace(completion, **{name: value.encode(errors="replace").decode() for name, value in strings.items()})
    return completion


def _ignore() -> None:
    pass


def _ignore_settled(puts: Sequence[Put]) -> None:
    """Ignore what is committed after the run has ended: its event loop is closed."""
    del puts


def _raise(problem: BaseException) -> None:
    raise problem
