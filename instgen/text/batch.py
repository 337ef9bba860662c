"""The novelty index for batches of texts: the same decisions as `similarity`, about fifty times as fast.

Texts are judged in order. A text whose similarity to a text kept before it exceeds the threshold is rejected; any other
is kept. Candidate pairs are found by shared pairs of rare elements (see `prefixes`), for a whole batch at once. Most
are ruled out by their lengths and 256-bit parities; for the rest, the longest common subsequence is measured.

The rule: the results equal those of comparing each text with every kept one, however the texts are batched.
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
"""Texts judged at a time; a larger slice needs more comparisons among its own texts."""
_SPLIT_ABOVE = 100
"""Hits per text within a slice above which the slice is split in two halves, judged one after the other."""
_MIN_SPLIT = 32
"""Size of a slice that is not split further."""
_RECOUNT_FACTOR = 4
"""Element frequencies are recounted whenever the number of kept texts has grown by this factor."""
_MAX_DENOMINATOR = 10**6
"""The largest denominator of a threshold: up to six decimals, 64-bit integers decide exactly."""
_GROUP_BITS = 19
"""Bits for a group in a packed 64-bit key: above the 32 bits of an element, below the 12 of a text in a slice."""

_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX_C = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_NONE = Prefix(0, 0)


def serves(threshold: float | Fraction) -> bool:
    """Whether `BatchIndex` supports this threshold: at least 0.3, below 1, and with at most six decimals.

    Below 0.3, texts share too much by chance for prefixes to help; at 1, no text is more similar than the threshold.
    """
    return LEAST_THRESHOLD <= exact(threshold) < 1 and exact(threshold).denominator <= _MAX_DENOMINATOR


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some texts, their elements (rarest first within each text), and each element's position in that order."""

    texts: Texts
    weights: Elements
    places: Numbers

    @property
    def lengths(self) -> NDArray[np.int32]:
        return self.texts.sizes


class BatchIndex:
    """The kept texts; except for those passed to `add`, none is more similar than the threshold to an earlier one."""

    def __init__(self, threshold: float | Fraction = 0.7) -> None:
        """Make an empty index for a ROUGE-L F threshold for which `serves` is true."""
        self._threshold = exact(threshold)
        self._prefixes = Prefixes(self._threshold)
        self._vocabulary = Vocabulary()
        self._shelf = Shelf()
        self._counts = np.zeros(1024, np.int64)
        self._weights = np.zeros(0, np.int64)
        self._runs = Runs()
        self._recount_at = 1

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts without judging them."""
        for start in range(0, len(texts), SLICE):
            found = self._slice(self._vocabulary.batch(texts[start : start + SLICE]))
            self._keep(found, np.ones(len(found.texts), bool))

    def judge(self, texts: Sequence[str], thresholds: Sequence[Fraction] | None = None) -> list[Match | None]:
        """For each text, the most similar kept text above its threshold (the earliest on a tie), or None: it is kept.

        Args:
            texts: in the order in which they are judged.
            thresholds: one per text, none below the index's own; None to use the index's own for all.
        """
        limits = _limits(thresholds or [self._threshold] * len(texts))
        answers: list[Match | None] = []
        for start in range(0, len(texts), SLICE):
            end = start + SLICE
            answers += self._judge(self._vocabulary.batch(texts[start:end]), limits[start:end])
        return answers

    def _judge(self, batch: Batch, limits: Numbers) -> list[Match | None]:
        found = self._slice(batch)
        wanted, queries = self._query_keys(found)
        old = self._matches(found.texts, limits, self._shelf.all(), self._runs.find(wanted, queries))
        fresh = np.ones(len(batch), bool)
        fresh[old.hits.queries] = False
        inner = Runs()
        keys, rows = self._stored_keys(found)
        inner.add(keys[fresh[rows]], rows[fresh[rows]])
        if len(batch) > _MIN_SPLIT and inner.count(wanted, queries) > _SPLIT_ABOVE * len(batch):
            first, second = np.array_split(np.arange(len(batch)), 2)
            answers = self._judge(batch.take(first), limits[first])
            return answers + self._judge(batch.take(second), limits[second])
        earlier = (hits.where(hits.rows < hits.queries) for hits in inner.find(wanted, queries))
        answers = decided(len(batch), len(self), old, self._matches(found.texts, limits, found.texts, earlier))
        self._keep(found, np.array([answer is None for answer in answers], bool))
        return answers

    def _keep(self, found: _Slice, kept: NDArray[np.bool_]) -> None:
        number = len(self)
        self._shelf.add(found.texts, kept)
        if len(self) >= self._recount_at:
            self._recount()
            return
        keys, rows = self._stored_keys(found)
        stored = kept[rows]
        self._runs.add(keys[stored], (np.cumsum(kept) - 1 + number)[rows[stored]])

    def _recount(self) -> None:
        """Recount element frequencies and store all texts again under the new weights."""
        self._weigh()
        self._recount_at = _RECOUNT_FACTOR * len(self)
        self._runs = Runs()
        for start in range(0, len(self), SLICE):
            rows = np.arange(start, min(start + SLICE, len(self)))
            batch = self._shelf.all().batch.take(rows)
            keys, found = self._stored_keys(self._weighed(batch, self._vocabulary.elements(batch)))
            self._runs.add(keys, found + start)

    def _weigh(self) -> None:
        """Weigh elements by current rarity, the rarest highest; an element first seen later outweighs them all."""
        counts = self._counts[: len(self._vocabulary)]
        self._weights = np.empty(len(counts), np.int64)
        self._weights[np.argsort(-counts, kind="stable")] = np.arange(len(counts))

    def _slice(self, batch: Batch) -> _Slice:
        """Make a slice of a batch, adding its elements to the counts."""
        elements = self._vocabulary.elements(batch)
        self._counts = roomy(self._counts, len(self._vocabulary))
        np.add.at(self._counts, elements.numbers, 1)
        if not len(self._weights):
            self._weigh()
            self._recount_at = _RECOUNT_FACTOR * max(len(batch), SLICE // _RECOUNT_FACTOR)
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

    def _stored_keys(self, found: _Slice) -> tuple[Keys, Numbers]:
        """The keys under which the texts are stored, and for each key the number of its text."""
        lengths, which = np.unique(found.lengths, return_inverse=True)
        return _keys(found, [self._prefixes.stored(length) for length in lengths.tolist()], which)

    def _query_keys(self, found: _Slice) -> tuple[Keys, Numbers]:
        """The keys under which to look for similar kept texts, and for each key the number of its text."""
        lengths, which = np.unique(found.lengths, return_inverse=True)
        wanted = [self._prefixes.looked(length) for length in lengths.tolist()]
        parts = [_keys(found, list(prefixes), which) for prefixes in zip_longest(*wanted, fillvalue=_NONE)]
        return np.concatenate([keys for keys, _ in parts]), np.concatenate([rows for _, rows in parts])

    def _matches(self, texts: Texts, limits: Numbers, rows: Texts, found: Iterable[Hits]) -> Matches:
        """The hits that are more similar than the query's threshold."""
        hits = Hits.joined([self._possible(texts, rows, some) for some in found])
        both = texts.sizes[hits.queries].astype(np.int64) + rows.sizes[hits.rows]
        shared = common(texts.batch, rows.batch, hits)
        numerators, denominators = limits[hits.queries].T
        near = 2 * denominators * shared > numerators * both
        return Matches(hits.where(near), 2 * shared[near] / both[near])

    def _possible(self, texts: Texts, rows: Texts, hits: Hits) -> Hits:
        """The distinct hits whose lengths and parities allow a similarity above the threshold."""
        numerator, denominator = self._threshold.numerator, self._threshold.denominator
        ours, theirs = texts.sizes[hits.queries], rows.sizes[hits.rows]
        both = ours.astype(np.int64) + theirs
        least = numerator * both // (2 * denominator) + 1
        fitting = least <= np.minimum(ours, theirs)
        hits, room = hits.where(fitting), (both - 2 * least)[fitting]
        return parity.fitting(hits, room, texts.parities, rows.parities).distinct()


def _limits(thresholds: Sequence[Fraction]) -> Numbers:
    """The thresholds as rows of numerator and denominator, shape (texts, 2)."""
    pairs = [(threshold.numerator, threshold.denominator) for threshold in thresholds]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _keys(found: _Slice, prefixes: Sequence[Prefix], which: Numbers) -> tuple[Keys, Numbers]:
    """The keys of each text by its prefix, `prefixes[which[text]]`, and for each key the number of its text."""
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
    """A 64-bit hash of each pair of numbers, the same on every machine."""
    mixed = one.astype(np.uint64) * _MIX_A + other.astype(np.uint64) * _MIX_B
    mixed ^= mixed >> _HALF
    return mixed * _MIX_C
