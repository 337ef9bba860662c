"""`instgen score`: scores for records, by a judge or without one."""

from __future__ import annotations

from typing import Annotated

import typer

from instgen.cli import console
from instgen.cli.options import Asking, Files, Writing, expanded


@expanded
def score(
    context: typer.Context,
    files: Files = None,
    rubric: Annotated[
        list[str] | None,
        typer.Option("--rubric", metavar="NAME", help="What is scored, or ./FILE.toml of your own; may be repeated."),
    ] = None,
    list_rubrics: Annotated[bool, typer.Option("--list", help="List the rubrics, and read nothing.")] = False,
    votes: Annotated[
        int, typer.Option("--votes", min=1, help="Times the judge is asked for each score; the median counts.")
    ] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Score again what has the scores.")] = False,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="Judge so many records, drawn by --seed; the rest passes.")
    ] = None,
    reference_key: Annotated[
        str, typer.Option("--reference-key", metavar="KEY", help="A row's key that holds a correct answer.")
    ] = "",
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Add scores to records, by a teacher as judge or, for some rubrics, without any."""
    from instgen.cli.judging import ScoreOptions, chosen, judge, listed
    from instgen.cli.opening import need_input

    if list_rubrics:
        console.show("\n".join(listed()))
        return
    wanted = ScoreOptions(rubric or (), votes, replace, sample, reference_key)
    rubrics = chosen(wanted)
    inputs = need_input(context, files)
    if rubrics.ask:
        judge(rubrics, wanted, inputs, asking, writing)
        return
    if asking.dry_run:
        console.say("score: a dry run: nothing was written, and these rubrics ask nobody")
        return
    from instgen.cli.measuring import measure
    from instgen.scores.free import Measuring

    measure(Measuring(rubrics.measures, replace_scores=replace), inputs, writing)
