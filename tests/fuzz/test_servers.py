"""Whatever a server sends is a completion or an error that is documented, and no wait is endless."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import orjson

from instgen.errors import ItemFailed
from instgen.export.lines import HALF
from instgen.journal import completion_from_json, completion_to_json
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers import anthropic, gemini, openai
from instgen.teachers.chat import split_thinking
from instgen.teachers.dialect import decode, encode
from instgen.teachers.endpoint import EXCERPT, shown
from instgen.teachers.prices import Price
from instgen.teachers.retry import LONGEST_WAIT, Failure, decide, nothing_remains, until_reset
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.texts import PIECES, spelled, values

DIALECTS = inputs.sampled_from([openai.DIALECT, anthropic.DIALECT, gemini.DIALECT])
PROMPTS = inputs.sampled_from(
    [
        Prompt(messages=(Message("user", "Count."),)),
        Prompt(messages=(Message("user", "Count."), Message("assistant", "1"))),
        Prompt(text="1, 2,"),
    ]
)
KEYS = (
    "choices", "message", "content", "text", "finish_reason", "refusal", "reasoning_content", "reasoning", "usage",
    "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "completion_tokens_details",
    "reasoning_tokens", "error", "code", "type", "param", "detail", "metadata", "flagged_input", "stop_reason",
    "stop_details", "explanation", "thinking", "input_tokens", "output_tokens", "cache_read_input_tokens",
    "cache_creation_input_tokens", "details", "error_code", "candidates", "finishReason", "parts", "thought",
    "usageMetadata", "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "promptFeedback",
    "blockReason", "@type", "retryDelay", "violations", "quotaId", "reason", "status", "fieldViolations", "field",
)  # fmt: skip
SCALARS = (
    None, True, False, 0, 1, -1, 2**63, 1.5, 1e308, "", "stop", "length", "end_turn", "STOP", "MAX_TOKENS",
    "tool_calls", "text", "thinking", "<think>a</think>b", "1", "SAFETY", "refusal", "insufficient_quota",
    "type.googleapis.com/google.rpc.RetryInfo", "google.rpc.QuotaFailure", "google.rpc.ErrorInfo",
    "google.rpc.BadRequest", "RESOURCE_EXHAUSTED", "API_KEY_INVALID", "3s", "999999999s", "0.000s", "-1s",
    "GenerateRequestsPerDay", "limit: 0", "You exceeded your current quota", "messages.0: x",
    "credit balance is too low", "\0", "\u2028", "x" * 400,
)  # fmt: skip
bodies = values(SCALARS, KEYS)
counts = values(
    (None, True, 0, 1, -1, 1.5, 2**31, 2**63, 2**64 - 1), [key for key in KEYS if "oken" in key or key == "thought"], 12
)
ENDS = (
    "stop", "length", "end_turn", "max_tokens", "refusal", "STOP", "MAX_TOKENS", "SAFETY", "tool_use", "else", "", None,
    7,
)  # fmt: skip


def dressed(said: tuple[Any, Any, Any]) -> dict[str, Any]:
    """A reply that is much like one of any server."""
    body, usage, end = said
    parts = [body, {"type": "text", "text": "a"}, {"text": "b", "thought": True}]
    return {
        "choices": [{"message": {"content": "a"} | body, "text": body.get("text"), "finish_reason": end}],
        "candidates": [{"content": {"parts": parts, "role": "model"}, "finishReason": end}],
        "content": parts,
        "stop_reason": end,
        "usage": usage,
        "usageMetadata": usage,
    }


def complaining(body: dict[str, Any]) -> list[Any]:
    """An error that is much like Google's."""
    return [{"error": body | {"details": [body, {"@type": "google.rpc.RetryInfo", "retryDelay": body.get("reason")}]}}]


likely = inputs.tuples(bodies, counts, inputs.sampled_from(ENDS)).map(dressed)
replies = likely | bodies.map(complaining) | bodies | inputs.none() | inputs.lists(bodies, max_size=2)
HEADERS = (
    "retry-after", "retry-after-ms", "x-should-retry", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests", "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-requests-remaining",
    "x-ratelimit-reset-٣",
)  # fmt: skip
SAID = (
    "1", "0", "-1", "1.5", "nan", "inf", "1e400", "-inf", "9" * 400, "1_0", "6m0s", "1h", "20ms", "1h2m3.5s",
    "9" * 320 + "h", "٣s", "true", "false", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 -0000",
    "Wed, 21 Oct 99999 07:28:00 GMT", "21 Oct 2026", "Oct 21 2026 7:28", "Wed, 31 Feb 2026 07:28:00 +9999",
    "2026-11-24T10:00:00Z", "2026-11-24", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "T", ":", "+",
    "-", ",", " ", ".", "GMT", "Oct", "2026", "07:28", "99", "00", "1e5", "\0", "\ud800",
)  # fmt: skip


STATUSES = (0, 200, 302, 400, 401, 403, 404, 408, 429, 500, 503, 529, 999)
CLOCKS = (0.0, 1.79e9, 4e9)


@fuzzed(dialect=DIALECTS, reply=likely | replies, prompt=PROMPTS)
def test_a_reply_is_a_completion_or_a_documented_error(dialect: Any, reply: object, prompt: Prompt) -> None:
    try:
        completion = dialect.read(reply, prompt)
    except ItemFailed as problem:
        told(problem)
        return
    assert completion.finish in {"stop", "length", "refusal"}
    usage = completion.usage
    assert all(
        type(number) is int and number >= 0
        for number in (usage.prompt, usage.completion, usage.cached, usage.reasoning)
    )
    assert completion_from_json(completion_to_json(completion)) == completion
    assert Price(1.0, 1.0, 0.5).cost(usage) >= 0


@fuzzed(dialect=DIALECTS, reply=replies)
def test_a_complaint_is_words_and_its_wait_is_a_number(dialect: Any, reply: object) -> None:
    said = dialect.complaint(reply)
    assert all(isinstance(word, str) for word in (said.message, said.code, said.parameter))
    assert len(shown(said.message, "sk-key")) <= EXCERPT
    wait = dialect.wait(reply)
    assert wait is None or 0 < wait < math.inf


@fuzzed(
    said=spelled(SAID, 4, "") | spelled(SAID, 9, "a "),
    which=inputs.integers(0, 2 ** len(HEADERS) - 1),
    attempt=inputs.integers(1, 5_000),
    wait=inputs.none() | inputs.floats(),
)
def test_a_wait_is_finite_and_short(said: str, which: int, attempt: int, wait: float | None) -> None:
    headers = {name: said for at, name in enumerate(HEADERS) if which >> at & 1}
    status, now = STATUSES[attempt % len(STATUSES)], CLOCKS[which % len(CLOCKS)]
    with moment():
        failure = Failure(status, said, headers=headers, wait=wait)
        decision = decide(failure, attempt=attempt, tries=10_000, now=now, rng=Random(1))
        reset = until_reset(headers, now)
        nothing_remains(headers)
    assert 0 <= decision.wait <= LONGEST_WAIT
    assert reset is None or 0 <= reset <= LONGEST_WAIT


@fuzzed(text=spelled(PIECES), key=inputs.sampled_from(["", "k", "sk-12345678"]))
def test_a_servers_words_are_told_in_one_line_and_lose_nothing_else(text: str, key: str) -> None:
    said = split_thinking(text)
    assert (said.text or "") in text
    assert said.reasoning in text
    line = shown(text, key)
    assert not key or len(key) < 2 or key not in line
    assert len(line) <= EXCERPT
    assert "\n" not in line


@fuzzed(
    data=inputs.binary(max_size=40)
    | spelled(('{"choices":', "[", "{", '"', "1e999", "]", "}", "\\ud800", "NaN", ":")).map(str.encode)
)
def test_a_body_is_json_or_nothing(data: bytes) -> None:
    found = decode(data)
    assert found is None or orjson.loads(encode(found)) == found


TEXT = spelled([piece for piece in PIECES if not HALF.search(piece)])


@fuzzed(
    text=TEXT,
    reasoning=TEXT,
    error=TEXT,
    spent=inputs.builds(
        Usage,
        inputs.integers(0, 2**63 - 1),
        inputs.integers(0, 2**31),
        inputs.integers(0, 9),
        inputs.integers(0, 9),
        inputs.booleans(),
    ),
    price=inputs.none() | inputs.floats(),
    finish=inputs.sampled_from(["stop", "length", "refusal", "failed"]),
)
def test_a_journal_says_what_it_was_told(
    text: str, reasoning: str, error: str, spent: Usage, price: float | None, finish: Any
) -> None:
    completion = Completion(text, finish, reasoning, error, spent, price, "openai/m", "h:1")
    assert completion_from_json(completion_to_json(completion)) == completion
