"""The recipes that ask a teacher, as calls: what the commands of the same names do, from records to records.

The rule: what can be wrong with a call is told by the call, before anything is asked; the same call buys what the same
command line buys, and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from typing import Any, Literal, Unpack

from instgen.api.direct import Direct
from instgen.api.keywords import Options, PathLike, Said, said
from instgen.api.result import Result
from instgen.api.rows import Rows, records_in
from instgen.api.threaded import Threaded
from instgen.recipes.flow import Outcome
from instgen.running.converse import ConverseOptions, converse_job
from instgen.running.evolve import evolve_job
from instgen.running.evolving import EvolveOptions
from instgen.running.job import Job
from instgen.running.rank import RankOptions, rank_job
from instgen.running.respond import RespondOptions, respond_job
from instgen.running.rubrics import ScoreOptions, chosen
from instgen.running.score import score_job
from instgen.running.self_instruct import SelfInstructOptions, self_instruct_job
from instgen.running.teachers import judge_alone
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
    own = SelfInstructOptions(**vars(told.own))
    records = records_in(seed_file(own.lang) if seeds is None else seeds)
    return _asked(self_instruct_job(own, records, told.asking, told.writing), told, None)


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
    own = EvolveOptions(**vars(told.own))
    return _asked(evolve_job(own, records_in(records), told.asking, told.writing), told, records)


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
    own = RespondOptions(**vars(told.own))
    return _asked(respond_job(own, records_in(records), told.asking, told.writing), told, records)


def converse(
    records: Rows, *, turns: str | int = "3", split_tokens: int | None = None, **options: Unpack[Options]
) -> Result:
    """Conversations grown out of records: the teacher plays the user, then answers; bad turns end one.

    Raises:
        UsageError: what is asked for does not exist or does not go together.
        InputError: a file that cannot be read.
    """
    told = said("converse", _given(locals(), "records"), options)
    own = ConverseOptions(**vars(told.own))
    return _asked(converse_job(own, records_in(records), told.asking, told.writing), told, records)


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
    own = ScoreOptions(**vars(told.own))
    rubrics = chosen(own)
    rows = records_in(records)
    if not rubrics.ask:
        measured = Measuring(rubrics.measures, replace_scores=own.replace).all(rows)
        return Result(COMMAND, Direct((Outcome((record,)) for record in measured), records))
    told = changed(told, asking=judge_alone(told.asking))
    return _asked(score_job(rubrics, own, rows, told.asking, told.writing), told, records)


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
    told = changed(told, asking=judge_alone(told.asking))
    own = RankOptions(**vars(told.own))
    return _asked(rank_job(own, records_in(records), told.asking, told.writing), told, records)


def _given(arguments: dict[str, Any], rows: str) -> dict[str, Any]:
    """A call's own options, of all its arguments."""
    return {name: value for name, value in arguments.items() if name not in {rows, "options"}}


def _asked(job: Job[Any], told: Said, feed: object) -> Result:
    return Result(job.recipe.command, Threaded(job, told.asking, told.writing, feed))
