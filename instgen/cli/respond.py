"""`instgen respond`: answers for instructions."""

from __future__ import annotations

from typing import Annotated

import typer

from instgen.cli.options import Asking, Files, Writing, expanded


@expanded
def respond(
    context: typer.Context,
    files: Files = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Answers a record; several become its candidates.")
    ] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Answer again what has an answer.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of the prompt around the instruction.")] = "en",
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Fill in the outputs that are missing; complete records pass through as they are."""
    from instgen.cli.drive import Job, perform
    from instgen.cli.opening import need_input, open_prompts, open_teachers, records_of
    from instgen.pump import Pump
    from instgen.recipes.respond import Answering, Respond

    inputs = need_input(context, files)
    template = open_prompts(asking, lang).template("respond")
    recipe = Respond(Answering(template, samples, replace, asking.seed))
    source = Pump(records_of(inputs, may_be_empty=True))
    job = Job(recipe, source, open_teachers(asking, writing), inputs=inputs, calls_per_item=samples)
    perform(job, asking, writing)
