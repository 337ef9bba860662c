"""From the options of `score` to a job, for scores that need a judge or a model: records, votes and prompt files.

Scores that need neither are measured as the records are read (see `scores.free`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from instgen import console
from instgen.filters.selection import lot
from instgen.formats import records_from, to_row
from instgen.pump import Pump
from instgen.recipes.ifd import IfdSettings
from instgen.recipes.judge import Entry, Judge, Judging, Wording, grouped
from instgen.recipes.wording import LANGUAGES
from instgen.records import Record, writers
from instgen.running.job import Job
from instgen.running.options import Asking, Writing
from instgen.running.prompts import open_prompts
from instgen.running.rubrics import Rubrics, ScoreOptions
from instgen.running.spool import Spool
from instgen.running.teachers import Teachers, open_teachers
from instgen.scores.family import family_of, same_family
from instgen.scores.free import COMMAND, Measuring


def score_job(
    rubrics: Rubrics,
    own: ScoreOptions,
    records: Iterable[Record],
    asking: Asking,
    writing: Writing,
    *,
    inputs: tuple[Path, ...] = (),
) -> Job[Any]:
    """The job that the options describe, with the judge as the only teacher (see `judge_alone`).

    Args:
        rubrics: the rubrics, of which at least one needs calls.
        own: the command's own options.
        records: the records to score.
        asking: the options for calls.
        writing: whether to be quiet.
        inputs: the files that the records are read from.

    Raises:
        UsageError: the judge is unknown, its key cannot be read, or it gives no log-probabilities.
        InputError: a prompt file cannot be read.
    """
    recipe = _judge(rubrics, own, asking)
    teachers = _judges(rubrics, asking, writing)
    watch = _Watch(teachers.judge.name if rubrics.judged else "", own.reference_key, quiet=writing.quiet)
    entries = _entries(watch.all(_measured(rubrics, own, records)), own.sample, asking.seed)
    if any(rubric.siblings for rubric in rubrics.judged):
        entries = grouped(entries)
    calls = len(rubrics.judged) * own.votes + 2 * rubrics.ifd
    return Job(recipe, Pump(entries), teachers, inputs=inputs, calls_per_item=calls)


def _judge(rubrics: Rubrics, own: ScoreOptions, asking: Asking) -> Judge:
    """The recipe, with its prompt files."""
    books = {language: open_prompts(asking, language) for language in LANGUAGES}
    wordings = {
        language: Wording(book.template("judge"), book.template("judge-siblings")) for language, book in books.items()
    }
    judging = Judging(
        rubrics=rubrics.judged,
        wordings=wordings,
        votes=own.votes,
        replace=own.replace,
        reference_key=own.reference_key,
        seed=asking.seed,
        ifd_settings=IfdSettings(books["en"].template("ifd"), own.replace, asking.seed) if rubrics.ifd else None,
    )
    return Judge(judging)


def _judges(rubrics: Rubrics, asking: Asking, writing: Writing) -> Teachers:
    """The judge, and for IFD the same model in the role of the teacher, asked for log-probabilities."""
    teachers = open_teachers(asking, writing)
    if not rubrics.ifd:
        return teachers
    from instgen.teachers.likelihood import likelihood

    return Teachers(likelihood(teachers.judge), teachers.judge)


def _measured(rubrics: Rubrics, own: ScoreOptions, records: Iterable[Record]) -> Iterable[Record]:
    return Measuring(rubrics.measures, replace_scores=own.replace).all(records) if rubrics.measures else records


def _entries(records: Iterable[Record], sample: int | None, seed: int) -> Iterable[Entry]:
    return map(Entry, records) if sample is None else _drawn(records, sample, seed)


def _drawn(records: Iterable[Record], number: int, seed: int) -> Iterator[Entry]:
    """All records, once the last was read; those drawn are marked. The draw does not depend on the records' order."""
    with Spool() as spool:
        lowest: list[tuple[int, int]] = []
        for position, record in enumerate(records):
            spool.add([orjson.dumps(to_row(record), option=orjson.OPT_APPEND_NEWLINE)])
            heapq.heappush(lowest, (-lot(record, seed), -position))
            if len(lowest) > number:
                heapq.heappop(lowest)
        drawn = {-position for _, position in lowest}
        for position, line in enumerate(spool.lines()):
            (record,) = records_from(orjson.loads(line))
            yield Entry(record, wanted=position in drawn)


@dataclass(slots=True)
class _Watch:
    """Warns, once each, of records whose writer is of the judge's family, and of records without a reference."""

    judge: str
    reference_key: str
    quiet: bool
    _warned_of_family: bool = False
    _warned_of_reference: bool = False

    def all(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records unchanged."""
        for record in records:
            if not self._warned_of_family and any(same_family(self.judge, writer) for writer in writers(record)):
                self._warned_of_family = True
                self._say(
                    f"{self.judge} judges what {family_of(self.judge)} wrote: judges prefer their own model family;"
                    " another --judge is fairer"
                )
            if self.reference_key and not self._warned_of_reference and self.reference_key not in record.extra:
                self._warned_of_reference = True
                self._say(
                    f"record {record.id} has no {self.reference_key}: such records are judged without a reference"
                )
            yield record

    def _say(self, line: str) -> None:
        if not self.quiet:
            console.say(f"{COMMAND}: {line}")
