"""Sorted runs: from keys to the rows that have them, for many keys at once, in 8 bytes a key and row.

An entry is 40 bits of a key's hash above 24 bits of a row's number, so that plain sorting puts the rows of a key side
by side. New entries make a run of their own; a run that is not much smaller than the one before it is merged with it,
so there are few. Row numbers that need more than 24 bits count from the base of their run.

The rule: every row of a key is found; a row of another key with the same 40 bits may be found too, and a comparison
decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
"""Hashes of keys, of which the high 40 bits count."""
Numbers = NDArray[np.int64]

ROW_BITS = 24
"""Of the 64 of an entry: a run reaches 16 million rows, and 40 bits tell keys apart."""
MOST_HITS = 500_000
"""Found at a time, so that memory stays bounded whatever is alike."""
_MERGED_FROM = 2
"""A run is merged with the one before it when that is at most so many times as long."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows that have a key of a query, side by side: the queries' numbers and the rows'. A pair may come repeatedly."""

    queries: Numbers
    rows: Numbers

    @classmethod
    def joined(cls, parts: Sequence[Hits]) -> Hits:
        """All of them, each pair once."""
        none = np.zeros(0, np.int64)
        queries = np.concatenate([none, *(part.queries for part in parts)])
        return cls(queries, np.concatenate([none, *(part.rows for part in parts)])).distinct()

    def __len__(self) -> int:
        return len(self.queries)

    def where(self, wanted: NDArray[np.bool_] | slice) -> Hits:
        """Those that are marked."""
        return Hits(self.queries[wanted], self.rows[wanted])

    def distinct(self) -> Hits:
        """Each pair once, by query, then by row."""
        pairs = np.unique(self.queries << 40 | self.rows)
        return Hits(pairs >> 40, pairs & (1 << 40) - 1)


@dataclass(frozen=True, slots=True)
class _Run:
    base: int
    entries: Keys


@dataclass(frozen=True, slots=True)
class _Places:
    """For some queries, where the entries of their keys begin in a run and how many there are."""

    queries: Numbers
    starts: Numbers
    counts: Numbers


class Runs:
    """Grows by entries of ever later rows."""

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
        """The rows of each query's keys, some at a time; queries are numbered below 2^24.

        Args:
            keys: what is looked for.
            queries: for each key the number of its query.
        """
        needles = self._entries(keys, queries)
        wanted, numbers = needles & ~self._low, (needles & self._low).astype(np.int64)
        for run in self._runs:
            yield from self._found(run, self._places(run.entries, wanted, numbers))

    def count(self, keys: Keys, queries: Numbers) -> int:
        """How many hits there will be."""
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
        there = np.flatnonzero(entries[np.minimum(starts, len(entries) - 1)] ^ wanted <= self._low)
        starts = starts[there]
        return _Places(queries[there], starts, entries.searchsorted(wanted[there] | self._low, "right") - starts)

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
