"""Answers, asked and told by hand."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from instgen.prompts.book import PromptBook
from instgen.recipes.flow import Outcome
from instgen.recipes.respond import Answering, first_teacher, respond_flow
from instgen.records import Completion, Message, Prompt, Record, born

TEMPLATE = PromptBook().template("respond")


def asked(record: Record, **more: object) -> tuple[Prompt, ...]:
    return next(respond_flow(record, Answering(TEMPLATE, **more)))  # type: ignore[arg-type]


def told(record: Record, *completions: Completion, **more: object) -> Outcome:
    flow = respond_flow(record, Answering(TEMPLATE, **more))  # type: ignore[arg-type]
    next(flow)
    try:
        flow.send(completions)
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    raise AssertionError("the flow did not end")


def test_instruction_and_input_are_asked_together_and_system_goes_first() -> None:
    (plain,) = asked(Record("Translate into French.", "Good day"))
    (with_system,) = asked(Record("Name a tree.", system="Be brief."))
    assert plain.messages == (Message("user", "Translate into French.\n\nGood day"),)
    assert with_system.messages == (Message("system", "Be brief."), Message("user", "Name a tree."))


def test_samples_are_separate_purchases() -> None:
    assert [prompt.sample for prompt in asked(Record("Name a tree."), samples=3)] == [0, 1, 2]


def test_the_record_keeps_its_id_and_gains_a_step() -> None:
    record = born(Record("Name a tree."))
    (answered,) = told(record, Completion(" The oak. ", teacher="t")).records
    assert answered.id == record.id
    assert answered.output == "The oak."
    assert (answered.origin[0].command, answered.origin[0].teacher) == ("respond", "t")


def test_a_bad_sample_does_not_cost_the_good_ones() -> None:
    outcome = told(
        born(Record("Name a tree.")),
        Completion("An oak tree."),
        Completion("The b", "length"),
        Completion("A pine tree."),
        samples=3,
    )
    (record,) = outcome.records
    assert [candidate.output for candidate in record.candidates] == ["An oak tree.", "A pine tree."]
    assert [rejection.verdict.reason for rejection in outcome.rejections] == ["truncated"]


def test_an_empty_answer_a_refusal_and_a_failure_cost_the_record() -> None:
    record = born(Record("Name a tree."))
    reasons = [
        told(record, completion).rejections[0].verdict.reason
        for completion in (Completion("No.", "refusal"), Completion("", "failed", error="x"), Completion("  "))
    ]
    assert reasons[:2] == ["refusal", "teacher-failed"]
    assert reasons[2].startswith("empty")


def test_samples_go_round_the_teachers_from_the_one_that_is_drawn() -> None:
    for number in range(20):
        prompts = asked(Record("Name a tree.", id=str(number)), samples=5, teachers=3)
        places = [prompt.which for prompt in prompts]
        assert places == [(places[0] + step) % 3 for step in range(5)]
        assert len({(prompt.which, prompt.sample) for prompt in prompts}) == 5, "five purchases"


@given(samples=st.integers(1, 6), teachers=st.integers(1, 4), seed=st.integers(0, 9))
def test_one_more_sample_asks_nobody_anew(samples: int, teachers: int, seed: int) -> None:
    record = born(Record("Name a tree."))
    prompts = asked(record, samples=samples, teachers=teachers, seed=seed)
    more = asked(record, samples=samples + 1, teachers=teachers, seed=seed)
    assert more[:samples] == prompts
    of_each = [sorted(prompt.sample for prompt in prompts if prompt.which == which) for which in range(teachers)]
    assert all(numbers == list(range(len(numbers))) for numbers in of_each)


def test_a_records_teacher_depends_on_its_id_and_the_seed_and_all_get_their_share() -> None:
    records = [Record("Name a tree.", id=str(number)) for number in range(300)]
    answering = Answering(TEMPLATE, teachers=3)
    shares = Counter(first_teacher(record, answering) for record in records)
    assert min(shares.values()) > 70
    assert [first_teacher(record, answering) for record in records[::-1]][::-1] == [
        first_teacher(record, answering) for record in records
    ]
    other = Answering(TEMPLATE, teachers=3, seed=1)
    assert any(first_teacher(record, answering) != first_teacher(record, other) for record in records)


def test_each_candidate_names_its_teacher_and_the_step_that_of_the_first() -> None:
    outcome = told(
        born(Record("Name a tree.")),
        Completion("An oak tree.", teacher="a"),
        Completion("A pine tree.", teacher="b"),
        samples=2,
        teachers=2,
    )
    (record,) = outcome.records
    assert [candidate.teacher for candidate in record.candidates] == ["a", "b"]
    assert (record.output, record.origin[-1].teacher) == ("An oak tree.", "a")


def test_an_answer_that_was_given_already_is_no_second_candidate() -> None:
    outcome = told(
        born(Record("Name a tree.")),
        Completion("An oak tree.", teacher="a"),
        Completion(" An oak tree.\n", teacher="b"),
        Completion("A pine tree.", teacher="a"),
        samples=3,
    )
    (record,) = outcome.records
    assert [candidate.output for candidate in record.candidates] == ["An oak tree.", "A pine tree."]
    (rejection,) = outcome.rejections
    assert rejection.verdict.reason == "duplicate-candidate"
    assert rejection.record
    assert (rejection.record.output, rejection.record.origin[-1].teacher) == ("An oak tree.", "b")


def test_two_bad_answers_alike_are_bad_and_not_duplicates() -> None:
    outcome = told(born(Record("Name a tree.")), Completion("A t", "length"), Completion("A t", "length"), samples=2)
    assert [rejection.verdict.reason for rejection in outcome.rejections] == ["truncated", "truncated"]


def test_thinking_is_kept_unless_it_is_not_wanted() -> None:
    said = Completion("An oak tree.", reasoning="Trees: oak, pine.")
    kept, dropped = (told(born(Record("Name a tree.")), said, reasoning=wanted).records[0] for wanted in (True, False))
    assert (kept.reasoning, dropped.reasoning) == ("Trees: oak, pine.", None)
