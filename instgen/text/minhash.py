"""Near duplicates: texts that have most of their tokens and most pairs of neighbouring tokens in common.

The likeness of two texts is the Jaccard similarity of these sets: what both have, by what either has. So a text of one
word can be compared, and in one of thirteen words another word in the middle leaves 0.79. What may be alike is found by
MinHash (Broder 1997) in 32 bands: two texts agree in all k minima of a band with probability similarity**k. The k is
chosen so that of the pairs that are just at the threshold 1 in 1000 is missed, and fewer of those above. What is found
is then measured.

The rule: nothing is called near that is not; the hash functions are fixed, so the same is found everywhere.
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
"""Texts at a time."""
_BANDS = 32
_MISSED = 0.001
"""The share of pairs just at the threshold that may be missed; ours, as the number of bands is."""
_MOST_FUNCTIONS = 16
"""In a band: beyond them a band costs more than it spares."""
_CROWDED = 100
"""Hits a text among the texts of a slice, from which on halves of it are judged one after the other."""
_FEW = 32
"""A slice that is not halved further."""
_PAIRS = 20_000
"""Measured at a time."""
_ALONE = np.uint64(0xFFFFFFFF)
"""Beside a token for itself; no token has this number."""
_HALF = np.uint64(32)
_ROUNDING = 1e-6
"""What the product of a length and a ratio may lack of a whole number."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _functions(count: int) -> Keys:
    """Odd multipliers, from the fractions of multiples of the golden ratio, mixed; the same everywhere."""
    return _mixed(np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN) | np.uint64(1)


def _mixed(values: Keys) -> Keys:
    """A hash of 64-bit numbers, one to one."""
    values = values + _GOLDEN
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


@dataclass(frozen=True, slots=True)
class _Signed:
    """Texts, and their keys, one a band and text, beside each the number of its text."""

    texts: Texts
    keys: Keys
    rows: Numbers


@dataclass(frozen=True, slots=True)
class _Sets:
    """For some texts, side by side, their tokens and pairs of neighbours, each once: exact, not hashed."""

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
    """The similarity of each pair of texts."""
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
    """For each pair the numbers of the set that it names, under the number of the pair."""
    counts = sizes[which]
    starts = np.cumsum(sizes) - sizes
    offsets = starts[which] - (np.cumsum(counts) - counts)
    places = np.repeat(offsets, counts) + np.arange(counts.sum())
    spread: Keys = np.repeat(np.arange(len(which)), counts).astype(np.uint64) << _HALF
    spread |= numbers[places]
    return spread


class NearIndex:
    """Texts that were kept, to be compared with others."""

    def __init__(self, threshold: float = 0.7) -> None:
        """Make an empty index; texts that are at least as similar as the threshold are near.

        Raises:
            UsageError: the threshold is not above 0 and at most 1.
        """
        if not 0 < threshold <= 1:
            raise UsageError(f"a Jaccard threshold is above 0 and at most 1, not {threshold}")
        self._threshold = threshold
        surest = math.log(1 - _MISSED ** (1 / _BANDS)) / math.log(threshold) if threshold < 1 else _MOST_FUNCTIONS
        self._functions = _functions(_BANDS * max(1, min(_MOST_FUNCTIONS, int(surest))))
        self._vocabulary = Vocabulary()
        self._shelf = Shelf()
        self._runs = Runs()

    def __len__(self) -> int:
        return len(self._shelf)

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts, near to others or not."""
        for found in self._signed(texts):
            self._keep(found, np.ones(len(found.texts), bool))

    def judge(self, texts: Sequence[str]) -> list[Match | None]:
        """For each text the kept one that it is most like, the earliest of equals, or None: then it is kept."""
        return [answer for found in self._signed(texts) for answer in self._judge(found)]

    def _judge(self, found: _Signed) -> list[Match | None]:
        texts, keys, rows = found.texts, found.keys, found.rows
        old = self._matches(texts, self._shelf.all(), self._runs.find(keys, rows))
        fresh = np.ones(len(texts), bool)
        fresh[old.hits.queries] = False
        inner = Runs()
        inner.add(keys[fresh[rows]], rows[fresh[rows]])
        if len(texts) > _FEW and inner.count(keys, rows) > _CROWDED * len(texts):
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
        """Each hit once that can be near: near sets of a and b elements differ in at most (a + b)(1 - t) / (1 + t)."""
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
