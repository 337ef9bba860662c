"""Shared by `report` and `stats`: reads rows, summaries, rejects and ancestors, and counts their contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from instgen.errors import InputError

if TYPE_CHECKING:
    from instgen.report.funnel import Rejects
    from instgen.report.numbers import Numbers, Stage
    from instgen.report.survey import Survey

Summaries = Annotated[
    list[Path] | None,
    typer.Option("--with-summary", metavar="FILE", help="--summary file of earlier stages; may be repeated."),
]
RejectFiles = Annotated[
    list[Path] | None,
    typer.Option("--with-rejects", metavar="FILE", help="--rejects file of an earlier stage; may be repeated."),
]
Ancestors = Annotated[
    list[Path] | None,
    typer.Option(
        "--with-rows", metavar="FILE", help="File of an earlier stage's rows, to find ancestors; may be repeated."
    ),
]
Seeds = Annotated[
    Path | None,
    typer.Option("--seeds", metavar="FILE", help="Seed tasks to compare with.  [default: the bundled ones, by --lang]"),
]
Lang = Annotated[str, typer.Option("--lang", help="Language of the bundled seeds to compare with.")]


@dataclass(frozen=True, slots=True)
class Beside:
    """Files with further information about the data."""

    summaries: Sequence[Path] = ()
    rejects: Sequence[Path] = ()
    rows: Sequence[Path] = ()
    seeds: Path | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Seen:
    """The results of reading a dataset."""

    survey: Survey
    numbers: Numbers
    rejects: Rejects


def survey_of(inputs: Sequence[Path], beside: Beside) -> Seen:
    """Read all files and count their contents.

    Raises:
        InputError: a file or a row cannot be read, is not of the expected kind, or there are no records.
    """
    from instgen.lines import records_of
    from instgen.report.survey import Survey
    from instgen.seedlist import seed_file

    seeds = list(records_of([beside.seeds or seed_file(beside.language)]))
    survey = Survey()
    for record in seeds:
        survey.families.know(record)
    for record in records_of(beside.rows) if beside.rows else ():
        survey.families.know(record)
    for record in records_of(inputs):
        survey.add(record)
    if not survey.rows:
        raise InputError(", ".join(map(str, inputs)), "contains no records", "there is nothing to count")
    stages = [stage for path in beside.summaries for stage in _stages(path)]
    numbers = survey.numbers([record.instruction for record in seeds], stages)
    return Seen(survey, numbers, _rejects(beside.rejects))


def _stages(path: Path) -> Iterator[Stage]:
    from instgen.lines import rows_of
    from instgen.report.funnel import stage_of

    for row in rows_of([path]):
        stage = stage_of(row.value)
        if stage:
            yield stage
        elif "command" not in row.value or "read" in row.value:
            raise InputError(row.where, "is not a summary of a stage", "--summary FILE writes one")


def _rejects(paths: Sequence[Path]) -> Rejects:
    from instgen.lines import rows_of
    from instgen.report.funnel import Rejects

    rejects = Rejects()
    for row in rows_of(paths, may_be_empty=[str(path) for path in paths]) if paths else ():
        if not rejects.add(row.value):
            raise InputError(row.where, "is not a row of a rejects file", "--rejects FILE writes them")
    return rejects
