"""The results of reading a reply: what was found in it, and every other piece with the reason why it is unusable.

The rule: a part of a reply keeps its case, spaces, lines and indentation; only its ends are stripped. A lone surrogate
(from a JSON escape of half an emoji), which cannot be encoded in a file, is replaced by U+FFFD.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Reason = Literal["unparsed", "truncated", "missing-output", "missing-instruction"]
"""Why a text is unusable: it does not have the expected form, was cut by the token limit, or lacks a part."""


_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A whole task as the teacher wrote it; `input` is "" if the reply says that there is none."""

    instruction: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Instance:
    """An input and its output, for a known instruction."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Leftover:
    """A piece of a reply that is unusable, and why."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class ReadTasks:
    """The whole tasks of a reply in order, and what was left over."""

    tasks: tuple[ReadTask, ...] = ()
    leftovers: tuple[Leftover, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadInstructions:
    """The instructions of a reply in order, and what was left over."""

    instructions: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()


def leftover(reason: Reason, text: str) -> list[Leftover]:
    """The text as a leftover; an empty list if it has no letter or digit."""
    text = _encodable(text.strip())
    return [Leftover(reason, text)] if any(map(str.isalnum, text)) else []


def content(text: str) -> str:
    """The text without blank ends; if it begins on a line of its own, also without the indentation its lines share."""
    value = _encodable(text).rstrip()
    body = value.lstrip()
    before = value[: len(value) - len(body)]
    indent = before.rpartition("\n")[2] if "\n" in before else ""
    if indent and all(line.startswith(indent) or not line.strip() for line in body.split("\n")[1:]):
        return body.replace("\n" + indent, "\n")
    return body


def _encodable(text: str) -> str:
    return _HALF.sub("\ufffd", text)
