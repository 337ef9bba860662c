"""What all dialects share: JSON out and in, the values in it by their type, and what may be wrong with a reply.

The rule: pure functions that take whatever JSON a server sends. A value of the wrong type counts as missing, and a
reply of no use is `Unusable` or `ItemFailed`, never a crash. A dialect's names for things stand in its own module, but
for those in errors, which are read here in every shape: servers mix them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import orjson

from instgen.errors import ItemFailed
from instgen.records import Finish, Prompt, Usage

SEEDS = 2**31 - 1
"""Seeds on the wire are below this: every server takes a positive int32, and llama.cpp reads 2**32 - 1 as "random"."""

CHARACTERS_PER_TOKEN = 4
"""For usage that the server did not give: OpenAI's rule of thumb for English."""

MOST_TOKENS = 2**40
"""More is no count of one answer's (ours); sums of these fit into the 64 bits that JSON and SQLite have for them."""

FLAGGED = "content_policy_violation"
"""The code for a prompt that moderation turns away; OpenRouter says it with status 403 and a `flagged_input` alone
(openrouter.ai/docs, "Errors and Debugging", moderation errors)."""


class Unusable(ItemFailed):
    """A reply that holds no answer, though the same question may well get one."""

    def __init__(self, message: str, tries: int | None = None) -> None:
        super().__init__(message)
        self.tries = tries
        """How often to ask at most, where that is less than for other failures."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a teacher wrote, told apart: the answer (None where there is none) and the thinking before it."""

    text: str | None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says, in its own words."""

    message: str = ""
    code: str = ""
    parameter: str = ""


def encode(body: object) -> bytes:
    """The body as JSON.

    Raises:
        ItemFailed: it holds what JSON cannot, such as half of a surrogate pair.
    """
    try:
        return orjson.dumps(body, default=dict)
    except orjson.JSONEncodeError as problem:
        raise ItemFailed(f"the prompt cannot be sent as JSON: {problem}") from problem


def decode(body: bytes) -> object:
    """What the JSON says, or None where it is not JSON."""
    try:
        decoded: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return decoded


def complaint(body: object) -> Complaint:
    """What an error body says, in the shapes of OpenAI, vLLM, FastAPI and Anthropic."""
    whole = mapping(body)
    inner = whole.get("error", whole)
    if isinstance(inner, str):
        return Complaint(inner)
    said = mapping(inner)
    message = said.get("message") or said.get("detail") or ""
    code = said.get("code") if isinstance(said.get("code"), str) else said.get("type")
    if "flagged_input" in mapping(said.get("metadata")):
        code = FLAGGED
    text = message if isinstance(message, str) else str(message)
    return Complaint(text, string(code), string(said.get("param")))


def estimated(prompt: Prompt, said: str) -> Usage:
    """The usage of a prompt and what was said to it, counted here because the server gave no figures."""
    characters = len(prompt.text) + sum(len(turn.content) for turn in prompt.messages)
    return Usage(_tokens(characters), _tokens(len(said)), estimated=True)


def whole(reply: object) -> Mapping[str, Any]:
    """The reply, where it is an object and no error.

    Raises:
        Unusable: it is not.
    """
    if not isinstance(reply, dict):
        raise Unusable("the reply is not a JSON object")
    if reply.get("error"):
        raise Unusable(f"the reply is an error: {complaint(reply).message or 'unnamed'}")
    return reply


def ending(end: object, finishes: Mapping[str, Finish], unasked: Set[str]) -> Finish:
    """How an answer ended.

    Args:
        end: what the server calls it.
        finishes: its names for the ends that we know.
        unasked: its names for ends that another try would not change.

    Raises:
        Unusable: it is called something else.
        ItemFailed: it is one that nobody asked for.
    """
    name = string(end)
    if name in unasked:
        raise ItemFailed(f"the teacher ended with {name}, which nobody asked for")
    finish = finishes.get(name)
    if finish is None:
        raise Unusable(f"the teacher ended its answer with {end!r}", tries=2)
    return finish


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def counted(value: object) -> int | None:
    """The value where it can be a number of tokens, else None."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def count(value: object) -> int:
    """The value where it can be a number of tokens, else 0."""
    return counted(value) or 0


def string(value: object) -> str:
    """The value where it is a string, else ""."""
    return value if isinstance(value, str) else ""


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
