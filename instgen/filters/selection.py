"""Selections of rows: by bounds for a score, by highest score, at random, or by highest score and diversity.

The score of a record is its own or, if it has none of that name, the best of its candidates'. `Bounds` judges rows as
they come; the other selections see all rows first, hold a few bytes of each (`Diverse`: its task) and then reject.

The rule: of rows with equal scores the earlier one is preferred, so the same rows always give the same selection.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Mapping, Sequence

from instgen.errors import UsageError
from instgen.filters.compared import index_for, task
from instgen.filters.seen import Names
from instgen.records import Record, Verdict
from instgen.text.rouge import exact

_AT_ONCE = 1000
"""Rows compared at a time; small, so that few are compared needlessly once enough are kept. Our choice."""


def score_of(record: Record, name: str) -> float | None:
    """The record's score, or its best candidate's; None if there is none or it is NaN."""
    if name in record.scores:
        found = [record.scores[name]]
    else:
        found = [candidate.scores[name] for candidate in record.candidates if name in candidate.scores]
    return max((value for value in found if not math.isnan(value)), default=None)


def lot(record: Record, seed: int) -> int:
    """The random number of a record, from 0 to 2**64 - 1; it depends only on the record's id and the seed."""
    key = f"{seed}\0{record.id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")


def _no_score(rule: str, name: str) -> Verdict:
    return Verdict("no-score", rule, evidence=name)


class Bounds:
    """Rejects rows with a score below its lower bound, above its upper bound, or missing."""

    name = "bounds"

    def __init__(self, least: Mapping[str, float], most: Mapping[str, float]) -> None:
        """Take lower and upper bounds by the names of the scores; a score equal to a bound is within it."""
        self._least, self._most = dict(least), dict(most)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row outside the bounds."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        for name, limit in self._least.items():
            value = score_of(record, name)
            if value is None:
                return _no_score("min", name)
            if value < limit:
                return Verdict("score-too-low", "min", value, limit, name)
        for name, limit in self._most.items():
            value = score_of(record, name)
            if value is None:
                return _no_score("max", name)
            if value > limit:
                return Verdict("score-too-high", "max", value, limit, name)
        return None


class _Scored:
    """The scores of rows, and the verdicts against rows without one."""

    def __init__(self, rule: str, by: str | None) -> None:
        self._rule, self._by = rule, by
        self._scores, self._positions = array("d"), array("q")
        self.without: dict[int, Verdict] = {}

    def add(self, position: int, record: Record) -> bool:
        """Add a row; returns whether it has the score. If no score is named, all rows are equal."""
        value = score_of(record, self._by) if self._by else 0.0
        if value is None:
            self.without[position] = _no_score(self._rule, self._by or "")
            return False
        self._scores.append(value)
        self._positions.append(position)
        return True

    def ordered(self) -> list[int]:
        """The numbers of the rows with a score, highest score first, earlier rows first on a tie."""
        return sorted(range(len(self._scores)), key=self._scores.__getitem__, reverse=True)

    def position(self, number: int) -> int:
        return self._positions[number]

    def value(self, number: int) -> float | None:
        return self._scores[number] if self._by else None


class Top:
    """Keeps the rows with the highest score; holds 16 bytes per row."""

    name = "top"

    def __init__(self, number: int, by: str) -> None:
        """Keep at most `number` rows, by the score named `by`.

        Raises:
            UsageError: the number is below 1.
        """
        self._number = _at_least_one(number)
        self._rows = _Scored(self.name, by)

    def add(self, position: int, record: Record) -> None:
        """Add a row, identified by its position."""
        self._rows.add(position, record)

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each row not among the highest; its threshold is the lowest score that was kept."""
        ordered = self._rows.ordered()
        least = self._rows.value(ordered[self._number - 1]) if len(ordered) > self._number else None
        return self._rows.without | {
            self._rows.position(row): Verdict("not-in-top", self.name, self._rows.value(row), least)
            for row in ordered[self._number :]
        }


class Sample:
    """Keeps a random sample; adding or removing a row changes at most one row of it. Holds 16 bytes per row."""

    name = "sample"

    def __init__(self, number: int, seed: int = 0) -> None:
        """Keep at most `number` rows.

        Raises:
            UsageError: the number is below 1.
        """
        self._number, self._seed = _at_least_one(number), seed
        self._draws, self._positions = array("Q"), array("q")

    def add(self, position: int, record: Record) -> None:
        """Add a row, identified by its position."""
        self._draws.append(lot(record, self._seed))
        self._positions.append(position)

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each row that was not drawn."""
        ordered = sorted(range(len(self._draws)), key=self._draws.__getitem__)
        verdict = Verdict("not-sampled", self.name)
        return {self._positions[row]: verdict for row in ordered[self._number :]}


class Diverse:
    """Keeps the rows with the highest score, skipping those too similar to a better one, until there are enough."""

    name = "diverse"

    def __init__(self, number: int, by: str | None = None, threshold: float = 0.7) -> None:
        """Keep at most `number` rows.

        Args:
            number: the most rows to keep.
            by: the name of the score; if None, earlier rows are better.
            threshold: the highest ROUGE-L F allowed between the tasks of two kept rows.

        Raises:
            UsageError: the number is below 1.
        """
        self._number, self._threshold = _at_least_one(number), exact(threshold)
        self._rows = _Scored(self.name, by)
        self._texts: list[str] = []
        self._ids: list[str] = []

    def add(self, position: int, record: Record) -> None:
        """Add a row, identified by its position."""
        if self._rows.add(position, record):
            self._texts.append(task(record))
            self._ids.append(record.id)

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each row that is too similar to a better one, or ranks below the last kept one.

        Raises:
            UsageError: the threshold is not between 0 and 1.
        """
        index, names, ordered = index_for(self._threshold, self._threshold), Names(), self._rows.ordered()
        verdicts = dict(self._rows.without)
        for start in range(0, len(ordered), _AT_ONCE):
            rows = ordered[start : start + _AT_ONCE]
            texts = [self._texts[row] for row in rows] if len(names) < self._number else []
            matches = index.judge(texts) or [None] * len(rows)
            for row, match in zip(rows, matches, strict=True):
                if len(names) >= self._number:
                    verdicts[self._rows.position(row)] = Verdict("not-in-top", self.name, self._rows.value(row))
                elif match is None:
                    names.add(self._ids[row], self._texts[row])
                else:
                    near = names.near(match.row, match.similarity)
                    verdict = Verdict("not-diverse", self.name, match.similarity, float(self._threshold), near=near)
                    verdicts[self._rows.position(row)] = verdict
        return verdicts


def _at_least_one(number: int) -> int:
    if number < 1:
        raise UsageError(f"a selection needs at least one row, not {number}")
    return number
