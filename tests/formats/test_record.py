"""The record's own shape: what is written is read back as the same record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.formats.fields import RowError
from instgen.formats.record import KEYS, from_row, rejection_row, to_row
from instgen.formats.turns import strings_of
from instgen.records import Candidate, Message, Near, Record, Rejection, Step, Verdict, born

TEXT = st.text(max_size=12)
SAID = TEXT.filter(str.strip)
SCORES = st.dictionaries(TEXT, st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False), max_size=2)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | TEXT, lambda inner: st.lists(inner, max_size=2)
)
EXTRA = st.dictionaries(TEXT.filter(lambda key: key not in KEYS), VALUES, max_size=3)
STEPS = st.builds(
    Step,
    command=TEXT,
    op=TEXT,
    round=st.none() | st.integers(0, 9),
    root=TEXT,
    parents=st.lists(TEXT, max_size=2).map(tuple),
    teacher=TEXT,
    prompts=st.lists(TEXT, max_size=2).map(tuple),
    seed=st.none() | st.integers(0, 9),
    window=st.none() | st.integers(0, 9),
)
CANDIDATES = st.builds(
    Candidate, output=TEXT, teacher=TEXT, scores=SCORES, rank=st.none() | st.integers(min_value=1, max_value=9)
)
MESSAGES = st.lists(st.builds(Message, role=st.sampled_from(["user", "assistant", "tool"]), content=SAID), max_size=3)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records that keep their own rules: strings follow from messages, the output from the best candidate."""
    record = Record(
        id=draw(TEXT.filter(bool)),
        instruction=draw(SAID),
        input=draw(TEXT),
        output=draw(TEXT),
        system=draw(st.none() | TEXT.filter(bool)),
        reasoning=draw(st.none() | TEXT.filter(bool)),
        candidates=tuple(draw(st.lists(CANDIDATES, max_size=2))),
        scores=draw(SCORES),
        origin=tuple(draw(st.lists(STEPS, max_size=2))),
        extra=draw(EXTRA),
    )
    if draw(st.booleans()):
        system = (Message("system", record.system),) if record.system else ()
        messages = (*system, Message("user", record.instruction), *draw(MESSAGES))
        return replace(record, messages=messages, input="", output=strings_of(messages).output)
    return replace(record, output=record.candidates[0].output) if record.candidates else record


@given(records())
def test_a_record_survives_its_row(record: Record) -> None:
    assert from_row(to_row(record)) == record


@given(records())
def test_a_record_survives_the_bytes_of_its_row(record: Record) -> None:
    assert from_row(orjson.loads(orjson.dumps(to_row(record)))) == record


@given(records())
def test_a_row_is_written_as_it_was_read(record: Record) -> None:
    row = to_row(record)
    assert list(to_row(from_row(row)).items()) == list(row.items())


@given(records())
def test_known_keys_come_first_and_in_their_order(record: Record) -> None:
    written = list(to_row(record))
    known = [key for key in KEYS if key in written]
    assert written[: len(known)] == known


def test_only_what_is_there_is_written() -> None:
    assert to_row(Record("Count.", id="a")) == {"id": "a", "instruction": "Count.", "input": "", "output": ""}


def test_a_step_says_only_what_applies() -> None:
    record = Record("Count.", id="a", origin=(Step("evolve", round=0, parents=("p",), seed=0),))
    assert to_row(record)["origin"] == [{"command": "evolve", "round": 0, "parents": ["p"], "seed": 0}]


def test_the_output_that_is_written_is_the_first_candidates() -> None:
    record = Record("Count.", output="old", id="a", candidates=(Candidate("new"), Candidate("old")))
    assert to_row(record)["output"] == "new"


def test_the_strings_that_are_written_follow_from_the_messages() -> None:
    record = Record("old", input="old", id="a", messages=(Message("user", "new"), Message("assistant", "answer")))
    row = to_row(record)
    assert (row["instruction"], row["input"], row["output"]) == ("new", "", "answer")


def test_a_row_without_an_id_is_born() -> None:
    assert from_row({"instruction": "Count."}) == born(Record("Count."))


@pytest.mark.parametrize("identity", [None, ""])
def test_an_empty_id_is_none(identity) -> None:
    assert from_row({"id": identity, "instruction": "Count."}).id == born(Record("Count.")).id


@pytest.mark.parametrize("identity", [7, 0, 1.5, False, {"$oid": "5f"}, ["a", 1]])
def test_an_id_of_another_type_is_written_as_it_came(identity) -> None:
    row: dict[str, Any] = {"id": identity, "instruction": "Count.", "input": "", "output": ""}
    assert orjson.dumps(to_row(from_row(row))) == orjson.dumps(row)


def test_a_child_that_inherits_its_parents_keys_is_written_with_its_own_id() -> None:
    parent = from_row({"id": 7, "instruction": "Count.", "lang": "en"})
    child = born(Record("Count to ten.", extra=parent.extra))
    row = to_row(child)
    assert (row["id"], row["lang"]) == (child.id, "en")


def test_what_turns_say_beyond_messages_is_written_as_it_came() -> None:
    turns = [{"role": "user", "content": "1?", "name": "Ann"}, {"role": "assistant", "content": "1.", "weight": 0}]
    assert to_row(from_row({"messages": turns}))["messages"] == turns


def test_a_system_string_beside_a_conversation_becomes_its_first_turn() -> None:
    record = from_row({"messages": [{"role": "user", "content": "1?"}], "system": "Be kind."})
    assert record.messages[0] == Message("system", "Be kind.")


def test_null_is_as_good_as_absent() -> None:
    row = dict.fromkeys(KEYS) | {"instruction": "Count."}
    assert from_row(row) == from_row({"instruction": "Count."})


def test_a_first_candidate_fills_an_empty_output() -> None:
    assert from_row({"instruction": "Count.", "candidates": [{"output": "1, 2"}]}).output == "1, 2"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"instruction": ""}, "the instruction is empty"),
        ({"instruction": " \n"}, "the instruction is empty"),
        ({"instruction": 5}, "`instruction` is a number, not a string"),
        ({"instruction": "x", "input": ["y"]}, "`input` is a list, not a string"),
        ({"instruction": "x", "output": {"a": 1}}, "`output` is an object, not a string"),
        ({"instruction": "x", "system": True}, "`system` is a boolean, not a string"),
        ({"instruction": "x", "scores": [1]}, "`scores` is a list, not an object"),
        ({"instruction": "x", "origin": "wiki"}, "`origin` is a string, not a list"),
        ({"instruction": "x", "origin": ["wiki"]}, "`origin[0]` is a string, not an object"),
        ({"instruction": "x", "origin": [{"op": "y"}]}, "`origin[0]` has no command"),
        ({"instruction": "x", "candidates": [{"rank": 1}]}, "`candidates[0]` has no output"),
        ({"instruction": "x", "candidates": [{"output": "y", "rank": "1"}]}, "`candidates[0].rank` is a string, not a"),
        ({"instruction": "x", "candidates": [{"output": "y", "logprob": 1}]}, "`candidates[0]` has the key `logprob`"),
        ({"instruction": "x", "output": "y", "candidates": [{"output": "z"}]}, "`output` is not the output of the"),
        ({"messages": "x"}, "`messages` is a string, not a list"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "the first user turn is empty or missing"),
    ],
)
def test_a_row_that_is_no_record_is_refused_with_the_reason(row, problem) -> None:
    with pytest.raises(RowError) as caught:
        from_row(row)
    assert caught.value.problem.startswith(problem)


def test_a_rejected_record_is_its_row_and_the_verdict() -> None:
    verdict = Verdict("too-similar", "rouge-l", 0.9, 0.7, "same words", Near("b", 0.9, "Count!"))
    assert rejection_row(Rejection("filter", verdict, Record("Count.", id="a"))) == {
        "id": "a",
        "instruction": "Count.",
        "input": "",
        "output": "",
        "rejected": {
            "stage": "filter",
            "reason": "too-similar",
            "rule": "rouge-l",
            "value": 0.9,
            "threshold": 0.7,
            "evidence": "same words",
            "near": {"id": "b", "similarity": 0.9, "text": "Count!"},
        },
    }


def test_a_reply_that_made_no_record_is_its_text_and_the_verdict() -> None:
    rejection = Rejection("self-instruct", Verdict("unparsed"), text="Sorry.")
    assert rejection_row(rejection) == {
        "text": "Sorry.",
        "rejected": {"stage": "self-instruct", "reason": "unparsed"},
    }


def test_a_value_of_zero_is_written() -> None:
    rejection = Rejection("filter", Verdict("short", value=0, threshold=0.0), text="x")
    assert rejection_row(rejection)["rejected"] == {"stage": "filter", "reason": "short", "value": 0, "threshold": 0.0}


def test_what_a_row_had_under_rejected_is_kept_within() -> None:
    pair = from_row({"instruction": "Count.", "chosen": "1, 2", "rejected": "No."})
    assert rejection_row(Rejection("filter", Verdict("short"), pair))["rejected"]["was"] == "No."
