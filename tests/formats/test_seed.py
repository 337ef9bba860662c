"""Seed tasks: one record an instance."""

from __future__ import annotations

import pytest

from instgen.formats import seed
from instgen.formats.fields import RowError
from instgen.formats.record import from_row, to_row
from instgen.records import Record, born

TASK = {"id": "t1", "name": "sort", "instruction": "Sort.", "is_classification": False}


def test_an_instance_is_the_tasks_record_with_its_own_input_and_output() -> None:
    (record,) = seed.read(TASK | {"instances": [{"input": "b a", "output": "a b"}]})
    assert record == Record("Sort.", "b a", "a b", "t1", extra={"name": "sort", "is_classification": False})


def test_several_instances_have_ids_of_their_own() -> None:
    records = seed.read(TASK | {"instances": [{"output": "1"}, {"output": "2"}, {"output": "3"}]})
    assert [record.id for record in records] == ["t1", "t1#2", "t1#3"]


def test_instances_of_a_task_without_an_id_are_born() -> None:
    records = seed.read({"instruction": "Sort.", "instances": [{"output": "1"}, {"output": "2"}]})
    assert [record.id for record in records] == [born(Record("Sort.", output=out)).id for out in ("1", "2")]


@pytest.mark.parametrize("number", [0, 1])
def test_a_numbered_task_survives_its_rows(number) -> None:
    record = seed.read(TASK | {"id": 7, "instances": [{"output": "1"}, {"output": "2"}]})[number]
    assert from_row(to_row(record)) == record


def test_an_instances_other_keys_ride_along() -> None:
    (record,) = seed.read(TASK | {"instances": [{"input": "", "output": "a", "label": "x"}]})
    assert record.extra["label"] == "x"


def test_a_task_without_instances_is_one_record_to_fill_in() -> None:
    (record,) = seed.read(TASK | {"instances": []})
    assert (record.id, record.input, record.output) == ("t1", "", "")


def test_null_counts_as_an_empty_string() -> None:
    (record,) = seed.read(TASK | {"instances": [{"input": None, "output": "a"}]})
    assert record.input == ""


def test_an_instance_that_is_no_object_is_refused_by_its_place() -> None:
    with pytest.raises(RowError, match=r"`instances\[1\]` is a string, not an object"):
        seed.read(TASK | {"instances": [{"output": "a"}, "b"]})
