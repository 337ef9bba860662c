"""Duplicates: rows that equal another row, have nearly the same words, or have a similar task by ROUGE-L.

`Exact`, `Near` and `Novel` judge rows in order: a row is rejected if it is too similar to a row kept before it, or to
one of the `against` rows, and the verdict names that row. `Clusters` sees all rows first and keeps the longest or the
best of those that are similar.

The rule: one of a group of similar rows is always kept, and which one does not depend on how the rows are batched.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from instgen.errors import UsageError
from instgen.filters.compared import AT_ONCE, TEXTS, On, in_batches, index_for, task
from instgen.filters.seen import Digests, Names
from instgen.filters.selection import score_of
from instgen.records import Record, Verdict
from instgen.text.rouge import exact
from instgen.text.tokens import fold
from instgen.text.written import script

if TYPE_CHECKING:
    from instgen.text.greedy import Match

NOVELTY = 0.7
"""Default ROUGE-L F of two tasks; exactly at 0.7 a task still counts as new (Self-Instruct, section 2.2)."""
NEAR = 0.7
"""Default Jaccard similarity of tokens and their pairs: two texts that differ in one word of about ten are near."""
NO_SCRIPTS: Mapping[str, float] = MappingProxyType({})
_EXCHANGE = ("user", "assistant")

Policy = Literal["longest", "best"]


def digest(record: Record) -> bytes:
    """BLAKE2b-128 of a record's messages or fields, ignoring case, width and white space.

    A conversation of one exchange has the same digest as a row with its question as instruction and its answer as
    output.
    """
    parts = [record.system or ""]
    if len(record.messages) == len(_EXCHANGE) and tuple(message.role for message in record.messages) == _EXCHANGE:
        parts += ["", record.messages[0].content, "", record.messages[1].content]
    elif record.messages:
        parts += [part for message in record.messages for part in (message.role, message.content)]
    else:
        parts += ["", record.instruction, record.input, record.output]
    parts += [candidate.output for candidate in record.candidates]
    content = " ".join(fold(" \0 ".join(parts)).split())
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Exact:
    """Rejects rows that equal an earlier one, ignoring case, width and white space; uses 80 bytes per kept row."""

    name = "exact"

    def __init__(self, against: Iterable[Record] = ()) -> None:
        self._digests = Digests()
        self._names = Names()
        for record in against:
            self._number(record)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that equals an earlier one."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        number = self._number(record)
        if number is None:
            return None
        return Verdict("duplicate", self.name, near=self._names.near(number, 1.0, task(record)))

    def _number(self, record: Record) -> int | None:
        """The number of the equal row, or None: then this one is remembered."""
        known = len(self._digests)
        number = self._digests.number(digest(record))
        if number < known:
            return number
        self._names.add(record.id)
        return None


class Novel:
    """Rejects rows whose task's ROUGE-L F with an earlier task is above the threshold."""

    name = "novelty"

    def __init__(
        self,
        threshold: float = NOVELTY,
        *,
        scripts: Mapping[str, float] = NO_SCRIPTS,
        on: On = "task",
        against: Iterable[Record] = (),
    ) -> None:
        """Index the `against` rows.

        Args:
            threshold: the highest ROUGE-L F allowed between a row and any other.
            scripts: thresholds for texts in particular scripts, by name (`text.written.SCRIPTS`).
            on: what is compared: the instruction with its input, or the instruction alone.
            against: existing rows: not judged, but compared with.

        Raises:
            UsageError: a threshold is not between 0 and 1.
        """
        self._threshold = exact(threshold)
        self._scripts = {name: exact(limit) for name, limit in scripts.items()}
        self._text = TEXTS[on]
        self._names = Names()
        limits = (self._threshold, *self._scripts.values())
        self._index = index_for(min(limits), max(limits))
        for records in in_batches(against):
            self._index.add([self._remembered(record) for record in records])

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that is too similar to a row kept before it."""
        texts = [self._text(record) for record in records]
        thresholds = [self._limit(text) for text in texts]
        matches = self._index.judge(texts, thresholds if self._scripts else None)
        for record, match in zip(records, matches, strict=True):
            if match is None:
                self._remembered(record)
        pairs = zip(matches, thresholds, strict=True)
        return [self._verdict(match, float(threshold)) if match else None for match, threshold in pairs]

    def _limit(self, text: str) -> Fraction:
        return self._scripts.get(script(text), self._threshold) if self._scripts else self._threshold

    def _remembered(self, record: Record) -> str:
        text = self._text(record)
        self._names.add(record.id, text)
        return text

    def _verdict(self, match: Match, threshold: float) -> Verdict:
        near = self._names.near(match.row, match.similarity)
        return Verdict("not-novel", self.name, match.similarity, threshold, near=near)


class Near:
    """Rejects rows that have most words and most pairs of neighbouring words in common with an earlier one."""

    name = "near"

    def __init__(self, threshold: float = NEAR, *, on: On = "task", against: Iterable[Record] = ()) -> None:
        """Index the `against` rows.

        Args:
            threshold: the lowest Jaccard similarity at which two texts are near duplicates.
            on: what is compared: the instruction with its input, or the instruction alone.
            against: existing rows: not judged, but compared with.

        Raises:
            UsageError: the threshold is not above 0 and at most 1.
        """
        from instgen.text.minhash import NearIndex

        self._threshold = threshold
        self._text = TEXTS[on]
        self._names = Names()
        self._index = NearIndex(threshold)
        for records in in_batches(against):
            self._index.add([self._remembered(record) for record in records])

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that is a near duplicate of a row kept before it."""
        matches = self._index.judge([self._text(record) for record in records])
        for record, match in zip(records, matches, strict=True):
            if match is None:
                self._remembered(record)
        return [self._verdict(match) if match else None for match in matches]

    def _remembered(self, record: Record) -> str:
        text = self._text(record)
        self._names.add(record.id, text)
        return text

    def _verdict(self, match: Match) -> Verdict:
        near = self._names.near(match.row, match.similarity)
        return Verdict("near-duplicate", self.name, match.similarity, self._threshold, near=near)


class Clusters:
    """Keeps the best rows and rejects those near one of them; holds the tasks of all rows in memory.

    Rows are judged from the best to the worst, so a row is rejected only for a kept row that is at least as good and
    near it. Chaining (A near B, B near C) would also reject rows that are not similar to a kept one.
    """

    name = "near"

    def __init__(
        self,
        threshold: float = NEAR,
        *,
        policy: Policy = "longest",
        score: str | None = None,
        on: On = "task",
        against: Iterable[Record] = (),
    ) -> None:
        """Index the `against` rows.

        Args:
            threshold: the lowest Jaccard similarity at which two texts are near duplicates.
            policy: which row is kept: the one with the longest output or the best score; on a tie, the first.
            score: the name of the score; a row without it is kept only if it is near no row that has it.
            on: what is compared: the instruction with its input, or the instruction alone.
            against: existing rows: not judged, but compared with.

        Raises:
            UsageError: the policy is "best" and no score is named, or the threshold is not above 0 and at most 1.
        """
        if policy == "best" and not score:
            raise UsageError("the best row of a cluster is the one with the best score", hint="name the score")
        self._near = Near(threshold, on=on, against=against)
        self._by, self._text = score if policy == "best" else None, TEXTS[on]
        self._values, self._positions = array("d"), array("q")
        self._texts: list[str] = []
        self._ids: list[str] = []

    def add(self, position: int, record: Record) -> None:
        """Add a row, identified by its position."""
        self._positions.append(position)
        self._values.append(self._value(record))
        self._texts.append(self._text(record))
        self._ids.append(record.id)

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each rejected row, by position; it names the most similar kept row."""
        ordered = sorted(range(len(self._values)), key=self._values.__getitem__, reverse=True)
        found: dict[int, Verdict] = {}
        for start in range(0, len(ordered), AT_ONCE):
            rows = ordered[start : start + AT_ONCE]
            verdicts = self._near.judge([Record(self._texts[row], id=self._ids[row]) for row in rows])
            found |= {self._positions[row]: verdict for row, verdict in zip(rows, verdicts, strict=True) if verdict}
        return found

    def _value(self, record: Record) -> float:
        if not self._by:
            return len(record.output)
        found = score_of(record, self._by)
        return -math.inf if found is None else found
