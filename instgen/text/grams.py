"""Runs of tokens that a new text shares with indexed texts, exactly: an index of every n-gram of the indexed texts.

A gram is looked up by a hash of its tokens' numbers, which Python does not salt, and then compared token by token, so
there are no false positives. A run is followed to its end, so it is reported once and in full.

Memory: 16 bytes per token, plus about 100 bytes per distinct token.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

UNKNOWN = 0
"""The number of a token that no indexed text has: it matches nothing."""

_SLOTS = 2
"""Hash table slots per token of the indexed texts."""


@dataclass(frozen=True, slots=True)
class Run:
    """`length` tokens that the indexed text number `text` has from `start`, and the new text from `at`."""

    text: int
    start: int
    length: int
    at: int


class Lexicon:
    """Numbers the distinct tokens from 1; 0 is `UNKNOWN`, a token that was never added."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def add(self, words: Iterable[str]) -> list[int]:
        """The numbers of these tokens; new tokens get new numbers."""
        numbers = self._numbers
        return [numbers.setdefault(word, len(numbers) + 1) for word in words]

    def look(self, words: Iterable[str]) -> list[int]:
        """The numbers of these tokens, `UNKNOWN` for those never added."""
        get = self._numbers.get
        return [get(word, UNKNOWN) for word in words]


def common(texts: Iterable[Sequence[int]], size: int, most: int) -> set[int]:
    """The hashes of the grams that occur in more than `most` of the texts."""
    counts = Counter(chain.from_iterable({hash(gram) for gram in _grams(text, size)} for text in texts))
    return {gram for gram, count in counts.items() if count > most}


def covered(text: Sequence[int], size: int, hashes: set[int]) -> bytearray:
    """One byte per token of the text: 1 where the token lies in a gram whose hash is in `hashes`, else 0."""
    mask = bytearray(len(text))
    if hashes:
        for start, gram in enumerate(_grams(text, size)):
            if hash(gram) in hashes:
                mask[start : start + size] = b"\1" * size
    return mask


class GramIndex:
    """Every gram of `size` tokens of the given texts, which are numbered from 0 in their order."""

    def __init__(self, texts: Sequence[Sequence[int]], size: int, masks: Sequence[bytearray]) -> None:
        """Index the texts.

        Args:
            texts: each as the numbers of its tokens.
            size: the number of tokens in a gram.
            masks: for each text, one byte per token; a gram whose tokens are all marked 1 is not indexed.
        """
        self.size = size
        self._starts = array("I", [0])
        self._tokens = array("I")
        for text in texts:
            self._tokens.extend(text)
            self._starts.append(len(self._tokens))
        self._slots = max(1024, len(self._tokens) * _SLOTS) | 1
        self._first = array("I", bytes(4 * self._slots))
        self._next = array("I", bytes(4 * (len(self._tokens) + 1)))
        for number, mask in enumerate(masks):
            self._add(number, mask)

    def runs(self, words: Sequence[int]) -> list[Run]:
        """The runs of at least `size` tokens that a text shares with indexed texts, each at full length."""
        if len(words) < self.size:
            return []
        size, tokens, first, following, slots = self.size, self._tokens, self._first, self._next, self._slots
        found: list[Run] = []
        ends: dict[int, int] = {}
        unknown = -1
        for last, word in enumerate(words):
            if word == UNKNOWN:
                unknown = last
            at = last - size + 1
            if at <= unknown:
                continue
            gram = tuple(words[at : last + 1])
            place = first[hash(gram) % slots]
            while place:
                start = place - 1
                if at >= ends.get(start - at, 0) and tuple(tokens[start : start + size]) == gram:
                    run = self._run(start, at, words)
                    ends[start - at] = at + run.length - size + 1
                    found.append(run)
                place = following[place]
        return found

    def _run(self, start: int, at: int, words: Sequence[int]) -> Run:
        """The run that begins with a gram at `start`, extended until the tokens differ or either text ends."""
        text = bisect_right(self._starts, start) - 1
        room = min(self._starts[text + 1] - start, len(words) - at)
        length = self.size
        while length < room and self._tokens[start + length] == words[at + length]:
            length += 1
        return Run(text, start - self._starts[text], length, at)

    def _add(self, number: int, mask: bytearray) -> None:
        begin, end, size = self._starts[number], self._starts[number + 1], self.size
        for start, gram in enumerate(_grams(self._tokens[begin:end], size)):
            if not all(mask[start : start + size]):
                slot = hash(gram) % self._slots
                place = begin + start + 1
                self._next[place] = self._first[slot]
                self._first[slot] = place


def _grams(text: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    return (tuple(text[start : start + size]) for start in range(len(text) - size + 1))
