"""What other packages bring, by entry point: one group a door, such as `instgen.filters`.

The rule: only what is named is imported. Who asks looks up what is ours first, so that no plugin can stand in for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from instgen.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def plugged(group: str, name: str) -> object | None:
    """What an entry point of a group names; None where no package has one of this name.

    Raises:
        UsageError: its code cannot be imported.
    """
    entry = next(iter(_entries(group).select(name=name)), None)
    if entry is None:
        return None
    try:
        found: object = entry.load()
    except (ImportError, AttributeError) as problem:
        raise UsageError(f"{name} ({group}) cannot be imported from {entry.value}: {problem}") from problem
    return found


def plugged_names(group: str) -> tuple[str, ...]:
    """The names that packages have in a group, sorted."""
    return tuple(sorted({entry.name for entry in _entries(group)}))


def _entries(group: str) -> EntryPoints:
    found: EntryPoints = import_module("importlib.metadata").entry_points(group=group)  # 13 ms, where nobody asks
    return found
