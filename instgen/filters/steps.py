"""What besides rules may leave a record out: steps that remember what they kept, and selections, which see all first.

The verdicts of a step that remembers depend on the order of the records alone, not on how they are cut into batches.
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
