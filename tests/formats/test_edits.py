"""A row is written again in its own shape, and only what a change is about is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.formats import records_from
from instgen.formats.edits import edited, with_texts

TEXT = st.sampled_from(["a tree", "oak", "an elm", " "])
COLUMNS = [
    ("instruction", "input", "output"),
    ("prompt", "context", "response"),
    ("query", "input", "response"),
    ("question", "context", "answer"),
]


@given(st.sampled_from(COLUMNS), st.tuples(TEXT, TEXT, TEXT), st.sampled_from(["instruction", "input", "output"]))
def test_a_changed_string_is_found_again_under_its_own_name(names, texts, field) -> None:
    row = {"mine": 1, **dict(zip(names, texts, strict=True)), "yours": [2]}
    if not texts[0].strip():
        return
    (record,) = records_from(row)
    changes: dict[str, Any] = {field: "something else"}
    changed = replace(record, **changes)
    again = edited(row, (record,), (changed,))
    assert list(again) == list(row)
    assert (again["mine"], again["yours"]) == (1, [2])
    (read,) = records_from(again)
    assert (read.instruction, read.input, read.output) == (changed.instruction, changed.input, changed.output)


def test_input_alone_is_what_is_asked() -> None:
    row = {"input": "Name a tree. ", "output": "Oak."}
    (record,) = records_from(row)
    changed = replace(record, instruction="Name a tree.")
    assert edited(row, (record,), (changed,)) == {"input": "Name a tree.", "output": "Oak."}


def test_an_instance_can_go_and_another_be_changed() -> None:
    row = {"instruction": "Name it.", "instances": [{"input": "a", "output": "b", "x": 1}, {"output": "c"}], "y": 2}
    first, second = records_from(row)
    changed = replace(first, output="B")
    assert edited(row, (first, second), (changed, None)) == row | {"instances": [{"input": "a", "output": "B", "x": 1}]}


def test_a_task_without_instances_is_one_record() -> None:
    row: dict[str, Any] = {"instruction": "Name it. ", "instances": []}
    (record,) = records_from(row)
    assert edited(row, (record,), (replace(record, instruction="Name it."),)) == row | {"instruction": "Name it."}


def test_the_row_that_was_given_is_left_alone() -> None:
    row = {"instruction": "Name it.", "instances": [{"output": "b"}, {"output": "c"}]}
    before = records_from(row)
    edited(row, before, (None, replace(before[1], output="C")))
    assert row == {"instruction": "Name it.", "instances": [{"output": "b"}, {"output": "c"}]}


@pytest.mark.parametrize(
    ("row", "again"),
    [
        ({"instruction": "a", "id": "a", "mine": "a"}, {"instruction": "A", "id": "a", "mine": "a"}),
        ({"text": "a", "value": "a", "prompt": "a"}, {"text": "a", "value": "a", "prompt": "A"}),
        ({"messages": [{"role": "user", "content": "a"}]}, {"messages": [{"role": "user", "content": "A"}]}),
        ({"conversations": [{"from": "gpt", "value": "a"}]}, {"conversations": [{"from": "gpt", "value": "A"}]}),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "A"}]}]},
        ),
        ({"instances": [{"input": "a", "mine": "a"}]}, {"instances": [{"input": "A", "mine": "a"}]}),
        ({"candidates": [{"output": "a", "teacher": "a"}]}, {"candidates": [{"output": "A", "teacher": "a"}]}),
        ({"origin": [{"command": "a"}], "system": "a"}, {"origin": [{"command": "a"}], "system": "A"}),
    ],
)
def test_texts_are_changed_wherever_they_stand_and_nothing_else(row, again) -> None:
    assert with_texts(row, str.upper) == again
