"""The recipes that ask a teacher, as functions from records to records; each does what the command of its name does.

The rule: a wrong argument raises when the function is called, before any request to a teacher. A call and the
equivalent command line ask for the same completions, so each can reuse what the other bought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from typing import Any, Literal, Unpack

from instgen.api.direct import Direct
from instgen.api.keywords import Arguments, Options, PathLike, arguments
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
    """`n` new tasks from seed tasks, all novel compared with the seeds and each other; without seeds, the bundled ones.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: the seeds or another file cannot be read.
    """
    args = arguments("self-instruct", _given(locals(), "seeds"), options)
    own = SelfInstructOptions(**vars(args.own))
    records = records_in(seed_file(own.lang) if seeds is None else seeds)
    return _asked(self_instruct_job(own, records, args.asking, args.writing), args, None)


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
    """Harder and broader versions of the records' tasks, in rounds; versions that add nothing or fail are eliminated.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    args = arguments("evolve", _given(locals(), "records"), options)
    own = EvolveOptions(**vars(args.own))
    return _asked(evolve_job(own, records_in(records), args.asking, args.writing), args, records)


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
    """The records with missing outputs filled in; records that have one pass through unchanged.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    args = arguments("respond", _given(locals(), "records"), options)
    own = RespondOptions(**vars(args.own))
    return _asked(respond_job(own, records_in(records), args.asking, args.writing), args, records)


def converse(
    records: Rows, *, turns: str | int = "3", split_tokens: int | None = None, **options: Unpack[Options]
) -> Result:
    """The records extended to conversations: the teacher plays the user, then answers; a bad turn ends a conversation.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    args = arguments("converse", _given(locals(), "records"), options)
    own = ConverseOptions(**vars(args.own))
    return _asked(converse_job(own, records_in(records), args.asking, args.writing), args, records)


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
    """The records with scores, given by a judge or, for some rubrics, without calls.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    args = arguments("score", _given(locals(), "records"), options)
    own = ScoreOptions(**vars(args.own))
    rubrics = chosen(own)
    rows = records_in(records)
    if not rubrics.ask:
        measured = Measuring(rubrics.measures, replace_scores=own.replace).all(rows)
        return Result(COMMAND, Direct((Outcome((record,)) for record in measured), records))
    args = changed(args, asking=judge_alone(args.asking))
    return _asked(score_job(rubrics, own, rows, args.asking, args.writing), args, records)


def rank(
    records: Rows,
    *,
    by: Literal["pairs", "list"] | None = None,
    criteria: str | Sequence[str] = (),
    ties: Literal["keep", "drop"] = "keep",
    best: bool = False,
    **options: Unpack[Options],
) -> Result:
    """The records with their candidates ranked; each pair is compared in both orders, and a disagreement is a tie.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    args = arguments("rank", _given(locals(), "records"), options)
    args = changed(args, asking=judge_alone(args.asking))
    own = RankOptions(**vars(args.own))
    return _asked(rank_job(own, records_in(records), args.asking, args.writing), args, records)


def _given(arguments: dict[str, Any], rows: str) -> dict[str, Any]:
    """The options that only this command has, from all of a function's arguments."""
    return {name: value for name, value in arguments.items() if name not in {rows, "options"}}


def _asked(job: Job[Any], args: Arguments, feed: object) -> Result:
    return Result(job.recipe.command, Threaded(job, args.asking, args.writing, feed))
