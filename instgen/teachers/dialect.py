"""OpenAI's dialect, which llama.cpp speaks too: prompts into request bodies, replies into completions.

The rule: pure functions. A setting that is None is not sent, and what a reply means is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import orjson

from instgen.errors import ItemFailed
from instgen.records import Completion, Finish, Prompt, Usage

SEEDS = 2**31 - 1
"""Seeds on the wire are below this: every server takes a positive int32, and llama.cpp reads 2**32 - 1 as "random"."""

CHARACTERS_PER_TOKEN = 4
"""For usage that the server did not give: OpenAI's rule of thumb for English."""

MOST_TOKENS = 2**40
"""What is more is no count of one answer's; sums of these fit into the 64 bits that JSON and SQLite have for them."""

FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "eos": "stop",  # Together
    "eos_token": "stop",  # Text Generation Inference
    "stop_sequence": "stop",
    "end_turn": "stop",
    "STOP": "stop",
    "length": "length",
    "max_tokens": "length",
    "MAX_TOKENS": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
}
"""What servers call the end of an answer, and what it is. Anything else is no end that we asked for."""

UNASKED = frozenset({"tool_calls", "tool_use", "function_call", "pause_turn"})
"""Ends of an answer to something that we never ask for."""

FLAGGED = "content_policy_violation"
"""The code for a prompt that moderation turns away; OpenRouter says it with status 403 and a `flagged_input` alone
(openrouter.ai/docs, "Errors and Debugging", moderation errors)."""

THINK, THOUGHT = "<think>", "</think>"


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


def request(prompt: Prompt) -> dict[str, Any]:
    """The body of a request, without the model: a chat where there are messages, else a document to go on with."""
    if prompt.messages:
        body: dict[str, Any] = {"messages": [{"role": turn.role, "content": turn.content} for turn in prompt.messages]}
        if prompt.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": prompt.schema},
            }
    else:
        body = {"prompt": prompt.text}
    settings = {
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        "presence_penalty": prompt.presence_penalty,
        "max_tokens": prompt.max_tokens,
        "stop": prompt.stop or None,
        "seed": None if prompt.seed is None else prompt.seed % SEEDS,
    }
    return body | {name: value for name, value in settings.items() if value is not None}


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


def read(reply: object, prompt: Prompt) -> Completion:
    """The completion that a decoded reply holds, its teacher and host still unnamed.

    Raises:
        Unusable: it holds none: no JSON, no choices, an error, or an end that says nothing.
        ItemFailed: it answers something else than we asked.
    """
    choice = _choice(reply)
    message = mapping(choice.get("message"))
    finish = _finish(choice, message)
    said = _said(choice, message, prompt)
    if said.text is None and finish == "stop" and not said.reasoning:
        raise Unusable("the reply has no content")
    text = string(message.get("refusal")) if said.text is None else said.text
    usage = _usage(mapping(mapping(reply).get("usage")), prompt, text + said.reasoning)
    return Completion(text, finish, reasoning=said.reasoning, usage=usage)


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


def _choice(reply: object) -> Mapping[str, Any]:
    choices = whole(reply).get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unusable("the reply has no choices")
    return choices[0]


def _finish(choice: Mapping[str, Any], message: Mapping[str, Any]) -> Finish:
    return "refusal" if message.get("refusal") else ending(choice.get("finish_reason"), FINISHES, UNASKED)


def _said(choice: Mapping[str, Any], message: Mapping[str, Any], prompt: Prompt) -> Said:
    if not prompt.messages:
        return Said(_content(choice.get("text")))
    text = _content(message.get("content"))
    if text is not None and prompt.messages[-1].role == "assistant":
        text = text.removeprefix(prompt.messages[-1].content)  # llama.cpp's server repeats the beginning it was given
    reasoning = string(message.get("reasoning_content")) or string(message.get("reasoning"))
    if text is not None and not reasoning:
        return split_thinking(text)
    return Said(text, reasoning)


def split_thinking(text: str) -> Said:
    """The answer, and what stands in `<think>` before it.

    The opening mark may be missing (templates that end with it leave it out of the reply), and so may the closing one
    (the answer was cut while the teacher was thinking).
    """
    begun = text.lstrip().startswith(THINK)
    thinking, closed, answer = text.partition(THOUGHT)
    if closed and (begun or THINK not in thinking):
        return Said(answer.lstrip(), thinking.strip().removeprefix(THINK).strip())
    if begun:
        return Said("", text.strip().removeprefix(THINK).strip())
    return Said(text)


def _content(content: object) -> str | None:
    """A message's content: a string, or the text among a list of parts."""
    if isinstance(content, list):
        return "".join(string(mapping(part).get("text")) for part in content)
    return content if isinstance(content, str) else None


def _usage(counts: Mapping[str, Any], prompt: Prompt, said: str) -> Usage:
    asked, answered = counted(counts.get("prompt_tokens")), counted(counts.get("completion_tokens"))
    if asked is None or answered is None:
        return estimated(prompt, said)
    cached = count(mapping(counts.get("prompt_tokens_details")).get("cached_tokens"))
    reasoning = count(mapping(counts.get("completion_tokens_details")).get("reasoning_tokens"))
    return Usage(asked, answered, cached=min(cached, asked), reasoning=reasoning)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


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
