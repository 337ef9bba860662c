"""The short way to read a row gives the record of the long way, or none."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from instgen.formats import RowError, records_from
from instgen.formats.quick import quick_record
from instgen.formats.record import KEYS

TEXT = st.sampled_from(["", " ", "a", "Name a tree.", "\n", "é"])
VALUE = TEXT | st.none() | st.just(3) | st.just([{"role": "user", "content": "a"}]) | st.just({"a": 1.5})
KEY = st.sampled_from([*KEYS, "instances", "conversations", "prompt", "response", "context", "mine"])
ROW = st.dictionaries(KEY, VALUE, max_size=6) | st.fixed_dictionaries(
    {"instruction": TEXT}, optional={"input": TEXT, "output": TEXT, "id": TEXT, "mine": VALUE}
)


@given(ROW)
def test_a_plain_row_makes_the_record_that_it_makes_the_long_way(row) -> None:
    found = quick_record(row)
    if found is not None:
        assert records_from(row) == (found,)


@given(ROW)
def test_a_record_without_a_name_is_the_same_but_for_it(row) -> None:
    found, unnamed = quick_record(row), quick_record(row, named=False)
    assert (found is None) == (unnamed is None)
    if found is not None and unnamed is not None:
        assert replace(unnamed, id=found.id) == found
        assert unnamed.id == row.get("id", "")


@given(st.fixed_dictionaries({"instruction": TEXT, "input": TEXT, "output": TEXT}))
def test_alpacas_own_rows_are_plain_unless_they_ask_nothing(row) -> None:
    try:
        records_from(row)
    except RowError:
        assert quick_record(row) is None
    else:
        assert quick_record(row) is not None or not row["instruction"].strip()
