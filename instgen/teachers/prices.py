"""Token prices: list prices from one dated file, and the cost of a completion.

The rule: an unknown price is None, never a guess.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from instgen.records import Usage

MILLION = 1_000_000
"""Number of tokens to which prices refer."""

_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3})\Z")
"""The date, or for Gemini the number, of a model snapshot, which costs the same as the model."""


@dataclass(frozen=True, slots=True)
class Price:
    """Prices in US dollars per million tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """Price of prompt tokens that the server read from its cache; None if they cost the same as others."""

    def cost(self, usage: Usage) -> float:
        """The cost of one completion in US dollars."""
        cached = self.prompt if self.cached is None else self.cached
        fresh = max(0, usage.prompt - usage.cached)
        return (fresh * self.prompt + usage.cached * cached + usage.completion * self.completion) / MILLION


FREE = Price(0.0, 0.0)
"""The price of a model in this process."""


def known_price(name: str) -> Price | None:
    """The list price of `provider/model` at the provider's own service; None if the file does not have it."""
    provider, _, model = name.partition("/")
    models = _table().get(provider)
    if not isinstance(models, dict):
        return None
    found = models.get(model) or models.get(_SNAPSHOT.sub("", model))
    return Price(**found) if found else None


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("instgen.teachers").joinpath("prices.toml").read_text("utf-8"))
