"""What tokens cost: list prices from one dated file, and the cost of a completion by them.

The rule: a price that is not known is None, never a guess.
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
"""Tokens that a price is given for."""

_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3})\Z")
"""The date, or with Gemini the number, that names one state of a model: it costs what the model costs."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """For prompt tokens that the server had kept; None where they cost what the others do."""

    def cost(self, usage: Usage) -> float:
        """US dollars for one completion."""
        cached = self.prompt if self.cached is None else self.cached
        fresh = max(0, usage.prompt - usage.cached)
        return (fresh * self.prompt + usage.cached * cached + usage.completion * self.completion) / MILLION


FREE = Price(0.0, 0.0)
"""What a model in this process costs."""


def known_price(name: str) -> Price | None:
    """The list price of `provider/model` at the provider's own service; None where the file does not have it."""
    provider, _, model = name.partition("/")
    models = _table().get(provider)
    if not isinstance(models, dict):
        return None
    found = models.get(model) or models.get(_SNAPSHOT.sub("", model))
    return Price(**found) if found else None


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("instgen.teachers").joinpath("prices.toml").read_text("utf-8"))
