"""Runs a job for a command: opens the files in order, handles signals, writes every outcome, reports the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

import orjson

from instgen import console
from instgen.budget import Budget
from instgen.cli.account import Account
from instgen.cli.collecting import seldom_collected
from instgen.cli.stopping import heeded, is_one_more
from instgen.engine import Run
from instgen.errors import InstgenError, Interrupted, ReaderGone, Shortfall
from instgen.formats import rejection_row, to_row
from instgen.jsonl import Writer
from instgen.recipes.flow import Outcome
from instgen.running.job import Job
from instgen.running.journal import open_journal
from instgen.running.options import Asking, Writing
from instgen.running.outputs import open_destinations
from instgen.running.run import (
    Allowed,
    allowed_failures,
    budget_of,
    concurrency_of,
    loop_factory,
    run_of,
    too_many_failed,
)

Item = TypeVar("Item")

RECORDS, REJECTS = 0, 1
"""Indices of the writer's destinations."""
COLLECT_AFTER = 10_000
"""Net allocations between searches for garbage: a run makes no cycles, and the searches took 7 % of its time."""
ABORT_SECONDS = 1.0
"""How long a second signal waits for the line that is being written."""


def perform(job: Job[Item], asking: Asking, writing: Writing) -> None:
    """Run a job to its end: write its records, show its progress and report on it.

    Raises:
        InstgenError: why the run ended early or fell short.
    """
    allowed = allowed_failures(asking.max_failures)
    budget = budget_of(job.teachers, asking)
    if asking.dry_run:
        from instgen.cli.dry_run import estimate

        asyncio.run(estimate(job))
        return
    with asyncio.Runner(loop_factory=loop_factory()) as runner, seldom_collected(COLLECT_AFTER):
        runner.run(_perform(job, asking, writing, allowed, budget))


async def _perform(job: Job[Item], asking: Asking, writing: Writing, allowed: Allowed, budget: Budget) -> None:
    concurrency = concurrency_of(job, asking)
    if job.window and concurrency > job.window and not writing.quiet:
        console.say(
            f"{job.recipe.command}: --window {job.window} allows fewer calls in flight than --concurrency {concurrency}"
        )
    async with aclosing(job.teachers):
        with open_journal(asking, writing) as journal:
            run = run_of(job, asking, journal, budget)
            wanted = job.target.records if job.target else None
            account = Account(job.recipe.command, run, job.teachers.writers(), writing, wanted, job.inputs, job.notes)
            account.check()
            writer = Writer(open_destinations(writing, job.inputs, resumable=not asking.no_journal), run.stop)
            with _signals(account, writer):
                await _write_all(run, writer, account, allowed)


async def _write_all(run: Run[Any], writer: Writer, account: Account, allowed: Allowed) -> None:
    """Write every outcome, close the outputs and print the report; then raise whatever ended the run early.

    If Ctrl-C has ended the whole pipeline, `Interrupted` is raised rather than the `ReaderGone` that follows from it.
    """
    problem: InstgenError | None = None
    try:
        with account.shown():
            async with aclosing(run.outcomes()) as outcomes:
                async for outcome in outcomes:
                    await _write_or_stop(outcome, writer, account)
        problem = too_many_failed(run, allowed) if account.wanted is None else None
    except InstgenError as ended:
        problem = ended
    try:
        await writer.close(complete=problem is None or isinstance(problem, Shortfall))
    except InstgenError as failed:
        problem = problem if isinstance(problem, Interrupted) and isinstance(failed, ReaderGone) else failed
    account.close(problem)
    if problem is not None:
        raise problem


async def _write_or_stop(outcome: Outcome, writer: Writer, account: Account) -> None:
    """Write an outcome; if that fails, stop the run, but let calls in flight still be answered and journaled."""
    if writer.failed:
        return
    try:
        await _write(outcome, writer, account)
    except InstgenError as failure:
        account.run.stop(failure)


async def _write(outcome: Outcome, writer: Writer, account: Account) -> None:
    for record in outcome.records:
        await writer.write(RECORDS, _line(to_row(record)))
    for rejection in outcome.rejections:
        account.note(rejection)
        if account.writing.rejects:
            await writer.write(REJECTS, _line(rejection_row(rejection)))


def _line(row: Mapping[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


@contextlib.contextmanager
def _signals(account: Account, writer: Writer) -> Iterator[None]:
    """Handle signals: the first stops the run, the second ends the process after the line that is being written."""
    loop, run = asyncio.get_running_loop(), account.run
    signals = heeded()
    first = 0

    def interrupted(signum: int) -> None:
        nonlocal first
        if run.stopped is None:
            first = signum
            run.stop(Interrupted(signum))
            if not account.writing.quiet:
                console.say(f"{account.command}: stopping (interrupt again to stop at once)")
        elif is_one_more(signum, first):
            writer.abort(ABORT_SECONDS)
            console.clear()
            os._exit(128 + signum)

    for signum in signals:
        loop.add_signal_handler(signum, interrupted, signum)
    try:
        yield
    finally:
        for signum in signals:
            loop.remove_signal_handler(signum)
            signal.signal(signum, signal.SIG_DFL)
