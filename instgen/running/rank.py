"""From the options of `rank` to a job: by which criteria, in pairs or lists, and what a tie means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
    """The options of `rank` alone, by their names."""

    by: Literal["pairs", "list"] | None
    criteria: Sequence[str] | None
    ties: Literal["keep", "drop"]
    best: bool


def rank_job(
    own: RankOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """What the options want done, by a judge that is alone (see `judge_alone`).

    Raises:
        UsageError: a criterion that no prompt file describes, no such teacher, or a key that cannot be had.
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
    """What could not be compared, and what may have been compared with favour."""
    if recipe.without:
        yield f"{recipe.without} rows had no two different candidates to compare"
    if recipe.own:
        yield (
            f"in {recipe.own} rows the judge compared answers of its own model family, which judges prefer;"
            " --judge names another"
        )


def ranking_of(own: RankOptions, asking: Asking) -> Ranking:
    """The way of ranking that the options describe.

    Raises:
        UsageError: a criterion that no prompt file describes.
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
    """See that every criterion is described in both prompt files of a language.

    Raises:
        UsageError: one is not.
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
