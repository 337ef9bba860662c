"""Prices: what is known, and what a completion costs by it."""

from __future__ import annotations

import datetime
import tomllib
from importlib.resources import files

import pytest

from instgen.records import Usage
from instgen.teachers.prices import FREE, Price, known_price


def test_a_cost_is_by_the_million() -> None:
    assert Price(1.0, 10.0).cost(Usage(500_000, 100_000)) == pytest.approx(1.5)


def test_what_was_kept_has_a_price_of_its_own() -> None:
    assert Price(1.0, 10.0, 0.1).cost(Usage(1_000_000, 0, cached=500_000)) == pytest.approx(0.55)
    assert Price(1.0, 10.0).cost(Usage(1_000_000, 0, cached=500_000)) == pytest.approx(1.0)


def test_nothing_costs_nothing() -> None:
    assert FREE.cost(Usage(10**9, 10**9)) == 0


def test_a_dated_state_of_a_model_costs_what_the_model_costs() -> None:
    assert known_price("openai/gpt-4.1-mini-2025-04-14") == known_price("openai/gpt-4.1-mini") == Price(0.4, 1.6)
    assert known_price("gemini/gemini-2.5-flash-001") == known_price("gemini/gemini-2.5-flash") == Price(0.3, 2.5)
    assert known_price("anthropic/claude-sonnet-4-20250514") == Price(3.0, 15.0, 0.3)


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4.1-mini-turbo",
        "openai/gpt-4.1-mini-2025",
        "openai/gpt-4.1-mini-2025-04-14-x",
        "openai/gpt-9",
        "local/x",
        "as_of/x",
        "openai",
        "",
        "openai/",
    ],
)
def test_what_is_not_known_has_no_price(name: str) -> None:
    assert known_price(name) is None


def test_the_list_is_dated_and_every_price_in_it_is_one() -> None:
    table = tomllib.loads(files("instgen.teachers").joinpath("prices.toml").read_text("utf-8"))
    assert isinstance(table.pop("as_of"), datetime.date)
    for provider, models in table.items():
        for model in models:
            price = known_price(f"{provider}/{model}")
            assert price is not None
            assert 0 < price.prompt < price.completion
            assert price.cached is None or 0 < price.cached < price.prompt
