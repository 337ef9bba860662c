"""The official client's models as oracles: what our fake server says is what the real one could say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.teachers.server import Answer, chat

models = pytest.importorskip("openai.types.chat")


def said(answer: Answer) -> Any:
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    return models.ChatCompletion.model_validate(whole | json.loads(json.dumps(answer.body)))


@pytest.mark.parametrize("answer", [chat("Hi"), chat("cut", "length"), chat(None, refusal="I will not.")])
def test_the_answers_are_chat_completions(answer: Answer) -> None:
    completion = said(answer)
    choice = completion.choices[0]
    assert answer.body["choices"][0]["message"].get("content") == choice.message.content
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (7, 3)
