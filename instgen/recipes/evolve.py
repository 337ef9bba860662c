"""Evol-Instruct: each record grows into harder or broader ones, in a chain of rounds, and what fails is eliminated.

A round evolves the latest survivor by one operation, checks what came, asks a judge whether it gained anything and has
it answered. An evolution that fails leaves its parent in place for the next round (Xu et al. 2024, section 3.1). Each
chain is drawn from the seed and the record's id alone, so one row more or less changes no other.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from instgen.filters import INSTRUCTION_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.elimination import GROWTH, Evolution, failing_answer, failing_task
from instgen.recipes.evolve_ops import Turn, Weighted, draw
from instgen.recipes.flow import TEACHER_FAILED, Flow, Outcome, ask, failure
from instgen.recipes.labels import Label, is_no_input, labels_in
from instgen.recipes.respond import Answering, respond_flow
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born
from instgen.text.tokens import fold, tokens

COMMAND = "evolve"
RULES = tuple(rule for rule in INSTRUCTION_RULES if rule.name != "max-words")
"""What an evolved instruction must pass; how long it may be is for the growth budget to say."""

Keep = Literal["last", "all"]
"""The deepest survivor (or the row itself where there is none), or the row and all its survivors."""

_TAGGED = re.compile(r"<instruction>(.*?)(?:</instruction>|(?=<input>)|\Z)", re.DOTALL | re.IGNORECASE)
_INPUT = re.compile(r"<input>(.*)</input>|<input>(.*)\Z", re.DOTALL | re.IGNORECASE)
_UNCHANGED = frozenset(["unchanged", "same", "same as above", "same as before", "不变", "保持不变", "同上", "未改变"])
_NOT_EQUAL = re.compile(
    r"\b(?:not|\w+n.t) (?:the )?(?:equal|equivalent|same)\b|\bunequal|(?<!not )\bdifferent|不(?:相|等)?[同等]|不一样"
)
_EQUAL = re.compile(r"\b(?:equal|equivalent|same)\b|相等|相同|等同|一样|等价")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3041-\u30ff]")


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language. One with a part `[[begun]]` is for a model that continues a document."""

    operations: Mapping[str, Template]
    equal: Template
    respond: Template


@dataclass(frozen=True, slots=True)
class Evolving:
    """How records are evolved."""

    wordings: Mapping[str, Wording]
    """By language; `en` serves all that have none of their own."""
    operations: tuple[Weighted, ...]
    rounds: int = 2
    keep: Keep = "last"
    answers: bool = True
    growth: int = GROWTH
    """Words that a child may have beyond its parent."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a chain, before anything is asked."""

    number: int
    turn: Turn
    ancestors: tuple[Record, ...]
    """From the root to the parent."""
    sample: int
    """How often this operation failed on this parent: asking the same again is another purchase."""


@dataclass(frozen=True, slots=True)
class ReadTask:
    """The evolved task as the teacher wrote it; `input` may say that the parent's is unchanged."""

    instruction: str
    input: str = ""


class Evolve:
    """The recipe: one flow a record, none of which knows of another."""

    command = COMMAND

    def __init__(self, evolving: Evolving) -> None:
        """Evolve in the given way."""
        self._evolving = evolving

    def start(self, number: int, item: Record) -> Flow:
        """The flow of one record's chain, whose operations are drawn here."""
        del number
        record = item if item.id else born(item)
        rng = random.Random(f"{self._evolving.seed}:{record.id}")
        return evolve_flow(record, draw(self._evolving.operations, self._evolving.rounds, rng), self._evolving)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is."""
        return outcome


def evolve_flow(record: Record, turns: tuple[Turn, ...], evolving: Evolving) -> Flow:
    """The chain of one record: its survivors, and why the others failed."""
    if not _is_single_turn(record):
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
    """One evolution: its child, or the reason why there is none."""
    wording = evolving.wordings[language_of(given.ancestors[-1], evolving)]
    reply = yield from ask(evolving_prompt(given, wording))
    if rejection := _unusable(reply, given.ancestors[-1]):
        return Outcome(rejections=(rejection,))
    child = child_of(given, read_reply(given, reply, wording), reply, wording, evolving)
    evolution = Evolution(given.ancestors, child, given.turn.operation, evolving.growth)
    if verdict := failing_task(evolution) or first_failing(child, RULES):
        return _eliminated(child, verdict)
    judged = yield from ask(equal_prompt(given.ancestors[-1], child, wording.equal))
    child = _used(child, wording.equal)
    if judged.finish == "failed":
        return Outcome(rejections=(failure(COMMAND, judged, child),))
    if verdict := judgement(judged.text):
        return _eliminated(child, verdict)
    if not evolving.answers:
        return Outcome((child,))
    return (yield from answer_flow(child, wording, evolving))


def answer_flow(child: Record, wording: Wording, evolving: Evolving) -> Flow:
    """The child with its answer, if that is a good one."""
    made = yield from respond_flow(child, Answering(wording.respond, seed=evolving.seed))
    if not made.records:
        return Outcome(rejections=tuple(replace(each, stage=COMMAND) for each in made.rejections))
    answered = born(_used(replace(child, output=made.records[0].output), wording.respond))
    verdict = failing_answer(answered)
    return _eliminated(answered, verdict) if verdict else Outcome((answered,))


def evolving_prompt(given: Round, wording: Wording) -> Prompt:
    """What the teacher is asked to make of the parent."""
    template = wording.operations[given.turn.operation.name]
    slots = {"task": _shown(given.ancestors[-1], template)}
    if "kinds" in template.blocks:
        slots["kind"] = given.turn.pick(template.blocks["kinds"].strip().splitlines())
    if "begun" in template.blocks:
        slots["begun"] = template.block("begun")
    return replace(template.render(**slots), sample=given.sample)


def equal_prompt(parent: Record, child: Record, template: Template) -> Prompt:
    """What the judge is asked."""
    return template.render(first=_shown(parent, template), second=_shown(child, template))


def judgement(reply: str) -> Verdict | None:
    """None where the judge says that the child is not equal to its parent."""
    said = fold(reply)
    if _NOT_EQUAL.search(said):
        return None
    reason = "equal" if _EQUAL.search(said) else "unjudged"
    return Verdict(reason, "judge", evidence=reply.strip()[:80])


def read_reply(given: Round, reply: Completion, wording: Wording) -> ReadTask:
    """The task in a reply. A model that continues a document need not repeat the input of a task made harder."""
    begun = wording.operations[given.turn.operation.name].blocks.get("begun", "")
    task = read_evolved(begun + reply.text)
    if begun and not task.input and given.turn.operation.in_depth:
        return replace(task, input=given.ancestors[-1].input)
    return task


def read_evolved(reply: str) -> ReadTask:
    """The task in a reply: in the form that was asked for, else with labels, else the whole of it as instruction."""
    text = reply.replace("\r\n", "\n")
    if tagged := _TAGGED.search(text):
        given = _INPUT.search(text, tagged.end())
        return ReadTask(_content(tagged[1]), _content(given[1] or given[2] or "") if given else "")
    labels = list(labels_in(text))
    start = next((label for label in labels if label.kind == "instruction"), None)
    if start is None:
        return ReadTask(_content(text))
    mine = [label for label in labels if label.line > start.line and _is_written_as(start, label)]
    ends = min((label.line for label in mine if label.kind == "output"), default=len(text))
    given_at = next((label for label in mine if label.kind == "input" and label.line < ends), None)
    instruction = _between(text, start, given_at.line if given_at else ends)
    return ReadTask(instruction, _between(text, given_at, ends) if given_at else "")


def child_of(given: Round, task: ReadTask, reply: Completion, wording: Wording, evolving: Evolving) -> Record:
    """The new record: its own id and step, the parent's system text and unknown keys, and none of its scores."""
    parent = given.ancestors[-1]
    unchanged = fold(task.input).strip(" .。()（）") in _UNCHANGED
    step = Step(
        COMMAND,
        op=given.turn.operation.name,
        round=given.number,
        root=next((step.root for step in parent.origin if step.root), given.ancestors[0].id),
        parents=(parent.id,),
        teacher=reply.teacher,
        prompts=(wording.operations[given.turn.operation.name].source,),
        seed=evolving.seed,
    )
    return born(
        Record(
            task.instruction,
            parent.input if unchanged else "" if is_no_input(task.input) else task.input,
            system=parent.system,
            origin=(*parent.origin, step),
            extra={key: value for key, value in parent.extra.items() if key not in ("id", "messages")},
        )
    )


def language_of(record: Record, evolving: Evolving) -> str:
    """The language of the prompts for a record: Chinese where it is written in Han letters, else English."""
    found = tokens(record.instruction)
    han = sum(1 for token in found if _HAN.match(token))
    is_chinese = 2 * han >= len(found) > 0 and not _KANA.search(record.instruction)
    return "zh" if is_chinese and "zh" in evolving.wordings else "en"


def _is_single_turn(record: Record) -> bool:
    roles = [message.role for message in record.messages if message.role != "system"]
    return roles in ([], ["user"], ["user", "assistant"])


def _shown(record: Record, template: Template) -> str:
    if record.input:
        return template.block("task with input", instruction=record.instruction, input=record.input)
    return template.block("task", instruction=record.instruction)


def _unusable(reply: Completion, parent: Record) -> Rejection | None:
    """Why a reply is no evolution at all."""
    if reply.finish == "failed":
        return failure(COMMAND, reply, parent)
    reason = {"length": "truncated", "refusal": "refusal"}.get(reply.finish)
    return Rejection(COMMAND, Verdict(reason, "finish"), text=reply.text) if reason else None


def _eliminated(child: Record, verdict: Verdict) -> Outcome:
    return Outcome(rejections=(Rejection(COMMAND, verdict, child),))


def _used(child: Record, template: Template) -> Record:
    """The child, with this prompt file among those that it comes from."""
    *before, step = child.origin
    return replace(child, origin=(*before, replace(step, prompts=(*step.prompts, template.source))))


def _is_written_as(start: Label, label: Label) -> bool:
    """Whether a label stands as the first one does; others, such as those of a worked case, are the task's own."""
    return (label.style, label.indent) == (start.style, start.indent)


def _between(text: str, label: Label, end: int) -> str:
    return _content(text[label.end : end].removesuffix(label.unclosed))


def _content(text: str) -> str:
    return text.strip("\n").strip()
