"""Near duplicates against comparing all: nothing is called near that is not, and hardly anything is missed."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.text import minhash as module
from instgen.text.greedy import Match
from instgen.text.minhash import NearIndex
from instgen.text.tokens import tokens
from tests.text.test_batch import CUTS, cut
from tests.text.test_similarity import families, spelt


def jaccard(one: str, other: str) -> float:
    mine, yours = (set(words) | set(pairwise(words)) for words in (tokens(text) or [""] for text in (one, other)))
    return len(mine & yours) / len(mine | yours)


@given(st.sampled_from([0.3, 0.5, 0.7, 1]), families(), CUTS)
def test_what_is_called_near_is_near_and_was_kept(threshold: float, rows: list[str], sizes: list[int]) -> None:
    index, kept = NearIndex(threshold), []
    for part in cut(rows, sizes):
        for row, answer in zip(part, index.judge(part), strict=True):
            if answer is None:
                kept.append(row)
            else:
                assert answer.similarity == jaccard(row, kept[answer.row]) >= threshold
    assert len(index) == len(kept)


@given(families(), CUTS)
def test_answers_do_not_depend_on_the_batches(rows: list[str], sizes: list[int]) -> None:
    index = NearIndex(0.6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SPLIT_ABOVE", 1)
        patch.setattr(module, "_MIN_SPLIT", 1)
        cut_up = [answer for part in cut(rows, sizes) for answer in index.judge(part)]
    assert cut_up == NearIndex(0.6).judge(rows)


def planted(count: int) -> tuple[list[str], list[str]]:
    """Rows, and for each a copy with one word of its thirteen exchanged: 0.79 alike."""
    draw = random.Random(8)
    rows, copies = [], []
    for _ in range(count):
        row = draw.sample(range(50_000), 13)
        copy = [*row]
        copy[draw.randrange(1, 12)] = 60_000
        rows.append(spelt(row))
        copies.append(spelt(copy))
    return rows, copies


def test_nearly_all_planted_copies_are_found() -> None:
    rows, copies = planted(2000)
    index = NearIndex(0.7)
    index.add(rows)
    answers = index.judge(copies)
    assert sum(answer is not None for answer in answers) >= 1999
    assert all(answer is None or answer.row == number for number, answer in enumerate(answers))


@pytest.mark.parametrize("text", ["", "?!", "one", "two words", "写"])
def test_short_texts_are_near_to_themselves(text: str) -> None:
    assert NearIndex(1).judge(["other words", text, text]) == [None, None, Match(1, 1.0)]


def test_the_order_of_words_counts() -> None:
    assert NearIndex(0.7).judge(["man bites the dog", "dog bites the man"]) == [None, None]


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_that_means_nothing_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError):
        NearIndex(threshold)
