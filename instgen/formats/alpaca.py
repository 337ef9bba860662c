"""Alpaca rows, and rows that differ from them only in the names of their columns.

The columns are told apart by the names that are in use: `response` (alpaca_chat, Dolly), `prompt` and `completion`
(TRL, Self-Instruct's training file), `query` and `response` (ms-swift), `question` and `answer` (question sets),
`context` for the input (Dolly), and `input` and `output` alone, where the input is what is asked. A name that is not
Alpaca's own counts only where it holds a string; otherwise it rides along like any key that we do not know.
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
"""Other names of the three columns, each used where the ones before it are absent."""


def read(row: Object) -> tuple[Record, ...]:
    """The one record of a row.

    Raises:
        RowError: a value is not what its key promises.
    """
    return (from_row(_renamed(row)),)


def asks(row: Object) -> bool:
    """Whether there is an instruction in the row, under any name."""
    return bool(_column(row, "instruction")) or _input_asks(row)


def _input_asks(row: Object) -> bool:
    return bool(row.get("input")) and "output" in row


def _column(row: Object, ours: str) -> str:
    """The name under which the row holds one of our columns; "" if it does not."""
    if row.get(ours) is not None:
        return ours
    return next((name for name in COLUMNS[ours] if isinstance(row.get(name), str)), "")


def _renamed(row: Object) -> dict[str, Any]:
    sources = {ours: _column(row, ours) for ours in COLUMNS}
    if not sources["instruction"]:
        sources |= {"instruction": "input", "input": ""}
    columns = {ours: row[name] for ours, name in sources.items() if name}
    used = {*sources, *filter(None, sources.values())}  # a row may have a key ""
    return columns | {key: value for key, value in row.items() if key not in used}
