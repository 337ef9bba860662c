"""`openai/MODEL`: OpenAI's API, and every server that speaks its dialect, by `--base-url`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from instgen.errors import UsageError
from instgen.records import Completion, Prompt
from instgen.teachers import chat
from instgen.teachers.dialect import Complaint, complaint
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

TRAITS = Traits(tasks_per_call=10)
"""Ten tasks per call, while Alpaca asked a completion model for twenty in 3,072 tokens: chat models write longer tasks,
and one that is cut off at the token limit is paid for and thrown away."""

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
"""Settings that a server may reject, with the name to use instead. OpenAI's reasoning models accept only the newer name
of the token limit, many other servers only the older one; and reasoning models reject sampling settings."""


@dataclass(frozen=True, slots=True)
class OpenAI:
    """OpenAI's dialect for one kind of request; see `wire.Dialect` for what each part does."""

    path: Callable[[str, Prompt], str]
    body: Callable[[str, Prompt], dict[str, Any]]
    read: Callable[[object, Prompt], Completion]
    optional: Mapping[str, str | None] = field(default_factory=dict)
    provider: ClassVar[str] = "openai"
    home: ClassVar[str] = "https://api.openai.com/v1"
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    unsent: ClassVar[tuple[str, ...]] = ()

    def headers(self, key: str) -> dict[str, str]:
        """The key as a bearer token, if there is one."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def complaint(self, reply: object) -> Complaint:
        """What an error body says."""
        return complaint(reply)

    def wait(self, reply: object) -> float | None:
        """Always None: the time to wait is in the headers."""
        del reply
        return None


def _path(model: str, prompt: Prompt) -> str:
    """The endpoint for chats if the prompt has messages, else the one for documents."""
    del model
    return "chat/completions" if prompt.messages else "completions"


def _body(model: str, prompt: Prompt) -> dict[str, Any]:
    return chat.request(prompt) | {"model": model}


DIALECT = OpenAI(_path, _body, chat.read, OPTIONAL)


def open(model: str, settings: Settings) -> HttpTeacher:
    """The teacher for `openai/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key is invalid.
    """
    if not model:
        raise UsageError("openai needs a model", hint="for example -t openai/MODEL, or --base-url for your own server")
    return HttpTeacher(DIALECT, model, settings, TRAITS)
