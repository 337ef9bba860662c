"""Rows that say again what another row says: the same, nearly the same words, or the same task in other words.

`Exact`, `Near` and `Novel` judge rows in order: a row goes where it is too close to one kept before it, or to one of
those it is held against, and the verdict names that row. `Clusters` sees all rows first and keeps of those that are
alike the longest or the best one.

The rule: of rows that are alike one always stays, and which one does not depend on how the rows come in batches.
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
"""ROUGE-L F of two tasks; at 0.7 itself a task still counts as new (Self-Instruct, section 2.2)."""
NEAR = 0.7
"""Jaccard similarity of tokens and pairs of them: where one of about ten words differs, two texts are near."""
NO_SCRIPTS: Mapping[str, float] = MappingProxyType({})
_EXCHANGE = ("user", "assistant")

Policy = Literal["longest", "best"]


def digest(record: Record) -> bytes:
    """BLAKE2b-128 of what a record says, but for case, width and white space: its messages, or its fields.

    A conversation of one exchange says what a row with its question and answer says, whatever the shape it came in.
    """
    parts = [record.system or ""]
    if len(record.messages) == len(_EXCHANGE) and tuple(message.role for message in record.messages) == _EXCHANGE:
        parts += ["", record.messages[0].content, "", record.messages[1].content]
    elif record.messages:
        parts += [part for message in record.messages for part in (message.role, message.content)]
    else:
        parts += ["", record.instruction, record.input, record.output]
    parts += [candidate.output for candidate in record.candidates]
    said = " ".join(fold(" \0 ".join(parts)).split())
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Exact:
    """Leaves out rows that say the same as one before, but for case, width and white space: 80 bytes a kept row."""

    name = "exact"

    def __init__(self, against: Iterable[Record] = ()) -> None:
        self._digests = Digests()
        self._names = Names()
        for record in against:
            self._number(record)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that says what an earlier one said."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        number = self._number(record)
        if number is None:
            return None
        return Verdict("duplicate", self.name, near=self._names.near(number, 1.0, task(record)))

    def _number(self, record: Record) -> int | None:
        """The number of the row that said the same, or None: then this one is remembered."""
        known = len(self._digests)
        number = self._digests.number(digest(record))
        if number < known:
            return number
        self._names.add(record.id)
        return None


class Novel:
    """Leaves out rows whose task is more similar to one before than the threshold, by ROUGE-L."""

    name = "novelty"

    def __init__(
        self,
        threshold: float = NOVELTY,
        *,
        scripts: Mapping[str, float] = NO_SCRIPTS,
        on: On = "task",
        against: Iterable[Record] = (),
    ) -> None:
        """Remember the rows that others are held against.

        Args:
            threshold: the ROUGE-L F that a row may have with any other, at most.
            scripts: the same for texts in some scripts, by their names (`text.written.SCRIPTS`).
            on: what is compared, the instruction with its input or alone.
            against: rows that are not judged, and that others must differ from.

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
        """A verdict for each row that is too similar to one kept before it."""
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
    """Leaves out rows that have nearly all words, and pairs of them, in common with one before."""

    name = "near"

    def __init__(self, threshold: float = NEAR, *, on: On = "task", against: Iterable[Record] = ()) -> None:
        """Remember the rows that others are held against.

        Args:
            threshold: the Jaccard similarity from which on two texts are near duplicates.
            on: what is compared, the instruction with its input or alone.
            against: rows that are not judged, and that others must differ from.

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
        """A verdict for each row that is nearly one kept before it."""
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
    """Keeps the worthiest rows and leaves out all that are near to one of these; it holds all tasks meanwhile.

    Rows come from the worthiest on, so a row is left out only for one that stays, is at least as worthy, and is itself
    within the threshold. Chaining (A near B, B near C) would also drop rows that are not alike.
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
        """Remember the rows that others are held against.

        Args:
            threshold: the Jaccard similarity from which on two texts are near duplicates.
            policy: who stays, the row with the longest output or that with the best score; the first of equals.
            score: its name; a row without it stays only where it is near to no row with it.
            on: what is compared, the instruction with its input or alone.
            against: rows that are not judged, and that others must differ from.

        Raises:
            UsageError: the policy is "best" and no score is named, or the threshold is not above 0 and at most 1.
        """
        if policy == "best" and not score:
            raise UsageError("the best row of a cluster is the one with the best score", hint="name the score")
        self._near = Near(threshold, on=on, against=against)
        self._by, self._text = score if policy == "best" else None, TEXTS[on]
        self._worths, self._positions = array("d"), array("q")
        self._texts: list[str] = []
        self._ids: list[str] = []

    def add(self, position: int, record: Record) -> None:
        """See a row, which is known by its position."""
        self._positions.append(position)
        self._worths.append(self._worth(record))
        self._texts.append(self._text(record))
        self._ids.append(record.id)

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each row that does not stay, with the nearest one that does."""
        ordered = sorted(range(len(self._worths)), key=self._worths.__getitem__, reverse=True)
        found: dict[int, Verdict] = {}
        for start in range(0, len(ordered), AT_ONCE):
            rows = ordered[start : start + AT_ONCE]
            verdicts = self._near.judge([Record(self._texts[row], id=self._ids[row]) for row in rows])
            found |= {self._positions[row]: verdict for row, verdict in zip(rows, verdicts, strict=True) if verdict}
        return found

    def _worth(self, record: Record) -> float:
        if not self._by:
            return len(record.output)
        found = score_of(record, self._by)
        return -math.inf if found is None else found
