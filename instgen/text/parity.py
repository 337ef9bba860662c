"""Parities: 256 bits per set that show, for most pairs, that two sets differ too much to be near.

Each element belongs to one of 256 classes, and each bit says whether the set has an odd number of elements of a class.
Each element that only one of two sets has flips one bit, so the sets differ in at least as many elements as their
parities in bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instgen.text.runs import Hits, Keys, Numbers

_WORDS = 4
_BITS = 64
"""256 bits in four 64-bit words."""

Parities = tuple[Keys, ...]
"""The 256 bits of each set, as four arrays with one word per set."""


def none() -> Parities:
    """Empty arrays: the parities of no sets."""
    return tuple(np.zeros(0, np.uint64) for _ in range(_WORDS))


def parities(hashes: Keys, sets: Numbers, length: int) -> Parities:
    """The parities of `length` sets, from the hash of each element and the number of its set, sorted by set."""
    found = tuple(np.zeros(length, np.uint64) for _ in range(_WORDS))
    own, starts = np.unique(sets, return_index=True)
    classes = hashes >> np.uint64(64 - (_WORDS * _BITS - 1).bit_length())
    bits = np.uint64(1) << (classes & np.uint64(_BITS - 1))
    for number, word in enumerate(found if len(own) else ()):
        inside = np.where(classes // np.uint64(_BITS) == number, bits, np.uint64(0))
        word[own] = np.bitwise_xor.reduceat(inside, starts)
    return found


def fitting(hits: Hits, room: Numbers, ours: Parities, theirs: Parities) -> Hits:
    """The pairs whose parities differ in at most `room` bits (one limit per pair)."""
    for mine, yours in zip(ours, theirs, strict=True):
        room = room - np.bitwise_count(mine[hits.queries] ^ yours[hits.rows])
        inside: NDArray[np.bool_] = room >= 0
        hits, room = hits.where(inside), room[inside]
    return hits
