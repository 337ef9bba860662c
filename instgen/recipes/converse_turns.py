"""How long conversations get and what their messages are for (both drawn), and how a simulated user's reply is read.

The rule: the end marker is recognised in any spelling, and whatever accompanies it, the conversation ends there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from instgen.errors import UsageError

MARKER = "[END]"
"""What the simulated user is told to write to end the conversation."""
MOST = 100
"""The most exchanges that `--turns` accepts."""

INTENTS: Mapping[str, float] = MappingProxyType(
    {"follow-up": 3.0, "deepening": 3.0, "clarification": 2.0, "correction": 1.0, "topic-shift": 1.0}
)
"""The intents of the next message, with their weights. Our choice: most people continue from the answer."""

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
    """A distribution over the number of exchanges (a question and its answer) in a conversation."""

    weights: tuple[tuple[int, float], ...]
    """Pairs of a number and its weight; the weights need not add up to 1."""

    @property
    def mean(self) -> float:
        """The expected number of exchanges."""
        return sum(count * weight for count, weight in self.weights) / sum(weight for _, weight in self.weights)

    def draw(self, rng: random.Random) -> int:
        """Draw one number of exchanges."""
        left = rng.random() * sum(weight for _, weight in self.weights)
        for count, weight in self.weights:
            left -= weight
            if left < 0:
                return count
        return self.weights[-1][0]


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A simulated user's message."""

    text: str
    stops: bool
    """Whether it ends the conversation."""


def read_turns(value: str) -> Turns:
    """Parse `--turns`: `3`, `2-5` (each number equally often) or `2=0.5,3=0.3,5=0.2` (weighted).

    Raises:
        UsageError: the value has none of these forms, or a number is not between 1 and `MOST`.
    """
    if span := _SPAN.fullmatch(value):
        weights = [(count, 1.0) for count in range(int(span[1]), int(span[2]) + 1)]
    else:
        weights = [_weighted(part, value) for part in value.split(",")]
    if not weights or any(not 1 <= count <= MOST for count, _ in weights):
        raise _not_understood(value)
    if not 0 < sum(weight for _, weight in weights) < float("inf") or len(dict(weights)) < len(weights):
        raise _not_understood(value)
    return Turns(tuple(weights))


def _weighted(part: str, value: str) -> tuple[int, float]:
    count, sign, weight = part.partition("=")
    try:
        found = (int(count), float(weight) if sign else 1.0)
    except ValueError:
        raise _not_understood(value) from None
    if found[1] < 0 or ("," in value and not sign):
        raise _not_understood(value)
    return found


def _not_understood(value: str) -> UsageError:
    return UsageError(
        f"--turns {value}: not a number of exchanges", f"for example 3, 2-5 or 2=0.5,3=0.3,5=0.2; each from 1 to {MOST}"
    )


def draw_intent(rng: random.Random) -> str:
    """Draw the intent of the next message."""
    return rng.choices(list(INTENTS), list(INTENTS.values()))[0]


def read_user(reply: str) -> UserMessage:
    """The message in a simulated user's reply, without a speaker's label before it or quotation marks around it."""
    text = spoken(reply)
    if wrapped := _WRAPPED.match(text):
        text = next(filter(None, wrapped.groups()), "").strip()
    return UserMessage(text, bool(_STOPS.search(text)))


def spoken(reply: str) -> str:
    """The reply without a speaker's label at its start."""
    return _LABEL.sub("", reply.strip(), count=1).strip()
