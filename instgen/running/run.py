"""From a job to its run: concurrency, budget, event loop, and the number of failures allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from instgen.budget import UNLIMITED, Budget
from instgen.calls import Calls
from instgen.console import plural
from instgen.engine import Run
from instgen.errors import Shortfall, UsageError
from instgen.journal import Journal
from instgen.running.job import Job
from instgen.running.options import Asking
from instgen.running.teachers import Teachers

Item = TypeVar("Item")

REORDER = 4
"""Rows started per call in flight if outcomes are reordered."""
GRACE = 10.0
"""Seconds to wait for paid calls in flight when a run is stopped, unless `--grace` is given."""


def run_of(job: Job[Item], asking: Asking, journal: Journal, budget: Budget) -> Run[Item]:
    """The run of a job, not yet started. Call it in the event loop that will drive the run."""
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
    """Maximum number of calls in flight: as given, or else the teacher's default."""
    return asking.concurrency or job.teachers.teacher.traits.concurrency


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop of `instgen[fast]`; None if it is not installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def budget_of(teachers: Teachers, asking: Asking) -> Budget:
    """The budget that the options set.

    Raises:
        UsageError: there is a limit on the cost, but the price of a teacher is unknown.
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
"""From the number of items to the number of them that may fail."""


def allowed_failures(value: str) -> Allowed:
    """Parse `--max-failures`: `N`, or `P%` of the items.

    Raises:
        UsageError: the value has neither form.
    """
    number, percent = value.removesuffix("%"), value.endswith("%")
    if not number.isdecimal():
        raise UsageError(f"--max-failures {value}: not a number or a percentage", "for example 5, or 2%")
    return lambda items: int(number) * items / 100 if percent else int(number)


def too_many_failed(run: Run[Any], allowed: Allowed) -> Shortfall | None:
    """The error that ends a run over rows if more rows failed than allowed; else None."""
    rows = run.tally.read - run.unfinished
    if run.tally.failed <= allowed(rows):
        return None
    hint = "use --retry-failed to retry them, or --max-failures to allow some"
    return Shortfall(f"{run.tally.failed} of {rows} {plural('row', rows)} failed", hint, failures=True)


def _grace(teachers: Teachers, asking: Asking) -> float:
    if asking.grace is not None:
        return asking.grace
    return GRACE if teachers.paid else 0.0
