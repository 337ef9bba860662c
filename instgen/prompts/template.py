"""Prompt files: a TOML header of settings, a line `---`, then parts, each under a line with its name.

    temperature = 0.8
    max_tokens = 400
    ---
    [[system]]
    You are a careful translator.
    [[user]]
    Translate into {{language}}:
    {{text}}

The parts `system`, `user` and `assistant` make a chat, in the order of the file; a part `text` makes a bare document
for the teacher to continue instead. Any other part is a block that the recipe renders separately (one worked example,
say) and puts into a slot.

The rule: a slot without a value, or a value without a slot, is an error, and values are never parsed as templates.
"""

from __future__ import annotations

import hashlib
import re
import reprlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, get_args

from instgen.errors import InputError
from instgen.records import Message, Prompt, Role

CHAT_PARTS = ("system", "user", "assistant")
TEXT_PART = "text"

_PART = re.compile(r"^\[\[([a-z][a-z0-9 -]*)\]\]\n", re.MULTILINE)
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_HEADER: Mapping[str, type | tuple[type, ...]] = {
    "role": str,
    "temperature": (int, float),
    "top_p": (int, float),
    "presence_penalty": (int, float),
    "max_tokens": int,
    "stop": list,
}


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling settings from the command line; None means that the prompt file's setting is used."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed prompt file."""

    name: str
    source: str
    """`name@digest`, for the origin of records made with it."""
    defaults: Prompt
    """A prompt without text that has the header's settings."""
    chat: tuple[Message, ...] = ()
    text: str = ""
    blocks: Mapping[str, str] = field(default_factory=dict)
    """All other parts, by name."""

    def render(self, **slots: str) -> Prompt:
        """The prompt with every slot filled.

        Raises:
            InputError: a slot has no value, or a value has no slot.
        """
        self._check(set(slots), "".join(message.content for message in self.chat) + self.text)
        messages = tuple(Message(message.role, _fill(message.content, slots)) for message in self.chat)
        return replace(self.defaults, messages=messages, text=_fill(self.text, slots))

    def block(self, name: str, **slots: str) -> str:
        """One of the file's blocks, with every slot filled.

        Raises:
            InputError: the file has no such block, a slot has no value, or a value has no slot.
        """
        if name not in self.blocks:
            raise InputError(
                self.name,
                f"there is no part [[{name}]]",
                "instgen prompts show NAME prints the built-in file, with the parts it needs",
            )
        self._check(set(slots), self.blocks[name])
        return _fill(self.blocks[name], slots)

    def _check(self, given: set[str], text: str) -> None:
        wanted = _slots(text)
        if wanted != given:
            slot = min(wanted ^ given)
            problem = "has no value here" if slot in wanted else "is missing"
            raise InputError(
                self.name,
                f"the slot {{{{{slot}}}}} {problem}",
                "instgen prompts show NAME prints the built-in file, with its slots",
            )


def parse_template(name: str, content: str, sampling: Sampling = Sampling()) -> Template:
    """Parse a prompt file's text; `sampling` overrides the header's settings in a prompt for the teacher.

    Raises:
        InputError: the file is malformed.
    """
    content = content.replace("\r\n", "\n")
    header, mark, body = content.partition("\n---\n") if not content.startswith("---\n") else ("", "-", content[4:])
    if not mark:
        raise InputError(name, "there is no line --- between the header and the prompt")
    digest = hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
    source = f"{name}@{digest}"
    parts = _parts(name, body)
    template = Template(
        name=name,
        source=source,
        defaults=_defaults(name, header, source, sampling),
        chat=tuple(Message(part, text) for part, text in parts.items() if part in CHAT_PARTS),
        text=parts.get(TEXT_PART, ""),
        blocks={part: text for part, text in parts.items() if part not in (*CHAT_PARTS, TEXT_PART)},
    )
    if bool(template.chat) == bool(template.text):
        raise InputError(
            name, "a prompt must have either chat parts ([[system]], [[user]], [[assistant]]) or a [[text]]"
        )
    return template


def _parts(name: str, body: str) -> dict[str, str]:
    """The text of each part by name, without the line break that precedes the next part's name."""
    before, *pieces = _PART.split(body)
    if before.strip():
        raise InputError(name, "there is text before the first part; a part begins with a line such as [[user]]")
    names = pieces[::2]
    if twice := {part for part in names if names.count(part) > 1}:
        raise InputError(name, f"the part [[{min(twice)}]] occurs twice")
    return {part: text.removesuffix("\n") for part, text in zip(names, pieces[1::2], strict=True)}


def _defaults(name: str, header: str, source: str, sampling: Sampling) -> Prompt:
    try:
        settings: dict[str, Any] = tomllib.loads(header)
    except (ValueError, RecursionError) as problem:  # a number of 5,000 digits, 1,000 brackets
        raise InputError(name, f"the header is not TOML: {problem}") from problem
    for key, value in settings.items():
        if key not in _HEADER or not isinstance(value, _HEADER[key]) or isinstance(value, bool):
            shown = reprlib.repr(value)  # a table in a table, a thousand times, has no whole one
            raise InputError(name, f"invalid header setting: {key} = {shown}", f"known: {', '.join(_HEADER)}")
    if settings.get("role", "teacher") not in get_args(Role):
        raise InputError(name, f"unknown role: {settings['role']}", f"known: {', '.join(get_args(Role))}")
    prompt = Prompt(**{**settings, "stop": tuple(settings.get("stop", ())), "sources": (source,)})
    if prompt.role != "teacher":
        return prompt
    return replace(
        prompt,
        temperature=prompt.temperature if sampling.temperature is None else sampling.temperature,
        top_p=prompt.top_p if sampling.top_p is None else sampling.top_p,
        max_tokens=prompt.max_tokens if sampling.max_tokens is None else sampling.max_tokens,
    )


@lru_cache
def _pieces(text: str) -> tuple[str, ...]:
    """The text split at its slots: literal text at even places, slot names at odd places."""
    return tuple(_SLOT.split(text))


@lru_cache
def _slots(text: str) -> frozenset[str]:
    return frozenset(_pieces(text)[1::2])


def _fill(text: str, slots: Mapping[str, str]) -> str:
    pieces = _pieces(text)
    if len(pieces) == 1:
        return text
    return "".join(slots[piece] if place % 2 else piece for place, piece in enumerate(pieces))
