"""`instgen evolve`: harder and broader tasks made from records."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.options import Files, expanded
from instgen.running.options import Asking, Profile, Writing


class Check(StrEnum):
    """Further checks by the judge."""

    CONTRADICTIONS = "contradictions"


class Kept(StrEnum):
    """Which records of a chain are written."""

    LAST = "last"
    ALL = "all"


@expanded
def evolve(
    context: typer.Context,
    files: Files = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="Times each record is evolved.  [default: 2; paper 4]")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method",
            metavar="NAME|PATH",
            help="wizardlm, code, math, auto; or your own prompt file, or a folder of them.  [default: wizardlm]",
        ),
    ] = None,
    ops: Annotated[
        str | None,
        typer.Option(
            "--ops",
            help="Operations and their weights: deepen=2,concretize.  [default: the method's, equally likely]",
        ),
    ] = None,
    keep: Annotated[
        Kept, typer.Option("--keep", help="last: the latest survivor; all: the row and every survivor.")
    ] = Kept.LAST,
    no_answers: Annotated[bool, typer.Option("--no-answers", help="Do not answer the tasks.")] = False,
    growth: Annotated[
        int, typer.Option("--growth", min=0, help="Words by which an evolved task may exceed its parent.")
    ] = 60,
    check: Annotated[
        list[Check] | None,
        typer.Option("--check", help="contradictions: ask the judge whether the evolved task contradicts itself."),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Optimize the method first, on the first 2,000 rows.")] = False,
    auto_steps: Annotated[
        int | None, typer.Option("--auto-steps", min=0, help="Maximum number of rewrites of the method.  [default: 10]")
    ] = None,
    save_method: Annotated[
        Path | None,
        typer.Option("--save-method", help="File for the optimized method.  [default: evolve-method.txt]"),
    ] = None,
    profile: Annotated[
        Profile, typer.Option("--profile", help="paper: use the published constants of the method.")
    ] = Profile.DEFAULT,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Make tasks harder and broader, in rounds; evolved tasks that gain nothing or fail a check are rejected."""
    from instgen.cli.drive import perform
    from instgen.cli.inputs import need_input
    from instgen.lines import records_of
    from instgen.running.evolve import evolve_job
    from instgen.running.evolving import EvolveOptions

    own = EvolveOptions(
        rounds, method, ops, keep.value, no_answers, growth, check, auto, auto_steps, save_method, profile
    )
    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    perform(evolve_job(own, records, asking, writing, inputs), asking, writing)
