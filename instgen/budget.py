"""What a run may use, and what it has used: requests, tokens, dollars.

The rule: a call is launched only if all that was used, the most that the calls in flight may use and the most that it
may use itself stay within every limit. So a limit is passed by no more than a wrong estimate of a prompt's length, or
of an answer whose prompt sets no limit of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from instgen.errors import BudgetReached
from instgen.records import Completion, Prompt, Usage
from instgen.teachers.prices import Price

BYTES_PER_TOKEN = 3
"""Of a prompt in UTF-8, for an estimate on the high side: English has about four, Chinese about three."""

ROUNDING = 1e-9
"""What sums of costs may differ by, as a share, that were added up in another order."""

OPEN_ANSWER = 2048
"""Tokens that an answer may have whose prompt sets no limit: few are longer."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Requests, tokens (of prompts and answers) and US dollars."""

    requests: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.requests + other.requests, self.tokens + other.tokens, self.cost + other.cost)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.requests - other.requests, self.tokens - other.tokens, self.cost - other.cost)


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may use; None is no limit."""

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None

    def reached(self, used: Amount, more: Amount) -> BudgetReached | None:
        """The error to stop with where `more` on top of what was used would pass a limit, and None where it would not.

        Args:
            used: what was used so far.
            more: what would come on top.
        """
        after = used + more
        if self.requests is not None and after.requests > self.requests:
            return _error(f"{used.requests:,} of {self.requests:,} requests are used", "--max-requests")
        if self.tokens is not None and after.tokens > self.tokens:
            told = f"{used.tokens:,} of {self.tokens:,} tokens are used, and the next call may take {more.tokens:,}"
            return _error(told, "--max-total-tokens")
        if self.cost is not None and after.cost > self.cost * (1 + ROUNDING):
            told = (
                f"{dollars(used.cost)} of {dollars(self.cost)} spent, and the next call may cost {dollars(more.cost)}"
            )
            return _error(told, "--max-cost")
        return None


UNLIMITED = Budget()


def most(prompt: Prompt, price: Price | None) -> Amount:
    """The most that one call for a prompt is expected to use."""
    size = len(prompt.text.encode(errors="replace"))
    size += sum(len(turn.content.encode(errors="replace")) for turn in prompt.messages)
    usage = Usage(-(-size // BYTES_PER_TOKEN), prompt.max_tokens or OPEN_ANSWER)
    return Amount(1, usage.prompt + usage.completion, price.cost(usage) if price else 0.0)


def used(completion: Completion) -> Amount:
    """What a completion has used; nothing of what is not known."""
    return Amount(1, completion.usage.prompt + completion.usage.completion, completion.cost or 0.0)


def dollars(amount: float) -> str:
    """An amount as a person would read it: cents, and of less than a dollar three digits that count."""
    if amount >= 1 or amount <= 0:
        return f"${amount:,.2f}"
    return f"${amount:.{2 - math.floor(math.log10(amount))}f}"


def _error(told: str, option: str) -> BudgetReached:
    return BudgetReached(f"the budget is reached: {told}", f"raise {option} to go on")
