"""How long conversations get, and what a simulated user means."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.recipes.converse_turns import INTENTS, UserMessage, draw_intent, read_turns, read_user, spoken


@pytest.mark.parametrize(
    ("said", "weights"),
    [
        ("3", ((3, 1.0),)),
        ("2-4", ((2, 1.0), (3, 1.0), (4, 1.0))),
        ("2=0.5,3=0.3,5=0.2", ((2, 0.5), (3, 0.3), (5, 0.2))),
        ("4=2", ((4, 2.0),)),
    ],
)
def test_lengths_are_read(said: str, weights: tuple[tuple[int, float], ...]) -> None:
    assert read_turns(said).weights == weights


@pytest.mark.parametrize(
    "said", ["", "0", "-1", "5-2", "x", "2,3", "2=x", "2=-1,3=1", "2=0", "2=1,2=1", "101", "2=inf", "2=nan", "1-2-3"]
)
def test_what_is_no_length_is_an_error(said: str) -> None:
    with pytest.raises(UsageError, match="--turns"):
        read_turns(said)


def test_lengths_are_drawn_by_weight() -> None:
    turns, rng = read_turns("2=0.75,5=0.25"), random.Random(0)
    counts = Counter(turns.draw(rng) for _ in range(1000))
    assert set(counts) == {2, 5}
    assert 700 < counts[2] < 800
    assert turns.mean == 2.75


def test_every_intent_is_drawn() -> None:
    rng = random.Random(0)
    assert {draw_intent(rng) for _ in range(200)} == set(INTENTS)


@pytest.mark.parametrize(
    "reply",
    [
        "[END]",
        "[end]",
        "[[END]]",
        "<END>",
        "(End of conversation)",
        "**[END]**",
        "END",
        "End.",
        "【结束】",
        "[对话结束]",
        "结束",
        "Thanks, that is all. [END]",
        "[END OF CHAT]",
    ],
)
def test_a_user_who_has_enough_is_understood(reply: str) -> None:
    assert read_user(reply).stops


@pytest.mark.parametrize(
    "reply",
    [
        "What is at the end?",
        "And in the end, who won?",
        "Does [x] end here?",
        "结束之后呢？",
        "End the list with a dot.",
    ],
)
def test_a_word_is_no_marker(reply: str) -> None:
    assert read_user(reply) == UserMessage(reply, False)


@pytest.mark.parametrize(
    "reply",
    [
        "User: Why?",
        " **User:** Why?",
        "[User]: Why?",
        '"Why?"',
        "“Why?”",
        "User (asks for more): Why?",
        "Person: Why?\n",
    ],
)
def test_labels_and_quotation_marks_go(reply: str) -> None:
    assert read_user(reply).text == "Why?"


def test_quotations_in_a_message_stay() -> None:
    assert read_user('"Yes" or "no"?').text == '"Yes" or "no"?'
    assert spoken("助手：因为下雨。") == "因为下雨。"


@given(st.text())
def test_no_reply_is_too_strange(reply: str) -> None:
    assert read_user(reply).text in reply
