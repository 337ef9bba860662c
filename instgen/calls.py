"""Calls: prompts in, completions out, from the journal where they are there, else from a teacher.

The rules: a completion is in the journal before anybody is told of it; two that ask the same (one key) share one call;
what belongs to an earlier flow goes first; no more calls are in flight than `concurrency`. A failure of one item is a
completion like any other; what ends the run, a budget too, is handed to `on_fatal`.
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

import orjson

from instgen.budget import NOTHING, UNLIMITED, Amount, Budget, most, used
from instgen.errors import ItemFailed, TeacherRefused
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
        """The most that each call in flight may use."""
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[bytes, list[Deliver]] = {}
        self._queue: list[tuple[int, int, bytes, Prompt]] = []
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
        """The completion, if it is in the journal; else None, and `deliver` is called with it later.

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
            if problem := self._budget.reached(self.spending.total, used(kept)):
                self.on_fatal(problem)
                return None
            self.spending.replayed += 1
            self.spending.replayed_hosts.add(kept.host)
            self.spending.add(kept)
            return kept
        self._waiting[key] = [deliver]
        heapq.heappush(self._queue, (turn, next(self._numbers), key, prompt))
        self._launch()
        return None

    def stop(self) -> None:
        """Make no more calls; those in flight may still arrive."""
        self._stopped = True

    async def close(self) -> None:
        """Abandon what is in flight."""
        self._stopped = True
        self.spending.abandoned += len(self._tasks)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _launch(self) -> None:
        while self._queue and len(self._tasks) < self._concurrency and not self._stopped:
            _, _, key, prompt = self._queue[0]
            more = most(prompt, self._teachers[prompt.role].traits.price)
            reserved = sum(self._reserved.values(), NOTHING)
            if problem := self._budget.reached(self.spending.total + reserved, more):
                if not self._reserved:
                    self.on_fatal(self._budget.reached(self.spending.total, more) or problem)
                return
            heapq.heappop(self._queue)
            self._reserved[key] = more
            task = self._loop.create_task(self._call(key, prompt))
            self._tasks.add(task)
            task.add_done_callback(self._done)
            self.spending.asked += 1

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
            completion = await teacher.complete(seeded)
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
            self._reserved.pop(key, None)
            for deliver in self._waiting.pop(key):
                deliver(completion)
        self._launch()
        self.on_change()


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
