"""Auto Evol-Instruct: the evolving method itself is optimized before records are evolved by it (Zeng et al. 2024).

A step evolves a small batch by the method, asks the optimizer (the judge) what went wrong, and has the method rewritten
several times. The candidate that fails least on a held-out set replaces the method. The optimization ends when no
candidate fails less often, when nothing fails, or after the given number of steps.

The rule: the whole optimization is one flow, that of the first row; its rows are drawn before it starts, and every
other row waits for it. A failure is an evolution that the checks without a judge would eliminate, for its task or for
its answer; the paper's own three patterns are among them. No judge is asked about an evolution: that would cost one
more call each.
"""

from __future__ import annotations

import random
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, cycle, islice
from typing import TypeVar

from instgen.errors import InputError
from instgen.prompts.template import Sampling, Template, parse_template
from instgen.recipes.evolve import (
    COMMAND,
    Evolve,
    Evolving,
    Round,
    child_of,
    evolving_prompt,
    is_single_turn,
    read_reply,
    round_flow,
    shown,
)
from instgen.recipes.evolve_ops import Turn, Weighted, draw, own_operation
from instgen.recipes.flow import TEACHER_FAILED, Flow, Outcome, ask, ask_all
from instgen.recipes.show import drawn_mark
from instgen.recipes.wording import language_for
from instgen.records import Completion, Prompt, Record, born

HELD = 2_000
"""Rows kept in memory to draw from (Zeng et al. 2024 sampled about as many)."""
BATCH = 10
"""Rows per step whose trajectories are shown to the optimizer (Zeng et al. 2024)."""
DEVELOPMENT = 50
"""Rows on which methods are compared (Zeng et al. 2024)."""
CANDIDATES = 5
"""Rewritten methods per step (Zeng et al. 2024 tried one to nine; more were better)."""
STEPS = 10
"""The most steps (Zeng et al. 2024)."""
ROUNDS = 2
"""Rounds of a trajectory: the fewest that show a failure getting worse. Our choice."""
SHOWN = 1_500
"""Characters of an instruction or input that the optimizer is shown; ten trajectories then fit in one prompt. Ours."""

METHOD_PART = "method"

T = TypeVar("T")
Steps = Generator[tuple[Prompt, ...], tuple[Completion, ...], T]

_METHOD = re.compile(r"(^\[\[method\]\]\n)(.*?)(?=^\[\[[a-z][a-z0-9 -]*\]\]\n|\Z)", re.DOTALL | re.MULTILINE)
_REWRITTEN = re.compile(r"<method>(.*?)(?:</method>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Optimizer:
    """The texts of one language: the initial method, and the two prompts for the optimizer."""

    file: str
    """The text of the method's prompt file; only its part `[[method]]` is rewritten."""
    analyse: Template
    rewrite: Template


@dataclass(frozen=True, slots=True)
class Optimizing:
    """The settings for optimizing a method, and for evolving records by it afterwards."""

    name: str
    """The method's name in origins."""
    languages: Mapping[str, Optimizer]
    """By language; the one that most rows are in is used, or `en` for languages that have none."""
    evolving: Evolving
    """Everything except the method."""
    sampling: Sampling
    """Overrides the sampling settings in the header of the method's file."""
    steps: int = STEPS
    candidates: int = CANDIDATES
    batch: int = BATCH
    development: int = DEVELOPMENT
    rounds: int = ROUNDS

    @property
    def most_calls(self) -> int:
        """The most calls that the optimization can take; it takes fewer if there are few rows."""
        trials = 2 * self.development * (1 + self.steps * self.candidates)
        return trials + self.steps * (self.batch * self.rounds + 2 * self.candidates)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn for an optimization before it starts."""

    development: tuple[Record, ...]
    batches: tuple[tuple[Record, ...], ...]
    """One batch per step; its rows are not in the development set, unless there are no others."""
    fence: str
    """The line around the rows' texts in a prompt; no row can predict it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a method on the development set."""

    file: str
    failed: int
    of: int
    """Rows of the set, except those whose calls failed."""

    @property
    def rate(self) -> float:
        """The share of rows that failed; 1 if no row has a result."""
        return self.failed / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """The result of an optimization."""

    file: str = ""
    """The text of the best method's prompt file."""
    course: tuple[Trial, ...] = ()
    """The trial of the initial method, and of each method that replaced the one before it."""


@dataclass(frozen=True, slots=True)
class Optimized(Outcome):
    """The first row's outcome, with the method that was found first."""

    found: Found = field(default_factory=Found)


class AutoEvolve:
    """The recipe. Its first item is the sequence of all rows at hand: it optimizes on them, then evolves the first one.

    No other item may be started until `found` is set.
    """

    command = COMMAND

    def __init__(self, optimizing: Optimizing) -> None:
        """Set how the method is optimized."""
        self.found: Found | None = None
        self._optimizing = optimizing
        self._evolve: Evolve | None = None

    def start(self, number: int, item: Record | Sequence[Record]) -> Flow:
        """The flow of the optimization and the first row, for a sequence of rows; the flow of one row, for a record.

        Raises:
            RuntimeError: the item is a record, and no method has been found yet.
        """
        if isinstance(item, Record):
            if self._evolve is None:
                raise RuntimeError("a row was started before its method was found")
            return self._evolve.start(number, item)
        rows = [row if row.id else born(row) for row in item]
        return auto_flow(rows[0], drawn(rows, self._optimizing), _optimizer(rows, self._optimizing), self._optimizing)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged; the method is taken from the first one."""
        if isinstance(outcome, Optimized):
            self.found = outcome.found
            self._evolve = Evolve(evolving_by(outcome.found.file, self._optimizing))
        return outcome


def drawn(rows: Sequence[Record], optimizing: Optimizing) -> Drawn:
    """The development set (at most half of the rows) and a batch for each step, drawn with the seed."""
    rng = random.Random(f"{optimizing.evolving.seed}:auto")
    able = [row for row in rows if is_single_turn(row)]
    shuffled = rng.sample(able, len(able))
    development = tuple(shuffled[: min(optimizing.development, -(-len(able) // 2))])
    others = shuffled[len(development) :] or shuffled
    turns = cycle(others)
    size = min(optimizing.batch, len(others))
    batches = tuple(tuple(islice(turns, size)) for _ in range(optimizing.steps))
    return Drawn(development, batches, f"-----{rng.getrandbits(48):012x}-----")


def auto_flow(record: Record, given: Drawn, optimizer: Optimizer, optimizing: Optimizing) -> Flow:
    """Optimize, then evolve the first row by the method that was found.

    Raises:
        InputError: the optimizer's file holds no method.
    """
    found = yield from optimize(given, optimizer, optimizing)
    made = yield from Evolve(evolving_by(found.file, optimizing)).start(0, record)
    return Optimized(made.records, made.rejections, found)


def optimize(given: Drawn, optimizer: Optimizer, optimizing: Optimizing) -> Steps[Found]:
    """Optimize the method; returns the best one, and the trial of each that was the best so far.

    Raises:
        InputError: the optimizer's file holds no method.
    """
    best = yield from trial(optimizer.file, given.development, optimizing)
    course = [best]
    for batch in given.batches:
        if not best.failed:
            break
        files = yield from candidates(best.file, batch, given.fence, optimizer, optimizing)
        trials = yield from side_by_side([trial(file, given.development, optimizing) for file in files])
        challenger = min(trials, key=lambda each: each.rate, default=best)
        if challenger.rate >= best.rate:
            break
        best = challenger
        course.append(best)
    return Found(noted(best.file, course), tuple(course))


def trial(file: str, rows: Sequence[Record], optimizing: Optimizing) -> Steps[Trial]:
    """Try a method: evolve and answer each row once, and count the failures found without a judge.

    Raises:
        InputError: the file holds no method.
    """
    evolving = evolving_by(file, optimizing)
    unjudged = {language: replace(wording, judges=()) for language, wording in evolving.wordings.items()}
    trying = replace(evolving, wordings=unjudged, answers=True)
    outcomes = yield from side_by_side([round_flow(Round(1, _turn(row, trying), (row,), 0), trying) for row in rows])
    known = [each for each in outcomes if not _is_lost(each)]
    return Trial(file, sum(not each.records for each in known), len(known))


def candidates(
    file: str, batch: Sequence[Record], fence: str, optimizer: Optimizer, optimizing: Optimizing
) -> Steps[tuple[str, ...]]:
    """The files of the rewritten methods, each based on findings of its own; invalid ones are left out.

    Raises:
        InputError: the file holds no method.
    """
    evolving = evolving_by(file, optimizing)
    trajectories = yield from side_by_side([trajectory(row, evolving, optimizing.rounds) for row in batch])
    method = method_of(file)
    cases = _cases(trajectories, optimizer.analyse, optimizing.rounds)
    asked = optimizer.analyse.render(method=method, cases=cases, fence=fence_around(cases, fence))
    numbers = range(optimizing.candidates)
    findings = yield from ask_all(tuple(replace(asked, sample=number) for number in numbers))
    rewriting = tuple(
        replace(optimizer.rewrite.render(method=method, findings=found.text.strip()), sample=number)
        for number, found in enumerate(findings)
        if found.finish in {"stop", "length"} and found.text.strip()
    )
    replies = yield from ask_all(rewriting)
    files = (rewritten(file, reply, optimizing) for reply in replies)
    return tuple(dict.fromkeys(each for each in files if each and each != file))


def fence_around(cases: str, drawn: str) -> str:
    """The drawn line, or another one if the cases contain it."""
    return drawn if drawn not in cases else f"-----{drawn_mark(random.Random(drawn), [cases])}-----"


def trajectory(row: Record, evolving: Evolving, rounds: int) -> Steps[tuple[Record, ...]]:
    """A row and its evolution after each round, unchecked, since the optimizer is to see the failures.

    It ends early if a call fails or a reply has no task.
    """
    stages = [row]
    for number in range(1, rounds + 1):
        given = Round(number, _turn(row, evolving), (stages[-1],), 0)
        wording = evolving.wordings[language_for(stages[-1].instruction, evolving.wordings)]
        reply = yield from ask(evolving_prompt(given, wording))
        task = read_reply(given, reply, wording)
        if reply.finish == "failed" or not task.instruction:
            break
        stages.append(child_of(given, task, reply, wording, evolving))
    return tuple(stages)


def side_by_side(flows: Sequence[Steps[T]]) -> Steps[tuple[T, ...]]:
    """Run several flows in parallel and return their results in order.

    The prompts that all unfinished flows are waiting for are yielded together.
    """
    ended: dict[int, T] = {}
    sent: dict[int, tuple[Completion, ...] | None] = dict.fromkeys(range(len(flows)))
    while sent:
        asked: dict[int, tuple[Prompt, ...]] = {}
        for number, completions in sent.items():
            try:
                asked[number] = next(flows[number]) if completions is None else flows[number].send(completions)
            except StopIteration as end:
                ended[number] = end.value
        replies = iter((yield tuple(chain.from_iterable(asked.values()))) if asked else ())
        sent = {number: tuple(islice(replies, len(prompts))) for number, prompts in asked.items()}
    return tuple(ended[number] for number in range(len(flows)))


def evolving_by(file: str, optimizing: Optimizing) -> Evolving:
    """The settings to evolve by one method, as `--method` with its file would.

    Raises:
        InputError: the file holds no method.
    """
    template = parse_template(optimizing.name, file, optimizing.sampling)
    operation = own_operation(optimizing.name, template)
    wordings = {
        language: replace(wording, operations={operation.name: template})
        for language, wording in optimizing.evolving.wordings.items()
    }
    return replace(optimizing.evolving, wordings=wordings, operations=(Weighted(operation),))


def method_of(file: str) -> str:
    """The part `[[method]]` of a method's file, which may be rewritten.

    Raises:
        InputError: the file has no such part.
    """
    if not (found := _METHOD.search(file.replace("\r\n", "\n"))):
        raise InputError("the method", f"there is no part [[{METHOD_PART}]]", "--auto rewrites that part")
    return found[2].strip()


def rewritten(file: str, reply: Completion, optimizing: Optimizing) -> str:
    """The file with its method replaced by the one in a reply; "" if the reply has none, or none that is valid."""
    found = _REWRITTEN.search(reply.text.replace("\r\n", "\n")) if reply.finish == "stop" else None
    method = found[1].strip() if found else ""
    if not method:
        return ""
    made = _METHOD.sub(lambda part: f"{part[1]}{method}\n", file.replace("\r\n", "\n"))
    try:
        template = parse_template(optimizing.name, made, optimizing.sampling)
        return made if template.block(METHOD_PART) == method else ""
    except InputError:
        return ""


def noted(file: str, course: Sequence[Trial]) -> str:
    """The file with a comment on its method's result in the first line, unless it is still the initial method."""
    if len(course) == 1:
        return file
    first, last = course[0], course[-1]
    steps = f"{len(course) - 1} step{'s' if len(course) > 2 else ''}"
    return (
        f"# Optimized by `instgen evolve --auto` in {steps}: {last.failed} of {last.of} tasks failed,"
        f" {first.failed} of {first.of} by the method before.\n{file}"
    )


def _optimizer(rows: Sequence[Record], optimizing: Optimizing) -> Optimizer:
    """The optimizer of the language that most rows are in."""
    languages = [language_for(row.instruction, optimizing.languages) for row in rows]
    return optimizing.languages[max(sorted(set(languages)), key=languages.count)]


def _turn(row: Record, evolving: Evolving) -> Turn:
    """The first turn of the row's own chain, so that the run that follows repeats no call."""
    (turn,) = draw(evolving.operations, 1, random.Random(f"{evolving.seed}:{row.id}"))
    return turn


def _is_lost(outcome: Outcome) -> bool:
    return not outcome.records and all(each.verdict.reason == TEACHER_FAILED for each in outcome.rejections)


def _cases(trajectories: Sequence[Sequence[Record]], template: Template, rounds: int) -> str:
    return "\n\n".join(
        template.block("case", number=str(number), stages="\n".join(_stages(stages, template, rounds)))
        for number, stages in enumerate(trajectories, 1)
    )


def _stages(stages: Sequence[Record], template: Template, rounds: int) -> list[str]:
    """The lines of a trajectory, with one for the round that gave no task, if any."""
    first, *others = (shown(_clipped(record), template) for record in stages)
    lines = [template.block("given", task=first)]
    lines += [template.block("round", round=str(number), task=task) for number, task in enumerate(others, 1)]
    if len(stages) <= rounds:
        lines.append(template.block("nothing", round=str(len(stages))))
    return lines


def _clipped(record: Record) -> Record:
    return replace(record, instruction=record.instruction[:SHOWN], input=record.input[:SHOWN])
