"""Type checks for single values of a row, and the error that reports a value of the wrong type.

The rule: values are never coerced. A value of the wrong type is an error that names the key as it is in the row; null
counts as absent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

Object = Mapping[str, Any]
"""A JSON object: a row, or a value in one."""

_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


class RowError(ValueError):
    """A row that cannot be read as a record: the problem, and a hint at the fix. The caller knows its file and line."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def kind(value: object) -> str:
    """A value's JSON type as worded in messages: "a number", "a list"."""
    return _KINDS.get(type(value), type(value).__name__)


def shown(key: str) -> str:
    """A key quoted for an error message: cut to 40 characters, with control characters replaced by "?"."""
    printable = "".join(char if char.isprintable() else "?" for char in key[:40])
    return f"`{printable}`" if len(key) <= 40 else f"`{printable}…`"


def _wrong(name: str, value: object, wanted: str) -> RowError:
    return RowError(f"`{name}` is {kind(value)}, not {wanted}")


def text(name: str, value: object) -> str:
    """The value as a string; "" for null.

    Raises:
        RowError: it has another type.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(name, value, "a string")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """The value as a tuple of strings; empty for null.

    Raises:
        RowError: it is not a list, or an item is not a string.
    """
    return tuple(text(f"{name}[{at}]", item) for at, item in enumerate(items(name, value)))


def whole(name: str, value: object) -> int:
    """The value as an integer.

    Raises:
        RowError: it has another type.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, value, "a whole number")
    return value


def numbers(name: str, value: object) -> dict[str, float]:
    """The value as a mapping from names to numbers; empty for null.

    Raises:
        RowError: it is not an object, or one of its values is not a number.
    """
    found = fields(name, value)
    for key, number in found.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _wrong(f"{name}.{key}", number, "a number")
    return dict(found)


def items(name: str, value: object) -> list[Any]:
    """The value as a list; empty for null.

    Raises:
        RowError: it has another type.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(name, value, "a list")
    return value


def fields(name: str, value: object) -> Object:
    """The value as an object; empty for null.

    Raises:
        RowError: it has another type.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, value, "an object")
    return value


def only(name: str, value: Object, known: Collection[str]) -> None:
    """Reject unknown keys, as a record has no field that could keep their values.

    Raises:
        RowError: there is an unknown key.
    """
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise RowError(
            f"`{name}` has the key {shown(unknown)}, which this version of instgen does not know",
            f"if `{name}` holds something of your own, rename it",
        )


def spelled(identity: object) -> str:
    """A row's id as text: a string unchanged, null as "", anything else as compact JSON."""
    if identity is None:
        return ""
    if isinstance(identity, str):
        return identity
    return json.dumps(identity, ensure_ascii=False, separators=(",", ":"))
