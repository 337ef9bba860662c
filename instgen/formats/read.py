"""Detects a row's shape by its keys and reads its records; the rows of one file may have different shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from instgen.formats import alpaca, messages, preference, seed, sharegpt
from instgen.formats.fields import Object, RowError, shown
from instgen.records import Record


@dataclass(frozen=True, slots=True)
class Shape:
    """A row shape: how to recognize it, and how to read it."""

    name: str
    fits: Callable[[Object], bool]
    read: Callable[[Object], tuple[Record, ...]]


SHAPES = (
    Shape("messages", lambda row: bool(row.get("messages")), messages.read),
    Shape("ShareGPT", lambda row: _lists(row, "conversations"), sharegpt.read),
    Shape("prompt and completion turns", lambda row: _lists(row, "prompt"), messages.read_prompt),
    Shape("seed task", lambda row: isinstance(row.get("instances"), list), seed.read),
    Shape("preference", preference.fits, preference.read),
    Shape("record or Alpaca", alpaca.asks, alpaca.read),
)
"""In order of precedence: the first shape that fits is used."""


def records_from(row: Object) -> tuple[Record, ...]:
    """The records in a row of any known shape: one, or one per instance for a seed task.

    Raises:
        RowError: no shape fits, or a value has the wrong type.
    """
    shape = next((shape for shape in SHAPES if shape.fits(row)), None)
    if shape is None:
        found = f"its keys are {', '.join(shown(key) for key in list(row)[:8])}" if row else "it is empty"
        raise RowError(
            f"no instruction in this row: {found}",
            "a row has `instruction` (or `prompt`, `query`, `question`), `instances`, `messages` or `conversations`",
        )
    return shape.read(row)


def _lists(row: Object, key: str) -> bool:
    return isinstance(row.get(key), list) and bool(row[key])
