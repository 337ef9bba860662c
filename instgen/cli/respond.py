"""`instgen respond`: answers for instructions."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from instgen.cli import console
from instgen.cli.options import Asking, Files, Writing, expanded

if TYPE_CHECKING:
    from instgen.recipes.respond import Answering


class Reasoning(StrEnum):
    """What becomes of the teacher's thinking."""

    KEEP = "keep"
    DROP = "drop"


class Refusals(StrEnum):
    """What becomes of answers that decline."""

    DROP = "drop"
    KEEP = "keep"


@expanded
def respond(
    context: typer.Context,
    files: Files = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Answers a record; several become its candidates.")
    ] = 1,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="TEACHER",
            help="Another teacher: each record is given to one of them, samples go round; may be repeated.",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Answer again what has an answer.")] = False,
    system: Annotated[str, typer.Option("--system", help="System text for records that have none.")] = "",
    reasoning: Annotated[
        Reasoning, typer.Option("--reasoning", help="What becomes of what the teacher thought before its answer.")
    ] = Reasoning.KEEP,
    refusals: Annotated[
        Refusals, typer.Option("--refusals", help="Whether answers that decline are left out or kept as data.")
    ] = Refusals.DROP,
    lang: Annotated[str, typer.Option("--lang", help="Language of the prompt around the instruction.")] = "en",
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Fill in the outputs that are missing; complete records pass through as they are."""
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.opening import need_input, open_prompts, open_teachers, records_of
    from instgen.pump import Pump
    from instgen.recipes.respond import Answering, Respond

    inputs = need_input(context, files)
    teachers = open_teachers(asking, writing, with_ or ())
    answering = Answering(
        template=open_prompts(asking, lang).template("respond"),
        samples=samples,
        teachers=1 + len(teachers.others),
        replace=replace,
        seed=asking.seed,
        system=system,
        reasoning=reasoning is Reasoning.KEEP,
        refusals=refusals is Refusals.KEEP,
    )
    source = Pump(records_of(inputs, may_be_empty=True))
    if not writing.quiet:
        _warn_of_equal_samples(answering)
    perform(Job(Respond(answering), source, teachers, inputs=inputs, calls_per_item=samples), asking, writing)


def _warn_of_equal_samples(answering: Answering) -> None:
    """Say that a teacher that is asked several times at temperature 0 gives one answer several times."""
    if answering.samples > answering.teachers and answering.template.defaults.temperature == 0:
        console.say(
            "respond: at temperature 0 a teacher's samples are equal, or nearly so; --temperature 0.7 varies them"
        )
