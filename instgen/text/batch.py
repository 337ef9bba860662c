"""The novelty index for many texts at once: the same decisions as `similarity`, some fifty times as fast.

Texts are judged in order: one that is more similar than the threshold to a text kept before it is left out, any other
one is kept. What can be near at all is found by pairs of rare elements (see `prefixes`), all pairs of a batch at once;
a comparison of lengths and one of 256-bit parities leave few pairs, of which the common subsequence is measured.

The rule: the answers are those of comparing each text with every kept one, whatever the batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from instgen.text import parity
from instgen.text.greedy import Match, Matches, decided
from instgen.text.numbered import Batch, Elements, Vocabulary, common, roomy
from instgen.text.prefixes import LEAST_THRESHOLD, Prefix, Prefixes
from instgen.text.rouge import exact
from instgen.text.runs import Hits, Keys, Numbers, Runs
from instgen.text.shelf import Shelf, Texts

SLICE = 4096
"""Texts at a time: more of them need more comparisons with one another."""
_CROWDED = 100
"""Hits a text among the texts of a slice, from which on halves of it are judged one after the other."""
_FEW = 32
"""A slice that is not halved further."""
_COUNTED_AGAIN = 4
"""What is rare is counted anew when so many times as many texts are kept."""
_FINEST = 10**6
"""The largest denominator of a threshold: six decimals are what machine integers decide exactly."""
_GROUP_BITS = 19
"""Above the 32 bits of an element, and below the 12 of a text in a slice."""

_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX_C = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_NONE = Prefix(0, 0)


def serves(threshold: float | Fraction) -> bool:
    """Whether there is a batch index for this threshold.

    Below 0.3 too much is shared by chance, and above 1 is nothing.
    """
    return LEAST_THRESHOLD <= exact(threshold) < 1 and exact(threshold).denominator <= _FINEST


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some texts, their elements from the rarest, and the places of these within their text."""

    texts: Texts
    weights: Elements
    places: Numbers

    @property
    def lengths(self) -> NDArray[np.int32]:
        return self.texts.sizes


class BatchIndex:
    """Texts that were kept; but for those `added`, none is more similar to one before it than the threshold."""

    def __init__(self, threshold: float | Fraction = 0.7) -> None:
        """Make an empty index for a threshold of ROUGE-L F that it `serves`."""
        self._threshold = exact(threshold)
        self._prefixes = Prefixes(self._threshold)
        self._vocabulary = Vocabulary()
        self._shelf = Shelf()
        self._counts = np.zeros(1024, np.int64)
        self._weights = np.zeros(0, np.int64)
        self._runs = Runs()
        self._count_at = 1

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts, new or not."""
        for start in range(0, len(texts), SLICE):
            found = self._slice(self._vocabulary.batch(texts[start : start + SLICE]))
            self._keep(found, np.ones(len(found.texts), bool))

    def judge(self, texts: Sequence[str], thresholds: Sequence[Fraction] | None = None) -> list[Match | None]:
        """For each text the kept one that it is most like, the earliest of equals, or None: then it is kept.

        Args:
            texts: in their order.
            thresholds: for each text its own, where not all have the index's; none is below that.
        """
        limits = _limits(thresholds or [self._threshold] * len(texts))
        answers: list[Match | None] = []
        for start in range(0, len(texts), SLICE):
            end = start + SLICE
            answers += self._judge(self._vocabulary.batch(texts[start:end]), limits[start:end])
        return answers

    def _judge(self, batch: Batch, limits: Numbers) -> list[Match | None]:
        found = self._slice(batch)
        looked, queries = self._looked(found)
        old = self._matches(found.texts, limits, self._shelf.all(), self._runs.find(looked, queries))
        fresh = np.ones(len(batch), bool)
        fresh[old.hits.queries] = False
        inner = Runs()
        keys, rows = self._own_keys(found)
        inner.add(keys[fresh[rows]], rows[fresh[rows]])
        if len(batch) > _FEW and inner.count(looked, queries) > _CROWDED * len(batch):
            first, second = np.array_split(np.arange(len(batch)), 2)
            answers = self._judge(batch.take(first), limits[first])
            return answers + self._judge(batch.take(second), limits[second])
        earlier = (hits.where(hits.rows < hits.queries) for hits in inner.find(looked, queries))
        answers = decided(len(batch), len(self), old, self._matches(found.texts, limits, found.texts, earlier))
        self._keep(found, np.array([answer is None for answer in answers], bool))
        return answers

    def _keep(self, found: _Slice, kept: NDArray[np.bool_]) -> None:
        number = len(self)
        self._shelf.add(found.texts, kept)
        if len(self) >= self._count_at:
            self._count()
            return
        keys, rows = self._own_keys(found)
        stored = kept[rows]
        self._runs.add(keys[stored], (np.cumsum(kept) - 1 + number)[rows[stored]])

    def _count(self) -> None:
        """Count what is rare anew, and store all texts by it."""
        self._weigh()
        self._count_at = _COUNTED_AGAIN * len(self)
        self._runs = Runs()
        for start in range(0, len(self), SLICE):
            rows = np.arange(start, min(start + SLICE, len(self)))
            batch = self._shelf.all().batch.take(rows)
            keys, found = self._own_keys(self._weighed(batch, self._vocabulary.elements(batch)))
            self._runs.add(keys, found + start)

    def _weigh(self) -> None:
        """The rarer an element is by now, the more it weighs; one that comes later weighs more than all."""
        counts = self._counts[: len(self._vocabulary)]
        self._weights = np.empty(len(counts), np.int64)
        self._weights[np.argsort(-counts, kind="stable")] = np.arange(len(counts))

    def _slice(self, batch: Batch) -> _Slice:
        """The texts of a slice, whose elements are counted."""
        elements = self._vocabulary.elements(batch)
        self._counts = roomy(self._counts, len(self._vocabulary))
        np.add.at(self._counts, elements.numbers, 1)
        if not len(self._weights):
            self._weigh()
            self._count_at = _COUNTED_AGAIN * max(len(batch), SLICE // _COUNTED_AGAIN)
        return self._weighed(batch, elements)

    def _weighed(self, batch: Batch, elements: Elements) -> _Slice:
        numbers, known = elements.numbers, len(self._weights)
        weights = np.where(numbers < known, self._weights[np.minimum(numbers, known - 1)], numbers)
        ordered = elements.rows.astype(np.uint64) << _HALF | (_LOW_HALF - weights.astype(np.uint64))
        ordered.sort()
        weights = (_LOW_HALF - (ordered & _LOW_HALF)).astype(np.int64)
        places = np.arange(len(weights)) - batch.ends[elements.rows]
        hashes = elements.numbers.astype(np.uint64) * _MIX_A
        parities = parity.parities(hashes, elements.rows, len(batch))
        texts = Texts(batch, batch.lengths.astype(np.int32), parities)
        return _Slice(texts, Elements(weights, elements.rows), places)

    def _own_keys(self, found: _Slice) -> tuple[Keys, Numbers]:
        """The keys that the texts are stored under, and beside each the number of its text."""
        lengths, which = np.unique(found.lengths, return_inverse=True)
        return _keys(found, [self._prefixes.stored(length) for length in lengths.tolist()], which)

    def _looked(self, found: _Slice) -> tuple[Keys, Numbers]:
        """The keys under which to look for what the texts are near to, and beside each the number of its text."""
        lengths, which = np.unique(found.lengths, return_inverse=True)
        looked = [self._prefixes.looked(length) for length in lengths.tolist()]
        parts = [_keys(found, list(prefixes), which) for prefixes in zip_longest(*looked, fillvalue=_NONE)]
        return np.concatenate([keys for keys, _ in parts]), np.concatenate([rows for _, rows in parts])

    def _matches(self, texts: Texts, limits: Numbers, rows: Texts, found: Iterable[Hits]) -> Matches:
        """Those of the hits that are more similar than the query's threshold."""
        hits = Hits.joined([self._possible(texts, rows, some) for some in found])
        both = texts.sizes[hits.queries].astype(np.int64) + rows.sizes[hits.rows]
        shared = common(texts.batch, rows.batch, hits)
        above, below = limits[hits.queries].T
        near = 2 * below * shared > above * both
        return Matches(hits.where(near), 2 * shared[near] / both[near])

    def _possible(self, texts: Texts, rows: Texts, hits: Hits) -> Hits:
        """Each hit once that can be more similar than the threshold by its lengths and parities."""
        above, below = self._threshold.numerator, self._threshold.denominator
        ours, theirs = texts.sizes[hits.queries], rows.sizes[hits.rows]
        both = ours.astype(np.int64) + theirs
        least = above * both // (2 * below) + 1
        fitting = least <= np.minimum(ours, theirs)
        hits, room = hits.where(fitting), (both - 2 * least)[fitting]
        return parity.fitting(hits, room, texts.parities, rows.parities).distinct()


def _limits(thresholds: Sequence[Fraction]) -> Numbers:
    """The numerators and denominators."""
    pairs = [(threshold.numerator, threshold.denominator) for threshold in thresholds]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _keys(found: _Slice, prefixes: Sequence[Prefix], which: Numbers) -> tuple[Keys, Numbers]:
    """The keys of each text by the prefix that `which` names for it, and beside each the number of its text."""
    groups = np.array([prefix.groups for prefix in prefixes], np.int64)[which]
    ends = np.array([prefix.length for prefix in prefixes], np.int64)[which]
    inside = found.places < ends[found.weights.rows]
    weights, rows = found.weights.numbers[inside], found.weights.rows[inside]
    alone = groups[rows] == 0
    keys, texts = [_mixed(weights[alone], weights[alone])], [rows[alone]]
    weights, rows = weights[~alone], rows[~alone]
    ordered = rows << 32 + _GROUP_BITS | weights % groups[rows] << 32 | weights
    ordered.sort()
    parts, weights = ordered >> 32, ordered & 0xFFFFFFFF
    for step in range(1, len(ordered)):
        same = np.flatnonzero(parts[step:] == parts[:-step])
        if not len(same):
            break
        keys.append(_mixed(weights[same], weights[same + step]))
        texts.append(parts[same] >> _GROUP_BITS)
    return np.concatenate(keys), np.concatenate(texts)


def _mixed(one: Numbers, other: Numbers) -> Keys:
    """A hash of two numbers each, the same on every machine."""
    mixed = one.astype(np.uint64) * _MIX_A + other.astype(np.uint64) * _MIX_B
    mixed ^= mixed >> _HALF
    return mixed * _MIX_C
