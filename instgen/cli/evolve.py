"""`instgen evolve`: harder and broader tasks out of records."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from instgen.cli.options import Asking, Files, Profile, Writing, expanded

if TYPE_CHECKING:
    from instgen.cli.evolving import EvolveOptions
    from instgen.cli.job import Job
    from instgen.records import Record


class Check(StrEnum):
    """What the judge is asked besides."""

    CONTRADICTIONS = "contradictions"


class Kept(StrEnum):
    """What is written of a chain."""

    LAST = "last"
    ALL = "all"


@expanded
def evolve(
    context: typer.Context,
    files: Files = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="Times a record is evolved.  [default: 2; paper 4]")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="NAME|PATH",
            help="wizardlm, code, math or auto; or your own: a prompt file, or a folder of them.  [default: wizardlm]",
        ),
    ] = None,
    ops: Annotated[
        str | None,
        typer.Option("--ops", help="Operations with weights, deepen=2,concretize.  [default: the method's, equally]"),
    ] = None,
    keep: Annotated[
        Kept, typer.Option("--keep", help="last: the deepest survivor; all: the row and all its survivors.")
    ] = Kept.LAST,
    no_answers: Annotated[bool, typer.Option("--no-answers", help="Leave the outputs empty.")] = False,
    growth: Annotated[
        int, typer.Option("--growth", min=0, help="Words that an evolved task may have beyond its parent.")
    ] = 60,
    check: Annotated[
        list[Check] | None,
        typer.Option("--check", help="contradictions: ask the judge whether the evolved task contradicts itself."),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="First optimise the method on the first 2,000 rows.")] = False,
    auto_steps: Annotated[
        int | None, typer.Option("--auto-steps", min=0, help="Times the method may be rewritten.  [default: 10]")
    ] = None,
    save_method: Annotated[
        Path | None,
        typer.Option("--save-method", help="File for the optimised method.  [default: evolve-method.txt]"),
    ] = None,
    profile: Annotated[
        Profile, typer.Option("--profile", help="paper: the published constants of the method.")
    ] = Profile.DEFAULT,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Make harder and broader tasks out of records, in rounds; what gained nothing or went wrong is eliminated."""
    from instgen.cli.drive import perform
    from instgen.cli.evolving import EvolveOptions
    from instgen.cli.opening import need_input, records_of

    own = EvolveOptions(
        rounds, method, ops, keep.value, no_answers, growth, check, auto, auto_steps, save_method, profile
    )
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    job = evolve_job(own, records, asking, writing, inputs)
    try:
        perform(job, asking, writing)
    finally:
        if not writing.quiet:
            _tell_of_unchanged(job)


def _tell_of_unchanged(job: Job[Any]) -> None:
    """Say how many rows stand as they were, which the account does not tell."""
    from instgen.cli.console import say
    from instgen.recipes.evolve import Evolve

    if isinstance(job.recipe, Evolve) and job.recipe.unchanged:
        say(f"evolve: {job.recipe.unchanged:,} rows stand as they were: nothing better was made of them")


def evolve_job(
    own: EvolveOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Any]:
    """What the options want done; `inputs` are the files that the records are read from.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file of the user's own that is no method.
    """
    from instgen.cli.evolving import evolving_of
    from instgen.cli.job import Job
    from instgen.cli.opening import open_teachers
    from instgen.cli.optimise import Gate, SavedAutoEvolve, optimising_of, saving_of, tell_cost
    from instgen.pump import Pump
    from instgen.recipes.evolve import Evolve

    saving = saving_of(own, writing)
    teachers = open_teachers(asking, writing)
    evolving = evolving_of(own, teachers, asking)
    if saving:
        optimising = optimising_of(own, evolving, asking, saving)
        tell_cost(optimising, asking, writing)
        if not asking.dry_run:
            recipe = SavedAutoEvolve(optimising, saving)
            return Job(recipe, Gate(records, recipe), teachers, inputs=inputs)
    calls = evolving.rounds * (1 + len(evolving.wordings["en"].judges) + evolving.answers)
    return Job(Evolve(evolving), Pump(records), teachers, inputs=inputs, calls_per_item=calls)
