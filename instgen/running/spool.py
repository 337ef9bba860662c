"""Lines put aside in a temporary file, for what can only be decided when all have been seen.

Memory holds eight bytes a line; the lines are read again in their order.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from types import TracebackType

from instgen.jsonl import translated

_NAME = "the temporary file"


class Spool:
    """Lines in the order in which they were added."""

    def __init__(self) -> None:
        """Begin with none."""
        with translated(_NAME):
            self._file = tempfile.TemporaryFile(buffering=1 << 20)
        self._sizes = array("Q")

    def __enter__(self) -> Spool:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the file go."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, lines: Sequence[bytes]) -> None:
        """Put lines aside."""
        with translated(_NAME):
            self._file.write(b"".join(lines))
        self._sizes.extend(map(len, lines))

    def lines(self) -> Iterator[bytes]:
        """All lines, from the first on."""
        with translated(_NAME):
            self._file.seek(0)
        for size in self._sizes:
            with translated(_NAME):
                line = self._file.read(size)
            yield line
