"""ROUGE-L on tokens: how far two texts have the same words in the same order.

F = 2·LCS / (m + n), where LCS is the length of the longest common subsequence of texts of m and n tokens (Lin 2004,
with precision and recall weighted equally). Thresholds are compared in integers, because floating point is unreliable
exactly at a threshold.

Two texts without tokens are equal (F = 1).
"""

from __future__ import annotations

from fractions import Fraction

from rapidfuzz.distance import LCSseq

from instgen.text.tokens import tokens

Codes = str | list[int]
"""A text as numbers, one per token: a string of code points, or a list of integers if the code points run out."""

UNKNOWN = 0
"""The code of a token that was never added to the vocabulary: it matches nothing."""

_SURROGATES = range(0xD800, 0xE000)
_LAST_CODE_POINT = 0x10FFFF
"""Unicode's last code point."""


class Vocabulary:
    """Gives each distinct token a permanent number, so that texts can be compared as strings of code points.

    Numbering continues beyond `last` (Unicode has 1,112,063 usable code points); a text with such a number is coded as
    a list of integers. Lists compare more slowly, but with both strings and lists.
    """

    def __init__(self, last: int = _LAST_CODE_POINT) -> None:
        self._codes: dict[str, int] = {}
        self._last = last
        self._next = UNKNOWN + 1

    def add(self, words: list[str]) -> Codes:
        """The codes of these tokens; new tokens get new numbers."""
        for word in words:
            if word not in self._codes:
                self._codes[word] = self._next
                self._next = _SURROGATES.stop if self._next + 1 == _SURROGATES.start else self._next + 1
        return self.look(words)

    def look(self, words: list[str]) -> Codes:
        """The codes of these tokens, `UNKNOWN` for those never added."""
        codes = [self._codes.get(word, UNKNOWN) for word in words]
        return codes if max(codes, default=UNKNOWN) > self._last else "".join(map(chr, codes))


def common(one: Codes, other: Codes) -> int:
    """The length of the longest common subsequence, in tokens."""
    return LCSseq.similarity(one, other)


def exact(threshold: float | str | Fraction) -> Fraction:
    """The threshold as written in decimal: 0.7 is 7/10, not the nearest binary fraction."""
    return Fraction(threshold) if isinstance(threshold, Fraction) else Fraction(str(threshold))


def least_common(threshold: Fraction, total: int) -> int:
    """The least LCS for which two texts with `total` tokens in all are more similar than the threshold."""
    return threshold.numerator * total // (2 * threshold.denominator) + 1


def rouge_l(one: str, other: str) -> float:
    """The ROUGE-L F of two texts, from 0 to 1."""
    vocabulary = Vocabulary()
    first, second = vocabulary.add(tokens(one)), vocabulary.add(tokens(other))
    total = len(first) + len(second)
    return 2 * common(first, second) / total if total else 1.0


def more_similar(one: str, other: str, threshold: float | Fraction) -> bool:
    """Whether the ROUGE-L F of two texts is above the threshold; exactly at the threshold it is not."""
    vocabulary = Vocabulary()
    first, second = vocabulary.add(tokens(one)), vocabulary.add(tokens(other))
    total, limit = len(first) + len(second), exact(threshold)
    return common(first, second) >= least_common(limit, total) if total else limit < 1
