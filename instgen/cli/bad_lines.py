"""What a line that is no row means to `filter` and `export`. Cheap to import: `--help` waits for it."""

from __future__ import annotations

from enum import StrEnum

BAD_LINE = "bad-line"
"""The reason of a line that was passed over."""


class OnBadLine(StrEnum):
    """What to do about a line that is not a row."""

    ERROR = "error"
    SKIP = "skip"
