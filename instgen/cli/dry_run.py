"""`--dry-run`: the first prompts of a run and an upper bound of what it uses, on stderr. Nothing is sent or written."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from instgen.budget import Amount, dollars, most
from instgen.console import plural, say, say_text
from instgen.records import Prompt
from instgen.teachers.prices import Price

if TYPE_CHECKING:
    from instgen.running.job import Job
    from instgen.running.teachers import Teachers

Item = TypeVar("Item")

SHOWN = 2
"""Number of items whose first prompts are shown."""


async def estimate(job: Job[Item]) -> None:
    """Print the first prompts of a job, and an upper bound of what the whole job would use.

    The first prompts of all items are rendered; later prompts are assumed to be like them.
    """
    items, asking, first = 0, 0, Amount()
    price = dearer(job.teachers)
    async with aclosing(job.teachers):
        async for item in _items(job):
            prompts = _first_prompts(job, items, item)
            if items < SHOWN:
                _show(items, prompts)
            items += 1
            asking += bool(prompts)
            first = sum((most(prompt, price) for prompt in prompts), first)
    _print_totals(job, items, asking, first)


def dearer(teachers: Teachers) -> Price | None:
    """The highest price of any of the teachers; None if one is unknown."""
    known = [price for teacher in teachers.each() if (price := teacher.traits.price) is not None]
    if len(known) < len(teachers.each()):
        return None
    return Price(max(price.prompt for price in known), max(price.completion for price in known))


async def _items(job: Job[Item]) -> AsyncIterator[Item]:
    """All items of the source, or, with a target, as many as are expected to reach it."""
    wanted = None if job.target is None else math.ceil(job.target.records / job.target.expected)
    arrived = asyncio.Event()
    job.source.start(arrived.set)
    try:
        for _ in itertools.count() if wanted is None else range(wanted):
            while (item := job.source.take()) is None:
                if job.source.finished:
                    if job.source.error is not None:
                        raise job.source.error
                    return
                arrived.clear()
                await arrived.wait()
            yield item
    finally:
        job.source.close()


def _first_prompts(job: Job[Item], number: int, item: Item) -> tuple[Prompt, ...]:
    flow = job.recipe.start(number, item)
    try:
        return next(flow)
    except StopIteration:
        return ()


def _show(number: int, prompts: tuple[Prompt, ...]) -> None:
    for prompt in prompts:
        say(f"--- first prompt of item {number + 1} ---")
        for message in prompt.messages:
            say_text(f"[{message.role}]\n{message.content}")
        if prompt.text:
            say_text(prompt.text)
    if not prompts:
        say(f"--- item {number + 1} needs no call ---")


def _print_totals(job: Job[Item], items: int, asking: int, first: Amount) -> None:
    calls = max(round(asking * job.calls_per_item), first.requests)
    share = calls / first.requests if first.requests else 0.0
    teachers = {teacher.name: teacher for teacher in job.teachers.each()}
    unknown = [name for name, teacher in teachers.items() if teacher.traits.price is None]
    cost = (
        f"the price of {', '.join(unknown)} is not known" if unknown else f"at most about {dollars(first.cost * share)}"
    )
    say(f"{job.recipe.command}: dry run: nothing was sent or written")
    tokens = round(first.tokens * share)
    say(f"  {items} {plural('item', items)}, about {calls} {plural('call', calls)} to {' and '.join(teachers)}")
    say(f"  at most about {tokens:,} {plural('token', tokens)} read and written; {cost}")
