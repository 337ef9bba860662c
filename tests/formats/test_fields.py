"""Single values: what is taken, and how what is not is named."""

from __future__ import annotations

import pytest

from instgen.formats import fields
from instgen.formats.fields import RowError


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
        (["x"], "a list"),
        ({"x": 1}, "an object"),
    ],
)
def test_a_wrong_type_is_named_in_a_readers_words(value, said) -> None:
    with pytest.raises(RowError) as caught:
        fields.text("output", value)
    assert caught.value.problem == f"`output` is {said}, not a string"


def test_null_is_an_empty_string() -> None:
    assert fields.text("output", None) == ""


def test_null_is_an_empty_list() -> None:
    assert fields.items("origin", None) == []


def test_a_boolean_is_no_whole_number() -> None:
    with pytest.raises(RowError, match="`seed` is a boolean, not a whole number"):
        fields.whole("seed", True)


def test_a_score_that_is_no_number_is_named_by_its_path() -> None:
    with pytest.raises(RowError, match=r"`scores.depth` is a string, not a number"):
        fields.numbers("scores", {"depth": "7"})


def test_an_item_of_a_list_of_strings_is_named_by_its_place() -> None:
    with pytest.raises(RowError, match=r"`parents\[1\]` is a number, not a string"):
        fields.texts("parents", ["a", 2])


def test_a_quoted_key_holds_nothing_that_a_terminal_acts_on() -> None:
    assert fields.shown("a\x1b[31m\u202eb") == "`a?[31m?b`"


def test_a_quoted_key_is_short() -> None:
    assert len(fields.shown("k" * 1000)) < 50


@pytest.mark.parametrize(
    ("identity", "spelled"),
    [("a1", "a1"), (7, "7"), (True, "true"), (None, ""), ({"$oid": "5f"}, '{"$oid":"5f"}'), (["é", 1], '["é",1]')],
)
def test_an_id_is_spelled_as_its_json_unless_it_is_a_string(identity, spelled) -> None:
    assert fields.spelled(identity) == spelled
