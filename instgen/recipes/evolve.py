"""Evol-Instruct: evolve each record into harder or broader ones in a chain of rounds, and eliminate what fails.

A round evolves the latest survivor by one operation, checks the result, asks a judge whether it gained anything, and
has it answered. If an evolution fails, its parent goes into the next round (Xu et al. 2024, section 3.1).

The rule: a chain is drawn from the seed and the record's id alone, so adding or removing a row changes no other.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from instgen.filters import INSTRUCTION_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.elimination import GROWTH, Evolution, failing_answer, failing_task
from instgen.recipes.evolve_ops import Turn, Weighted, draw
from instgen.recipes.evolve_reading import JUDGEMENTS, read_evolved, says_unchanged
from instgen.recipes.flow import TEACHER_FAILED, Flow, Outcome, ask, ask_all, failure, unusable
from instgen.recipes.labels import is_no_input
from instgen.recipes.parts import ReadTask
from instgen.recipes.respond import Answering, respond_flow
from instgen.recipes.show import drawn_mark
from instgen.recipes.wording import language_for
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born, root_of

COMMAND = "evolve"
RULES = tuple(rule for rule in INSTRUCTION_RULES if rule.name != "max-words")
"""The rules that an evolved instruction must pass; its length is limited by `Evolving.growth` instead."""

Keep = Literal["last", "all"]
"""Keep the deepest survivor (the row itself if there is none), or the row and all its survivors."""

OWN_SLOTS = ("begun", "method")
"""Parts of an operation's prompt file that fill the slot with the same name."""

Judging = Generator[tuple[Prompt, ...], tuple[Completion, ...], Rejection | None]


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language. A file with a part `[[begun]]` is for a model that continues a document."""

    operations: Mapping[str, Template]
    """By name of the operation."""
    respond: Template
    judges: tuple[Template, ...] = ()
    """The questions to the judge about an evolved task, sent together; `JUDGEMENTS` has a reader for each."""


@dataclass(frozen=True, slots=True)
class Evolving:
    """The settings of a run."""

    wordings: Mapping[str, Wording]
    """By language; `en` is used for languages that have no prompt files."""
    operations: tuple[Weighted, ...]
    rounds: int = 2
    keep: Keep = "last"
    answers: bool = True
    """Whether evolved tasks are answered."""
    growth: int = GROWTH
    """The most words that a child may have beyond its parent."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """The inputs of one round of a chain."""

    number: int
    turn: Turn
    ancestors: tuple[Record, ...]
    """From the root to the parent."""
    sample: int
    """How often this operation has failed on this parent: a repeated prompt must be sent as a new sample."""


class Evolve:
    """The recipe: one flow per record, independent of all others."""

    command = COMMAND

    def __init__(self, evolving: Evolving) -> None:
        """Set how records are evolved."""
        self._evolving = evolving
        self.unchanged = 0
        """Records so far that were written unchanged because no evolution survived."""
        self.conversations = 0
        """Records so far that were written unchanged because they are conversations, which are not evolved."""

    def start(self, number: int, item: Record) -> Flow:
        """The flow of one record's chain; its operations are drawn here."""
        del number
        record = item if item.id else born(item)
        rng = random.Random(f"{self._evolving.seed}:{record.id}")
        turns = draw(self._evolving.operations, self._evolving.rounds, rng)
        return self._counted(record, evolve_flow(record, turns, self._evolving))

    def _counted(self, record: Record, flow: Flow) -> Flow:
        outcome = yield from flow
        if not is_single_turn(record):
            self.conversations += 1
        elif len(outcome.records) == 1 and outcome.records[0] is record:
            self.unchanged += 1
        return outcome

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged."""
        return outcome


def evolve_flow(record: Record, turns: tuple[Turn, ...], evolving: Evolving) -> Flow:
    """Evolve one record through all its rounds.

    Returns the survivors to keep, and a rejection for each evolution that failed. If every round failed because the
    teacher did, the record itself is not returned either.
    """
    if not is_single_turn(record):
        verdict = Verdict("conversation", "evolve", evidence="only a single question can be evolved")
        return Outcome((record,), (Rejection(COMMAND, verdict, record),))
    chain = [record]
    rejections: list[Rejection] = []
    tried: Counter[tuple[str, str]] = Counter()
    for number, turn in enumerate(turns, 1):
        attempt = (chain[-1].id, turn.operation.name)
        made = yield from round_flow(Round(number, turn, tuple(chain), tried[attempt]), evolving)
        tried[attempt] += 1
        chain += made.records
        rejections += made.rejections
    if len(chain) == 1 and all(each.verdict.reason == TEACHER_FAILED for each in rejections):
        return Outcome(rejections=tuple(rejections))
    return Outcome(tuple(chain if evolving.keep == "all" else chain[-1:]), tuple(rejections))


def round_flow(given: Round, evolving: Evolving) -> Flow:
    """One evolution: its child, or the rejection that says why there is none."""
    wording = evolving.wordings[language_for(given.ancestors[-1].instruction, evolving.wordings)]
    reply = yield from ask(evolving_prompt(given, wording))
    if rejection := unusable(COMMAND, reply, given.ancestors[-1], whole=True):
        return Outcome(rejections=(rejection,))
    child = child_of(given, read_reply(given, reply, wording), reply, wording, evolving)
    evolution = Evolution(given.ancestors, child, given.turn.operation, evolving.growth)
    if verdict := failing_task(evolution) or first_failing(child, RULES):
        return _eliminated(child, verdict)
    child = _with_sources(child, *wording.judges)
    if rejection := (yield from judged(given.ancestors[-1], child, wording.judges)):
        return Outcome(rejections=(rejection,))
    if not evolving.answers:
        return Outcome((child,))
    return (yield from answer_flow(child, wording, evolving))


def judged(parent: Record, child: Record, judges: tuple[Template, ...]) -> Judging:
    """The judge's first objection to the child, if any; without judge prompts, nothing is asked."""
    if not judges:
        return None
    replies = yield from ask_all(tuple(judge_prompt(parent, child, template) for template in judges))
    for reply in replies:
        if reply.finish == "failed":
            return failure(COMMAND, reply, child)
    for template, reply in zip(judges, replies, strict=True):
        if verdict := JUDGEMENTS[_file(template)](reply.text):
            return Rejection(COMMAND, verdict, child)
    return None


def answer_flow(child: Record, wording: Wording, evolving: Evolving) -> Flow:
    """The child with its answer, or the rejection of an answer that fails."""
    made = yield from respond_flow(child, Answering(wording.respond, seed=evolving.seed))
    if not made.records:
        return Outcome(rejections=tuple(replace(each, stage=COMMAND) for each in made.rejections))
    answered = born(_with_sources(replace(child, output=made.records[0].output), wording.respond))
    verdict = failing_answer(answered)
    return _eliminated(answered, verdict) if verdict else Outcome((answered,))


def evolving_prompt(given: Round, wording: Wording) -> Prompt:
    """The prompt that asks the teacher to evolve the parent."""
    template = wording.operations[given.turn.operation.name]
    slots = {"task": shown(given.ancestors[-1], template)}
    if "kinds" in template.blocks:
        slots["kind"] = given.turn.pick(template.blocks["kinds"].strip().splitlines())
    slots |= {name: template.block(name) for name in OWN_SLOTS if name in template.blocks}
    return replace(template.render(**slots), sample=given.sample)


def judge_prompt(parent: Record, child: Record, template: Template) -> Prompt:
    """The prompt for the judge, with the tasks between tags that carry a mark; a document to continue has no tags."""
    if template.text:
        return template.render(first=shown(parent, template), second=shown(child, template))
    texts = (parent.instruction, parent.input, child.instruction, child.input)
    mark = drawn_mark(random.Random(f"{COMMAND}:{parent.id}"), texts)
    first, second = (shown(record, template, mark=mark) for record in (parent, child))
    return template.render(first=first, second=second, mark=mark)


def read_reply(given: Round, reply: Completion, wording: Wording) -> ReadTask:
    """The task in a reply.

    A model that continues a document may leave out the input in an in-depth evolution; the parent's is used then.
    """
    begun = wording.operations[given.turn.operation.name].blocks.get("begun", "")
    task = read_evolved(begun + reply.text)
    if begun and not task.input and given.turn.operation.in_depth:
        return replace(task, input=given.ancestors[-1].input)
    return task


def child_of(given: Round, task: ReadTask, reply: Completion, wording: Wording, evolving: Evolving) -> Record:
    """The child as a record: a new id and step, the parent's system text and extra keys, and none of its scores."""
    parent = given.ancestors[-1]
    step = Step(
        COMMAND,
        op=given.turn.operation.name,
        round=given.number,
        root=root_of(parent),
        parents=(parent.id,),
        teacher=reply.teacher,
        prompts=(wording.operations[given.turn.operation.name].source,),
        seed=evolving.seed,
    )
    return born(
        Record(
            task.instruction,
            parent.input if says_unchanged(task.input) else "" if is_no_input(task.input) else task.input,
            system=parent.system,
            origin=(*parent.origin, step),
            extra={key: value for key, value in parent.extra.items() if key not in ("id", "messages")},
        )
    )


def is_single_turn(record: Record) -> bool:
    """Whether the record is a single question, with or without an answer."""
    roles = [message.role for message in record.messages if message.role != "system"]
    return roles in ([], ["user"], ["user", "assistant"])


def shown(record: Record, template: Template, **more: str) -> str:
    """A task rendered with the prompt file's part `[[task]]` or `[[task with input]]`."""
    if record.input:
        return template.block("task with input", instruction=record.instruction, input=record.input, **more)
    return template.block("task", instruction=record.instruction, **more)


def _eliminated(child: Record, verdict: Verdict) -> Outcome:
    return Outcome(rejections=(Rejection(COMMAND, verdict, child),))


def _with_sources(child: Record, *templates: Template) -> Record:
    """The child with these prompt files added to those in its last step."""
    *before, step = child.origin
    sources = tuple(template.source for template in templates)
    return replace(child, origin=(*before, replace(step, prompts=(*step.prompts, *sources))))


def _file(template: Template) -> str:
    """The name of a prompt file without its language and the suffix of the small-model form."""
    return template.name.rpartition("/")[2].removesuffix("-continue")
