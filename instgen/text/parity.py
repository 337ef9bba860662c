"""Parities: 256 bits that tell of most pairs of sets that they differ too much, without comparing them.

An element belongs to one of 256 classes, and a bit says whether a set has an odd number of a class. Each element that
only one of two sets has changes one bit, so the sets differ in at least as many elements as their parities in bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instgen.text.runs import Hits, Keys, Numbers

_WORDS = 4
_BITS = 64
"""256 bits as words of 64."""

Parities = tuple[Keys, ...]
"""For each set its 256 bits, in four arrays of words."""


def none() -> Parities:
    """The parities of no sets."""
    return tuple(np.zeros(0, np.uint64) for _ in range(_WORDS))


def parities(hashes: Keys, sets: Numbers, length: int) -> Parities:
    """The parities of sets, from their elements' hashes and beside each the number of its set, in order."""
    found = tuple(np.zeros(length, np.uint64) for _ in range(_WORDS))
    own, starts = np.unique(sets, return_index=True)
    classes = hashes >> np.uint64(64 - (_WORDS * _BITS - 1).bit_length())
    bits = np.uint64(1) << (classes & np.uint64(_BITS - 1))
    for number, word in enumerate(found if len(own) else ()):
        inside = np.where(classes // np.uint64(_BITS) == number, bits, np.uint64(0))
        word[own] = np.bitwise_xor.reduceat(inside, starts)
    return found


def fitting(hits: Hits, room: Numbers, ours: Parities, theirs: Parities) -> Hits:
    """Those pairs whose parities differ in no more bits than there is room for."""
    for mine, yours in zip(ours, theirs, strict=True):
        room = room - np.bitwise_count(mine[hits.queries] ^ yours[hits.rows])
        inside: NDArray[np.bool_] = room >= 0
        hits, room = hits.where(inside), room[inside]
    return hits
