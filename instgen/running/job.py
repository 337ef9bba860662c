"""A job: a recipe, the source it is applied to, and the teachers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from instgen.engine import Source, Target
from instgen.recipes.flow import Recipe
from instgen.running.teachers import Teachers

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Job(Generic[Item]):
    """All that a run needs apart from the journal and the budget."""

    recipe: Recipe[Item]
    source: Source[Item]
    teachers: Teachers
    window: int | None = None
    """Flows started ahead if flows depend on earlier outcomes; None for a reorder buffer instead."""
    target: Target | None = None
    inputs: tuple[Path, ...] = ()
    calls_per_item: float = 1.0
    """Calls that one item takes if nothing fails, for the estimate of `--dry-run`."""
    notes: Callable[[], Iterable[str]] = tuple
    """Called after the run: lines for the user, in addition to the counts that every run reports."""
