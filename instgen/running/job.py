"""What is to be done: a recipe, what it is applied to, and who is asked."""

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
    """What is to be done."""

    recipe: Recipe[Item]
    source: Source[Item]
    teachers: Teachers
    window: int | None = None
    """Flows started ahead where flows depend on earlier outcomes; None for a reorder buffer."""
    target: Target | None = None
    inputs: tuple[Path, ...] = ()
    calls_per_item: float = 1.0
    """Calls that an item takes where nothing goes wrong, for the estimate of `--dry-run`."""
    notes: Callable[[], Iterable[str]] = tuple
    """What is worth a line when it has ended, beside what every run counts."""
