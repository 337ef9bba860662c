"""What filters remember of the rows that they kept, in few bytes a row."""

from __future__ import annotations

from array import array

from instgen.filters.rule import EVIDENCE, excerpt
from instgen.records import Near

_LEAST_SLOTS = 1024
"""Of a table that doubles when half of it is full; ours."""


class Names:
    """Ids and the beginnings of texts of rows, numbered as they come: their bytes and 16 more a row."""

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
        """The row as a verdict names it, with this text where none is remembered."""
        start, middle, end = self._ends[2 * number : 2 * number + 3]
        row_id, own = (
            self._bytes[slice(*span)].decode("utf-8", "surrogatepass") for span in ((start, middle), (middle, end))
        )
        return Near(row_id, similarity, excerpt(own or text))


class Digests:
    """Digests of 16 bytes, numbered as they come: an open table of 24 to 32 bytes a digest."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._slots = array("I", bytes(4 * _LEAST_SLOTS))

    def __len__(self) -> int:
        return len(self._digests) // 16

    def number(self, digest: bytes) -> int:
        """The number of this digest: that of the table's length before, where it is new."""
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
