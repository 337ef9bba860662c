"""From the options of `score` to a job, where a judge or a model is asked: which records, how often, and in what words.

What needs nobody is measured on the way (see `scores.free`).
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
from instgen.recipes.ifd import Fathoming
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
    """What the options want done, by a judge that is alone (see `judge_alone`).

    Args:
        rubrics: those that the options name; somebody is asked for one of them.
        own: the command's own options.
        records: what is scored.
        asking: how the judge is asked.
        writing: whether to be quiet.
        inputs: the files that the records are read from.

    Raises:
        UsageError: no such teacher, a key that cannot be had, or one that gives no log-probabilities.
        InputError: a prompt file that cannot be read.
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
    """The recipe that asks for the scores."""
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
        fathoming=Fathoming(books["en"].template("ifd"), own.replace, asking.seed) if rubrics.ifd else None,
    )
    return Judge(judging)


def _judges(rubrics: Rubrics, asking: Asking, writing: Writing) -> Teachers:
    """Who is asked: the judge, and for log-probabilities the same model in another way, as the teacher."""
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
    """All records, put aside until the last one came; those that were drawn are the same whatever their order."""
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
    """Says once what is worth knowing of the records that go by."""

    judge: str
    reference_key: str
    quiet: bool
    _told_kin: bool = False
    _told_lacking: bool = False

    def all(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, looked at."""
        for record in records:
            if not self._told_kin and any(same_family(self.judge, writer) for writer in writers(record)):
                self._told_kin = True
                self._say(
                    f"{self.judge} judges what {family_of(self.judge)} wrote: judges prefer their own model family;"
                    " another --judge is fairer"
                )
            if self.reference_key and not self._told_lacking and self.reference_key not in record.extra:
                self._told_lacking = True
                self._say(
                    f"record {record.id} has no {self.reference_key}: such records are judged without a reference"
                )
            yield record

    def _say(self, line: str) -> None:
        if not self.quiet:
            console.say(f"{COMMAND}: {line}")
