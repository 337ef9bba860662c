"""Plugins from other packages, found by entry point; each kind has its group, such as `instgen.filters`.

The rule: only the plugin that is named is imported. Callers look up built-in names first, so that no plugin can replace
a built-in.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from instgen.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def plugged(group: str, name: str) -> object | None:
    """The object that the entry point `name` of a group refers to; None if no package has one of this name.

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
    """The names of all entry points in a group, sorted."""
    return tuple(sorted({entry.name for entry in _entries(group)}))


def _entries(group: str) -> EntryPoints:
    found: EntryPoints = import_module("importlib.metadata").entry_points(group=group)  # 13 ms
    return found
