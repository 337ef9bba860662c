"""Which rows can be near a text at all: prefixes of its rarest tokens, and a table from pairs of them to rows.

A text is read as a set of elements (the second `the` is another element than the first), numbered so that a rarer one
has a higher number. Two texts of m and n tokens that are more similar than τ share t ≥ τ(m + n)/2 elements, so their
m - t + k and n - t + k rarest ones share at least k (the prefix filter of set similarity joins, Chaudhuri et al. 2006).
With k = 2 both texts have a pair of elements in common, and few other texts have that pair. In long texts, where pairs
are many, the elements fall into g groups by their numbers: k = g + 1 shared ones make a pair within some group.

What is found here is a superset of what is near: nothing near is missed, and a comparison decides.
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
"""Below it so much is shared by chance that prefixes are of no use."""

_SHARED_PER_GROUP = 2
"""More groups make fewer keys a row, of longer prefixes."""

_MOST_GROUPS = 1 << 16
"""Ours; only texts that share more than 131,072 elements would have more."""

_LOAD = 2
"""Slots for each key that a table is made for: more of them cost memory, fewer bring rows that share a slot only."""

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The `length` rarest elements, of which those in the same one of `groups` make pairs; 0 groups: no pairs."""

    groups: int
    length: int

    def keys(self, elements: list[int], unknown: int = 0) -> Iterable[Key]:
        """The keys of a text: its elements' numbers from the highest, after `unknown` ones that no row has."""
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
        """About how many keys there are."""
        part = self.length / max(1, self.groups)
        return int(self.groups * part * (part - 1) / 2) + 1 if self.groups else self.length


class Prefixes:
    """For each number of tokens, the prefix that a row is stored under and those that a query looks with."""

    def __init__(self, threshold: Fraction) -> None:
        self._threshold = threshold
        self._stored: dict[int, Prefix] = {}
        self._looked: dict[int, list[Prefix]] = {}

    def stored(self, length: int) -> Prefix:
        """The prefix that serves every query a row of this length can be near to."""
        if length not in self._stored:
            self._stored[length] = self._prefix(length, self._shortest(length), self.groups(length))
        return self._stored[length]

    def looked(self, length: int) -> list[Prefix]:
        """The prefixes that together serve every row a query of this length can be near to."""
        if length not in self._looked:
            self._looked[length] = self._all(length)
        return self._looked[length]

    def groups(self, length: int) -> int:
        """Of a row's elements, by its length alone, so that a query knows them too: fewer than near texts share."""
        shared = least_common(self._threshold, length + self._shortest(length))
        groups = 1 << ((shared - 1) // _SHARED_PER_GROUP or 1).bit_length() - 1
        return min(groups, _MOST_GROUPS) if shared > 1 else 0

    def _all(self, length: int) -> list[Prefix]:
        """One for each number of groups that a row can have: it never falls as rows get longer."""
        others = range(self._shortest(length), self._longest(length) + 1)
        found: list[Prefix] = []
        place = 0
        while place < len(others):
            groups = self.groups(others[place])
            found.append(self._prefix(length, others[place], groups))
            place = bisect_right(others, groups, lo=place, key=self.groups)
        return found

    def _prefix(self, length: int, other: int, groups: int) -> Prefix:
        """The prefix against texts of `other` tokens, and longer ones, which share more and so need less of it."""
        return Prefix(groups, length - least_common(self._threshold, length + other) + groups + 1)

    def _shortest(self, length: int) -> int:
        """The least n with n > τ(length + n)/2."""
        above, below = self._threshold.numerator, self._threshold.denominator
        return above * length // (2 * below - above) + 1

    def _longest(self, length: int) -> int:
        """The greatest n with length > τ(length + n)/2."""
        above, below = self._threshold.numerator, self._threshold.denominator
        return -(-length * (2 * below - above) // above) - 1


class Table:
    """From keys to the rows that have them, and some that only share a slot: 8 bytes a key and 4 a slot.

    The rows of a slot are a chain of places, the latest row first; place 0 is its end.
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
        """All rows that were stored under any of the keys."""
        first, slots, rows, following = self._first, self._slots, self._rows, self._next
        found: set[int] = set()
        for key in keys:
            place = first[hash(key) % slots]
            while place:
                found.add(rows[place])
                place = following[place]
        return found
