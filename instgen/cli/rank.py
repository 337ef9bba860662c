"""`instgen rank`: candidate answers ordered by a judge's comparisons."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from instgen.cli.options import Files, expanded
from instgen.running.options import Asking, Writing


class Compared(StrEnum):
    """How many candidates the judge compares at once."""

    PAIRS = "pairs"
    LIST = "list"


class Ties(StrEnum):
    """Whether to keep records in which no candidate is better than another."""

    KEEP = "keep"
    DROP = "drop"


@expanded
def rank(
    context: typer.Context,
    files: Files = None,
    by: Annotated[
        Compared | None,
        typer.Option(
            "--by",
            help="Compare in pairs, or 2 to 9 at once in a list.  [default: pairs for up to 3 candidates, else list]",
        ),
    ] = None,
    criteria: Annotated[
        list[str] | None,
        typer.Option(
            "--criteria",
            metavar="NAME",
            help="Criterion, such as helpfulness or safety; may be repeated: each is judged separately, the"
            " first decides the order.  [default: overall]",
        ),
    ] = None,
    ties: Annotated[
        Ties, typer.Option("--ties", help="Whether to keep rows in which no candidate is better than another.")
    ] = Ties.KEEP,
    best: Annotated[
        bool, typer.Option("--best", help="Keep the winner as the output, and no candidates (rejection sampling).")
    ] = False,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Rank the candidates of each record, compared in both orders; a disagreement is a tie."""
    from instgen.cli.drive import perform
    from instgen.cli.inputs import need_input
    from instgen.lines import records_of
    from instgen.running.rank import RankOptions, rank_job
    from instgen.running.teachers import judge_alone

    inputs = need_input(context, files)
    asking = judge_alone(asking)
    records = records_of(inputs, may_be_empty=True)
    own = RankOptions(by.value if by else None, criteria, ties.value, best)
    perform(rank_job(own, records, asking, writing, inputs), asking, writing)
