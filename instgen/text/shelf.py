"""Texts with what rules out most comparisons: the number of elements of each, and their parities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instgen.text import parity
from instgen.text.numbered import Batch, Stored, roomy
from instgen.text.parity import Parities


@dataclass(frozen=True, slots=True)
class Texts:
    """Several texts: their tokens, and the size and parities of each one's set of elements."""

    batch: Batch
    sizes: NDArray[np.int32]
    parities: Parities

    def __len__(self) -> int:
        return len(self.batch)


class Shelf:
    """The kept texts, in 4 bytes per token and 44 per text."""

    def __init__(self) -> None:
        self._stored = Stored()
        self._sizes = np.zeros(0, np.int32)
        self._parities = parity.none()

    def __len__(self) -> int:
        return len(self._stored)

    def add(self, texts: Texts, kept: NDArray[np.bool_]) -> None:
        """Store the texts marked in `kept`."""
        number = len(self)
        self._stored.add(texts.batch.take(np.flatnonzero(kept)))
        self._sizes = roomy(self._sizes, len(self))
        self._sizes[number : len(self)] = texts.sizes[kept]
        self._parities = tuple(roomy(word, len(self)) for word in self._parities)
        for word, own in zip(self._parities, texts.parities, strict=True):
            word[number : len(self)] = own[kept]

    def all(self) -> Texts:
        """All texts stored so far; sizes and parities may have unused space at the end."""
        return Texts(self._stored.all(), self._sizes, self._parities)
