"""Garbage collection: how often the interpreter searches for reference cycles during a run.

The rule: the collector's settings are restored at the end of a run, because it may be a call within a larger process.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

IN_ROWS = 100_000
"""Allocations between two searches while rows are processed: rows have no cycles, and Python's default of 700 cost a
third of the time."""


@contextlib.contextmanager
def seldom_collected(after: int) -> Iterator[None]:
    """Search for cycles only after `after` net allocations, and never among the objects that start-up made."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(after)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
