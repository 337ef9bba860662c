"""`instgen self-instruct`: new tasks from seed tasks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.options import Asking, Profile, Writing, expanded

HOPED_YIELD = 0.6
"""Share of the tasks asked for that is admitted, until the run has figures of its own."""


class MethodName(StrEnum):
    """How tasks are made."""

    ALPACA = "alpaca"
    CLASSIC = "classic"


@expanded
def self_instruct(
    seeds: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SEEDS", help="Files of seed tasks; none: our own; -: stdin.", show_default=False),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Tasks to make; with --method classic, instances.")] = 20,
    method: Annotated[
        MethodName,
        typer.Option("--method", help="alpaca: whole tasks in one call; classic: instructions, kinds, then instances."),
    ] = MethodName.ALPACA,
    profile: Annotated[
        Profile, typer.Option("--profile", help="paper: the published constants of the method.")
    ] = Profile.DEFAULT,
    lang: Annotated[str, typer.Option("--lang", help="Language of the tasks, and of our own seeds.")] = "en",
    examples: Annotated[
        int | None,
        typer.Option("--examples", min=0, help="Tasks shown in each prompt.  [default: 6 local, 3 HTTP; classic 8]"),
    ] = None,
    topics: Annotated[
        Path | None, typer.Option("--topics", help="File of topics, one a line; each call gets one of them.")
    ] = None,
    tasks_per_call: Annotated[
        int | None,
        typer.Option("--tasks-per-call", min=1, help="Tasks asked for in one call.  [default: 1 local, 10 HTTP]"),
    ] = None,
    novelty: Annotated[
        float, typer.Option("--novelty", min=0, max=1, help="ROUGE-L F that a task may have with any other, at most.")
    ] = 0.7,
    window: Annotated[
        int | None,
        typer.Option("--window", min=1, help="Calls begun ahead; part of what is made.  [default: 8 local, 64 HTTP]"),
    ] = None,
    patience: Annotated[
        int, typer.Option("--patience", min=1, help="Calls in a row without a new task before giving up.")
    ] = 50,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Make new tasks from seed tasks: instruction, input and output, each unlike the seeds and unlike each other."""
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.methods import Choices, recipe_of
    from instgen.cli.opening import open_teachers, records_of
    from instgen.engine import Target
    from instgen.pump import Counter
    from instgen.seedlist import seed_file

    files = tuple(seeds or (seed_file(lang),))
    records = records_of(files)
    teachers = open_teachers(asking, writing)
    choices = Choices(
        classic=method is MethodName.CLASSIC,
        paper=profile is Profile.PAPER,
        language=lang,
        examples=examples,
        topics=topics,
        tasks=tasks_per_call,
        novelty=novelty,
        window=window or teachers.teacher.traits.window,
    )
    made = recipe_of(choices, records, teachers.teacher, asking)
    target = Target(n, HOPED_YIELD * made.tasks, patience)
    calls = 1 + 2 * made.tasks if choices.classic else 1
    perform(Job(made.recipe, Counter(), teachers, choices.window, target, files, calls), asking, writing)
