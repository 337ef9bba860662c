"""Sorted runs: a map from keys to rows, for many keys at once, in 8 bytes per key and row.

An entry packs 40 bits of a key's hash above 24 bits of a row number, so sorting the entries puts the rows of a key next
to each other. New entries form a new run; a run that is not much smaller than the one before it is merged into it, so
there are few runs. Row numbers of more than 24 bits are stored relative to the base of their run.

The rule: every row of a key is found. A row of another key with the same 40 bits may be found too; a comparison
decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
"""64-bit hashes of keys; only the high 40 bits are compared."""
Numbers = NDArray[np.int64]

ROW_BITS = 24
"""Bits of an entry's 64 for the row: a run spans 16 million rows, and 40 bits remain for the key."""
MOST_HITS = 500_000
"""Hits returned at a time, so that memory stays bounded however similar the rows are."""
_MERGED_FROM = 2
"""A run is merged with the one before it if that is at most this many times as long."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Pairs of a query and a row that share a key, as two arrays of numbers. A pair may occur more than once."""

    queries: Numbers
    rows: Numbers

    @classmethod
    def joined(cls, parts: Sequence[Hits]) -> Hits:
        """The distinct pairs of all parts."""
        none = np.zeros(0, np.int64)
        queries = np.concatenate([none, *(part.queries for part in parts)])
        return cls(queries, np.concatenate([none, *(part.rows for part in parts)])).distinct()

    def __len__(self) -> int:
        return len(self.queries)

    def where(self, wanted: NDArray[np.bool_] | slice) -> Hits:
        """The selected pairs."""
        return Hits(self.queries[wanted], self.rows[wanted])

    def distinct(self) -> Hits:
        """The distinct pairs, sorted by query, then by row."""
        pairs = np.unique(self.queries << 40 | self.rows)
        return Hits(pairs >> 40, pairs & (1 << 40) - 1)


@dataclass(frozen=True, slots=True)
class _Run:
    base: int
    entries: Keys


@dataclass(frozen=True, slots=True)
class _Places:
    """For each key found in a run: its query, and the start and number of its entries."""

    queries: Numbers
    starts: Numbers
    counts: Numbers


class Runs:
    """A map from keys to rows that grows; rows are added in ascending order."""

    def __init__(self, row_bits: int = ROW_BITS) -> None:
        self._bits = np.uint64(row_bits)
        self._low = np.uint64((1 << row_bits) - 1)
        self._span = 1 << row_bits
        self._runs: list[_Run] = []

    def add(self, keys: Keys, rows: Numbers) -> None:
        """Store rows, each under the key beside it."""
        if not len(rows):
            return
        segments = rows >> int(self._bits)
        for segment in range(int(segments.min()), int(segments.max()) + 1):
            own = segments == segment
            entries = self._entries(keys[own], rows[own])
            if len(entries):
                self._runs.append(_Run(segment * self._span, entries))
                self._merge()

    def find(self, keys: Keys, queries: Numbers) -> Iterator[Hits]:
        """Yield the rows of each query's keys, about `MOST_HITS` at a time.

        Args:
            keys: the keys to look for.
            queries: for each key, the number of its query, below 2^24.
        """
        needles = self._entries(keys, queries)
        wanted, numbers = needles & ~self._low, (needles & self._low).astype(np.int64)
        for run in self._runs:
            yield from self._found(run, self._places(run.entries, wanted, numbers))

    def count(self, keys: Keys, queries: Numbers) -> int:
        """The number of hits that `find` would yield."""
        needles = self._entries(keys, queries)
        wanted, numbers = needles & ~self._low, (needles & self._low).astype(np.int64)
        return sum(int(self._places(run.entries, wanted, numbers).counts.sum()) for run in self._runs)

    def _entries(self, keys: Keys, numbers: Numbers) -> Keys:
        entries = keys >> self._bits << self._bits | numbers.astype(np.uint64) & self._low
        entries.sort()
        return entries

    def _merge(self) -> None:
        while len(self._runs) > 1:
            before, last = self._runs[-2:]
            if before.base != last.base or len(before.entries) > _MERGED_FROM * len(last.entries):
                return
            base, merged = last.base, np.concatenate((before.entries, last.entries))
            del self._runs[-2:], before, last
            merged.sort(kind="stable")
            self._runs.append(_Run(base, merged))

    def _places(self, entries: Keys, wanted: Keys, queries: Numbers) -> _Places:
        starts = entries.searchsorted(wanted)
        present = np.flatnonzero(entries[np.minimum(starts, len(entries) - 1)] ^ wanted <= self._low)
        starts = starts[present]
        return _Places(queries[present], starts, entries.searchsorted(wanted[present] | self._low, "right") - starts)

    def _found(self, run: _Run, places: _Places) -> Iterator[Hits]:
        ends = np.cumsum(places.counts)
        first = 0
        while first < len(ends):
            before = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + MOST_HITS, "right")))
            counts = places.counts[first:last]
            offsets = places.starts[first:last] - (ends[first:last] - counts - before)
            entries = run.entries[np.repeat(offsets, counts) + np.arange(int(ends[last - 1]) - before)]
            rows = (entries & self._low).astype(np.int64) + run.base
            yield Hits(np.repeat(places.queries[first:last], counts), rows)
            first = last
