"""When calls are made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from instgen.budget import UNLIMITED, Budget
from instgen.calls import Calls
from instgen.errors import OutputFailed
from instgen.journal import NoJournal
from instgen.records import Completion, Prompt
from instgen.teachers.teacher import Traits


class Patient:
    """A teacher that answers when it is told to."""

    name = identity = "patient"
    traits = Traits()

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[None]] = {}

    async def complete(self, prompt: Prompt) -> Completion:
        self.asked[prompt.text] = asyncio.get_running_loop().create_future()
        await self.asked[prompt.text]
        return Completion(f"{prompt.text}!", teacher=self.name)

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize(("budget", "asked"), [(UNLIMITED, ["a", "b", "c"]), (Budget(requests=9), ["a", "b"])])
def test_what_was_asked_meanwhile_is_sent_when_an_answer_comes(budget: Budget, asked: list[str]) -> None:
    """Who has outcomes to hand out does so before the next `launch`; only a budget must wait for that, by its rule."""

    async def sent() -> list[str]:
        teacher, answered = Patient(), asyncio.Event()
        calls = Calls({"teacher": teacher}, NoJournal(), seed=0, concurrency=2, budget=budget)
        for turn, text in enumerate("ab"):
            calls.ask(Prompt(text=text), turn, lambda _: answered.set())
        calls.launch()
        calls.launch()
        await asyncio.sleep(0)
        calls.ask(Prompt(text="c"), 2, lambda _: answered.set())
        teacher.asked["a"].set_result(None)
        await answered.wait()
        await asyncio.sleep(0)
        await calls.close()
        return list(teacher.asked)

    assert asyncio.run(sent()) == asked


class Unreadable(NoJournal):
    """A journal that can be read once."""

    reads = 0

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        self.reads += 1
        if self.reads > 1:
            raise OutputFailed("the journal cannot be read: disk I/O error")
        return super().find(keys)


def test_a_look_up_that_fails_between_launches_ends_the_run() -> None:
    async def ended() -> list[BaseException]:
        teacher, answered, problems = Patient(), asyncio.Event(), list[BaseException]()
        calls = Calls({"teacher": teacher}, Unreadable(), seed=0, concurrency=2)
        calls.on_fatal = problems.append
        calls.ask(Prompt(text="a"), 0, lambda _: answered.set())
        calls.launch()
        await asyncio.sleep(0)
        calls.ask(Prompt(text="b"), 1, lambda _: None)
        teacher.asked["a"].set_result(None)
        await answered.wait()
        await asyncio.sleep(0)
        await calls.close()
        return problems

    assert [type(problem) for problem in asyncio.run(ended())] == [OutputFailed]
