"""The plain novelty index against a comparison with every row by a textbook LCS."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.text.tokens import tokens
from tests.text.plain import NoveltyIndex
from tests.text.test_rouge import textbook_lcs

TEXTS = st.lists(st.text(alphabet="ab c用é", max_size=10), max_size=12)
THRESHOLDS = st.sampled_from([0, 0.3, 0.5, 0.7, Fraction(2, 3), 0.9, 1])


def index_of(texts, threshold=0.7):
    index = NoveltyIndex(threshold)
    for number, text in enumerate(texts):
        index.add(f"row{number}", text)
    return index


def nearest_by_hand(texts, query, threshold, start=0, stop=None):
    best = None
    for number, text in list(enumerate(texts))[start:stop]:
        one, other = tokens(query), tokens(text)
        total = len(one) + len(other)
        f = Fraction(2 * textbook_lcs(one, other), total) if total else Fraction(1)
        if f > Fraction(str(threshold)) and (best is None or f > best[0]):
            best = (f, f"row{number}")
    return best and (best[1], float(best[0]))


def found(near):
    return near and (near.id, near.similarity)


@given(TEXTS, st.text(alphabet="ab c用é", max_size=10), THRESHOLDS)
def test_nearest_is_the_first_of_the_most_similar_rows(texts, query, threshold):
    expected = nearest_by_hand(texts, query, threshold)
    assert found(index_of(texts, threshold).nearest(query)) == expected


@given(TEXTS, st.text(alphabet="ab c", max_size=10), st.integers(0, 12), st.integers(0, 12))
def test_nearest_looks_only_at_the_rows_it_is_told(texts, query, start, stop):
    expected = nearest_by_hand(texts, query, 0.5, start, stop)
    assert found(index_of(texts, 0.5).nearest(query, start, stop)) == expected


@given(TEXTS, TEXTS, st.text(alphabet="ab c", max_size=10))
def test_a_view_goes_on_seeing_the_index_as_it_was(before, after, query):
    index = index_of(before, 0.5)
    view = index.view()
    for text in after:
        index.add("later", text)
    assert found(view.nearest(query)) == nearest_by_hand(before, query, 0.5)


def test_a_row_at_the_threshold_is_not_near():
    assert index_of(["a b c d e f g h i j"]).nearest("a b c d e f g x y z") is None


def test_a_row_above_the_threshold_is_near_and_shown():
    near = index_of(["a b c d e f g h i j"]).nearest("a b c d e f g h y z")
    assert near is not None
    assert (near.id, near.text, near.similarity) == ("row0", "a b c d e f g h i j", 0.8)


def test_chinese_rows_are_compared_by_letters():
    near = index_of(["用一句话总结这篇文章", "写一首关于春天的诗"]).nearest("用一句话总结这篇短文")
    assert near is not None
    assert near.id == "row0"


def test_two_texts_without_a_word_are_near():
    assert index_of(["!!!"]).nearest("???") is not None


def test_the_length_is_the_number_of_rows():
    assert len(index_of(["a", "b"])) == 2


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_outside_zero_and_one_is_refused(threshold):
    with pytest.raises(UsageError):
        NoveltyIndex(threshold)
