"""The recipes that ask a teacher, as calls: what the commands of the same names do, from records to records.

The rule: what can be wrong with a call is told by the call, before anything is asked; the same call buys what the same
command line buys, and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Unpack

from instgen.api.direct import Direct
from instgen.api.keywords import Options, PathLike, Said, said
from instgen.api.result import Result
from instgen.api.rows import Rows, records_in
from instgen.api.threaded import Threaded
from instgen.cli import judging
from instgen.cli.converse import conversing_of
from instgen.cli.evolving import Choices as Evolved
from instgen.cli.evolving import evolving_of
from instgen.cli.job import Job
from instgen.cli.judging import Wanted
from instgen.cli.methods import Choices, recipe_of
from instgen.cli.opening import open_prompts, open_teachers
from instgen.cli.optimise import Gate, SavedAutoEvolve, optimising_of, saving_of
from instgen.cli.rank import ranking_of
from instgen.cli.self_instruct import HOPED_YIELD
from instgen.engine import Target
from instgen.pump import Counter, Pump
from instgen.recipes.converse import Converse
from instgen.recipes.converse_turns import read_turns
from instgen.recipes.evolve import Evolve
from instgen.recipes.flow import Outcome
from instgen.recipes.rank import Rank
from instgen.recipes.respond import Answering, Respond
from instgen.scores.free import COMMAND, Measuring
from instgen.seedlist import seed_file

Profile = Literal["default", "paper"]


def self_instruct(
    seeds: Rows | None = None,
    *,
    n: int = 20,
    method: Literal["alpaca", "classic"] = "alpaca",
    profile: Profile = "default",
    lang: str = "en",
    examples: int | None = None,
    topics: PathLike | None = None,
    tasks_per_call: int | None = None,
    novelty: float = 0.7,
    window: int | None = None,
    patience: int = 50,
    **options: Unpack[Options],
) -> Result:
    """`n` new tasks from seed tasks, each unlike the seeds and unlike each other; no seeds means our own.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: seeds that cannot be read.
    """
    told = said("self-instruct", _given(locals(), "seeds"), options)
    own = told.own
    teachers = open_teachers(told.asking, told.writing)
    choices = Choices(
        classic=own.method == "classic",
        paper=own.profile == "paper",
        language=own.lang,
        examples=own.examples,
        topics=own.topics,
        tasks=own.tasks_per_call,
        novelty=own.novelty,
        window=own.window or teachers.teacher.traits.window,
    )
    records = records_in(seed_file(own.lang) if seeds is None else seeds)
    made = recipe_of(choices, records, teachers.teacher, told.asking)
    target = Target(own.n, HOPED_YIELD * made.tasks, own.patience)
    return _asked(Job(made.recipe, Counter(), teachers, choices.window, target), told, None)


def evolve(
    records: Rows,
    *,
    rounds: int | None = None,
    method: PathLike | None = None,
    ops: str | None = None,
    keep: Literal["last", "all"] = "last",
    no_answers: bool = False,
    growth: int = 60,
    check: Sequence[Literal["contradictions"]] = (),
    auto: bool = False,
    auto_steps: int | None = None,
    save_method: PathLike | None = None,
    profile: Profile = "default",
    **options: Unpack[Options],
) -> Result:
    """Harder and broader tasks out of records, in rounds; what gained nothing or went wrong is eliminated.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("evolve", _given(locals(), "records"), options)
    own, asking, writing = told.own, told.asking, told.writing
    checks = tuple(each.value for each in own.check or ())
    choices = Evolved(
        own.method,
        own.ops,
        own.rounds,
        own.keep.value,
        not own.no_answers,
        own.growth,
        checks,
        own.profile == "paper",
        own.auto,
    )
    saving = saving_of(own.auto, own.save_method, own.auto_steps, writing)
    rows = records_in(records)
    teachers = open_teachers(asking, writing)
    evolving = evolving_of(choices, teachers, asking)
    if saving:
        recipe = SavedAutoEvolve(optimising_of(choices, evolving, asking, saving), saving)
        return _asked(Job(recipe, Gate(rows, recipe), teachers), told, records)
    return _asked(Job(Evolve(evolving), Pump(rows), teachers), told, records)


def respond(
    records: Rows,
    *,
    samples: int = 1,
    with_: str | Sequence[str] = (),
    replace: bool = False,
    system: str = "",
    reasoning: Literal["keep", "drop"] = "keep",
    refusals: Literal["drop", "keep"] = "drop",
    lang: str = "en",
    **options: Unpack[Options],
) -> Result:
    """The records with the outputs that were missing; complete ones pass through as they are.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("respond", _given(locals(), "records"), options)
    own, asking = told.own, told.asking
    teachers = open_teachers(asking, told.writing, own.with_ or ())
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
    return _asked(Job(Respond(answering), Pump(records_in(records)), teachers), told, records)


def converse(
    records: Rows, *, turns: str | int = "3", split_tokens: int | None = None, **options: Unpack[Options]
) -> Result:
    """Conversations grown out of records: the teacher plays the user, then answers; bad turns end one.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("converse", _given(locals(), "records"), options)
    chosen = read_turns(told.own.turns)
    teachers = open_teachers(told.asking, told.writing)
    recipe = Converse(conversing_of(chosen, told.own.split_tokens, teachers.teacher, told.asking))
    return _asked(Job(recipe, Pump(records_in(records)), teachers), told, records)


def score(
    records: Rows,
    rubric: str | Sequence[str],
    *,
    votes: int = 1,
    replace: bool = False,
    sample: int | None = None,
    reference_key: str = "",
    **options: Unpack[Options],
) -> Result:
    """The records with scores, by a teacher as judge or, for some rubrics, without any.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("score", _given(locals(), "records"), options)
    own = told.own
    wanted = Wanted(own.rubric or (), own.votes, own.replace, own.sample, own.reference_key)
    rubrics = judging.chosen(wanted)
    rows = records_in(records)
    if not rubrics.ask:
        measured = Measuring(rubrics.measures, replace_scores=own.replace).all(rows)
        return Result(COMMAND, Direct((Outcome((record,)) for record in measured), records))
    asking = judging.judge_alone(told.asking)
    recipe = judging.judge_of(rubrics, wanted, asking)
    teachers = judging.judges_of(rubrics, asking, told.writing)
    entries = judging.entries_of(rubrics, wanted, rows, teachers, asking, told.writing)
    return _asked(Job(recipe, Pump(entries), teachers), Said(own, asking, told.writing), records)


def rank(
    records: Rows,
    *,
    by: Literal["pairs", "list"] | None = None,
    criteria: str | Sequence[str] = (),
    ties: Literal["keep", "drop"] = "keep",
    best: bool = False,
    **options: Unpack[Options],
) -> Result:
    """The records with their candidates in order: compared in both orders, where a disagreement is a tie.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("rank", _given(locals(), "records"), options)
    own = told.own
    ranking = ranking_of(own.by, own.criteria or (), own.ties, told.asking, best=own.best)
    teachers = open_teachers(told.asking, told.writing)
    return _asked(Job(Rank(ranking), Pump(records_in(records)), teachers), told, records)


def _given(arguments: dict[str, Any], rows: str) -> dict[str, Any]:
    """A call's own options, of all its arguments."""
    return {name: value for name, value in arguments.items() if name not in {rows, "options"}}


def _asked(job: Job[Any], told: Said, feed: object) -> Result:
    return Result(job.recipe.command, Threaded(job, told.asking, told.writing, feed))
