"""Semantic duplicates: rows that mean the same as another row, according to an embedding model.

A row is rejected if the cosine of its task's vector with that of a row kept before it reaches the threshold; the
verdict names the most similar row. The result is exact: matrix products in single precision narrow down the kept rows,
with a bound on their error, and for the remaining ones the cosine is computed exactly and rounded once.

The rule: of similar rows the first is kept, and which rows are rejected does not depend on how they are batched. A text
with an all-zero vector (the model has nothing to say about it) is similar to no other.
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
"""Lowest cosine at which two tasks count as the same. With a small static model, this finds half of the paraphrases of
grade-school problems, and one in a hundred finds is a different problem (docs/semantic.md)."""
SLICE = 512
"""New vectors in one matrix product with `BLOCK` kept ones, which gives 8 MiB of cosines; our choice."""
BLOCK = 4096
"""Kept vectors per block; our choice."""
_ROUNDING = 2.0**-24
"""Unit roundoff of single precision: half the distance from 1 to the next number."""

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
"""Makes one vector per text, of any norm but the same dimension; all zeros if the model has nothing to say."""


class Semantic:
    """Rejects rows whose task means the same as an earlier one; uses 4 bytes per dimension and kept row."""

    name = "semantic"

    def __init__(self, embed: Embed, threshold: float = SEMANTIC, *, against: Iterable[Record] = ()) -> None:
        """Index the `against` rows.

        Args:
            embed: makes the vectors.
            threshold: the lowest cosine at which two tasks count as the same.
            against: existing rows: not judged, but compared with.
        """
        self._embed = embed
        self._threshold = threshold
        self._index = CosineIndex(threshold)
        self._names = Names()
        for records in in_batches(against):
            texts = [_text(record) for record in records]
            vectors = embed(texts)
            nonzero = _nonzero(vectors)
            self._index.add(vectors[nonzero])
            for number in nonzero.tolist():
                self._names.add(records[number].id, texts[number])

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each row that means the same as a row kept before it."""
        verdicts: list[Verdict | None] = [None] * len(records)
        if not records:
            return verdicts
        texts = [_text(record) for record in records]
        vectors = self._embed(texts)
        nonzero = _nonzero(vectors)
        matches = self._index.judge(vectors[nonzero])
        for number, match in zip(nonzero.tolist(), matches, strict=True):
            if match is None:
                self._names.add(records[number].id, texts[number])
        for number, match in zip(nonzero.tolist(), matches, strict=True):
            if match:
                near = self._names.near(match.row, match.similarity)
                verdicts[number] = Verdict(
                    "semantic-duplicate", self.name, match.similarity, self._threshold, near=near
                )
        return verdicts


class CosineIndex:
    """The kept vectors; except for those passed to `add`, each has a cosine below the threshold with all before it."""

    def __init__(self, threshold: float) -> None:
        """Make an empty index."""
        self._threshold = threshold
        self._shelf = _Shelf()

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, vectors: Floats) -> None:
        """Keep these vectors without judging them; none may be all zeros."""
        self._shelf.add(_units(vectors))

    def judge(self, vectors: Floats) -> list[Match | None]:
        """For each vector, the most similar kept one (the earliest on a tie), or None if none is near: it is kept."""
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
        """For each vector, the most similar one of those kept before this slice, or None."""
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
        """The row with the highest cosine that reaches the threshold (the first on a tie), or None."""
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
    """The cosine of two vectors that are not all zeros; products are exact, and each sum is rounded once."""
    lengths = _product(one, one) * _product(other, other)
    return max(-1.0, min(1.0, _product(one, other) / math.sqrt(lengths)))


def _product(one: Floats, other: Floats) -> float:
    products: list[float] = (one.astype(np.float64) * other).tolist()
    total: float = math.fsum(products)
    return total


class _Shelf:
    """Vectors in blocks, so that adding more copies none of them."""

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
        """Yield each block of vectors with the number of its first one."""
        for number, block in enumerate(self._blocks):
            start = number * BLOCK
            yield start, block[: self._count - start]


def _text(record: Record) -> str:
    """The task; lone surrogates, which no model accepts, become question marks."""
    text = task(record)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _nonzero(vectors: Floats) -> NDArray[np.intp]:
    """The numbers of the vectors that are not all zeros."""
    return np.flatnonzero(vectors.any(axis=1))


def _units(vectors: Floats) -> Floats:
    """The vectors scaled to length 1, each computed independently of the others."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1))
    units: Floats = (wide / lengths[:, None]).astype(np.float32)
    return units


def _margin(units: Floats) -> float:
    """Upper bound of the error of a single-precision product as a cosine, in whatever order it was summed."""
    return (int(units.shape[1]) + 8) * _ROUNDING


def _highest(products: Floats, rows: NDArray[np.int64], margin: float) -> list[int]:
    """The rows that can have the highest cosine, given the error bound, in order."""
    if not len(rows):
        return []
    chosen: list[int] = rows[products >= float(products.max()) - 2 * margin].tolist()
    return chosen
