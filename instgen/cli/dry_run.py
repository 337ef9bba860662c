"""What a run would ask and at most use, without asking: `--dry-run`. All is said on stderr, nothing is written."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from instgen.budget import Amount, dollars, most
from instgen.console import say, say_text
from instgen.records import Prompt
from instgen.teachers.prices import Price

if TYPE_CHECKING:
    from instgen.running.job import Job
    from instgen.running.teachers import Teachers

Item = TypeVar("Item")

SHOWN = 2
"""Items whose first prompts are shown."""


async def estimate(job: Job[Item]) -> None:
    """Show the first prompts of a job, and what all of it would use at most.

    The first prompts of all items are rendered; those that follow are taken to be like them.
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
    _tell(job, items, asking, first)


def dearer(teachers: Teachers) -> Price | None:
    """The most that any of the teachers takes; None where one price is not known."""
    known = [price for teacher in teachers.each() if (price := teacher.traits.price) is not None]
    if len(known) < len(teachers.each()):
        return None
    return Price(max(price.prompt for price in known), max(price.completion for price in known))


async def _items(job: Job[Item]) -> AsyncIterator[Item]:
    """All items of the source, or of a run for so many records as many as it is hoped to take."""
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


def _tell(job: Job[Item], items: int, asking: int, first: Amount) -> None:
    calls = max(round(asking * job.calls_per_item), first.requests)
    share = calls / first.requests if first.requests else 0.0
    teachers = {teacher.name: teacher for teacher in job.teachers.each()}
    unknown = [name for name, teacher in teachers.items() if teacher.traits.price is None]
    cost = (
        f"the price of {', '.join(unknown)} is not known" if unknown else f"at most about {dollars(first.cost * share)}"
    )
    say(f"{job.recipe.command}: dry run: nothing was sent or written")
    say(f"  {items} items, about {calls} calls to {' and '.join(teachers)}")
    say(f"  at most about {round(first.tokens * share):,} tokens read and written; {cost}")
