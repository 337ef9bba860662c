"""Texts as arrays of numbers, one a token, many texts at once; what comparisons by the thousand are made of.

A `Batch` holds texts side by side: all tokens in one array, and where each text begins. `Stored` is such an array that
grows. A text's elements are its tokens as a set: a token that comes again is another element.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from instgen.text.runs import Hits, Numbers
from instgen.text.tokens import tokens

Tokens = NDArray[np.uint32]
Item = TypeVar("Item", bound=np.generic)

_FIRST_SURROGATE, _SURROGATES = 0xD800, 0x800
_CODE_POINTS = 0x10FFFF - _SURROGATES
_NOTHING = [""]
"""The tokens of a text that has none: no other text has them, so such texts are alike and like nothing else."""
_PAIRS = 20_000
"""Compared at a time."""


class Vocabulary(dict[Hashable, int]):
    """Gives each token, and each further element of a token, a number of its own: the next one."""

    def __missing__(self, word: Hashable) -> int:
        self[word] = number = len(self)
        return number

    def batch(self, texts: Sequence[str]) -> Batch:
        """These texts as numbers."""
        words: list[str] = []
        ends = [0]
        for text in texts:
            words += tokens(text) or _NOTHING
            ends.append(len(words))
        return Batch(np.fromiter(map(self.__getitem__, words), np.uint32, len(words)), np.array(ends, np.int64))

    def elements(self, batch: Batch) -> Elements:
        """The elements of each text."""
        rows = batch.rows
        found = rows.astype(np.uint64) << np.uint64(32) | batch.tokens
        found.sort()
        numbers = (found & np.uint64(0xFFFFFFFF)).astype(np.int64)
        times = times_before(found)
        again = np.flatnonzero(times)
        keys = (numbers[again] << 24 | times[again]).tolist()
        numbers[again] = np.fromiter(map(self.__getitem__, keys), np.int64, len(keys))
        return Elements(numbers, rows)


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts side by side: their tokens, and the places at which each begins, and the last one ends."""

    tokens: Tokens
    ends: Numbers

    def __len__(self) -> int:
        return len(self.ends) - 1

    @property
    def lengths(self) -> Numbers:
        """The number of tokens of each text."""
        return np.diff(self.ends)

    @property
    def rows(self) -> Numbers:
        """For each token, the number of its text."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: Numbers) -> Batch:
        """These texts of it."""
        starts, lengths = self.ends[rows], self.ends[rows + 1] - self.ends[rows]
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return Batch(self.tokens[np.repeat(starts - ends[:-1], lengths) + np.arange(ends[-1])], ends)


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of texts, by text: their numbers, and beside each the number of its text."""

    numbers: Numbers
    rows: Numbers


def times_before(values: NDArray[np.uint64]) -> Numbers:
    """For each of the sorted values, how many equal ones come before it."""
    places = np.arange(len(values))
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    return places - np.maximum.accumulate(np.where(first, places, 0))


class Stored:
    """Texts that were kept: 4 bytes a token and 8 a text."""

    def __init__(self) -> None:
        self._tokens = np.zeros(1024, np.uint32)
        self._ends = np.zeros(1024, np.int64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, batch: Batch) -> None:
        """Keep these texts."""
        used, length = int(self._ends[self._length]), self._length + len(batch)
        self._tokens = roomy(self._tokens, used + len(batch.tokens))
        self._ends = roomy(self._ends, length + 1)
        self._tokens[used : used + len(batch.tokens)] = batch.tokens
        self._ends[self._length : length + 1] = batch.ends + used
        self._length = length

    def all(self) -> Batch:
        """The texts as they are now, without copying."""
        return Batch(self._tokens, self._ends[: self._length + 1])


def roomy(array: NDArray[Item], length: int) -> NDArray[Item]:
    """The array, moved to a longer one where it is shorter than this."""
    if len(array) >= length:
        return array
    longer = np.zeros((length + (length >> 2), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def common(queries: Batch, rows: Batch, hits: Hits) -> Numbers:
    """The length of the longest common subsequence of each pair."""
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(hits), _PAIRS):
        ours, one = np.unique(hits.queries[start : start + _PAIRS], return_inverse=True)
        theirs, other = np.unique(hits.rows[start : start + _PAIRS], return_inverse=True)
        texts = _strings(queries.take(ours), rows.take(theirs))
        pairs = ([texts[place] for place in one.tolist()], [texts[len(ours) + place] for place in other.tolist()])
        found.append(process.cpdist(*pairs, scorer=LCSseq.similarity, dtype=np.int64))
    return np.concatenate(found)


def _strings(*batches: Batch) -> list[str] | list[list[int]]:
    """The texts as strings of private code points, which compare fastest; as lists where those do not suffice."""
    numbers = np.concatenate([batch.tokens for batch in batches])
    ends = np.concatenate([[0], *(batch.lengths for batch in batches)]).cumsum().tolist()
    if len(numbers) and numbers.max() >= _CODE_POINTS:
        numbers = np.unique(numbers, return_inverse=True)[1].astype(np.uint32)
    spans = [slice(start, end) for start, end in pairwise(ends)]
    if len(numbers) and numbers.max() >= _CODE_POINTS:
        return [numbers[span].tolist() for span in spans]
    codes = numbers + np.where(numbers < _FIRST_SURROGATE, 0, _SURROGATES).astype(np.uint32)
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    return [text[span] for span in spans]
