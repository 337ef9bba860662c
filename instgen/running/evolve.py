"""From the options of `evolve` to a job: with a given method, or with one that is optimized first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from instgen.pump import Pump
from instgen.recipes.evolve import Evolve
from instgen.records import Record
from instgen.running.evolving import EvolveOptions, evolving_of
from instgen.running.job import Job
from instgen.running.optimize import Gate, SavedAutoEvolve, optimizing_of, saving_of, tell_cost
from instgen.running.options import Asking, Writing
from instgen.running.teachers import open_teachers


def evolve_job(
    own: EvolveOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Any]:
    """The job that the options describe; `inputs` are the files that the records are read from.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file given as a method is not one.
    """
    saving = saving_of(own, writing)
    teachers = open_teachers(asking, writing)
    evolving = evolving_of(own, teachers, asking)
    if saving:
        optimizing = optimizing_of(own, evolving, asking, saving)
        tell_cost(optimizing, asking, writing)
        if not asking.dry_run:
            auto = SavedAutoEvolve(optimizing, saving)
            return Job(auto, Gate(records, auto), teachers, inputs=inputs)
    calls = evolving.rounds * (1 + len(evolving.wordings["en"].judges) + evolving.answers)
    recipe = Evolve(evolving)
    return Job(recipe, Pump(records), teachers, inputs=inputs, calls_per_item=calls, notes=lambda: _notes(recipe))


def _notes(recipe: Evolve) -> Iterator[str]:
    """The numbers of rows that were not changed, if any."""
    if recipe.unchanged:
        rows = "row is" if recipe.unchanged == 1 else "rows are"
        yield f"{recipe.unchanged:,} {rows} unchanged: no evolved version passed"
    if recipe.conversations:
        rows = "row is a conversation" if recipe.conversations == 1 else "rows are conversations"
        yield f"{recipe.conversations:,} {rows}, which evolve does not change"
