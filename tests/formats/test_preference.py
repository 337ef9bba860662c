"""Preferences as files of others have them."""

from __future__ import annotations

from typing import Any

import pytest

from instgen.formats import RowError, records_from
from instgen.formats.edits import with_texts
from instgen.formats.preference import Stated, label_of, stated
from instgen.records import Message, Record

USER = {"role": "user", "content": "Why?"}
GOOD = {"role": "assistant", "content": "Because."}
BAD = {"role": "assistant", "content": "No."}
ASKED = Message("user", "Why?")

SHAPES: list[dict[str, Any]] = [
    {"prompt": "Why?", "chosen": "Because.", "rejected": "No."},
    {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
    {"prompt": "Why?", "chosen": [USER, GOOD], "rejected": [USER, BAD]},
    {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
    {
        "conversations": [{"from": "human", "value": "Why?"}],
        "chosen": {"from": "gpt", "value": "Because."},
        "rejected": {"from": "gpt", "value": "No."},
    },
    {"messages": [USER, GOOD], "rejected_response": "No."},
    {"messages": [USER, GOOD], "rejected_messages": [USER, BAD]},
    {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    {"question": "Why?", "system": "", "chosen": "Because.", "rejected": "No."},
]


@pytest.mark.parametrize("row", SHAPES)
def test_every_shape_says_what_is_better(row: dict[str, Any]) -> None:
    (record,) = records_from(row)
    assert record.instruction == "Why?"
    found = stated(record)
    assert found is not None
    assert (found.better, found.worse) == ("Because.", "No.")
    assert found.prompt in {(), (ASKED,)}


def test_turns_that_both_answers_begin_with_are_the_prompt() -> None:
    more = [USER, GOOD, {"role": "user", "content": "And?"}]
    (record,) = records_from({"chosen": [*more, GOOD], "rejected": [*more, BAD]})
    assert [message.content for message in record.messages] == ["Why?", "Because.", "And?"]
    assert stated(record) == Stated("Because.", "No.")


def test_answers_to_different_prompts_are_no_preference() -> None:
    other = {"role": "user", "content": "Who?"}
    (record,) = records_from({"prompt": "Why?", "chosen": [USER, GOOD], "rejected": [other, BAD]})
    with pytest.raises(RowError, match="different prompts"):
        stated(record)


@pytest.mark.parametrize("worse", [7, [], [USER]])
def test_an_answer_must_be_one(worse: object) -> None:
    with pytest.raises(RowError):
        stated(Record("Why?", extra={"chosen": "Because.", "rejected": worse}))


@pytest.mark.parametrize("before", [(), (Message("user", "Why?"),)])
def test_a_worse_conversation_needs_a_better_one_with_an_answer(before: tuple[Message, ...]) -> None:
    with pytest.raises(RowError, match="`messages` does not end with an assistant turn"):
        stated(Record("Why?", messages=before, extra={"rejected_messages": "No."}))


def test_a_key_of_openais_does_not_make_a_row_openais() -> None:
    row = {"chosen": [USER, GOOD], "rejected": [USER, BAD]}
    (record,) = records_from(row | {"preferred_output": None})
    assert stated(record) == Stated("Because.", "No.")


def test_what_a_rejects_file_says_is_no_worse_answer() -> None:
    assert stated(Record("Why?", extra={"rejected": {"stage": "filter", "reason": "empty"}})) is None


@pytest.mark.parametrize("row", SHAPES)
def test_every_text_of_a_preference_can_be_changed(row: dict[str, Any]) -> None:
    (record,) = records_from(with_texts(row, str.upper))
    found = stated(record)
    assert found is not None
    assert (record.instruction, found.better, found.worse) == ("WHY?", "BECAUSE.", "NO.")


@pytest.mark.parametrize("label", [True, False, None])
def test_a_label_is_a_boolean(label: bool | None) -> None:
    assert label_of(Record("Why?", extra={"label": label})) is label


@pytest.mark.parametrize("label", [1, 0, "true"])
def test_a_number_is_no_label(label: object) -> None:
    with pytest.raises(RowError, match="not true or false"):
        label_of(Record("Why?", extra={"label": label}))
