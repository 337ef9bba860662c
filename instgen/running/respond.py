"""From the options of `respond` to a job: teachers, samples per record, and how answers are used."""

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
    """The options that only `respond` has, by name."""

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
    """The job that the options describe; `inputs` are the files that the records are read from.

    Raises:
        UsageError: a teacher is unknown, its key cannot be read, or two teachers are the same.
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
    """The number of rows that had an answer and passed through, if any."""
    if recipe.complete:
        rows, them = ("row", "it") if recipe.complete == 1 else ("rows", "them")
        yield f"{recipe.complete:,} {rows} had an answer and passed through; --replace answers {them} again"


def _warn_of_equal_samples(answering: Answering) -> None:
    """Warn if a teacher is asked several times at temperature 0, which gives the same answer each time."""
    if answering.samples > answering.teachers and answering.template.defaults.temperature == 0:
        console.say("respond: at temperature 0, samples are (nearly) identical; use --temperature 0.7 to vary them")
