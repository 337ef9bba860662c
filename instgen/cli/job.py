"""What a command wants done, for whoever does it (`drive`) or estimates it (`dry_run`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from instgen.cli.opening import Teachers
from instgen.engine import Source, Target
from instgen.recipes.flow import Recipe

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Job(Generic[Item]):
    """What a command wants done."""

    recipe: Recipe[Item]
    source: Source[Item]
    teachers: Teachers
    window: int | None = None
    """Flows started ahead where flows depend on earlier outcomes; None for a reorder buffer."""
    target: Target | None = None
    inputs: tuple[Path, ...] = ()
    calls_per_item: float = 1.0
    """Calls that an item takes where nothing goes wrong, for the estimate of `--dry-run`."""
