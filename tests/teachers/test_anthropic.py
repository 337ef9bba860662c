"""Anthropic's format: what is its own; `test_dialects` has what all formats share."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given

from instgen.errors import ItemFailed
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers import anthropic
from instgen.teachers.anthropic import DIALECT, FINISHES, MAX_TOKENS, UNASKED, VERSION
from instgen.teachers.dialect import Complaint, encode
from instgen.teachers.retry import OUT_OF_QUOTA
from instgen.teachers.teacher import Settings
from tests.teachers.bodies import JSON, text, thinking
from tests.teachers.bodies import anthropic as reply
from tests.teachers.server import Answer, serving

KEY = "sk-ant-CANARY0123456789"
CHAT = Prompt((Message("system", "Be brief."), Message("user", "Hello")))
REFUSED = {"type": "refusal", "category": None, "explanation": "I cannot help with that."}
THOUGHT = {"input_tokens": 7, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 6}}
CACHED = {"input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
REAL = [
    *(reply(text("Hi"), end=end) for end in (*FINISHES, *sorted(UNASKED))),
    reply(thinking("two and two"), text("4"), usage=THOUGHT),
    reply({"type": "redacted_thinking", "data": "x"}, text("4")),
    reply(end="refusal", stop_details=REFUSED),
    reply(text("Hi"), usage=CACHED),
    reply(),
]
"""The kinds of reply that the tests below read."""


def body(prompt: Prompt) -> dict[str, Any]:
    """The request as it is on the wire."""
    decoded: dict[str, Any] = orjson.loads(encode(DIALECT.body("claude", prompt)))
    return decoded


def read(message: object, prompt: Prompt = CHAT) -> Completion:
    return DIALECT.read(message, prompt)


def test_a_chat_becomes_messages_beside_the_system_text() -> None:
    assert body(CHAT) == {
        "model": "claude",
        "max_tokens": MAX_TOKENS,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hello"}],
    }


def test_system_turns_are_one_text_apart_from_the_conversation() -> None:
    turns = (Message("system", "Be brief."), Message("user", "Hello"), Message("system", "In French."))
    sent = body(Prompt(turns))
    assert (sent["system"], len(sent["messages"])) == ("Be brief.\n\nIn French.", 1)


def test_a_beginning_of_the_answer_is_sent_as_it_is() -> None:
    begun = Prompt((Message("user", "Colours"), Message("assistant", "1. Teal\n2.")))
    assert body(begun)["messages"][-1] == {"role": "assistant", "content": "1. Teal\n2."}


def test_settings_that_the_api_has_are_sent() -> None:
    schema = MappingProxyType({"type": "object", "additionalProperties": False})
    sent = body(Prompt((Message("user", "x"),), max_tokens=9, stop=("2.", "###"), schema=schema))
    assert (sent["max_tokens"], sent["stop_sequences"]) == (9, ["2.", "###"])
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": dict(schema)}}


def test_settings_that_the_api_lacks_are_named_and_not_sent() -> None:
    given_all = Prompt((Message("user", "x"),), temperature=0.5, top_p=0.5, presence_penalty=2.0, seed=7)
    assert set(body(given_all)) == {"model", "max_tokens", "messages"}
    assert set(DIALECT.unsent) == {"temperature", "top_p", "presence_penalty", "seed"}


def test_what_can_be_left_out_of_a_body_is_in_one() -> None:
    assert set(DIALECT.optional) <= set(body(Prompt((Message("user", "x"),), schema={"type": "object"})))


def test_the_request_is_one_that_the_official_client_would_send() -> None:
    params = pytest.importorskip("anthropic.types.message_create_params").MessageCreateParamsNonStreaming
    from pydantic import TypeAdapter

    full = Prompt(CHAT.messages, temperature=1.0, seed=3, max_tokens=9, stop=("#",), schema={"type": "object"})
    for prompt in (CHAT, full):
        TypeAdapter(params).validate_python(body(prompt))
        assert set(body(prompt)) <= set(params.__annotations__)


def test_the_version_is_the_official_clients() -> None:
    assert pytest.importorskip("anthropic._constants").ANTHROPIC_API_VERSION == VERSION
    assert DIALECT.headers(KEY) == {"anthropic-version": VERSION, "x-api-key": KEY}


def test_without_a_key_no_key_is_sent() -> None:
    assert DIALECT.headers("") == {"anthropic-version": VERSION}


@pytest.mark.parametrize("message", REAL)
def test_the_replies_here_are_ones_that_the_official_client_reads(message: dict[str, Any]) -> None:
    official = pytest.importorskip("anthropic.types").Message.model_validate(message)
    assert official.stop_reason == message["stop_reason"]


def test_every_end_that_the_official_client_knows_is_known() -> None:
    from typing import get_args

    reasons = pytest.importorskip("anthropic.types").StopReason
    assert set(get_args(reasons)) == set(FINISHES) | UNASKED


def test_text_blocks_are_one_text() -> None:
    assert read(reply(text("Hi "), {"type": "fallback"}, text("there"))).text == "Hi there"


def test_thinking_is_kept_apart_and_what_is_hidden_is_left_out() -> None:
    hidden = {"type": "redacted_thinking", "data": "c2VjcmV0"}
    done = read(reply(thinking("two"), hidden, thinking("and two"), text("4"), usage=THOUGHT))
    assert (done.text, done.reasoning, done.usage) == ("4", "two\n\nand two", Usage(7, 9, reasoning=6))


@pytest.mark.parametrize("blocks", [(), (text(""),)])
def test_a_refusal_without_text_is_explained_by_the_server(blocks: tuple[object, ...]) -> None:
    done = read(reply(*blocks, end="refusal", stop_details=REFUSED))
    assert (done.text, done.finish) == ("I cannot help with that.", "refusal")


def test_a_refusal_without_any_word_is_still_one() -> None:
    done = read(reply(end="refusal", stop_details=None))
    assert (done.text, done.finish) == ("", "refusal")


def test_a_stop_text_of_white_space_which_the_api_declines_is_not_sent() -> None:
    turns = (Message("user", "x"),)
    assert body(Prompt(turns, stop=("\n\n", "", "#")))["stop_sequences"] == ["#"]
    assert "stop_sequences" not in body(Prompt(turns, stop=("\n",)))


def test_usage_counts_what_the_cache_read_and_wrote_as_prompt() -> None:
    assert read(reply(text("Hi"), usage=CACHED)).usage == Usage(127, 3, cached=100)


@given(JSON, JSON, JSON, JSON)
def test_no_reply_whatever_is_a_crash(content: object, block: object, usage: object, end: object) -> None:
    shaped = reply({"type": "text", "text": block}, {"type": "thinking", "thinking": block}, block, usage=usage)
    whole = reply(usage=usage, stop_details=content, end="refusal")
    for message in (content, {"content": content, "stop_reason": end}, shaped, whole, {"error": content}):
        try:
            assert isinstance(read(message).text, str)
        except ItemFailed:
            continue


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"type": "rate_limit_error", "message": "slow down"}, Complaint("slow down", "rate_limit_error")),
        (
            {"type": "invalid_request_error", "message": "output_config.format.schema: no such keyword"},
            Complaint("output_config.format.schema: no such keyword", "invalid_request_error", "output_config"),
        ),
        (
            {"type": "rate_limit_error", "message": "no", "details": {"error_code": "ramp_limit_exceeded"}},
            Complaint("no", "ramp_limit_exceeded"),
        ),
        (
            {"type": "rate_limit_error", "message": "no", "details": {"error_code": "enforced_spend_limit_reached"}},
            Complaint("no", "enforced_spend_limit_reached"),
        ),
        (
            {"type": "invalid_request_error", "message": "You have reached your specified API usage limits."},
            Complaint("You have reached your specified API usage limits.", OUT_OF_QUOTA),
        ),
    ],
)
def test_a_complaint_is_read(error: dict[str, Any], said: Complaint) -> None:
    assert DIALECT.complaint({"type": "error", "error": error, "request_id": "req_01"}) == said


@given(JSON)
def test_no_complaint_whatever_is_a_crash(value: object) -> None:
    for whole in (value, {"error": value}, {"error": {"details": value, "message": value, "type": value}}):
        assert isinstance(DIALECT.complaint(whole).code, str)
        assert DIALECT.wait(whole) is None


def test_a_prompt_is_asked_and_answered_over_http() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    answers = [Answer(529, overloaded, {"retry-after-ms": "1"}), Answer(body=reply(text("Hi\nthere")))]
    prompt = replace(CHAT, stop=("\n",))

    async def run() -> None:
        async with serving(answers) as server:
            teacher = anthropic.open("claude", Settings((server.url,), KEY))
            try:
                done = await teacher.complete(prompt)
            finally:
                await teacher.aclose()
            request = server.requests[-1]
            assert (done.text, done.teacher, done.usage) == ("Hi", "anthropic/claude", Usage(7, 3))
            assert (len(server.requests), request.path) == (2, "/v1/messages")
            assert request.headers["x-api-key"] == KEY
            assert "authorization" not in request.headers
            assert request.body == body(prompt)

    asyncio.run(run())


def test_a_schema_that_the_model_does_not_take_is_left_out_and_told() -> None:
    declined = {"type": "invalid_request_error", "message": "output_config.format: Extra inputs are not permitted"}
    answers = [Answer(400, {"type": "error", "error": declined}), Answer(body=reply(text("{}")))]
    lines: list[str] = []

    async def run() -> None:
        async with serving(answers) as server:
            teacher = anthropic.open("claude", Settings((server.url,), KEY, tell=lines.append))
            try:
                done = await teacher.complete(replace(CHAT, schema={"type": "object"}))
            finally:
                await teacher.aclose()
            assert done.text == "{}"
            assert ["output_config" in request.body for request in server.requests] == [True, False]
            assert any("output_config" in line for line in lines)

    asyncio.run(run())
