"""A run of the engine in a thread with an event loop of its own, so that it works where a loop is running already.

The thread hands outcomes over through a small bounded queue: a reader that is slow holds up admission, and with it new
calls. The rule: the thread ends with its reader, also where the interpreter does.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import aclosing, suppress
from typing import Any
from weakref import WeakSet

from instgen.api.result import Result, Spent
from instgen.calls import Spending
from instgen.engine import Run
from instgen.errors import InstgenError, ReaderGone
from instgen.recipes.flow import Outcome
from instgen.running.job import Job
from instgen.running.journal import open_journal
from instgen.running.options import Asking, Writing
from instgen.running.run import allowed_failures, budget_of, loop_factory, run_of, too_many_failed

ROOM = 16
"""Outcomes that wait to be taken; beyond that the engine waits."""


class Threaded:
    """A job, and the thread that does it as soon as its outcomes are asked for."""

    def __init__(self, job: Job[Any], asking: Asking, writing: Writing, feed: object) -> None:
        """Begin nothing; what cannot be is told now.

        Args:
            job: what is to be done.
            asking: how teachers are asked and paid for.
            writing: whether to be quiet.
            feed: where the job's rows come from; a result is stopped when nobody reads it on.

        Raises:
            UsageError: a limit that cannot be kept.
        """
        self._asking = asking
        self._writing = writing
        self._feed = feed if isinstance(feed, Result) else None
        self._allowed = allowed_failures(asking.max_failures)
        self._budget = budget_of(job.teachers, asking)
        self._changed = threading.Condition()
        self._waiting: deque[Outcome] = deque()
        self._stopping = False
        self._ended = False
        self._problem: BaseException | None = None
        self._run: Run[Any] | None = None
        self._spending: Spending | None = None
        name = f"instgen {job.recipe.command}"
        self._thread = threading.Thread(target=self._work, args=(job,), name=name, daemon=True)

    @property
    def spent(self) -> Spent:
        """What was used so far."""
        if (used := self._spending) is None:
            return Spent()
        return Spent(used.used, used.asked, used.replayed, used.prompt_tokens, used.completion_tokens, used.cost)

    def outcomes(self) -> Generator[Outcome]:
        """Every outcome, in order.

        Raises:
            InstgenError: what ended the run early, after the last of them.
        """
        _alive.add(self)
        self._thread.start()
        try:
            while (outcome := self._take()) is not None:
                yield outcome
            is_wanted = not self._stopping
        finally:
            self.end()
        if self._problem is not None and (is_wanted or not isinstance(self._problem, InstgenError)):
            raise self._problem

    def stop(self) -> None:
        """Ask nothing more, and hand over nothing more; what is in flight may still arrive, to be kept."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            if self._run is not None:
                self._tell(self._halt)
        if self._feed is not None:
            self._feed.stop()

    def end(self) -> None:
        """Stop, and come back when the thread has ended."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()
        _alive.discard(self)

    def _take(self) -> Outcome | None:
        """The next outcome, when it is there; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._stopping)
            if self._stopping or not self._waiting:
                return None
            outcome = self._waiting.popleft()
            if len(self._waiting) == ROOM // 2:
                self._tell(self._space.set)
            return outcome

    def _tell(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is left to tell
            self._loop.call_soon_threadsafe(callback)

    def _work(self, job: Job[Any]) -> None:
        """Be the thread."""
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                self._problem = runner.run(self._caught(job))
        finally:
            with self._changed:
                self._ended = True
                self._run = None
                self._changed.notify_all()

    async def _caught(self, job: Job[Any]) -> BaseException | None:
        """What the job raises, for the thread that reads: bugs too, or it would wait for ever."""
        (problem,) = await asyncio.gather(self._perform(job), return_exceptions=True)
        return problem

    async def _perform(self, job: Job[Any]) -> None:
        async with aclosing(job.teachers):
            with open_journal(self._asking, self._writing) as journal:
                run = run_of(job, self._asking, journal, self._budget)
                self._loop = asyncio.get_running_loop()
                self._space = asyncio.Event()
                with self._changed:
                    self._run = run
                    self._spending = run.calls.spending
                    if self._stopping:
                        return
                async with aclosing(run.outcomes()) as outcomes:
                    async for outcome in outcomes:
                        await self._hand_over(outcome)
                if job.target is None and (problem := too_many_failed(run, self._allowed)):
                    raise problem

    async def _hand_over(self, outcome: Outcome) -> None:
        """Leave an outcome for the reader, and wait while too many are left."""
        with self._changed:
            if self._stopping:
                return
            self._waiting.append(outcome)
            self._changed.notify_all()
            if len(self._waiting) < ROOM:
                return
            self._space.clear()
        await self._space.wait()

    def _halt(self) -> None:
        if self._run is not None:
            self._run.stop(ReaderGone("nobody reads on"))
        self._space.set()


_alive: WeakSet[Threaded] = WeakSet()


@atexit.register
def _end_all() -> None:
    """Let no run be cut off by the interpreter's end: what is in flight was paid for."""
    for each in list(_alive):
        each.end()
