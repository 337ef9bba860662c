"""`instgen self-instruct`: new tasks from seed tasks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.options import expanded
from instgen.running.options import Asking, Profile, Writing


class MethodName(StrEnum):
    """The method by which tasks are made."""

    ALPACA = "alpaca"
    CLASSIC = "classic"


@expanded
def self_instruct(
    seeds: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SEEDS",
            help="Files of seed tasks, - for stdin; without any, the bundled seeds.",
            show_default=False,
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Tasks to make (instances with --method classic).")] = 20,
    method: Annotated[
        MethodName,
        typer.Option(
            "--method", help="alpaca: complete tasks in one call; classic: instructions, then kinds, then instances."
        ),
    ] = MethodName.ALPACA,
    profile: Annotated[
        Profile, typer.Option("--profile", help="paper: use the published constants of the method.")
    ] = Profile.DEFAULT,
    lang: Annotated[str, typer.Option("--lang", help="Language of the tasks and of the bundled seeds.")] = "en",
    examples: Annotated[
        int | None,
        typer.Option("--examples", min=0, help="Example tasks in each prompt.  [default: 6 local, 3 HTTP; classic 8]"),
    ] = None,
    topics: Annotated[
        Path | None, typer.Option("--topics", help="File of topics, one per line; each call gets one.")
    ] = None,
    tasks_per_call: Annotated[
        int | None,
        typer.Option("--tasks-per-call", min=1, help="Tasks to ask for in one call.  [default: 1 local, 10 HTTP]"),
    ] = None,
    novelty: Annotated[
        float, typer.Option("--novelty", min=0, max=1, help="Maximum ROUGE-L F of a task with any other.")
    ] = 0.7,
    window: Annotated[
        int | None,
        typer.Option(
            "--window", min=1, help="Calls started ahead of time; affects the data.  [default: 8 local, 64 HTTP]"
        ),
    ] = None,
    patience: Annotated[
        int, typer.Option("--patience", min=1, help="Consecutive calls without a new task before giving up.")
    ] = 50,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Make new tasks from seed tasks: instruction, input and output, unlike the seeds and each other."""
    from instgen.cli.drive import perform
    from instgen.lines import records_of
    from instgen.running.self_instruct import SelfInstructOptions, self_instruct_job
    from instgen.seedlist import seed_file

    own = SelfInstructOptions(n, method, profile, lang, examples, topics, tasks_per_call, novelty, window, patience)
    files = tuple(seeds or (seed_file(lang),))
    perform(self_instruct_job(own, records_of(files), asking, writing, files), asking, writing)
