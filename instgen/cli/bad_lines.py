"""How `filter` and `export` treat a line that is not a row. Cheap to import, because `--help` waits for it."""

from __future__ import annotations

from enum import StrEnum

BAD_LINE = "bad-line"
"""The rejection reason of a skipped line."""


class OnBadLine(StrEnum):
    """What to do about a line that is not a row."""

    ERROR = "error"
    SKIP = "skip"
