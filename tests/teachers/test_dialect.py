from __future__ import annotations

from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import ItemFailed
from instgen.records import Message, Prompt, Usage
from instgen.teachers.dialect import (
    FINISHES,
    SEEDS,
    UNASKED,
    Complaint,
    Said,
    Unusable,
    complaint,
    decode,
    encode,
    read,
    request,
    split_thinking,
)

CHAT = Prompt((Message("system", "Be brief."), Message("user", "Hello")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def reply(content: object = "Hi", finish: object = "stop", **more: object) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **more}, "finish_reason": finish}]}


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


def test_half_a_surrogate_pair_fails_the_item() -> None:
    with pytest.raises(ItemFailed):
        encode(request(Prompt(text="\ud83d")))


def test_what_is_not_json_decodes_to_nothing() -> None:
    assert decode(b"<html>") is None


@pytest.mark.parametrize(("end", "finish"), FINISHES.items())
def test_every_known_end_has_a_finish(end: str, finish: str) -> None:
    assert read(reply(finish=end), CHAT).finish == finish


@pytest.mark.parametrize("end", sorted(UNASKED))
def test_an_answer_to_something_else_fails_the_item_for_good(end: str) -> None:
    with pytest.raises(ItemFailed) as caught:
        read(reply(finish=end), CHAT)
    assert not isinstance(caught.value, Unusable)


@pytest.mark.parametrize("end", [None, "abort", "error", "", 7, ["stop"]])
def test_an_unknown_end_is_worth_one_more_try(end: object) -> None:
    with pytest.raises(Unusable) as caught:
        read(reply(finish=end), CHAT)
    assert caught.value.tries == 2


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"finish_reason": "stop"}]},
        {"error": {"message": "overloaded"}},
        {"error": "overloaded", **reply()},
        reply(None),
    ],
)
def test_a_reply_without_an_answer_is_unusable(body: object) -> None:
    with pytest.raises(Unusable):
        read(body, CHAT)


@given(JSON, JSON, JSON, JSON)
def test_no_reply_whatever_is_a_crash(message: object, choice: object, usage: object, end: object) -> None:
    bodies = (choice, {"choices": choice}, {"choices": [{"message": message, "finish_reason": end}], "usage": usage})
    for body in bodies:
        try:
            read(body, CHAT)
        except ItemFailed:
            continue


def test_an_error_in_the_reply_is_told() -> None:
    with pytest.raises(Unusable, match="overloaded"):
        read({"error": {"message": "overloaded"}}, CHAT)


def test_an_empty_answer_is_an_answer() -> None:
    assert read(reply(""), CHAT).text == ""


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


def test_reasoning_that_ate_the_whole_budget_is_a_cut_answer() -> None:
    completion = read(reply(None, "length", reasoning_content="well"), CHAT)
    assert (completion.text, completion.reasoning, completion.finish) == ("", "well", "length")


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
    assert split_thinking(text) == Said(answer, reasoning)


@given(st.text().filter(lambda text: "think>" not in text))
def test_a_text_without_thinking_is_all_answer(text: str) -> None:
    assert split_thinking(text) == Said(text)


def test_usage_is_the_servers() -> None:
    counts = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    assert read({**reply(), "usage": counts}, CHAT).usage == Usage(9, 5, cached=4, reasoning=2)


def test_usage_without_details_has_none() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None}
    assert read({**reply(), "usage": counts}, CHAT).usage == Usage(9, 5)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": 9},
        {"prompt_tokens": "9", "completion_tokens": 5},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": 2**63, "completion_tokens": 2**63},
    ],
)
def test_missing_usage_is_estimated_and_marked(usage: object) -> None:
    estimate = read({**reply("12345678"), "usage": usage}, CHAT).usage
    assert estimate == Usage(4, 2, estimated=True)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"error": {"message": "no", "type": "t", "code": "c", "param": "p"}},
            Complaint("no", "c", "p"),
        ),
        ({"error": {"message": "no", "type": "t", "code": 400}}, Complaint("no", "t")),
        ({"error": "no"}, Complaint("no")),
        ({"object": "error", "message": "no", "type": "t"}, Complaint("no", "t")),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}},
            Complaint("no", "rate_limit_error"),
        ),
        (
            {"error": {"message": "no", "code": 403, "metadata": {"flagged_input": "x", "provider_name": "p"}}},
            Complaint("no", "content_policy_violation"),
        ),
        ({"detail": "no"}, Complaint("no")),
        ({"detail": [{"loc": ["body", "max_tokens"]}]}, Complaint("[{'loc': ['body', 'max_tokens']}]")),
        (None, Complaint()),
    ],
)
def test_a_complaint_is_read_in_every_shape(body: object, said: Complaint) -> None:
    assert complaint(body) == said


@given(JSON, st.sampled_from(["error", "message", "detail", "code"]))
def test_no_complaint_whatever_is_a_crash(value: object, key: str) -> None:
    assert isinstance(complaint({key: value}).message, str)
    assert isinstance(complaint({"error": {key: value}}).message, str)
