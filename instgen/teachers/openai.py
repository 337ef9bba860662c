"""`openai/MODEL`: OpenAI's API, and every server that speaks its dialect, by `--base-url`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from instgen.errors import UsageError
from instgen.records import Completion, Prompt
from instgen.teachers import dialect
from instgen.teachers.dialect import Complaint
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

TRAITS = Traits(tasks_per_call=10)
"""Ten tasks a call where Alpaca asked a completion model for twenty in 3,072 tokens: chat models write longer, and what
the limit cuts is a task paid for and thrown away."""

OPTIONAL: Mapping[str, str | None] = MappingProxyType(
    {
        "max_tokens": "max_completion_tokens",
        "temperature": None,
        "top_p": None,
        "presence_penalty": None,
        "stop": None,
        "seed": None,
        "response_format": None,
    }
)
"""OpenAI's reasoning models take only the newer name of the token limit, many servers only the older; and they decline
what shapes the sampling."""


class OpenAI:
    """OpenAI's dialect."""

    provider = "openai"
    home = "https://api.openai.com/v1"
    key_variable = "OPENAI_API_KEY"
    optional = OPTIONAL
    unsent: tuple[str, ...] = ()

    def headers(self, key: str) -> dict[str, str]:
        """The key as a bearer."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def path(self, model: str, prompt: Prompt) -> str:
        """Chats and documents are asked at different places."""
        del model
        return "chat/completions" if prompt.messages else "completions"

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """The prompt, and the model."""
        return dialect.request(prompt) | {"model": model}

    def read(self, reply: object, prompt: Prompt) -> Completion:
        """The completion in a reply."""
        return dialect.read(reply, prompt)

    def complaint(self, reply: object) -> Complaint:
        """What an error body says."""
        return dialect.complaint(reply)

    def wait(self, reply: object) -> None:
        """Nothing: how long to wait stands in the headers."""
        del reply


def open(model: str, settings: Settings) -> HttpTeacher:
    """The teacher for `openai/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key cannot be used.
    """
    if not model:
        raise UsageError("openai needs a model", hint="for example -t openai/MODEL, or --base-url for your own server")
    return HttpTeacher(OpenAI(), model, settings, TRAITS)
