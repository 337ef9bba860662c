"""`instgen self-instruct`: new tasks from seed tasks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.options import Asking, Profile, Writing, expanded


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
    from instgen.cli.opening import records_of
    from instgen.cli.self_instructing import SelfInstructOptions, self_instruct_job
    from instgen.seedlist import seed_file

    own = SelfInstructOptions(n, method, profile, lang, examples, topics, tasks_per_call, novelty, window, patience)
    files = tuple(seeds or (seed_file(lang),))
    perform(self_instruct_job(own, records_of(files), asking, writing, files), asking, writing)
