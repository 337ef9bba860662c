"""Garbage: how often a run lets the interpreter look for objects that only hold each other.

The rule: what a run sets is put back at its end, for it may be a call inside somebody else's process.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

IN_ROWS = 100_000
"""Objects made before rows are searched: they have no cycles, and Python's own 700 cost a third of the time."""


@contextlib.contextmanager
def seldom_collected(after: int) -> Iterator[None]:
    """Few searches for garbage, after so many objects made less those let go of; none through what start-up made."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(after)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
