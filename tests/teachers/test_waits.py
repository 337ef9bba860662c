"""What a teacher over HTTP says that it waits for, for the display."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from instgen.records import Message, Prompt
from instgen.teachers import openai
from instgen.teachers.teacher import Settings
from instgen.teachers.wire import HttpTeacher
from tests.teachers.server import Answer, Request, chat, error, serving

LOOKS = 3000
PROMPT = Prompt((Message("user", "Name a colour."),))


@asynccontextmanager
async def asked(teacher: HttpTeacher, times: int) -> AsyncIterator[None]:
    """So many calls are under way, and are given up in the end."""
    calls = [asyncio.create_task(teacher.complete(PROMPT)) for _ in range(times)]
    try:
        yield
    finally:
        teacher.drain()
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await teacher.aclose()


async def told_by(teacher: HttpTeacher) -> str:
    """What it says, once it says anything."""
    for _ in range(LOOKS):
        if told := teacher.waits():
            return told
        await asyncio.sleep(0.01)
    raise AssertionError("it never said that it waits")


def opened(url: str, rpm: float | None = None) -> HttpTeacher:
    teacher = openai.open("m", Settings((url,), rpm=rpm))
    assert isinstance(teacher, HttpTeacher)
    return teacher


def test_it_waits_for_as_long_as_the_server_says_and_tells_why() -> None:
    async def run() -> str:
        limit = error(429, "Rate limit\nreached", {"retry-after": "60"})
        async with serving(lambda _: limit) as server:
            teacher = opened(server.url)
            async with asked(teacher, 1):
                return await told_by(teacher)

    told = asyncio.run(run())
    assert re.fullmatch(r"waiting (60|[1-5]\d) s: 127.0.0.1:\d+ says: Rate limit reached", told)


def test_a_limit_of_our_own_is_told_of() -> None:
    async def run() -> str:
        async with serving([chat()]) as server:
            teacher = opened(server.url, rpm=1.0)
            async with asked(teacher, 2):
                return await told_by(teacher)

    assert asyncio.run(run()).endswith(" s: the limit per minute is reached")


def test_a_teacher_at_work_waits_for_nothing() -> None:
    async def run() -> list[str]:
        said: list[str] = []
        came = asyncio.Event()

        def stalling(request: Request) -> Answer:
            came.set()
            return Answer(stall=True)

        async with serving(stalling) as server:
            teacher = opened(server.url)
            said.append(teacher.waits())
            async with asked(teacher, 2):
                await came.wait()
                said.append(teacher.waits())
        return said

    assert asyncio.run(run()) == ["", ""]
