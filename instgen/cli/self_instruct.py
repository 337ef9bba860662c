"""`instgen self-instruct`: new tasks from seed tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.options import Asking, Writing, expanded

HOPED_YIELD = 0.6
"""Share of the tasks asked for that is admitted, until the run has figures of its own."""


CONTINUED_EXAMPLES = 6
"""For a small model that continues a document: the best of 2 to 6 (docs/decisions/0004)."""
ASKED_EXAMPLES = 3
"""For a chat (Taori et al. 2023, `generate_instruction.py`)."""


@expanded
def self_instruct(
    seeds: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SEEDS]...", help="Files of seed tasks; none: our own; -: stdin.", show_default=False),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Tasks to make.")] = 20,
    lang: Annotated[str, typer.Option("--lang", help="Language of the tasks, and of our own seeds.")] = "en",
    examples: Annotated[
        int | None, typer.Option("--examples", min=0, help="Tasks shown in each prompt.  [default: 6 local, 3 HTTP]")
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
    from instgen.cli.drive import Job, perform
    from instgen.cli.opening import open_prompts, open_teacher, records_of
    from instgen.engine import Target
    from instgen.pump import Counter
    from instgen.recipes.self_instruct import Method, SelfInstruct
    from instgen.seedlist import LANGUAGES, seed_file

    files = tuple(seeds or (seed_file(lang),))
    teacher = open_teacher(asking)
    tasks = tasks_per_call or teacher.traits.tasks_per_call
    continues = teacher.traits.continues and tasks == 1
    method = Method(
        template=open_prompts(asking, lang).template("alpaca-continue" if continues else "alpaca-ask"),
        language=LANGUAGES.get(lang, lang),
        examples=examples if examples is not None else CONTINUED_EXAMPLES if continues else ASKED_EXAMPLES,
        tasks=tasks,
        continues=continues,
        novelty=novelty,
        seed=asking.seed,
        window=window or teacher.traits.window,
    )
    recipe = SelfInstruct(records_of(files), method)
    target = Target(n, HOPED_YIELD * tasks, patience)
    perform(Job(recipe, Counter(), teacher, method.window, target, files), asking, writing)
