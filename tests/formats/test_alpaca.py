"""Alpaca rows under the names that are in use."""

from __future__ import annotations

import pytest

from instgen.formats import alpaca
from instgen.formats.record import to_row


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "Add.", "input": "1 2", "output": "3"},
        {"instruction": "Add.", "input": "1 2", "response": "3"},
        {"instruction": "Add.", "context": "1 2", "response": "3"},
        {"instruction": "Add.", "input": "1 2", "output": None, "response": "3"},
        {"prompt": "Add.", "input": "1 2", "completion": "3"},
        {"query": "Add.", "input": "1 2", "response": "3"},
        {"question": "Add.", "context": "1 2", "answer": "3"},
    ],
)
def test_columns_go_by_several_names(row) -> None:
    (record,) = alpaca.read(row)
    assert (record.instruction, record.input, record.output, record.extra) == ("Add.", "1 2", "3", {})


def test_an_input_with_an_output_alone_is_what_is_asked() -> None:
    (record,) = alpaca.read({"input": "Add 1 and 2.", "output": "3"})
    assert (record.instruction, record.input, record.output) == ("Add 1 and 2.", "", "3")


def test_alpacas_own_names_go_first_and_the_others_ride_along() -> None:
    (record,) = alpaca.read({"instruction": "Add.", "prompt": "### Add.", "output": "", "answer": "3"})
    assert (record.output, record.extra) == ("", {"prompt": "### Add.", "answer": "3"})


def test_another_name_that_holds_no_string_rides_along() -> None:
    (record,) = alpaca.read({"question": "Where?", "context": {"title": ["x"]}, "answer": 3})
    assert (record.input, record.output, record.extra) == ("", "", {"context": {"title": ["x"]}, "answer": 3})


def test_unknown_keys_are_written_as_they_came() -> None:
    row = {"id": "a", "instruction": "Add.", "input": "", "output": "3", "history": [["q", "a"]], "n": None}
    (record,) = alpaca.read(row)
    assert to_row(record) == row


def test_a_key_without_letters_rides_along() -> None:
    (record,) = alpaca.read({"instruction": "Add.", "output": "3", "": 7})
    assert record.extra == {"": 7}
