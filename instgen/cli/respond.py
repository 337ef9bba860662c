"""`instgen respond`: answers for instructions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from instgen.cli import console
from instgen.cli.options import Asking, Files, Writing, expanded

if TYPE_CHECKING:
    from instgen.cli.job import Job
    from instgen.recipes.respond import Answering
    from instgen.records import Record


class Reasoning(StrEnum):
    """What becomes of the teacher's thinking."""

    KEEP = "keep"
    DROP = "drop"


class Refusals(StrEnum):
    """What becomes of answers that decline."""

    DROP = "drop"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class RespondOptions:
    """The command's own options, by their names."""

    samples: int
    with_: Sequence[str] | None
    replace: bool
    system: str
    reasoning: Reasoning
    refusals: Refusals
    lang: str


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
    from instgen.cli.opening import need_input, records_of

    own = RespondOptions(samples, with_, replace, system, reasoning, refusals, lang)
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    job = respond_job(own, records, asking, writing, inputs)
    try:
        perform(job, asking, writing)
    finally:
        if not writing.quiet:
            _tell_of_complete(job)


def respond_job(
    own: RespondOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """What the options want done; `inputs` are the files that the records are read from.

    Raises:
        UsageError: no such teacher, a key that cannot be had, or others that are one teacher.
    """
    from instgen.cli.job import Job
    from instgen.cli.opening import open_prompts, open_teachers
    from instgen.pump import Pump
    from instgen.recipes.respond import Answering, Respond

    teachers = open_teachers(asking, writing, own.with_ or ())
    answering = Answering(
        template=open_prompts(asking, own.lang).template("respond"),
        samples=own.samples,
        teachers=1 + len(teachers.others),
        replace=own.replace,
        seed=asking.seed,
        system=own.system,
        reasoning=own.reasoning is Reasoning.KEEP,
        refusals=own.refusals is Refusals.KEEP,
    )
    if not writing.quiet:
        _warn_of_equal_samples(answering)
    return Job(Respond(answering), Pump(records), teachers, inputs=inputs, calls_per_item=own.samples)


def _tell_of_complete(job: Job[Record]) -> None:
    """Say of how many rows nothing was asked, which the account does not tell."""
    from instgen.recipes.respond import Respond

    if isinstance(job.recipe, Respond) and job.recipe.complete:
        console.say(f"respond: {job.recipe.complete:,} rows had an answer and passed through; --replace asks anew")


def _warn_of_equal_samples(answering: Answering) -> None:
    """Say that a teacher that is asked several times at temperature 0 gives one answer several times."""
    if answering.samples > answering.teachers and answering.template.defaults.temperature == 0:
        console.say(
            "respond: at temperature 0 a teacher's samples are equal, or nearly so; --temperature 0.7 varies them"
        )
