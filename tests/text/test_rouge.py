"""ROUGE-L against a textbook dynamic programme and against real scores of the reference code."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.text.rouge import UNKNOWN, Vocabulary, common, exact, least_common, more_similar, rouge_l
from instgen.text.tokens import tokens

PAIRS = (
    Path(__file__).parents[2] / ".." / "shared" / "data" / "self_instruct_raw_runs" / "share_oracle_rougeL_pairs.jsonl"
)

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "用", "写", "诗", "élan", "слово"]), max_size=12)


def textbook_lcs(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, first in enumerate(one):
        for j, second in enumerate(other):
            table[i + 1][j + 1] = table[i][j] + 1 if first == second else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(WORDS, WORDS)
def test_common_is_the_textbook_lcs(one, other):
    vocabulary = Vocabulary()
    assert common(vocabulary.add(one), vocabulary.add(other)) == textbook_lcs(one, other)


@given(WORDS, WORDS, st.integers(0, 5))
def test_a_vocabulary_that_ran_out_of_code_points_gives_the_same_lcs(one, other, last):
    vocabulary = Vocabulary(last=last)
    assert common(vocabulary.add(one), vocabulary.add(other)) == textbook_lcs(one, other)


@given(WORDS, WORDS)
def test_rouge_l_is_the_harmonic_mean_of_precision_and_recall(one, other):
    lcs, total = textbook_lcs(one, other), len(one) + len(other)
    assert rouge_l(" ".join(one), " ".join(other)) == (2 * lcs / total if total else 1.0)


@given(WORDS, WORDS, st.fractions(0, 1, max_denominator=20))
def test_more_similar_is_decided_exactly(one, other, threshold):
    lcs, total = textbook_lcs(one, other), len(one) + len(other)
    f = Fraction(2 * lcs, total) if total else Fraction(1)
    assert more_similar(" ".join(one), " ".join(other), threshold) == (f > threshold)


def test_a_similarity_of_just_the_threshold_is_not_above_it():
    one, other = "a b c d e f g h i j", "a b c d e f g x y z"
    assert rouge_l(one, other) == 0.7
    assert not more_similar(one, other, 0.7)


def test_one_word_more_in_common_is_above_it():
    assert more_similar("a b c d e f g h i j", "a b c d e f g h y z", 0.7)


@pytest.mark.parametrize(("text", "value"), [(0.7, Fraction(7, 10)), ("0.55", Fraction(11, 20)), (1, Fraction(1))])
def test_a_threshold_is_the_number_as_it_is_written(text, value):
    assert exact(text) == value


@given(st.fractions(0, 1, max_denominator=50), st.integers(1, 400))
def test_least_common_is_the_first_lcs_above_the_threshold(threshold, total):
    least = least_common(threshold, total)
    assert Fraction(2 * (least - 1), total) <= threshold < Fraction(2 * least, total)


def test_identical_chinese_texts_are_fully_similar():
    assert rouge_l("给出下面词语的同义词", "给出下面词语的同义词。") == 1.0


def test_chinese_texts_that_share_only_a_latin_word_are_not_similar():
    assert rouge_l("用Python写一个函数", "什么是Python") < 0.3


def test_an_unknown_word_matches_nothing():
    vocabulary = Vocabulary()
    vocabulary.add(["a"])
    assert common(vocabulary.look(["b", "c"]), vocabulary.look(["a"])) == 0
    assert vocabulary.look(["b"]) == chr(UNKNOWN)


def test_codes_leave_out_the_surrogates():
    vocabulary = Vocabulary()
    codes = vocabulary.add([str(number) for number in range(0xE100)])
    assert not any("\ud800" <= code <= "\udfff" for code in map(str, codes))
    assert len(set(codes)) == 0xE100


@pytest.mark.skipif(not PAIRS.exists(), reason="the shared data is not here")
def test_scores_equal_the_reference_wherever_both_tokenise_alike():
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]

    def alike(text):
        return tokens(text) == re.findall("[a-z0-9]+", text.lower())

    compared = [pair for pair in pairs if alike(pair["a"]) and alike(pair["b"])]
    assert len(compared) > 700
    assert [pair for pair in compared if abs(rouge_l(pair["a"], pair["b"]) - pair["rougeL_f"]) > 1e-9] == []
