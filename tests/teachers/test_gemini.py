"""Gemini's format: what is its own; `test_dialects` has what all formats share."""

from __future__ import annotations

import asyncio
from random import Random
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import ItemFailed
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers import gemini
from instgen.teachers.dialect import SEEDS, Complaint, encode
from instgen.teachers.gemini import DIALECT, EXHAUSTED, FINISHES
from instgen.teachers.retry import BAD_KEY, OUT_OF_QUOTA, Failure, decide
from instgen.teachers.teacher import Settings
from tests.teachers.bodies import GEMINI_COUNTS, JSON
from tests.teachers.bodies import gemini as reply
from tests.teachers.server import Answer, serving

KEY = "AIzaCANARY0123456789"
CHAT = Prompt((Message("system", "Be brief."), Message("user", "Hello")))
SPENT = "You exceeded your current quota, please check your plan and billing details."
TYPE = "type.googleapis.com/google.rpc."


def error(message: str, *details: object, code: int = 429, status: str = EXHAUSTED) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota(*names: str) -> dict[str, Any]:
    return {"@type": TYPE + "QuotaFailure", "violations": [{"quotaId": name} for name in names]}


def retry_in(delay: object) -> dict[str, Any]:
    return {"@type": TYPE + "RetryInfo", "retryDelay": delay}


def body(prompt: Prompt) -> dict[str, Any]:
    """The request as it is on the wire."""
    decoded: dict[str, Any] = orjson.loads(encode(DIALECT.body("gemini-pro", prompt)))
    return decoded


def read(message: object, prompt: Prompt = CHAT) -> Completion:
    return DIALECT.read(message, prompt)


def test_a_chat_becomes_contents_beside_the_system_instruction() -> None:
    assert body(CHAT) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
    }


def test_system_turns_are_one_text_apart_from_the_conversation() -> None:
    turns = (Message("system", "Be brief."), Message("user", "Hello"), Message("system", "In French."))
    sent = body(Prompt(turns))
    assert sent["systemInstruction"] == {"parts": [{"text": "Be brief.\n\nIn French."}]}
    assert len(sent["contents"]) == 1


def test_the_assistant_is_called_the_model() -> None:
    begun = Prompt((Message("user", "Colours"), Message("assistant", "1. Teal\n2.")))
    assert body(begun)["contents"][-1] == {"role": "model", "parts": [{"text": "1. Teal\n2."}]}


def test_settings_are_sent_where_they_are_given() -> None:
    schema = MappingProxyType({"type": "object"})
    turns = (Message("user", "x"),)
    prompt = Prompt(turns, temperature=0.0, top_p=0.5, max_tokens=9, stop=("\n", "2."), seed=7, schema=schema)
    assert body(prompt)["generationConfig"] == {
        "temperature": 0.0,
        "topP": 0.5,
        "maxOutputTokens": 9,
        "stopSequences": ["\n", "2."],
        "seed": 7,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
    }


def test_a_penalty_that_every_current_model_declines_is_named_and_not_sent() -> None:
    assert "generationConfig" not in body(Prompt((Message("user", "x"),), presence_penalty=2.0))
    assert DIALECT.unsent == ("presence_penalty",)


@given(st.integers(min_value=0))
def test_seeds_on_the_wire_are_positive_int32(seed: int) -> None:
    assert 0 <= DIALECT.body("m", Prompt(CHAT.messages, seed=seed))["generationConfig"]["seed"] < SEEDS


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-pro", "models/gemini-pro:generateContent"),
        ("models/gemini-pro", "models/gemini-pro:generateContent"),
        ("tunedModels/mine", "tunedModels/mine:generateContent"),
        ("a?key=b#c", "models/a%3Fkey%3Db%23c:generateContent"),
    ],
)
def test_the_model_is_in_the_path(model: str, path: str) -> None:
    assert DIALECT.path(model, CHAT) == path


def test_the_key_is_in_a_header_and_only_where_there_is_one() -> None:
    assert DIALECT.headers(KEY) == {"x-goog-api-key": KEY}
    assert DIALECT.headers("") == {}


def test_what_is_withheld_from_us_is_a_refusal() -> None:
    for_what_it_says = {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"}
    by_a_rule = {"ESCALATION", "MODEL_ARMOR"}
    assert {end for end, finish in FINISHES.items() if finish == "refusal"} == for_what_it_says | by_a_rule


def test_parts_are_one_text() -> None:
    assert read(reply({"text": "Hi "}, {"inlineData": {}}, {"text": "there"})).text == "Hi there"


def test_thoughts_are_kept_apart_and_counted_as_written() -> None:
    counts = {"promptTokenCount": 7, "candidatesTokenCount": 1, "thoughtsTokenCount": 6, "totalTokenCount": 14}
    done = read(reply({"text": "two and two", "thought": True}, {"text": "4", "thoughtSignature": "x"}, usage=counts))
    assert (done.text, done.reasoning, done.usage) == ("4", "two and two", Usage(7, 7, reasoning=6))


def test_thoughts_that_ate_the_whole_limit_are_a_cut_answer() -> None:
    counts = {"promptTokenCount": 7, "thoughtsTokenCount": 60, "totalTokenCount": 67}
    done = read(reply(end="MAX_TOKENS", usage=counts))
    assert done == Completion("", "length", usage=Usage(7, 60, reasoning=60))


def test_a_blocked_prompt_is_refused_with_nothing_said() -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}}
    assert read(blocked) == Completion("", "refusal", usage=Usage(7, 0))


def test_a_blocked_answer_needs_no_content() -> None:
    blocked = {"candidates": [{"finishReason": "SAFETY"}], "usageMetadata": {"promptTokenCount": 7}}
    assert read(blocked) == Completion("", "refusal", usage=Usage(7, 0))


def test_cached_tokens_are_part_of_the_prompt() -> None:
    counts = GEMINI_COUNTS | {"promptTokenCount": 127, "cachedContentTokenCount": 100}
    assert read(reply({"text": "Hi"}, usage=counts)).usage == Usage(127, 3, cached=100)


@given(JSON, JSON, JSON, JSON)
def test_no_reply_whatever_is_a_crash(content: object, part: object, usage: object, end: object) -> None:
    shaped = reply({"text": part, "thought": part}, part, usage=usage)
    candidate = {"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]}
    blocked = {"promptFeedback": {"blockReason": part}, "usageMetadata": usage}
    for message in (content, {"candidates": content}, candidate, shaped, reply(end=end), blocked, {"error": content}):
        try:
            assert isinstance(read(message).text, str)
        except ItemFailed:
            continue


PER_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
PER_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (error("busy", code=503, status="UNAVAILABLE"), Complaint("busy", "UNAVAILABLE")),
        ([error("busy", code=503, status="UNAVAILABLE")], Complaint("busy", "UNAVAILABLE")),
        (
            error("no", {"@type": TYPE + "BadRequest", "fieldViolations": [{"field": "contents"}]}, status="INVALID"),
            Complaint("no", "INVALID", "contents"),
        ),
        (
            error("no", {"@type": TYPE + "ErrorInfo", "reason": BAD_KEY}, code=400, status="INVALID_ARGUMENT"),
            Complaint("no", BAD_KEY),
        ),
        ({"error": "no"}, Complaint("no")),
        (None, Complaint()),
    ],
)
def test_a_complaint_is_read(whole: object, said: Complaint) -> None:
    assert DIALECT.complaint(whole) == said


@pytest.mark.parametrize(
    ("whole", "action"),
    [
        (error(SPENT, quota(PER_MINUTE), retry_in("34s")), "again"),
        (error(SPENT, retry_in("34s")), "again"),
        (error("Resource has been exhausted (e.g. check quota)."), "again"),
        (error(SPENT, quota(PER_MINUTE, PER_DAY), retry_in("36s")), "run"),
        (error(SPENT), "run"),
        (error(SPENT + "\n* Quota exceeded for metric: requests, limit: 0, model: m", retry_in("34s")), "run"),
    ],
)
def test_a_limit_of_a_minute_is_waited_for_and_a_quota_that_is_used_up_ends_the_run(whole: object, action: str) -> None:
    said = DIALECT.complaint(whole)
    decision = decide(Failure(429, said.message, said.code), attempt=1, tries=5, now=0.0, rng=Random(0))
    assert decision.action == action
    assert (said.code == OUT_OF_QUOTA) == (action == "run")


def test_a_passing_limit_is_told_by_its_name() -> None:
    said = DIALECT.complaint(error(SPENT, quota(PER_MINUTE), retry_in("34s")))
    assert said == Complaint(f"rate limit reached: {PER_MINUTE}", EXHAUSTED)


@pytest.mark.parametrize(
    ("delay", "seconds"), [("34s", 34.0), ("34.0748s", 34.0748), ("0s", None), ("-1s", None), ("soon", None), (3, None)]
)
def test_the_wait_that_the_server_asks_for_is_in_the_body(delay: object, seconds: float | None) -> None:
    assert DIALECT.wait(error("slow down", retry_in(delay))) == seconds
    assert DIALECT.wait([error("slow down", quota(PER_MINUTE), retry_in(delay))]) == seconds


@given(JSON)
def test_no_complaint_whatever_is_a_crash(value: object) -> None:
    details = [
        {"@type": TYPE + kind, "violations": value, "fieldViolations": value} for kind in ("QuotaFailure", "BadRequest")
    ]
    shaped = {"message": value, "status": EXHAUSTED, "details": [value, *details, retry_in(value)]}
    for whole in (value, {"error": value}, {"error": shaped}, {"error": shaped | {"status": value}}):
        assert isinstance(DIALECT.complaint(whole).message, str)
        assert DIALECT.wait(whole) is None


def test_a_prompt_is_asked_and_answered_over_http() -> None:
    answers = [Answer(429, error(SPENT, quota(PER_MINUTE), retry_in("0.01s"))), Answer(body=reply({"text": "Hi"}))]

    async def run() -> None:
        async with serving(answers) as server:
            teacher = gemini.open("gemini-pro", Settings((server.url,), KEY))
            try:
                done = await teacher.complete(CHAT)
            finally:
                await teacher.aclose()
            request = server.requests[-1]
            assert (done.text, done.teacher, done.usage) == ("Hi", "gemini/gemini-pro", Usage(7, 3))
            assert (len(server.requests), request.path) == (2, "/v1/models/gemini-pro:generateContent")
            assert request.headers["x-goog-api-key"] == KEY
            assert "authorization" not in request.headers
            assert request.body == body(CHAT)

    asyncio.run(run())
