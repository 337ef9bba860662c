"""Benchmark items out of rows of any shape."""

from __future__ import annotations

import pytest

from instgen.formats.fields import RowError
from instgen.formats.items import FIELDS, Item, items_from, table


@pytest.mark.parametrize("field", FIELDS)
def test_a_usual_name_is_found_in_any_case(field):
    asked = items_from({"id": "7", field.title(): "What is it?"}, "b:1")
    assert asked.items == (Item("b:1", "What is it?"),)
    assert asked.field == field.title()


def test_the_surest_name_that_holds_text_is_taken():
    assert items_from({"text": "no", "question": "yes"}, "b:1").items[0].text == "yes"
    assert items_from({"text": "yes", "question": " "}, "b:1").field == "text"


def test_a_field_that_was_named_is_the_one():
    asked = items_from({"question": "no", "goal": "yes"}, "b:1", "goal")
    assert (asked.items[0].text, asked.field) == ("yes", "goal")


def test_each_turn_of_the_user_is_an_item():
    assert items_from({"turns": ["One?", "Two?"]}, "b:3").items == (Item("b:3", "One?"), Item("b:3#2", "Two?"))
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant"}]
    assert [item.text for item in items_from({"messages": messages}, "b:1").items] == ["q"]
    assert [item.text for item in items_from({"prompt": [{"from": "human", "value": "q"}]}, "b:1").items] == ["q"]


def test_an_instruction_goes_with_its_input():
    assert items_from({"instruction": "Sort.", "input": "b a"}, "b:1").items[0].text == "Sort.\nb a"


def test_a_row_that_asks_nothing_has_no_item_and_is_no_error():
    assert items_from({"question": ""}, "b:1").items == ()


@pytest.mark.parametrize(("row", "field"), [({"answer": "4"}, None), ({}, None), ({"question": "Why?"}, "goal")])
def test_a_row_without_the_field_says_how_to_name_it(row, field):
    with pytest.raises(RowError) as error:
        items_from(row, "b:1", field)
    assert "FILE:field" in error.value.hint


def test_a_table_has_names_lines_and_cells_over_several_lines():
    lines = ["id,question\n", '1,"Two\n', 'lines?"\n', "\n", "2,One?\n"]
    rows = [(line.number, line.row["question"]) for line in table(lines)]
    assert rows == [(2, "Two\nlines?"), (5, "One?")]


def test_a_table_without_names_has_numbers():
    assert next(table(["What?\tA\n"], delimiter="\t", headed=False)).row == {"1": "What?", "2": "A"}


def test_what_is_no_table_is_told_with_its_line():
    with pytest.raises(RowError, match="line 2"):
        list(table(["a,b\n", '"x"y,z\n']))
