"""Log-probabilities of a given text, from a server that echoes."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from instgen.errors import TeacherRefused, UsageError
from instgen.records import Completion, Prompt
from instgen.teachers import openai
from instgen.teachers.likelihood import likelihood
from instgen.teachers.scripted import Scripted
from instgen.teachers.teacher import Settings
from tests.teachers.server import Answer, Request, chat, serving


def echoing(request: Request) -> Answer:
    """As vLLM's server does: the document with one new token, and a log-probability for each token but the first."""
    words = request.body["prompt"].split(" ")
    numbers = [None, *(-math.log(len(word) + 1) for word in words[1:]), -0.5]
    choice = {
        "text": request.body["prompt"] + " and",
        "finish_reason": "length",
        "logprobs": {"tokens": [*words, " and"], "token_logprobs": numbers, "text_offset": []},
    }
    usage = {"prompt_tokens": len(words), "completion_tokens": 1}
    return Answer(body={"choices": [choice], "usage": usage})


def told(answers: Any, text: str = "A tall oak") -> tuple[Completion, Request]:
    async def run() -> tuple[Completion, Request]:
        async with serving(answers) as server:
            teacher = likelihood(openai.open("m/1", Settings((server.url,), "key", tries=1)))
            try:
                return await teacher.complete(Prompt(text=text)), server.requests[0]
            finally:
                await teacher.aclose()

    return asyncio.run(run())


def test_the_documents_own_numbers_come_back_and_no_new_tokens() -> None:
    completion, request = told(echoing)
    assert completion.text == f"[null,{-math.log(5)!r},{-math.log(4)!r}]"
    assert (completion.finish, completion.teacher) == ("stop", "openai/m/1")
    assert request.path.endswith("/completions")
    assert (request.body["echo"], request.body["logprobs"], request.body["prompt"]) == (True, 1, "A tall oak")


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"text": " and", "finish_reason": "length", "logprobs": {"token_logprobs": [-0.5]}}]},
        {"choices": [{"text": "A tall oak and", "finish_reason": "length", "logprobs": None}]},
        {
            "choices": [
                {"text": "A tall oak and", "finish_reason": "length", "logprobs": {"content": [{"logprob": -1}]}}
            ]
        },
    ],
)
def test_a_server_that_does_not_echo_them_is_told_of(body: dict[str, Any]) -> None:
    with pytest.raises(TeacherRefused, match="does not give the log-probabilities"):
        told([Answer(body=body)])


def test_a_chat_is_no_answer() -> None:
    with pytest.raises(TeacherRefused):
        told([Answer(body={**chat("Hello").body, "choices": [{"text": "", "finish_reason": "stop"}]})])


def test_who_cannot_give_them_is_told_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match="scripted/rules cannot give"):
        likelihood(Scripted([{"reply": "Hello"}]))


def test_its_answers_are_not_those_of_the_same_model_asked_as_usual() -> None:
    teacher = openai.open("m", Settings(("http://127.0.0.1:1/v1",), "key"))
    assert likelihood(teacher).identity != teacher.identity
    assert likelihood(teacher).name == teacher.name
