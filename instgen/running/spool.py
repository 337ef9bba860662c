"""Lines kept in a temporary file, for decisions that need all of them first.

Eight bytes per line are kept in memory.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from types import TracebackType

from instgen.jsonl import translated

_NAME = "the temporary file"


class Spool:
    """Lines in the order in which they were added; the file is deleted at the end of the `with` block."""

    def __init__(self) -> None:
        """Create the temporary file."""
        with translated(_NAME):
            self._file = tempfile.TemporaryFile(buffering=1 << 20)
        self._sizes = array("Q")

    def __enter__(self) -> Spool:
        """Return the spool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, which deletes it."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, lines: Sequence[bytes]) -> None:
        """Append lines."""
        with translated(_NAME):
            self._file.write(b"".join(lines))
        self._sizes.extend(map(len, lines))

    def lines(self) -> Iterator[bytes]:
        """All lines, from the first."""
        with translated(_NAME):
            self._file.seek(0)
        for size in self._sizes:
            with translated(_NAME):
                line = self._file.read(size)
            yield line
