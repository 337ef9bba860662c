"""Answers, asked and told by hand."""

from __future__ import annotations

from instgen.prompts.book import PromptBook
from instgen.recipes.flow import Outcome
from instgen.recipes.respond import Answering, respond_flow
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
