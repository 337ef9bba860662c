"""From the options of `rank` to a job: criteria, pairs or lists, and how ties are handled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from instgen.console import plural
from instgen.errors import UsageError
from instgen.prompts.template import Template
from instgen.pump import Pump
from instgen.recipes.rank import CRITERION, OVERALL, Rank, Ranking, Wording
from instgen.recipes.wording import LANGUAGES
from instgen.records import Record
from instgen.running.job import Job
from instgen.running.options import Asking, Writing
from instgen.running.prompts import open_prompts
from instgen.running.teachers import open_teachers


@dataclass(frozen=True, slots=True)
class RankOptions:
    """The options that only `rank` has, by name."""

    by: Literal["pairs", "list"] | None
    criteria: Sequence[str] | None
    ties: Literal["keep", "drop"]
    best: bool


def rank_job(
    own: RankOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """The job that the options describe, with the judge as the only teacher (see `judge_alone`).

    Raises:
        UsageError: a criterion is not described in the prompt files, the teacher is unknown, or its key cannot be read.
    """
    ranking = ranking_of(own, asking)
    recipe = Rank(ranking)
    return Job(
        recipe,
        Pump(records),
        open_teachers(asking, writing),
        inputs=inputs,
        calls_per_item=2 * len(ranking.criteria),
        notes=lambda: _notes(recipe),
    )


def _notes(recipe: Rank) -> Iterator[str]:
    """The number of rows that were not compared, and of those in which the judge may prefer its own model family."""
    if recipe.without:
        yield f"{recipe.without} {plural('row', recipe.without)} had no two different candidates to compare"
    if recipe.own:
        yield (
            f"in {recipe.own} {plural('row', recipe.own)} the judge compared answers of its own model family,"
            " which judges prefer; --judge names another"
        )


def ranking_of(own: RankOptions, asking: Asking) -> Ranking:
    """The recipe's settings, from the options. Languages whose files lack a criterion are left out.

    Raises:
        UsageError: a criterion is not described in the English prompt files.
    """
    wordings = {language: _wording(asking, language) for language in LANGUAGES}
    chosen = tuple(dict.fromkeys(own.criteria or [OVERALL]))
    _check(chosen, wordings["en"])
    described = {
        language: wording
        for language, wording in wordings.items()
        if all(criterion in _described(template) for template in (wording.pair, wording.list) for criterion in chosen)
    }
    return Ranking(described, own.by, chosen, own.ties == "keep", own.best, asking.seed)


def _wording(asking: Asking, language: str) -> Wording:
    book = open_prompts(asking, language)
    return Wording(book.template("rank-pair"), book.template("rank-list"))


def _check(criteria: tuple[str, ...], wording: Wording) -> None:
    """Check that both prompt files of a language describe every criterion.

    Raises:
        UsageError: one does not.
    """
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
    return [name.removeprefix(CRITERION) for name in template.blocks if name.startswith(CRITERION)]
