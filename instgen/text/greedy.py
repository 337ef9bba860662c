"""Greedy deduplication: texts are judged in order, and a text that is near one kept before it is rejected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instgen.text.runs import Hits


@dataclass(frozen=True, slots=True)
class Match:
    """The kept text most similar to another one: `row` is its number among the kept texts."""

    row: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of texts that are near each other, and the similarity of each pair."""

    hits: Hits
    similarities: NDArray[np.float64]

    def best(self) -> dict[int, Match]:
        """For each query, the most similar row; on a tie, the earliest."""
        order = np.lexsort((self.hits.rows, -self.similarities, self.hits.queries))
        queries, first = np.unique(self.hits.queries[order], return_index=True)
        chosen = order[first]
        pairs = zip(self.hits.rows[chosen].tolist(), self.similarities[chosen].tolist(), strict=True)
        return {query: Match(*pair) for query, pair in zip(queries.tolist(), pairs, strict=True)}

    def by_query(self) -> dict[int, list[Match]]:
        """For each query, all rows near it, in order."""
        found: dict[int, list[Match]] = {}
        pairs = zip(self.hits.queries.tolist(), self.hits.rows.tolist(), self.similarities.tolist(), strict=True)
        for query, row, similarity in sorted(pairs):
            found.setdefault(query, []).append(Match(row, similarity))
        return found


def decided(texts: int, kept: int, old: Matches, among: Matches) -> list[Match | None]:
    """For each new text, its best match among the kept texts, or None: it is kept, under the next number.

    Args:
        texts: the number of new texts.
        kept: the number of texts kept before.
        old: matches of the new texts with those kept before.
        among: matches of the new texts with earlier new texts, by their numbers among the new texts.
    """
    best, own = old.best(), among.by_query()
    numbers: dict[int, int] = {}
    answers: list[Match | None] = []
    for text in range(texts):
        found = best.get(text)
        for match in own.get(text, ()):
            if match.row in numbers and (found is None or match.similarity > found.similarity):
                found = Match(numbers[match.row], match.similarity)
        if found is None:
            numbers[text] = kept + len(numbers)
        answers.append(found)
    return answers
