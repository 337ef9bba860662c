"""`instgen rank`: candidates in order, by judged comparison."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from instgen.cli.options import Asking, Files, Writing, expanded

if TYPE_CHECKING:
    from instgen.prompts.template import Template
    from instgen.recipes.rank import Rank, Ranking, Wording


class Compared(StrEnum):
    """What the judge is shown at once."""

    PAIRS = "pairs"
    LIST = "list"


class Ties(StrEnum):
    """What becomes of records in which no candidate is better than another."""

    KEEP = "keep"
    DROP = "drop"


@expanded
def rank(
    context: typer.Context,
    files: Files = None,
    by: Annotated[
        Compared | None,
        typer.Option(
            "--by", help="pairs, or a list of 2 to 9 at once.  [default: pairs of up to 3 candidates, else a list]"
        ),
    ] = None,
    criteria: Annotated[
        list[str] | None,
        typer.Option(
            "--criteria",
            metavar="NAME",
            help="What to compare by, such as helpfulness or safety; may be repeated: each is judged separately, the"
            " first decides the order.  [default: overall]",
        ),
    ] = None,
    ties: Annotated[
        Ties, typer.Option("--ties", help="What becomes of rows in which no candidate is better than another.")
    ] = Ties.KEEP,
    best: Annotated[
        bool, typer.Option("--best", help="Keep the winner as the output, and no candidates (rejection sampling).")
    ] = False,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Put the candidates of records in order: compared in both orders, where a disagreement is a tie."""
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.judging import judge_alone
    from instgen.cli.opening import need_input, open_teachers, records_of
    from instgen.pump import Pump
    from instgen.recipes.rank import Rank

    inputs = need_input(context, files)
    asking = judge_alone(asking)
    ranking = ranking_of(by, criteria or (), ties, asking, best=best)
    records = records_of(inputs, may_be_empty=True)
    recipe = Rank(ranking)
    job = Job(
        recipe, Pump(records), open_teachers(asking, writing), inputs=inputs, calls_per_item=2 * len(ranking.criteria)
    )
    try:
        perform(job, asking, writing)
    finally:
        if not writing.quiet:
            _tell(recipe)


def ranking_of(by: Compared | None, criteria: Sequence[str], ties: Ties, asking: Asking, *, best: bool) -> Ranking:
    """The way of ranking that the options describe.

    Raises:
        UsageError: a criterion that no prompt file describes.
    """
    from instgen.recipes.rank import OVERALL, Ranking
    from instgen.recipes.wording import LANGUAGES

    wordings = {language: _wording(asking, language) for language in LANGUAGES}
    chosen = tuple(dict.fromkeys(criteria or [OVERALL]))
    _check(chosen, wordings["en"])
    described = {
        language: wording
        for language, wording in wordings.items()
        if all(criterion in _described(template) for template in (wording.pair, wording.list) for criterion in chosen)
    }
    return Ranking(described, by.value if by else None, chosen, ties is Ties.KEEP, best, asking.seed)


def _wording(asking: Asking, language: str) -> Wording:
    from instgen.cli.opening import open_prompts
    from instgen.recipes.rank import Wording

    book = open_prompts(asking, language)
    return Wording(book.template("rank-pair"), book.template("rank-list"))


def _check(criteria: tuple[str, ...], wording: Wording) -> None:
    """See that every criterion is described in both prompt files of a language.

    Raises:
        UsageError: one is not.
    """
    from instgen.errors import UsageError
    from instgen.recipes.rank import CRITERION

    for template in (wording.pair, wording.list):
        known = _described(template)
        for criterion in criteria:
            if criterion not in known:
                raise UsageError(
                    f"--criteria {criterion}: {template.name} does not describe it",
                    f"known: {', '.join(known)}; a part [[{CRITERION}{criterion}]] in a file of your own adds it",
                )


def _described(template: Template) -> list[str]:
    """The criteria that a prompt file describes."""
    from instgen.recipes.rank import CRITERION

    return [name.removeprefix(CRITERION) for name in template.blocks if name.startswith(CRITERION)]


def _tell(recipe: Rank) -> None:
    """Say what the account does not count."""
    from instgen.cli.console import say

    if recipe.without:
        say(f"rank: {recipe.without} rows had no two different candidates to compare")
    if recipe.own:
        say(
            f"rank: in {recipe.own} rows the judge compared answers of its own family, which judges prefer;"
            " --judge names another"
        )
