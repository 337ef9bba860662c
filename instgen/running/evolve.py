"""From the options of `evolve` to a job: by a method that is there, or by one that is optimised first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from instgen.pump import Pump
from instgen.recipes.evolve import Evolve
from instgen.records import Record
from instgen.running.evolving import EvolveOptions, evolving_of
from instgen.running.job import Job
from instgen.running.optimise import Gate, SavedAutoEvolve, optimising_of, saving_of, tell_cost
from instgen.running.options import Asking, Writing
from instgen.running.teachers import open_teachers


def evolve_job(
    own: EvolveOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Any]:
    """What the options want done; `inputs` are the files that the records are read from.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file of the user's own that is no method.
    """
    saving = saving_of(own, writing)
    teachers = open_teachers(asking, writing)
    evolving = evolving_of(own, teachers, asking)
    if saving:
        optimising = optimising_of(own, evolving, asking, saving)
        tell_cost(optimising, asking, writing)
        if not asking.dry_run:
            auto = SavedAutoEvolve(optimising, saving)
            return Job(auto, Gate(records, auto), teachers, inputs=inputs)
    calls = evolving.rounds * (1 + len(evolving.wordings["en"].judges) + evolving.answers)
    recipe = Evolve(evolving)
    return Job(recipe, Pump(records), teachers, inputs=inputs, calls_per_item=calls, notes=lambda: _notes(recipe))


def _notes(recipe: Evolve) -> Iterator[str]:
    """How many rows stand as they were."""
    if recipe.unchanged:
        yield f"{recipe.unchanged:,} rows are unchanged: no evolved version passed"
