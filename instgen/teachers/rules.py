"""The rules of a scripted teacher, parsed from the lines of its file and validated; each problem names its line.

The rule: nothing is guessed. An unknown key, a value of the wrong type and a rule that could answer in two ways are
errors when the file is read, not surprises in the middle of a run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import orjson

from instgen.errors import InputError
from instgen.records import Finish, Usage
from instgen.teachers.expression import Expression, ExpressionError
from instgen.teachers.prices import FREE
from instgen.teachers.slots import SlotError, Template, template
from instgen.teachers.teacher import Traits

Row = Mapping[str, Any]

FINISHES = ("stop", "length", "refusal")
ANSWERS = ("reply", "error", "fatal")
HEAD = ("traits", "log")


@dataclass(frozen=True, slots=True)
class Rule:
    """The conditions under which a rule applies, and its answer; the fields are those documented in `scripted`."""

    when: str = ""
    match: Expression | None = None
    chance: float = 1.0
    replies: tuple[Template, ...] = ()
    reasoning: str = ""
    finish: Finish = "stop"
    cut: int | None = None
    error: str = ""
    fatal: str = ""
    latency: tuple[float, float] = (0.0, 0.0)
    usage: Usage | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed file: its rules and the settings of its head line."""

    rules: tuple[Rule, ...]
    traits: Traits = field(default_factory=Traits)
    log: Path | None = None


def rows_of(lines: Iterable[str], name: str) -> dict[int, Row]:
    """The JSON objects on the lines that are not blank, by line number.

    Raises:
        InputError: a line is not a JSON object.
    """
    rows: dict[int, Row] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as problem:
            raise InputError(where, f"not JSON: {problem}", hint="one rule per line, as a JSON object") from problem
        if not isinstance(row, dict):
            raise InputError(where, "not a rule", hint="one rule per line, as a JSON object")
        rows[number] = row
    return rows


def script(rows: Mapping[int, Row], name: str) -> Script:
    """The script made of numbered rows; the first may be a head with `traits`, `log` or both.

    Raises:
        InputError: a row is invalid, or there is no rule.
    """
    placed = [(f"{name}:{number}", row) for number, row in rows.items()]
    head = _Head()
    if placed and set(placed[0][1]) & set(HEAD):
        where, row = placed.pop(0)
        head = _head(row, where)
    if not placed:
        raise InputError(name, "contains no rule", hint='the shortest is {"reply": "..."}')
    return Script(tuple(_rule(row, where) for where, row in placed), head.traits, head.log)


@dataclass(frozen=True, slots=True)
class _Head:
    traits: Traits = field(default_factory=Traits)
    log: Path | None = None


def _head(row: Row, where: str) -> _Head:
    _check_keys(row, HEAD, where)
    log = Path(_text(row["log"], "log", where)) if "log" in row else None
    return _Head(_traits(row.get("traits", {}), where), log)


def _rule(row: Row, where: str) -> Rule:
    _check_keys(row, tuple(_READERS), where)
    given = [key for key in ANSWERS if key in row]
    if len(given) > 1 or (not given and row.get("finish") != "refusal"):
        raise InputError(where, "a rule has one of reply, error and fatal", hint="or only a finish of refusal")
    found: dict[str, Any] = {_FIELDS.get(key, key): _READERS[key](value, key, where) for key, value in row.items()}
    return Rule(**({"replies": (template(""),)} | found))


def _check_keys(row: Row, known: tuple[str, ...], where: str) -> None:
    for key in row:
        if key not in known:
            raise InputError(where, f"unknown key {key!r}", hint=f"known: {', '.join(known)}")


def _wrong(key: str, wanted: str, where: str) -> InputError:
    return InputError(where, f"{key} must be {wanted}")


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, "a non-empty text", where)
    return value


def _number(value: object, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _wrong(key, "a number, 0 or more", where)
    return float(value)


def _count(value: object, key: str, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(key, "a whole number, 0 or more", where)
    return value


def _share(value: object, key: str, where: str) -> float:
    if (number := _number(value, key, where)) > 1:
        raise _wrong(key, "a share between 0 and 1", where)
    return number


def _span(value: object, key: str, where: str) -> tuple[float, float]:
    ends = value if isinstance(value, list) else [value, value]
    if len(ends) != 2:
        raise _wrong(key, "seconds, or [least, most]", where)
    least, most = (_number(end, key, where) for end in ends)
    if least > most:
        raise _wrong(key, "[least, most], in this order", where)
    return least, most


def _replies(value: object, key: str, where: str) -> tuple[Template, ...]:
    texts: list[Any] = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise _wrong(key, "a text, or a list of texts", where)
    try:
        return tuple(template(text) for text in texts)
    except SlotError as problem:
        raise InputError(where, f"{key}: {problem}") from problem


def _pattern(value: object, key: str, where: str) -> Expression:
    try:
        return Expression(_text(value, key, where))
    except ExpressionError as problem:
        hint = "RE2 syntax has no look-around and no back-references"
        raise InputError(where, f"{key} is not a regular expression: {problem}", hint) from problem


def _finish(value: object, key: str, where: str) -> Finish:
    if value not in FINISHES:
        raise _wrong(key, f"one of {', '.join(FINISHES)}", where)
    return cast("Finish", value)


def _usage(value: object, key: str, where: str) -> Usage:
    if not isinstance(value, dict):
        return Usage(completion=_count(value, key, where))
    _check_keys(value, ("prompt", "completion", "cached", "reasoning"), where)
    counts: dict[str, Any] = {name: _count(tokens, f"{key}.{name}", where) for name, tokens in value.items()}
    return Usage(**counts)


def _traits(value: object, where: str) -> Traits:
    kinds: dict[str, type] = {each.name: type(each.default) for each in fields(Traits) if each.name != "price"}
    if not isinstance(value, dict):
        raise _wrong("traits", "an object", where)
    _check_keys(value, tuple(kinds), where)
    for name, trait in value.items():
        if kinds[name] is bool and not isinstance(trait, bool):
            raise _wrong(f"traits.{name}", "true or false", where)
        if kinds[name] is int and _count(trait, f"traits.{name}", where) == 0:
            raise _wrong(f"traits.{name}", "a whole number, 1 or more", where)
    return Traits(price=FREE, **value)


_READERS: Mapping[str, Callable[[object, str, str], object]] = {
    "when": _text,
    "match": _pattern,
    "chance": _share,
    "reply": _replies,
    "reasoning": _text,
    "finish": _finish,
    "cut": _count,
    "error": _text,
    "fatal": _text,
    "latency": _span,
    "tokens": _usage,
    "cost": _number,
}
"""Each key of a rule, with the function (of value, key and place) that reads and validates its value."""

_FIELDS = {"reply": "replies", "tokens": "usage"}
"""Keys whose field in `Rule` has another name."""
