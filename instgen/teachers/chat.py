"""OpenAI's chats and documents, as most servers and llama.cpp take them: prompts into bodies, replies into completions.

The rule: pure functions. A setting that is None is not sent; what a reply in this format means is decided here alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instgen.records import Completion, Finish, Prompt, Usage
from instgen.teachers.dialect import (
    SEEDS,
    Said,
    Unusable,
    count,
    counted,
    ending,
    estimated,
    mapping,
    string,
    whole,
)

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

THINK, THOUGHT = "<think>", "</think>"
"""The marks around the thinking of Qwen, DeepSeek and others, where the server leaves it in the text."""


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
