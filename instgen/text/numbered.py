"""Texts as arrays of numbers, one per token, for comparing thousands of texts at once.

A `Batch` holds several texts: all their tokens in one array, and the offset at which each text begins. `Stored` is a
batch that grows. A text's elements are its tokens as a set: each repetition of a token is a distinct element.
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
"""Stands in for the tokens of a text without any: such texts are equal to each other and share nothing with others."""
_PAIRS = 20_000
"""Pairs compared at a time."""


class Vocabulary(dict[Hashable, int]):
    """Numbers tokens and repeated elements in order of first appearance; looking up a new one adds it."""

    def __missing__(self, word: Hashable) -> int:
        self[word] = number = len(self)
        return number

    def batch(self, texts: Sequence[str]) -> Batch:
        """The texts as numbers; new tokens are added."""
        words: list[str] = []
        ends = [0]
        for text in texts:
            words += tokens(text) or _NOTHING
            ends.append(len(words))
        return Batch(np.fromiter(map(self.__getitem__, words), np.uint32, len(words)), np.array(ends, np.int64))

    def elements(self, batch: Batch) -> Elements:
        """The elements of each text, sorted by text; new elements are added."""
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
    """Texts, concatenated: text n has `tokens[ends[n]:ends[n + 1]]`; `ends` is one longer than the number of texts."""

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
        """The texts with these numbers, in this order."""
        starts, lengths = self.ends[rows], self.ends[rows + 1] - self.ends[rows]
        ends = np.concatenate(([0], np.cumsum(lengths)))
        return Batch(self.tokens[np.repeat(starts - ends[:-1], lengths) + np.arange(ends[-1])], ends)


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of several texts, grouped by text: the number of each, and the number of its text."""

    numbers: Numbers
    rows: Numbers


def times_before(values: NDArray[np.uint64]) -> Numbers:
    """For each of the sorted values, the number of equal values before it."""
    places = np.arange(len(values))
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    return places - np.maximum.accumulate(np.where(first, places, 0))


class Stored:
    """The tokens of the kept texts, in 4 bytes per token and 8 per text."""

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
        """All texts stored so far, without copying."""
        return Batch(self._tokens, self._ends[: self._length + 1])


def roomy(array: NDArray[Item], length: int) -> NDArray[Item]:
    """The array, copied to one a quarter longer than `length` if it is shorter than that."""
    if len(array) >= length:
        return array
    longer = np.zeros((length + (length >> 2), *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def common(queries: Batch, rows: Batch, hits: Hits) -> Numbers:
    """The length of the longest common subsequence of each pair, in tokens."""
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(hits), _PAIRS):
        ours, one = np.unique(hits.queries[start : start + _PAIRS], return_inverse=True)
        theirs, other = np.unique(hits.rows[start : start + _PAIRS], return_inverse=True)
        texts = _strings(queries.take(ours), rows.take(theirs))
        pairs = ([texts[place] for place in one.tolist()], [texts[len(ours) + place] for place in other.tolist()])
        found.append(process.cpdist(*pairs, scorer=LCSseq.similarity, dtype=np.int64))
    return np.concatenate(found)


def _strings(*batches: Batch) -> list[str] | list[list[int]]:
    """The texts as strings, one code point per token, which compare fastest; as lists if there are too many tokens."""
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
