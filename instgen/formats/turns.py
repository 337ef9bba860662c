"""Conversations: the turns of a row as messages, and the record's strings derived from them.

The instruction is the first user turn. The output is the last turn if it is the assistant's; a conversation that ends
with another role has no output yet. The system string is that of a leading system turn. The input is always "".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from instgen.formats.fields import Object, RowError, fields, items, kind, shown
from instgen.records import Message

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "user": "user",
        "human": "user",
        "prompter": "user",
        "assistant": "assistant",
        "gpt": "assistant",
        "chatgpt": "assistant",
        "bing": "assistant",
        "bard": "assistant",
        "model": "assistant",
        "function_call": "assistant",
        "system": "system",
        "developer": "system",
        "tool": "tool",
        "function": "tool",
        "function_response": "tool",
        "observation": "tool",
    }
)
"""Role names in OpenAI, ShareGPT, FastChat, OpenAssistant, Gemini and LLaMA-Factory files, mapped to our four roles."""

_KEYS = {"from": "role", "value": "content"}
"""ShareGPT's keys of a turn, mapped to ours."""
_CALLS = ("tool_calls", "function_call")


@dataclass(frozen=True, slots=True)
class Strings:
    """The strings of a record that are derived from its conversation; the input is always ""."""

    instruction: str
    output: str
    system: str | None


def strings_of(messages: Sequence[Message]) -> Strings:
    """The strings derived from a conversation, which must have at least one turn."""
    first, last = messages[0], messages[-1]
    return Strings(
        instruction=next((message.content for message in messages if message.role == "user"), ""),
        output=last.content if last.role == "assistant" else "",
        system=first.content if first.role == "system" else None,
    )


def messages_of(turns: Iterable[object]) -> tuple[Message, ...]:
    """The turns of a row as messages, with normalized role names and with lists of text parts joined.

    Raises:
        RowError: a turn has an unknown role, or is not text.
    """
    return tuple(_message(f"turn {number}", turn) for number, turn in enumerate(turns, 1))


def with_our_keys(turn: Object) -> dict[str, Any]:
    """A turn with ShareGPT's keys renamed to `role` and `content`; all other keys are unchanged."""
    return {_KEYS.get(key, key): item for key, item in turn.items()}


def decorated(turns: Sequence[Object]) -> bool:
    """Whether any turn has keys besides role and content, such as a name or a weight."""
    return any(len(turn) > 2 for turn in turns)


def turns_of(messages: Sequence[Message], decorations: Sequence[Object] = ()) -> list[dict[str, Any]]:
    """The messages as turns of a row; an unchanged turn keeps its other keys.

    Args:
        messages: the current conversation.
        decorations: its turns as they were read.

    Raises:
        RowError: an original turn with other keys has an unknown role, or is not text.
    """
    pairs = zip_longest(messages, decorations[: len(messages)])
    return [{**_kept(message, turn), "role": message.role, "content": message.content} for message, turn in pairs]


def _kept(message: Message, turn: Object | None) -> Object:
    return turn if turn and len(turn) > 2 and messages_of([turn]) == (message,) else {}


def _message(name: str, value: object) -> Message:
    turn = fields(name, value)
    if any(turn.get(key) for key in _CALLS):
        raise RowError(f"{name} calls a tool; a record holds turns of text", "remove conversations with tool calls")
    if "role" not in turn or "content" not in turn:
        missing = "role" if "role" not in turn else "content"
        raise RowError(f"{name} has no `{missing}`", "a turn is {role, content}, or {from, value} in `conversations`")
    return Message(_role(name, turn["role"]), _content(name, turn["content"]))


def _role(name: str, value: object) -> str:
    role = ROLES.get(value) if isinstance(value, str) else None
    if role is None:
        found = shown(value) if isinstance(value, str) else kind(value)
        raise RowError(f"{name} has a role that instgen does not know: {found}", f"known roles: {', '.join(ROLES)}")
    return role


def _content(name: str, value: object) -> str:
    """The text of a turn's content: a string, null for "", or a list of text parts."""
    if value is None or isinstance(value, str):
        return value or ""
    return "".join(_part(name, part) for part in items(f"{name}.content", value))


def _part(name: str, value: object) -> str:
    part = fields(f"{name}.content[…]", value)
    content = part.get("text", part.get("value"))
    if part.get("type") != "text" or not isinstance(content, str):
        raise RowError(
            f"{name} has a part that is not text", "a record holds text only: no images, audio or tool calls"
        )
    return content
