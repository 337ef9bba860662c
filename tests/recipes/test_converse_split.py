"""Long conversations in parts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.converse_split import PER_TURN, split, tokens_of
from instgen.records import Message

TEXTS = st.text("ab 字", min_size=1, max_size=60)
CONVERSATIONS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8).map(
    lambda pairs: tuple(
        turn for question, answer in pairs for turn in (Message("user", question), Message("assistant", answer))
    )
)


@given(CONVERSATIONS, st.integers(min_value=1, max_value=120), st.booleans())
def test_nothing_is_lost_and_no_exchange_is_cut(turns: tuple[Message, ...], most: int, has_system: bool) -> None:
    system = (Message("system", "Be brief."),) * has_system
    parts = split((*system, *turns), most)
    assert tuple(turn for part in parts for turn in part.messages[len(system) :]) == turns
    for part in parts:
        body = part.messages[len(system) :]
        assert part.messages[: len(system)] == system
        assert [turn.role for turn in body] == ["user", "assistant"] * (len(body) // 2)
        assert part.tokens == tokens_of(part.messages)
        assert part.fits == (part.tokens <= most)
        assert part.fits or len(body) == 2


@given(CONVERSATIONS, st.integers(min_value=1, max_value=120))
def test_a_part_has_as_many_exchanges_as_fit(turns: tuple[Message, ...], most: int) -> None:
    parts = split(turns, most)
    for part, after in pairwise(parts):
        assert tokens_of((*part.messages, *after.messages[:2])) > most


def test_the_last_exchange_stays_where_it_alone_overflows() -> None:
    short, long = (
        (Message("user", "a"), Message("assistant", "b")),
        (Message("user", "a"), Message("assistant", "b" * 99)),
    )
    parts = split((*short, *long), 20)
    assert [(part.messages, part.fits) for part in parts] == [(short, True), (long, False)]


def test_tokens_are_estimated_by_script() -> None:
    assert tokens_of([Message("user", "eightlet")]) == PER_TURN + 2
    assert tokens_of([Message("user", "你好吗")]) == PER_TURN + 3
    assert tokens_of([Message("user", "")]) == PER_TURN
