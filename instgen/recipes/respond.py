"""Answer instructions: fill in missing answers, and pass through records that have one.

The rule: rows are independent. The prompt and the choice of teacher depend only on the row and the seed, so adding or
removing a row changes no other. A teacher's sample numbers are always consecutive from 0, so that with one more teacher
or sample, no call is paid for twice.
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
"""The reason for rejecting an answer that is identical to another sample's."""


@dataclass(frozen=True, slots=True)
class Answering:
    """The settings of a run."""

    template: Template
    samples: int = 1
    """Answers requested per record; if several are good, they become candidates."""
    teachers: int = 1
    """The number of teachers that take turns: one is drawn for each record, and further samples rotate from there."""
    replace: bool = False
    """Whether records that already have an answer are answered again."""
    seed: int = 0
    system: str = ""
    """The system text for records that have none."""
    reasoning: bool = True
    """Whether the teacher's reasoning is kept in the record."""
    refusals: bool = False
    """Whether refusals are kept like any other answer."""


class Respond:
    """The recipe: one flow per record, independent of all others."""

    command = COMMAND

    def __init__(self, answering: Answering) -> None:
        """Set how records are answered."""
        self._answering = answering
        self.complete = 0
        """Records so far that had an answer and were passed through."""

    def start(self, number: int, item: Record) -> Flow:
        """The flow that answers one record."""
        del number
        self.complete += _complete(item, self._answering)
        return respond_flow(item, self._answering)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged."""
        return outcome


def respond_flow(record: Record, answering: Answering) -> Flow:
    """The record with its answer, or unchanged if it has one; unusable answers become rejections."""
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
    records = (_combined(list(good.values())),) if good else ()
    return Outcome(records, tuple(rejections))


def first_teacher(record: Record, answering: Answering) -> int:
    """The index of the teacher that answers a record first, drawn from the seed and the record's id."""
    if answering.teachers == 1:
        return 0
    return random.Random(f"{COMMAND}:{answering.seed}:{record.id}").randrange(answering.teachers)


def _samples(record: Record, answering: Answering) -> Iterable[Prompt]:
    """The prompts, with the teachers in rotation; each full rotation asks for the next sample."""
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
    """The turns of a conversation up to the one the assistant is to write."""
    return record.messages[:-1] if record.messages[-1].role == "assistant" else record.messages


def _prompt(record: Record, template: Template) -> Prompt:
    """The prompt: the conversation so far, or the instruction and its input, after the record's own system text."""
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
    """The record with this system text, unless it already has one."""
    if not system or record.system or any(message.role == "system" for message in record.messages):
        return record
    if record.messages:
        return replace(record, messages=(Message("system", system), *record.messages))
    return replace(record, system=system)


def _objection(answered: Record, completion: Completion, record: Record, answering: Answering) -> Rejection | None:
    """The rejection of an answer that cannot be used; None if it can."""
    if completion.finish == "failed":
        return failure(COMMAND, completion, record)
    if completion.finish == "length":
        return Rejection(COMMAND, Verdict("truncated", "finish"), answered)
    if completion.finish == "refusal" and not answering.refusals:
        return Rejection(COMMAND, Verdict("refusal", "finish"), answered)
    rules = (rule for rule in ANSWER_RULES if not (answering.refusals and rule.reason == "refusal"))
    verdict = first_failing(answered, rules)
    return None if verdict is None else Rejection(COMMAND, verdict, answered)


def _combined(good: list[Record]) -> Record:
    """The record with the first good answer; if there are several, with all of them as candidates."""
    if len(good) == 1:
        return good[0]
    candidates = tuple(Candidate(record.output, record.origin[-1].teacher) for record in good)
    return replace(good[0], candidates=candidates)
