"""The novelty index: the kept text to which a new one is too similar, exactly, by ROUGE-L on tokens.

Texts are only ever added, so a length identifies a state of the index: a `View` holds one and stays valid as the index
grows. A new text is compared only with rows that share rare tokens with it (see `prefixes`), so a query costs about the
same in a small pool and in a large one. Token frequencies are recounted each time the pool has grown four-fold. In a
small pool, a new text is compared with every row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from rapidfuzz.distance import LCSseq

from instgen.errors import UsageError
from instgen.records import Near
from instgen.text.prefixes import LEAST_THRESHOLD, Prefixes, Table
from instgen.text.rouge import Codes, Vocabulary, exact
from instgen.text.tokens import tokens


def elements(words: list[str]) -> list[Hashable]:
    """The tokens as a set: each repetition of a token is a distinct element, a pair of the token and a number."""
    if len(set(words)) == len(words):
        return list(words)
    seen: Counter[str] = Counter()
    found: list[Hashable] = []
    for word in words:
        found.append((word, seen[word]) if seen[word] else word)
        seen[word] += 1
    return found


class _Rarity:
    """Numbers the elements of rows: rarer ones higher, as counted at construction, and new ones highest."""

    def __init__(self, texts: list[str]) -> None:
        counts = Counter(chain.from_iterable(elements(tokens(text)) for text in texts))
        ordered = sorted(counts, key=counts.__getitem__, reverse=True)
        self._numbers: dict[Hashable, int] = {element: number for number, element in enumerate(ordered)}

    def add(self, words: list[str]) -> list[int]:
        """The numbers of a row's elements, the rarest first; new elements get new numbers."""
        numbers = self._numbers
        return sorted((numbers.setdefault(element, len(numbers)) for element in elements(words)), reverse=True)

    def look(self, words: list[str]) -> list[int]:
        """The numbers of the known elements among a query's, the rarest first."""
        numbers = self._numbers
        return sorted((numbers[element] for element in elements(words) if element in numbers), reverse=True)


class NoveltyIndex:
    """The kept texts; finds, for a new text, the most similar one above the threshold."""

    def __init__(self, threshold: float | Fraction = 0.7, *, whole: int = 200) -> None:
        """Make an empty index.

        Args:
            threshold: of ROUGE-L F; 0.7 in Self-Instruct (section 2.2), where exactly 0.7 still counts as new.
            whole: below this number of rows, a query is compared with every row.

        Raises:
            UsageError: the threshold is not between 0 and 1.
        """
        self.threshold = exact(threshold)
        if not 0 <= self.threshold <= 1:
            raise UsageError(f"a similarity threshold must be between 0 and 1, not {threshold}")
        self._vocabulary = Vocabulary()
        self._codes: list[Codes] = []
        self._empty: list[int] = []
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._recount_at = whole
        self._prefixes = Prefixes(self.threshold)
        self._rarity: _Rarity | None = None
        self._table = Table(0)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, row_id: str, text: str) -> None:
        """Keep a text without judging it: whether it is new enough is the caller's decision."""
        words = tokens(text)
        if not words:
            self._empty.append(len(self))
        self._codes.append(self._vocabulary.add(words))
        self._ids.append(row_id)
        self._texts.append(text)
        if len(self) >= self._recount_at and LEAST_THRESHOLD <= self.threshold < 1:
            self._recount_at = 4 * len(self)
            self._recount()
        elif self._rarity:
            self._store(self._rarity, len(self) - 1, words)

    def view(self) -> View:
        """The index as it is now."""
        return View(self, len(self))

    def nearest(self, text: str, start: int = 0, stop: int | None = None) -> Near | None:
        """The row in [start, stop) most similar to the text; on a tie, the earliest.

        None if no row is more similar than the threshold. Two texts without tokens have similarity 1.
        """
        words = tokens(text)
        span = range(start, len(self) if stop is None else min(stop, len(self)))
        if not words:
            return self._first_empty(span)
        rows = sorted(row for row in self._candidates(self._rarity, words) if row in span) if self._rarity else span
        return self._most_similar(self._vocabulary.look(words), rows)

    def _recount(self) -> None:
        """Recount token frequencies and store all rows again under the new numbers."""
        rarity = _Rarity(self._texts)
        self._rarity = rarity
        self._table = Table(sum(self._prefixes.stored(len(codes)).size for codes in self._codes if codes))
        for row, text in enumerate(self._texts):
            self._store(rarity, row, tokens(text))

    def _store(self, rarity: _Rarity, row: int, words: list[str]) -> None:
        if words:
            self._table.add(row, self._prefixes.stored(len(words)).keys(rarity.add(words)))

    def _candidates(self, rarity: _Rarity, words: list[str]) -> set[int]:
        """The rows that share enough rare tokens with these; a superset of those above the threshold."""
        known = rarity.look(words)
        unknown = len(words) - len(known)
        prefixes = self._prefixes.looked(len(words))
        return self._table.find(set(chain.from_iterable(prefix.keys(known, unknown) for prefix in prefixes)))

    def _most_similar(self, query: Codes, rows: Iterable[int]) -> Near | None:
        """The most similar row above the threshold; on a tie, the first. 2 · `common` / `total` is the F to exceed."""
        best, length = None, len(query)
        common, total = self.threshold.numerator, 2 * self.threshold.denominator
        for row in rows:
            codes = self._codes[row]
            both = length + len(codes)
            least = common * both // total + 1
            if least <= length and least <= len(codes):
                found = LCSseq.similarity(query, codes, score_cutoff=least)
                if found:
                    best, common, total = row, found, both
        return None if best is None else self._near(best, 2 * common / total)

    def _first_empty(self, span: range) -> Near | None:
        first = next((row for row in self._empty if row in span), None) if self.threshold < 1 else None
        return None if first is None else self._near(first, 1.0)

    def _near(self, row: int, similarity: float) -> Near:
        return Near(self._ids[row], similarity, self._texts[row])


@dataclass(frozen=True, slots=True)
class View:
    """A fixed view of a novelty index: its first `length` rows, whatever is added later."""

    index: NoveltyIndex
    length: int

    def nearest(self, text: str) -> Near | None:
        """The row of this view most similar to the text, or None if no row is more similar than the threshold."""
        return self.index.nearest(text, stop=self.length)
