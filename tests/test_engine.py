"""The engine's promises, over a simulated teacher with random latencies, failures and out-of-order completion."""

from __future__ import annotations

import asyncio
import functools
import random
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instgen.calls import Calls
from instgen.engine import Run, Target
from instgen.errors import InputError, Shortfall, TeacherRefused
from instgen.journal import NoJournal, Put, SqliteJournal
from instgen.pump import Counter
from instgen.recipes.flow import Outcome
from instgen.records import Completion, Prompt
from tests.simulated import Bootstrapping, Chaining, Given, Ran, Sampling, Simulated, drive


def teacher(luck: int = 0, **more: float) -> Simulated:
    return Simulated(random.Random(luck), **more)  # type: ignore[arg-type]


def bootstrap(luck: int, concurrency: int, records: int = 60, failing: float = 0.1, **more) -> Ran:
    who = more.pop("who", None) or teacher(luck, failing=failing)
    target = Target(records, expected=1.0)
    return drive(Bootstrapping(), Counter(), who, concurrency=concurrency, target=target, **more)


ITEMS = [f"item {number}" if number % 7 else f"done {number}" for number in range(80)]


@functools.cache
def bootstrapped_one_by_one() -> list[tuple[str, ...]]:
    return bootstrap(0, 1).texts


@functools.cache
def chained_one_by_one() -> list[tuple[str, ...]]:
    return drive(Chaining(), Given(ITEMS), teacher(1, failing=0.1), concurrency=1).texts


@pytest.mark.parametrize("concurrency", [2, 7, 64])
@given(luck=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_dependent_flows_give_the_same_outcomes_at_any_concurrency(concurrency: int, luck: int) -> None:
    assert bootstrap(luck, concurrency).texts == bootstrapped_one_by_one()


@pytest.mark.parametrize("concurrency", [1, 2, 7, 64])
@pytest.mark.parametrize("ahead", [1, 4, 200])
def test_independent_flows_give_the_same_outcomes_at_any_concurrency_and_buffer(concurrency: int, ahead: int) -> None:
    other = drive(Chaining(), Given(ITEMS), teacher(2, failing=0.1), concurrency=concurrency, ahead=ahead)
    assert other.texts == chained_one_by_one()
    assert len(other.outcomes) == len(ITEMS)


@given(stop_after=st.integers(1, 40), luck=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_a_run_that_was_stopped_goes_on_to_the_same_end_and_asks_nothing_again(
    tmp_path_factory: pytest.TempPathFactory, stop_after: int, luck: int
) -> None:
    journal = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    who = teacher(luck, failing=0.1)

    def once(**more) -> Ran:
        kept = SqliteJournal(journal)
        ran = bootstrap(luck, 7, who=who, journal=kept, **more)
        kept.close()
        return ran

    stopped = once(stop_after=stop_after)
    completed = sum(who.asked.values()) - 7
    again = once()
    whole = bootstrapped_one_by_one()
    assert again.texts == whole
    assert stopped.texts == whole[: len(stopped.texts)]
    assert sum(count - 1 for count in who.asked.values()) <= 7, "only what was in flight may be asked again"
    assert again.run.calls.spending.replayed >= completed - 7


def test_a_larger_target_begins_with_the_smaller_ones_records() -> None:
    few = [record.id for outcome in bootstrap(1, 7, records=20).outcomes for record in outcome.records]
    many = [record.id for outcome in bootstrap(2, 7, records=50).outcomes for record in outcome.records]
    assert len(few) == 20
    assert many[:20] == few


def test_equal_prompts_in_flight_are_asked_once() -> None:
    who = teacher()
    ran = drive(Chaining(), Given(["same"] * 10), who, concurrency=4, ahead=10)
    assert set(who.asked.values()) == {1}
    assert len(ran.outcomes) == 10
    assert ran.run.calls.spending.shared == 27


def test_no_more_calls_are_at_work_than_allowed() -> None:
    who = teacher(latency=0.005)
    drive(Chaining(), Given(ITEMS), who, concurrency=5, ahead=50)
    assert who.most_at_work == 5


@given(failing=st.floats(0, 1), concurrency=st.integers(1, 20))
@settings(max_examples=15, deadline=None)
def test_every_item_is_kept_or_rejected_or_failed(failing: float, concurrency: int) -> None:
    ran = drive(Chaining(), Given(ITEMS), teacher(failing=failing, latency=0), concurrency=concurrency)
    tally = ran.run.tally
    assert tally.read == len(ITEMS) == tally.kept + tally.rejected + tally.failed
    assert ran.run.unfinished == 0


def test_an_outcome_that_says_nothing_is_a_bug() -> None:
    class Losing(Chaining):
        def admit(self, outcome: Outcome) -> Outcome:
            return Outcome()

    ran = drive(Losing(), Given(ITEMS), teacher(latency=0), concurrency=1)
    assert isinstance(ran.problem, RuntimeError)
    assert "vanish" in str(ran.problem)


def test_what_the_last_flow_makes_beyond_the_target_is_counted_and_not_given() -> None:
    ran = bootstrap(0, 1, records=2, failing=0)  # flow 1 makes one record, flow 2 makes two
    assert [len(outcome.records) for outcome in ran.outcomes] == [0, 1, 1]
    assert ran.run.tally.surplus == 1


def test_a_source_that_gives_nothing_new_runs_dry() -> None:
    ran = drive(
        Bootstrapping(), Counter(), teacher(failing=1.0), concurrency=4, target=Target(10, expected=1.0, patience=12)
    )
    assert isinstance(ran.problem, Shortfall)
    assert len(ran.outcomes) == 12


def test_calls_that_would_be_surplus_are_held_back() -> None:
    who = teacher()
    bootstrap(0, 64, records=3, failing=0, who=who, ahead=64)
    assert sum(who.asked.values()) < 12, "64 flows may start, but a handful of calls is enough for three records"


def test_a_teacher_that_refuses_ends_the_run_after_a_prefix() -> None:
    class Refusing(Simulated):
        async def complete(self, prompt: Prompt) -> Completion:
            if sum(self.asked.values()) >= 30:
                raise TeacherRefused("no more money")
            return await super().complete(prompt)

    ran = drive(Chaining(), Given(ITEMS), Refusing(random.Random(3)), concurrency=3)
    whole = drive(Chaining(), Given(ITEMS), teacher(), concurrency=1)
    assert isinstance(ran.problem, TeacherRefused)
    assert 0 < len(ran.outcomes) < len(ITEMS)
    assert ran.texts == whole.texts[: len(ran.texts)]


def test_a_bug_in_a_teacher_surfaces() -> None:
    class Broken(Simulated):
        async def complete(self, prompt: Prompt) -> Completion:
            raise RuntimeError("a bug")

    ran = drive(Chaining(), Given(ITEMS), Broken(random.Random(0)), concurrency=3)
    assert isinstance(ran.problem, RuntimeError)


def test_a_source_that_breaks_is_told_after_its_last_good_item() -> None:
    source = Given(ITEMS[:9])
    source.error = InputError("seeds.jsonl:10", "not JSON")
    ran = drive(Chaining(), source, teacher(), concurrency=3)
    assert len(ran.outcomes) == 9
    assert isinstance(ran.problem, InputError)


def test_memory_is_bounded_by_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(Run, "_release", lambda self: seen.append(len(self._flows)))
    drive(Chaining(), Given([f"item {number}" for number in range(500)]), teacher(latency=0), concurrency=4, ahead=16)
    assert max(seen) <= 16


def test_memory_does_not_grow_with_the_number_of_items() -> None:
    def peak(items: int) -> int:
        tracemalloc.start()
        drive(Chaining(), Given([f"done {number}" for number in range(items)]), teacher(latency=0), concurrency=4)
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(200), peak(2000)
    outcomes = 1500 * 1800  # the test keeps the outcomes, about 1.5 kB each
    assert many - few < outcomes


def test_failures_are_kept_and_asked_again_only_on_request(tmp_path: Path) -> None:
    def once(*, failing: float, retry_failed: bool) -> Ran:
        kept = SqliteJournal(tmp_path / "journal.sqlite", retry_failed=retry_failed)
        ran = drive(Chaining(), Given(ITEMS), teacher(failing=failing), concurrency=7, journal=kept)
        kept.close()
        return ran

    first = once(failing=0.3, retry_failed=False)
    replayed = once(failing=0.0, retry_failed=False)
    retried = once(failing=0.0, retry_failed=True)
    assert first.run.tally.failed > 0
    assert replayed.texts == first.texts
    assert replayed.run.calls.spending.asked == 0
    assert retried.run.tally.failed == 0


def test_a_flow_of_which_some_prompts_are_kept_gets_the_others(tmp_path: Path) -> None:
    for samples, asked in ((1, 2), (3, 4)):
        kept = SqliteJournal(tmp_path / "journal.sqlite")
        ran = drive(Sampling(samples), Given(["one", "two"]), teacher(latency=0), concurrency=2, journal=kept)
        kept.close()
        assert len(ran.outcomes) == 2
        assert ran.run.calls.spending.asked == asked


class Resting(NoJournal):
    """Rests long after each put, unless it is told to hurry."""

    def __init__(self) -> None:
        super().__init__()
        self.rests = 0
        self._held: list[Put] = []

    def put(self, key: bytes, completion: Completion) -> None:
        self._held.append(Put(key, completion))
        asyncio.get_running_loop().call_later(0.1, self._rested)

    def hurry(self) -> None:
        held, self._held = self._held, []
        self.on_settled(held)

    def _rested(self) -> None:
        self.rests += bool(self._held)
        self.hurry()


@pytest.mark.parametrize(("concurrency", "ahead"), [(1, 1), (1, 4), (4, 4), (64, 8)])
def test_the_journal_does_not_rest_while_a_call_could_be_made_with_what_it_holds(concurrency: int, ahead: int) -> None:
    journal = Resting()
    items = [f"item {number}" for number in range(12)]
    ran = drive(Chaining(), Given(items), teacher(latency=0), concurrency=concurrency, ahead=ahead, journal=journal)
    assert len(ran.outcomes) == 12
    assert journal.rests == 0


def test_a_journal_that_outlives_the_loop_keeps_what_it_was_given(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")

    async def leave() -> None:
        Calls({"teacher": teacher()}, journal, seed=0, concurrency=1)

    asyncio.run(leave())
    for key in (b"a" * 16, b"b" * 16):
        journal.put(key, Completion("paid for"))
        for _ in range(5000):
            if journal.find([key]):
                break
            time.sleep(0.002)
        else:
            pytest.fail("nothing was kept")
    journal.close()


@pytest.mark.parametrize("concurrency", [1, 3, 40])
def test_what_failed_again_in_this_run_is_not_asked_a_third_time(tmp_path: Path, concurrency: int) -> None:
    who = teacher(failing=1.0, latency=0)
    for retry_failed in (False, True):
        who.asked.clear()
        kept = SqliteJournal(tmp_path / "journal.sqlite", retry_failed=retry_failed)
        drive(Chaining(), Given(["same"] * 20), who, concurrency=concurrency, ahead=4, journal=kept)
        kept.close()
        assert set(who.asked.values()) == {1}
