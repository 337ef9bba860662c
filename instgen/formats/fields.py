"""Single values of a row: what they must be, and the error that says what they are instead.

A message names the key as it stands in the row. What a row says about itself is never guessed at: a value of the wrong
type is refused, with null taken as "not there".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

Object = Mapping[str, Any]
"""A JSON object, as a row has it."""

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
    """A row that makes no record: what is wrong with it, and what to do. Whoever read the row knows where it stood."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def kind(value: object) -> str:
    """A JSON value's type in a reader's words: "a number", "a list"."""
    return _KINDS.get(type(value), type(value).__name__)


def shown(key: str) -> str:
    """A key fit to be quoted in an error: short, and without control characters that a terminal would act on."""
    printable = "".join(char if char.isprintable() else "?" for char in key[:40])
    return f"`{printable}`" if len(key) <= 40 else f"`{printable}…`"


def _wrong(name: str, value: object, wanted: str) -> RowError:
    return RowError(f"`{name}` is {kind(value)}, not {wanted}")


def text(name: str, value: object) -> str:
    """The string that `value` is; "" for null.

    Raises:
        RowError: it is something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(name, value, "a string")
    return value


def texts(name: str, value: object) -> tuple[str, ...]:
    """The strings of the list that `value` is.

    Raises:
        RowError: it is no list, or one of strings and other things.
    """
    return tuple(text(f"{name}[{at}]", item) for at, item in enumerate(items(name, value)))


def whole(name: str, value: object) -> int:
    """The whole number that `value` is.

    Raises:
        RowError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, value, "a whole number")
    return value


def numbers(name: str, value: object) -> dict[str, float]:
    """The numbers, by name, of the object that `value` is.

    Raises:
        RowError: it is no object, or one of numbers and other things.
    """
    found = fields(name, value)
    for key, number in found.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _wrong(f"{name}.{key}", number, "a number")
    return dict(found)


def items(name: str, value: object) -> list[Any]:
    """The items of the list that `value` is; none for null.

    Raises:
        RowError: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(name, value, "a list")
    return value


def fields(name: str, value: object) -> Object:
    """The fields of the object that `value` is; none for null.

    Raises:
        RowError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, value, "an object")
    return value


def only(name: str, value: Object, known: Collection[str]) -> None:
    """Refuse keys that a record has no place for: to read on would be to lose them.

    Raises:
        RowError: there is such a key.
    """
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise RowError(
            f"`{name}` has the key {shown(unknown)}, which this version of instgen does not know",
            f"if `{name}` holds something of your own, give it another name",
        )


def spelled(identity: object) -> str:
    """A row's id as text: a string as it is, null as "", anything else as its JSON."""
    if identity is None:
        return ""
    if isinstance(identity, str):
        return identity
    return json.dumps(identity, ensure_ascii=False, separators=(",", ":"))
