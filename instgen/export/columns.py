"""Columns: the names and types of the values in a file's rows, declared once for everything that must agree on them.

A dataset card's `features`, the Parquet schema and the Croissant fields are all derived from one `Columns`, because a
file fails to load if its rows have a key that the card does not declare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Row = dict[str, Any]


class Holds(Enum):
    """The type of a column's values; members for turns list the keys of a turn, with "…" for a list of turns."""

    TEXT = ()
    FLAG = (True,)
    NUMBER = (0.0,)
    TURN = ("role", "content")
    TURNS = ("role", "content", "…")
    SHAREGPT_TURN = ("from", "value")
    SHAREGPT_TURNS = ("from", "value", "…")
    MESSAGES = ("messages",)

    @property
    def keys(self) -> tuple[str, str] | None:
        """The two keys of a turn; None if the column does not hold turns."""
        return self.value[:2] if self in _TURNS else None

    @property
    def many(self) -> bool:
        """Whether each value is a list of turns."""
        return self in (Holds.TURNS, Holds.SHAREGPT_TURNS)


_TURNS = (Holds.TURN, Holds.TURNS, Holds.SHAREGPT_TURN, Holds.SHAREGPT_TURNS)


@dataclass(frozen=True, slots=True)
class Column:
    """A key that every row of a file has, and the type of its values."""

    name: str
    holds: Holds


Columns = tuple[Column, ...]

_DTYPES = {Holds.FLAG: "bool", Holds.NUMBER: "float64"}

MARGIN = Column("margin", Holds.NUMBER)
"""The column added by `--margin`: how much better the chosen answer is than the rejected one."""
META: Columns = (Column("id", Holds.TEXT), Column("meta", Holds.TEXT))
"""The columns added by `--keep-meta`: the record's id, and the rest of the record as a JSON string."""


def features(columns: Columns, indent: str) -> Iterator[str]:
    """The lines of a card's `features` (YAML), with the type names of the `datasets` library."""
    for column in columns:
        yield f"{indent}- name: {column.name}"
        if column.holds.keys is None:
            yield f"{indent}  dtype: {_DTYPES.get(column.holds, 'string')}"
            continue
        yield f"{indent}  {'list' if column.holds.many else 'struct'}:"
        for key in column.holds.keys:
            yield f"{indent}  - name: {key}"
            yield f"{indent}    dtype: string"
