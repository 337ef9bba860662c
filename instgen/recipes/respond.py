"""Answers for instructions: fills what is missing, and passes on what is complete.

The rule: every row is on its own. What it is asked, and of which teacher, depends on nothing but the row and the seed,
so one row more or less changes no other. Which samples a teacher is asked for depends on their number alone, not on who
else is asked: with one more teacher or sample, nothing is bought twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

from instgen.filters import ANSWER_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask_all, failure
from instgen.records import Candidate, Completion, Message, Prompt, Record, Rejection, Step, Verdict

COMMAND = "respond"
DUPLICATE = "duplicate-candidate"
"""The reason of an answer that another sample gave, letter for letter."""


@dataclass(frozen=True, slots=True)
class Answering:
    """How instructions are answered."""

    template: Template
    samples: int = 1
    """Answers asked for each record; with more than one, the good ones become candidates."""
    teachers: int = 1
    """Teachers that take turns: one is drawn for each record, and further samples go round, beginning with it."""
    replace: bool = False
    """Whether records that have an answer are answered again."""
    seed: int = 0
    system: str = ""
    """The system text for records that have none of their own."""
    reasoning: bool = True
    """Whether what the teacher thought before its answer is kept in the record."""
    refusals: bool = False
    """Whether an answer that declines is data like any other."""


class Respond:
    """The recipe: one flow a record, none of which knows of another."""

    command = COMMAND

    def __init__(self, answering: Answering) -> None:
        """Answer in the given way."""
        self._answering = answering
        self.complete = 0
        """Records so far that had an answer, and passed through."""

    def start(self, number: int, item: Record) -> Flow:
        """The flow that answers one record."""
        del number
        self.complete += _complete(item, self._answering)
        return respond_flow(item, self._answering)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is."""
        return outcome


def respond_flow(record: Record, answering: Answering) -> Flow:
    """The record with its answer; a complete one as it came."""
    if _complete(record, answering):
        return Outcome((record,))
    record = _with_system(record, answering.system)
    completions = yield from ask_all(tuple(_samples(record, answering)))
    good: dict[str, Record] = {}
    rejections = []
    for completion in completions:
        candidate = _with_answer(record, completion, answering)
        rejection = _objection(candidate, completion, record, answering)
        if rejection is None and candidate.output in good:
            rejection = Rejection(COMMAND, Verdict(DUPLICATE, DUPLICATE), candidate)
        if rejection is None:
            good[candidate.output] = candidate
        else:
            rejections.append(rejection)
    records = (_together(list(good.values())),) if good else ()
    return Outcome(records, tuple(rejections))


def first_teacher(record: Record, answering: Answering) -> int:
    """Which of the teachers a record is given to first: drawn from the seed and its id."""
    if answering.teachers == 1:
        return 0
    return random.Random(f"{COMMAND}:{answering.seed}:{record.id}").randrange(answering.teachers)


def _samples(record: Record, answering: Answering) -> Iterable[Prompt]:
    """The prompts, for each teacher in turn; each time round they ask for the next sample."""
    prompt = _prompt(record, answering.template)
    first = first_teacher(record, answering)
    for number in range(answering.samples):
        which, sample = (first + number) % answering.teachers, number // answering.teachers
        yield replace(prompt, which=which, sample=sample) if which or sample else prompt


def _complete(record: Record, answering: Answering) -> bool:
    return _answered(record) and not answering.replace


def _answered(record: Record) -> bool:
    if record.messages:
        return record.messages[-1].role == "assistant" and bool(record.messages[-1].content.strip())
    return bool(record.output.strip())


def _asking(record: Record) -> tuple[Message, ...]:
    """A conversation up to where the assistant is to speak."""
    return record.messages[:-1] if record.messages[-1].role == "assistant" else record.messages


def _prompt(record: Record, template: Template) -> Prompt:
    """The conversation so far, or the instruction and its input; a record's own system text comes first."""
    if record.messages:
        return replace(template.defaults, messages=_asking(record))
    if record.input:
        question = template.block("question with input", instruction=record.instruction, input=record.input)
    else:
        question = template.block("question", instruction=record.instruction)
    prompt = template.render(question=question)
    if not record.system:
        return prompt
    turns = tuple(message for message in prompt.messages if message.role != "system")
    return replace(prompt, messages=(Message("system", record.system), *turns))


def _with_answer(record: Record, completion: Completion, answering: Answering) -> Record:
    step = Step(COMMAND, teacher=completion.teacher, prompts=(answering.template.source,), seed=answering.seed)
    output = completion.text.strip()
    messages = record.messages
    if messages:
        messages = (*_asking(record), Message("assistant", output))
    return replace(
        record,
        output=output,
        messages=messages,
        reasoning=(completion.reasoning or None) if answering.reasoning else None,
        candidates=(),
        scores={},
        origin=(*record.origin, step),
    )


def _with_system(record: Record, system: str) -> Record:
    """The record to be answered under a system text, where it has none."""
    if not system or record.system or any(message.role == "system" for message in record.messages):
        return record
    if record.messages:
        return replace(record, messages=(Message("system", system), *record.messages))
    return replace(record, system=system)


def _objection(answered: Record, completion: Completion, record: Record, answering: Answering) -> Rejection | None:
    """Why an answer cannot be used."""
    if completion.finish == "failed":
        return failure(COMMAND, completion, record)
    if completion.finish == "length":
        return Rejection(COMMAND, Verdict("truncated", "finish"), answered)
    if completion.finish == "refusal" and not answering.refusals:
        return Rejection(COMMAND, Verdict("refusal", "finish"), answered)
    rules = (rule for rule in ANSWER_RULES if not (answering.refusals and rule.reason == "refusal"))
    verdict = first_failing(answered, rules)
    return None if verdict is None else Rejection(COMMAND, verdict, answered)


def _together(good: list[Record]) -> Record:
    """The first good answer's record, with all of them as candidates where there are several."""
    if len(good) == 1:
        return good[0]
    candidates = tuple(Candidate(record.output, record.origin[-1].teacher) for record in good)
    return replace(good[0], candidates=candidates)
