"""`anthropic/MODEL`: Anthropic's Messages API, version 2026-10-21: prompts into bodies, replies into completions.

The rule: pure translation. What all HTTP teachers share is in `wire`; a setting that this API has no place for is named
in `unsent`, so that it is reported and never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from instgen.errors import ItemFailed, UsageError
from instgen.records import Completion, Finish, Prompt, Usage
from instgen.teachers import dialect
from instgen.teachers.dialect import Complaint, Said, Unusable, count, counted, mapping, string
from instgen.teachers.retry import OUT_OF_QUOTA
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

VERSION = "2026-10-21"
"""Of the API, as Anthropic's own client 2.12 sends it. Since this one, sampling settings are refused."""

MAX_TOKENS = 8192
"""Where a prompt sets no limit, which this API must have: the least of the limits up to which Anthropic's own client
lets a model answer without streaming (`MODEL_NONSTREAMING_TOKENS` in its 2.12)."""

TRAITS = Traits(tasks_per_call=10)
"""As for the other chat models; see `openai.TRAITS`."""

FINISHES: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
"""`stop_reason`, and what it is."""

UNASKED = frozenset({"tool_use", "pause_turn"})
"""Ends of an answer with tools, which we never offer."""

SPENT = ("you have reached your specified", "credit balance is too low")
"""Words of the messages about a spend limit and an empty account, which come with status 400 and no code."""

ROLES = frozenset({"user", "assistant"})
_PLACE = re.compile(r"([a-z_]+)(?:\.[\w.]+)?: ")
"""Where in the body a complaint sees its cause: the words before the first colon."""


def open(model: str, settings: Settings) -> HttpTeacher:
    """The teacher for `anthropic/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key cannot be used.
    """
    if not model:
        raise UsageError("anthropic needs a model", hint="for example -t anthropic/MODEL")
    return HttpTeacher(DIALECT, model, settings, TRAITS)


class Anthropic:
    """Anthropic's dialect; `wire.Dialect` says what each part is for."""

    provider: str = "anthropic"
    home: str = "https://api.anthropic.com/v1"
    key_variable: str = "ANTHROPIC_API_KEY"
    optional: Mapping[str, str | None] = {"output_config": None}
    unsent: tuple[str, ...] = ("temperature", "top_p", "presence_penalty", "seed")

    def headers(self, key: str) -> dict[str, str]:
        """The API's version, and the key where there is one."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def path(self, model: str, prompt: Prompt) -> str:
        """The one place where messages are answered."""
        del model, prompt
        return "messages"

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """The request. System turns, wherever they stand, become its `system` text.

        A stop text of white space alone is not taken by this API; `wire` cuts the answer there.

        Raises:
            ItemFailed: the prompt is a bare document, or holds no turn or one of a role that this API does not know.
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
        """The completion that a decoded reply holds, its teacher and host still unnamed.

        Raises:
            Unusable: it holds none: no message, an error, no content, or an end that says nothing.
            ItemFailed: it answers something else than we asked.
        """
        message = _message(reply)
        finish = dialect.ending(message.get("stop_reason"), FINISHES, UNASKED)
        said = _said(message)
        if said.text is None and finish == "stop" and not said.reasoning:
            raise Unusable("the reply has no content")
        text = said.text or string(mapping(message.get("stop_details")).get("explanation"))
        usage = _usage(mapping(message.get("usage")), prompt, text + said.reasoning)
        return Completion(text, finish, reasoning=said.reasoning, usage=usage)

    def complaint(self, reply: object) -> Complaint:
        """What an error body says; its code is the more exact of the two that Anthropic gives."""
        said = dialect.complaint(reply)
        error = mapping(mapping(reply).get("error"))
        exact = string(mapping(error.get("details")).get("error_code"))
        spent = not exact and any(words in said.message.lower() for words in SPENT)
        place = _PLACE.match(said.message)
        return replace(
            said,
            code=OUT_OF_QUOTA if spent else exact or said.code,
            parameter=place[1] if place else said.parameter,
        )

    def wait(self, reply: object) -> float | None:
        """None: the time to wait is in the headers."""
        del reply
        return None


DIALECT = Anthropic()


def _turns(prompt: Prompt) -> list[dict[str, str]]:
    if not prompt.messages:
        raise ItemFailed("anthropic answers chats, and the prompt is a document to go on with")
    turns = [turn for turn in prompt.messages if turn.role != "system"]
    for turn in turns:
        if turn.role not in ROLES:
            raise ItemFailed(f"anthropic takes no turn of the role {turn.role!r}")
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


def _said(message: Mapping[str, Any]) -> Said:
    """The text blocks, and the thinking ones; redacted thinking is not for reading, and nothing else was asked for."""
    blocks = [mapping(block) for block in message["content"]]
    texts = [string(block.get("text")) for block in blocks if block.get("type") == "text"]
    thoughts = [string(block.get("thinking")) for block in blocks if block.get("type") == "thinking"]
    return Said("".join(texts) if texts else None, "\n\n".join(thought for thought in thoughts if thought))


def _usage(counts: Mapping[str, Any], prompt: Prompt, said: str) -> Usage:
    """The server's figures, where what the cache read or wrote is not part of `input_tokens`."""
    asked, answered = counted(counts.get("input_tokens")), counted(counts.get("output_tokens"))
    if asked is None or answered is None:
        return dialect.estimated(prompt, said)
    cached = count(counts.get("cache_read_input_tokens"))
    written = count(counts.get("cache_creation_input_tokens"))
    thinking = count(mapping(counts.get("output_tokens_details")).get("thinking_tokens"))
    return Usage(asked + cached + written, answered, cached=cached, reasoning=thinking)
