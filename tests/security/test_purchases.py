"""No prompt is answered from the journal with what was bought for another one, whatever is written in either."""

from __future__ import annotations

from dataclasses import replace

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


def key(prompt: Prompt) -> bytes:
    return prompt_key(prompt, "openai/m", 0)


@given(PROMPTS, PROMPTS)
def test_equal_keys_are_of_equal_prompts(one: Prompt, other: Prompt) -> None:
    assert (key(one) == key(other)) == ((one.messages, one.text) == (other.messages, other.text))


def test_the_order_of_a_schemas_keys_does_not_matter() -> None:
    one, other = {"type": "object", "required": ["a"]}, {"required": ["a"], "type": "object"}
    assert key(replace(PLAIN, schema=one)) == key(replace(PLAIN, schema=other))
