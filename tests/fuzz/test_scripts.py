"""Whatever a scripted teacher's file says is rules or one error with its line, and no expression holds a run up."""

from __future__ import annotations

from typing import Any

from instgen.errors import InputError
from instgen.teachers.expression import Expression, ExpressionError
from instgen.teachers.rules import rows_of, script
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.texts import LONG, spelled, values

KEYS = (
    "when", "match", "chance", "reply", "reasoning", "finish", "cut", "error", "fatal", "latency", "tokens", "cost",
    "traits", "log", "prompt", "completion", "window", "continues", "",
)  # fmt: skip
SCALARS = (
    None, True, False, 0, 1, -1, 0.5, 2**63, 1e308, "", "x", "stop", "length", "{{words 8}}", "{{words}}", "{{",
    "{{number 3 1}}", "{{a b c}}", "(", "a+", "[a-", "\\", "(?=a)", "\\1", "\\p{L}", "x{1000}", "\ud800",
    "{{words 99999999999}}", "{{number 1 9}}",
)  # fmt: skip
PATTERNS = (
    "a", "b", ".", "*", "+", "?", "(", ")", "[", "]", "^", "$", "|", "(a+)+", "(a|a)*", "(.*)*", "{1,1000}", "{2}",
    "{,}", "(?:", "(?i)", "(?=", "(?P<n>", "\\1", "\\d", "\\w", "\\b", "\\Z", "\\z", "\\u00e9", "\\U0001F600",
    "\\ud800", "\\x{110000}", "\\p{L}", "\\p{", "\\Q", "\\", "é", "文", "\0", "\ud83d", "\n", "[^", "-", "a-z",
    "[[:alpha:]]", "\\C",
)  # fmt: skip
LINES = (
    '{"reply":"x"}', "{", "}", '"', "[", "]", "7", "\n", "\0", ":", '{"reply":"\\ud800"}', '{"reply":' + "[" * 2_000,
)  # fmt: skip


@fuzzed(rows=inputs.lists(values(SCALARS, KEYS, 6), max_size=3))
def test_a_script_is_rules_or_one_error_with_its_line(rows: list[dict[str, Any]]) -> None:
    try:
        made = script(dict(enumerate(rows, 1)), "f")
    except InputError as problem:
        told(problem, "f")
    else:
        assert made.rules or not rows or rows[0].keys() & {"traits", "log"}


@fuzzed(text=spelled(LINES, 9))
def test_lines_of_a_script_are_rows_or_one_error(text: str) -> None:
    try:
        found = rows_of(text.split("\n"), "f")
    except InputError as problem:
        told(problem, "f:")
    else:
        assert all(isinstance(row, dict) for row in found.values())


@fuzzed(pattern=spelled(PATTERNS, 10), text=spelled(("a" * LONG, "a", "b", "é", "\n", "\ud800", "!"), 4))
def test_no_expression_takes_longer_than_its_text_is_long(pattern: str, text: str) -> None:
    with moment():
        try:
            expression = Expression(pattern)
        except ExpressionError as problem:
            told(problem)
        else:
            expression.occurs_in(text)
