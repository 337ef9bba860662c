"""What `score` does where a judge is asked: which rubrics, of which records, and what is told besides the scores."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from instgen.cli import console
from instgen.cli.options import Asking, Writing
from instgen.errors import UsageError
from instgen.records import Record, writers
from instgen.scores.find import built_in, find_rubric
from instgen.scores.free import COMMAND, MEASURES, Measure, Measuring
from instgen.scores.ifd import Ifd
from instgen.scores.plugins import plugged_rubrics
from instgen.scores.rubric import SUFFIX, Rubric, parse_rubric

if TYPE_CHECKING:
    from instgen.cli.opening import Teachers
    from instgen.recipes.judge import Entry, Judge


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What the command line of `score` asks for."""

    rubrics: Sequence[str]
    votes: int = 1
    replace: bool = False
    sample: int | None = None
    reference_key: str = ""


@dataclass(frozen=True, slots=True)
class Rubrics:
    """What is scored: by a judge, and without."""

    judged: tuple[Rubric, ...]
    measures: tuple[Measure, ...]
    ifd: bool = False
    """Whether a model's log-probabilities are asked for."""

    @property
    def ask(self) -> bool:
        """Whether anybody is asked anything."""
        return bool(self.judged) or self.ifd


def chosen(wanted: ScoreOptions) -> Rubrics:
    """The rubrics that are named, each once.

    Raises:
        UsageError: none is named, one does not exist, two have one name, or an option is for a judge and none is asked.
        InputError: a rubric's file cannot be read.
    """
    if not wanted.rubrics:
        raise UsageError("what is to be scored? No --rubric is named", "for example --rubric quality; --list shows all")
    found = [_rubric(named) for named in dict.fromkeys(wanted.rubrics)]
    names = [each.name for each in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two rubrics are named {min(twice)}, and so would their scores be", "give one another name")
    judged = tuple(each for each in found if isinstance(each, Rubric))
    options = {
        "--votes": wanted.votes > 1,
        "--reference-key": bool(wanted.reference_key),
    }
    for option, is_given in options.items():
        if is_given and not judged:
            raise UsageError(f"{option} is about a judge, and no rubric here asks one", "--list shows which do")
    if wanted.sample is not None and all(isinstance(each, Measure) for each in found):
        raise UsageError(
            "--sample spares calls, and no rubric here makes any", "filter --sample takes a part of the rows"
        )
    measures = tuple(each for each in found if isinstance(each, Measure))
    return Rubrics(judged, measures, any(isinstance(each, Ifd) for each in found))


def listed() -> Iterator[str]:
    """What there is to be scored, as lines of a table."""
    others = plugged_rubrics()
    wide = max(map(len, (*built_in(), *MEASURES, *others)))
    for name, content in built_in().items():
        yield f"{name:{wide}}  judge  {parse_rubric(name, content).about}"
    yield f"{Ifd().name:{wide}}  model  {Ifd().about}"
    yield from (f"{measure.name:{wide}}  free   {measure.about}" for measure in MEASURES.values())
    for name in others:
        found = find_rubric(name)
        yield f"{name:{wide}}  {'judge' if isinstance(found, Rubric) else 'free '}  {found.about}"


def judge(rubrics: Rubrics, wanted: ScoreOptions, inputs: Sequence[Path], asking: Asking, writing: Writing) -> None:
    """Have records judged, with all that the command line says about it."""
    from instgen.cli import rates
    from instgen.cli.drive import perform
    from instgen.cli.job import Job
    from instgen.cli.opening import records_of
    from instgen.pump import Pump

    asking = judge_alone(asking)
    recipe = judge_of(rubrics, wanted, asking)
    teachers = judges_of(rubrics, asking, writing)
    entries = entries_of(rubrics, wanted, records_of(inputs, may_be_empty=True), teachers, asking, writing)
    calls = len(rubrics.judged) * wanted.votes + 2 * rubrics.ifd
    try:
        perform(Job(recipe, Pump(entries), teachers, inputs=tuple(inputs), calls_per_item=calls), asking, writing)
    finally:
        if not asking.dry_run:
            rates.tell(recipe.counts, writing)


def judge_of(rubrics: Rubrics, wanted: ScoreOptions, asking: Asking) -> Judge:
    """The recipe that asks for the scores."""
    from instgen.cli.opening import open_prompts
    from instgen.recipes.ifd import Fathoming
    from instgen.recipes.judge import Judge, Judging, Wording
    from instgen.recipes.wording import LANGUAGES

    books = {language: open_prompts(asking, language) for language in LANGUAGES}
    wordings = {
        language: Wording(book.template("judge"), book.template("judge-siblings")) for language, book in books.items()
    }
    judging = Judging(
        rubrics=rubrics.judged,
        wordings=wordings,
        votes=wanted.votes,
        replace=wanted.replace,
        reference_key=wanted.reference_key,
        seed=asking.seed,
        fathoming=Fathoming(books["en"].template("ifd"), wanted.replace, asking.seed) if rubrics.ifd else None,
    )
    return Judge(judging)


def entries_of(
    rubrics: Rubrics,
    wanted: ScoreOptions,
    records: Iterable[Record],
    teachers: Teachers,
    asking: Asking,
    writing: Writing,
) -> Iterable[Entry]:
    """The records as the recipe takes them: measured, drawn, siblings together."""
    from instgen.recipes.judge import grouped

    judge_name = teachers.judge.name if rubrics.judged else ""
    watch = _Watch(judge_name, wanted.reference_key, quiet=writing.quiet)
    entries = _entries(watch.all(_measured(rubrics, wanted, records)), wanted.sample, asking.seed)
    return grouped(entries) if any(rubric.siblings for rubric in rubrics.judged) else entries


def judges_of(rubrics: Rubrics, asking: Asking, writing: Writing) -> Teachers:
    """Who is asked: the judge, and for log-probabilities the same model in another way, as the teacher."""
    from instgen.cli.opening import Teachers, open_teachers

    teachers = open_teachers(asking, writing)
    if not rubrics.ifd:
        return teachers
    from instgen.teachers.likelihood import likelihood

    return Teachers(likelihood(teachers.judge), teachers.judge)


def judge_alone(asking: Asking) -> Asking:
    """The same with the judge as the one teacher, as no other is asked anything.

    The address and the key of the command line are the teacher's, and go to no judge of another provider.
    """
    if asking.judge is None or asking.judge == asking.teacher:
        return asking
    alone = replace(asking, teacher=asking.judge, judge=None)
    if asking.judge.partition("/")[0] == asking.teacher.partition("/")[0]:
        return alone
    return replace(alone, base_url=None, api_key_env=None, api_key_file=None)


def _rubric(named: str) -> Rubric | Measure | Ifd:
    if not named.endswith(SUFFIX) and "/" not in named:
        return find_rubric(named)
    from instgen.cli.opening import text_of

    path = Path(named).expanduser()
    content = text_of(path, "a rubric of ours is named without a path")
    return parse_rubric(path.name.removesuffix(SUFFIX), content, named)


def _measured(rubrics: Rubrics, wanted: ScoreOptions, records: Iterable[Record]) -> Iterable[Record]:
    return Measuring(rubrics.measures, replace_scores=wanted.replace).all(records) if rubrics.measures else records


def _entries(records: Iterable[Record], sample: int | None, seed: int) -> Iterable[Entry]:
    from instgen.recipes.judge import Entry

    return map(Entry, records) if sample is None else _drawn(records, sample, seed)


def _drawn(records: Iterable[Record], number: int, seed: int) -> Iterator[Entry]:
    """All records, put aside until the last one came; those that were drawn are the same whatever their order."""
    import orjson

    from instgen.cli.spool import Spool
    from instgen.filters.selection import lot
    from instgen.formats import records_from, to_row
    from instgen.recipes.judge import Entry

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
    _kin: bool = False
    _lacking: bool = False

    def all(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, looked at."""
        from instgen.scores.family import family_of, same_family

        for record in records:
            if not self._kin and any(same_family(self.judge, writer) for writer in writers(record)):
                self._kin = True
                self._say(
                    f"{self.judge} judges what {family_of(self.judge)} wrote: judges prefer their own family;"
                    " another --judge is fairer"
                )
            if self.reference_key and not self._lacking and self.reference_key not in record.extra:
                self._lacking = True
                self._say(f"record {record.id} has no {self.reference_key}: such ones are judged without a reference")
            yield record

    def _say(self, line: str) -> None:
        if not self.quiet:
            console.say(f"{COMMAND}: {line}")
