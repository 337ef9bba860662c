"""From the options of `respond` to a job: whose answers, how many of each record, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from instgen import console
from instgen.pump import Pump
from instgen.recipes.respond import Answering, Respond
from instgen.records import Record
from instgen.running.job import Job
from instgen.running.options import Asking, Writing
from instgen.running.prompts import open_prompts
from instgen.running.teachers import open_teachers


@dataclass(frozen=True, slots=True)
class RespondOptions:
    """The options of `respond` alone, by their names."""

    samples: int
    with_: Sequence[str] | None
    replace: bool
    system: str
    reasoning: Literal["keep", "drop"]
    refusals: Literal["drop", "keep"]
    lang: str


def respond_job(
    own: RespondOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """What the options want done; `inputs` are the files that the records are read from.

    Raises:
        UsageError: no such teacher, a key that cannot be had, or others that are one teacher.
    """
    teachers = open_teachers(asking, writing, own.with_ or ())
    answering = Answering(
        template=open_prompts(asking, own.lang).template("respond"),
        samples=own.samples,
        teachers=1 + len(teachers.others),
        replace=own.replace,
        seed=asking.seed,
        system=own.system,
        reasoning=own.reasoning == "keep",
        refusals=own.refusals == "keep",
    )
    if not writing.quiet:
        _warn_of_equal_samples(answering)
    recipe = Respond(answering)
    return Job(
        recipe,
        Pump(records),
        teachers,
        inputs=inputs,
        calls_per_item=own.samples,
        notes=lambda: _notes(recipe),
    )


def _notes(recipe: Respond) -> Iterator[str]:
    """Of how many rows nothing was asked."""
    if recipe.complete:
        yield f"{recipe.complete:,} rows had an answer and passed through; --replace answers them again"


def _warn_of_equal_samples(answering: Answering) -> None:
    """Say that a teacher that is asked several times at temperature 0 gives one answer several times."""
    if answering.samples > answering.teachers and answering.template.defaults.temperature == 0:
        console.say("respond: at temperature 0, samples are (nearly) identical; use --temperature 0.7 to vary them")
