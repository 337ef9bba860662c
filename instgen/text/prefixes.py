"""Candidate rows for a text: prefixes of its rarest elements, and a table from pairs of elements to rows.

A text is treated as a set of elements (the second `the` is a different element from the first), numbered so that rarer
elements have higher numbers. Two texts of m and n tokens that are more similar than τ share t ≥ τ(m + n)/2 elements, so
their m - t + k and n - t + k rarest elements share at least k (the prefix filter of set similarity joins, Chaudhuri et
al. 2006). With k = 2, the two prefixes have a pair of elements in common, and few other texts have that pair. Long
texts would have too many pairs, so their elements are divided by number into g groups: of k = g + 1 shared elements,
two are in the same group.

The rule: the candidates are a superset of the near rows. Nothing near is missed, and a comparison decides.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations

from instgen.text.rouge import least_common

LEAST_THRESHOLD = Fraction(3, 10)
"""Below this, texts share so much by chance that prefixes do not help."""

_SHARED_PER_GROUP = 2
"""Shared elements per group: a lower value makes more groups, with longer prefixes but fewer keys per row."""

_MOST_GROUPS = 1 << 16
"""Our limit; only texts that share more than 131,072 elements would have more groups."""

_LOAD = 2
"""Slots per expected key: more cost memory, fewer return more rows that only share a slot."""

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The `length` rarest elements; two in the same one of `groups` make a key, or with 0 groups, each one alone."""

    groups: int
    length: int

    def keys(self, elements: list[int], unknown: int = 0) -> Iterable[Key]:
        """The keys of a text.

        Args:
            elements: the numbers of its elements, highest first.
            unknown: the number of its other elements, which no row has and which therefore count as the rarest.
        """
        head = elements[: max(0, self.length - unknown)]
        if self.groups == 0:
            return zip(head, strict=True)
        if self.groups == 1:
            return combinations(head, 2)
        parts: list[list[int]] = [[] for _ in range(self.groups)]
        for element in head:
            parts[element % self.groups].append(element)
        return chain.from_iterable(combinations(part, 2) for part in parts)

    @property
    def size(self) -> int:
        """The approximate number of keys."""
        part = self.length / max(1, self.groups)
        return int(self.groups * part * (part - 1) / 2) + 1 if self.groups else self.length


class Prefixes:
    """For each length in tokens, the prefix a row is stored under and the prefixes a query looks up."""

    def __init__(self, threshold: Fraction) -> None:
        self._threshold = threshold
        self._stored: dict[int, Prefix] = {}
        self._looked: dict[int, list[Prefix]] = {}

    def stored(self, length: int) -> Prefix:
        """The prefix under which a row of this length is found by every query that can be near it."""
        if length not in self._stored:
            self._stored[length] = self._prefix(length, self._shortest(length), self.groups(length))
        return self._stored[length]

    def looked(self, length: int) -> list[Prefix]:
        """The prefixes with which a query of this length finds every row that can be near it."""
        if length not in self._looked:
            self._looked[length] = self._all(length)
        return self._looked[length]

    def groups(self, length: int) -> int:
        """The number of groups for rows of this length.

        It depends on the length alone, so that a query knows it too, and is less than the number of shared elements.
        """
        shared = least_common(self._threshold, length + self._shortest(length))
        groups = 1 << ((shared - 1) // _SHARED_PER_GROUP or 1).bit_length() - 1
        return min(groups, _MOST_GROUPS) if shared > 1 else 0

    def _all(self, length: int) -> list[Prefix]:
        """One prefix for each number of groups among possible rows; longer rows never have fewer groups."""
        others = range(self._shortest(length), self._longest(length) + 1)
        found: list[Prefix] = []
        place = 0
        while place < len(others):
            groups = self.groups(others[place])
            found.append(self._prefix(length, others[place], groups))
            place = bisect_right(others, groups, lo=place, key=self.groups)
        return found

    def _prefix(self, length: int, other: int, groups: int) -> Prefix:
        """The prefix for comparing with texts of `other` or more tokens; longer ones share more and need less of it."""
        return Prefix(groups, length - least_common(self._threshold, length + other) + groups + 1)

    def _shortest(self, length: int) -> int:
        """The least n with n > τ(length + n)/2."""
        numerator, denominator = self._threshold.numerator, self._threshold.denominator
        return numerator * length // (2 * denominator - numerator) + 1

    def _longest(self, length: int) -> int:
        """The greatest n with length > τ(length + n)/2."""
        numerator, denominator = self._threshold.numerator, self._threshold.denominator
        return -(-length * (2 * denominator - numerator) // numerator) - 1


class Table:
    """A hash table from keys to rows, in 8 bytes per key and 4 per slot; keys that share a slot are not told apart.

    Each slot heads a chain of entries, latest first; entry 0 ends the chain.
    """

    def __init__(self, keys: int) -> None:
        self._slots = max(1024, keys * _LOAD) | 1
        self._first = array("I", bytes(4 * self._slots))
        self._rows = array("I", [0])
        self._next = array("I", [0])

    def add(self, row: int, keys: Iterable[Key]) -> None:
        """Store a row under its keys."""
        first, slots, place = self._first, self._slots, len(self._rows)
        for key in keys:
            slot = hash(key) % slots
            self._next.append(first[slot])
            self._rows.append(row)
            first[slot] = place
            place += 1

    def find(self, keys: Iterable[Key]) -> set[int]:
        """All rows stored under any of the keys, and any that only share a slot with one."""
        first, slots, rows, following = self._first, self._slots, self._rows, self._next
        found: set[int] = set()
        for key in keys:
            place = first[hash(key) % slots]
            while place:
                found.add(rows[place])
                place = following[place]
        return found
