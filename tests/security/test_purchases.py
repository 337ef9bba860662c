"""No prompt is answered from the journal with what was bought for another one, whatever is written in either."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.calls import prompt_key
from instgen.records import Message, Prompt

ROLES = st.sampled_from(["user", "assistant", "system"])
PROMPTS = st.builds(
    Prompt,
    st.lists(st.builds(Message, ROLES, st.text('a",[]\\\0\n', max_size=4)), max_size=3).map(tuple),
    st.text('a",[]\\\0\n', max_size=4),
)
PLAIN = Prompt((Message("user", "Hi."),))


def key(prompt: Prompt, identity: str = "openai/m", seed: int = 0) -> bytes:
    return prompt_key(prompt, identity, seed)


@given(PROMPTS, PROMPTS)
def test_equal_keys_are_of_equal_prompts(one: Prompt, other: Prompt) -> None:
    assert (key(one) == key(other)) == ((one.messages, one.text) == (other.messages, other.text))


@pytest.mark.parametrize(
    "change",
    [
        {"sample": 1},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"presence_penalty": 0.5},
        {"max_tokens": 5},
        {"stop": ("x",)},
        {"schema": {"type": "object"}},
        {"text": "x"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_the_answer_changes_the_key(change: dict[str, Any]) -> None:
    assert key(replace(PLAIN, **change)) != key(PLAIN)


def test_another_teacher_and_another_seed_are_asked_anew() -> None:
    assert len({key(PLAIN), key(PLAIN, "anthropic/m"), key(PLAIN, "openai/m2"), key(PLAIN, seed=1)}) == 4


def test_the_order_of_a_schemas_keys_does_not_matter() -> None:
    one, other = {"type": "object", "required": ["a"]}, {"required": ["a"], "type": "object"}
    assert key(replace(PLAIN, schema=one)) == key(replace(PLAIN, schema=other))
