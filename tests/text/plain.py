"""The novelty index, plainly: which kept text a new one is too close to, exactly, by ROUGE-L over tokens.

It compares with every row of a fitting length: the oracle of `instgen.text.similarity`.

Texts are only ever added, so a length is a moment of the index: a `View` holds it and stays valid as the index grows.
Rows are kept by their number of tokens n. For a query of m tokens only n with min(m, n) ≥ τ(m + n)/2 can be more
similar than τ, and within one n the similarity is the LCS alone: an integer cut-off per n decides without rounding.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction

from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from instgen.errors import UsageError
from instgen.records import Near
from instgen.text.rouge import Codes, Vocabulary, exact, least_common
from instgen.text.tokens import tokens


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one length, in the order of their coming: their numbers and their codes side by side."""

    numbers: list[int] = field(default_factory=list)
    codes: list[Codes] = field(default_factory=list)

    def within(self, start: int, stop: int) -> _Rows:
        """Those whose numbers are in [start, stop)."""
        low, high = bisect_left(self.numbers, start), bisect_left(self.numbers, stop)
        if low == 0 and high == len(self.numbers):
            return self
        return _Rows(self.numbers[low:high], self.codes[low:high])


@dataclass(frozen=True, slots=True)
class _Match:
    """A row that is more similar than the threshold: `number`, and F as the ratio `common` · 2 / `total`."""

    number: int
    common: int
    total: int

    def beats(self, other: _Match | None) -> bool:
        """Whether this one is more similar than the other, or as similar and earlier."""
        if other is None:
            return True
        mine, theirs = self.common * other.total, other.common * self.total
        return mine > theirs or (mine == theirs and self.number < other.number)


class NoveltyIndex:
    """Texts that were kept, and for a new one the most similar of those that are more similar than the threshold."""

    def __init__(self, threshold: float | Fraction = 0.7) -> None:
        self.threshold = exact(threshold)
        """Of ROUGE-L F; 0.7 in Self-Instruct (section 2.2), where 0.7 itself still counts as new."""
        if not 0 <= self.threshold <= 1:
            raise UsageError(f"a similarity threshold must be between 0 and 1, not {threshold}")
        self._vocabulary = Vocabulary()
        self._rows: dict[int, _Rows] = {}
        self._ids: list[str] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, row_id: str, text: str) -> None:
        """Keep a text. Whether it is new enough is the caller's decision."""
        codes = self._vocabulary.add(tokens(text))
        rows = self._rows.setdefault(len(codes), _Rows())
        rows.numbers.append(len(self._ids))
        rows.codes.append(codes)
        self._ids.append(row_id)
        self._texts.append(text)

    def view(self) -> View:
        """The index as it is now."""
        return View(self, len(self))

    def nearest(self, text: str, start: int = 0, stop: int | None = None) -> Near | None:
        """The row in [start, stop) that is most similar to the text, the earliest of equals.

        None where no row is more similar than the threshold. Two texts without tokens are fully similar.
        """
        query = self._vocabulary.look(tokens(text))
        best: _Match | None = None
        for length in self._lengths(len(query)):
            rows = self._rows[length].within(start, len(self) if stop is None else stop)
            found = self._most_similar(query, length, rows, best)
            if found and found.beats(best):
                best = found
        if best is None:
            return None
        return Near(self._ids[best.number], 2 * best.common / best.total, self._texts[best.number])

    def _lengths(self, length: int) -> list[int]:
        """The row lengths at which a query of this length can have a match, the likeliest first."""
        possible = (n for n in self._rows if min(n, length) >= least_common(self.threshold, n + length))
        ordered = sorted(possible, key=lambda n: (abs(n - length), n))
        return ordered if length else [0] * (0 in self._rows and self.threshold < 1)

    def _most_similar(self, query: Codes, length: int, rows: _Rows, best: _Match | None) -> _Match | None:
        """The first of the most similar rows of one length, unless the best so far is more similar than all of them."""
        total = len(query) + length
        if not total:
            return _Match(rows.numbers[0], 1, 2) if rows.numbers else None
        least = least_common(self.threshold, total)
        if best:
            least = max(least, -(-best.common * total // best.total))
        found = process.extractOne(query, rows.codes, scorer=LCSseq.similarity, score_cutoff=least)
        return _Match(rows.numbers[found[2]], int(found[1]), total) if found else None


@dataclass(frozen=True, slots=True)
class View:
    """A novelty index at one moment: it goes on seeing the first `length` rows, whatever is added later."""

    index: NoveltyIndex
    length: int

    def nearest(self, text: str) -> Near | None:
        """The row of this view that is most similar to the text and more similar than the threshold, if any is."""
        return self.index.nearest(text, stop=self.length)
