"""Interfaces of the filters beyond rules: stateful steps, which remember what they kept, and selections.

The rule: the verdicts of a stateful step depend only on the order of the records, not on how they are batched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from instgen.records import Record, Verdict


class Stateful(Protocol):
    """A step that judges records in order and remembers what it needs of those it kept."""

    name: str

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """One verdict or None per record, in order. Called on consecutive batches of what the previous steps kept."""
        ...


class Selection(Protocol):
    """A step that must see every record before it can decide which to reject."""

    name: str

    def add(self, position: int, record: Record) -> None:
        """Add the next record, identified by its position."""
        ...

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdicts against the rejected records, by position; called once, after all records were added."""
        ...
