"""`instgen converse`: conversations out of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from instgen.cli.options import Asking, Files, Writing, expanded

if TYPE_CHECKING:
    from instgen.recipes.converse import Conversing, Wording
    from instgen.recipes.converse_turns import Turns
    from instgen.teachers.teacher import Teacher


@expanded
def converse(
    context: typer.Context,
    files: Files = None,
    turns: Annotated[
        str,
        typer.Option(
            "--turns",
            metavar="T",
            help="Questions with their answers that a conversation is to have in all: 3, 2-5 (drawn for each), or with"
            " weights 2=0.5,3=0.3,5=0.2.",
        ),
    ] = "3",
    split_tokens: Annotated[
        int | None,
        typer.Option(
            "--split-tokens", min=1, help="Cut what is longer into parts between exchanges; tokens are estimated."
        ),
    ] = None,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Grow records into conversations: the teacher plays the user, then answers; bad turns end a conversation."""
    from instgen.cli.console import say
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.opening import need_input, open_teachers, records_of
    from instgen.pump import Pump
    from instgen.recipes.converse import Converse
    from instgen.recipes.converse_turns import read_turns

    chosen = read_turns(turns)
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    teachers = open_teachers(asking, writing)
    recipe = Converse(conversing_of(chosen, split_tokens, teachers.teacher, asking))
    calls = max(1.0, 2 * (chosen.mean - 1))
    try:
        perform(Job(recipe, Pump(records), teachers, inputs=inputs, calls_per_item=calls), asking, writing)
    finally:
        if recipe.untouched and not writing.quiet:
            say(f"converse: {recipe.untouched} rows were long enough, and went through as they came")


def conversing_of(turns: Turns, split_tokens: int | None, teacher: Teacher, asking: Asking) -> Conversing:
    """The way of conversing that the options describe."""
    from instgen.recipes.converse import Conversing
    from instgen.recipes.wording import LANGUAGES

    wordings = {language: _wording(language, teacher, asking) for language in LANGUAGES}
    return Conversing(wordings, turns, split_tokens, asking.seed)


def _wording(language: str, teacher: Teacher, asking: Asking) -> Wording:
    """The prompt files of a language; for a small model the one that it can continue."""
    from instgen.cli.opening import open_prompts
    from instgen.recipes.converse import Wording

    book = open_prompts(asking, language)
    is_continued = teacher.traits.small and teacher.traits.continues
    personas = [line for line in book.template("converse-personas").text.splitlines() if line.strip()]
    user = book.template("converse-user-continue" if is_continued else "converse-user")
    return Wording(user, book.template("respond"), tuple(personas))
