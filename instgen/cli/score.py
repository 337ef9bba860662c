"""`instgen score`: scores for records, with or without a judge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from instgen import console
from instgen.cli.options import Files, expanded
from instgen.running.options import Asking, Writing

if TYPE_CHECKING:
    from instgen.running.rubrics import Rubrics, ScoreOptions


@expanded
def score(
    context: typer.Context,
    files: Files = None,
    rubric: Annotated[
        list[str] | None,
        typer.Option("--rubric", metavar="NAME", help="Rubric to score by, or your own ./FILE.toml; may be repeated."),
    ] = None,
    list_rubrics: Annotated[bool, typer.Option("--list", help="List the rubrics and exit.")] = False,
    votes: Annotated[
        int, typer.Option("--votes", min=1, help="Times to ask the judge for each score; the median counts.")
    ] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Also score rows that already have the scores.")] = False,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Judge only this many records, drawn by --seed; the rest passes through."),
    ] = None,
    reference_key: Annotated[
        str, typer.Option("--reference-key", metavar="KEY", help="Key of the rows that holds a correct answer.")
    ] = "",
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Add scores to records, with a teacher as judge or, for some rubrics, without one."""
    from instgen.cli.inputs import need_input
    from instgen.running.rubrics import ScoreOptions, chosen, listed

    if list_rubrics:
        console.show("\n".join(listed()))
        return
    own = ScoreOptions(rubric, votes, replace, sample, reference_key)
    rubrics = chosen(own)
    inputs = need_input(context, files)
    if rubrics.ask:
        _judge(rubrics, own, inputs, asking, writing)
        return
    if asking.dry_run:
        console.say("score: dry run: nothing was written; these rubrics make no calls")
        return
    from instgen.cli.measuring import measure
    from instgen.scores.free import Measuring

    measure(Measuring(rubrics.measures, replace_scores=replace), inputs, writing)


def _judge(rubrics: Rubrics, own: ScoreOptions, inputs: tuple[Path, ...], asking: Asking, writing: Writing) -> None:
    """Have records judged, and print how often each yes/no question was answered yes."""
    from instgen.cli import rates
    from instgen.cli.drive import perform
    from instgen.lines import records_of
    from instgen.recipes.judge import Judge
    from instgen.running.score import score_job
    from instgen.running.teachers import judge_alone

    asking = judge_alone(asking)
    job = score_job(rubrics, own, records_of(inputs, may_be_empty=True), asking, writing, inputs=inputs)
    try:
        perform(job, asking, writing)
    finally:
        if isinstance(job.recipe, Judge) and not asking.dry_run:
            rates.tell(job.recipe.counts, writing)
