"""What the words of a command line become, quickly: typer's own way to a value begins with the import of pydantic.

The rule: a value that this module makes is the one that typer would have made; what it does not know, typer makes.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

_NUMBER = {int: re.compile(r"[0-9]{1,9}"), float: re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")}
"""Numbers about whose meaning nobody differs."""


def quicken(param: Any) -> Any:
    """The parameter, which now takes its default as it is, and makes simple values itself.

    Where a command line is only completed, nothing is read and nothing told: no value is converted at all.
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
    """A simple value, or a list of them; None for all else, and for nothing."""
    if isinstance(value, str):
        return _one(param, kind, value)
    if value and isinstance(value, list | tuple) and getattr(kind, "__origin__", None) is list:
        found = [_one(param, kind.__args__[0], each) for each in value]
        return None if None in found else found
    return None


def _one(param: Any, kind: Any, said: Any) -> Any:
    if not isinstance(said, str):
        return None
    if kind in {str, Path}:
        return kind(said)
    if kind in _NUMBER and _NUMBER[kind].fullmatch(said):
        number = kind(said)
        return number if (param.min or 0) <= number and (param.max is None or number <= param.max) else None
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next((each for each in kind if each.value == said), None)
    return None
