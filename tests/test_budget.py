from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instgen.budget import Amount, Budget, most, used
from instgen.calls import Calls
from instgen.engine import Run
from instgen.errors import BudgetReached, InstgenError
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers.prices import Price
from instgen.teachers.teacher import Traits
from tests.simulated import Chaining, Given, Ran, Simulated

PRICE = Price(1.0, 2.0)
ITEMS = [f"item {number}" for number in range(30)]


class Metered(Simulated):
    """Uses as many tokens as its prompt has letters, for a price."""

    async def complete(self, prompt: Prompt) -> Completion:
        completion = await super().complete(prompt)
        usage = Usage(len(prompt.text), len(completion.text))
        return Completion(completion.text, usage=usage, cost=PRICE.cost(usage), teacher=self.name)


def drive(
    budget: Budget, *, concurrency: int = 8, journal: Journal | None = None, teacher: Metered | None = None
) -> Ran:
    async def run() -> Ran:
        answers = teacher or Metered(random.Random(1), latency=0.0005, traits=Traits(price=PRICE))
        calls = Calls({"teacher": answers}, journal or NoJournal(), seed=0, concurrency=concurrency, budget=budget)
        ran = Ran([], Run(Chaining(), Given(list(ITEMS)), calls, ahead=16, grace=1))
        try:
            async for outcome in ran.run.outcomes():
                ran.outcomes.append(outcome)
        except InstgenError as problem:
            ran.problem = problem
        return ran

    return asyncio.run(run())


WHOLE = drive(Budget())
TOTAL = WHOLE.run.calls.spending.total


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100), st.integers(1, 40))
def test_the_requests_allowed_are_never_passed_and_none_is_left_unused(requests: int, concurrency: int) -> None:
    ran = drive(Budget(requests=requests), concurrency=concurrency)
    assert ran.run.calls.spending.asked == min(requests, TOTAL.requests)
    assert isinstance(ran.problem, BudgetReached) == (requests < TOTAL.requests)
    assert ran.texts == WHOLE.texts[: len(ran.texts)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2 * TOTAL.tokens), st.integers(1, 40))
def test_the_tokens_allowed_are_never_passed_where_prompts_are_estimated_high(tokens: int, concurrency: int) -> None:
    ran = drive(Budget(tokens=tokens), concurrency=concurrency)
    assert ran.run.calls.spending.total.tokens <= tokens
    assert ran.texts == WHOLE.texts[: len(ran.texts)]


def test_the_cost_allowed_is_never_passed() -> None:
    limit = 50 * most(Prompt(text="item 1"), PRICE).cost
    ran = drive(Budget(cost=limit))
    assert 0 <= ran.run.calls.spending.total.cost <= limit


def test_with_a_raised_limit_a_run_goes_on_and_repeats_no_call(tmp_path: Path) -> None:
    teacher = Metered(random.Random(2), latency=0.0005, traits=Traits(price=PRICE))
    for requests in (10, 10, 25, 1000):
        journal = SqliteJournal(tmp_path / "journal.sqlite")
        ran = drive(Budget(requests=requests), journal=journal, teacher=teacher)
        journal.close()
        assert sum(teacher.asked.values()) == min(requests, TOTAL.requests)
    assert ran.texts == WHOLE.texts
    assert set(teacher.asked.values()) == {1}


def test_what_is_replayed_is_spending_too(tmp_path: Path) -> None:
    for budget in (Budget(), Budget(requests=7)):
        journal = SqliteJournal(tmp_path / "journal.sqlite")
        ran = drive(budget, journal=journal)
        journal.close()
    assert isinstance(ran.problem, BudgetReached)
    assert ran.run.calls.spending.replayed == 7
    assert ran.run.calls.spending.asked == 0


@pytest.mark.parametrize(
    ("budget", "option"),
    [
        (Budget(requests=1), "--max-requests"),
        (Budget(tokens=10), "--max-total-tokens"),
        (Budget(cost=0.5), "--max-cost"),
    ],
)
def test_the_error_says_which_limit_to_raise(budget: Budget, option: str) -> None:
    problem = budget.reached(Amount(1, 8, 0.4), Amount(1, 3, 0.2))
    assert problem is not None
    assert option in problem.hint
    assert problem.exit_code == 6
    assert problem.can_continue


def test_at_a_limit_it_is_not_passed() -> None:
    assert Budget(2, 11, 0.5).reached(Amount(1, 8, 0.25), Amount(1, 3, 0.25)) is None


def test_a_call_is_expected_to_use_its_prompt_and_its_limit() -> None:
    prompt = Prompt((Message("user", "x" * 30),), max_tokens=100)
    assert most(prompt, PRICE) == Amount(1, 110, (10 + 200) / 1e6)


def test_an_unknown_cost_counts_as_nothing() -> None:
    assert used(Completion("x", usage=Usage(3, 4))) == Amount(1, 7, 0.0)
