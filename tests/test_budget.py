"""What a run may use is not passed, and the same line ends at the same place and buys nothing again."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instgen.budget import OPEN_ANSWER, UNLIMITED, Amount, Budget, dollars, most, used
from instgen.calls import Calls
from instgen.engine import Run, Target
from instgen.errors import BudgetReached, InstgenError
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.pump import Counter
from instgen.recipes.flow import Flow, Outcome, ask
from instgen.records import Completion, Message, Prompt, Record, Role, Usage, born
from instgen.teachers.prices import FREE, Price
from instgen.teachers.teacher import Teacher, Traits
from tests.simulated import Bootstrapping, Chaining, Given, Ran, Simulated

PRICE = Price(1.0, 2.0)
DEAR = Price(10.0, 20.0)
ITEMS = [f"item {number}" for number in range(30)]

REPEATED = [("<" * (number % 3) + f"item {number % 5}" + ">" * (number % 3)) for number in range(30)]
"""Rows of which some ask what others have asked, at once or later, or what others get to ask in their second step."""

DIFFERENT = 35
"""Prompts of those rows that differ: five items at four depths for the first sample, and at three for the second."""

Method = Literal["chaining", "bootstrapping", "judging", "repeating"]
METHODS = st.sampled_from(("chaining", "bootstrapping", "judging", "repeating"))
LIMITS = st.one_of(
    st.integers(0, 100).map(lambda requests: Budget(requests=requests)),
    st.integers(1000, 9000).map(lambda tokens: Budget(tokens=tokens)),
    st.integers(1000, 20_000).map(lambda millionths: Budget(cost=millionths / 1e6)),
)


class Metered(Simulated):
    """Uses as many tokens as its prompt and its answer have letters by thirds, for a price."""

    async def complete(self, prompt: Prompt) -> Completion:
        completion = await super().complete(prompt)
        usage = Usage(len(prompt.text) // 3, len(completion.text))
        price = self.traits.price
        cost = None if price is None else price.cost(usage)
        return Completion(completion.text, usage=usage, cost=cost, teacher=self.name)


class Judging(Chaining):
    """Asks the teacher, then the judge."""

    def start(self, number: int, item: str) -> Flow:
        return judging_flow(item)


def judging_flow(item: str) -> Flow:
    said = yield from ask(Prompt(text=item, max_tokens=60))
    judged = yield from ask(Prompt(text=said.text, role="judge", max_tokens=60))
    return Outcome((born(Record(item, output=judged.text)),))


def metered(luck: int = 1, price: Price | None = PRICE) -> Metered:
    return Metered(random.Random(luck), latency=0.0005, traits=Traits(price=price))


def drive(
    budget: Budget,
    *,
    concurrency: int = 8,
    path: Path | None = None,
    teacher: Metered | None = None,
    judge: Metered | None = None,
    method: Method = "chaining",
) -> Ran:
    async def run(journal: Journal) -> Ran:
        teachers: dict[Role, Teacher] = {"teacher": teacher or metered(), "judge": judge or metered(2, DEAR)}
        calls = Calls(teachers, journal, seed=0, concurrency=concurrency, budget=budget)
        if method == "bootstrapping":
            target = Target(40, expected=1.0)
            ran = Ran([], Run(Bootstrapping(), Counter(), calls, ahead=16, target=target, grace=1))
        else:
            recipe = Judging() if method == "judging" else Chaining()
            ran = Ran(
                [], Run(recipe, Given(list(REPEATED if method == "repeating" else ITEMS)), calls, ahead=16, grace=1)
            )
        try:
            async for outcome in ran.run.outcomes():
                ran.outcomes.append(outcome)
        except InstgenError as problem:
            ran.problem = problem
        journal.close()
        return ran

    return asyncio.run(run(SqliteJournal(path) if path else NoJournal()))


WHOLE = drive(Budget())
TOTAL = WHOLE.run.calls.spending.total


def passes(ran: Ran, budget: Budget) -> bool:
    return budget.reached(ran.run.calls.spending.total, Amount()) is not None


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100), st.integers(1, 40))
def test_the_requests_allowed_are_never_passed_and_none_is_left_unused(requests: int, concurrency: int) -> None:
    ran = drive(Budget(requests=requests), concurrency=concurrency)
    assert ran.run.calls.spending.asked == min(requests, TOTAL.requests)
    assert isinstance(ran.problem, BudgetReached) == (requests < TOTAL.requests)
    assert ran.texts == WHOLE.texts[: len(ran.texts)]


@settings(deadline=None, max_examples=40)
@given(LIMITS, st.integers(1, 40), METHODS)
def test_no_limit_is_passed_where_prompts_are_estimated_high(budget: Budget, concurrency: int, method: Method) -> None:
    ran = drive(budget, concurrency=concurrency, method=method)
    assert not passes(ran, budget)
    assert ran.texts == drive(UNLIMITED, method=method).texts[: len(ran.texts)]


def test_a_limit_is_passed_by_no_more_than_the_calls_in_flight_were_estimated_low() -> None:
    class Longwinded(Metered):
        async def complete(self, prompt: Prompt) -> Completion:
            completion = await super().complete(prompt)
            return replace(completion, usage=Usage(0, OPEN_ANSWER + 2000))

    budget = Budget(tokens=50_000)
    ran = drive(budget, concurrency=8, teacher=Longwinded(random.Random(1), traits=Traits(price=PRICE)))
    assert isinstance(ran.problem, BudgetReached)
    assert ran.run.calls.spending.total.tokens <= 50_000 + 8 * 2000


@settings(deadline=None, max_examples=25)
@given(LIMITS, st.integers(1, 40), METHODS)
def test_the_same_line_ends_at_the_same_place_and_buys_nothing(
    tmp_path_factory: pytest.TempPathFactory, budget: Budget, concurrency: int, method: Method
) -> None:
    teacher, judge = metered(3), metered(4, DEAR)
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"

    def once() -> tuple[Ran, int]:
        ran = drive(budget, concurrency=concurrency, path=path, teacher=teacher, judge=judge, method=method)
        return ran, sum(teacher.asked.values()) + sum(judge.asked.values())

    (first, bought), (again, bought_again) = once(), once()
    assert again.texts == first.texts
    assert type(again.problem) is type(first.problem)
    if first.problem is not None:  # else calls that nobody waited for any more may differ
        assert bought_again == bought
        assert again.run.calls.spending.total.requests == first.run.calls.spending.total.requests


@pytest.mark.parametrize("concurrency", [1, 3, 40])
def test_what_is_used_twice_counts_once_at_any_concurrency_and_again_when_replayed(
    tmp_path: Path, concurrency: int
) -> None:
    path = tmp_path / "journal.sqlite"
    for limit in (20, 1000):
        runs = [drive(Budget(limit), concurrency=concurrency, path=path, method="repeating") for _ in range(2)]
        assert {ran.run.calls.spending.total.requests for ran in runs} == {min(limit, DIFFERENT)}


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(LIMITS, st.integers(1, 40)), max_size=4), METHODS)
def test_whatever_was_bought_before_no_limit_is_passed_and_no_call_repeated(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[Budget, int]], method: Method
) -> None:
    teacher, judge = metered(5), metered(6, DEAR)
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    for budget, concurrency in [*runs, (UNLIMITED, 8)]:
        ran = drive(budget, concurrency=concurrency, path=path, teacher=teacher, judge=judge, method=method)
        assert not passes(ran, budget)
    assert ran.texts == drive(UNLIMITED, method=method).texts
    if method != "bootstrapping":  # there, what is in flight when enough was made is abandoned
        assert set(teacher.asked.values()) == {1}


def test_what_was_bought_before_its_price_was_known_is_counted_by_it(tmp_path: Path) -> None:
    bought = []
    for price, budget in ((None, UNLIMITED), (PRICE, Budget(cost=100 * PRICE.cost(Usage(2, 8))))):
        bought.append(drive(budget, path=tmp_path / "journal.sqlite", teacher=metered(7, price)))
    assert bought[0].run.calls.spending.cost is None
    assert isinstance(bought[1].problem, BudgetReached)
    assert bought[1].run.calls.spending.asked == 0
    assert bought[1].run.calls.spending.cost == pytest.approx(bought[1].run.calls.spending.total.cost)


def test_with_a_raised_limit_a_run_goes_on_and_repeats_no_call(tmp_path: Path) -> None:
    teacher = metered(2)
    for requests in (10, 10, 25, 1000):
        ran = drive(Budget(requests=requests), path=tmp_path / "journal.sqlite", teacher=teacher)
        assert sum(teacher.asked.values()) == min(requests, TOTAL.requests)
    assert ran.texts == WHOLE.texts
    assert set(teacher.asked.values()) == {1}


def test_what_is_replayed_is_spending_too(tmp_path: Path) -> None:
    for budget in (Budget(), Budget(requests=7)):
        ran = drive(budget, path=tmp_path / "journal.sqlite")
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
    assert Budget(cost=0.3).reached(Amount(cost=0.1 + 0.1), Amount(cost=0.1)) is None, "0.1 + 0.1 + 0.1 > 0.3"


def test_a_call_is_expected_to_use_its_prompt_and_its_limit() -> None:
    prompt = Prompt((Message("user", "x" * 30),), max_tokens=100)
    assert most(prompt, PRICE) == Amount(1, 110, (10 + 200) / 1e6)


def test_an_unknown_cost_counts_as_nothing() -> None:
    assert used(Completion("x", usage=Usage(3, 4))) == Amount(1, 7, 0.0)


def test_one_unknown_cost_makes_the_whole_unknown() -> None:
    spending = drive(UNLIMITED, teacher=metered(price=None)).run.calls.spending
    assert spending.cost is None
    assert drive(UNLIMITED, teacher=metered(price=FREE)).run.calls.spending.cost == 0


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "$0.00"), (12.3456, "$12.35"), (0.5, "$0.500"), (0.01234, "$0.0123"), (1.5e-6, "$0.00000150")],
)
def test_small_amounts_keep_three_digits(amount: float, told: str) -> None:
    assert dollars(amount) == told
