from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from instgen.errors import InputError
from instgen.records import Usage
from instgen.teachers.prices import FREE
from instgen.teachers.rules import rows_of, script
from instgen.teachers.teacher import Traits


def read(*rows: dict[str, Any]) -> Any:
    return script(dict(enumerate(rows, 1)), "rules")


@pytest.mark.parametrize(
    "row",
    [
        {"reply": "x", "wehn": "y"},
        {"reply": 3},
        {"reply": []},
        {"reply": ["x", None]},
        {"reply": "x", "error": "y"},
        {"reply": "x", "fatal": "y"},
        {"when": "x"},
        {"finish": "length"},
        {"reply": "x", "finish": "done"},
        {"reply": "x", "when": ""},
        {"reply": "x", "when": 1},
        {"reply": "x", "match": "("},
        {"reply": "x", "chance": 1.5},
        {"reply": "x", "chance": True},
        {"reply": "x", "latency": -1},
        {"reply": "x", "latency": [2, 1]},
        {"reply": "x", "latency": [1]},
        {"reply": "x", "cut": 1.5},
        {"reply": "x", "cut": -1},
        {"reply": "x", "tokens": "many"},
        {"reply": "x", "tokens": {"input": 3}},
        {"reply": "x", "cost": "free"},
        {"reply": "x", "reasoning": 1},
        {"reply": "{{wrods 8}}"},
        {"reply": ["fine", "{{words}}"]},
        {"error": ""},
    ],
)
def test_a_rule_that_is_not_understood_is_told_with_its_line(row: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^rules:2: "):
        read({"reply": "fine"}, row)


@pytest.mark.parametrize(
    "head",
    [
        {"traits": {"speed": 3}},
        {"traits": {"window": 0}},
        {"traits": {"window": True}},
        {"traits": {"continues": 1}},
        {"traits": 4},
        {"log": 4},
        {"traits": {}, "reply": "x"},
    ],
)
def test_a_head_that_is_not_understood_is_told_with_its_line(head: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^rules:1: "):
        read(head, {"reply": "fine"})


def test_a_head_anywhere_else_is_no_rule() -> None:
    with pytest.raises(InputError, match=r"^rules:2: .*'traits'"):
        read({"reply": "fine"}, {"traits": {}})


def test_an_unknown_key_is_told_what_is_known() -> None:
    with pytest.raises(InputError) as caught:
        read({"reply": "x", "wehn": "y"})
    assert "when, match" in caught.value.hint


@pytest.mark.parametrize("rows", [[], [{"traits": {"window": 2}}]])
def test_a_script_without_a_rule_is_an_error(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError, match="contains no rule"):
        read(*rows)


def test_the_head_gives_traits_and_log() -> None:
    made = read({"traits": {"tasks_per_call": 1, "window": 8, "continues": True}, "log": "calls.log"}, {"reply": "x"})
    assert made.traits == Traits(tasks_per_call=1, window=8, continues=True, price=FREE)
    assert made.log == Path("calls.log")


def test_without_a_head_the_traits_are_the_usual_ones() -> None:
    made = read({"reply": "x"})
    assert (made.traits, made.log, len(made.rules)) == (Traits(), None, 1)


def test_a_single_latency_is_a_span_of_one_point() -> None:
    assert read({"reply": "x", "latency": 2}).rules[0].latency == (2.0, 2.0)


@pytest.mark.parametrize(
    ("tokens", "usage"),
    [(9, Usage(completion=9)), ({"prompt": 7, "completion": 9, "cached": 2}, Usage(7, 9, cached=2))],
)
def test_tokens_are_usage(tokens: object, usage: Usage) -> None:
    assert read({"reply": "x", "tokens": tokens}).rules[0].usage == usage


def test_a_refusal_needs_no_reply() -> None:
    assert read({"finish": "refusal"}).rules[0].finish == "refusal"


def test_blank_lines_are_skipped_and_counted() -> None:
    assert rows_of(["", '{"reply": "x"}', "  ", '{"reply": "y"}'], "f") == {2: {"reply": "x"}, 4: {"reply": "y"}}


@pytest.mark.parametrize("line", ["{", "[1]", '"x"', "reply: x"])
def test_a_line_that_is_no_object_is_told_with_its_number(line: str) -> None:
    with pytest.raises(InputError, match=r"^f:3: "):
        rows_of(['{"reply": "x"}', "", line], "f")
