"""The gram index against the plain way: every common run, none that is not there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from instgen.text.grams import UNKNOWN, GramIndex, Lexicon, Run, common, covered

TEXTS = st.lists(st.lists(st.integers(1, 3), max_size=14), max_size=5)
NEW = st.lists(st.integers(0, 3), max_size=20)


def plain(texts: list[list[int]], size: int, words: list[int]) -> set[Run]:
    """Runs by trying every pair of places: those that cannot be made longer at either end."""
    found = set()
    for number, text in enumerate(texts):
        for start in range(len(text)):
            for at in range(len(words)):
                if start and at and text[start - 1] == words[at - 1] != UNKNOWN:
                    continue
                length = 0
                while start + length < len(text) and at + length < len(words):
                    if text[start + length] != words[at + length]:
                        break
                    length += 1
                if length >= size:
                    found.add(Run(number, start, length, at))
    return found


def unmasked(texts: list[list[int]]) -> list[bytearray]:
    return [bytearray(len(text)) for text in texts]


@given(TEXTS, NEW, st.integers(1, 5))
def test_the_runs_are_all_that_there_are_and_each_is_named_once(texts, words, size):
    runs = GramIndex(texts, size, unmasked(texts)).runs(words)
    assert set(runs) == plain(texts, size, words)
    assert len(runs) == len(set(runs))


def test_a_run_ends_with_its_text():
    index = GramIndex([[1, 2, 3], [4, 5, 6]], 3, unmasked([[1, 2, 3], [4, 5, 6]]))
    assert index.runs([1, 2, 3, 4, 5, 6]) == [Run(0, 0, 3, 0), Run(1, 0, 3, 3)]


def test_a_gram_that_is_masked_whole_is_not_looked_for():
    texts = [[1, 2, 3, 4]]
    assert GramIndex(texts, 3, [bytearray([1, 1, 1, 0])]).runs([9, 1, 2, 3, 9]) == []
    assert GramIndex(texts, 3, [bytearray([1, 1, 1, 0])]).runs([2, 3, 4]) == [Run(0, 1, 3, 0)]


def test_a_word_that_no_text_has_matches_nothing():
    lexicon = Lexicon()
    texts = [lexicon.add(["a", "b", "a"])]
    assert lexicon.look(["a", "c", "b"]) == [1, UNKNOWN, 2]
    assert GramIndex(texts, 2, unmasked(texts)).runs(lexicon.look(["a", "c", "b", "a"])) == [Run(0, 1, 2, 2)]


def test_a_gram_is_common_by_the_number_of_texts_that_have_it():
    texts = [[1, 2, 9], [1, 2, 8, 1, 2], [7, 1, 2], [9, 9, 9, 9]]
    assert covered([5, 1, 2, 5], 2, common(texts, 2, most=2)) == bytearray([0, 1, 1, 0])
    assert not common(texts, 2, most=3)
