"""The verb and the object of an instruction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.report.verbs import Pair, pair_of, singular


@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Write a short story about rain.", "write", "story"),
        ("Please write me two short, sad poems.", "write", "poem"),
        ("Given a sentence, classify the sentiment of it.", "classify", "sentiment"),
        ("Suppose you are a vet. List five diseases of cats.", "list", "disease"),
        ("Answer the following question.", "answer", "question"),
        ("Come up with a metaphor for grief.", "come", "metaphor"),
        ("Can you suggest some games for the weekend?", "suggest", "game"),
        ("Concatenate the strings.", "concatenate", "string"),
        ("写一篇关于环境保护的短文。", "写", "短文"),
        ("请将下面的句子翻译成英文。", "翻译", "句子"),
        ("根据给定的事实编写一段对话。", "编写", "对话"),
        ("日本の歴史を説明してください。", "説明", "歴史"),
        ("Écris un poème sur la mer.", "écris", "un"),
    ],
)
def test_a_pair_is_found(instruction: str, verb: str, noun: str) -> None:
    assert pair_of(instruction) == Pair(verb, noun)


@pytest.mark.parametrize("instruction", ["What is the capital of France?", "", "?!", "42", "Explain why it rains."])
def test_no_pair_rather_than_a_doubtful_one(instruction: str) -> None:
    assert pair_of(instruction) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    pair = pair_of(text)
    assert pair is None or (pair.verb and pair.noun)


@pytest.mark.parametrize(
    ("plural", "expected"),
    [("stories", "story"), ("classes", "class"), ("boxes", "box"), ("analysis", "analysis"), ("people", "person")],
)
def test_nouns_are_counted_in_the_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected
