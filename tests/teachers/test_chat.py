"""OpenAI's format: a prompt becomes a body, and a reply a completion; `test_dialects` has what all formats share."""

from __future__ import annotations

from types import MappingProxyType

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import ItemFailed
from instgen.records import Message, Prompt, Usage
from instgen.teachers.chat import read, request, split_thinking
from instgen.teachers.dialect import SEEDS, Answer, encode
from tests.teachers.bodies import JSON
from tests.teachers.bodies import openai as reply

CHAT = Prompt((Message("system", "Be brief."), Message("user", "Hello")))


def test_a_chat_becomes_messages() -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert request(CHAT) == {"messages": turns}


def test_a_document_becomes_a_prompt() -> None:
    assert request(Prompt(text="Once")) == {"prompt": "Once"}


def test_settings_are_sent_where_they_are_given() -> None:
    prompt = Prompt(
        text="x", temperature=0.0, top_p=0.5, presence_penalty=2.0, max_tokens=9, stop=("\n", "2."), seed=7, sample=3
    )
    assert request(prompt) == {
        "prompt": "x",
        "temperature": 0.0,
        "top_p": 0.5,
        "presence_penalty": 2.0,
        "max_tokens": 9,
        "stop": ("\n", "2."),
        "seed": 7,
    }


@given(st.integers(min_value=0))
def test_seeds_on_the_wire_fit_every_server(seed: int) -> None:
    assert 0 <= request(Prompt(text="x", seed=seed))["seed"] < SEEDS


def test_a_schema_is_asked_for_strictly() -> None:
    schema = MappingProxyType({"type": "object"})
    body = orjson.loads(encode(request(Prompt((Message("user", "x"),), schema=schema))))
    wanted = {"name": "reply", "strict": True, "schema": {"type": "object"}}
    assert body["response_format"] == {"type": "json_schema", "json_schema": wanted}


@given(JSON, JSON, JSON, JSON)
def test_no_reply_whatever_is_a_crash(message: object, choice: object, usage: object, end: object) -> None:
    bodies = (choice, {"choices": choice}, {"choices": [{"message": message, "finish_reason": end}], "usage": usage})
    for body in bodies:
        try:
            read(body, CHAT)
        except ItemFailed:
            continue


def test_a_list_of_parts_is_one_text() -> None:
    parts = [{"type": "text", "text": "Hi "}, {"type": "image"}, {"type": "text", "text": "there"}]
    assert read(reply(parts), CHAT).text == "Hi there"


def test_a_refusal_is_a_refusal_whatever_the_end_says() -> None:
    completion = read(reply(None, "stop", refusal="I cannot."), CHAT)
    assert (completion.text, completion.finish) == ("I cannot.", "refusal")


def test_a_filtered_reply_needs_no_content() -> None:
    completion = read(reply(None, "content_filter"), CHAT)
    assert (completion.text, completion.finish) == ("", "refusal")


def test_the_continued_beginning_is_not_part_of_the_answer() -> None:
    prompt = Prompt((Message("user", "Colours"), Message("assistant", "1. Teal\n2.")))
    assert read(reply("1. Teal\n2. Red"), prompt).text == " Red"


def test_a_beginning_that_is_not_repeated_leaves_the_answer_whole() -> None:
    prompt = Prompt((Message("user", "Colours"), Message("assistant", "1. Teal\n2.")))
    assert read(reply(" Red"), prompt).text == " Red"


def test_a_document_goes_on_with_its_text_as_it_is() -> None:
    body = {"choices": [{"text": " <think>upon</think> a", "finish_reason": "length"}]}
    assert read(body, Prompt(text="Once")).text == " <think>upon</think> a"


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_of_its_own_is_kept_apart(key: str) -> None:
    completion = read(reply("4", **{key: "two and two"}), CHAT)
    assert (completion.text, completion.reasoning) == ("4", "two and two")


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("<think>two\nand two</think>\n\n4", "4", "two\nand two"),
        ("\n<think>\n</think>4", "4", ""),
        ("two and two\n</think>\n4", "4", "two and two"),
        ("<think>two and", "", "two and"),
        ("Use <think>x</think> tags.", "Use <think>x</think> tags.", ""),
    ],
)
def test_thinking_is_told_from_the_answer(text: str, answer: str, reasoning: str) -> None:
    assert split_thinking(text) == Answer(answer, reasoning)


@given(st.text().filter(lambda text: "think>" not in text))
def test_a_text_without_thinking_is_all_answer(text: str) -> None:
    assert split_thinking(text) == Answer(text)


def test_usage_is_the_servers() -> None:
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    assert read(reply(usage=counts), CHAT).usage == Usage(9, 5, cached=4, reasoning=2)


def test_usage_without_details_has_none() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None}
    assert read(reply(usage=counts), CHAT).usage == Usage(9, 5)
