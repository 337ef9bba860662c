"""Split a conversation that is too long for a trainer into parts, between exchanges.

The rule: no exchange is lost and none is cut. The last one is in the last part, whatever its length (FastChat's
splitter drops it if it is too long by itself), and an exchange that is too long by itself is marked as such.

Token counts are estimates, since every model has its own tokenizer: a character of a script without spaces or a Korean
syllable counts as one token, four other characters count as one (the rule of thumb for English), and each turn has 6
more for its markup, as FastChat counts (`split_long_conversation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from instgen.records import Message
from instgen.text.scripts import WEIGHTY

CHARACTERS_PER_TOKEN = 4
"""OpenAI's rule of thumb for English."""
PER_TURN = 6
"""Tokens for a turn's markup (FastChat, `split_long_conversation`)."""

_WEIGHTY = re.compile(f"[{WEIGHTY}]")


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive exchanges of a conversation, preceded by its system turn."""

    messages: tuple[Message, ...]
    tokens: int
    """Estimated, system turn included."""
    fits: bool
    """Whether it is within the limit; only a single exchange can exceed it."""


def tokens_of(messages: Iterable[Message]) -> int:
    """The estimated number of tokens in the turns."""
    return sum(PER_TURN + _estimate(message.content) for message in messages)


def split(messages: Sequence[Message], most: int) -> tuple[Part, ...]:
    """The parts of a conversation, each with as many exchanges as fit into `most` tokens; one part if all fit.

    The system turn is repeated in every part. A part that does not fit is a single exchange.
    """
    system = tuple(message for message in messages[:1] if message.role == "system")
    parts: list[tuple[Message, ...]] = []
    for exchange in _exchanges(messages[len(system) :]):
        if parts and tokens_of((*system, *parts[-1], *exchange)) <= most:
            parts[-1] += exchange
        else:
            parts.append(exchange)
    whole = [(*system, *part) for part in parts]
    return tuple(Part(part, size, size <= most) for part in whole if (size := tokens_of(part)))


def _exchanges(turns: Sequence[Message]) -> list[tuple[Message, ...]]:
    """The turns grouped into exchanges: each user turn with the turns that follow it."""
    found: list[tuple[Message, ...]] = []
    for turn in turns:
        if turn.role == "user" or not found:
            found.append(())
        found[-1] += (turn,)
    return found


def _estimate(text: str) -> int:
    weighty = 0 if text.isascii() else len(_WEIGHTY.findall(text))
    return weighty + -(-(len(text) - weighty) // CHARACTERS_PER_TOKEN)
