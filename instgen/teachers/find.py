"""Finding the teacher for `provider/model` by entry point in the group `instgen.teachers`; only the named is imported.

The rule: built-in providers are looked up first, so that no plugin can replace one of them and receive its key.
"""

from __future__ import annotations

import difflib
import importlib.metadata
from importlib.metadata import EntryPoint, PackageNotFoundError
from typing import cast

from instgen.errors import UsageError
from instgen.teachers.teacher import Settings, Teacher

GROUP = "instgen.teachers"


def find_teacher(spec: str, settings: Settings) -> Teacher:
    """The teacher that `spec` names, opened.

    Args:
        spec: `provider/model`, split at the first slash; the model is passed on verbatim, "" if there is none.
        settings: how to reach it.

    Raises:
        UsageError: there is no such provider, or its code cannot be imported.
        InstgenError: anything that the provider's `open` raises.
    """
    provider, _, model = spec.partition("/")
    entry = _entry(provider)
    if entry is None:
        raise _unknown(provider, model)
    try:
        opens = entry.load()
    except (ImportError, AttributeError) as problem:
        raise UsageError(f"the teacher {provider} cannot be imported from {entry.value}: {problem}") from problem
    if not callable(opens):
        raise UsageError(f"the teacher {provider}: {entry.value} is not a function open(model, settings)")
    return cast("Teacher", opens(model, settings))


def known_providers() -> tuple[str, ...]:
    """The names of all providers, sorted."""
    return tuple(sorted({entry.name for entry in _all_entries()}))


def _entry(provider: str) -> EntryPoint | None:
    for entries in (_own_entries, _all_entries):
        for entry in entries():
            if entry.name == provider:
                return entry
    return None


def _own_entries() -> tuple[EntryPoint, ...]:
    try:
        own = importlib.metadata.distribution("instgen").entry_points
    except PackageNotFoundError:
        return ()
    return tuple(own.select(group=GROUP))


def _all_entries() -> tuple[EntryPoint, ...]:
    return tuple(importlib.metadata.entry_points(group=GROUP))


def _unknown(provider: str, model: str) -> UsageError:
    known = known_providers()
    close = difflib.get_close_matches(provider, known, n=1, cutoff=0.5 if model else 0.75)  # alone it may be a model
    meant = f"did you mean {close[0]}? " if close else ""
    return UsageError(
        f"no teacher provider is named {provider!r}; known: {', '.join(known)}",
        hint=f"{meant}A teacher is written PROVIDER/MODEL, such as openai/gpt-4.1-mini, or local",
    )
