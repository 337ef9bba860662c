"""Repairs change what they are for and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters.repairs import REPAIRS, repaired
from instgen.records import Record

NO_INPUTS = [
    "<noinput>",
    "No input",
    "N/A",
    "(none)",
    "[No Input]",
    "no input required.",
    "无",
    "（无输入）",
    "なし",
    "입력 없음",
    "aucune entrée",
    "Keine Eingabe",
]


@pytest.mark.parametrize("text", NO_INPUTS)
def test_every_spelling_of_no_input_becomes_empty(text):
    assert repaired(Record("Write a poem.", text, "Roses.")).input == ""


@pytest.mark.parametrize("text", ["none of the above", "Nina", "0", "No", "нет", "The input is empty."])
def test_other_inputs_stay(text):
    assert repaired(Record("Write a poem.", text, "Roses.")).input == text


def test_white_space_around_the_texts_goes():
    assert repaired(Record(" a\r\nb ", "\tc\n", " d")) == Record("a\nb", "c", "d")


@given(st.text(), st.text(), st.text())
def test_a_repaired_record_needs_no_repair(instruction, given_input, output):
    record = repaired(Record(instruction, given_input, output))
    assert repaired(record) is record


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.name)
def test_a_sound_record_comes_back_itself(repair):
    record = Record("Write a poem.", "roses", "Roses are red.", id="kept")
    assert repair.apply(record) is record
