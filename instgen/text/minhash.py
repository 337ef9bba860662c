"""Near duplicates: texts that have most of their tokens and most pairs of neighbouring tokens in common.

The similarity of two texts is the Jaccard similarity (intersection over union) of their sets of tokens and pairs. So
even one-word texts can be compared, and replacing a word in the middle of a thirteen-word text gives 0.79. Candidates
are found by MinHash (Broder 1997) in 32 bands: two texts agree in all k minima of a band with probability
similarity**k. k is chosen so that 1 in 1000 pairs exactly at the threshold is missed, and fewer of those above it.
Every candidate pair is then measured exactly.

The rule: no false positives; and the hash functions are fixed, so the results are the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instgen.errors import UsageError
from instgen.text import parity
from instgen.text.greedy import Match, Matches, decided
from instgen.text.numbered import Batch, Vocabulary, times_before
from instgen.text.runs import Hits, Keys, Numbers, Runs
from instgen.text.shelf import Shelf, Texts

SLICE = 4096
"""Texts judged at a time."""
_BANDS = 32
_MISSED = 0.001
"""Share of pairs exactly at the threshold that may be missed; our choice, as is the number of bands."""
_MAX_FUNCTIONS = 16
"""Hash functions per band at most: more cost more time than they save."""
_SPLIT_ABOVE = 100
"""Hits per text within a slice above which the slice is split in two halves, judged one after the other."""
_MIN_SPLIT = 32
"""Size of a slice that is not split further."""
_PAIRS = 20_000
"""Pairs measured at a time."""
_ALONE = np.uint64(0xFFFFFFFF)
"""Second half of the value of a single token, where a pair has its second token; no token has this number."""
_HALF = np.uint64(32)
_ROUNDING = 1e-6
"""Tolerance for a floating-point product that should be a whole number."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _functions(count: int) -> Keys:
    """Odd 64-bit multipliers, mixed from multiples of the golden ratio's fraction; the same on every machine."""
    return _mixed(np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN) | np.uint64(1)


def _mixed(values: Keys) -> Keys:
    """A bijective hash of 64-bit numbers (a step of SplitMix64)."""
    values = values + _GOLDEN
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


@dataclass(frozen=True, slots=True)
class _Signed:
    """Texts with their keys, one per band and text, and for each key the number of its text."""

    texts: Texts
    keys: Keys
    rows: Numbers


@dataclass(frozen=True, slots=True)
class _Sets:
    """The sets of several texts, concatenated: distinct tokens and pairs of neighbours, exact rather than hashed."""

    values: Keys
    rows: Numbers
    sizes: Numbers


def _sets(batch: Batch) -> _Sets:
    tokens, rows = batch.tokens.astype(np.uint64), batch.rows
    neighbours = rows[1:] == rows[:-1]
    pairs = (tokens[:-1] << _HALF | tokens[1:])[neighbours]
    values = np.concatenate((tokens << _HALF | _ALONE, pairs))
    rows = np.concatenate((rows, rows[1:][neighbours]))
    order = np.lexsort((values, rows))
    values, rows = values[order], rows[order]
    fresh = np.ones(len(values), bool)
    fresh[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
    return _Sets(values[fresh], rows[fresh], np.bincount(rows[fresh], minlength=len(batch)))


def jaccard(ours: Batch, theirs: Batch, hits: Hits) -> NDArray[np.float64]:
    """The Jaccard similarity of each pair of texts."""
    found = [np.zeros(0)]
    for start in range(0, len(hits), _PAIRS):
        queries, rows = hits.queries[start : start + _PAIRS], hits.rows[start : start + _PAIRS]
        one, which = np.unique(queries, return_inverse=True)
        other, whose = np.unique(rows, return_inverse=True)
        mine, yours = _sets(ours.take(one)), _sets(theirs.take(other))
        numbers = np.unique(np.concatenate((mine.values, yours.values)), return_inverse=True)[1].astype(np.uint64)
        joined = np.concatenate(
            (
                _spread(numbers[: len(mine.values)], mine.sizes, which),
                _spread(numbers[len(mine.values) :], yours.sizes, whose),
            )
        )
        joined.sort()
        shared = np.bincount((joined[times_before(joined) == 1] >> _HALF).astype(np.int64), minlength=len(which))
        found.append(shared / (mine.sizes[which] + yours.sizes[whose] - shared))
    return np.concatenate(found)


def _spread(numbers: Keys, sizes: Numbers, which: Numbers) -> Keys:
    """For each pair, the elements of its set `which[pair]`, with the number of the pair in the high 32 bits."""
    counts = sizes[which]
    starts = np.cumsum(sizes) - sizes
    offsets = starts[which] - (np.cumsum(counts) - counts)
    places = np.repeat(offsets, counts) + np.arange(counts.sum())
    spread: Keys = np.repeat(np.arange(len(which)), counts).astype(np.uint64) << _HALF
    spread |= numbers[places]
    return spread


class NearIndex:
    """The kept texts, found again by MinHash when a new text is similar."""

    def __init__(self, threshold: float = 0.7) -> None:
        """Make an empty index; texts whose similarity reaches the threshold are near.

        Raises:
            UsageError: the threshold is not above 0 and at most 1.
        """
        if not 0 < threshold <= 1:
            raise UsageError(f"a Jaccard threshold must be above 0 and at most 1, not {threshold}")
        self._threshold = threshold
        per_band = math.log(1 - _MISSED ** (1 / _BANDS)) / math.log(threshold) if threshold < 1 else _MAX_FUNCTIONS
        self._functions = _functions(_BANDS * max(1, min(_MAX_FUNCTIONS, int(per_band))))
        self._vocabulary = Vocabulary()
        self._shelf = Shelf()
        self._runs = Runs()

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts without judging them."""
        for found in self._signed(texts):
            self._keep(found, np.ones(len(found.texts), bool))

    def judge(self, texts: Sequence[str]) -> list[Match | None]:
        """For each text, the most similar kept text that is near (the earliest on a tie), or None: it is kept."""
        return [answer for found in self._signed(texts) for answer in self._judge(found)]

    def _judge(self, found: _Signed) -> list[Match | None]:
        texts, keys, rows = found.texts, found.keys, found.rows
        old = self._matches(texts, self._shelf.all(), self._runs.find(keys, rows))
        fresh = np.ones(len(texts), bool)
        fresh[old.hits.queries] = False
        inner = Runs()
        inner.add(keys[fresh[rows]], rows[fresh[rows]])
        if len(texts) > _MIN_SPLIT and inner.count(keys, rows) > _SPLIT_ABOVE * len(texts):
            halves = np.array_split(np.arange(len(texts)), 2)
            return [answer for half in halves for answer in self._judge(self._sign(texts.batch.take(half)))]
        earlier = (hits.where(hits.rows < hits.queries) for hits in inner.find(keys, rows))
        answers = decided(len(texts), len(self), old, self._matches(texts, texts, earlier))
        self._keep(found, np.array([answer is None for answer in answers], bool))
        return answers

    def _keep(self, found: _Signed, kept: NDArray[np.bool_]) -> None:
        stored = kept[found.rows]
        self._runs.add(found.keys[stored], (np.cumsum(kept) - 1 + len(self))[found.rows[stored]])
        self._shelf.add(found.texts, kept)

    def _matches(self, texts: Texts, rows: Texts, found: Iterable[Hits]) -> Matches:
        hits = Hits.joined([self._possible(texts, rows, some) for some in found])
        similarities = jaccard(texts.batch, rows.batch, hits)
        near = similarities >= self._threshold
        return Matches(hits.where(near), similarities[near])

    def _possible(self, texts: Texts, rows: Texts, hits: Hits) -> Hits:
        """The distinct hits that can be near: near sets of sizes a and b differ in at most (a + b)(1 - t) / (1 + t)."""
        ours, theirs = texts.sizes[hits.queries].astype(np.int64), rows.sizes[hits.rows].astype(np.int64)
        room = np.floor((ours + theirs) * ((1 - self._threshold) / (1 + self._threshold)) + _ROUNDING).astype(np.int64)
        fit = np.abs(ours - theirs) <= room
        return parity.fitting(hits.where(fit), room[fit], texts.parities, rows.parities).distinct()

    def _signed(self, texts: Sequence[str]) -> Iterator[_Signed]:
        for start in range(0, len(texts), SLICE):
            yield self._sign(self._vocabulary.batch(texts[start : start + SLICE]))

    def _sign(self, batch: Batch) -> _Signed:
        sets = _sets(batch)
        values, starts = _mixed(sets.values), np.cumsum(sets.sizes) - sets.sizes
        found = []
        for band, functions in enumerate(np.split(self._functions, _BANDS)):
            key = np.full(len(batch), band, np.uint64)
            for function in functions:
                least = np.minimum.reduceat((values * function >> _HALF).astype(np.uint32), starts)
                key = _mixed(key * function + least)
            found.append(key)
        texts = Texts(batch, sets.sizes.astype(np.int32), parity.parities(values, sets.rows, len(batch)))
        return _Signed(texts, np.concatenate(found), np.tile(np.arange(len(batch)), _BANDS))
