"""What servers of each dialect send for an answer: 7 tokens of prompt and 3 of answer, where nothing else is said."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

OPENAI_COUNTS = {"prompt_tokens": 7, "completion_tokens": 3}
ANTHROPIC_COUNTS = {"input_tokens": 7, "output_tokens": 3}
GEMINI_COUNTS = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
"""Anything that a server might send instead."""


def openai(
    content: object = "Hi", end: object = "stop", usage: object = OPENAI_COUNTS, **more: object
) -> dict[str, Any]:
    """A reply as OpenAI writes it."""
    return {"choices": [{"message": {"content": content, **more}, "finish_reason": end}], "usage": usage}


def anthropic(
    *blocks: object, end: object = "end_turn", usage: object = ANTHROPIC_COUNTS, **more: object
) -> dict[str, Any]:
    """A reply as Anthropic writes it."""
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(blocks),
        "stop_reason": end,
        "stop_sequence": None,
        "usage": usage,
        **more,
    }


def text(words: object) -> dict[str, Any]:
    """A block of an answer of Anthropic's."""
    return {"type": "text", "text": words}


def thinking(words: object) -> dict[str, Any]:
    """A block of thinking of Anthropic's."""
    return {"type": "thinking", "thinking": words, "signature": "c2ln"}


def gemini(*parts: object, end: object = "STOP", usage: object = GEMINI_COUNTS) -> dict[str, Any]:
    """A reply as Gemini writes it: a candidate without parts has no list of them."""
    content = {"role": "model"} | ({"parts": list(parts)} if parts else {})
    return {"candidates": [{"content": content, "finishReason": end, "index": 0}], "usageMetadata": usage}
