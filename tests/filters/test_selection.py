"""Selections: who stays by score, by chance, or for being unlike the better ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.filters.selection import Bounds, Diverse, Sample, Top, score_of
from instgen.records import Candidate, Record
from instgen.text.rouge import more_similar

SCORES = st.lists(st.none() | st.sampled_from([0.0, 1.0, 2.5, 4.0]), max_size=15)


def row(number, value=None, instruction=""):
    scores = {} if value is None else {"quality": value}
    return Record(instruction or f"task {number}", id=f"r{number}", scores=scores)


def rejected(selection, rows):
    for position, record in enumerate(rows):
        selection.add(position, record)
    return selection.rejected()


def test_a_score_is_the_records_own_before_its_best_candidates():
    candidates = (Candidate("a", scores={"quality": 3, "speed": 1}), Candidate("b", scores={"speed": 2}))
    record = Record("q", candidates=candidates, scores={"quality": 1})
    assert (score_of(record, "quality"), score_of(record, "speed"), score_of(record, "wit")) == (1, 2, None)


def test_a_score_that_is_no_number_is_none():
    assert score_of(row(1, math.nan), "quality") is None


@pytest.mark.parametrize(
    ("value", "reason"), [(3.9, "score-too-low"), (4, ""), (5, ""), (5.1, "score-too-high"), (None, "no-score")]
)
def test_bounds_are_inside(value, reason):
    [verdict] = Bounds({"quality": 4}, {"quality": 5}).judge([row(1, value)])
    assert (verdict.reason if verdict else "") == reason


def test_a_verdict_of_bounds_names_score_value_and_limit():
    [verdict] = Bounds({}, {"quality": 2}).judge([row(1, 3)])
    assert verdict is not None
    assert (verdict.rule, verdict.evidence, verdict.value, verdict.threshold) == ("max", "quality", 3, 2)


@given(SCORES, st.integers(1, 8))
def test_the_top_are_the_highest_the_earlier_of_equals(values, number):
    verdicts = rejected(Top(number, "quality"), [row(position, value) for position, value in enumerate(values)])
    ranked = sorted((-value, position) for position, value in enumerate(values) if value is not None)
    assert set(range(len(values))) - set(verdicts) == {position for _, position in ranked[:number]}
    assert {verdicts[position].reason for _, position in ranked[number:]} <= {"not-in-top"}
    assert all(verdicts[position].reason == "no-score" for position, value in enumerate(values) if value is None)


def test_who_is_not_in_the_top_is_told_the_least_score_that_is():
    verdict = rejected(Top(2, "quality"), [row(1, 5), row(2, 3), row(3, 4)])[1]
    assert (verdict.value, verdict.threshold) == (3, 4)


@given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 3))
def test_a_sample_has_the_size_that_was_asked(rows, number, seed):
    verdicts = rejected(Sample(number, seed), [row(position) for position in range(rows)])
    assert len(verdicts) == max(0, rows - number)
    assert {verdict.reason for verdict in verdicts.values()} <= {"not-sampled"}


def sampled(rows, seed=0):
    gone = rejected(Sample(20, seed), rows)
    return {record.id for position, record in enumerate(rows) if position not in gone}


def test_a_row_more_changes_at_most_one_row_of_a_sample():
    rows = [row(position) for position in range(100)]
    for new in range(100, 120):
        assert len(sampled(rows) - sampled([row(new), *rows])) <= 1


def test_another_seed_draws_another_sample():
    rows = [row(position) for position in range(100)]
    assert sampled(rows) == sampled(rows)
    assert sampled(rows) != sampled(rows, 1)


TASKS = ["name a red fruit please", "name a green fruit please", "write a poem about the sea", "name a red fruit now"]


@given(
    st.lists(st.tuples(st.sampled_from(TASKS), st.none() | st.sampled_from([1.0, 2.0])), max_size=9), st.integers(1, 4)
)
def test_the_diverse_are_chosen_one_by_one_from_the_best(drawn, number):
    rows = [row(position, value, text) for position, (text, value) in enumerate(drawn)]
    verdicts = rejected(Diverse(number, "quality", 0.6), rows)
    chosen: list[int] = []
    for _, position in sorted((-value, position) for position, (_, value) in enumerate(drawn) if value is not None):
        like = any(more_similar(rows[position].instruction, rows[other].instruction, 0.6) for other in chosen)
        if len(chosen) == number:
            assert verdicts[position].reason == "not-in-top"
        elif like:
            assert verdicts[position].reason == "not-diverse"
            assert verdicts[position].near.id in {rows[other].id for other in chosen}
        else:
            chosen.append(position)
    assert set(range(len(rows))) - set(verdicts) == set(chosen)


def test_without_a_score_the_earlier_is_preferred():
    rows = [row(0, None, "name a fruit"), row(1, None, "name a fruit"), row(2, None, "sing")]
    assert set(rejected(Diverse(5), rows)) == {1}


@pytest.mark.parametrize("make", [lambda: Top(0, "quality"), lambda: Sample(-1), lambda: Diverse(0)])
def test_a_selection_of_nothing_is_refused(make):
    with pytest.raises(UsageError):
        make()
