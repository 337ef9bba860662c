"""What filters remember of the rows they kept, in few bytes per row."""

from __future__ import annotations

from array import array

from instgen.filters.rule import EVIDENCE, excerpt
from instgen.records import Near

_LEAST_SLOTS = 1024
"""Initial slots of the hash table, which doubles when half full; our choice."""


class Names:
    """The ids and beginnings of texts of rows, numbered in order, in their bytes plus 16 per row."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) // 2

    def add(self, record_id: str, text: str = "") -> None:
        """Remember the next row."""
        for part in (record_id, text[: EVIDENCE + 1]):
            self._bytes += part.encode("utf-8", "surrogatepass")
            self._ends.append(len(self._bytes))

    def near(self, number: int, similarity: float, text: str = "") -> Near:
        """The row as a verdict names it; `text` is used if the row was added without one."""
        start, middle, end = self._ends[2 * number : 2 * number + 3]
        row_id, own = (
            self._bytes[slice(*span)].decode("utf-8", "surrogatepass") for span in ((start, middle), (middle, end))
        )
        return Near(row_id, similarity, excerpt(own or text))


class Digests:
    """16-byte digests, numbered in order, in an open-addressing table of 24 to 32 bytes per digest."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._slots = array("I", bytes(4 * _LEAST_SLOTS))

    def __len__(self) -> int:
        return len(self._digests) // 16

    def number(self, digest: bytes) -> int:
        """The number of this digest; a new one is added, and its number is the length before the call."""
        slots, mask = self._slots, len(self._slots) - 1
        slot = int.from_bytes(digest[:8], "little") & mask
        while known := slots[slot]:
            if self._digests[16 * known - 16 : 16 * known] == digest:
                return known - 1
            slot = slot + 1 & mask
        self._digests += digest
        slots[slot] = len(self)
        if 2 * len(self) > len(slots):
            self._widen()
        return len(self) - 1

    def _widen(self) -> None:
        slots = array("I", bytes(8 * len(self._slots)))
        mask = len(slots) - 1
        for number in range(len(self)):
            slot = int.from_bytes(self._digests[16 * number : 16 * number + 8], "little") & mask
            while slots[slot]:
                slot = slot + 1 & mask
            slots[slot] = number + 1
        self._slots = slots
