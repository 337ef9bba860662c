"""The batch index against comparing each text with every kept one: the same answers, however the texts are cut."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instgen.text import batch as module
from instgen.text import numbered, prefixes
from instgen.text.batch import BatchIndex, serves
from instgen.text.greedy import Match
from instgen.text.numbered import Vocabulary, common
from instgen.text.prefixes import Prefixes
from instgen.text.rouge import exact, rouge_l
from instgen.text.runs import Hits
from instgen.text.tokens import tokens
from tests.text import plain as oracle
from tests.text.test_similarity import DATA, families, real_instructions, spelt

THRESHOLDS = st.sampled_from([0.3, 0.35, 0.5, 0.6, 0.7, 0.75, 0.9, 0.95])
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=4)
SCRIPTS = st.lists(st.text("的是在我有他 wéж\u0301١ﬁẞกิ\u200d.", max_size=20), max_size=12)


def cut(rows: list[str], sizes: list[int]) -> list[list[str]]:
    """The rows in parts of these sizes, over and over."""
    parts: list[list[str]] = []
    start = 0
    while start < len(rows):
        size = sizes[len(parts) % len(sizes)]
        parts.append(rows[start : start + size])
        start += size
    return parts


def judged(threshold: float, rows: list[str], sizes: list[int], against: list[str] | None = None) -> list[Match | None]:
    index = BatchIndex(threshold)
    index.add(against or [])
    return [answer for part in cut(rows, sizes) for answer in index.judge(part)]


def compared(threshold: float, rows: list[str], against: list[str] | None = None) -> list[Match | None]:
    index = oracle.NoveltyIndex(threshold)
    for row in against or []:
        index.add(str(len(index)), row)
    answers: list[Match | None] = []
    for row in rows:
        near = index.nearest(row)
        answers.append(Match(int(near.id), near.similarity) if near else None)
        if near is None:
            index.add(str(len(index)), row)
    return answers


@given(THRESHOLDS, families(), CUTS)
@example(0.7, ["w1 w2 w3 w4 w5 w6 w7 w8 w9 w10", "w1 w2 w3 w4 w5 w6 w7 x8 x9 x10"], [1])
@example(0.7, ["a a a a", "a a a", "a a", "a", "", "."], [6])
def test_each_row_is_judged_as_by_the_whole_comparison(threshold: float, rows: list[str], sizes: list[int]) -> None:
    assert judged(threshold, rows, sizes) == compared(threshold, rows)


@given(THRESHOLDS, families(), families(), CUTS)
def test_rows_are_held_against_others(threshold: float, rows: list[str], against: list[str], sizes: list[int]) -> None:
    assert judged(threshold, rows, sizes, against) == compared(threshold, rows, against)


@given(THRESHOLDS, SCRIPTS, CUTS)
def test_every_script_is_judged_as_by_the_whole_comparison(threshold: float, rows: list[str], sizes: list[int]) -> None:
    assert judged(threshold, rows, sizes) == compared(threshold, rows)


@given(families(), CUTS)
def test_a_crowd_is_judged_in_halves_alike(rows: list[str], sizes: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SPLIT_ABOVE", 0)
        patch.setattr(module, "_MIN_SPLIT", 1)
        assert judged(0.6, rows, sizes) == compared(0.6, rows)


@given(families())
def test_what_is_rare_may_be_counted_at_any_time(rows: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLICE", 4)
        patch.setattr(module, "_RECOUNT_FACTOR", 2)
        assert judged(0.5, rows, [3]) == compared(0.5, rows)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
def test_long_rows_are_judged_as_by_the_whole_comparison(threshold: float) -> None:
    draw = random.Random(5)
    rows: list[list[int]] = []
    for _ in range(150):
        row = (
            list(draw.choice(rows)) if rows and draw.random() < 0.6 else draw.choices(range(90), k=draw.randint(9, 200))
        )
        for _ in range(draw.randint(0, len(row) // 3)):
            row[draw.randrange(len(row))] = draw.randrange(90)
        rows.append(row[draw.randint(0, len(row) // 3) :])
    texts = [spelt(row) for row in rows]
    assert judged(threshold, texts, [40]) == compared(threshold, texts)


@given(families(), st.lists(st.sampled_from(["0.5", "0.7", "0.9"]), min_size=13, max_size=13))
def test_each_text_may_have_a_threshold_of_its_own(rows: list[str], said: list[str]) -> None:
    thresholds = [Fraction(threshold) for threshold in said[: len(rows)]]
    kept: list[str] = []
    for row, threshold, answer in zip(rows, thresholds, BatchIndex(0.5).judge(rows, thresholds), strict=True):
        near = any(exact(rouge_l(row, other)) > threshold for other in kept)
        assert (answer is not None) == near
        if answer is None:
            kept.append(row)


def test_two_vocabularies_of_code_points_do_not_change_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "_CODE_POINTS", 3)
    rows = ["a b c d e", "a b c d f", "g h i", "g h j i"]
    assert judged(0.7, rows, [4]) == compared(0.7, rows)


def test_codes_step_over_the_surrogates() -> None:
    vocabulary = Vocabulary()
    vocabulary.batch([spelt(list(range(0xD7FA)))])
    batch = vocabulary.batch(["these words have numbers about the surrogates", "words numbers the surrogates no"])
    assert common(batch, batch, Hits(np.array([0]), np.array([1]))).tolist() == [4]


@pytest.mark.parametrize(("threshold", "served"), [(0.29, False), (0.3, True), (0.7, True), (1, False), (1 / 3, False)])
def test_thresholds_beyond_what_integers_decide_are_not_served(threshold: float, served: bool) -> None:
    assert serves(threshold) is served


def test_groups_are_bounded_for_the_longest_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "_MOST_GROUPS", 4)
    assert Prefixes(Fraction(7, 10)).groups(10_000) == 4
    draw = random.Random(2)
    rows = [spelt(draw.choices(range(50), k=60)) for _ in range(20)]
    rows += [row.replace("w1", "w2") for row in rows]
    assert judged(0.7, rows, [7]) == compared(0.7, rows)


def test_real_instructions_are_judged_as_by_the_whole_comparison() -> None:
    rows = real_instructions()
    assert judged(0.7, rows, [700, 1, 1299]) == compared(0.7, rows)


def test_real_pairs_are_near_where_the_reference_says_so() -> None:
    path = DATA / "self_instruct_raw_runs" / "share_oracle_rougeL_pairs.jsonl"
    if not path.exists():
        pytest.skip("the shared data are not here")
    pairs = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    pairs = [pair for pair in pairs if pair["a"].isascii() and pair["b"].isascii()]
    assert len(pairs) > 700
    for pair in pairs:
        _, answer = BatchIndex(0.3).judge([pair["a"], pair["b"]])
        near = pair["rougeL_f"] > 0.3 + 1e-9
        assert (answer is not None) == near
        assert answer is None or answer.similarity == pytest.approx(pair["rougeL_f"])


def test_real_runs_find_the_scores_that_were_recorded() -> None:
    path = DATA / "alpaca_regen_runs" / "regen_minpeter.json"
    if not path.exists():
        pytest.skip("the shared data are not here")
    seen = 0
    for row in json.loads(path.read_text("utf-8")):
        for text, score in row["most_similar_instructions"].items():
            if score > 0.31 and tokens(text):
                _, answer = BatchIndex(0.3).judge([text, row["instruction"]])
                seen += 1
                assert answer is not None
                assert answer.similarity == pytest.approx(score)
    assert seen > 50
