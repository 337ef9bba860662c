"""Measures of diversity in a set of texts: distinct n-grams, and similarity of each text to its nearest neighbor."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

from instgen.text.rouge import Codes, Vocabulary
from instgen.text.tokens import tokens


def distinct(texts: Sequence[str], sizes: Sequence[int]) -> list[float | None]:
    """Distinct-n (Li et al. 2016, section 5) for each size n: distinct n-grams divided by all; None without n-grams.

    The value falls as a sample grows, so compare only samples of the same size.
    """
    seen: list[set[tuple[str, ...]]] = [set() for _ in sizes]
    totals = [0] * len(sizes)
    for text in texts:
        sequence = tokens(text)
        for at, size in enumerate(sizes):
            seen[at].update(zip(*(sequence[first:] for first in range(size)), strict=False))
            totals[at] += max(len(sequence) - size + 1, 0)
    return [len(grams) / total if total else None for grams, total in zip(seen, totals, strict=True)]


def nearest(texts: Sequence[str], others: Sequence[str]) -> list[float]:
    """The ROUGE-L F of each text with the most similar of `others`, from 0 to 1; empty if there are no others."""
    vocabulary = Vocabulary()
    coded = [vocabulary.add(tokens(other)) for other in others]
    return [_best(vocabulary.add(tokens(text)), coded) for text in texts] if coded else []


def self_similarity(texts: Sequence[str]) -> list[float]:
    """The ROUGE-L F of each text with the most similar other text; compares all pairs."""
    vocabulary = Vocabulary()
    coded = [vocabulary.add(tokens(text)) for text in texts]
    return [_best(one, [*coded[:at], *coded[at + 1 :]]) for at, one in enumerate(coded)]


def _best(one: Codes, others: Sequence[Codes]) -> float:
    """The highest similarity to any other; the Indel similarity, 1 - (m + n - 2·LCS) / (m + n), equals ROUGE-L's F."""
    found = process.extractOne(one, others, scorer=Indel.normalized_similarity)
    return found[1] if found else 0.0
