"""Conversations: turns become messages, and strings follow from them."""

from __future__ import annotations

import pytest

from instgen.formats.fields import RowError
from instgen.formats.turns import Strings, messages_of, strings_of, turns_of
from instgen.records import Message

USER = {"role": "user", "content": "Why?"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("human", "user"),
        ("gpt", "assistant"),
        ("system", "system"),
        ("function", "tool"),
        ("observation", "tool"),
        ("function_call", "assistant"),
        ("developer", "system"),
    ],
)
def test_other_formats_roles_become_ours(name, role) -> None:
    assert messages_of([{"role": name, "content": "x"}]) == (Message(role, "x"),)


def test_text_in_parts_becomes_one_string() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "value": "two"}]
    assert messages_of([{"role": "user", "content": parts}]) == (Message("user", "one two"),)


def test_null_content_is_empty() -> None:
    assert messages_of([{"role": "assistant", "content": None}]) == (Message("assistant", ""),)


@pytest.mark.parametrize(
    ("turn", "problem"),
    [
        ("hello", "`turn 2` is a string, not an object"),
        ({"content": "x"}, "turn 2 has no `role`"),
        ({"role": "user"}, "turn 2 has no `content`"),
        ({"role": "narrator", "content": "x"}, "turn 2 has a role that instgen does not know: `narrator`"),
        ({"role": 3, "content": "x"}, "turn 2 has a role that instgen does not know: a number"),
        ({"role": "user", "content": 3}, "`turn 2.content` is a number, not a list"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "turn 2 has a part that is not text"),
        (CALL, "turn 2 calls a tool; a record holds turns of text"),
    ],
)
def test_a_turn_that_cannot_be_a_message_is_refused_with_the_reason(turn, problem) -> None:
    with pytest.raises(RowError) as caught:
        messages_of([USER, turn])
    assert caught.value.problem == problem


def test_the_strings_are_the_leading_system_turn_the_first_question_and_the_last_answer() -> None:
    turns = [("system", "Be kind."), ("user", "1?"), ("assistant", "1."), ("user", "2?"), ("assistant", "2.")]
    assert strings_of([Message(*turn) for turn in turns]) == Strings("1?", "2.", "Be kind.")


def test_a_conversation_that_ends_with_a_question_has_no_output_yet() -> None:
    turns = [("user", "1?"), ("assistant", "1."), ("user", "2?")]
    assert strings_of([Message(*turn) for turn in turns]) == Strings("1?", "", None)


def test_a_turn_that_still_says_what_it_said_keeps_its_other_keys() -> None:
    weighted = {"role": "user", "content": "Why?", "weight": 0}
    assert turns_of([Message("user", "Why?")], [weighted]) == [weighted]


def test_a_turn_that_says_something_else_loses_its_other_keys() -> None:
    weighted = {"role": "user", "content": "Why?", "weight": 0}
    assert turns_of([Message("user", "How?")], [weighted]) == [{"role": "user", "content": "How?"}]


def test_turns_that_were_added_are_written_plainly() -> None:
    weighted = {"role": "user", "content": "Why?", "weight": 0}
    added = Message("assistant", "Because.")
    assert turns_of([Message("user", "Why?"), added], [weighted])[1] == {"role": "assistant", "content": "Because."}


def test_turns_that_were_taken_away_are_gone() -> None:
    assert turns_of([Message("user", "Why?")], [USER | {"weight": 0}, USER]) == [USER | {"weight": 0}]
