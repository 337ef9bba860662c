"""Texts with what is looked at before they are compared: how many elements each has, and the parities of these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instgen.text import parity
from instgen.text.numbered import Batch, Stored, roomy
from instgen.text.parity import Parities


@dataclass(frozen=True, slots=True)
class Texts:
    """Some texts: their tokens, the sizes of their sets of elements, and the parities of these."""

    batch: Batch
    sizes: NDArray[np.int32]
    parities: Parities

    def __len__(self) -> int:
        return len(self.batch)


class Shelf:
    """Texts that were kept: 4 bytes a token and 44 a text."""

    def __init__(self) -> None:
        self._stored = Stored()
        self._sizes = np.zeros(0, np.int32)
        self._parities = parity.none()

    def __len__(self) -> int:
        return len(self._stored)

    def add(self, texts: Texts, kept: NDArray[np.bool_]) -> None:
        """Keep those of the texts that are marked."""
        number = len(self)
        self._stored.add(texts.batch.take(np.flatnonzero(kept)))
        self._sizes = roomy(self._sizes, len(self))
        self._sizes[number : len(self)] = texts.sizes[kept]
        self._parities = tuple(roomy(word, len(self)) for word in self._parities)
        for word, own in zip(self._parities, texts.parities, strict=True):
            word[number : len(self)] = own[kept]

    def all(self) -> Texts:
        """The texts as they are now; the arrays may be longer than there are texts."""
        return Texts(self._stored.all(), self._sizes, self._parities)
