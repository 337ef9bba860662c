"""Fast conversion of command-line words to values, because typer's own imports pydantic first.

The rule: a value converted here equals the one that typer would have made; anything else is left to typer.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

_NUMBER = {int: re.compile(r"[0-9]{1,9}"), float: re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")}
"""Forms of numbers that are converted here."""


def quicken(param: Any) -> Any:
    """Make a parameter take its default as it is, and convert simple values itself; returns the parameter.

    During shell completion no value is converted, so that nothing is read and no error is raised.
    """
    if "process_value" in vars(param):
        return param
    slowly = param.process_value
    kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)

    def process_value(context: Any, value: Any) -> Any:
        if context.resilient_parsing:
            return value
        if value is param.default and not param.required:
            value = () if value is None and (param.multiple or param.nargs == -1) else value
            return value if param.callback is None else param.callback(context, param, value)
        if param.callback is None and (found := _quickly(param, kind, value)) is not None:
            return found
        return slowly(context, value)

    param.process_value = process_value
    return param


def _quickly(param: Any, kind: Any, value: Any) -> Any:
    """The converted value, or list of values; None if typer must convert it."""
    if isinstance(value, str):
        return _one(param, kind, value)
    if value and isinstance(value, list | tuple) and getattr(kind, "__origin__", None) is list:
        found = [_one(param, kind.__args__[0], each) for each in value]
        return None if None in found else found
    return None


def _one(param: Any, kind: Any, word: Any) -> Any:
    if not isinstance(word, str):
        return None
    if kind in {str, Path}:
        return kind(word)
    if kind in _NUMBER and _NUMBER[kind].fullmatch(word):
        number = kind(word)
        return number if (param.min or 0) <= number and (param.max is None or number <= param.max) else None
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next((each for each in kind if each.value == word), None)
    return None
