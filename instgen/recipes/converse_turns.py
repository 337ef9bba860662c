"""How long conversations get, and what a simulated user means: the draw, the marker that ends it, labels cut off.

The rule: a marker is recognised however the user spells it, and whatever stands beside it, the conversation ends there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from instgen.errors import UsageError

MARKER = "[END]"
"""What the simulated user is told to write where a person would say nothing more."""
MOST = 100
"""Exchanges that a conversation may be asked to have."""

INTENTS: Mapping[str, float] = MappingProxyType(
    {"follow-up": 3.0, "deepening": 3.0, "clarification": 2.0, "correction": 1.0, "topic-shift": 1.0}
)
"""What a next message is for, with how often. Our own choice: most people go on where the answer ends."""

_STOPS = re.compile(
    r"[\[【(<（{「]\W{0,6}(?:the\s+)?(?:end|stop|done|finished|结束|完|对话结束)"
    r"(?:[ _-]?(?:of)?[ _-]?(?:the)?[ _-]?(?:conversation|chat|dialog(?:ue)?))?[^\w\]】)>）}」]{0,6}[\]】)>）}」]"
    r"|\A\W{0,12}(?:end|end of (?:the )?(?:conversation|chat)|结束|对话结束)\W{0,12}\Z",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\A[\s>*_#\[【]*(?:user|human|person|me|assistant|ai|用户|提问者|助手|助理|人类)"
    r"(?:\s*[(（][^)）\n]{0,30}[)）])?[\s*_\]】]*[:：][\s*_]*",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\A(?:\"([^\"]*)\"|“([^”]*)”|「([^」]*)」)\Z", re.DOTALL)
_SPAN = re.compile(r"\s*(\d{1,4})\s*-\s*(\d{1,4})\s*")


@dataclass(frozen=True, slots=True)
class Turns:
    """How many exchanges (a question and its answer) a conversation is to have, with the weight of each number."""

    weights: tuple[tuple[int, float], ...]

    @property
    def mean(self) -> float:
        """The number to expect."""
        return sum(count * weight for count, weight in self.weights) / sum(weight for _, weight in self.weights)

    def draw(self, rng: random.Random) -> int:
        """One number."""
        left = rng.random() * sum(weight for _, weight in self.weights)
        for count, weight in self.weights:
            left -= weight
            if left < 0:
                return count
        return self.weights[-1][0]


@dataclass(frozen=True, slots=True)
class Said:
    """What a simulated user wrote."""

    text: str
    stops: bool
    """Whether a person would say nothing more."""


def read_turns(said: str) -> Turns:
    """What `--turns` means: `3`, `2-5` (each equally often) or `2=0.5,3=0.3,5=0.2`.

    Raises:
        UsageError: it is none of these.
    """
    if span := _SPAN.fullmatch(said):
        weights = [(count, 1.0) for count in range(int(span[1]), int(span[2]) + 1)]
    else:
        weights = [_weighted(part, said) for part in said.split(",")]
    if not weights or any(not 1 <= count <= MOST for count, _ in weights):
        raise _not_understood(said)
    if not 0 < sum(weight for _, weight in weights) < float("inf") or len(dict(weights)) < len(weights):
        raise _not_understood(said)
    return Turns(tuple(weights))


def _weighted(part: str, said: str) -> tuple[int, float]:
    count, sign, weight = part.partition("=")
    try:
        found = (int(count), float(weight) if sign else 1.0)
    except ValueError:
        raise _not_understood(said) from None
    if found[1] < 0 or ("," in said and not sign):
        raise _not_understood(said)
    return found


def _not_understood(said: str) -> UsageError:
    return UsageError(
        f"--turns {said}: not a number of exchanges", f"for example 3, 2-5 or 2=0.5,3=0.3,5=0.2; from 1 to {MOST}"
    )


def draw_intent(rng: random.Random) -> str:
    """What the next message is for."""
    return rng.choices(list(INTENTS), list(INTENTS.values()))[0]


def read_user(reply: str) -> Said:
    """The message in a simulated user's reply, without a label before it or quotation marks around it."""
    text = spoken(reply)
    if wrapped := _WRAPPED.match(text):
        text = next(filter(None, wrapped.groups()), "").strip()
    return Said(text, bool(_STOPS.search(text)))


def spoken(reply: str) -> str:
    """A reply without the name of its speaker before it."""
    return _LABEL.sub("", reply.strip(), count=1).strip()
