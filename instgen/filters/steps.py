"""What else than a rule may leave a record out: what remembers, and selections, which need to see everything.

The verdicts of what remembers depend on the order of the records and on nothing else: how they are cut into batches
changes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from instgen.records import Record, Verdict


class Stateful(Protocol):
    """Judges records in their order, and remembers what it needs of those that it kept."""

    name: str

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """One answer a record, in order. Called on consecutive batches, with what the steps before have kept."""
        ...


class Selection(Protocol):
    """Has to see every record before it can say which go."""

    name: str

    def add(self, position: int, record: Record) -> None:
        """The next record, and the number to call it by."""
        ...

    def rejected(self) -> Mapping[int, Verdict]:
        """At the end: the numbers of those that go, each with the verdict that did it."""
        ...
