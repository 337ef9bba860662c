"""`anthropic/MODEL`: Anthropic's Messages API, version 2026-10-21: prompts into bodies, replies into completions.

The rule: pure translation. What all HTTP teachers share is in `wire`; a setting that this API does not support is named
in `unsent`, so that it is reported and never dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from instgen.errors import ItemFailed, UsageError
from instgen.records import Completion, Finish, Prompt, Usage
from instgen.teachers import dialect
from instgen.teachers.dialect import Answer, Complaint, Unusable, count, counted, mapping, string
from instgen.teachers.retry import OUT_OF_QUOTA
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

VERSION = "2026-10-21"
"""The API version that Anthropic's own client 2.12 sends. From this version on, sampling settings are rejected."""

MAX_TOKENS = 8192
"""The token limit for a prompt that sets none, as this API requires one: the smallest of the limits up to which
Anthropic's own client lets a model answer without streaming (`MODEL_NONSTREAMING_TOKENS` in its 2.12)."""

TRAITS = Traits(tasks_per_call=10)
"""The same as for other chat models; see `openai.TRAITS`."""

FINISHES: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
"""Meaning of each `stop_reason`."""

UNASKED = frozenset({"tool_use", "pause_turn"})
"""Stop reasons of answers with tools, which we never offer."""

SPENT = ("you have reached your specified", "credit balance is too low")
"""Parts of the messages about a spend limit or an empty account, which come with status 400 and no code."""

ROLES = frozenset({"user", "assistant"})
_PLACE = re.compile(r"([a-z_]+)(?:\.[\w.]+)?: ")
"""The body key that an error message is about: the text before its first colon."""


def open(model: str, settings: Settings) -> HttpTeacher:
    """The teacher for `anthropic/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key is invalid.
    """
    if not model:
        raise UsageError("anthropic needs a model", hint="for example -t anthropic/MODEL")
    return HttpTeacher(DIALECT, model, settings, TRAITS)


class Anthropic:
    """Anthropic's dialect; see `wire.Dialect` for what each part does."""

    provider: str = "anthropic"
    home: str = "https://api.anthropic.com/v1"
    key_variable: str = "ANTHROPIC_API_KEY"
    optional: Mapping[str, str | None] = {"output_config": None}
    unsent: tuple[str, ...] = ("temperature", "top_p", "presence_penalty", "seed")

    def headers(self, key: str) -> dict[str, str]:
        """The API's version, and the key if there is one."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def path(self, model: str, prompt: Prompt) -> str:
        """The only endpoint that answers messages."""
        del model, prompt
        return "messages"

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """The request body. System messages, wherever they are, become its `system` text.

        This API does not accept a stop text of white space alone; `wire` cuts the answer there instead.

        Raises:
            ItemFailed: the prompt is a bare document, has only system messages, or has one with an unknown role.
        """
        settings = {
            "system": "\n\n".join(turn.content for turn in prompt.messages if turn.role == "system") or None,
            "stop_sequences": [stop for stop in prompt.stop if stop.strip()] or None,
            "output_config": None if prompt.schema is None else {"format": _format(prompt.schema)},
        }
        return {
            "model": model,
            "max_tokens": MAX_TOKENS if prompt.max_tokens is None else prompt.max_tokens,
            "messages": _turns(prompt),
        } | {name: value for name, value in settings.items() if value is not None}

    def read(self, reply: object, prompt: Prompt) -> Completion:
        """The completion in a decoded reply, without its teacher and host.

        Raises:
            Unusable: the reply has no completion: it is an error, or lacks content or a known stop reason.
            ItemFailed: it ended for a reason that another try would not change.
        """
        message = _message(reply)
        finish = dialect.ending(message.get("stop_reason"), FINISHES, UNASKED)
        answer = _answer(message)
        if answer.text is None and finish == "stop" and not answer.reasoning:
            raise Unusable("the reply has no content")
        text = answer.text or string(mapping(message.get("stop_details")).get("explanation"))
        usage = _usage(mapping(message.get("usage")), prompt, text + answer.reasoning)
        return Completion(text, finish, reasoning=answer.reasoning, usage=usage)

    def complaint(self, reply: object) -> Complaint:
        """What an error body says; the code is the more specific of the two that Anthropic gives."""
        complaint = dialect.complaint(reply)
        error = mapping(mapping(reply).get("error"))
        exact = string(mapping(error.get("details")).get("error_code"))
        spent = not exact and any(words in complaint.message.lower() for words in SPENT)
        place = _PLACE.match(complaint.message)
        return replace(
            complaint,
            code=OUT_OF_QUOTA if spent else exact or complaint.code,
            parameter=place[1] if place else complaint.parameter,
        )

    def wait(self, reply: object) -> float | None:
        """Always None: the time to wait is in the headers."""
        del reply
        return None


DIALECT = Anthropic()


def _turns(prompt: Prompt) -> list[dict[str, str]]:
    if not prompt.messages:
        raise ItemFailed("anthropic only answers chats, and the prompt is a document to continue")
    turns = [turn for turn in prompt.messages if turn.role != "system"]
    for turn in turns:
        if turn.role not in ROLES:
            raise ItemFailed(f"anthropic accepts no turn of the role {turn.role!r}")
    if not turns:
        raise ItemFailed("anthropic needs a turn besides the system's, and the prompt has none")
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _format(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "schema": schema}


def _message(reply: object) -> Mapping[str, Any]:
    message = dialect.whole(reply)
    if not isinstance(message.get("content"), list):
        raise Unusable("the reply has no content")
    return message


def _answer(message: Mapping[str, Any]) -> Answer:
    """The text and thinking blocks; redacted thinking is unreadable, and other kinds of block were not asked for."""
    blocks = [mapping(block) for block in message["content"]]
    texts = [string(block.get("text")) for block in blocks if block.get("type") == "text"]
    thoughts = [string(block.get("thinking")) for block in blocks if block.get("type") == "thinking"]
    return Answer("".join(texts) if texts else None, "\n\n".join(thought for thought in thoughts if thought))


def _usage(counts: Mapping[str, Any], prompt: Prompt, answer: str) -> Usage:
    """The server's counts; tokens read from or written to its cache are not part of its `input_tokens`, but of ours."""
    asked, answered = counted(counts.get("input_tokens")), counted(counts.get("output_tokens"))
    if asked is None or answered is None:
        return dialect.estimated(prompt, answer)
    cached = count(counts.get("cache_read_input_tokens"))
    written = count(counts.get("cache_creation_input_tokens"))
    thinking = count(mapping(counts.get("output_tokens_details")).get("thinking_tokens"))
    return Usage(asked + cached + written, answered, cached=cached, reasoning=thinking)
