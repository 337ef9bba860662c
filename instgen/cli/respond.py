"""`instgen respond`: answers to instructions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from instgen.cli.options import Files, expanded
from instgen.running.options import Asking, Writing


class Reasoning(StrEnum):
    """Whether to keep the teacher's reasoning."""

    KEEP = "keep"
    DROP = "drop"


class Refusals(StrEnum):
    """Whether to drop refusals."""

    DROP = "drop"
    KEEP = "keep"


@expanded
def respond(
    context: typer.Context,
    files: Files = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Answers per record; several become its candidates.")
    ] = 1,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="TEACHER",
            help="Additional teacher: each record goes to one of them, samples rotate; may be repeated.",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also answer rows that already have an answer.")] = False,
    system: Annotated[str, typer.Option("--system", help="System text for records that have none.")] = "",
    reasoning: Annotated[
        Reasoning, typer.Option("--reasoning", help="Whether to keep the teacher's reasoning.")
    ] = Reasoning.KEEP,
    refusals: Annotated[
        Refusals, typer.Option("--refusals", help="Whether to drop refusals, or keep them as data.")
    ] = Refusals.DROP,
    lang: Annotated[str, typer.Option("--lang", help="Language of the prompt around the instruction.")] = "en",
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Fill in missing outputs; complete records pass through unchanged."""
    from instgen.cli.drive import perform
    from instgen.cli.inputs import need_input
    from instgen.lines import records_of
    from instgen.running.respond import RespondOptions, respond_job

    own = RespondOptions(samples, with_, replace, system, reasoning.value, refusals.value, lang)
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    perform(respond_job(own, records, asking, writing, inputs), asking, writing)
