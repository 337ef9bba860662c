"""When calls are made."""

from __future__ import annotations

import asyncio

import pytest

from instgen.budget import UNLIMITED, Budget
from instgen.calls import Calls
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
