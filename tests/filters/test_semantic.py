"""Rows that mean the same: the decisions are those of comparing with every kept row, whatever the batches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters import semantic
from instgen.filters.semantic import CosineIndex, Semantic, cosine
from instgen.records import Near, Record, Verdict
from instgen.text.greedy import Match

NUMBERS = st.integers(-3, 3)
VECTORS = st.integers(1, 5).flatmap(
    lambda size: st.lists(st.lists(NUMBERS, min_size=size, max_size=size).filter(any), max_size=20)
)
THRESHOLDS = st.sampled_from([0.0, 0.5, math.sqrt(0.5), 0.8, 0.9, 0.99, 1.0])


def plainly(vectors: Sequence[Sequence[float]], threshold: float, known: int) -> list[Match | None]:
    """What comparing with every kept vector says, by numbers of Python alone; the first ones are only compared with."""
    kept: list[Sequence[float]] = []
    answers: list[Match | None] = []
    for number, vector in enumerate(vectors):
        length = math.sqrt(math.fsum(each * each for each in vector))
        unit = [float(np.float32(each / length)) for each in vector]
        cosines = [
            min(
                1.0,
                math.fsum(map(float.__mul__, unit, other))
                / math.sqrt(math.fsum(map(float.__mul__, unit, unit)) * math.fsum(map(float.__mul__, other, other))),
            )
            for other in kept
        ]
        best = max(cosines, default=-2.0)
        found = Match(cosines.index(best), best) if number >= known and best >= threshold else None
        if found is None:
            kept.append(unit)
        if number >= known:
            answers.append(found)
    return answers


def judged(vectors: np.ndarray, threshold: float, size: int, known: int = 0) -> list[Match | None]:
    index = CosineIndex(threshold)
    index.add(vectors[:known])
    return [match for start in range(known, len(vectors), size) for match in index.judge(vectors[start : start + size])]


@given(VECTORS, THRESHOLDS, st.integers(1, 6), st.integers(0, 3))
def test_the_decisions_are_those_of_comparing_with_every_kept_vector(vectors, threshold, size, known):
    if vectors:
        found = judged(np.array(vectors, np.float32), threshold, size, known)
        assert found == plainly(vectors, threshold, known)


@pytest.mark.parametrize(("shape", "threshold"), [((300, 64), 0.9), ((200, 7), 0.7), ((120, 1536), 0.86)])
def test_neither_batches_nor_blocks_change_a_decision_or_a_cosine(monkeypatch, shape, threshold):
    draw = np.random.default_rng(7)
    centres = draw.normal(size=(shape[0] // 6, shape[1]))
    vectors = centres[draw.integers(0, len(centres), shape[0])] + draw.normal(size=shape) * 0.4
    vectors = vectors.astype(np.float32)
    whole = judged(vectors, threshold, len(vectors))
    assert 0 < sum(match is not None for match in whole) < len(vectors)
    for size in (1, 7, 64):
        assert judged(vectors, threshold, size) == whole
    monkeypatch.setattr(semantic, "SLICE", 5)
    monkeypatch.setattr(semantic, "BLOCK", 3)
    assert judged(vectors, threshold, len(vectors)) == whole


def test_a_threshold_that_is_a_cosine_is_reached_by_it():
    draw = np.random.default_rng(3)
    vectors = draw.normal(size=(2, 384)).astype(np.float32)
    exact = cosine(*semantic._units(vectors))
    assert judged(vectors, exact, 2) == [None, Match(0, exact)]
    assert judged(vectors, math.nextafter(exact, 2), 2) == [None, None]


def test_the_same_vector_at_another_length_is_the_same():
    vectors = np.random.default_rng(1).normal(size=(50, 300)).astype(np.float32)
    doubled = np.concatenate([vectors, 4 * vectors])
    assert judged(doubled, 1.0, 30) == [None] * 50 + [Match(number, 1.0) for number in range(50)]


def test_many_that_are_one_are_compared_as_one():
    vectors = np.ones((3000, 4), np.float32)
    index = CosineIndex(0.9)
    index.add(vectors)
    assert index.judge(vectors[:2]) == [Match(0, 1.0)] * 2


MEANINGS: Mapping[str, Sequence[float]] = {
    "Name a tree.": (1, 0, 0),
    "Give me the name of a tree.": (1, 0.1, 0),
    "Say which tree you like.": (1, 0.4, 0),
    "Count to ten.": (0, 0, 1),
    "\U0001f984": (0, 0, 0),
}


def meanings(texts: Sequence[str]) -> np.ndarray:
    return np.array([MEANINGS[text] for text in texts], np.float32)


def rows(*texts: str) -> list[Record]:
    return [Record(text, id=f"r{number}") for number, text in enumerate(texts)]


def near(verdict: Verdict | None) -> Near:
    assert verdict is not None
    assert verdict.near is not None
    return verdict.near


def named(verdict: Verdict | None) -> str:
    return near(verdict).id


def test_a_row_that_means_the_same_goes_and_the_nearest_is_named():
    step = Semantic(meanings, 0.9)
    first, count, again = step.judge(rows("Name a tree.", "Count to ten.", "Give me the name of a tree."))
    assert (first, count) == (None, None)
    likeness = near(again).similarity
    assert likeness == pytest.approx(1 / math.sqrt(1.01))
    assert near(again) == Near("r0", likeness, "Name a tree.")
    assert again == Verdict("semantic-duplicate", "semantic", likeness, 0.9, near=near(again))


def test_what_is_left_out_leaves_out_no_other():
    """So of two rows that are alike one always stays."""
    step = Semantic(meanings, 0.95)
    given = rows("Name a tree.", "Give me the name of a tree.", "Say which tree you like.")
    assert [bool(verdict) for verdict in step.judge(given)] == [False, True, False]


def test_a_text_without_a_vector_is_like_no_other():
    step = Semantic(meanings, 0.0, against=rows("\U0001f984"))
    assert step.judge(rows("\U0001f984", "\U0001f984")) == [None, None]


def test_rows_are_held_against_others():
    step = Semantic(meanings, against=rows("\U0001f984", "Count to ten.", "Name a tree."))
    verdicts = step.judge(rows("Give me the name of a tree.", "Count to ten."))
    assert [named(verdict) for verdict in verdicts] == ["r2", "r1"]


def test_the_input_is_part_of_what_is_compared_and_half_characters_are_not():
    seen: list[str] = []

    def noted(texts: Sequence[str]) -> np.ndarray:
        seen.extend(texts)
        return np.zeros((len(texts), 2), np.float32)

    Semantic(noted).judge([Record("Translate.", "mér\ud800"), Record("Count.")])
    assert seen == ["Translate.\nmér?", "Count."]


def test_no_rows_need_no_vectors():
    assert Semantic(meanings).judge([]) == []
