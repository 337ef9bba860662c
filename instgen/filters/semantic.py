"""Rows that mean what another row means, as far as a model that makes vectors of texts can tell.

A row goes where the cosine of its task's vector with one kept before it reaches the threshold, and the verdict names
the row that it is most like. Nothing is approximate: matrix products in single precision say which kept rows can be
the one, by a bound of their error, and of these the cosine is measured exactly and rounded once.

The rule: of rows that are alike the first stays, and which ones go does not depend on how the rows come in batches. A
text without a vector (all zeros: the model has nothing to say of it) is like no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from instgen.filters.compared import in_batches, task
from instgen.filters.seen import Names
from instgen.records import Record, Verdict
from instgen.text.greedy import Match

SEMANTIC = 0.9
"""Cosine from which on two tasks are one: with a small static model it finds half of the paraphrases of grade-school
problems, and of what it finds one in a hundred is another problem (docs/semantic.md)."""
SLICE = 512
"""New texts in one matrix product; `BLOCK` kept vectors are on its other side: 8 MiB of cosines."""
BLOCK = 4096
"""Ours, as is `SLICE`."""
_ROUNDING = 2.0**-24
"""Of single precision: half the distance from 1 to the next number."""

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
"""A vector a text, of any length but one number of dimensions; zeros where the model has nothing to say."""


class Semantic:
    """Leaves out rows whose task means what one before means: 4 bytes a dimension and kept row."""

    name = "semantic"

    def __init__(self, embed: Embed, threshold: float = SEMANTIC, *, against: Iterable[Record] = ()) -> None:
        """Remember the rows that others are held against.

        Args:
            embed: makes the vectors.
            threshold: the cosine from which on two tasks are one.
            against: rows that are not judged, and that others must differ from.
        """
        self._embed = embed
        self._threshold = threshold
        self._index = CosineIndex(threshold)
        self._names = Names()
        for records in in_batches(against):
            texts = [_text(record) for record in records]
            vectors = embed(texts)
            said = _said(vectors)
            self._index.add(vectors[said])
            for number in said.tolist():
                self._names.add(records[number].id, texts[number])

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that means what one kept before it means."""
        verdicts: list[Verdict | None] = [None] * len(records)
        if not records:
            return verdicts
        texts = [_text(record) for record in records]
        vectors = self._embed(texts)
        said = _said(vectors)
        matches = self._index.judge(vectors[said])
        for number, match in zip(said.tolist(), matches, strict=True):
            if match is None:
                self._names.add(records[number].id, texts[number])
        for number, match in zip(said.tolist(), matches, strict=True):
            if match:
                near = self._names.near(match.row, match.similarity)
                verdicts[number] = Verdict(
                    "semantic-duplicate", self.name, match.similarity, self._threshold, near=near
                )
        return verdicts


class CosineIndex:
    """Vectors that were kept; but for those `added`, each has a lower cosine to all before it than the threshold."""

    def __init__(self, threshold: float) -> None:
        """Make an empty one."""
        self._threshold = threshold
        self._shelf = _Shelf()

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, vectors: Floats) -> None:
        """Keep these, new or not; none is all zeros."""
        self._shelf.add(_units(vectors))

    def judge(self, vectors: Floats) -> list[Match | None]:
        """For each vector the kept one that it is most like, the earliest of equals, or None: then it is kept."""
        answers: list[Match | None] = []
        for start in range(0, len(vectors), SLICE):
            answers += self._judge(_units(vectors[start : start + SLICE]))
        return answers

    def _judge(self, units: Floats) -> list[Match | None]:
        answers = self._among_kept(units)
        own = units @ units.T
        possible = np.tril(own >= self._threshold - _margin(units), -1)
        fresh: list[int] = []
        for text, found in enumerate(answers):
            rows = np.array([row for row in fresh if possible[text, row]] if possible[text].any() else (), np.int64)
            best = self._best(units[text], units, _highest(own[text, rows], rows, _margin(units)))
            if best and (found is None or best.similarity > found.similarity):
                answers[text] = Match(len(self) + fresh.index(best.row), best.similarity)
            if answers[text] is None:
                fresh.append(text)
        self._shelf.add(units[fresh])
        return answers

    def _among_kept(self, units: Floats) -> list[Match | None]:
        """For each vector the one that it is most like of those kept before the slice."""
        margin = _margin(units)
        least = np.full(len(units), self._threshold - margin, np.float64)
        queries: list[NDArray[np.int64]] = []
        rows: list[NDArray[np.int64]] = []
        cosines: list[Floats] = []
        for start, block in self._shelf.blocks():
            products = units @ block.T
            highest = products.max(axis=1)
            least = np.maximum(least, highest - 2 * margin)
            some = np.flatnonzero(highest >= least)
            query, row = np.nonzero(products[some] >= least[some, None])
            queries.append(some[query])
            rows.append(row + start)
            cosines.append(products[some[query], row])
        answers: list[Match | None] = [None] * len(units)
        if not queries:
            return answers
        query, row, cosine = np.concatenate(queries), np.concatenate(rows), np.concatenate(cosines)
        for text in np.unique(query).tolist():
            own = query == text
            answers[text] = self._best(units[text], self._shelf, _highest(cosine[own], row[own], margin))
        return answers

    def _best(self, unit: Floats, others: Floats | _Shelf, rows: Sequence[int]) -> Match | None:
        """Of some rows, in order, the one with the highest cosine that reaches the threshold."""
        best: Match | None = None
        seen: set[bytes] = set()
        for row in rows:
            other = others[row]
            if (key := other.tobytes()) in seen:
                continue
            seen.add(key)
            similarity = cosine(unit, other)
            if similarity >= self._threshold and (best is None or similarity > best.similarity):
                best = Match(row, similarity)
        return best


def cosine(one: Floats, other: Floats) -> float:
    """The cosine of two vectors that are not all zeros: their products are exact, and their sums rounded once."""
    lengths = _product(one, one) * _product(other, other)
    return max(-1.0, min(1.0, _product(one, other) / math.sqrt(lengths)))


def _product(one: Floats, other: Floats) -> float:
    products: list[float] = (one.astype(np.float64) * other).tolist()
    total: float = math.fsum(products)
    return total


class _Shelf:
    """Vectors in blocks, so that none is copied when more come."""

    def __init__(self) -> None:
        self._blocks: list[Floats] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Floats:
        block, row = divmod(number, BLOCK)
        found: Floats = self._blocks[block][row]
        return found

    def add(self, vectors: Floats) -> None:
        while len(vectors):
            used = self._count % BLOCK
            if not used:
                self._blocks.append(np.empty((BLOCK, vectors.shape[1]), np.float32))
            part, vectors = vectors[: BLOCK - used], vectors[BLOCK - used :]
            self._blocks[-1][used : used + len(part)] = part
            self._count += len(part)

    def blocks(self) -> Iterable[tuple[int, Floats]]:
        """The vectors, beside the number of the first of each block."""
        for number, block in enumerate(self._blocks):
            start = number * BLOCK
            yield start, block[: self._count - start]


def _text(record: Record) -> str:
    """The task, without halves of characters, which no model takes."""
    text = task(record)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _said(vectors: Floats) -> NDArray[np.intp]:
    """The numbers of the vectors that are not all zeros."""
    return np.flatnonzero(vectors.any(axis=1))


def _units(vectors: Floats) -> Floats:
    """The vectors at length 1, each rounded by itself alone."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1))
    units: Floats = (wide / lengths[:, None]).astype(np.float32)
    return units


def _margin(units: Floats) -> float:
    """What a product in single precision may differ from the cosine by, at most, in whatever order it was summed."""
    return (int(units.shape[1]) + 8) * _ROUNDING


def _highest(products: Floats, rows: NDArray[np.int64], margin: float) -> list[int]:
    """The rows that can have the highest cosine, in order."""
    if not len(rows):
        return []
    chosen: list[int] = rows[products >= float(products.max()) - 2 * margin].tolist()
    return chosen
