"""No text and no pattern keeps a run busy for ever: time grows with the text, and not with its square or worse.

Each text below took minutes or more before; the alarm is what makes a hang a failure, and none of them comes near it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from instgen.errors import InputError
from instgen.filters.rulebook import Rulebook
from instgen.filters.table import RULES
from instgen.lines import MAX_DEPTH, BadLine, Row, read_batches
from instgen.prompts.template import parse_template
from instgen.recipes.json_objects import MOST_BROKEN, objects_in
from instgen.recipes.rank_verdict import read_listing, read_pair
from instgen.recipes.reading import read_tasks
from instgen.recipes.verdict import read_scores
from instgen.records import Message, Prompt, Record
from instgen.scores.rubric import Scale
from instgen.teachers.expression import Expression, ExpressionError
from instgen.teachers.rules import script
from instgen.text.language import prose
from tests.fuzz.fuzzing import moment

LONGEST = 20
"""Seconds of this process's own time; what is linear takes a fraction of one."""
SIZE = 100_000


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    with moment(LONGEST):
        yield


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*a){12}$", r"(\w+\s?)*$"])
def test_a_users_expression_takes_linear_time(pattern: str) -> None:
    assert not Expression(f"^{pattern}").occurs_in("a" * 50_000 + "!")


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(?<!a)b", "("])
def test_an_expression_that_could_hang_is_refused_with_its_place(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(pattern)
    with pytest.raises(InputError, match="rules:3: match is not a regular expression"):
        script({3: {"match": pattern, "reply": "x"}}, "rules")


def test_pythons_escapes_mean_what_they_mean_in_python() -> None:
    assert Expression(r"^[\u4e00-\u9fff]+\U0001F680\Z").occurs_in("你好\U0001f680")
    assert not Expression(r"^[\u4e00-\u9fff]+\Z").occurs_in("你好\n")
    assert Expression(r"^\\u4e00$").occurs_in(r"\u4e00")


TEXTS = ("\n", "{", '{"a":', "a", "a`", "a@", ", ", "” ", "```\n", "1. ", ": ", "- ", "[[", "<", "Input:\n", "。")
READERS: dict[str, Callable[[str], object]] = {
    "objects": lambda text: list(objects_in(text)),
    "scores": lambda text: read_scores(text, (Scale("safety", 1, 5),)),
    "pair": read_pair,
    "listing": lambda text: read_listing(text, 4),
    "prose": prose,
    "tasks": lambda text: read_tasks(text, whole=True),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reply_that_repeats_itself_is_read_in_linear_time(name: str) -> None:
    size = SIZE if name in {"objects", "prose"} else SIZE // 10
    for text in TEXTS:
        READERS[name](text * (size // len(text)) + "!")


def test_an_object_behind_broken_ones_is_found_up_to_a_limit() -> None:
    assert list(objects_in('{"a": ' * (MOST_BROKEN - 1) + '\n{"b": 1}')) == [{"b": 1}]
    assert not list(objects_in('{"a": ' * (MOST_BROKEN + 1) + '\n{"b": 1}'))
    assert list(objects_in('void f() { return {}; } { "b": 1 }')) == [{}, {"b": 1}]


@pytest.mark.parametrize("text", ["\n", "a", ", ", "`a", "<b>", "1. "])
def test_no_rule_hangs_on_a_row_that_repeats_itself(text: str) -> None:
    long = text * (SIZE // 2 // len(text))
    for record in (Record(f"Summarize the text below{long}", output="A"), Record("Name a tree.", output=f"{long}x")):
        for rule in RULES:
            Rulebook([rule]).verdict(record)


ONE = b'{"n": 1}'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[" * SIZE, "array is broken"),
        (b'{"a":' * SIZE, "not JSON"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "nested more than"),
        (b'{"n": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"n": 1e999}', "not JSON"),
        (b'{"s": "\\ud800"}', "half a character"),
        (b'{"n": ' + b"9" * 300 + b"}", ""),
        (json.dumps({str(number * (2**61 - 1)): 0 for number in range(20_000)}).encode(), ""),
    ],
    ids=["[[", "{{", "deep", "5000 digits", "1e999", "surrogate", "300 digits", "equal hashes"],
)
def test_deep_nesting_huge_numbers_and_equal_hashes_are_rows_or_are_told(line: bytes, said: str) -> None:
    batches = read_batches([line + b"\n" + ONE + b"\n"], "rows")
    if said == "array is broken":
        with pytest.raises(InputError, match=said):
            list(batches)
        return
    first, second = [each for batch in batches for each in batch]
    assert isinstance(second, Row)
    assert second.raw == ONE
    assert isinstance(first, BadLine) == bool(said)
    assert said in (first.problem.problem if isinstance(first, BadLine) else "")


def test_what_stands_in_a_value_is_never_a_template() -> None:
    template = parse_template("mine", "---\n[[user]]\n{{task}} {0} {task.__class__} %s ${HOME} {% raw %}")
    value = "{{task}} {{mark}} {0.__class__} {% for x in y %} $(rm -rf ~)"
    assert template.render(task=value) == Prompt(
        (Message("user", f"{value} {{0}} {{task.__class__}} %s ${{HOME}} {{% raw %}}"),), sources=(template.source,)
    )
