"""Sampling by hash: the sample is the items with the lowest hashes, so it does not depend on their order."""

from __future__ import annotations

import hashlib
import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Sample(Generic[Item]):
    """Holds the items with the lowest hashes so far, up to a fixed number."""

    def __init__(self, size: int) -> None:
        """Hold at most `size` items."""
        self._size = size
        self._heap: list[tuple[int, int, Item]] = []
        self._seen = 0

    def offer(self, name: str, item: Item) -> None:
        """Add the item if its name's hash is among the lowest so far."""
        self._seen += 1
        entry = (-key_of(name), self._seen, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif self._heap and entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[Item]:
        """The sampled items, in the order in which they were offered."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[1])]

    def lowest(self, most: int) -> list[Item]:
        """A smaller sample: at most `most` of the items, those with the lowest hashes."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))[:most]]

    @property
    def is_whole(self) -> bool:
        """Whether every item offered is in the sample."""
        return self._seen == len(self._heap)


def key_of(name: str) -> int:
    """The 64-bit hash of a name, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")
