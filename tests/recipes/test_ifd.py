"""IFD, asked and told by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.prompts.book import PromptBook
from instgen.recipes.flow import Outcome
from instgen.recipes.ifd import IfdSettings, ifd_flow
from instgen.records import Candidate, Completion, Message, Prompt, Record, born
from instgen.scores.ifd import ifd

SETTINGS = IfdSettings(PromptBook().template("ifd"))
ROW = born(Record("Name a tree.", "In France.", "The oak."))
numbers = st.lists(st.floats(-20, -0.01), min_size=1, max_size=20)


def asked(record: Record) -> tuple[Prompt, ...]:
    return next(ifd_flow(record, SETTINGS))


def told(record: Record, *replies: list[float | None] | Completion) -> Outcome:
    flow = ifd_flow(record, SETTINGS)
    try:
        next(flow)
        flow.send(tuple(each if isinstance(each, Completion) else Completion(json.dumps(each)) for each in replies))
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    raise AssertionError("the flow did not end")


def test_the_answer_is_measured_with_its_task_and_alone() -> None:
    behind, alone = asked(ROW)
    assert behind.text == "Task: Name a tree.\n\nIn France.\n\nAnswer:\nThe oak."
    assert alone.text == "The oak."


def test_the_score_is_the_ratio_of_the_mean_losses_of_the_same_tokens() -> None:
    (scored,) = told(ROW, [None, -9.0, -9.0, -1.0, -2.0], [None, -2.0, -4.0]).records
    assert scored.scores == {"ifd": 0.5}
    assert scored.origin[-1].op == "ifd"


@given(numbers, st.lists(st.floats(-20, -0.01), max_size=9))
def test_an_instruction_that_changes_nothing_gives_one(answer: list[float], before: list[float]) -> None:
    assert ifd([None, *before, *answer], [None, *answer]) == 1.0


def test_an_answer_of_one_token_cannot_be_measured() -> None:
    outcome = told(ROW, [None, -1.0, -2.0], [None])
    assert [rejection.verdict.reason for rejection in outcome.rejections] == ["too-short"]


def test_each_candidate_is_measured_and_what_has_the_score_is_not() -> None:
    row = replace(ROW, candidates=(Candidate("An elm."), Candidate("A fir.", scores={"ifd": 1.0})))
    assert len(asked(row)) == 2
    (scored,) = told(row, [None, -1.0, -1.0], [None, -2.0]).records
    assert [candidate.scores["ifd"] for candidate in scored.candidates] == [0.5, 1.0]
    with pytest.raises(StopIteration):
        asked(scored)


def test_a_conversation_is_measured_at_its_end() -> None:
    turns = (
        Message("user", "Hi."),
        Message("assistant", "Hello."),
        Message("user", "Bye."),
        Message("assistant", "Bye!"),
    )
    behind, _ = asked(replace(ROW, output="Bye!", messages=turns))
    assert behind.text == "Task: Hi.\n\nHello.\n\nBye.\n\nAnswer:\nBye!"


def test_no_answer_and_a_failure_cost_the_record() -> None:
    def reasons(outcome: Outcome) -> list[str]:
        return [rejection.verdict.reason for rejection in outcome.rejections]

    assert reasons(told(replace(ROW, output=""))) == ["no-answer"]
    assert reasons(told(ROW, Completion("", "failed", error="x"), [None, -1.0])) == ["teacher-failed"]
