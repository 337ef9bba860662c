"""OpenAI's format for chats and documents, as most servers and llama.cpp use it: request bodies and replies.

The rule: pure functions. A setting that is None is not sent; what a reply in this format means is decided only here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instgen.records import Completion, Finish, Prompt, Usage
from instgen.teachers.dialect import (
    SEEDS,
    Answer,
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
"""Meaning of each `finish_reason` that servers send. Any other makes the reply unusable."""

UNASKED = frozenset({"tool_calls", "tool_use", "function_call", "pause_turn"})
"""Finish reasons of tool calls and the like, which we never ask for."""

THINK, THOUGHT = "<think>", "</think>"
"""The tags around the reasoning of Qwen, DeepSeek and others, if the server leaves it in the text."""


def request(prompt: Prompt) -> dict[str, Any]:
    """The body of a request, without the model: a chat if the prompt has messages, else a document to continue."""
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
    """The completion in a decoded reply, without its teacher and host.

    Raises:
        Unusable: the reply has no completion: it is not JSON or an error, or lacks choices or a known finish reason.
        ItemFailed: it ended for a reason that another try would not change.
    """
    choice = _choice(reply)
    message = mapping(choice.get("message"))
    finish = _finish(choice, message)
    answer = _answer(choice, message, prompt)
    if answer.text is None and finish == "stop" and not answer.reasoning:
        raise Unusable("the reply has no content")
    text = string(message.get("refusal")) if answer.text is None else answer.text
    usage = _usage(mapping(mapping(reply).get("usage")), prompt, text + answer.reasoning)
    return Completion(text, finish, reasoning=answer.reasoning, usage=usage)


def _choice(reply: object) -> Mapping[str, Any]:
    choices = whole(reply).get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unusable("the reply has no choices")
    return choices[0]


def _finish(choice: Mapping[str, Any], message: Mapping[str, Any]) -> Finish:
    return "refusal" if message.get("refusal") else ending(choice.get("finish_reason"), FINISHES, UNASKED)


def _answer(choice: Mapping[str, Any], message: Mapping[str, Any], prompt: Prompt) -> Answer:
    if not prompt.messages:
        return Answer(_content(choice.get("text")))
    text = _content(message.get("content"))
    if text is not None and prompt.messages[-1].role == "assistant":
        text = text.removeprefix(prompt.messages[-1].content)  # llama.cpp's server repeats the given beginning
    reasoning = string(message.get("reasoning_content")) or string(message.get("reasoning"))
    if text is not None and not reasoning:
        return split_thinking(text)
    return Answer(text, reasoning)


def split_thinking(text: str) -> Answer:
    """The answer, and the reasoning in the `<think>` tags before it.

    The opening tag may be missing (if the chat template ends with it, the reply begins after it), and so may the
    closing one (if the reply was cut off during the reasoning).
    """
    begun = text.lstrip().startswith(THINK)
    thinking, closed, answer = text.partition(THOUGHT)
    if closed and (begun or THINK not in thinking):
        return Answer(answer.lstrip(), thinking.strip().removeprefix(THINK).strip())
    if begun:
        return Answer("", text.strip().removeprefix(THINK).strip())
    return Answer(text)


def _content(content: object) -> str | None:
    """A message's content: a string, or the joined text of a list of parts; None if it is neither."""
    if isinstance(content, list):
        return "".join(string(mapping(part).get("text")) for part in content)
    return content if isinstance(content, str) else None


def _usage(counts: Mapping[str, Any], prompt: Prompt, answer: str) -> Usage:
    asked, answered = counted(counts.get("prompt_tokens")), counted(counts.get("completion_tokens"))
    if asked is None or answered is None:
        return estimated(prompt, answer)
    cached = count(mapping(counts.get("prompt_tokens_details")).get("cached_tokens"))
    reasoning = count(mapping(counts.get("completion_tokens_details")).get("reasoning_tokens"))
    return Usage(asked, answered, cached=min(cached, asked), reasoning=reasoning)
