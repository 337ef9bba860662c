"""What all dialects share: encoding and decoding JSON, reading values by type, and judging replies.

The rule: pure functions that accept whatever JSON a server sends. A value of the wrong type counts as missing, and a
useless reply is `Unusable` or `ItemFailed`, never a crash. Names specific to a dialect are in its own module, except
those of error bodies, which are read here in every format, because servers mix them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import orjson

from instgen.errors import ItemFailed
from instgen.records import Finish, Prompt, Usage

SEEDS = 2**31 - 1
"""Seeds are sent modulo this: every server accepts a positive int32, and llama.cpp reads 2**32 - 1 as "random"."""

CHARACTERS_PER_TOKEN = 4
"""For estimating usage that the server did not give: OpenAI's rule of thumb for English."""

MAX_TOKENS = 2**40
"""Larger token counts are ignored (our choice); sums of counts below it fit into 64 bits, as JSON and SQLite need."""

FLAGGED = "content_policy_violation"
"""The code of a prompt that moderation rejects. OpenRouter sends no such code, but status 403 and a `flagged_input`
(openrouter.ai/docs, "Errors and Debugging", moderation errors)."""


class Unusable(ItemFailed):
    """A reply without an answer; another try may well get one."""

    def __init__(self, message: str, tries: int | None = None) -> None:
        super().__init__(message)
        self.tries = tries
        """Maximum number of tries, if lower than for other failures; else None."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a teacher wrote, separated: the answer (None if there is none) and the reasoning before it."""

    text: str | None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """The content of an error body; `parameter` is the body key that it is about, "" if unknown."""

    message: str = ""
    code: str = ""
    parameter: str = ""


def encode(body: object) -> bytes:
    """The body as JSON.

    Raises:
        ItemFailed: it contains what JSON cannot hold, such as a lone surrogate.
    """
    try:
        return orjson.dumps(body, default=dict)
    except orjson.JSONEncodeError as problem:
        raise ItemFailed(f"the prompt cannot be sent as JSON: {problem}") from problem


def decode(body: bytes) -> object:
    """The decoded JSON; None if the body is not JSON."""
    try:
        decoded: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return decoded


def complaint(body: object) -> Complaint:
    """What an error body says, read in the formats of OpenAI, vLLM, FastAPI and Anthropic."""
    whole = mapping(body)
    inner = whole.get("error", whole)
    if isinstance(inner, str):
        return Complaint(inner)
    error = mapping(inner)
    message = error.get("message") or error.get("detail") or ""
    code = error.get("code") if isinstance(error.get("code"), str) else error.get("type")
    if "flagged_input" in mapping(error.get("metadata")):
        code = FLAGGED
    text = message if isinstance(message, str) else str(message)
    return Complaint(text, string(code), string(error.get("param")))


def estimated(prompt: Prompt, answer: str) -> Usage:
    """The usage estimated from the lengths of a prompt and its answer, because the server gave no counts."""
    characters = len(prompt.text) + sum(len(turn.content) for turn in prompt.messages)
    return Usage(_tokens(characters), _tokens(len(answer)), estimated=True)


def whole(reply: object) -> Mapping[str, Any]:
    """The reply as an object.

    Raises:
        Unusable: the reply is not a JSON object, or is an error.
    """
    if not isinstance(reply, dict):
        raise Unusable("the reply is not a JSON object")
    if reply.get("error"):
        raise Unusable(f"the reply is an error: {complaint(reply).message or 'unnamed'}")
    return reply


def ending(end: object, finishes: Mapping[str, Finish], unasked: Set[str]) -> Finish:
    """How an answer ended.

    Args:
        end: the finish reason in the reply.
        finishes: the known finish reasons and what they mean.
        unasked: finish reasons that another try would not change.

    Raises:
        Unusable: the finish reason is unknown or missing.
        ItemFailed: it is one of `unasked`.
    """
    name = string(end)
    if name in unasked:
        raise ItemFailed(f"the teacher ended with {name}, which nobody asked for")
    finish = finishes.get(name)
    if finish is None:
        raise Unusable(f"the teacher ended its answer with {end!r}", tries=2)
    return finish


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def counted(value: object) -> int | None:
    """The value if it is a plausible token count, else None."""
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else None


def count(value: object) -> int:
    """The value if it is a plausible token count, else 0."""
    return counted(value) or 0


def string(value: object) -> str:
    """The value if it is a string, else ""."""
    return value if isinstance(value, str) else ""


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
