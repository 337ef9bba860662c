"""From a job to its run: how many calls at a time, within which budget, in which event loop, and how many may fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from instgen.budget import UNLIMITED, Budget
from instgen.calls import Calls
from instgen.engine import Run
from instgen.errors import Shortfall, UsageError
from instgen.journal import Journal
from instgen.running.job import Job
from instgen.running.options import Asking
from instgen.running.teachers import Teachers

Item = TypeVar("Item")

REORDER = 4
"""Rows started for each call in flight, where outcomes wait for the ones before them."""
GRACE = 10.0
"""Seconds that paid calls in flight get to arrive, unless `--grace` says otherwise."""


def run_of(job: Job[Item], asking: Asking, journal: Journal, budget: Budget) -> Run[Item]:
    """The run of a job, in the event loop that is to drive it; nothing is asked yet."""
    concurrency = concurrency_of(job, asking)
    calls = Calls(
        job.teachers.by_role(),
        journal,
        seed=asking.seed,
        concurrency=concurrency,
        budget=budget,
        others=job.teachers.others,
    )
    ahead = job.window or REORDER * concurrency
    grace = _grace(job.teachers, asking)
    return Run(job.recipe, job.source, calls, ahead=ahead, target=job.target, grace=grace)


def concurrency_of(job: Job[Any], asking: Asking) -> int:
    """Calls in flight: as the options say, else as the teacher bears."""
    return asking.concurrency or job.teachers.teacher.traits.concurrency


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop of `instgen[fast]`, where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def budget_of(teachers: Teachers, asking: Asking) -> Budget:
    """What the options allow to be used.

    Raises:
        UsageError: a limit on the cost, where nobody knows what a call costs.
    """
    if asking.max_cost is not None:
        for teacher in teachers.each():
            if teacher.traits.price is None:
                raise UsageError(
                    f"--max-cost: the price of {teacher.name} is not known",
                    f'set it under [prices] in your settings file: "{teacher.name}" = {{prompt = …, completion = …}}',
                )
    budget = Budget(asking.max_requests, asking.max_total_tokens, asking.max_cost)
    return UNLIMITED if budget == UNLIMITED else budget


Allowed = Callable[[int], float]
"""How many of so many items may fail."""


def allowed_failures(said: str) -> Allowed:
    """What `--max-failures N` or `P%` means.

    Raises:
        UsageError: it is neither.
    """
    number, percent = said.removesuffix("%"), said.endswith("%")
    if not number.isdecimal():
        raise UsageError(f"--max-failures {said}: not a number or a percentage", "for example 5, or 2%")
    return lambda items: int(number) * items / 100 if percent else int(number)


def too_many_failed(run: Run[Any], allowed: Allowed) -> Shortfall | None:
    """What a run over rows ends with where more of them failed than may."""
    rows = run.tally.read - run.unfinished
    if run.tally.failed <= allowed(rows):
        return None
    hint = "use --retry-failed to retry them, or --max-failures to allow some"
    return Shortfall(f"{run.tally.failed} of {rows} rows failed", hint, failures=True)


def _grace(teachers: Teachers, asking: Asking) -> float:
    if asking.grace is not None:
        return asking.grace
    return GRACE if teachers.paid else 0.0
