"""Alpaca rows, and rows that differ from them only in their column names.

These alternative names are recognized: `response` (alpaca_chat, Dolly), `prompt` and `completion` (TRL, Self-Instruct's
training file), `query` and `response` (ms-swift), `question` and `answer` (QA datasets), `context` for the input
(Dolly), and `input` with `output` but no instruction column, in which case the input is the instruction. A name that
is not Alpaca's own is used only if its value is a string; otherwise it goes to `extra` like any unknown key.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from instgen.formats.fields import Object
from instgen.formats.record import from_row
from instgen.records import Record

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "instruction": ("prompt", "query", "question"),
        "input": ("context",),
        "output": ("response", "completion", "answer"),
    }
)
"""Alternative names of the three columns, in order of precedence; Alpaca's own name comes first."""


def read(row: Object) -> tuple[Record, ...]:
    """Read the single record of a row.

    Raises:
        RowError: a value has the wrong type.
    """
    return (from_row(_renamed(row)),)


def asks(row: Object) -> bool:
    """Whether the row has an instruction under any known name."""
    return bool(_column(row, "instruction")) or _input_asks(row)


def _input_asks(row: Object) -> bool:
    return bool(row.get("input")) and "output" in row


def _column(row: Object, column: str) -> str:
    """The key under which the row holds one of Alpaca's columns; "" if it has none."""
    if row.get(column) is not None:
        return column
    return next((name for name in COLUMNS[column] if isinstance(row.get(name), str)), "")


def _renamed(row: Object) -> dict[str, Any]:
    sources = {column: _column(row, column) for column in COLUMNS}
    if not sources["instruction"]:
        sources |= {"instruction": "input", "input": ""}
    columns = {column: row[name] for column, name in sources.items() if name}
    used = {*sources, *filter(None, sources.values())}  # a row may have a key ""
    return columns | {key: value for key, value in row.items() if key not in used}
