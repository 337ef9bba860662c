"""Columns: the names and types of a file's rows, declared once and read by everything that must agree on them.

Rows, a dataset card's `features`, Parquet's schema and Croissant's fields all come from one `Columns`: a key that the
rows have and the card does not name makes the whole file fail to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Row = dict[str, Any]


class Holds(Enum):
    """What a column holds; for objects, the keys of each."""

    TEXT = ()
    FLAG = (True,)
    NUMBER = (0.0,)
    TURN = ("role", "content")
    TURNS = ("role", "content", "…")
    SAID = ("from", "value")
    SAIDS = ("from", "value", "…")
    ASKED = ("messages",)

    @property
    def keys(self) -> tuple[str, str] | None:
        """The two keys of a turn; None for what is no turn."""
        return self.value[:2] if self in _TURNS else None

    @property
    def many(self) -> bool:
        """Whether it is a list of turns."""
        return self in (Holds.TURNS, Holds.SAIDS)


_TURNS = (Holds.TURN, Holds.TURNS, Holds.SAID, Holds.SAIDS)


@dataclass(frozen=True, slots=True)
class Column:
    """A key that every row of a file has."""

    name: str
    holds: Holds


Columns = tuple[Column, ...]

_DTYPES = {Holds.FLAG: "bool", Holds.NUMBER: "float64"}

MARGIN = Column("margin", Holds.NUMBER)
"""What `--margin` adds: by how much the better answer is the better one."""
META: Columns = (Column("id", Holds.TEXT), Column("meta", Holds.TEXT))
"""What `--keep-meta` adds: the record's id, and everything else that it knows as a JSON string."""


def features(columns: Columns, indent: str) -> Iterator[str]:
    """The lines of a card's `features`: the types, as the `datasets` library names them."""
    for column in columns:
        yield f"{indent}- name: {column.name}"
        if column.holds.keys is None:
            yield f"{indent}  dtype: {_DTYPES.get(column.holds, 'string')}"
            continue
        yield f"{indent}  {'list' if column.holds.many else 'struct'}:"
        for key in column.holds.keys:
            yield f"{indent}  - name: {key}"
            yield f"{indent}    dtype: string"
