"""Finds formats by name: built-in ones in the table below, others by entry point in the group `instgen.formats`.

Both kinds are `EntryPoint` objects, and only the requested format is imported. Built-in formats are looked up first, so
a plugin cannot replace one of them.
"""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points

from instgen.errors import UsageError
from instgen.export.format import Format

GROUP = "instgen.formats"

OURS = tuple(
    EntryPoint(name, f"instgen.export.{place}", GROUP)
    for name, place in (
        ("alpaca", "alpaca:FORMAT"),
        ("openai", "openai:FORMAT"),
        ("sharegpt", "sharegpt:FORMAT"),
        ("trl", "trl:FORMAT"),
        ("llamafactory", "llamafactory:FORMAT"),
        ("axolotl", "axolotl:FORMAT"),
        ("ms-swift", "swift:FORMAT"),
        ("parquet", "hub:PARQUET"),
        ("hf", "hub:HUB"),
    )
)


def find_format(name: str) -> Format:
    """The format of this name.

    Raises:
        UsageError: there is none, it cannot be imported, or it is not a `Format`.
    """
    entry = next((entry for entry in (*OURS, *_others()) if entry.name == name), None)
    if entry is None:
        known = known_formats()
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"did you mean {close[0]}?" if close else ""
        raise UsageError(f"there is no format {name!r}; known: {', '.join(known)}", meant)
    try:
        found = entry.load()
    except (ImportError, AttributeError) as problem:
        raise UsageError(f"the format {name} cannot be imported from {entry.value}: {problem}") from problem
    if not isinstance(found, Format):
        raise UsageError(f"the format {name}: {entry.value} is not an instgen.export.format.Format")
    return found


def known_formats() -> tuple[str, ...]:
    """The names of all formats, built-in ones first."""
    return tuple(dict.fromkeys(entry.name for entry in (*OURS, *_others())))


def _others() -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))
