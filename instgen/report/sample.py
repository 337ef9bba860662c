"""A sample that depends on the rows alone: those whose hashes are the lowest, whatever the order they come in."""

from __future__ import annotations

import hashlib
import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Sample(Generic[Item]):
    """Holds the items with the lowest keys so far, up to a number."""

    def __init__(self, size: int) -> None:
        """Hold `size` items, at most."""
        self._size = size
        self._heap: list[tuple[int, int, Item]] = []
        self._seen = 0

    def offer(self, name: str, item: Item) -> None:
        """Take the item if its name's hash is low enough."""
        self._seen += 1
        entry = (-key_of(name), self._seen, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif self._heap and entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[Item]:
        """The items held, in the order in which they came."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: entry[1])]

    def lowest(self, most: int) -> list[Item]:
        """The sample of a sample: at most so many items, those with the lowest keys."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))[:most]]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self._seen == len(self._heap)


def key_of(name: str) -> int:
    """A number from 0 to 2**64, the same for the same name everywhere."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")
