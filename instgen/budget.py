"""The budget of a run, in requests, tokens and dollars, and how much of it is used.

The rule: a call is launched only if the amount used so far, plus the upper bounds of the calls in flight and of the
call itself, stays within every limit. A limit can therefore be exceeded only by the error of an estimate: of a prompt's
length, or of an answer whose prompt sets no token limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from instgen.errors import BudgetReached
from instgen.records import Completion, Prompt, Usage
from instgen.teachers.prices import Price

BYTES_PER_TOKEN = 3
"""UTF-8 bytes per prompt token. Deliberately overestimates tokens: English has about four bytes a token, Chinese about
three."""

ROUNDING = 1e-9
"""Relative tolerance when comparing costs: sums of floats differ with the order of addition."""

OPEN_ANSWER = 2048
"""Tokens assumed for an answer whose prompt sets no limit: few answers are longer."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of requests, tokens (prompt and completion together) and US dollars."""

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
    """The limits of a run; None means unlimited."""

    requests: int | None = None
    tokens: int | None = None
    cost: float | None = None

    def reached(self, used: Amount, more: Amount) -> BudgetReached | None:
        """The error to stop with if `used` plus `more` would exceed a limit; None if it would not.

        Args:
            used: the amount used so far, calls in flight included.
            more: the amount that the next call may add.
        """
        after = used + more
        if self.requests is not None and after.requests > self.requests:
            return _error(f"{used.requests:,} of {self.requests:,} requests are used", "--max-requests")
        if self.tokens is not None and after.tokens > self.tokens:
            problem = f"{used.tokens:,} of {self.tokens:,} tokens are used, and the next call may take {more.tokens:,}"
            return _error(problem, "--max-total-tokens")
        if self.cost is not None and after.cost > self.cost * (1 + ROUNDING):
            problem = (
                f"{dollars(used.cost)} of {dollars(self.cost)} spent, and the next call may cost {dollars(more.cost)}"
            )
            return _error(problem, "--max-cost")
        return None


UNLIMITED = Budget()


def most(prompt: Prompt, price: Price | None) -> Amount:
    """The estimated upper bound of what one call for the prompt uses; the cost is 0 if the price is unknown."""
    size = len(prompt.text.encode(errors="replace"))
    size += sum(len(turn.content.encode(errors="replace")) for turn in prompt.messages)
    usage = Usage(-(-size // BYTES_PER_TOKEN), prompt.max_tokens or OPEN_ANSWER)
    return Amount(1, usage.prompt + usage.completion, price.cost(usage) if price else 0.0)


def used(completion: Completion) -> Amount:
    """What a completion has used; an unknown cost counts as 0."""
    return Amount(1, completion.usage.prompt + completion.usage.completion, completion.cost or 0.0)


def dollars(amount: float) -> str:
    """An amount formatted for people: to the cent, or with three significant digits below one dollar."""
    if amount >= 1 or amount <= 0:
        return f"${amount:,.2f}"
    return f"${amount:.{2 - math.floor(math.log10(amount))}f}"


def _error(problem: str, option: str) -> BudgetReached:
    return BudgetReached(f"the budget is reached: {problem}", f"raise {option} to continue")
