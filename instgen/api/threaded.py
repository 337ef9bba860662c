"""Runs the engine in a thread with its own event loop, so that it also works in a program that already runs one.

Outcomes pass through a small bounded queue: a slow consumer delays admission, and so new calls. The rule: the thread
ends when its consumer does, also at interpreter exit.
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
"""Maximum number of outcomes in the queue; when it is full, the engine waits."""


class Threaded:
    """A job and its thread, which starts when its outcomes are first consumed."""

    def __init__(self, job: Job[Any], asking: Asking, writing: Writing, feed: object) -> None:
        """Check the limits; nothing is started yet.

        Args:
            job: the job.
            asking: the options for calls, journal and budget.
            writing: whether to be quiet.
            feed: the source of the job's rows; if that is a `Result`, it is stopped with this run.

        Raises:
            UsageError: a limit is invalid, or cannot be enforced because a price is unknown.
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
        """Usage and cost so far."""
        if (used := self._spending) is None:
            return Spent()
        return Spent(used.used, used.asked, used.replayed, used.prompt_tokens, used.completion_tokens, used.cost)

    def outcomes(self) -> Generator[Outcome]:
        """All outcomes, in order.

        Raises:
            InstgenError: the error that ended the run early, after the last outcome.
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
        """Send no more requests and pass on no more outcomes; calls in flight may still be journaled."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            if self._run is not None:
                self._call_in_loop(self._halt)
        if self._feed is not None:
            self._feed.stop()

    def end(self) -> None:
        """Stop, and return when the thread has ended."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()
        _alive.discard(self)

    def _take(self) -> Outcome | None:
        """The next outcome, waiting for it; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._stopping)
            if self._stopping or not self._waiting:
                return None
            outcome = self._waiting.popleft()
            if len(self._waiting) == ROOM // 2:
                self._call_in_loop(self._space.set)
            return outcome

    def _call_in_loop(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended, so there is nothing to call
            self._loop.call_soon_threadsafe(callback)

    def _work(self, job: Job[Any]) -> None:
        """Run the job; the target of the thread."""
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                self._problem = runner.run(self._caught(job))
        finally:
            with self._changed:
                self._ended = True
                self._run = None
                self._changed.notify_all()

    async def _caught(self, job: Job[Any]) -> BaseException | None:
        """The exception that the job raises, for the consuming thread; bugs too, or it would wait forever."""
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
        """Queue an outcome for the consumer; wait while the queue is full."""
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
    """End all runs at interpreter exit, so that calls in flight, which are paid for, are journaled."""
    for each in list(_alive):
        each.end()
