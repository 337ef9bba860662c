"""`instgen evolve`: harder and broader tasks out of records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from instgen.cli.options import Asking, Files, Profile, Writing, expanded

if TYPE_CHECKING:
    from instgen.cli.opening import Teachers
    from instgen.prompts.book import PromptBook
    from instgen.prompts.template import Template
    from instgen.recipes.evolve import Evolving, Wording
    from instgen.recipes.evolve_ops import Weighted
    from instgen.teachers.teacher import Teacher

ROUNDS = 2
PAPER_ROUNDS = 4
"""Xu et al. 2024, section 4.1."""
PAPER_SAMPLING = (1.0, 0.9, 2048)
"""Temperature, top-p and tokens (Xu et al. 2024, section 4.1); its frequency penalty of 0 is everybody's default."""


class MethodName(StrEnum):
    """Which operations are drawn."""

    WIZARDLM = "wizardlm"
    CODE = "code"
    MATH = "math"


class Kept(StrEnum):
    """What is written of a chain."""

    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says of evolving; None is left to the profile."""

    method: str
    ops: str | None
    rounds: int | None
    keep: Literal["last", "all"]
    answers: bool
    growth: int
    paper: bool


@expanded
def evolve(
    context: typer.Context,
    files: Files = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="Times a record is evolved.  [default: 2; paper 4]")
    ] = None,
    method: Annotated[
        MethodName, typer.Option("--method", help="Set of operations: for all tasks, for programs, for mathematics.")
    ] = MethodName.WIZARDLM,
    ops: Annotated[
        str | None,
        typer.Option("--ops", help="Operations with weights, deepen=2,concretize.  [default: the method's, equally]"),
    ] = None,
    keep: Annotated[
        Kept, typer.Option("--keep", help="last: the deepest survivor; all: the row and all its survivors.")
    ] = Kept.LAST,
    no_answers: Annotated[bool, typer.Option("--no-answers", help="Leave the outputs empty.")] = False,
    growth: Annotated[
        int, typer.Option("--growth", min=0, help="Words that an evolved task may have beyond its parent.")
    ] = 60,
    profile: Annotated[
        Profile, typer.Option("--profile", help="paper: the published constants of the method.")
    ] = Profile.DEFAULT,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Make harder and broader tasks out of records, in rounds; what gained nothing or went wrong is eliminated."""
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.opening import need_input, open_teachers, records_of
    from instgen.pump import Pump
    from instgen.recipes.evolve import Evolve

    choices = Choices(method.value, ops, rounds, keep.value, not no_answers, growth, profile is Profile.PAPER)
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    teachers = open_teachers(asking, writing)
    evolving = evolving_of(choices, teachers, asking)
    calls = evolving.rounds * (3 if evolving.answers else 2)
    perform(Job(Evolve(evolving), Pump(records), teachers, inputs=inputs, calls_per_item=calls), asking, writing)


def evolving_of(choices: Choices, teachers: Teachers, asking: Asking) -> Evolving:
    """The way of evolving that the options describe."""
    from instgen.recipes.evolve import Evolving
    from instgen.recipes.evolve_ops import operations_of, read_weights

    operations = read_weights(choices.ops) if choices.ops is not None else operations_of(choices.method)
    asking = as_published(asking) if choices.paper else asking
    return Evolving(
        wordings={language: _wording(language, operations, teachers, asking) for language in ("en", "zh")},
        operations=operations,
        rounds=choices.rounds or (PAPER_ROUNDS if choices.paper else ROUNDS),
        keep=choices.keep,
        answers=choices.answers,
        growth=choices.growth,
        seed=asking.seed,
    )


def as_published(asking: Asking) -> Asking:
    """The paper's sampling, where the command line says nothing else."""
    temperature, top_p, max_tokens = PAPER_SAMPLING
    return replace(
        asking,
        temperature=temperature if asking.temperature is None else asking.temperature,
        top_p=top_p if asking.top_p is None else asking.top_p,
        max_tokens=max_tokens if asking.max_tokens is None else asking.max_tokens,
    )


def _wording(language: str, operations: tuple[Weighted, ...], teachers: Teachers, asking: Asking) -> Wording:
    from instgen.cli.opening import open_prompts
    from instgen.recipes.evolve import Wording

    book = open_prompts(asking, language)
    templates = {each.operation.name: _template(book, each.operation.file, teachers.teacher) for each in operations}
    return Wording(templates, _template(book, "evolve-equal", teachers.judge), book.template("respond"))


def _template(book: PromptBook, name: str, teacher: Teacher) -> Template:
    """The file of a name; for a small model the one that it can continue, where there is one."""
    from instgen.prompts.book import built_in

    continued = f"{name}-continue"
    is_continued = teacher.traits.small and teacher.traits.continues and f"en/{continued}" in built_in()
    return book.template(continued if is_continued else name)
